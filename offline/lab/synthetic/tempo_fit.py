"""Fits the weights of `realtime/detectors/beats/weights.json` to records of known beats and bars.

FIT_SEED makes the records that are fitted, CHOOSE_SEED those by which thresholds and the model of bars are chosen.
Neither is any that `samplechop evaluate tempo` reports, and of people's drumming those drummers are left out whom it
evaluates. What has no pulse is fitted, too: chords, melodies, strokes and syllables at free times, surface noise. What
was tracked in a record stays in the folder of --work: a fit that was broken off, or one of more records, goes on there.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

import mir_eval
import numpy as np
from numpy.typing import NDArray

from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.kits.analysis.whole_beats import trusted
from samplechop.offline.lab.synthetic.tempo_evidence import (
    Evidence,
    Tracked,
    evidence_of_made,
    evidence_of_played,
    read_evidence,
    state,
    write_evidence,
)
from samplechop.offline.lab.synthetic.tempo_records import (
    END_STYLES,
    FREE,
    SECONDS,
    TEMPO_STYLES,
    groove_performances,
)
from samplechop.offline.training.loop import Run
from samplechop.offline.training.recipes import TempoOptions
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.beats.bars import CUES, METERS, POSITIONS, BarTracker
from samplechop.realtime.detectors.beats.octave_evidence import FEATURES
from samplechop.realtime.detectors.beats.weights import BarWeights, BeatWeights, Trust, beat_weights, trust_by

CHOOSE_SEED = 102
REGULARISATION = 0.3
"""Inverse strength of the L2 penalty."""
OCTAVES = (-1, 0, 1)
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.95, 0.05), 2).tolist())
PERFORMANCES = 12
"""People's performances that are fitted for each record of a style."""
CALIBRATED = 8
"""Parts of equal size in which it is counted how often beats are right."""
FALSE_BEATS = 0.01
"""What a beat a minute where there is none costs, in F: a record of noise has to be silent."""
SHARPNESS, SLIPS, STAYS = (0.3, 0.6, 1.0, 1.5), (0.002, 0.01, 0.03), (3.0, 10.0)
"""By how much the evidence of bars may be sharpened, and what else of their model is tried."""
WALTZ = ((0.1, 0.15, 0.75), (0.05, 0.1, 0.85), (0.15, 0.2, 0.65))
"""How common bars of METERS may be."""


def _logistic(
    features: NDArray[np.float64], classes: NDArray[np.int64], weight: NDArray[np.float64], inverse_penalty: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a (multinomial) logistic regression on standardised features; give slopes and constants."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    regression = LogisticRegression(C=inverse_penalty, max_iter=3000)
    regression.fit((features - mean) / scale, classes, sample_weight=weight)
    slopes = np.asarray(regression.coef_ / scale, np.float64)
    return slopes, np.asarray(regression.intercept_ - slopes @ mean, np.float64)


def _equally(lengths: Sequence[int], each: float = 3.0) -> NDArray[np.float64]:
    """Give weights by which records of these lengths count the same."""
    return np.concatenate([np.full(n, each / n) for n in lengths if n]) if any(lengths) else np.zeros(0)


def fit(records: Sequence[Evidence], regularisation: float = REGULARISATION) -> NDArray[np.float64]:
    """Fit the weights of octaves by a multinomial logistic regression, records weighing the same.

    Gives weights as of `octave_evidence.log_odds`, float64 (3, len(FEATURES) + 1), those of octave 0 being 0. Raises
    UserError if an octave never occurs.
    """
    known = [one for one in records if len(one.octaves)]
    octaves = np.concatenate([one.octaves for one in known]) if known else np.zeros(0, np.int64)
    if set(octaves.tolist()) != set(OCTAVES):
        raise UserError("too few records to fit: in none the pulse lies an octave above, or below, the beat")
    weight = _equally([len(one.octaves) for one in known])
    slopes, constant = _logistic(np.concatenate([one.octave for one in known]), octaves, weight, regularisation)
    weights = np.column_stack([slopes, constant])
    return np.asarray(weights - weights[1], np.float64)


def right(records: Sequence[Evidence], weights: NDArray[np.float64]) -> float:
    """Give the share of beats whose likeliest octave is the true one, averaged over records; nan for none."""
    shares = [
        np.mean(np.argmax(one.octave @ weights[:, :-1].T + weights[:, -1], axis=1) - 1 == one.octaves)
        for one in records
        if len(one.octaves)
    ]
    return float(np.mean(shares)) if shares else float("nan")


Gate = Callable[[NDArray[np.float64], float, float], NDArray[np.bool_]]
"""Which beats are emitted, (n,), by their trust, (n,), and what it must be to begin and to go on."""


def fit_trust(records: Sequence[Tracked], others: Sequence[Tracked], gate: Gate) -> Trust:
    """Fit to some records when tracked beats are right; choose by others from what trust on they are emitted."""
    weights = np.round(fit_right(records), 4)
    begin, keep = choose_gate(others, weights, gate)
    return Trust(weights, begin, keep, calibrate(others, weights))


def fit_right(records: Sequence[Tracked]) -> NDArray[np.float64]:
    """Fit a constant and weights, float64 (features + 1,), of what tells whether beats are right.

    A record without a pulse weighs as much as four others.
    """
    known = [one for one in records if len(one.places)]
    weight = np.concatenate([np.full(len(one.places), (1 if len(one.beats) else 4) / len(one.places)) for one in known])
    classes = np.concatenate([one.right for one in known]).astype(np.int64)
    slopes, constant = _logistic(np.concatenate([one.told_by for one in known]), classes, weight * 10, 10.0)
    return np.concatenate([constant, slopes[0]])


def online_gate(trust: NDArray[np.float64], begin: float, keep: float) -> NDArray[np.bool_]:
    """Emit beats as the detector does, one after the other."""
    emitting, out = False, np.zeros(len(trust), np.bool_)
    for place, value in enumerate(trust.tolist()):
        emitting = out[place] = value >= (keep if emitting else begin)
    return out


def choose_gate(records: Sequence[Tracked], weights: NDArray[np.float64], gate: Gate) -> tuple[float, float]:
    """Choose the trust from which beats begin, and that to which they go on: the best F, noise being silent."""

    def value(begin: float, keep: float) -> float:
        right, false = [], []
        for one in records:
            found = one.places[gate(trust_by(weights, one.told_by), begin, keep)]
            if len(one.beats):
                right.append(float(mir_eval.beat.f_measure(one.beats, found)) if len(found) else 0.0)
            else:
                false.append(len(found) / SECONDS * 60)
        return fmean(right or [0.0]) - FALSE_BEATS * fmean(false or [0.0])

    pairs = [(begin, keep) for begin in THRESHOLDS for keep in THRESHOLDS if keep <= begin]
    return max(pairs, key=lambda pair: value(*pair))


def calibrate(records: Sequence[Tracked], weights: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Count how often beats of some trust are right: pairs that rise."""
    trust = np.concatenate([trust_by(weights, one.told_by) for one in records])
    hits = np.concatenate([one.right for one in records])
    order = np.argsort(trust)
    pairs: list[tuple[float, float]] = []
    for part in np.array_split(order, CALIBRATED):
        at, share = round(float(trust[part].mean()), 3), round(float(hits[part].mean()), 3)
        if not pairs or at > pairs[-1][0]:
            pairs.append((at, max(share, pairs[-1][1] if pairs else 0.0)))
    return tuple(pairs)


def fit_bars(records: Sequence[Evidence], others: Sequence[Evidence]) -> BarWeights:
    """Fit what cues say of positions to some records; choose how far that is believed by others."""
    known = [one for one in records if len(one.cues) > max(METERS)]
    usual = np.mean([one.cues.mean(axis=0) for one in known], axis=0)
    compound = fit_compound(known)
    nothing = np.zeros((len(POSITIONS), len(CUES)))
    plain = BarWeights(nothing, np.zeros(len(POSITIONS)), usual, np.ones(3) / 3, compound, 0.02, 1)
    features = np.concatenate([_less_mean(one, plain) for one in known])
    classes = np.concatenate([_classes(one) for one in known])
    weight = _equally([len(one.cues) for one in known], 30.0)
    slopes, constant = _logistic(features, classes, weight, 1.0)
    there = np.unique(classes)
    shares = np.array([weight[classes == one].sum() for one in there]) / weight.sum()
    cues, constants = np.zeros((len(POSITIONS), len(CUES))), np.full(len(POSITIONS), -9.0)
    cues[there], constants[there] = slopes, constant - np.log(shares)
    tried = [
        BarWeights(sharp * cues, sharp * constants, usual, np.array(meters), compound, slip, stay)
        for sharp in SHARPNESS
        for slip in SLIPS
        for stay in STAYS
        for meters in WALTZ
    ]
    return max(tried, key=lambda weights: bars_right(others, weights))


def fit_compound(records: Sequence[Evidence]) -> tuple[float, float]:
    """Fit slope and constant of the log-odds of 6/8 to how beats are divided, where 6/8 is as common as all else.

    Both are 0 where there is no 6/8, or nothing else.
    """
    known = [one for one in records if len(one.thirds)]
    classes = np.array([one.positions.max() == min(METERS) for one in known], np.int64)
    if not 0 < classes.sum() < len(classes):
        return 0.0, 0.0
    share = classes.mean()
    means = np.array([[one.thirds.mean()] for one in known])
    slopes, constant = _logistic(means, classes, np.ones(len(known)), 10.0)
    return round(float(slopes[0, 0]), 2), round(float(constant[0] - np.log(share / (1 - share))), 2)


def _less_mean(one: Evidence, weights: BarWeights) -> NDArray[np.float64]:
    """Give the cues of a record's beats less their means, as the tracker takes them."""
    counting = BarTracker(weights)
    return np.array([counting.cues_less_mean(cues) for cues in one.cues])


def _classes(one: Evidence) -> NDArray[np.int64]:
    meter = int(one.positions.max())
    return np.array([POSITIONS.index((meter, position)) for position in one.positions.tolist()])


def bars_right(records: Sequence[Evidence], weights: BarWeights) -> float:
    """Give F of the downbeats among the true beats, averaged over records.

    Each is counted from its first beats on, and misses one amid them: what begins on 1 and goes on tells nothing.
    """
    found = []
    for number, one in enumerate(records):
        if len(one.cues) > 2 * max(METERS):
            counting, n = BarTracker(weights), len(one.cues)
            thirds = one.thirds if len(one.thirds) else np.zeros(n)
            kept = [beat for beat in range(1 + number % 3, n) if beat != n // 2]
            first = np.array([counting.take(one.cues[beat], thirds[beat])[0] == 1 for beat in kept])
            true = one.positions[kept] == 1
            found.append(2 * np.sum(first & true) / max(1, first.sum() + true.sum()))
    return float(np.mean(found)) if found else float("nan")


def train(sources: list[Path], options: TempoOptions, run: Run) -> str:
    """Fit the weights on made records and write them; says how often they are right on records that were not fitted."""
    if len(sources) > 1:
        raise UserError("the weights are fitted to made records and to one archive of people's drumming: name no other")

    kept = run.work / state()
    kept.mkdir(parents=True, exist_ok=True)

    def collect(what: str, work: Callable[[tuple], Evidence], places: Sequence[tuple]) -> list[Evidence]:
        names = ["-".join(str(part) for part in place if isinstance(part, int)) for place in places]
        files = [kept / f"{what.replace(' ', '-')}-{name}.npz" for name in names]
        missing = [number for number, file in enumerate(files) if not file.is_file()]
        done = len(places) - len(missing)
        made = in_order(work, [places[number] for number in missing], options.jobs)
        for number, one in zip(missing, made, strict=True):
            write_evidence(files[number], one)
            done += 1
            run.progress(what, done, len(places))
        return [read_evidence(file) for file in files]

    def made(seed: int, styles: int) -> list[tuple]:
        free = [(-1, seed, number) for number in range(len(FREE) * max(1, options.records // 4))]
        return free + [(style, seed, number) for number in range(options.records) for style in range(styles)]

    fitted = collect("records", evidence_of_made, made(options.seed, END_STYLES.start))
    other = collect("other records", evidence_of_made, made(CHOOSE_SEED, len(TEMPO_STYLES)))
    for archive in sources:
        people = groove_performances(archive, held_out=False)
        count = min(len(people) * 2 // 3, options.records * PERFORMANCES)
        places = [(one, options.seed, number) for number, one in enumerate(people)]
        fitted += collect("performances", evidence_of_played, places[:count])
        other += collect("other performances", evidence_of_played, places[count : count * 3 // 2])
    before = beat_weights()
    online = fit_trust([one.online for one in fitted], [one.online for one in other], online_gate)
    offline = fit_trust([one.offline for one in fitted], [one.offline for one in other], trusted)
    octave = np.round(fit(fitted), 2)
    after = BeatWeights(octave, online, offline, fit_bars(fitted, other))
    content = after.record() | {
        "features": [*FEATURES, "constant"],
        "cues": list(CUES),
        "positions": [f"{position} of {meter}" for meter, position in POSITIONS],
        "fitted": {"model": "chop", "seed": options.seed, "records": len(fitted), "people": bool(sources)},
    }
    write_text(run.out.with_name(run.out.name + ".json"), json.dumps(content, indent=1) + "\n")
    nothing = np.zeros_like(octave)
    nothing[1, -1] = 1
    shares = [right(other, some) for some in (nothing, before.octave, octave)]
    downbeats = [bars_right(other, some.bars) for some in (before, after)]
    return (
        f"on other records (seed {CHOOSE_SEED}) the octave is right for {shares[2]:.3f} of the beats, {shares[1]:.3f} "
        f"with the weights in use, {shares[0]:.3f} as tracked; downbeats among true beats F {downbeats[1]:.3f}, "
        f"{downbeats[0]:.3f} with those in use; beats begin at a trust of "
        f"{online.begin:g} and go on to {online.keep:g}, of whole records {offline.begin:g} and {offline.keep:g}"
    )
