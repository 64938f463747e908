"""Slices: where they end, how they are written."""
