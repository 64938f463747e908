"""The net that names clips, and the labels made with it."""

from dataclasses import replace

import numpy as np
import pytest

from samplechop import models
from samplechop.models import ModelError
from samplechop.offline.audio.reading import RATE
from samplechop.offline.lab.drum_datasets.clip_classifier import (
    APART,
    FEATURES,
    NEVER,
    ONSET_DB,
    ClipClassifier,
    absent_below,
    augment_features,
    features,
    open_net,
    scored,
    sure_from,
    targets_at,
)
from samplechop.offline.lab.drum_datasets.from_tracks import label_clips
from samplechop.offline.labels.drum_labels import DrumHit, DrumLabels, Unsure, highest_rise, peaks
from samplechop.realtime.core.events import DRUMS
from tests.support.drum_recordings import recording


class Says(ClipClassifier):
    """A net that says the same of everything, names from .9 on and denies below .1."""

    def __init__(self, *said: float) -> None:
        """Take what it says of each of DRUMS."""
        self.said = said
        self.sure, self.absent = dict.fromkeys(DRUMS, 0.9), dict.fromkeys(DRUMS, 0.1)

    def predict(self, clips: np.ndarray) -> np.ndarray:
        """Say it."""
        return np.tile(np.array(self.said, np.float32), (len(clips), 1))


def test_a_clip_does_not_depend_on_how_loud_it_is() -> None:
    sound = recording([(0.2, "kick"), (0.3, "hat")], 0.8, hiss=1e-3)
    assert features(0.1 * sound, [0.2]) == pytest.approx(features(sound, [0.2]), abs=0.02)


def test_a_clip_at_either_end_is_heard_whole() -> None:
    sound = recording([(0.0, "kick")], 0.3)
    heard = features(sound, [0.0, 0.29, 0.4])
    assert heard.shape == (3, FEATURES.n_inputs)
    assert np.isfinite(heard).all() and np.abs(heard).max() <= 1.75


def test_the_net_hears_what_was_before_and_after_the_attack() -> None:
    sound = recording([(0.2, "kick"), (0.5, "kick")], 1.0)
    frames = features(sound, [0.5])[0].reshape(FEATURES.frames, 2, FEATURES.n_bands)[:, 0]
    before, after = frames[:5].max(), frames[FEATURES.before : FEATURES.before + 4].max()
    assert after > before + 0.5


def test_a_soft_hit_is_told_from_a_loud_one_of_the_same_track() -> None:
    sound = recording([(0.5, "snare"), (1.5, "snare")], 2.0)
    sound[RATE:] *= 0.2
    loud, soft = features(sound, [0.5, 1.5]).reshape(2, FEATURES.frames, 2, FEATURES.n_bands)[:, FEATURES.before + 2]
    assert loud[0] == pytest.approx(soft[0], abs=0.1)
    assert np.mean(loud[1] - soft[1]) == pytest.approx(14 / 20, abs=0.1)


def test_what_a_clip_holds_is_taken_from_the_labels() -> None:
    labels = DrumLabels(
        (DrumHit(1.0, "kick"), DrumHit(1.01, "hat"), DrumHit(2.0, "snare")),
        frozenset({"kick", "snare", "hat"}),
        (Unsure(1.9, 2.1, "kick"), Unsure(3.0, 4.0)),
    )
    assert targets_at([1.0, 1.04, 2.0, 3.5, 5.0], labels).tolist() == [
        [1, 0, 1, -1, -1],
        [-1, 0, -1, -1, -1],
        [-1, 1, 0, -1, -1],
        [-1, -1, -1, -1, -1],
        [0, 0, 0, -1, -1],
    ]


def test_changed_clips_keep_their_shape_and_range() -> None:
    sound = recording([(0.2, "kick"), (0.6, "snare")], 1.0)
    x = features(sound, [0.2, 0.6] * 8)
    out = augment_features(x, np.random.default_rng(1))
    assert out.shape == x.shape and out.dtype == np.float32
    assert np.isfinite(out).all()
    assert np.corrcoef(out.ravel(), x.ravel())[0, 1] > 0.8


def test_a_drum_is_named_from_where_it_is_right_often_enough() -> None:
    said = np.linspace(0, 1, 1001)
    assert sure_from(said, said > 0.8) == pytest.approx(0.79, abs=0.02)
    assert sure_from(said, np.zeros(1001, bool)) == NEVER
    assert sure_from(said[:10], said[:10] < 1) == NEVER


def test_a_drum_is_denied_only_where_few_are_lost() -> None:
    said = np.linspace(0, 1, 1001)
    assert absent_below(said, said > 0.3) == pytest.approx(0.31, abs=0.02)
    rare = np.zeros(1001, bool)
    rare[100:1001:100] = True
    assert absent_below(said, rare) == pytest.approx(0.1, abs=0.11)
    assert absent_below(said, np.ones(1001, bool)) == 0


def test_what_is_unknown_is_not_counted() -> None:
    wanted = np.full((40, len(DRUMS)), -1, np.int8)
    wanted[:, 0] = 1
    wanted[20:, 1] = 0
    scores = scored(np.full((40, len(DRUMS)), 0.9), wanted)
    assert (scores["kick"]["count"], scores["kick"]["named"], scores["kick"]["right"]) == (40, 1, 1)
    assert (scores["snare"]["accuracy"], scores["snare"]["sure"]) == (0, NEVER)
    assert scores["tom"]["count"] == 0


def test_onsets_are_found_where_drums_are_struck() -> None:
    times = [0.5, 0.8, 1.1, 1.5]
    sound = recording([(time, role) for time, role in zip(times, ("kick", "snare", "hat", "kick"), strict=True)], 2.0)
    assert peaks(highest_rise(sound), ONSET_DB, APART) == pytest.approx(times, abs=0.006)


def test_only_what_the_net_is_sure_of_becomes_a_label() -> None:
    sound = recording([(0.5, "kick"), (1.0, "snare")], 1.5)
    labels = label_clips(sound, Says(0.95, 0.05, 0.5, 0.05, 0.05))
    assert [hit.label for hit in labels.events] == ["kick", "kick"]
    assert labels.times("kick") == pytest.approx([0.5, 1.0], abs=0.006)
    at_onsets = {span.label for span in labels.unsure if span.label}
    assert at_onsets == {"hat"}


def test_attacks_too_soft_to_judge_are_left_open() -> None:
    sound = recording([(0.5, "kick"), (1.0, "kick")], 1.5)
    sound[round(0.8 * RATE) :] += 0.02 * np.random.default_rng(1).standard_normal(len(sound) - round(0.8 * RATE))
    labels = label_clips(sound.astype(np.float32), Says(0.95, 0.05, 0.05, 0.05, 0.05))
    for time in labels.times("kick"):
        assert not any(span.label == "" and span.start < time < span.stop for span in labels.unsure)


def test_silence_has_no_drums() -> None:
    assert label_clips(np.zeros(RATE, np.float32), Says(1, 1, 1, 1, 1)).events == ()


def test_a_model_that_hears_something_else_is_refused() -> None:
    with pytest.raises(ModelError, match="takes no onset-centred clips"):
        open_net(models.FOLDER / "drums")


def test_a_manifest_without_its_choices_is_refused() -> None:
    manifest = replace(models.load("drums"), features=FEATURES, decision={"drums": {"kick": {}}})
    with pytest.raises(ModelError, match="decision"):
        ClipClassifier(manifest)
