"""Write labels as seconds, as an Audacity label track, as a MIDI file, or as JSON lines like a session's events."""

import json
from pathlib import Path
from typing import Literal

from samplechop.offline.common.atomic import write_bytes
from samplechop.offline.labels.midi import midi_bytes
from samplechop.offline.labels.model import REJECT, Labels
from samplechop.offline.labels.text import seconds_text, track_text
from samplechop.realtime.core.errors import UserError

Format = Literal["seconds", "audacity", "midi", "events"]
FORMATS: dict[str, Format] = {
    ".txt": "audacity",
    ".csv": "seconds",
    ".mid": "midi",
    ".midi": "midi",
    ".jsonl": "events",
}
"""What is written where only the ending of the name tells."""


def write_labels(path: Path, labels: Labels, format: Format | None = None, *, force: bool = False) -> None:
    """Write labels; the file is there whole or not at all.

    format: None for what the ending of the name says. Names and rejected places are kept in a label track only.

    Raises UserError if the file is there already, unless `force`, if no format goes with the name, or if the disk does
    not take it.
    """
    if format is None:
        format = FORMATS.get(path.suffix.lower())
    if format is None:
        raise UserError(
            f"labels {str(path)!r}: the name must end in .txt (label track), .csv (seconds), .mid (notes) or "
            ".jsonl (events)"
        )
    check_target(path, force)
    write_bytes(path, _content(labels, format))


def check_target(path: Path, force: bool) -> None:
    """Make sure that nothing is written over. Raises UserError for a folder, and for what is there unless `force`."""
    if path.is_dir():
        raise UserError(f"labels cannot be written to {str(path)!r}: it is a folder; give the name of a file")
    if path.exists() and not force:
        raise UserError(f"{str(path)!r} is there already: choose another name, or --force to replace it")


def _content(labels: Labels, format: Format) -> bytes:
    times = labels.times.tolist()
    if format == "midi":
        return midi_bytes(times)
    if format == "events":
        return "".join(json.dumps({"kind": "chop", "time": round(time, 6)}) + "\n" for time in times).encode()
    if format == "seconds":
        return seconds_text(times).encode()
    rows = [*zip(times, labels.names, strict=True), *((time, REJECT) for time in labels.rejected.tolist())]
    return track_text((time, time, name) for time, name in sorted(rows)).encode()
