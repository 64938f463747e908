"""Which attacks are chops: as the user wants it, and as the model's manifest says how."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from samplechop.models import Manifest, ModelError
from samplechop.realtime.core.entry_functions import bound, entry
from samplechop.realtime.core.plugin import Trace
from samplechop.realtime.detectors.beats.tracker import CONFIDENCE, P_BEAT
from samplechop.realtime.detectors.chop import DIAL, Choose
from samplechop.realtime.detectors.chop.attack_ranking import RANKED, Attack, AttackRanking, find_peaks
from samplechop.realtime.detectors.chop.decision import Decision, DrumsAlone
from samplechop.realtime.detectors.chop.drums_alone import (
    ALONE,
    PASSAGE,
    DrumsAloneState,
    PassageFeatures,
    average_passage,
    follow_passage,
)
from samplechop.realtime.detectors.chop.evidence import EVIDENCE, HEADS, Evidence, collect_evidence, odds
from samplechop.realtime.detectors.chop.peak_picking import AdaptivePicker, BeatWeigher
from samplechop.realtime.dsp.delay_line import prefixes
from samplechop.realtime.nets.streaming import calibrated


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants. density: 0..1, in place of a way to choose, or None. threshold: in place of the way's.

    dial: whether each attack brings its strengths at all ways of the dial.
    """

    choose: Choose
    density: float | None = None
    threshold: float | None = None
    dial: bool = False


class Pick(NamedTuple):
    """A possible chop: the frame of its peak, that it was decided at, its strength, the probability that it is right.

    chosen: whether it is a chop; of what is none, no more is told unless Wanted.dial asks for it. way: by which it was
    judged; level: its place on the dial, 0..1; None where a model has no dial. gap: seconds to the chop before, at
    least; None for the manifest's. dial: as in Event.
    """

    frame: int
    decided: int
    strength: float = 0.0
    chosen: bool = True
    way: str | None = None
    level: float | None = None
    gap: float | None = None
    dial: tuple[float, ...] | None = None


def at_density(dial: Any, density: float) -> Any:
    """Give the strength at a density, 0..1, between those of the two ways of the dial that it lies between.

    dial: strengths by DIAL, numbers or arrays of them.
    """
    place = density * (len(DIAL) - 1)
    low = min(int(place), len(DIAL) - 2)
    below, above = dial[low : low + 2]
    return below + (place - low) * (above - below)


def strength_score(scores: Sequence[float], own: int, dial: Sequence[int], others: float) -> float:
    """Give the score of an attack by which its strength at a way is read off the way's calibration.

    scores: by way. own: the way's. dial: the ways of DIAL. others: as in `Way`. That one attack of drums alone is as
    surely struck as the next; which of them one would cut first the ways that choose fewer know.
    """
    if not others:
        return scores[own]
    mean = sum(scores[way] for way in dial) / len(dial)
    return 1 / (1 + math.exp(-(1 - others) * odds(scores[own]) - others * odds(mean)))


NEVER_ALONE = DrumsAlone({"contrast": 0.0}, 0.0, 1.0, 1.0, 1.0, -1.0)
"""The rule where music and drums alone are cut alike; it is not asked."""
Spectra = tuple[NDArray[np.float32], int, int]
"""A ring of constant-Q frames, float32 (size, bins), and of the frames' newest ones the first, and how far apart."""


@cache
def _compiled() -> Callable[..., tuple[int, int]]:
    # Arrays before those that are read: as `parts` of Evidence, AttackRanking, PassageFeatures and DrumsAloneState.
    def run(reach, recent, skip, evidence, weights, bias, own, share, asked, decay, state, scores, places, found,
            columns, passing, means, frames, features, counting, rule, is_alone, alone, way, shown, heads, pulse,
            spectra, first, step):  # fmt: skip
        n = len(heads)
        written = collect_evidence(heads, pulse, reach, recent, skip, evidence)
        rows = evidence[:written]
        count = find_peaks(rows, weights, bias, own, share, asked, decay, state, scores, places, found)
        ways = len(bias)
        if way < 0:  # music and drums alone are cut otherwise, and which it is decides
            average_passage(heads, spectra, first, step, columns, passing, means, frames, features)
            follow_passage(features[:n], counting, rule, is_alone, alone)
        for i in range(written):
            chosen = way if way >= 0 else ways if alone[n - written + i] else -1 - way
            shown[i] = scores[i, chosen]
        return written, count

    rows, number = types.float32[:, ::1], types.int64
    way, read = (number, types.float32[::1]), (HEADS, rows, rows, number, number)
    return entry(types.UniTuple(number, 2)(*EVIDENCE, *RANKED, *PASSAGE, *ALONE, *way, *read))(run)


class RankedChoice:
    """Every attack with its place on the dial, and which of them are chosen.

    threshold: of the way by which music is cut. next_frame: the first frame that has no score yet.
    """

    def __init__(
        self, manifest: Manifest, decision: Decision, wanted: Wanted, heads: Sequence[str], decay: float
    ) -> None:
        """[main] decay: what is left of the highest score after a frame. Raises ModelError for heads there are not."""
        self._density, self._tells_dial = wanted.density, wanted.dial
        where = f"model {manifest.name!r}"
        self._way = "attacks" if wanted.density is not None else "both" if wanted.choose == "auto" else wanted.choose
        if wanted.threshold is not None:
            decision = with_threshold(decision, self._way, wanted.threshold)
        self.threshold = decision.ways[self._way].threshold
        self._evidence = Evidence(heads, decision.beat_reach)
        self._ranking = AttackRanking(decision, self._evidence, decay, where)
        self._column = list(self._ranking.names).index(self._way)
        rule = decision.drums_alone if wanted.choose == "auto" and wanted.density is None else None
        self._follows = rule is not None
        seconds = manifest.features.hop_length / manifest.features.sample_rate
        self._alone = DrumsAloneState(rule or NEVER_ALONE)
        read = heads if self._follows else ("hit", "onset")
        self._passage = PassageFeatures(read, (rule or NEVER_ALONE).seconds, seconds)
        ways = [decision.ways[name] for name in self._ranking.names]
        self._calibrations = [(one.others, one.calibration or manifest.calibration) for one in ways]
        self._gaps, self._last = [one.gap for one in ways], len(ways) - 1
        self.attack_gap = self._gaps[self._last]
        self._dial = [self._ranking.names.index(name) for name in DIAL]
        self._make_room(1)

    @property
    def next_frame(self) -> int:
        """The first frame that has no score yet."""
        return self._ranking.next_frame

    def reset(self) -> None:
        """[analysis] Become as new."""
        for part in (self._evidence, self._ranking, self._passage, self._alone):
            part.reset()

    def _make_room(self, n: int) -> None:
        """Have room for n frames."""
        self._room = n
        parts = self._evidence.parts(n), self._ranking.parts(n), self._passage.parts(n), self._alone.parts(n)
        self._is_alone = parts[-1][-1]
        self._shown: NDArray[np.float32] = np.zeros(n, np.float32)
        way = -1 - self._column if self._follows else self._column
        self._run = bound(_compiled(), *(one for part in parts for one in part), way, self._shown)
        self._first_shown = prefixes(self._shown)

    def push(
        self, heads: NDArray[np.float32], pulse: NDArray[np.float32], spectra: Spectra, trace: Trace
    ) -> list[Pick]:
        """[analysis] Process probabilities, the tracker's rows and the newest spectra; append scores to the trace."""
        n = len(heads)
        if n > self._room:
            self._make_room(n)
        written, count = self._run(heads, pulse, *spectra)
        first = self._ranking.next_frame
        self._ranking.next_frame = first + written
        trace.append(self._first_shown[written])
        if not count:
            return []
        attacks = self._ranking.attacks(count, first)
        if not self._follows:
            return [self._pick(attack, False) for attack in attacks]
        alone = self._is_alone[n - written : n]
        return [self._pick(attack, bool(alone[attack.decided - first])) for attack in attacks]

    def _pick(self, attack: Attack, alone: bool) -> Pick:
        density, way, dial = self._density, self._last if alone else self._column, None
        chosen = attack.margins[way] >= 0 if density is None else attack.level <= density
        if not chosen and not self._tells_dial:
            return Pick(attack.frame, attack.decided, chosen=False)
        if density is not None or self._tells_dial:
            dial = tuple(self._strength(attack, column) for column in self._dial)
        if density is not None and dial is not None:
            strength, gap = at_density(dial, density), self.attack_gap
            return Pick(attack.frame, attack.decided, strength, chosen, None, attack.level, gap, dial)
        strength, name = self._strength(attack, way), self._ranking.names[way]
        return Pick(attack.frame, attack.decided, strength, chosen, name, attack.level, self._gaps[way], dial)

    def _strength(self, attack: Attack, way: int) -> float:
        others, calibration = self._calibrations[way]
        return calibrated(calibration, strength_score(attack.scores, way, self._dial, others))


def with_threshold(decision: Decision, way: str, threshold: float) -> Decision:
    """Give a decision with another threshold of one way; attacks are found down to it, too."""
    attacks = decision.ways["attacks"]
    ways = dict(decision.ways) | {"attacks": replace(attacks, threshold=min(attacks.threshold, threshold))}
    return replace(decision, ways=ways | {way: replace(ways[way], threshold=threshold)})


class BeatChoice:
    """What models without a dial choose: peaks of the head "chop", weighed with the beat."""

    attack_gap = None

    def __init__(
        self, manifest: Manifest, decision: Decision, wanted: Wanted, heads: Sequence[str], decay: float
    ) -> None:
        """[main] As `RankedChoice`. Raises ModelError for a way that the model has not, or a net without chops."""
        name = "both" if wanted.choose == "auto" else wanted.choose
        if wanted.density is not None or name not in decision.ways:
            asked = "--density" if wanted.density is not None else f"--choose {wanted.choose}"
            raise ModelError(
                f"model {manifest.name!r} has no {asked}: it is of before; samplechop train DIR --from "
                f"{manifest.name} --steps 0 writes one that has"
            )
        if "chop" not in heads:
            raise ModelError(f"model {manifest.name!r} detects no chops: it has {', '.join(heads)}")
        way = decision.ways[name]
        self.threshold = way.threshold if wanted.threshold is None else wanted.threshold
        self._name, self._calibration = name, way.calibration or manifest.calibration
        self._weigher = BeatWeigher(way.beat, decision.beat_reach)
        self._peaks = AdaptivePicker(self.threshold, way.relative, decay, decision.first_highest)
        self._column = list(heads).index("chop")

    @property
    def next_frame(self) -> int:
        """The first frame that has no score yet."""
        return self._peaks.next_frame

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._weigher.reset()
        self._peaks.reset()

    def push(
        self, heads: NDArray[np.float32], pulse: NDArray[np.float32], _spectra: Spectra, trace: Trace
    ) -> list[Pick]:
        """[analysis] Process probabilities and the tracker's rows; append the scores to the trace."""
        scores = self._weigher.push(heads[:, self._column], pulse[:, P_BEAT], pulse[:, CONFIDENCE])
        trace.append(scores)
        found = self._peaks.push(scores)
        return [
            Pick(frame, decided, calibrated(self._calibration, score), way=self._name)
            for frame, decided, score in found
        ]
