"""Recorded sessions: what there is, and how it is mended after a power cut."""
