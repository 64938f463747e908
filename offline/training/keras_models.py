"""Keras, the one place that imports TensorFlow; and from a net to its files: NAME.tflite, its manifest NAME.json, and
NAME.md, its card, for people.
"""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from samplechop import models
from samplechop.models import AnyFeatures, Manifest
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.process import silence

MISSING = "training needs TensorFlow: install the extra with pip install 'samplechop[train]'"


def check_extra() -> None:
    """Refuse to begin hours of work that could not be ended. Raises UserError if TensorFlow is not installed."""
    if find_spec("tensorflow") is None:
        raise UserError(MISSING)


@cache
def tensorflow() -> Any:
    """Import TensorFlow, and have it compute the same every time. Raises UserError if it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what it says about processors helps nobody here
    try:
        import tensorflow as imported
    except ImportError:
        raise UserError(MISSING) from None
    imported.config.experimental.enable_op_determinism()
    return imported


def keras() -> Any:
    """Give Keras. Raises UserError if TensorFlow is not installed."""
    return tensorflow().keras


BATCH = 16
"""Windows per call in the file of a window net; fixed, because a net converted without one fails when it is run."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says of every model of one task, Markdown: what it detects; on what its scores were taken; and the
    command that evaluates it, without a folder.
    """

    detects: str
    scored_on: str
    evaluate: str


def check_writable(option: str, given: Path, folder: Path) -> None:
    """Refuse a folder that cannot be written to, before hours of work rather than after. Raises UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"{option} {str(given)!r} cannot be written: {error.strerror or error}") from None


def model_path(out: Path, example: str) -> Path:
    """Give the path of a model to write, without suffix, in a folder that can be written to.

    example: such a path, for people. Raises UserError.
    """
    out = out.with_suffix("") if out.suffix in {".json", ".tflite"} else out
    if out.name in ("", ".."):
        raise UserError(f"--out must name a model, such as {example}, got {str(out)!r}")
    check_writable("--out", out, out.parent)
    return out


def to_tflite(model: Any, batch: int = BATCH) -> bytes:
    """Convert a Keras model of flat inputs to a .tflite for `batch` rows, float32, not quantised."""
    k = keras()
    inputs = k.Input(batch_shape=(batch, model.input_shape[1]), dtype="float32")
    converter = tensorflow().lite.TFLiteConverter.from_keras_model(k.Model(inputs, model(inputs)))
    converter.optimizations = []
    with silence(), redirect_stdout(io.StringIO()):  # it says at length where it keeps things meanwhile
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

    threshold: probability in 0..1. min_gap: seconds; both are written for the kinds of models.PICKED alone.
    training, scores, decision: anything JSON can hold.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    file, manifest = out.with_name(out.name + ".tflite"), out.with_name(out.name + ".json")
    kind = next(kind for kind, form in models.KINDS.items() if form is type(features))
    record = {
        "schema": models.SCHEMA,
        "name": out.name,
        "version": version,
        "kind": kind,
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "license": "MIT",
        "features": asdict(features),
        **({"threshold": threshold, "min_gap": min_gap} if kind in models.PICKED else {}),
        "decision": dict(decision or {}),
        "calibration": [list(pair) for pair in calibration],
        "training": dict(training),
        "scores": dict(scores),
    }
    file.write_bytes(content)
    manifest.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return models.load(manifest)


def write_card(manifest: Manifest, card: Card, command: str, scores: Mapping[str, Any] | None = None) -> None:
    """Write NAME.md beside the model: what it is, how it was trained, how it scored, and what is not known.

    command: what trained it. scores: by name; None for the manifest's.
    """
    lines = [
        f"# {manifest.name}",
        "",
        f"{card.detects} Trained with:",
        "",
        f"    {command}",
        "",
        "## Trained on",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in manifest.training.items()),
        "",
        "## Scores",
        "",
        card.scored_on,
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in (scores or manifest.scores).items()),
        "",
        "## Where it fails",
        "",
        f"Not measured yet: run `{card.evaluate} FOLDER --model {manifest.name}.json` on recordings it has never heard,"
        " and",
        "look.",
        "",
    ]
    manifest.path.with_suffix(".md").write_text("\n".join(lines), encoding="utf-8")
