"""Runs detectors on the analysis bus."""
