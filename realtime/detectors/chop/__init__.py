"""Chops: places to cut."""

from typing import Literal

Choose = Literal["hits", "beats", "both"]
"""Which places are chops: every strong hit, those on the beat, or both. Here, as options need it without numba."""
