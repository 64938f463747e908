"""A session's log: lines of JSON, the last of which a kill may have cut."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samplechop.realtime.recording.session_writer import line

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


def repair_log(
    path: Path, frames: int, sample_rate: int, lost: Iterable[tuple[int, int]] = (), reason: str = REPAIRED
) -> None:
    """Cut off the last line if it is not whole, add one for each lost stretch and one that ends the session.

    frames: where it ends. lost: (position, length) in samples. Raises OSError.
    """
    lines, whole = read_log(path)
    added = [line("dropout", position, length=length) for position, length in lost]
    if added or not lines or lines[-1].get("kind") != "stop":
        added.append(line("stop", frames, reason=reason))
    with path.open("rb+") as file:
        file.truncate(whole)
        file.seek(whole)
        for one in added:
            one["time"] = round(one["sample"] / sample_rate, 6)
            file.write(json.dumps(one).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
