"""The drum net: when each of five drums is struck, and how hard."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.models import DrumFeatures, Manifest
from samplechop.offline.labels.drum_labels import drum_labels_beside, read_drum_labels
from samplechop.offline.training import dataset, measures, streaming, tcn
from samplechop.offline.training.keras_models import Calibrated, Card
from samplechop.offline.training.loop import Fitted, Options, Run
from samplechop.offline.training.measures import Verdict
from samplechop.offline.training.recipes import StreamOptions
from samplechop.offline.training.streaming_targets import (
    SAMPLE_RATE,
    Annotation,
    Answers,
    Record,
    StreamSpec,
    split_of,
)
from samplechop.offline.training.tasks.drum_augmentation import augment_audio
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.detectors.drums.hit_picking import (
    ALONE,
    NEVER,
    VELOCITY,
    DrumChoice,
    DrumDecision,
    HitPicker,
    Pairs,
)
from samplechop.realtime.dsp.band_spectrum import LENGTH
from samplechop.realtime.nets.features import HOP_LENGTH, N_DRUM_FEATURES, DrumFeatureStream
from samplechop.realtime.nets.streaming import calibrated

WAIT = 591
"""Samples from an attack on that are known when it is scored, at least: with the hop and a block of 256, 25 ms."""
AFTER = 0.5
"""Target one frame after that of an event. The frame before it is not asked: it covers half of an attack only."""
SOFTEST = 0.2
"""Velocity below which a drum is neither asked for nor denied."""
IMPORTANCE = {"kick": 1.0, "snare": 1.2, "hat": 1.0, "tom": 0.5, "cymbal": 0.5}
DILATIONS = (1, 1, 2, 4, 8, 16, 32, 64, 128)
"""In frames of 256 samples: together they cover the last 512 frames, 3 s, a bar and a half."""
CHANNELS = 48
STEPS, TUNING_STEPS = 4000, 400
MEMORY_SECONDS = 6.0
GAPS = {"kick": 0.07, "snare": 0.06, "hat": 0.06, "tom": 0.06, "cymbal": 0.08}
"""Seconds between two hits of one drum."""
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.95, 0.05), 2).tolist())
RELATIVES = (0.3, 0.45, 0.6, 0.75)
LEAST_RIGHT = 0.25
"""How often a stroke of the least score is right, at least. The best F has about half of itself there, which is hardly
anything for a drum that is struck seldom."""
TOLERANCE_FRAMES = 5
"""29 ms: how far a hit may lie from a true one and count as right."""
COLOURS = dict(zip(DRUMS, ("#d1495b", "#30638e", "#edae49", "#66a182", "#7a5195"), strict=True))


def annotation(labels: Path, audio: Path) -> Annotation:
    """Read hits and velocities of the drums that are known in a recording. Raises UserError."""
    del audio
    known = read_drum_labels(labels)
    hits = {name: [hit for hit in known.events if hit.label == name] for name in DRUMS}
    events = {name: [hit.time for hit in hits[name] if hit.velocity >= SOFTEST] for name in known.known}
    unknown = {
        name: [
            *((hit.time, hit.time) for hit in hits[name] if hit.velocity < SOFTEST),
            *((span.start, span.stop) for span in known.unsure if span.label in ("", name)),
        ]
        for name in known.known
    }
    values = {name + VELOCITY: [(hit.time, hit.velocity) for hit in hits[name]] for name in DRUMS}
    return Annotation(events, unknown, values)


ANSWERS = Answers(
    heads=IMPORTANCE | {name + VELOCITY: 1.0 for name in DRUMS},
    hop_length=HOP_LENGTH,
    beside={-1: None, 1: AFTER},
    offset=WAIT + HOP_LENGTH - 1 - LENGTH // 2,
    values=frozenset(name + VELOCITY for name in DRUMS),
)
SPEC = StreamSpec(
    name="drums",
    source=DrumFeatureStream,
    n_features=N_DRUM_FEATURES,
    stack=1,
    answers=ANSWERS,
    distil=False,
    labels=drum_labels_beside,
    example="name.drums.txt with seconds and drum on each line",
    annotation=annotation,
    split=split_of,
    augment=augment_audio,
)
"""A hit at sample s is scored at the first frame that is complete WAIT samples after it, or later."""
SHAPE = tcn.Shape(SPEC.n_features, len(SPEC.names), DILATIONS, CHANNELS)


@dataclass(frozen=True, slots=True)
class Scored:
    """One recording and one drum: the net's probability at every frame; frames at which it was struck; where nobody
    knows.

    scores: float32 (n,). references: int64 (m,). unknown: bool (n,). alone: bool (n,), where drums alone sound, as the
    detector knows it at that frame; None if nothing says so.
    """

    scores: NDArray[np.float32]
    references: NDArray[np.int64]
    unknown: NDArray[np.bool_]
    alone: NDArray[np.bool_] | None = None

    def where(self, alone: bool) -> "Scored":
        """Give what is known of the passages of drums alone, or of the others."""
        if self.alone is None:
            return self
        return replace(
            self,
            references=self.references[self.alone[self.references] == alone],
            unknown=self.unknown | (self.alone != alone),
        )


def score(predict: streaming.Predict, records: Sequence[Record]) -> dict[str, list[Scored]]:
    """Run the net over records; gives for each drum those records of which something is known."""
    found: dict[str, list[Scored]] = {name: [] for name in DRUMS}
    for record in records:
        given = predict(np.asarray(record.x, np.float32))
        for column, name in enumerate(DRUMS):
            target, weight = np.asarray(record.target[:, column]), np.asarray(record.weight[:, column])
            if weight.any():
                scores = np.ascontiguousarray(given[:, column])
                found[name].append(Scored(scores, np.flatnonzero(target == 1), weight == 0))
    return found


def verdicts(one: Scored, choice: DrumChoice) -> list[Verdict]:
    """Compare the hits the live detector would give with the truth."""
    picker = HitPicker([choice], MEMORY_SECONDS, HOP_LENGTH, SAMPLE_RATE, most=len(one.scores))
    frames = picker.push(one.scores[:, None])[:, 0]
    return measures.verdicts(frames, one.scores[frames], one.references, one.unknown, TOLERANCE_FRAMES)


Judge = Callable[[Scored, DrumChoice], list[Verdict]]
"""What would be detected in one recording by a choice, compared with the truth."""
Judged = tuple[int, list[Verdict]]
"""How many strokes there are, and what would be detected, compared with the truth."""


def judged_by(scored: Sequence[Scored], choice: DrumChoice, judge: Judge = verdicts) -> list[Judged]:
    """Judge each recording."""
    return [(len(one.references), judge(one, choice)) for one in scored]


def together(some: Sequence[Judged], others: Sequence[Judged] | None) -> Sequence[Judged]:
    """Join what is judged of the same recordings by two choices."""
    if others is None:
        return some
    return [(n + m, [*found, *more]) for (n, found), (m, more) in zip(some, others, strict=True)]


def calibration_of(judged: Sequence[Judged]) -> Pairs:
    """Give how often a score is right, over recordings; () where too little is detected."""
    return measures.calibration([verdict for _, some in judged for verdict in some])


def right_often(calibration: Pairs, threshold: float) -> bool:
    """Say whether strokes at a threshold are right in LEAST_RIGHT of all cases; where nobody knows, they are."""
    return not calibration or calibrated(calibration, threshold) >= LEAST_RIGHT


def best_choice(
    scored: Sequence[Scored], gap: float, judge: Judge = verdicts, beside: Sequence[Judged] | None = None
) -> tuple[DrumChoice, float]:
    """Give the choice with the highest mean F-measure, calibrated, and that measure. gap: seconds.

    Of those whose strokes are right in LEAST_RIGHT of all cases even at the threshold. If there are none, the threshold
    of the best one is raised to where they are, or to NEVER. Where so little is detected that nothing can be
    calibrated, the best F alone counts. Recordings without a stroke count in how often a score is right, not in F.
    beside: of each recording what is judged by another choice, for its other passages; that counts in its F-measure.
    """

    def f_of(choice: DrumChoice) -> tuple[float, DrumChoice]:
        judged = judged_by(scored, choice, judge)
        pairs = choice.calibration or calibration_of(judged)
        return measures.mean_f_measure(together(judged, beside)), replace(choice, calibration=pairs)

    found = [f_of(DrumChoice(*one, gap)) for one in itertools.product(THRESHOLDS, RELATIVES)]
    known = [one for one in found if one[1].calibration]
    sure = [one for one in known if right_often(one[1].calibration, one[1].threshold)]
    f, best = max(sure or known or found, key=itemgetter(0))
    if known and not sure:
        enough = (one for one in THRESHOLDS if right_often(best.calibration, one))
        f, best = f_of(replace(best, threshold=next(enough, NEVER)))
    return best, f


class DrumTask(streaming.StreamingTask):
    """The drum net in the training loop."""

    card = Card(
        "Detects kicks, snares, hats, toms and cymbals within 25 ms.",
        "F-measures within 29 ms, on records it did not learn from, which decided thresholds or stopped the training:",
        "samplechop evaluate drums",
    )

    def __init__(self, features: Path, members: int, start: streaming.Start | None, calibrate_on: Path | None) -> None:
        """Open the shards in `features`. calibrate_on: shards of recordings that decide thresholds and strengths,
        together with those validation records without drums; None for all validation records.

        Raises UserError without data for both splits.
        """
        super().__init__(SPEC, features, SHAPE, members, start)
        self._real = dataset.read(calibrate_on, "train", "validation") if calibrate_on is not None else None
        self._deciding: Mapping[str, list[Scored]] = {}
        self._found: dict[str, dict[str, float]] = {}

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Choose each drum's threshold, and say how often a score is right."""
        predict, content = self.fitted(fittings)
        scored = score(predict, self.validation)
        deciding = scored if self._real is None else score(predict, self._real)
        if self._real is not None:
            for name, records in scored.items():
                deciding[name] += [one for one in records if not len(one.references)]
        self._deciding = deciding
        best = {name: best_choice(records, GAPS[name]) for name, records in deciding.items()}
        choices = {name: choice for name, (choice, _) in best.items()}
        validation = _f_of(scored, choices)
        if self.start is not None:
            nets = [self.shape.build(1, layers=layers) for layers in self.start.members]
            before = self.start.manifest
            known = DrumDecision.read(before.decision, before.name).drums
            self._found[f"{before.name}, before"] = _f_of(score(streaming.mean_of(nets), self.validation), known)
        self._found[""] = validation
        scores = {
            "deciding_f": {name: round(f, 4) for name, (_, f) in best.items()},
            "validation_f": {name: None if np.isnan(f) else round(f, 4) for name, f in validation.items()},
            "validation_loss": streaming.lowest_losses(fittings),
        }
        size = self.shape.dilations, self.shape.channels, len(self.layers)
        features = DrumFeatures(SAMPLE_RATE, HOP_LENGTH, SPEC.n_features, WAIT, SPEC.names, *size)
        threshold = min(one.threshold for one in choices.values())
        gap = min(one.gap for one in choices.values())
        return Calibrated(content, features, scores, threshold, gap, decision_of(choices))

    def said(self, manifest: Manifest) -> measures.HeldOut:
        """Compare the drums found in held-out recordings with those of the net it started from."""
        rows = {name or manifest.name: list(found.values()) for name, found in self._found.items()}
        *before, now = (float(np.nanmean(values)) for values in rows.values())
        count = manifest.training["recordings_validation"]
        first = f"drums are found with a mean F of {now:.2f} on {count} recordings that it did not learn from"
        lines = [first + (f", {before[0]:.2f} before" if before else ""), *measures.figures(rows, list(DRUMS))]
        better = now > before[0] if before else None
        if better is False:
            lines.append(measures.NO_BETTER)
        if self._real is None:
            lines.append("its thresholds were chosen on the same recordings: expect a little less on others")
        return measures.HeldOut("\n".join(lines), better)

    def finish(self, manifest: Manifest, folder: Path) -> None:
        """Write the weights, verify the model, draw precision over recall; a dot where the model stands."""
        super().finish(manifest, folder)
        lines = {}
        for name, choice in DrumDecision.read(manifest.decision, manifest.name).drums.items():
            tried = [*(replace(choice, threshold=threshold) for threshold in THRESHOLDS), choice]
            *points, at = [measures.precision_recall(judged_by(self._deciding[name], one)) for one in tried]
            lines[name] = COLOURS[name], points, at
        title = "Drums on the records that decided, ±29 ms"
        measures.draw_precision_recall(title, lines, "-", folder / "precision-recall.png")


def _f_of(scored: Mapping[str, Sequence[Scored]], choices: Mapping[str, DrumChoice]) -> dict[str, float]:
    """Give the F-measure of each drum; nan of one that is struck nowhere."""
    return {
        name: measures.mean_f_measure(judged_by(scored[name], choice))
        if any(len(one.references) for one in scored[name])
        else float("nan")
        for name, choice in choices.items()
    }


def decision_of(choices: Mapping[str, DrumChoice], alone: Mapping[str, DrumChoice] | None = None) -> dict[str, object]:
    """Give the manifest's decision, as realtime/detectors/drums/hit_picking.py reads it. alone: for drums alone."""
    parts = {"drums": choices, **({ALONE: alone} if alone else {})}
    records = {key: {name: asdict(one) for name, one in some.items()} for key, some in parts.items()}
    return {**records, "memory_seconds": MEMORY_SECONDS}


def net_of(_options: StreamOptions) -> tuple[StreamSpec, tcn.Shape]:
    """Give what the net learns, and its size where the options name none."""
    return SPEC, SHAPE


def train(sources: list[Path], options: StreamOptions, run: Run) -> object:
    """Train the net; gives what is said of it."""
    start, steps = None, STEPS if options.steps is None else options.steps
    schedule = Options(steps, seed=options.seed, check_every=200)
    if options.start is not None:
        start = streaming.start_from(
            options.start, DrumFeatures, n_features=SPEC.n_features, wait=WAIT, heads=SPEC.names
        )
        steps = TUNING_STEPS if options.steps is None else options.steps
        schedule = Options(steps, rate=1e-3, seed=options.seed, check_every=100)
    return streaming.train_stream(sources, options, run, SPEC, schedule, start, DrumTask)
