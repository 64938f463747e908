"""The drum net: when each of five drums is struck, and how hard."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from samplechop.models import DrumFeatures, Manifest
from samplechop.offline.labels.drum_labels import drum_labels_beside, read_drum_labels
from samplechop.offline.training import dataset, measures, streaming, tcn
from samplechop.offline.training.keras_models import Calibrated, Card
from samplechop.offline.training.loop import Fitted, Options, Run
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
from samplechop.offline.training.tasks.drum_choice import (
    GAPS,
    THRESHOLDS,
    Scored,
    best_choice,
    decision_of,
    f_by_drum,
    judged_by,
)
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.core.wording import counted
from samplechop.realtime.detectors.drums.hit_picking import VELOCITY, DrumDecision
from samplechop.realtime.dsp.band_spectrum import LENGTH
from samplechop.realtime.nets.features import HOP_LENGTH, N_DRUM_FEATURES, DrumFeatureStream

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


def score(predict: streaming.Predict, records: Sequence[Record]) -> dict[str, list[Scored]]:
    """Run the net over records; gives for each drum those records of which something is known."""
    found: dict[str, list[Scored]] = {name: [] for name in DRUMS}
    for record in records:
        given = predict(np.asarray(record.x, np.float32))
        for column, name in enumerate(DRUMS):
            target, weight = np.asarray(record.target[:, column]), np.asarray(record.weight[:, column])
            if weight.any():
                found[name].append(Scored.of(given[:, column], target, weight))
    return found


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
        validation = f_by_drum(scored, choices)
        if self.start is not None:
            nets = [self.shape.build(1, layers=layers) for layers in self.start.members]
            before = self.start.manifest
            known = DrumDecision.read(before.decision, before.name).drums
            self._found[f"{before.name}, before"] = f_by_drum(score(streaming.mean_of(nets), self.validation), known)
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
        first = (
            f"drums are found with a mean F of {now:.2f} on {counted(count, 'recording')} that it did not learn from"
        )
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
