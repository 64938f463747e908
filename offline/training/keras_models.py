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
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from samplechop import models
from samplechop.models import AnyFeatures, Manifest
from samplechop.offline.common.atomic import write_bytes, write_text
from samplechop.realtime.core.errors import UserError, install_extra, reason_of
from samplechop.realtime.core.standard_streams import silence

MISSING = f"training needs TensorFlow: {install_extra('train')}"


@cache
def tensorflow() -> Any:
    """Import TensorFlow, and have it compute the same every time. Raises UserError if it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what it says about processors helps nobody here
    try:
        with silence():
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
    """Refuse a folder that cannot be made or written to, before hours of work; it is not made. Raises UserError."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        tempfile.TemporaryDirectory(prefix=".samplechop-", dir=there).cleanup()
    except OSError as error:
        raise UserError(f"{option} {str(given)!r} cannot be written: {reason_of(error)}") from None


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


@dataclass(frozen=True, slots=True)
class Calibrated:
    """All that a model's files hold: the .tflite and, beside it, the manifest; see samplechop.models.Manifest.

    early: the .tflite of its early stage, where features.early describes one; empty if there is none.
    threshold, min_gap: written for the kinds of models.PICKED alone. facts: on the training. card_scores: of the card,
    None for `scores`. All mappings hold what JSON can.
    """

    content: bytes
    features: AnyFeatures
    scores: Mapping[str, Any]
    threshold: float = 0.5
    min_gap: float = 0.0
    decision: Mapping[str, Any] = field(default_factory=dict)
    calibration: tuple[tuple[float, float], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    card_scores: Mapping[str, Any] | None = None
    early: bytes = b""


def write(out: Path, made: Calibrated, training: Mapping[str, Any], version: str = "1.0.0") -> Manifest:
    """Write OUT.tflite and OUT.json, OUT-early.tflite where there is an early stage, and open them again to prove that
    they can be. training: before the facts.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    file, manifest = out.with_name(out.name + ".tflite"), out.with_name(out.name + ".json")
    kind = next(kind for kind, form in models.KINDS.items() if form is type(made.features))
    features = {name: value for name, value in asdict(made.features).items() if value is not None}
    if made.early:
        beside = out.with_name(out.name + "-early.tflite")
        features["early"] |= {"file": beside.name, "sha256": hashlib.sha256(made.early).hexdigest()}
        write_bytes(beside, made.early)
    picked = {"threshold": made.threshold, "min_gap": made.min_gap} if kind in models.PICKED else {}
    record = {
        "schema": models.SCHEMA,
        "name": out.name,
        "version": version,
        "kind": kind,
        "file": file.name,
        "sha256": hashlib.sha256(made.content).hexdigest(),
        "license": "MIT",
        "features": features,
        **picked,
        "decision": dict(made.decision),
        "calibration": [list(pair) for pair in made.calibration],
        "training": {**training, **made.facts},
        "scores": dict(made.scores),
    }
    write_bytes(file, made.content)
    write_text(manifest, json.dumps(record, indent=2) + "\n")
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
        f"Not measured yet: run `{card.evaluate} FOLDER --model {manifest.name}.json` on other recordings.",
        "",
    ]
    write_text(manifest.path.with_suffix(".md"), "\n".join(lines))
