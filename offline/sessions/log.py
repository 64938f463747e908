"""A session's log: lines of JSON, the last of which a kill may have cut."""

import json
import os
from pathlib import Path
from typing import Any

from realtime.recording.session_writer import line

REPAIRED = "broken off, repaired"
"""The reason in the last line of a session that was mended."""


def read_log(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Read the lines that are whole, and how many bytes they take; what follows is a line cut short, or no JSON."""
    content = path.read_bytes()
    lines, whole = [], 0
    for raw in content.splitlines(keepends=True):
        try:
            record = json.loads(raw)
        except ValueError:
            break
        if not isinstance(record, dict) or not raw.endswith(b"\n"):
            break
        lines.append(record)
        whole += len(raw)
    return lines, whole


def repair_log(path: Path, frames: int, sample_rate: int) -> None:
    """Cut off the last line if it is not whole and add one that ends the session at `frames`. Raises OSError."""
    lines, whole = read_log(path)
    with path.open("rb+") as file:
        file.truncate(whole)
        file.seek(whole)
        if not lines or lines[-1].get("kind") != "stop":
            stop = line("stop", frames, reason=REPAIRED)
            stop["time"] = round(frames / sample_rate, 6)
            file.write(json.dumps(stop).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
