"""Pitch classes, chords and keys."""
