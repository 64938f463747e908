"""The net that names shreds, and the labels made with it."""

from pathlib import Path

import numpy as np
import pytest

from offline.crate.percussion import MADE
from offline.crate.sounds import RATE, Shot
from offline.drums.labels import Unsure
from offline.drums.shreds import BANDS, LENGTH, ShredNet, features, read_net, shred_of, sure_from, write_net
from offline.drums.tracks import label, onsets, shreds_at
from realtime.errors import UserError
from realtime.events import DRUMS
from tests.offline.drum_recordings import recording

SHOTS = [
    Shot(f"{role}{seed}", role, MADE[role](seed, 0.9, np.random.default_rng(seed)), False)
    for role in ("kick", "snare", "hat")
    for seed in range(3)
]


def net_that_says(logits: list[float]) -> ShredNet:
    """Give a net that says the same of everything."""
    n = features(np.zeros((1, LENGTH), np.float32)).shape[1]
    kernel, bias = np.zeros((n, len(DRUMS)), np.float32), np.array(logits, np.float32)
    held_out = {name: {"sure": 0.9} for name in DRUMS}
    return ShredNet([(kernel, bias)], {"schema": 1, "drums": list(DRUMS), "held_out": held_out})


def test_a_shred_does_not_depend_on_how_loud_it_is() -> None:
    shred, _ = shred_of(np.random.default_rng(1), SHOTS)
    assert features(shred[None]) == pytest.approx(features(0.1 * shred[None]), abs=1e-3)
    assert features(shred[None]).shape[1] % BANDS == 0


def test_shreds_hold_the_drums_they_are_made_of() -> None:
    rng = np.random.default_rng(2)
    held = np.array([shred_of(rng, SHOTS)[1] for _ in range(200)])
    assert set(np.flatnonzero(held.sum(axis=0))) == {DRUMS.index(name) for name in ("kick", "snare", "hat")}
    assert set(held.sum(axis=1)) == {1.0, 2.0, 3.0}


def test_a_net_comes_back_as_it_was_written(tmp_path: Path) -> None:
    net = net_that_says([2, -1, 0, 0.5, -3])
    write_net(net, tmp_path / "a.npz")
    again = read_net(tmp_path / "a.npz")
    shreds = np.stack([shred_of(np.random.default_rng(n), SHOTS)[0] for n in range(4)])
    assert again.manifest == net.manifest
    assert again.hear(shreds) == pytest.approx(net.hear(shreds), abs=1e-3)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no net at all"])
def test_what_is_no_net_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"wrong\.npz"):
        read_net(tmp_path / "wrong.npz")
    with pytest.raises(UserError, match="samplechop drums shreds"):
        read_net(tmp_path / "missing.npz")


def test_onsets_are_found_where_drums_are_struck() -> None:
    times = [0.5, 0.8, 1.1, 1.5]
    sound = recording([(time, role) for time, role in zip(times, ("kick", "snare", "hat", "kick"), strict=True)], 2.0)
    assert onsets(sound) == pytest.approx(times, abs=0.006)


def test_a_shred_ends_where_the_next_begins() -> None:
    shreds = shreds_at(np.ones(RATE, np.float32), [0.5, 0.55])
    assert np.count_nonzero(shreds[0]) == pytest.approx(0.05 * RATE, abs=2)
    assert np.count_nonzero(shreds[1]) == LENGTH


def test_only_what_the_net_is_sure_of_becomes_a_label() -> None:
    sound = recording([(0.5, "kick"), (1.0, "snare")], 1.5)
    sure = label(sound, net_that_says([5, -5, 0, -5, -5]))
    assert [hit.label for hit in sure.events] == ["kick", "kick"]
    assert {span.label for span in sure.unsure} == {"hat"}
    unsure = label(sound, net_that_says([1, 0, 0, 0, 0]))
    assert unsure.events == ()
    assert {span.label for span in unsure.unsure} == {""}
    assert all(isinstance(span, Unsure) for span in unsure.unsure)


def test_a_drum_is_named_from_where_it_is_right_often_enough() -> None:
    probability = np.linspace(0, 1, 1001)
    assert sure_from(probability, probability > 0.8) == pytest.approx(0.79, abs=0.02)
    assert sure_from(probability, np.zeros(1001, bool)) > 1


def test_silence_has_no_drums() -> None:
    assert label(np.zeros(RATE, np.float32), net_that_says([9] * 5)).events == ()
