"""The chop net: where a producer would cut a record, and drums, beats and onsets beside it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import EarlyFeatures, Features, Manifest, StreamFeatures
from samplechop.offline.training import dataset, measures, streaming
from samplechop.offline.training.better import kept_if_better
from samplechop.offline.training.keras_models import Calibrated, Card
from samplechop.offline.training.loop import Fitted, Options, Run
from samplechop.offline.training.recipes import ChopOptions
from samplechop.offline.training.shared_net import CHANNELS, SharedShape
from samplechop.offline.training.streaming_targets import SAMPLE_RATE, Record, StreamSpec
from samplechop.offline.training.tasks import drum_choice, drums
from samplechop.offline.training.tasks.chop_decision import (
    THRESHOLDS,
    cross_judged,
    decide,
    record_of,
    usual_decision,
)
from samplechop.offline.training.tasks.chop_decisions import with_projects
from samplechop.offline.training.tasks.chop_scoring import BEAT_REACH, Fit, Reader, Scored, verdicts
from samplechop.offline.training.tasks.chop_targets import (
    COARSE,
    COARSE_GAP,
    COARSE_SHAPE,
    EARLY,
    GAP,
    HOP,
    SHARED,
    STRUCK,
    known_to,
    shared_shape,
)
from samplechop.offline.training.tasks.drum_decision import Drums, decide_drums, peak_verdicts, standing
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.detectors.beats.pulse_stream import BarCounter
from samplechop.realtime.detectors.beats.tracker import BeatTracker
from samplechop.realtime.detectors.chop.decision import Decision
from samplechop.realtime.detectors.chop.drums_alone import SOLO
from samplechop.realtime.detectors.chop.evidence import Evidence
from samplechop.realtime.nets.features import HOP_LENGTH, N_FEATURES, STACK
from samplechop.realtime.nets.fine_features import N_EARLY, PER_HOP

STEPS, TUNING_STEPS = 3000, 240
SHARED_STEPS = 8000
"""Of the shared net, which has three times the weights and twice the answers."""
GOING_ON_STEPS, GOING_ON_RATE = 4000, 1e-3


def _answers(predict: streaming.Predict, records: Sequence[Record]) -> list[NDArray[np.float32]]:
    """Run the net over records: probabilities, float32 (frames, columns), of each."""
    return [predict(np.asarray(record.x, np.float32)) for record in records]


def scored_on(spec: StreamSpec, answers: Sequence[NDArray[np.float32]], records: Sequence[Record]) -> list[Scored]:
    """Run the beat tracker over the net's answers, and set them beside the truth."""
    tracker, found, lookahead = BeatTracker(SAMPLE_RATE / HOP), [], spec.answers.lookahead
    beat, reader, n = spec.names.index("beat"), Reader(spec.names), len(spec.names)
    counter = BarCounter(spec.names)
    for record, whole in zip(records, answers, strict=True):
        given = np.ascontiguousarray(whole[lookahead:, :n])
        tracker.reset()
        pulse = tracker.push(np.ascontiguousarray(given[:, beat]))
        counter.reset()
        counter.push(pulse, given)
        target, weight = record.target[lookahead:, :n], record.weight[lookahead:, :n]
        # Features hold no spectrum: only a head of the net's can tell where drums alone sound.
        nothing = np.zeros((len(given), 1), np.float32)
        found.append(reader.scored(given, pulse, nothing, target, weight, spec.names))
    return found


def score_drums(
    spec: StreamSpec, answers: Sequence[NDArray[np.float32]], records: Sequence[Record]
) -> tuple[Drums, Drums]:
    """Set the answers about drums beside the truth: those of the late heads, and those of the early ones."""
    late: dict[str, list[drum_choice.Scored]] = {head: [] for head in STRUCK if head in spec.names}
    early: dict[str, list[drum_choice.Scored]] = {name: [] for name in DRUMS} if spec.early else {}
    for record, whole in zip(records, answers, strict=True):
        for (group, _, place), prefix, found in zip(spec.groups, ("", EARLY), (late, early), strict=False):
            given, target, weight = (
                np.asarray(one[:, place]).reshape(-1, len(group.names)) for one in (whole, record.target, record.weight)
            )
            for name, some in found.items():
                column = group.names.index(prefix + name)
                if weight[:, column].any():
                    some.append(drum_choice.Scored.of(given[:, column], target[:, column], weight[:, column]))
    return late, early


class ChopTask(streaming.StreamingTask):
    """The chop net in the training loop."""

    card = Card(
        "Detects where to cut a record.",
        "On validation records, which it was not trained on:",
        "samplechop evaluate",
    )

    def __init__(
        self,
        spec: StreamSpec,
        shape: streaming.Shape,
        features: Path,
        members: int,
        start: streaming.Start | None,
        calibrate_on: Path | None,
    ) -> None:
        """Open the shards in `features`. calibrate_on: shards of real recordings that decide thresholds and strengths,
        together with those validation records in which there is nothing to chop; None for all validation records.

        Raises UserError without data for both splits.
        """
        super().__init__(spec, features, shape, members, start)
        self._real = dataset.read(calibrate_on, "train", "validation") if calibrate_on is not None else []
        self._fit: Fit
        self._before: Fit
        self._judged: list[tuple[int, list[measures.Verdict]]]

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Choose the thresholds of each way to choose and of each drum, and say how often a score is right."""
        predict, content = self.fitted(fittings)
        spec, validation = self.spec, _answers(predict, self.validation)
        scored = scored_on(spec, validation, self.validation)
        if self.start is not None:
            nets = [self.shape.build(1, layers=layers) for layers in self.start.members]
            before = _answers(streaming.mean_of(nets), self.validation)
            self._before = Fit(scored_on(spec, before, self.validation), Evidence(spec.names, BEAT_REACH))
        answers = _answers(predict, self._real)
        real = scored_on(spec, answers, self._real)
        deciding = [*real, *(one for one in scored if not real or not len(one.references["chop"]))]
        self._fit, gap = Fit(scored, Evidence(spec.names, BEAT_REACH)), COARSE_GAP if spec.early is None else GAP
        usual = usual_decision(self.start.manifest if self.start else None, spec.names)
        own = self.start is not None and spec.distil
        if own or SOLO not in spec.names:  # one's own way counts where drums alone sound, too
            usual = replace(usual, drums_alone=None)
        features = (SOLO,) if SOLO in spec.names else ()
        chosen, found = decide(Fit(deciding, self._fit.evidence), usual, gap, features)
        self._judged = verdicts(self._fit, chosen, "both")
        if self.start is not None and not real:  # a fair comparison with the model before, which chose nothing on them
            self._judged = cross_judged(self._fit, usual, gap, features)
        decision, both = record_of(chosen), chosen.ways["both"]
        scores: dict[str, Any] = {
            "deciding_f": found,
            "validation_chop_f": round(measures.f_measure(self._judged), 4),
            "validation_loss": streaming.lowest_losses(fittings),
        }
        if own and self.start is not None:  # whose labels say nothing of drums picks them as they were picked
            decision |= standing(self.start.manifest.decision, chosen.drums_alone is not None)
        drums_found = self._decide_drums(score_drums(spec, validation, self.validation), answers)
        decision |= {name: record for name, (record, _) in drums_found.items()}
        scores |= {f"deciding_{name}_f": f for name, (_, f) in drums_found.items()}
        pairs = both.calibration
        return Calibrated(content, self._features(), scores, both.threshold, gap, decision, pairs, early=self.early)

    def _features(self) -> StreamFeatures:
        """Give what the manifest says of the net."""
        spec, shape, n = self.spec, self.shape, len(self.layers)
        size, lookahead = (shape.dilations, shape.channels, n), spec.answers.lookahead
        if not isinstance(shape, SharedShape) or spec.early is None:
            return StreamFeatures(SAMPLE_RATE, HOP, N_FEATURES, lookahead, spec.names, *size)
        layers = shape.early_dilations, shape.early_channels
        early = EarlyFeatures("", "", HOP_LENGTH, N_EARLY, drums.WAIT, spec.early.names, *layers)
        return StreamFeatures(SAMPLE_RATE, HOP, STACK * PER_HOP, lookahead, spec.names, *size, early)

    def _decide_drums(
        self, validation: tuple[Drums, Drums], answers: Sequence[NDArray[np.float32]]
    ) -> dict[str, tuple[dict[str, object], dict[str, float]]]:
        """Choose how the strokes of each drum are picked, for "confirmed", the late heads, and "early"; and each F.

        Real recordings decide, where there are some in which a drum is known, and validation records without that drum.
        """
        found = {}
        late, early = zip(validation, score_drums(self.spec, answers, self._real), strict=True)
        for name, (made, real), rules in (
            ("confirmed", late, (None, peak_verdicts)),
            ("early", early, (drum_choice.GAPS, drum_choice.verdicts)),
        ):
            deciding = {
                drum: [*real.get(drum, ()), *(one for one in some if not real.get(drum) or not len(one.references))]
                for drum, some in made.items()
            }
            record, f = decide_drums(deciding, *rules)
            if record:
                found[name] = record, f
        return found

    def said(self, manifest: Manifest) -> measures.HeldOut:
        """Compare the chops found in held-out recordings with those of the net it started from."""
        found = {}
        if self.start is not None:
            before = self.start.manifest
            chosen = usual_decision(before, self.spec.names)
            found[f"{before.name}, before"] = measures.precision_recall(verdicts(self._before, chosen, "both"))
        found[manifest.name] = measures.precision_recall(self._judged)
        learned, held_out = (manifest.training[f"recordings_{split}"] for split in ("train", "validation"))
        return measures.held_out_summary(found, learned, held_out, chosen_on=not self._real)

    def finish(self, manifest: Manifest, folder: Path) -> None:
        """Write the weights, verify the model, draw precision over recall and how often a score is right."""
        super().finish(manifest, folder)
        lines, decision = {}, self._decision(manifest)
        for name, colour in zip(("hits", "both", "beats"), measures.LINES, strict=True):
            ways = (replace(decision.ways[name], threshold=threshold) for threshold in THRESHOLDS)
            found = [verdicts(self._fit, replace(decision, ways={**decision.ways, name: way}), name) for way in ways]
            if sum(count for count, _ in found[0]):  # else nobody labelled what this way finds
                lines[f"--choose {name}"] = colour, [measures.precision_recall(one) for one in found], None
        title = "Chops on validation records, ±46 ms"
        measures.draw_precision_recall(title, lines, "o-", folder / "precision-recall.png")
        known = [one for _, some in verdicts(self._fit, decision, "both") for one in some]
        scores, right = np.array([at for at, _ in known]), np.array([is_right for _, is_right in known], float)
        labels = ("How often a marker is right", "score of the marker", "share that is right")
        measures.draw_reliability(
            labels, scores, right, 10, manifest.calibration, "calibration", folder / "reliability.png"
        )

    @staticmethod
    def _decision(manifest: Manifest) -> Decision:
        return Decision.read(manifest.decision, f"model {manifest.name!r}")


def net_of(options: ChopOptions) -> tuple[StreamSpec, streaming.Shape]:
    """Give what a streaming net of the options learns, and its size where they name none."""
    return (COARSE, COARSE_SHAPE) if options.model_shape == "chop-coarse" else (SHARED, shared_shape(CHANNELS))


def train(sources: list[Path], options: ChopOptions, run: Run) -> object:
    """Train the shared net, or one of those before it; gives what is said of it."""
    from samplechop.offline.training.tasks import chop61  # which has its options from here
    from samplechop.offline.training.tasks.chop_recalibration import recalibrate

    steps, projects = options.steps, options.from_projects or []
    if not [*sources, *projects]:
        raise UserError("what is there to learn from? name a folder of labelled recordings, or --from-projects one")
    if options.model_shape not in ("chop", "chop-coarse"):
        return chop61.train(sources, options, run)
    if options.start is None:
        spec, shape = net_of(options)
        usual = STEPS if spec is COARSE else SHARED_STEPS
        schedule = Options(usual if steps is None else steps, seed=options.seed)
        make = partial(ChopTask, spec, shape)
        return streaming.train_stream(sources, options, run, spec, schedule, None, make, _teachers(spec, options))
    manifest = streaming.learnable(options.start)
    if projects and not isinstance(manifest.features, StreamFeatures):
        raise UserError(
            f"--from {options.start}: only a streaming net learns from projects, not kind {manifest.kind!r}"
        )
    if steps == 0 and isinstance(manifest.features, Features):
        return chop61.recalibrate(sources, manifest, options, run)
    if steps == 0 and isinstance(manifest.features, StreamFeatures):
        return recalibrate(sources, manifest, options, run)
    features = manifest.features
    spec = COARSE if not isinstance(features, StreamFeatures) or features.early is None else SHARED
    start = streaming.start_from(
        options.start, StreamFeatures, n_features=spec.n_features, lookahead=spec.answers.lookahead
    )
    spec = known_to(spec, start.manifest)
    steps = TUNING_STEPS if steps is None else steps
    schedule = Options(steps, rate=6e-4, seed=options.seed, check_every=60, patience=steps)
    if options.all_heads:
        spec = replace(spec, distil=False)
        steps = options.steps or GOING_ON_STEPS
        # The rate falls to the end: what a high one does to the loss at first says nothing.
        schedule = Options(steps, rate=GOING_ON_RATE, seed=options.seed, patience=steps, given=True)
    make = partial(ChopTask, spec, start.shape)
    if projects:
        decided = with_projects(spec)
        make = partial(ChopTask, decided, start.shape)
        learn = partial(streaming.train_stream, [*sources, *projects], options)
        return kept_if_better(run, partial(learn, spec=decided, schedule=schedule, start=start, make=make))
    return streaming.train_stream(sources, options, run, spec, schedule, start, make, _teachers(spec, options))


def _teachers(spec: StreamSpec, options: ChopOptions) -> list[streaming.Start]:
    """Open the models to learn from. Raises UserError for one that does not answer what is learned."""
    expected = {"n_features": spec.n_features, "lookahead": spec.answers.lookahead, "heads": spec.names}
    return [streaming.start_from(one, StreamFeatures, "--teacher", **expected) for one in options.teacher or ()]
