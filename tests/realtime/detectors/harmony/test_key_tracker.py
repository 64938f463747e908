"""The key while the music plays: on the notes of scales and cadences, with mir_eval as the reference of relations."""

import numpy as np
import pytest
from numpy.typing import NDArray

from samplechop.realtime.detectors.harmony.key_tracker import KEYS, Key, KeyTracker, best, likeness
from tests.support.harmony import evidence

mir_eval_key = pytest.importorskip("mir_eval.key")

FRAME_RATE = 20.0


def cadence(tonic: int, mode: str, bars: int = 4) -> NDArray[np.float32]:
    """Give the probabilities, float32 (n, 12), of I IV V I or i iv V i, a second each chord."""
    ending = mode[:3]
    names = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    chords = [
        f"{names[(tonic + step) % 12]}:{quality}"
        for step, quality in ((0, ending), (5, ending), (7, "maj"), (0, ending))
    ]
    rows = evidence(*((chord, int(FRAME_RATE)) for _ in range(bars) for chord in chords))[:, :12]
    return (1 / (1 + np.exp(-rows))).astype(np.float32)


def keys(rows: NDArray[np.float32]) -> list[Key]:
    tracker = KeyTracker(FRAME_RATE)
    return [found[0] for row in rows if (found := tracker.push(row)) is not None]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.label)
def test_cadences_in_every_key_are_heard(key: Key) -> None:
    tonic = mir_eval_key.KEY_TO_SEMITONE[key.tonic.lower()]
    assert mir_eval_key.weighted_score(key.name, keys(cadence(tonic, key.mode))[-1].name) == 1.0


def test_a_change_of_key_is_emitted_once_the_old_one_is_forgotten() -> None:
    found = keys(np.concatenate([cadence(0, "major", 8), cadence(6, "major", 12)]))
    assert (found[0].label, found[-1].label) == ("C:maj", "F#:maj")


def test_no_key_is_emitted_where_every_pitch_class_sounds_as_much() -> None:
    assert keys(np.full((1000, 12), 0.5, np.float32)) == []


def test_no_key_is_emitted_where_nothing_sounds() -> None:
    assert keys(np.zeros((1000, 12), np.float32)) == []


def test_likeness_is_the_correlation() -> None:
    found = np.random.default_rng(0).uniform(0, 1, 12)
    major = np.roll([0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081], 2)
    assert likeness(found)[2] == pytest.approx(np.corrcoef(found, major)[0, 1])


def test_the_best_key_is_the_most_alike() -> None:
    alike = likeness(cadence(9, "minor")[:80].sum(axis=0))
    at, lead, height = best(alike)
    assert (KEYS[at].label, height) == ("A:min", alike.max())
    assert lead == pytest.approx(np.sort(alike)[-1] - np.sort(alike)[-2])
