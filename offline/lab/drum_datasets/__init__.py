"""Drum hits: what is known of them, where it comes from, and the model that learns from it."""
