"""Fits the weights of `models/beats.json` to what was tracked where beats and bars are known."""

import warnings
from collections.abc import Callable, Sequence
from statistics import fmean

import mir_eval
import numpy as np
from numpy.typing import NDArray

from samplechop.offline.lab.synthetic.tempo_evidence import Evidence, Tracked
from samplechop.offline.lab.synthetic.tempo_records import SECONDS
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.detectors.beats.bars import CUES, METERS, POSITIONS, BarTracker
from samplechop.realtime.detectors.beats.weights import BarWeights, OctaveWeights, Trust, trust_by

MEMBERS, UNITS, EPOCHS = 3, 16, 40
"""Nets whose log-odds are averaged, hidden units of each, and how often each sees all beats."""
PENALTY = 1.0
"""L2 penalty of a net."""
OCTAVES = (-1, 0, 1)
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.95, 0.05), 2).tolist())
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


def fit(records: Sequence[tuple[Evidence, float]]) -> OctaveWeights:
    """Fit the weights of octaves to records, each with what it counts. Raises UserError if an octave never occurs.

    The mean of some small nets' log-odds is that of one net with the units of all.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    known = [one for one, _ in records if len(one.octaves)]
    octaves = np.concatenate([one.octaves for one in known]) if known else np.zeros(0, np.int64)
    if set(octaves.tolist()) != set(OCTAVES):
        raise UserError("too few records to fit: in none the pulse lies an octave above, or below, the beat")
    weight = np.concatenate(
        [np.full(len(one.octaves), counts / len(one.octaves)) for one, counts in records if len(one.octaves)]
    )
    features = np.concatenate([one.octave for one in known])
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    given = {"alpha": PENALTY, "batch_size": min(512, len(features)), "learning_rate_init": 3e-3, "max_iter": EPOCHS}
    hidden, output = [], []
    for seed in range(MEMBERS):
        net = MLPClassifier((UNITS,), random_state=seed, **given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # how long it is fitted is what EPOCHS says
            net.fit((features - mean) / scale, octaves, sample_weight=weight / weight.mean())
        slopes = net.coefs_[0].T / scale
        hidden.append(np.column_stack([slopes, net.intercepts_[0] - slopes @ mean]))
        output.append(np.column_stack([net.coefs_[1].T, net.intercepts_[1]]) / MEMBERS)
    constant = sum(one[:, -1:] for one in output)
    return OctaveWeights(np.concatenate(hidden), np.concatenate([*(one[:, :-1] for one in output), constant], axis=1))


def right(records: Sequence[Evidence], weights: OctaveWeights | None = None) -> float:
    """Give the share of beats whose likeliest octave is the true one, averaged over records; nan for none.

    Without weights the beat is the tracked pulse.
    """
    shares = [
        np.mean((0 if weights is None else np.argmax(weights.log_odds(one.octave), axis=1) - 1) == one.octaves)
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
    known = [one for one in records if len(one.cues) > max(METERS) and len(one.positions)]
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
    known = [one for one in records if len(one.thirds) and len(one.positions)]
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
        if len(one.cues) > 2 * max(METERS) and len(one.positions):
            counting, n = BarTracker(weights), len(one.cues)
            thirds = one.thirds if len(one.thirds) else np.zeros(n)
            kept = [beat for beat in range(1 + number % 3, n) if beat != n // 2]
            first = np.array([counting.take(one.cues[beat], thirds[beat])[0] == 1 for beat in kept])
            true = one.positions[kept] == 1
            found.append(2 * np.sum(first & true) / max(1, first.sum() + true.sum()))
    return float(np.mean(found)) if found else float("nan")
