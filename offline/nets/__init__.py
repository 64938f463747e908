"""Nets that run over whole files, for kits and atlases."""
