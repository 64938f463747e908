"""A streaming chop model decides anew, on recordings whose places are known; its net stays as it is."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import Manifest, ModelError, StreamFeatures
from samplechop.offline.audio.reading import read_audio
from samplechop.offline.common.atomic import write_bytes, write_text
from samplechop.offline.common.process_pool import in_order
from samplechop.offline.labels.recording_truth import read_truth
from samplechop.offline.training import dataset, keras_models
from samplechop.offline.training.loop import Run
from samplechop.offline.training.recipes import StreamOptions
from samplechop.offline.training.streaming_targets import Annotation
from samplechop.offline.training.tasks import drum_choice
from samplechop.offline.training.tasks.chop_decision import (
    decide,
    record_of,
    unless_better,
    usual_decision,
)
from samplechop.offline.training.tasks.chop_scoring import JUDGED, Fit, Reader, Scored
from samplechop.offline.training.tasks.chop_targets import COARSE, COARSE_GAP, EARLY, GAP, HIT, SHARED
from samplechop.offline.training.tasks.drum_decision import STROKES, Drums, decide_drums, scored_drums
from samplechop.realtime.core import documents
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.detectors.chop.decision import Decision, DrumsAlone
from samplechop.realtime.detectors.chop.drums_alone import FEATURES, SOLO, DrumsAloneState, at_hops
from samplechop.realtime.detectors.drums.hit_picking import DrumDecision
from samplechop.realtime.nets.features import STACK
from samplechop.realtime.nets.fine_features import LATE_HOPS

BLOCK = 32_768
ACCENT = 0.5
"""Velocity from which a stroke is a strong hit."""


class Answered(NamedTuple):
    """What a model gave for a recording, float32 (frames, ...): probabilities, the beat tracker's rows, the newest
    constant-Q frame there was when each came; and early, (hops, early heads), what its early stage answered.
    """

    heads: NDArray[np.float32]
    pulse: NDArray[np.float32]
    spectra: NDArray[np.float32]
    early: NDArray[np.float32]


class Judged(NamedTuple):
    """A recording with what a model gave, and its drums: those of the late heads, of the early ones, frames and hops
    of those.
    """

    scored: Scored
    late: dict[str, drum_choice.Scored]
    early: dict[str, drum_choice.Scored]
    frames: int
    hops: int


@cache
def _stream(model: Path) -> PulseStream:
    return PulseStream(models.load(model), BLOCK)


def answers(model: Path, samples: NDArray[np.float32]) -> Answered:
    """Run a model over a recording, float32 (n,), as it runs live."""
    stream = _stream(model)
    stream.reset()
    features, lookahead = stream.activations.features, stream.activations.lookahead
    padded = np.concatenate([samples, np.zeros(stream.activations.latency + BLOCK, np.float32)])
    heads, pulse, spectra, early = [], [], [], []
    for first in range(0, len(padded) - BLOCK + 1, BLOCK):
        heads.append(stream.push(padded[first : first + BLOCK]).copy())
        pulse.append(stream.pulse.copy())
        spectra.append(features.constant_q[: features.n_constant_q].copy())
        early.append(stream.activations.early.copy())
    rows, constant_q = np.ascontiguousarray(np.concatenate(heads)), np.concatenate(spectra)
    late = 0 if not stream.activations.early_heads else LATE_HOPS
    newest = STACK * (np.arange(len(rows)) + lookahead) + STACK - 1 - late
    newest = np.clip(newest, 0, len(constant_q) - 1)
    return Answered(rows, np.concatenate(pulse), constant_q[newest], np.concatenate(early))


def _judged(job: tuple[Path, bool, dataset.Example]) -> Judged:
    """[worker] Run the model over one recording, and set it beside what is known of chops, and of each drum."""
    model, coarse, example = job
    struck = (COARSE if coarse else SHARED).annotation(example.labels, example.audio)
    known = _strong(struck, example.labels) if example.labels.suffix == ".json" else struck
    given = answers(model, read_audio(example.audio))
    target, weight = JUDGED.targets(known, len(given.heads))
    stream = _stream(model).activations
    scored = Reader(stream.heads).scored(given.heads, given.pulse, given.spectra, target, weight, JUDGED.names)
    late, early = scored_drums(STROKES, struck, given.heads, stream.heads), {}
    if stream.early_heads and SHARED.early is not None:
        early = scored_drums(SHARED.early, struck, given.early, stream.early_heads, EARLY)
    return Judged(scored, late, early, len(given.heads), len(given.early))


def _by_drum(judged: Sequence[Judged], rule: DrumsAlone | None, lookahead: int) -> tuple[Drums, Drums]:
    """Give, by drum, the recordings of the late heads and of the early ones; if there is a rule, with where drums alone
    sound.
    """
    late: dict[str, list[drum_choice.Scored]] = {}
    early: dict[str, list[drum_choice.Scored]] = {}
    for one in judged:
        alone = there = None
        if rule is not None:
            states = DrumsAloneState(rule).push(one.scored.passage)
            alone = at_hops(states, rule.first >= 0, one.hops, lookahead)
            there = np.pad(states, (0, one.frames - len(states)), "edge")  # beats are known a little later than drums
        for name, some in one.late.items():
            late.setdefault(name, []).append(replace(some, alone=there))
        for name, some in one.early.items():
            early.setdefault(name, []).append(replace(some, alone=alone))
    return late, early


def _strong(known: Annotation, labels: Path) -> Annotation:
    """Leave open whether softer strokes than ACCENT are hits. Raises UserError."""
    soft = [one.time for one in read_truth(labels).drums if one.label in HIT and one.velocity < ACCENT]
    events = {**known.events, "hit": sorted(set(known.events.get("hit", ())) - set(soft))}
    spans = {**known.unknown, "hit": [*known.unknown.get("hit", ()), *((time, time) for time in soft)]}
    return replace(known, events=events, unknown=spans)


def recalibrate(folders: Sequence[Path], manifest: Manifest, options: StreamOptions, run: Run) -> str:
    """Choose weights, thresholds and strengths of all ways to choose, and of drums, where the model's own are not as
    good; write the model with them, as another or in its own place. Gives what is said of it.

    Raises UserError without recordings, ModelError for a model without chops.
    """
    features = manifest.features
    if not isinstance(features, StreamFeatures) or not {"chop", "hit", "onset"} <= set(features.heads):
        raise ModelError(f"model {manifest.name!r} detects no chops, hits and attacks: it cannot be calibrated")
    coarse, where = features.early is None, f"model {manifest.name!r}"
    sources = [*folders, *([options.calibrate_on] if options.calibrate_on else [])]
    examples = dataset.find(COARSE if coarse else SHARED, sources)
    path, judged = manifest.path.with_suffix(".json"), []
    for one in in_order(_judged, [(path, coarse, example) for example in examples], options.jobs):
        judged.append(one)
        run.progress("processing recordings", len(judged), len(examples))
    fit = Fit([one.scored for one in judged], Reader(features.heads).evidence)
    own = (SOLO,) if SOLO in features.heads else FEATURES
    usual = usual_decision(manifest, features.heads)
    decision, found = decide(fit, usual, COARSE_GAP if coarse else GAP, own)
    if Decision.read(manifest.decision, where).has_dial:
        decision, found = unless_better(fit, usual, decision, found)
    both = decision.ways["both"]
    late, early = _by_drum(judged, decision.drums_alone if SOLO in own else None, features.lookahead)
    standing = {
        name: DrumDecision.read(manifest.decision[name], where) if name in manifest.decision else None
        for name in ("confirmed", "early")
    }
    fitted = {
        "confirmed": decide_drums(late, before=standing["confirmed"]),
        "early": decide_drums(early, drum_choice.GAPS, drum_choice.verdicts, standing["early"]),
    }
    record = documents.read_json(path)
    record |= {
        "threshold": both.threshold,
        "min_gap": both.gap,
        "decision": {
            **manifest.decision,
            **record_of(decision),
            **{name: one for name, (one, _) in fitted.items() if one},
        },
        "calibration": [list(pair) for pair in both.calibration],
        "training": {**manifest.training, "recordings_calibration": len(examples)},
        "scores": {
            **manifest.scores,
            "deciding_f": found,
            **{f"deciding_{name}_f": f for name, (one, f) in fitted.items() if one},
        },
    }
    record["decision"].pop("relative", None)  # each way has its own
    written = _write(record, path, run.out)
    if run.command and not written.samefile(path):
        from samplechop.offline.training.tasks.chop import ChopTask

        keras_models.write_card(models.load(written), ChopTask.card, run.command)
    ways = ", ".join(f"{name} {f:.2f}" for name, f in found.items())
    return f"F on {len(examples)} recordings by which it was chosen: {ways}"


def _write(record: dict[str, Any], source: Path, out: Path) -> Path:
    """Write a manifest, and copies of all files beside its source where it goes elsewhere; gives its path."""
    target = out.with_name(out.name + ".json")
    if target.resolve() != source.resolve():
        out.parent.mkdir(parents=True, exist_ok=True)
        record["name"] = out.name
        for ending in (".tflite", "-early.tflite", ".npz"):
            beside = source.with_name(source.stem + ending)
            if beside.is_file():
                write_bytes(out.with_name(out.name + ending), beside.read_bytes())
        record["file"] = out.name + ".tflite"
        if early := record["features"].get("early"):
            early["file"] = out.name + "-early.tflite"
    write_text(target, json.dumps(record, indent=2) + "\n")
    models.load(target)
    return target
