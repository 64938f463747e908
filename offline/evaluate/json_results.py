"""The results as plain data, for JSON."""

import json
from pathlib import Path
from typing import Any

from samplechop.offline.evaluate import measures
from samplechop.offline.evaluate.measures import Measures
from samplechop.offline.evaluate.runner import Result
from samplechop.realtime.core.errors import UserError

SCHEMA = 1
RELIABILITY = "reliability"
"""The name under which a task counts (hits, right ones, sum of their strengths) by tenths of strength."""


def rounded(scores: Measures) -> dict[str, float]:
    """Leave out what is unknown and round to what can be told apart."""
    return {name: round(value, 4) for name, value in scores.items() if value is not None}


def write_data(result: Result, folder: Path, path: Path) -> None:
    """Write the results about the recordings under `folder` as JSON. Raises UserError if that cannot be done."""
    try:
        path.write_text(json.dumps(as_data(result, folder), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"The results {str(path)!r} cannot be written: {error.strerror}") from None


def as_data(result: Result, folder: Path) -> dict[str, Any]:
    """Give the results as plain data: means by group, noise, what was counted, and every recording's measures.

    Recordings are named by their path under `folder`, as those of two subfolders may share a name.
    """
    return {
        "schema": SCHEMA,
        "folder": str(folder),
        "recordings": len(result.judged),
        "minutes": round(sum(one.seconds for one in result.judged) / 60, 2),
        "systems": {system: _system(result, system, folder) for system in result.systems},
    }


def _system(result: Result, system: str, folder: Path) -> dict[str, Any]:
    counts = result.counts(system)
    tenths = counts.pop(RELIABILITY, ())
    return {
        "mean": rounded(result.summary(system)),
        "groups": {group: rounded(result.summary(system, group)) for group in result.groups},
        "reliability": [
            {"from": index / measures.BINS, "markers": int(count), "right": int(right)}
            for index, (count, right, _) in enumerate(tenths)
        ],
        "counts": {name: array.tolist() for name, array in counts.items()},
        "on_noise": {kind: round(found[system], 4) for kind, found in result.noise.items()},
        "recordings": {
            one.track.path.relative_to(folder).as_posix(): rounded(one.heard[system].measures)
            | result.task.data(one.heard[system].found)
            for one in result.judged
        },
    }
