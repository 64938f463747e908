"""Other ways to choose as many slices from a record, beside its kit: what they would cut, and how alike that sounds.

Every way is judged as a kit is, see `kits.redundancy`, among the kit's candidates. Those that need no detector are
there at once; librosa's onsets and the chops of another model are found when they are asked for, and kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import to_rate
from samplechop.offline.common.progress import silent
from samplechop.offline.kits import redundancy
from samplechop.offline.kits.analysis import (
    candidates,
    descriptors,
    detection,
    tempo_and_key,
)
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.record_spectra import Spectra, spectra
from samplechop.offline.kits.boundaries import pieces
from samplechop.offline.kits.core.model import Candidate, Piece
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.plan import Choice, Plan, choice
from samplechop.offline.project.model import Project
from samplechop.offline.studio.worker import Tell, steps

LIBRARY = "librosa"
_PART_SECONDS = 300
"""Of a record that onsets are found in at a time: librosa holds all spectra of what it is given."""
_KIND = "librosa onsets"
Told = Callable[[int, int], object]
"""Is called with how much is done of how much."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to choose. name: kit, strongest, grid, beats, librosa or a model's. starts, stops: samples, of its slices.

    figures: "repeats", "distance", "probability", see `redundancy`; None where there is nothing to compare.
    """

    name: str
    starts: Sequence[int]
    stops: Sequence[int]
    figures: Mapping[str, float] | None

    def facts(self) -> dict[str, Any]:
        """Give it for JSON."""
        pairs = [list(pair) for pair in zip(self.starts, self.stops, strict=True)]
        return {"name": self.name, "slices": pairs, "figures": dict(self.figures) if self.figures else None}


def ways(
    record: Record,
    options: ChopOptions,
    project: Project,
    plan: Plan,
    detected: DetectedContent | None = None,
    library: bool = False,
    models: Sequence[str] = (),
) -> list[Way]:
    """Give the kit, and choose otherwise: the strongest, an equal grid, the strongest of the beats.

    project: fitted to the record. plan: of the kit, by the same options. detected: by which to find out what is wanted.
    library: whether to compare with librosa's onsets, too; models: others, too. Those should have been found before.
    Raises UserError.
    """
    first, last = candidates.span(record, options)
    among = choice(record, options, first, last, silent, detected, project)
    chosen = np.flatnonzero(np.isin([place.sample for place in among.places], plan.places))
    count, rate = len(chosen), record.sample_rate
    heard = spectra(record, first, last)
    found = among.figures(chosen)
    beats = candidates.on_grid(among.found, replace(options, choose="beats", density=None, count=None), rate)
    of_beats = beats.candidates if among.found.beats and among.found.tempo else ()
    wanted = {
        "strongest": _strongest(among.places, count),
        "grid": [Candidate(at, 0.0) for at in redundancy.grid(count, first, last).tolist()],
        "beats": _strongest(of_beats, count),
    }
    if library:
        onsets = librosa_onsets(record)
        inside = onsets[(onsets[:, 0] >= first) & (onsets[:, 0] < last)]
        wanted[LIBRARY] = _strongest([Candidate(round(at), strength) for at, strength in inside.tolist()], count)
    for model in models:
        others = replace(options, model=model, count=count)
        theirs = choice(record, others, first, last, silent, detected, project)
        wanted[model] = [theirs.places[index] for index in theirs.selected(others)]
    meter = tempo_and_key.beats_per_bar(among.found.beats)
    shown = [_way("kit", plan.pieces, found.get("kit"))]
    for name, places in wanted.items():
        if not places:
            continue
        cut = pieces(places, among.everything, options, rate, last, among.tempo_map, meter)
        figures = found.get(name) or (_judged(among, chosen, places, last, heard, options) if found else None)
        shown.append(_way(name, cut, figures))
    return shown


def _way(name: str, cut: Sequence[Piece], figures: Mapping[str, float] | None) -> Way:
    return Way(name, [one.start for one in cut], [one.stop for one in cut], figures)


def librosa_onsets(record: Record, told: Told = max) -> NDArray[np.float64]:
    """Find onsets as librosa does by default, in parts of a long record: float64 (n, 2), samples and strengths 0..1.

    They are kept with the record. told: is called before each part. Raises what `Record.blocks` raises.
    """
    if record.cache is None:
        return _librosa_onsets(record, told)
    return record.cache.arrays(_KIND, [_PART_SECONDS], lambda: {_KIND: _librosa_onsets(record, told)})[_KIND]


def has_onsets(record: Record) -> bool:
    """Say whether librosa's onsets were found before."""
    return record.cache is not None and record.cache.kept(_KIND, [_PART_SECONDS]) is not None


def find_onsets(record: Record, tell: Tell) -> None:
    """[worker] Find librosa's onsets, to be kept."""
    librosa_onsets(record, steps("finding onsets by librosa", tell))


def find_chops(record: Record, options: ChopOptions, tell: Tell) -> None:
    """[worker] Detect chops by another model, to be kept."""
    told, (first, last) = steps(f"detecting chops by {options.model}", tell), candidates.span(record, options)
    detection.detect(record, options, first, last, lambda done: told(done, last - first))


def _librosa_onsets(record: Record, told: Told) -> NDArray[np.float64]:
    from samplechop.offline.evaluate import peers  # brings mir_eval and librosa, which a page without them is faster

    rate, size = record.sample_rate, _PART_SECONDS * record.sample_rate
    rows = [np.zeros((0, 2))]
    for first in range(0, record.length, size):
        told(first, record.length)
        part = np.concatenate(list(record.mono(1 << 16, first, min(record.length, first + size))))
        found = peers.markers(LIBRARY, to_rate(part, rate))
        strengths = np.ones(len(found.times)) if found.strengths is None else found.strengths
        rows.append(np.stack([first + found.times * rate, strengths], axis=1))
    return np.concatenate(rows)


def _strongest(places: Sequence[Candidate], count: int) -> list[Candidate]:
    """Give the strongest in order of time, of equals the first, as `redundancy.figures` takes them."""
    ranked = np.argsort([-place.strength for place in places], kind="stable")[:count]
    return [places[index] for index in np.sort(ranked).tolist()]


def _judged(
    among: Choice,
    chosen: NDArray[np.int64],
    places: Sequence[Candidate],
    last: int,
    heard: Spectra,
    options: ChopOptions,
) -> Mapping[str, float]:
    """Judge places that are no candidates, as the cuts of an equal grid are."""
    starts = np.array([place.sample for place in places], np.int64)
    there = descriptors.describe_in(heard, starts, np.append(starts[1:], last), options.compare)
    rate, timbre = among.described.sample_rate, among.described.timbre
    return redundancy.figures(among.places, timbre, chosen, starts, there.timbre, rate)["grid"]
