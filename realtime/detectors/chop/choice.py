"""Which attacks are chops: as the user wants it, and as the model's manifest says how."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, ModelError
from samplechop.realtime.core.plugin import Trace
from samplechop.realtime.detectors.beats.tracker import CONFIDENCE, P_BEAT
from samplechop.realtime.detectors.chop import DIAL, Choose
from samplechop.realtime.detectors.chop.attack_ranking import Attack, AttackRanking, Evidence
from samplechop.realtime.detectors.chop.decision import Decision
from samplechop.realtime.detectors.chop.drums_alone import DrumsAloneState, PassageFeatures
from samplechop.realtime.detectors.chop.peak_picking import AdaptivePicker, BeatWeigher
from samplechop.realtime.nets.streaming import calibrated


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants. density: 0..1, in place of a way to choose, or None. threshold: in place of the way's."""

    choose: Choose
    density: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """A possible chop: the frame of its peak, that it was decided at, its strength, the probability that it is right.

    chosen: whether it is a chop. way: by which it was judged; level: its place on the dial, 0..1; None where a model
    has no dial. gap: seconds to the chop before, at least; None for the manifest's.
    """

    frame: int
    decided: int
    strength: float
    chosen: bool = True
    way: str | None = None
    level: float | None = None
    gap: float | None = None


class RankedChoice:
    """Every attack with its place on the dial, and which of them are chosen.

    threshold: of the way by which music is cut. next_frame: the first frame that has no score yet.
    """

    def __init__(
        self, manifest: Manifest, decision: Decision, wanted: Wanted, heads: Sequence[str], decay: float
    ) -> None:
        """[main] decay: what is left of the highest score after a frame. Raises ModelError for heads there are not."""
        self._density, where = wanted.density, f"model {manifest.name!r}"
        self._way = "attacks" if wanted.density is not None else "both" if wanted.choose == "auto" else wanted.choose
        if wanted.threshold is not None:
            decision = with_threshold(decision, self._way, wanted.threshold)
        self.threshold = decision.ways[self._way].threshold
        self._evidence = Evidence(heads, decision.beat_reach)
        self._ranking = AttackRanking(decision, self._evidence, decay, where)
        self._passage: PassageFeatures | None = None
        rule = decision.drums_alone
        if rule is not None and wanted.choose == "auto" and wanted.density is None:
            seconds = manifest.features.hop_length / manifest.features.sample_rate
            self._passage, self._alone = PassageFeatures(heads, rule.seconds, seconds), DrumsAloneState(rule)
        self._calibrations = {name: one.calibration or manifest.calibration for name, one in decision.ways.items()}
        self._gaps = {name: one.gap for name, one in decision.ways.items()}
        self.attack_gap = self._gaps["attacks"]
        self._column = {name: place for place, name in enumerate(self._ranking.names)}

    @property
    def next_frame(self) -> int:
        """The first frame that has no score yet."""
        return self._ranking.next_frame

    def reset(self) -> None:
        """[analysis] Become as new."""
        self._evidence.reset()
        self._ranking.reset()
        if self._passage is not None:
            self._passage.reset()
            self._alone.reset()

    def push(
        self, heads: NDArray[np.float32], pulse: NDArray[np.float32], spectra: NDArray[np.float32], trace: Trace
    ) -> list[Pick]:
        """[analysis] Process probabilities, the tracker's rows and the newest spectra; append scores to the trace."""
        rows, first = self._evidence.push(heads, pulse), self._ranking.next_frame
        scores, attacks = self._ranking.push(rows)
        shown = scores[:, self._column[self._way]]
        if self._passage is None:
            trace.append(shown)
            return [self._pick(attack, False) for attack in attacks]
        alone = self._alone.push(self._passage.push(heads, spectra))[len(heads) - len(rows) :]
        trace.append(np.where(alone, scores[:, self._column["attacks"]], shown))
        return [self._pick(attack, bool(alone[attack.decided - first])) for attack in attacks]

    def _pick(self, attack: Attack, alone: bool) -> Pick:
        density, way = self._density, "attacks" if alone else self._way
        if density is not None:
            strength, gap = self._between(attack, density), self.attack_gap
            return Pick(attack.frame, attack.decided, strength, attack.level <= density, None, attack.level, gap)
        strength = calibrated(self._calibrations[way], attack.scores[way])
        chosen = attack.margins[way] >= 0
        return Pick(attack.frame, attack.decided, strength, chosen, way, attack.level, self._gaps[way])

    def _between(self, attack: Attack, density: float) -> float:
        """Give the strength at a density between those of two ways."""
        place = density * (len(DIAL) - 1)
        low = min(int(place), len(DIAL) - 2)
        below, above = (calibrated(self._calibrations[name], attack.scores[name]) for name in DIAL[low : low + 2])
        return below + (place - low) * (above - below)


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
        self, heads: NDArray[np.float32], pulse: NDArray[np.float32], _spectra: NDArray[np.float32], trace: Trace
    ) -> list[Pick]:
        """[analysis] Process probabilities and the tracker's rows; append the scores to the trace."""
        scores = self._weigher.push(heads[:, self._column], pulse[:, P_BEAT], pulse[:, CONFIDENCE])
        trace.append(scores)
        found = self._peaks.push(scores)
        return [
            Pick(frame, decided, calibrated(self._calibration, score), way=self._name)
            for frame, decided, score in found
        ]
