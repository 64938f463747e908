"""Write a trained net as NAME.tflite with its manifest NAME.json."""

import hashlib
import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

from samplechop import models
from samplechop.models import AnyFeatures, Manifest
from samplechop.offline.training.keras_backend import keras, tensorflow
from samplechop.realtime.audio.silence_stderr import silence

BATCH = 16
"""Windows per call in the file of a window net; fixed, because a net converted without one fails when it is run."""


def to_tflite(model: Any, batch: int = BATCH) -> bytes:
    """Convert a Keras model of flat inputs to a .tflite for `batch` rows, float32, not quantised."""
    k = keras()
    inputs = k.Input(batch_shape=(batch, model.input_shape[1]), dtype="float32")
    converter = tensorflow().lite.TFLiteConverter.from_keras_model(k.Model(inputs, model(inputs)))
    converter.optimizations = []
    with silence(), redirect_stdout(io.StringIO()):  # it tells at length where it keeps things meanwhile
        return bytes(converter.convert())


def write(
    out: Path,
    content: bytes,
    features: AnyFeatures,
    threshold: float,
    min_gap: float,
    training: Mapping[str, Any],
    scores: Mapping[str, Any],
    version: str = "1.0.0",
    decision: Mapping[str, Any] | None = None,
    calibration: tuple[tuple[float, float], ...] = (),
) -> Manifest:
    """Write OUT.tflite and OUT.json, and open them again to prove that they can be.

    threshold: probability in 0..1. min_gap: seconds. training, scores, decision: anything JSON can hold.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    file, manifest = out.with_name(out.name + ".tflite"), out.with_name(out.name + ".json")
    record = {
        "schema": models.SCHEMA,
        "name": out.name,
        "version": version,
        "kind": next(kind for kind, form in models.KINDS.items() if form is type(features)),
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "license": "MIT",
        "features": asdict(features),
        "threshold": threshold,
        "min_gap": min_gap,
        "decision": dict(decision or {}),
        "calibration": [list(pair) for pair in calibration],
        "training": dict(training),
        "scores": dict(scores),
    }
    file.write_bytes(content)
    manifest.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return models.load(manifest)
