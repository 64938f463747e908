"""A live ear for sample-based producers: places to cut, as MIDI notes while a record plays, and as kits.

realtime   what runs while audio flows
offline    what has time: kits and their formats, labels, training, evaluation, the atlas
models     released nets, each with its manifest

In a checkout these lie at its top level, and here are links to them; a wheel holds them here.
"""

from pathlib import Path

if not (Path(__file__).parent / "realtime").is_dir():  # a checkout on a system without links, as Windows by default
    __path__.append(str(Path(__file__).parents[1]))
