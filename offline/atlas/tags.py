"""The step that tags every sound: tags given by people, tags predicted by a net, and the net's encodings; and
`samplechop train tags`, which trains such a net.

tags.tsv        name, given, predicted: commas between tags, "tag:0.93" for predicted ones, the likeliest first
tags.json       model, vocabulary, probability threshold and average precision of each tag, synonyms
labels.npy      float32 (n, tags) 0..1: how likely each tag of the vocabulary is
encodings.npy   float32 (n, dims): the net's last hidden layer; alike sounds lie near each other
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import Manifest, ModelError, SoundFeatures
from samplechop.offline.atlas import descriptions, tag_net
from samplechop.offline.atlas.files import read_table, write_table
from samplechop.offline.atlas.settings import TagSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.tag_net import encode
from samplechop.offline.common.arrays import read_array, write_array
from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.progress import Progress
from samplechop.offline.nets.sound_net import Encoder
from samplechop.offline.training.loop import Options, Run
from samplechop.offline.training.recipes import TagOptions
from samplechop.offline.training.tasks.tags import TagTask, sound_features
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

STEP = "tags"
TABLE, INDEX, LABELS, ENCODINGS = "tags.tsv", "tags.json", "labels.npy", "encodings.npy"
GIVEN_DIGEST = "given_sha256"
COLUMNS = ("name", "given", "predicted")
MOST_PREDICTED = 6


def tag(atlas: Atlas, settings: TagSettings, progress: Progress) -> None:
    """Tag all sounds; where most are tagged by this model already, only the new ones are processed.

    Raises UserError for metadata, synonyms or a model that cannot be used.
    """
    manifest, features = open_model(settings.model)
    synonyms = synonyms_of(manifest, settings.synonyms)
    described = descriptions.describe(atlas.sounds, settings.metadata)
    known = set(features.tags)
    given = [tuple(word for word in descriptions.tags_of(one, synonyms) if word in known) for one in described]
    # Maps are made of the model's predictions alone: other given tags are no reason to draw them anew.
    noted = {"model": manifest.name, "sha256": manifest.sha256}
    written = hashlib.sha256(json.dumps([given, synonyms]).encode()).hexdigest()
    if atlas.is_made(STEP, noted) and _digest(atlas) == written:
        return
    labels, encodings = _predict(atlas, manifest, features, progress)
    write_array(atlas.folder / LABELS, labels)
    write_array(atlas.folder / ENCODINGS, encodings)
    thresholds = thresholds_of(manifest, features)
    write_table(
        atlas.folder / TABLE,
        COLUMNS,
        (
            (sound.name, ",".join(words), ",".join(f"{name}:{value:.2f}" for name, value in likely))
            for sound, words, likely in zip(
                atlas.sounds, given, predicted_tags(labels, features.tags, thresholds), strict=True
            )
        ),
    )
    index = {
        "model": manifest.name,
        "sha256": manifest.sha256,
        "vocabulary": list(features.tags),
        "thresholds": dict(zip(features.tags, thresholds.tolist(), strict=True)),
        "average_precision": manifest.scores.get("average_precision", {}),
        "synonyms": synonyms,
        GIVEN_DIGEST: written,
    }
    write_text(atlas.folder / INDEX, json.dumps(index, indent=1, ensure_ascii=False) + "\n")
    atlas.note(STEP, noted)


def open_model(name: str) -> tuple[Manifest, SoundFeatures]:
    """Open a net of sounds. Raises UserError if there is none of that name or path, or it is of another kind."""
    try:
        manifest = models.load(name)
        Encoder(manifest)
    except ModelError as error:
        raise UserError(f"--model: {error}") from None
    assert isinstance(manifest.features, SoundFeatures)  # Encoder has refused every other
    return manifest, manifest.features


def synonyms_of(manifest: Manifest, own: Path | None) -> dict[str, str]:
    """Give the synonyms a model was trained with, and the usual ones; a user's own go before both."""
    trained = manifest.decision.get("synonyms", {})
    if not isinstance(trained, Mapping):
        raise UserError(f"model {str(manifest.path)!r}: decision.synonyms must be words for words")
    return descriptions.synonyms_with(own) if own else {**descriptions.usual_synonyms(), **trained}


def thresholds_of(manifest: Manifest, features: SoundFeatures) -> NDArray[np.float32]:
    """Give the probability threshold of each tag, float32 (tags,). Raises UserError if the manifest has none."""
    try:
        return np.array([float(manifest.decision["thresholds"][name]) for name in features.tags], np.float32)
    except (KeyError, TypeError, ValueError):
        raise UserError(f"model {str(manifest.path)!r}: decision.thresholds must give a number for each tag") from None


def predicted_tags(
    labels: NDArray[np.float32], tags: Sequence[str], thresholds: NDArray[np.float32]
) -> list[list[tuple[str, float]]]:
    """Give for each sound the tags at or above their thresholds, the likeliest first, at most MOST_PREDICTED."""
    found = []
    for row in labels:
        order = [place for place in np.argsort(-row, kind="stable").tolist() if row[place] >= thresholds[place]]
        found.append([(tags[place], float(row[place])) for place in order[:MOST_PREDICTED]])
    return found


def _predict(
    atlas: Atlas, manifest: Manifest, features: SoundFeatures, progress: Progress
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Predict for what this model has not processed before."""
    done = _known_predictions(atlas, manifest, features)
    first = len(done[0])
    lengths = [sound.length for sound in atlas.sounds]
    labels = np.zeros((len(lengths), len(features.tags)), np.float32)
    encodings = np.zeros((len(lengths), features.encoding), np.float32)
    labels[:first], encodings[:first] = done
    samples = atlas.samples()[first:]
    for start, end, (likely, encoded) in encode(manifest, samples, lengths[first:], atlas.rate, os.cpu_count() or 1):
        labels[first + start : first + end], encodings[first + start : first + end] = likely, encoded
        progress("tagging", end, len(lengths) - first)
    return labels, encodings


def _known_predictions(
    atlas: Atlas, manifest: Manifest, features: SoundFeatures
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give what this very model predicted for the first rows, as many as are still there and whole."""
    nothing = np.zeros((0, len(features.tags)), np.float32), np.zeros((0, features.encoding), np.float32)
    made = atlas.made(STEP)
    if made is None or made[0].get("sha256") != manifest.sha256:
        return nothing
    try:
        labels, encodings = (read_array(atlas.folder / name) for name in (LABELS, ENCODINGS))
    except (OSError, ValueError):
        return nothing
    shapes = [part.shape for part in nothing]
    fits = all(
        one.dtype == np.float32 and one.shape == (made[1], shape[1])
        for one, shape in zip((labels, encodings), shapes, strict=True)
    )
    return (labels, encodings) if fits and made[1] <= len(atlas) else nothing


def _digest(atlas: Atlas) -> str | None:
    """Give the digest of the given tags that tags.tsv was written with."""
    try:
        return str(documents.read_json(atlas.folder / INDEX)[GIVEN_DIGEST])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def known_tags(atlas: Atlas) -> list[tuple[list[str], list[tuple[str, float]]]]:
    """Give what `read_tags` does; nothing for each row if not all sounds are tagged."""
    return read_tags(atlas) if atlas.covers_all(STEP) else [([], [])] * len(atlas)


def read_tags(atlas: Atlas) -> list[tuple[list[str], list[tuple[str, float]]]]:
    """Read tags.tsv: for each row the given tags, and the predicted ones with their probabilities.

    Raises UserError if there is none or it is damaged.
    """
    path = atlas.folder / TABLE
    found = []
    for number, (_, given, predicted) in enumerate(read_table(path, COLUMNS), 2):
        try:
            likely = [(name, float(value)) for name, _, value in (one.rpartition(":") for one in _parts(predicted))]
            if not all(0 <= chance <= 1 for _, chance in likely):
                raise ValueError("no probability")
        except ValueError:
            raise UserError(
                f"{str(path)!r}, line {number}: no tag with its probability in {predicted[:40]!r}"
            ) from None
        found.append((_parts(given), likely))
    if len(found) != len(atlas):
        raise UserError(f"{str(path)!r} covers {len(found)} of {len(atlas)} sounds: tag them again")
    return found


def _parts(cell: str) -> list[str]:
    return cell.split(",") if cell else []


def train(sources: list[Path], options: TagOptions, run: Run) -> str:
    """Train the tags net on an atlas; says how well it does."""
    if len(sources) > 1:
        raise UserError(f"tags are learned from one atlas, got {len(sources)}")
    atlas = Atlas(sources[0])
    tagged = tag_net.find(atlas, options.metadata or [], options.synonyms, options.min_df, options.held_out or [])
    features = sound_features(tagged.tags)
    images = tag_net.images_of(atlas, tagged.rows, features, options.seed, options.jobs, run.progress)
    steps = options.steps
    schedule = Options(steps, rate=2e-3, seed=options.seed, check_every=max(25, steps // 16), patience=6)
    task = TagTask(images, tagged, options.seed, steps)
    said = task.said(run.fit(task, schedule, {}))
    return f"{len(tagged.tags)} tags of {len(tagged.rows)} sounds, {said}"
