"""Fits the weights of `realtime/detectors/beats/octave_evidence.py` to made records of known tempo.

FIT_SEED makes the records that are fitted, CHOOSE_SEED those by which features, regularisation and hysteresis were
chosen. Neither is any that `samplechop evaluate tempo` reports: it has seed 1 unless another is named, and what
docs/beats.md states comes from seed 47, which nobody had looked at before.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.offline.audio.reading import Sound
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.lab.synthetic.tempo_records import FITTING_STYLES, make_tempo_record
from samplechop.offline.training.loop import Recipe, Run, TrainOptions
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import Option
from samplechop.realtime.detectors.beats.octave_evidence import ENOUGH, FEATURES, HEADS, WEIGHTS, OctaveEvidence
from samplechop.realtime.detectors.beats.tracker import AGO, BEAT, PERIOD, TEMPO_RANGE, PulseStream

FIT_SEED, CHOOSE_SEED = 101, 102
REGULARISATION = 0.3
"""Inverse strength of the L2 penalty."""
NEAR = 0.08
"""Octaves by which a pulse may lie beside a multiple of the tempo; where it lies farther there is nothing to learn."""
BLOCK = 4096
OCTAVES = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was tracked in a record whose tempo is known: a row for each beat after the first ENOUGH ones.

    features: float64 (n, len(FEATURES)). octaves: int64 (n,), how many the true beat lies above the pulse.
    """

    features: NDArray[np.float64]
    octaves: NDArray[np.int64]


@cache
def _stream() -> PulseStream:
    return PulseStream(models.load("chop"), BLOCK)


def evidence_of(samples: Sound, bpm: float) -> Evidence:
    """Track the beats of a record, float32 (n,) at 44 100 Hz, as the beat detector does, and collect what it sees."""
    stream = _stream()
    stream.reset()
    heads, frame_rate = stream.activations.heads, 44_100 / stream.activations.hop_length
    columns = [heads.index(head) for head in HEADS]
    evidence, frame = OctaveEvidence(frame_rate, *TEMPO_RANGE), 0
    features, octaves = [], []
    padded = np.concatenate([samples, np.zeros(-len(samples) % BLOCK, np.float32)])
    for block in padded.reshape(-1, BLOCK):
        rows = stream.push(block)[:, columns]
        done = 0
        for place in np.flatnonzero(stream.pulse[:, BEAT]).tolist():
            evidence.push(rows[done : place + 1])
            done = place + 1
            period = float(stream.pulse[place, PERIOD])
            evidence.take(frame + place - float(stream.pulse[place, AGO]), period)
            over = np.log2(bpm * period / (60 * frame_rate))
            if evidence.beats >= ENOUGH and abs(over - round(over)) < NEAR and abs(round(over)) <= 1:
                features.append(evidence.features())
                octaves.append(round(over))
        evidence.push(rows[done:])
        frame += len(rows)
    return Evidence(np.array(features).reshape(-1, len(FEATURES)), np.array(octaves, np.int64))


def _made(place: tuple[int, int, int]) -> Evidence:
    """[worker] Collect the evidence of a made record: (style, seed, number)."""
    style, seed, number = place
    record = make_tempo_record(FITTING_STYLES[style], seed, number)
    return evidence_of(record.samples, record.bpm)


def fit(records: Sequence[Evidence], regularisation: float = REGULARISATION) -> NDArray[np.float64]:
    """Fit a multinomial logistic regression on standardised features, records weighing the same.

    Gives weights as of `octave_evidence.log_odds`, float64 (3, len(FEATURES) + 1), those of octave 0 being 0. Raises
    UserError if an octave never occurs.
    """
    from sklearn.linear_model import LogisticRegression

    known = [one for one in records if len(one.octaves)]
    octaves = np.concatenate([one.octaves for one in known]) if known else np.zeros(0, np.int64)
    if set(octaves.tolist()) != set(OCTAVES):
        raise UserError("too few records to fit: in none the pulse lies an octave above, or below, the beat")
    features = np.concatenate([one.features for one in known])
    weight = np.concatenate([np.full(len(one.octaves), 3 / len(one.octaves)) for one in known])
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    regression = LogisticRegression(C=regularisation, max_iter=3000)
    regression.fit((features - mean) / scale, octaves, sample_weight=weight)
    slopes = regression.coef_ / scale
    weights = np.column_stack([slopes, regression.intercept_ - slopes @ mean])
    return np.asarray(weights - weights[1], np.float64)


def right(records: Sequence[Evidence], weights: NDArray[np.float64]) -> float:
    """Give the share of beats whose likeliest octave is the true one, averaged over records; nan for none."""
    shares = [
        np.mean(np.argmax(one.features @ weights[:, :-1].T + weights[:, -1], axis=1) - 1 == one.octaves)
        for one in records
        if len(one.octaves)
    ]
    return float(np.mean(shares)) if shares else float("nan")


@dataclass(frozen=True, slots=True)
class TempoOptions(TrainOptions):
    """The options of `samplechop train tempo`."""

    seed: Annotated[int, Option("Of the records that are fitted (default: {default}).", low=0)] = FIT_SEED
    records: Annotated[int, Option("Records to make of each style (default: {default}).", low=1)] = 4


def train(sources: list[Path], options: TempoOptions, run: Run) -> str:
    """Fit the weights on made records and write them; says how often they are right on records that were not fitted."""
    if sources:
        raise UserError("the weights are fitted to made records: leave out the folder")

    def collect(seed: int, count: int) -> list[Evidence]:
        places = [(style, seed, number) for style in range(len(FITTING_STYLES)) for number in range(count)]
        found = []
        for done, one in enumerate(in_order(_made, places, options.jobs), 1):
            run.progress(f"records of seed {seed}", done, len(places))
            found.append(one)
        return found

    fitted, other = collect(options.seed, options.records), collect(CHOOSE_SEED, options.records)
    weights = np.round(fit(fitted), 2)
    content = {
        "features": [*FEATURES, "constant"],
        "half": weights[0].tolist(),
        "double": weights[2].tolist(),
        "seed": options.seed,
        "records_of_each_style": options.records,
        "regularisation": REGULARISATION,
    }
    write_text(run.out.with_name(run.out.name + ".json"), json.dumps(content, indent=1) + "\n")
    nothing = np.zeros_like(WEIGHTS)
    nothing[1, -1] = 1
    shares = [right(other, some) for some in (nothing, WEIGHTS, weights)]
    as_tracked, before, after = (f"{share:.3f}" for share in shares)
    return (
        f"right octave for {after} of the beats of other made records (seed {CHOOSE_SEED}), {before} with the weights "
        f"in use, {as_tracked} as tracked"
    )


RECIPE = Recipe(
    help="""Fit the weights that decide between a tempo, its half and its double, on made records.

    \b
    samplechop train tempo -o mine/tempo       then copy them to realtime/detectors/beats/octave_evidence.py
    samplechop evaluate tempo                  and measure the beats, with other seeds than those of the fit

    Writes NAME.json.
    """,
    metavar="",
    sources="None: the records are made.",
    train=train,
    options=TempoOptions,
    required=False,
)
