"""Hostile input, made from a seed: damaged and lying files of every format that is read, and what becomes of them."""
