"""Every format that is read, by name; each module of formats has those of one subject."""

from collections.abc import Mapping
from functools import cache

from samplechop.offline.lab.hostile import atlas_formats, label_formats, sound_formats, table_formats
from samplechop.offline.lab.hostile.format import Format


@cache
def formats() -> Mapping[str, Format]:
    """Give all formats by name."""
    parts = (sound_formats, label_formats, table_formats, atlas_formats)
    return {name: one for part in parts for name, one in part.formats().items()}
