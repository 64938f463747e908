"""Chops: places to cut."""
