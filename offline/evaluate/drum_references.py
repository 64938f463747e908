"""What is known about the drums of each recording in a folder, read from what lies beside it; the first that is there
counts.

    name.drums.json   hits, and where nobody knows, see offline/labels/drum_labels.py
    name.drums.txt    a hit per line: seconds, its label, and its velocity 0..1 where known
    name.json         the truth of a synthetic record
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from samplechop.offline.evaluate.references import Seconds, beside, rows_of
from samplechop.offline.labels.drum_labels import DrumLabels, read_drum_labels
from samplechop.offline.labels.recording_truth import FAMILIES, class_of, read_truth
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

WANTED = "put name.drums.txt with lines such as '1.25 kick' beside the audio, or name.drums.json"
NOTHING = np.zeros(0)
FINE = ("stick", "open")
"""Side-sticks and open hats, which are among the snares and hats as well."""


@dataclass(frozen=True, slots=True)
class DrumReferences:
    """The drum hits of one recording.

    times, velocities: by label of events.DRUMS, each float64 (n,), seconds, rising; velocity 0..1, nan where
    unknown says. known: the labels whose hits are all there. other: seconds, float64 (n,), hits of what is none of
    DRUMS. unsure: by label, (start, stop) in which unknown knows whether it was struck. fine: of FINE those that are
    struck, where they are told apart, as `times`.
    """

    times: dict[str, Seconds]
    velocities: dict[str, Seconds]
    known: frozenset[str] = frozenset(DRUMS)
    other: Seconds = field(default_factory=lambda: NOTHING)
    unsure: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    fine: Mapping[str, Seconds] = field(default_factory=dict)

    @property
    def all(self) -> Seconds | None:
        """Every hit, float64 (n,), seconds, rising; None if not every label is known."""
        if self.known != frozenset(DRUMS):
            return None
        return np.sort(np.concatenate([*self.times.values(), self.other]))


def _made(hits: list[tuple[float, str, float]], labels: DrumLabels, named: list[tuple[float, str]]) -> DrumReferences:
    """named: (seconds, label) of all that is told apart."""
    hits = sorted(hits)
    fine = {name: np.array(sorted(time for time, label in named if label == name)) for name in FINE}
    by_label = {name: [hit for hit in hits if hit[1] == name] for name in DRUMS}
    return DrumReferences(
        {name: np.array([time for time, _, _ in found]) for name, found in by_label.items()},
        {name: np.array([velocity for _, _, velocity in found]) for name, found in by_label.items()},
        labels.known,
        np.array([time for time, label, _ in hits if label not in DRUMS]),
        {name: tuple((span.start, span.stop) for span in labels.unsure if span.label in ("", name)) for name in DRUMS},
        {name: times for name, times in fine.items() if len(times)},
    )


def _from_text(path: Path) -> DrumReferences:
    # Here a word may also stand for what no net is trained on: that is none of our drums.
    hits, named = [], []
    for time, rest in rows_of(path):
        try:
            velocity = float(rest[1]) if len(rest) > 1 else np.nan
            if velocity < 0 or velocity > 1:
                raise ValueError
        except ValueError:
            raise UserError(f"{str(path)!r}, at {time:g} s: {rest[1]!r} is no velocity of 0..1") from None
        label = class_of(rest[0]) if rest else ""
        hits.append((time, FAMILIES.get(label, label), velocity))
        named.append((time, label))
    return _made(hits, DrumLabels(()), named)


def drum_references_for(audio: Path, root: Path | None = None) -> DrumReferences | None:
    """Read what is known about the drums in a recording; None if nothing is. root: holds reference_times.

    Raises UserError for a file that cannot be read.
    """
    if (path := beside(audio, root, ".drums.json")) is None and (path := beside(audio, root, ".drums.txt")) is not None:
        return _from_text(path)
    if path is None and (path := beside(audio, root, ".json")) is None:
        return None
    labels = read_drum_labels(path)
    # In a synthetic record no drums at all means that unknown says.
    if not labels.events and path.name == f"{audio.stem}.json":
        return None
    told = [] if path.name.endswith(".drums.json") else read_truth(path).clear_drums()
    hits = [(hit.time, hit.label, hit.velocity) for hit in labels.events]
    return _made(hits, labels, [(hit.time, hit.label) for hit in told])
