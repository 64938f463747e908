"""From the net's pitch classes to chords and to the set that sounds, on made-up evidence whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samplechop.realtime.detectors.harmony.chord_tracker import ChordTracker, PitchSet
from samplechop.realtime.detectors.harmony.harte import PRIORS, SILENT, parse, states, voicing
from tests.support.harmony import evidence

LAG = 9
RATE, PITCH_RATE = 44_100 / 512, 44_100 / 1024
TRACKER = ChordTracker(RATE, LAG)


def decided_chords(rows: NDArray[np.float32], cuts: tuple[int, ...] = ()) -> list[tuple[int, str]]:
    """Give the frame and the label of everything that is decided, "N" included."""
    TRACKER.reset()
    decided = np.concatenate([TRACKER.push(part)[0] for part in np.split(rows, cuts)])
    changes = np.flatnonzero(np.diff(decided, prepend=SILENT))
    chords = [TRACKER.chords[decided[at]] for at in changes]
    return [(int(at) - LAG, "N" if chord is None else chord.label) for at, chord in zip(changes, chords, strict=True)]


@pytest.mark.parametrize("quality", PRIORS)
def test_every_chord_is_named(quality: str) -> None:
    for root in ("C", "F#", "Bb"):
        assert decided_chords(evidence((None, 20), (f"{root}:{quality}", 40))) == [(20, f"{root}:{quality}")]


@pytest.mark.parametrize("label", ["C:maj/3", "C:maj/5", "G:7/b7", "D:min/b3", "A:min7/5"])
def test_inversions_are_named_by_the_bass(label: str) -> None:
    assert decided_chords(evidence((label, 40)))[-1][1] == label


@pytest.mark.parametrize(("one", "other"), [("A:min7", "C:maj6"), ("D:sus2", "A:sus4"), ("F:min6", "D:hdim7")])
def test_chords_of_the_same_notes_are_separated_by_the_bass(one: str, other: str) -> None:
    assert decided_chords(evidence((one, 40), (None, 40), (other, 40))) == [(0, one), (40, "N"), (80, other)]


def test_nothing_is_decided_where_nothing_sounds() -> None:
    assert decided_chords(evidence((None, 300), noise=1.0)) == []


@given(seed=st.integers(0, 999), cuts=st.lists(st.integers(0, 200), max_size=6).map(sorted))
def test_what_is_decided_does_not_depend_on_how_frames_are_cut(seed: int, cuts: list[int]) -> None:
    rows = np.random.default_rng(seed).normal(0, 3, (200, 24)).astype(np.float32)
    assert decided_chords(rows, tuple(cuts)) == decided_chords(rows)


@given(seed=st.integers(0, 999))
def test_what_was_decided_does_not_depend_on_what_comes_later(seed: int) -> None:
    rows = np.random.default_rng(seed).normal(0, 3, (120, 24)).astype(np.float32)
    changed = np.concatenate([rows[:80], -rows[80:]])
    early = [one for one in decided_chords(rows) if one[0] + LAG < 80]
    assert early == [one for one in decided_chords(changed) if one[0] + LAG < 80]


def test_a_frame_of_something_else_is_no_chord() -> None:
    assert decided_chords(evidence(("C:maj", 40), ("C:min7", 2), ("C:maj", 40))) == [(0, "C:maj")]


def test_noisy_evidence_gives_the_chords_that_were_there() -> None:
    labels = ("A:min7", "D:7", "G:maj7", "C:maj", "F:maj", "B:hdim7", "E:7", "A:min")
    found = decided_chords(evidence(*((label, 60) for label in labels), noise=2.0))
    assert [label for _, label in found] == list(labels)
    np.testing.assert_allclose([at for at, _ in found], 60 * np.arange(len(labels)), atol=1)


def test_no_two_states_are_the_same_chord() -> None:
    labels = [chord.label for chord in states().chords if chord is not None]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("label", "notes"),
    [("A:min7", (45, 60, 64, 67, 69)), ("C:maj/3", (40, 60, 64, 67)), ("A:1", (69,)), ("E:5", (40, 64, 71))],
)
def test_a_chord_is_held_around_middle_c_over_its_bass(label: str, notes: tuple[int, ...]) -> None:
    assert voicing(parse(label)) == notes


def test_no_chord_holds_no_notes() -> None:
    assert voicing(None) == ()


@pytest.mark.parametrize(("rate", "lag"), [(0.0, 9), (86.0, 0)])
def test_what_cannot_be_followed_is_refused(rate: float, lag: int) -> None:
    with pytest.raises(ValueError, match="lag must be at least 1 frame"):
        ChordTracker(rate, lag)


def test_what_sounds_is_decided_soon_and_from_when_on() -> None:
    sets, begun, _ = PitchSet(PITCH_RATE, 4).push(evidence((None, 20), ("C:maj", 30)))
    decided = int(np.argmax(sets.any(axis=1)))
    assert set(np.flatnonzero(sets[decided])) == {0, 4, 7}
    assert 20 <= decided <= 26
    assert begun[decided] == 20


def test_what_ends_is_decided_soon_and_from_when_on() -> None:
    sets, begun, _ = PitchSet(PITCH_RATE, 4).push(evidence(("C:maj", 30), ("C:5", 20)))
    decided = int(np.flatnonzero(sets[:, 4])[-1]) + 1
    assert 30 < decided <= 36
    assert begun[decided] == 30
    assert sets[decided:, [0, 7]].all()


def test_what_wavers_stays_as_it_is() -> None:
    rows = evidence(("C:maj", 60))
    rows[30:, 4] = np.where(np.arange(30) % 4 < 2, 2, -2)
    sets, _, _ = PitchSet(PITCH_RATE, 4).push(rows)
    assert sets[20:, 4].all()


def test_sets_do_not_depend_on_how_frames_are_cut() -> None:
    rows = np.random.default_rng(0).normal(0, 4, (100, 24)).astype(np.float32)
    whole, parts = PitchSet(PITCH_RATE, 4), PitchSet(PITCH_RATE, 4)
    sets, begun, _ = whole.push(rows)
    cut = [parts.push(part) for part in np.split(rows, [1, 33, 34])]
    assert sets.any()
    np.testing.assert_array_equal(np.concatenate([one[0] for one in cut]), sets)
    np.testing.assert_array_equal(np.concatenate([one[1] for one in cut]), begun)


def test_means_are_those_of_the_last_frames() -> None:
    rows = np.random.default_rng(0).normal(0, 4, (20, 24)).astype(np.float32)
    _, _, means = PitchSet(PITCH_RATE, 4).push(rows)
    np.testing.assert_allclose(means[-1], rows[-4:, :12].mean(axis=0), rtol=1e-5)


def test_pitch_sets_are_as_new_after_reset() -> None:
    used = PitchSet(PITCH_RATE, 9)
    used.push(evidence(("C:maj", 30)))
    used.reset()
    rows = evidence((None, 3), ("D:min", 30))
    for one, other in zip(used.push(rows), PitchSet(PITCH_RATE, 9).push(rows), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("rate", "width"), [(PITCH_RATE, 0), (0.0, 4)])
def test_pitch_sets_that_cannot_be_followed_are_refused(rate: float, width: int) -> None:
    with pytest.raises(ValueError, match="width must be at least 1 frame"):
        PitchSet(rate, width)
