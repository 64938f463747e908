"""Beats and downbeats."""
