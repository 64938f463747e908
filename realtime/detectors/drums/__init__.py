"""Drum hits."""
