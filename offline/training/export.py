"""Write a trained net as NAME.tflite with its manifest NAME.json."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import models
from models import Features
from offline.training.labels import MIN_GAP

BATCH = 16
"""Windows per call in the file; a fixed number, because a net converted without one fails when it is run."""


def to_tflite(model: Any) -> bytes:
    """Convert a Keras model to a .tflite with inputs (16, n_inputs) and outputs (16, 1), float32, not quantised."""
    import tensorflow

    k = tensorflow.keras
    inputs = k.Input(batch_shape=(BATCH, model.input_shape[1]), dtype="float32")
    fixed = k.Model(inputs, model(inputs))
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(fixed)
    converter.optimizations = []
    return bytes(converter.convert())


def write(
    out: Path,
    content: bytes,
    features: Features,
    threshold: float,
    training: Mapping[str, Any],
    scores: Mapping[str, Any],
    version: str,
) -> models.Manifest:
    """Write OUT.tflite and OUT.json, and open them again to prove that they can be.

    threshold: probability in 0..1. training, scores: anything JSON can hold.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    file, manifest = out.with_name(out.name + ".tflite"), out.with_name(out.name + ".json")
    record = {
        "schema": models.SCHEMA,
        "name": out.name,
        "version": version,
        "kind": "chop",
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "license": "MIT",
        "features": asdict(features) | {"bands": [list(band) for band in features.bands]},
        "threshold": threshold,
        "min_gap": MIN_GAP,
        "training": dict(training),
        "scores": dict(scores),
    }
    file.write_bytes(content)
    manifest.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return models.load(manifest)
