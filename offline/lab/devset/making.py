"""What every recording of a development set has in common: what it is made of, how it is worn, and its truth."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate.references import Seconds
from samplechop.offline.lab.devset.sources import Sources
from samplechop.offline.lab.synthetic import chop_rule, mixing, soundfont_bank
from samplechop.offline.lab.synthetic.score import Score
from samplechop.offline.lab.synthetic.turntable import Turntable, augment_record_mildly, good_turntable
from samplechop.offline.labels.recording_truth import DrumTruth, Truth


@dataclass(frozen=True, slots=True)
class Order:
    """What to make a recording of: chance, its number in its group, the sounds, the instruments of a rendered band.

    seed: of the set, for the truth.
    """

    rng: np.random.Generator
    number: int
    sources: Sources
    bank: soundfont_bank.Bank
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """A finished recording: samples float32 (n,), mono, 44 100 Hz; onsets: seconds, every attack that is known, if any.

    truth: of what was composed, or None where only onsets, `beats` (seconds, position) and `drums` (seconds, label,
    velocity) are known. first_play: of the same record: name, and (n, 2) times of both; None where it is the first.
    """

    samples: Sound
    onsets: Seconds | None
    truth: Truth | None = None
    beats: tuple[tuple[float, int], ...] = ()
    drums: tuple[DrumTruth, ...] = ()
    first_play: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """What was played: its score, style, dry sound; the parts that speak at once; attacks of real music, seconds.

    snr: of the score's strikes, in their order, dB; None for drums alone. under_music: whether real music sounds.
    """

    score: Score
    style: str
    dry: Sound
    quick: frozenset[str] = frozenset()
    others: tuple[float, ...] = ()
    snr: NDArray[np.float64] | None = None
    under_music: bool = False


def play_mildly(dry: Sound, seconds: float, rng: np.random.Generator) -> tuple[Sound, Turntable]:
    """Play so many seconds of a record on a turntable in good order, a little augmented."""
    turntable = good_turntable(rng)
    return augment_record_mildly(turned(dry, seconds, turntable), rng), turntable


def turned(dry: Sound, seconds: float, turntable: Turntable) -> Sound:
    """Play so many seconds of a record as they are, float32 (n,)."""
    return turntable.play(dry, float(turntable.played_at(np.array([seconds]))[0]))


def finish(order: Order, played: Played) -> Made:
    """Play a record mildly worn, and write down what it holds."""
    samples, turntable = play_mildly(played.dry, played.score.length, order.rng)
    return known(order, played, samples, turntable)


def known(order: Order, played: Played, samples: Sound, turntable: Turntable) -> Made:
    """Write down what a record holds as it was played on a turntable.

    Whether the attacks of real music are chops, nobody says: they are unsure. All else follows the rule of the
    synthetic training set.
    """
    span = [(0.0, played.score.length)] if played.under_music else []
    found, unsure = chop_rule.candidates(played.score, played.quick, [], span)
    unsure = sorted(unsure + [(time, time + 0.02) for time in played.others])
    truth = mixing.truth_of(played.score, played.style, "validation", order.seed, unsure, loops=span, snr=played.snr)
    truth = chop_rule.label_played(samples, replace(truth, chords=[]), found, turntable, len(samples) / RATE)
    return Made(samples, attacks(samples, played, turntable, truth), truth)


def attacks(samples: Sound, played: Played, turntable: Turntable, truth: Truth) -> Seconds:
    """Give every attack that can be heard, sorted: all that is struck, plucked, or known of real music."""
    others = list(played.others) + [tone.time for tone in played.score.tones if tone.part in played.quick]
    last = len(samples) / RATE - chop_rule.WIDTH
    times = [float(time) for time in turntable.played_at(np.array(others)) if 0 <= time < last]
    times += [hit.time for hit in truth.clear_drums() if hit.time < last]
    # The label says nothing here: whatever it is called, it is audible or not.
    audible = chop_rule.audible(samples, [DrumTruth(time, "tom", 1.0) for time in times])
    return np.sort(np.array([one.time for one in audible]))
