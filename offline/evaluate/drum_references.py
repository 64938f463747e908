"""What is known about the drums in a recording, as evaluation needs it.

Beside `name.flac`, or in the folder's `reference_times`, may lie name.drums.json (offline/labels/drum_labels.py),
name.drums.txt ("seconds label [velocity 0..1]" a line, complete), or name.json of a crate; the first of them counts.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from samplechop.offline.evaluate.references import Seconds, beside, rows_of
from samplechop.offline.labels.drum_labels import DrumLabels, read_drum_labels
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

WANTED = "put name.drums.txt with lines such as '1.25 kick' beside the audio, or name.drums.json"
NOTHING = np.zeros(0)


@dataclass(frozen=True, slots=True)
class DrumReferences:
    """The drum hits of one recording.

    times, velocities: by label of events.DRUMS, each float64 (n,), seconds, rising; velocity 0..1, nan where
    nobody says. known: the labels whose hits are all there. other: seconds, float64 (n,), hits of what is none of
    DRUMS. unsure: by label, (start, stop) in which nobody knows whether it was struck.
    """

    times: dict[str, Seconds]
    velocities: dict[str, Seconds]
    known: frozenset[str] = frozenset(DRUMS)
    other: Seconds = field(default_factory=lambda: NOTHING)
    unsure: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    @property
    def all(self) -> Seconds | None:
        """Every hit, float64 (n,), seconds, rising; None if not every label is known."""
        if self.known != frozenset(DRUMS):
            return None
        return np.sort(np.concatenate([*self.times.values(), self.other]))


def _made(hits: list[tuple[float, str, float]], labels: DrumLabels) -> DrumReferences:
    hits = sorted(hits)
    by_label = {name: [hit for hit in hits if hit[1] == name] for name in DRUMS}
    return DrumReferences(
        {name: np.array([time for time, _, _ in found]) for name, found in by_label.items()},
        {name: np.array([velocity for _, _, velocity in found]) for name, found in by_label.items()},
        labels.known,
        np.array([time for time, label, _ in hits if label not in DRUMS]),
        {name: tuple((span.start, span.stop) for span in labels.unsure if span.label in ("", name)) for name in DRUMS},
    )


def _from_text(path: Path) -> DrumReferences:
    # Labels that are no drums of ours are read here, and refused where they would be trained on.
    hits = []
    for time, rest in rows_of(path):
        try:
            velocity = float(rest[1]) if len(rest) > 1 else np.nan
        except ValueError:
            raise UserError(f"{str(path)!r}, at {time:g} s: {rest[1]!r} is no velocity of 0..1") from None
        hits.append((time, rest[0] if rest else "", velocity))
    return _made(hits, DrumLabels(()))


def drum_references_for(audio: Path, root: Path | None = None) -> DrumReferences | None:
    """Read what is known about the drums in a recording; None if nothing is. root: holds reference_times.

    Raises UserError for a file that cannot be read.
    """
    if (path := beside(audio, root, ".drums.json")) is None and (path := beside(audio, root, ".drums.txt")) is not None:
        return _from_text(path)
    if path is None and (path := beside(audio, root, ".json")) is None:
        return None
    labels = read_drum_labels(path)
    # In a crate no drums at all means that nobody says.
    if not labels.events and path.name == f"{audio.stem}.json":
        return None
    return _made([(hit.time, hit.label, hit.velocity) for hit in labels.events], labels)
