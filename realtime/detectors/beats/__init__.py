"""Beats and downbeats."""

MODEL = "chop"
"""The released model that finds them, where none is named; here, as what asks for it needs no numba."""
