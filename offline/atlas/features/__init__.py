"""Fingerprints and descriptors of sounds."""
