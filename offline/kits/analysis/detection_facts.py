"""What decides what is detected in a record, told without a detector: to ask whether it is kept imports little."""

import hashlib
from typing import Any

from samplechop import models
from samplechop.models import Manifest, StreamFeatures
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime.detectors.beats import MODEL
from samplechop.realtime.detectors.chop.decision import Decision

KIND = "beats, and attacks on them"
"""Of arrays in a record's cache."""


def facts_of(manifest: Manifest, options: ChopOptions, first: int, last: int) -> list[Any]:
    """Give all that decides what is found in the samples first..last of a sound. manifest: of the options' model."""
    beats = manifest if isinstance(manifest.features, StreamFeatures) else models.load(MODEL)
    density = fixed_density(manifest, options)
    nets = first, last, _digest(manifest), _digest(beats)
    return [*nets, options.threshold, options.choose, density, options.tempo_range, options.tempo]


def fixed_density(manifest: Manifest, options: ChopOptions) -> float | None:
    """Give the density, where what is detected is another at every one: by a threshold, or a model of before."""
    fixed = options.threshold is not None or not _has_dial(manifest)
    return options.density if fixed else None


def _has_dial(manifest: Manifest) -> bool:
    streams = isinstance(manifest.features, StreamFeatures)
    return streams and Decision.read(manifest.decision, f"model {manifest.name!r}").has_dial


def _digest(manifest: Manifest) -> str:
    """Give a hash of all in a manifest that says what is detected; the net itself is in it by its own."""
    parts = (manifest.sha256, manifest.features, manifest.threshold, manifest.min_gap, manifest.decision)
    return hashlib.sha256(repr((*parts, manifest.calibration)).encode()).hexdigest()
