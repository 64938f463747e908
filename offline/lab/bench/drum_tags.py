"""Which drum kits say one-shots are, beside what their folders or files are called."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from samplechop.offline.atlas.descriptions import usual_synonyms
from samplechop.offline.audio.reading import SUFFIXES
from samplechop.offline.kits.analysis import content, content_detection, drum_tag
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.core.model import Piece
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.lab.bench import Figure
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

KIT = ("kick", "snare", "hat")
NONE = "none"
_NAMES = {"crash": "cymbal", "ride": "cymbal", "splash": "cymbal", "openhat": "hat"}


def one_shots(folder: Path) -> Iterator[Figure]:
    """Tag every sound below a folder as a slice of a kit, and count the tags of those of each drum, and of no drum.

    Raises UserError where there is none, or one cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UserError(f"there is no recording in {str(folder)!r}")
    tags: dict[str, Counter[str]] = {name: Counter() for name in (*DRUMS, NONE)}
    for path in paths:
        tags[_named(path)][_tagged(path) or NONE] += 1
    for name, counts in tags.items():
        total = sum(counts.values())
        for tag, count in counts.most_common():
            yield Figure(f"{name}, {total} of them: tagged {tag}", count, "")
    for names in (*((name,) for name in KIT), KIT):
        total = sum(sum(tags[name].values()) for name in names)
        right = sum(tags[name][name] for name in names) / max(total, 1)
        figure = Figure(f"{', '.join(names)}: share tagged right", right, "")
        if total:
            yield figure.at_least(0.85) if names == KIT else figure


def _named(path: Path) -> str:
    """Name the drum a file is by the name of its folder, else by its own."""
    synonyms = {**usual_synonyms(), **_NAMES}
    for text in (path.parent.name, path.stem):
        for word in re.split("[^a-z]+", text.lower()):
            if (name := synonyms.get(word, word)) in DRUMS:
                return name
    return NONE


def _tagged(path: Path) -> str | None:
    with tempfile.TemporaryDirectory() as scratch:
        record = open_record(path, Path(scratch))
        piece = Piece(0, record.length, 0.0)
        parts = [content.judged(0, record.length, record.sample_rate)]
        hits = content_detection.detect_hits(record, parts)
        detected = DetectedContent(record.sample_rate, content_detection.levels(record, parts), hits, None)
        return drum_tag.name_drums(record, detected, [piece])[0]
