"""The chop net: where a producer would cut a record, and drums, beats and onsets beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import Features, Manifest, StreamFeatures
from samplechop.offline.labels import labels_beside, read_labels
from samplechop.offline.labels.recording_truth import FAINT_DB, FAMILIES, Truth, read_truth
from samplechop.offline.training import dataset, measures, streaming, tcn
from samplechop.offline.training.keras_models import Calibrated, Card
from samplechop.offline.training.loop import Fitted, Options, Recipe, Run
from samplechop.offline.training.measures import Verdict, held_out_summary, precision_recall
from samplechop.offline.training.streaming_targets import SAMPLE_RATE, Annotation, Record, StreamSpec, split_of
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import Option
from samplechop.realtime.detectors.beats.tracker import CONFIDENCE, P_BEAT, BeatTracker
from samplechop.realtime.detectors.chop.peak_picking import AdaptivePicker, BeatWeigher, Choose
from samplechop.realtime.nets.features import HOP_LENGTH, N_FEATURES, STACK, FeatureStream
from samplechop.realtime.nets.streaming import decay_of

HOP = STACK * HOP_LENGTH
LOOKAHEAD = 15
"""Frames of 512 samples the net takes after the one it scores: 30 hops of 256, 174 ms."""
EDGE = 0.5
"""Target one frame beside an event."""
MIN_GAP = 0.1
"""Seconds within which only the stronger of two chops counts; the live host keeps the same gap."""
SOFTEST = 0.2
"""Velocity below which a drum is neither asked for nor denied."""
LEAD_SECONDS = 1.5
"""While a kick or snare is that near, the drums say where to chop."""
TOGETHER = 0.05
LONGEST_LED = 0.5
"""Seconds; where it is unknown for longer, as inside a loop, nobody knows the drums either."""
STEPS, TUNING_STEPS = 3000, 240
RELATIVE = 0.4
MEMORY_SECONDS = 6.0
BEAT_REACH = 2
BEAT_SHARES: dict[Choose, float] = {"hits": 0.0, "both": 0.15, "beats": 1.0}
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.75, 0.05), 2).tolist())
TOLERANCE_FRAMES = 4
"""46 ms: how far a marker may lie from a chop and count as right."""
GAP_FRAMES = 9
STRONG = ("kick", "snare", "stick", "clap")
SLOW = {"pad", "strings", "voice"}
SLOW_SECONDS = 0.2


def leading(
    times: Sequence[float], strengths: Sequence[float], min_gap: float = MIN_GAP
) -> tuple[list[float], list[float]]:
    """Split times into those with no stronger one within min_gap seconds, and the rest; both in order."""
    kept: list[float] = []
    rest: list[float] = []
    for place in sorted(range(len(times)), key=lambda one: -strengths[one]):
        near = any(abs(times[place] - other) < min_gap for other in kept)
        (rest if near else kept).append(times[place])
    return sorted(kept), sorted(rest)


def annotation(labels: Path, audio: Path, min_gap: float = MIN_GAP) -> Annotation:
    """Read the chops of a recording, and what else is known of it. Raises UserError for labels that cannot be read."""
    if labels.suffix == ".json":  # the truth of a synthetic recording
        return annotation_of_truth(read_truth(labels), min_gap)
    return Annotation({"chop": read_labels(labels, audio).times.tolist()}, {})


def annotation_of_truth(truth: Truth, min_gap: float) -> Annotation:
    """Derive the targets of a synthetic recording, of which everything is known.

    While drums play they lead: what begins without a kick or snare is then no chop, whether a chord, a tom or a bass.
    """
    clear, faint = truth.clear_drums(), [d for d in truth.drums if d.snr < FAINT_DB]
    struck = np.array([d.time for d in clear if d.label in STRONG])
    hits = np.array([d.time for d in clear if d.label in STRONG and d.velocity >= SOFTEST])

    def denied(start: float, stop: float) -> bool:
        led = bool(np.any(np.abs(hits - start) < LEAD_SECONDS)) and stop - start <= LONGEST_LED
        return led and not np.any((struck > start - TOGETHER) & (struck < stop + TOGETHER))

    asked = [c for c in truth.chops if c.reason == "hit" or not denied(c.time, c.time)]
    kept, rest = leading([c.time for c in asked], [c.strength for c in asked], min_gap)
    drums = {name: [d for d in clear if FAMILIES.get(d.label) == name] for name in ("kick", "snare")}
    quick = [note.time for note in truth.notes if note.part not in SLOW]
    soft = [(d.time, d.time) for d in clear if d.label in STRONG and d.velocity < SOFTEST]
    lost = {name: [(d.time, d.time) for d in faint if FAMILIES.get(d.label) == name] for name in ("kick", "snare")}
    events = {
        "chop": kept,
        "hit": hits.tolist(),
        "beat": [beat.time for beat in truth.beats],
        "downbeat": [beat.time for beat in truth.beats if beat.position == 1],
        "onset": sorted(quick + [drum.time for drum in clear]),
    } | {name: [d.time for d in hits if d.velocity >= SOFTEST] for name, hits in drums.items()}
    unknown = {
        "hit": [*soft, *lost["kick"], *lost["snare"]],
        "chop": [*(span for span in truth.unsure if not denied(*span)), *((time, time) for time in rest)],
        "onset": [(note.time, note.time + SLOW_SECONDS) for note in truth.notes if note.part in SLOW]
        + [(d.time, d.time) for d in faint],
    } | {name: [(d.time, d.time) for d in hits if d.velocity < SOFTEST] + lost[name] for name, hits in drums.items()}
    return Annotation(events, unknown)


def augment_audio(samples: NDArray[np.float32], rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """Shift a record against the frames, change its level, add a little hiss. Gives it and the shift in samples."""
    shift = int(rng.integers(0, HOP))
    level = 10 ** (rng.uniform(-14, 2) / 20)
    hiss = 10 ** (rng.uniform(-85, -50) / 20)
    shifted = np.concatenate([np.zeros(shift, np.float32), samples * np.float32(level)])
    return (shifted + hiss * rng.standard_normal(len(shifted)).astype(np.float32)).astype(np.float32), shift


SPEC = StreamSpec(
    name="chops",
    source=FeatureStream,
    n_features=N_FEATURES,
    stack=STACK,
    hop_length=HOP,
    lookahead=LOOKAHEAD,
    heads={"chop": 1.0, "hit": 0.8, "beat": 1.0, "downbeat": 0.6, "kick": 0.3, "snare": 0.3, "onset": 0.3},
    beside={-1: EDGE, 1: EDGE},
    labels=labels_beside,
    example="name.txt with the chops' seconds",
    annotation=annotation,
    split=split_of,
    augment=augment_audio,
)
"""A "hit" is a kick or a snare. Live, the first four heads are used; the others teach it what drums are."""
HEADS = SPEC.names
SHAPE = tcn.Shape(N_FEATURES, len(HEADS))


@dataclass(frozen=True, slots=True)
class Scored:
    """One recording: of every frame the net's probability of a chop, the beat tracker's of a beat, and its confidence;
    frames of the chops, and where nobody knows, bool.
    """

    chop: NDArray[np.float32]
    beat: NDArray[np.float32]
    confidence: NDArray[np.float32]
    references: NDArray[np.int64]
    unknown: NDArray[np.bool_]


def score(predict: streaming.Predict, records: Sequence[Record]) -> list[Scored]:
    """Run the net over records, and the beat tracker over its answers."""
    tracker, found = BeatTracker(SAMPLE_RATE / HOP), []
    column = {head: HEADS.index(head) for head in ("chop", "beat", "downbeat")}
    for record in records:
        given = predict(np.asarray(record.x, np.float32))[LOOKAHEAD:]
        chop, beat, downbeat = (np.ascontiguousarray(given[:, column[head]]) for head in ("chop", "beat", "downbeat"))
        tracker.reset()
        pulse = tracker.push(beat, downbeat)
        references = np.flatnonzero(record.target[LOOKAHEAD:, column["chop"]] == 1)
        unknown = np.asarray(record.weight[LOOKAHEAD:, column["chop"]] == 0)
        found.append(Scored(chop, pulse[:, P_BEAT], pulse[:, CONFIDENCE], references, unknown))
    return found


def verdicts(one: Scored, choose: Choose, threshold: float) -> list[Verdict]:
    """Compare the markers the live detector would set with the truth, but for the onset refinement."""
    weigher = BeatWeigher(BEAT_SHARES[choose], BEAT_REACH)
    picker = AdaptivePicker(threshold, RELATIVE, decay_of(MEMORY_SECONDS, HOP, SAMPLE_RATE))
    frames: list[int] = []
    scores: list[float] = []
    for frame, _, value in picker.push(weigher.push(one.chop, one.beat, one.confidence)):
        if not frames or frame - frames[-1] >= GAP_FRAMES:
            frames.append(frame)
            scores.append(value)
    detected = np.array(frames, np.int64), np.array(scores)
    return measures.verdicts(*detected, one.references, one.unknown, TOLERANCE_FRAMES)


def _verdicts(scored: Sequence[Scored], choose: Choose, threshold: float) -> list[tuple[int, list[Verdict]]]:
    return [(len(one.references), verdicts(one, choose, threshold)) for one in scored]


class ChopTask(streaming.StreamingTask):
    """The chop net in the training loop."""

    card = Card(
        "Detects where to cut a record.",
        "On validation records, which it was not trained on:",
        "samplechop evaluate",
    )

    def __init__(self, features: Path, members: int, start: streaming.Start | None, calibrate_on: Path | None) -> None:
        """Open the shards in `features`. calibrate_on: shards of real recordings that decide thresholds and strengths,
        together with those validation records in which there is nothing to chop; None for all validation records.

        Raises UserError without data for both splits.
        """
        super().__init__(SPEC, features, SHAPE, members, start)
        self._real = dataset.read(calibrate_on, "train", "validation") if calibrate_on is not None else []
        self._scored: list[Scored] = []
        self._before: list[Scored] = []

    def calibrate(self, fittings: Sequence[Fitted]) -> Calibrated:
        """Choose the threshold of each way to choose, and say how often a score is right."""
        predict, content = self.fitted(fittings)
        scored = self._scored = score(predict, self.validation)
        if self.start is not None:
            nets = [tcn.build(self.shape, 1, layers=layers) for layers in self.start.members]
            self._before = score(streaming.mean_of(nets), self.validation)
        real = score(predict, self._real)
        deciding = [*real, *(one for one in scored if not real or not len(one.references))]

        def best(choose: Choose) -> float:
            return max(THRESHOLDS, key=lambda threshold: measures.f_measure(_verdicts(deciding, choose, threshold)))

        thresholds = {choose: best(choose) for choose in BEAT_SHARES}
        decision: dict[str, Any] = {
            "choose": {name: {"beat": BEAT_SHARES[name], "threshold": thresholds[name]} for name in BEAT_SHARES},
            "relative": RELATIVE,
            "memory_seconds": MEMORY_SECONDS,
            "beat_reach": BEAT_REACH,
        }
        known = [verdict for one in deciding for verdict in verdicts(one, "both", thresholds["both"])]
        pairs = measures.calibration(known)
        if self.start is not None and not pairs:
            pairs = self.start.manifest.calibration
        found = {name: round(measures.f_measure(_verdicts(scored, name, thresholds[name])), 4) for name in BEAT_SHARES}
        scores = {"validation_chop_f": found, "validation_loss": streaming.lowest_losses(fittings)}
        dilations, channels = self.shape.dilations, self.shape.channels
        features = StreamFeatures(SAMPLE_RATE, HOP, N_FEATURES, LOOKAHEAD, HEADS, dilations, channels, len(self.layers))
        return Calibrated(content, features, scores, thresholds["both"], MIN_GAP, decision, pairs)

    def said(self, manifest: Manifest) -> str:
        """Compare the chops found in held-out recordings with those of the net it started from."""
        found = {}
        if self.start is not None:
            before = self.start.manifest
            found[f"{before.name}, before"] = precision_recall(_verdicts(self._before, "both", before.threshold))
        found[manifest.name] = precision_recall(_verdicts(self._scored, "both", manifest.threshold))
        learned, held_out = (manifest.training[f"recordings_{split}"] for split in ("train", "validation"))
        return held_out_summary(found, learned, held_out, chosen_on=not self._real)

    def finish(self, manifest: Manifest, folder: Path) -> None:
        """Write the weights, verify the model, draw precision over recall and how often a score is right."""
        super().finish(manifest, folder)
        lines = {}
        for name, colour in zip(BEAT_SHARES, measures.LINES, strict=True):
            found = [_verdicts(self._scored, name, threshold) for threshold in THRESHOLDS]
            lines[f"--choose {name}"] = colour, [precision_recall(one) for one in found], None
        title = "Chops on validation records, ±46 ms"
        measures.draw_precision_recall(title, lines, "o-", folder / "precision-recall.png")
        known = [one for _, some in _verdicts(self._scored, "both", manifest.threshold) for one in some]
        scores, right = np.array([at for at, _ in known]), np.array([is_right for _, is_right in known], float)
        labels = ("How often a marker is right", "score of the marker", "share that is right")
        measures.draw_reliability(
            labels, scores, right, 10, manifest.calibration, "calibration", folder / "reliability.png"
        )


@dataclass(frozen=True, slots=True)
class ChopOptions(streaming.StreamOptions):
    """The options of `samplechop train chop`."""

    model_shape: Annotated[
        Literal["chop", "chop-61", "chop-bands", "chop-cnn"],
        Option("chop (the stream); chop-61 (the classic), chop-bands, chop-cnn, of which --steps are epochs, at most."),
    ] = "chop"

    def __post_init__(self) -> None:
        """Raise UserError for a value out of range."""
        streaming.StreamOptions.__post_init__(self)
        if self.start is not None and self.model_shape != "chop":
            raise UserError("--from fine-tunes the streaming net: leave out --model-shape")


def train(sources: list[Path], options: ChopOptions, run: Run) -> object:
    """Train the streaming net, or one of the classic ones; gives what is said of it."""
    from samplechop.offline.training.tasks import chop61  # which has its labels from here

    steps = options.steps
    if options.model_shape != "chop":
        return chop61.train(sources, options, run)
    if options.start is None:
        schedule = Options(STEPS if steps is None else steps, seed=options.seed)
        return streaming.train_stream(sources, options, run, SPEC, schedule, None, ChopTask)
    manifest = models.load(options.start)
    if steps == 0 and isinstance(manifest.features, Features):
        return chop61.recalibrate(sources, manifest, options, run)
    start = streaming.start_from(options.start, StreamFeatures, n_features=N_FEATURES, lookahead=LOOKAHEAD, heads=HEADS)
    steps = TUNING_STEPS if steps is None else steps
    schedule = Options(steps, rate=6e-4, seed=options.seed, check_every=60, patience=steps)
    return streaming.train_stream(sources, options, run, SPEC, schedule, start, ChopTask)


RECIPE = Recipe(
    help="""Train a chop model on labelled recordings, or teach the released one your own way of chopping.

    \b
    samplechop crate build -o crate --minutes 120      make labelled music
    samplechop train crate -o mine/soul                train on it
    samplechop train my-records -o mine/me --from chop ten records with your own chops beside them

    Labels lie beside each recording: name.txt with seconds, an Audacity label track, a MIDI file, the events of a
    session, or the truth of a synthetic training set. Writes NAME.tflite, NAME.json, NAME.npz, NAME.md and figures in
    NAME-report; use it with samplechop live --model NAME.json.
    """,
    metavar="DIR",
    sources="Labelled recordings, or synthetic training sets.",
    train=train,
    options=ChopOptions,
)
