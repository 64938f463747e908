"""A streaming chop model decides anew, on recordings whose places are known; its net stays as it is."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

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
from samplechop.offline.training.tasks import drums
from samplechop.offline.training.tasks.chop_decision import (
    decide,
    decide_drums,
    record_of,
    scored_drums,
    usual_decision,
)
from samplechop.offline.training.tasks.chop_scoring import JUDGED, Fit, Reader, Scored
from samplechop.offline.training.tasks.chop_targets import COARSE, COARSE_GAP, GAP, HIT, SHARED
from samplechop.realtime.core import documents
from samplechop.realtime.detectors.beats.pulse_stream import PulseStream
from samplechop.realtime.nets.features import STACK
from samplechop.realtime.nets.fine_features import LATE_HOPS

BLOCK = 32_768
ACCENT = 0.5
"""Velocity from which a stroke is a strong hit."""
Answered = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@cache
def _stream(model: Path) -> PulseStream:
    return PulseStream(models.load(model), BLOCK)


def answers(model: Path, samples: NDArray[np.float32]) -> Answered:
    """Run a model over a recording, float32 (n,), as it runs live.

    Gives its probabilities, the beat tracker's rows, and the newest constant-Q frame there was when each came: float32,
    (frames, ...).
    """
    stream = _stream(model)
    stream.reset()
    features, lookahead = stream.activations.features, stream.activations.lookahead
    padded = np.concatenate([samples, np.zeros(stream.activations.latency + BLOCK, np.float32)])
    heads, pulse, spectra = [], [], []
    for first in range(0, len(padded) - BLOCK + 1, BLOCK):
        heads.append(stream.push(padded[first : first + BLOCK]).copy())
        pulse.append(stream.pulse.copy())
        spectra.append(features.constant_q[: features.n_constant_q].copy())
    rows, constant_q = np.ascontiguousarray(np.concatenate(heads)), np.concatenate(spectra)
    late = 0 if not stream.activations.early_heads else LATE_HOPS
    newest = STACK * (np.arange(len(rows)) + lookahead) + STACK - 1 - late
    return rows, np.concatenate(pulse), constant_q[np.clip(newest, 0, len(constant_q) - 1)]


def _scored(job: tuple[Path, bool, dataset.Example]) -> tuple[Scored, dict[str, drums.Scored]]:
    """[worker] Run the model over one recording, and set it beside what is known of chops, and of each drum."""
    model, coarse, example = job
    known = (COARSE if coarse else SHARED).annotation(example.labels, example.audio)
    struck = known
    if example.labels.suffix == ".json":
        known = _strong(known, example.labels)
    heads, pulse, spectra = answers(model, read_audio(example.audio))
    target, weight = JUDGED.targets(known, len(heads))
    names = _stream(model).activations.heads
    judged = Reader(names).scored(heads, pulse, spectra, target, weight, JUDGED.names)
    return judged, scored_drums(struck, heads, names)


def _strong(known: Annotation, labels: Path) -> Annotation:
    """Leave open whether softer strokes than ACCENT are hits. Raises UserError."""
    soft = [one.time for one in read_truth(labels).drums if one.label in HIT and one.velocity < ACCENT]
    events = {**known.events, "hit": sorted(set(known.events.get("hit", ())) - set(soft))}
    spans = {**known.unknown, "hit": [*known.unknown.get("hit", ()), *((time, time) for time in soft)]}
    return replace(known, events=events, unknown=spans)


def recalibrate(folders: Sequence[Path], manifest: Manifest, options: StreamOptions, run: Run) -> str:
    """Choose weights, thresholds and strengths of all ways to choose; write the model with them, as another or in its
    own place. Gives what is said of it. Raises UserError without recordings, ModelError for a model without chops.
    """
    features = manifest.features
    if not isinstance(features, StreamFeatures) or not {"chop", "hit", "onset"} <= set(features.heads):
        raise ModelError(f"model {manifest.name!r} detects no chops, hits and attacks: it cannot be calibrated")
    coarse = features.early is None
    sources = [*folders, *([options.calibrate_on] if options.calibrate_on else [])]
    examples = dataset.find(COARSE if coarse else SHARED, sources)
    path, scored = manifest.path.with_suffix(".json"), []
    struck: dict[str, list[drums.Scored]] = {}
    for one, some in in_order(_scored, [(path, coarse, example) for example in examples], options.jobs):
        scored.append(one)
        for drum, known in some.items():
            struck.setdefault(drum, []).append(known)
        run.progress("processing recordings", len(scored), len(examples))
    fit = Fit(scored, Reader(features.heads).evidence)
    before = usual_decision(manifest, features.heads)
    decision, found = decide(fit, before, COARSE_GAP if coarse else GAP)
    both = decision.ways["both"]
    confirmed, drums_found = decide_drums(struck)
    record = documents.read_json(path)
    record |= {
        "threshold": both.threshold,
        "min_gap": both.gap,
        "decision": {**manifest.decision, **record_of(decision), **({"confirmed": confirmed} if confirmed else {})},
        "calibration": [list(pair) for pair in both.calibration],
        "training": {**manifest.training, "recordings_calibration": len(examples)},
        "scores": {**manifest.scores, "deciding_f": found, "deciding_confirmed_f": drums_found},
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
