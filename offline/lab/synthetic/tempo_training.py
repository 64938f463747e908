"""The task `samplechop train tempo`: collects what is tracked where beats are known, fits weights to it, writes them.

FIT_SEED makes the records that are fitted, CHOOSE_SEED those by which thresholds and the model of bars are chosen.
Neither is any that `samplechop evaluate tempo` reports, and of people's drumming those drummers are left out whom it
evaluates. Of recordings three are fitted for each that chooses. Trust is fitted without recordings, by which it gained
nothing. What has no pulse is fitted, too: chords, melodies, strokes and syllables at free times, surface noise. What
was tracked in a record stays in the folder of --work: a fit that was broken off, or one of more records, goes on there.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.evaluate.references import references_for, tracks_in
from samplechop.offline.kits.analysis.whole_beats import trusted
from samplechop.offline.lab.synthetic.grooves import INDEX
from samplechop.offline.lab.synthetic.tempo_evidence import (
    Evidence,
    evidence_of_made,
    evidence_of_played,
    evidence_of_recording,
    read_evidence,
    state,
    write_evidence,
)
from samplechop.offline.lab.synthetic.tempo_fit import bars_right, fit, fit_bars, fit_trust, online_gate, right
from samplechop.offline.lab.synthetic.tempo_records import END_STYLES, FREE, TEMPO_STYLES, groove_performances
from samplechop.offline.training.loop import Run
from samplechop.offline.training.recipes import TempoOptions
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.beats.bars import CUES, POSITIONS
from samplechop.realtime.detectors.beats.octave_evidence import FEATURES
from samplechop.realtime.detectors.beats.weights import BeatWeights, beat_weights

CHOOSE_SEED = 102
PERFORMANCES = 12
"""People's performances that are fitted for each record of a style."""
CHOOSING = 4
"""Of so many recordings one chooses."""
FEWEST_BEATS = 16
"""Beats that a recording must have to be of use."""
COUNTS = {"recordings": 2.0}
"""What a record counts in the fit of octaves, if not 1: music as it is mostly played counts more."""
Call = tuple[str, Callable[[], Evidence]]
"""The name of a record, by which its evidence is kept, and what collects it."""


def _made(styles: Sequence[int], seed: int, records: int) -> list[Call]:
    places = [(style, seed, number) for number in range(records) for style in styles]
    return [("-".join(map(str, place)), partial(evidence_of_made, place)) for place in places]


def _free(seed: int, records: int) -> list[Call]:
    return _made([-1], seed, len(FREE) * max(1, records // 4))


def _played(archive: Path, options: TempoOptions) -> tuple[list[Call], list[Call]]:
    """Give people's performances that are fitted, and those that choose."""
    people = groove_performances(archive, held_out=False)
    count = min(len(people) * 2 // 3, options.records * PERFORMANCES)
    calls: list[Call] = [
        (f"{options.seed}-{number}", partial(evidence_of_played, (one, options.seed, number)))
        for number, one in enumerate(people[: count * 3 // 2])
    ]
    return calls[:count], calls[count:]


def recordings(folder: Path) -> tuple[list[Call], list[Call]]:
    """Give the recordings of a folder that are fitted, and those that choose. Raises UserError if there are none."""
    calls: list[Call] = []
    for one in tracks_in(folder, references_for, "name.beats.txt"):
        known = one.references
        if known.beats is not None and len(known.beats) >= FEWEST_BEATS:
            bars = b"" if known.downbeats is None else known.downbeats.tobytes()
            digest = hashlib.sha256(one.path.read_bytes() + known.beats.tobytes() + bars)
            place = one.path, known.beats, known.downbeats
            calls.append((digest.hexdigest()[:16], partial(evidence_of_recording, place)))
    if not calls:
        raise UserError(f"{str(folder)!r} has no recording with {FEWEST_BEATS} known beats: name.beats.txt beside it")
    fitted = [one for number, one in enumerate(calls, 1) if number % CHOOSING]
    return fitted, calls[CHOOSING - 1 :: CHOOSING]


def _collect(call: Call) -> Evidence:
    """[worker] Collect the evidence of a record."""
    return call[1]()


def train(sources: list[Path], options: TempoOptions, run: Run) -> str:
    """Fit the weights and write them; says how often they are right on records that were not fitted.

    sources: the Groove MIDI Dataset, and folders of recordings with known beats, in any order.
    """
    kept = run.work / state()
    kept.mkdir(parents=True, exist_ok=True)

    def collect(what: str, calls: Sequence[Call]) -> list[Evidence]:
        files = [kept / f"{what.replace(' ', '-')}-{name}.npz" for name, _ in calls]
        missing = [number for number, file in enumerate(files) if not file.is_file()]
        done = len(calls) - len(missing)
        made = in_order(_collect, [calls[number] for number in missing], options.jobs)
        for number, one in zip(missing, made, strict=True):
            write_evidence(files[number], one)
            done += 1
            run.progress(what, done, len(calls))
        return [read_evidence(file) for file in files]

    usual = range(END_STYLES.start), range(len(TEMPO_STYLES))
    parts = [
        ("records", _free(options.seed, options.records) + _made(usual[0], options.seed, options.records)),
        ("other records", _free(CHOOSE_SEED, options.records) + _made(usual[1], CHOOSE_SEED, options.records)),
    ]
    for source in sources:
        people = source.is_file() or (source / INDEX).is_file()
        of_it = _played(source, options) if people else recordings(source)
        what = "performances" if people else "recordings"
        parts += [(what, of_it[0]), (f"other {what}", of_it[1])]
    found: dict[str, list[Evidence]] = {}
    for what, calls in parts:
        found.setdefault(what, []).extend(collect(what, calls))

    def of(*names: str) -> list[Evidence]:
        return [one for name in names for one in found.get(name, ())]

    made, all_of_them = ("records", "performances"), ("records", "performances", "recordings")
    other_made, other = of(*(f"other {name}" for name in made)), of(*(f"other {name}" for name in all_of_them))
    octave = fit([(one, COUNTS.get(name, 1.0)) for name in all_of_them for one in of(name)])
    online = fit_trust([one.online for one in of(*made)], [one.online for one in other_made], online_gate)
    offline = fit_trust([one.offline for one in of(*made)], [one.offline for one in other_made], trusted)
    before, after = beat_weights(), BeatWeights(octave, online, offline, fit_bars(of(*all_of_them), other))
    counts = {what: sum(len(calls) for one, calls in parts if one == what) for what, _ in parts}
    content = after.record() | {
        "features": [*FEATURES, "constant"],
        "cues": list(CUES),
        "positions": [f"{position} of {meter}" for meter, position in POSITIONS],
        "training": {
            "model": "chop",
            "seed": options.seed,
            **{what.replace(" ", "_"): n for what, n in counts.items()},
        },
    }
    write_text(run.out.with_name(run.out.name + ".json"), json.dumps(content, indent=1) + "\n")
    shares = [right(other, some) for some in (None, before.octave, after.octave)]
    downbeats = [bars_right(other, some.bars) for some in (before, after)]
    return (
        f"on other records the octave is right for {shares[2]:.3f} of the beats, {shares[1]:.3f} with the weights in "
        f"use, {shares[0]:.3f} as tracked; downbeats among true beats F {downbeats[1]:.3f}, {downbeats[0]:.3f} with "
        f"those in use; beats begin at a trust of {online.begin:g} and go on to {online.keep:g}, of whole records "
        f"{offline.begin:g} and {offline.keep:g}"
    )
