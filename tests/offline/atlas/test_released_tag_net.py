"""The released net of sounds, on drums made by rule that it has not heard, and on real ones."""

import os
from pathlib import Path

import numpy as np
import pytest

from samplechop import models
from samplechop.models import SoundFeatures
from samplechop.offline.atlas.tag_net import encode
from samplechop.offline.atlas.tags import open_model, predicted_tags
from samplechop.offline.audio.one_shots import trimmed
from samplechop.offline.audio.reading import RATE, read_audio
from samplechop.offline.lab.synthetic.synths import MADE_SYNTHS
from samplechop.offline.nets.sound_net import Encoder
from samplechop.offline.synthesis.drums import MADE

RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")


def answers(sounds: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    width = max(map(len, sounds))
    rows = np.array([np.pad(sound, (0, width - len(sound))) for sound in sounds])
    parts = [part for *_, part in encode(models.load("sounds"), rows, list(map(len, sounds)), RATE, 1)]
    return np.concatenate([labels for labels, _ in parts]), np.concatenate([encodings for _, encodings in parts])


def probability(sounds: list[np.ndarray], tag: str) -> np.ndarray:
    _, features = open_model("sounds")
    return answers(sounds)[0][:, features.tags.index(tag)]


def drums(role: str, count: int = 12) -> list[np.ndarray]:
    rng = np.random.default_rng(99)
    return [MADE[role](10_000 + seed, 0.8, rng) for seed in range(count)]


def test_it_is_small_and_every_tag_has_a_threshold() -> None:
    manifest = models.load("sounds")
    assert isinstance(manifest.features, SoundFeatures) and manifest.path.stat().st_size < 1_000_000
    assert set(manifest.decision["thresholds"]) == set(manifest.features.tags)
    assert Encoder(manifest).features.encoding >= 32


@pytest.mark.parametrize(("role", "tag"), [("kick", "kick"), ("snare", "snare"), ("hat", "hat"), ("crash", "cymbal")])
def test_made_drums_are_called_what_they_are(role: str, tag: str) -> None:
    others = [drums(other, 4) for other in ("kick", "snare", "hat") if other != role]
    own, strange = probability(drums(role), tag), probability([one for some in others for one in some], tag)
    assert np.median(own) > 0.5 and np.mean(own[:, None] > strange[None]) > 0.75


@pytest.mark.parametrize("kind", ["bass", "bell"])
def test_made_synthesizers_are_called_what_they_are(kind: str) -> None:
    make, (tag, *_) = MADE_SYNTHS[kind]
    sounds = [trimmed(make(np.random.default_rng([77, seed]))) for seed in range(6)]
    assert np.median(probability(sounds, tag)) > 0.5


def test_silence_and_a_click_get_answers_too() -> None:
    labels, encodings = answers([np.zeros(1, np.float32), np.ones(1, np.float32), np.zeros(9000, np.float32)])
    assert np.isfinite(labels).all() and np.isfinite(encodings).all()


def test_a_sound_of_another_level_is_the_same_sound() -> None:
    kick = drums("kick", 1)[0]
    _, encodings = answers([kick, 0.05 * kick])
    np.testing.assert_allclose(encodings[0], encodings[1], atol=1e-2)


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
@pytest.mark.parametrize(
    ("prefix", "tag", "share"), [("bd_", "drum", 0.7), ("hat_", "cymbal", 0.5), ("loop_", "loop", 0.6)]
)
def test_real_sounds_are_called_what_they_are(prefix: str, tag: str, share: float) -> None:
    paths = sorted((Path(RECORDINGS or "") / "oneshots_and_loops").glob(f"{prefix}*.flac"))
    if not paths:
        pytest.skip(f"no {prefix} among the recordings")
    sounds = [trimmed(read_audio(path)) for path in paths]
    manifest, features = open_model("sounds")
    limits = np.array([manifest.decision["thresholds"][name] for name in features.tags], np.float32)
    named = [[name for name, _ in some] for some in predicted_tags(answers(sounds)[0], features.tags, limits)]
    assert np.mean([tag in some for some in named]) >= share
