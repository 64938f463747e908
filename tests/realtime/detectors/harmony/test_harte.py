"""Names of chords: Harte's syntax, with mir_eval as the reference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.detectors.harmony.harte import QUALITIES, ROOTS, Chord, parse, shorthand

mir_eval_chord = pytest.importorskip("mir_eval.chord")

chords = st.builds(Chord, root=st.integers(0, 11), quality=st.sampled_from(sorted(QUALITIES)), bass=st.integers(0, 11))


@pytest.mark.parametrize("quality", QUALITIES)
def test_mir_eval_finds_the_same_pitch_classes_in_every_quality_and_inversion(quality: str) -> None:
    for root in range(12):
        for bass in range(12):
            chord = Chord(root, quality, bass)
            found_root, bitmap, over = mir_eval_chord.encode(chord.label, reduce_extended_chords=True)
            sounding = {int(root + step) % 12 for step in np.flatnonzero(bitmap)} | {(root + over) % 12}
            assert (found_root, sounding) == (root, set(chord.pitch_classes))
            assert (root + over) % 12 == bass


@given(chord=chords)
def test_what_is_written_is_read_back(chord: Chord) -> None:
    assert parse(chord.label) == chord


@pytest.mark.parametrize(
    ("label", "same"),
    [
        ("C", "C:maj"),
        ("A#:min", "Bb:min"),
        ("Cb:maj7/3", "B:maj7/3"),
        ("C:6", "C:maj6"),
        ("D/5", "D:maj/5"),
    ],
)
def test_other_spellings_are_read(label: str, same: str) -> None:
    chord = parse(label)
    assert chord is not None
    assert chord.label == same


@pytest.mark.parametrize("label", ["C:maj7(*5)", "C:(3,5)", "F#:min7(11)", "E:7(#9,b13)", "G:maj(4)/4"])
def test_added_and_omitted_degrees_are_read_as_mir_eval_reads_them(label: str) -> None:
    chord = parse(label)
    assert chord is not None
    root, bitmap, _ = mir_eval_chord.encode(label, reduce_extended_chords=True)
    assert set(chord.pitch_classes) == {int(root + step) % 12 for step in np.flatnonzero(bitmap)}


@pytest.mark.parametrize("label", ["N", "X"])
def test_no_chord_has_no_notes(label: str) -> None:
    assert parse(label) is None


@pytest.mark.parametrize("label", ["", "H:maj", "C:major", "C:maj/q", "C:maj(8)", "a:min", "C:maj:min"])
def test_what_is_no_chord_is_refused_by_its_name(label: str) -> None:
    with pytest.raises(ValueError, match="chord"):
        parse(label)


@pytest.mark.parametrize(
    ("label", "people"),
    [("A:min7", "Am7"), ("C:maj/3", "C/E"), ("F#:hdim7", "F#m7b5"), ("N", "N"), ("E:5", "E5"), ("A:1", "A note")],
)
def test_people_read_the_short_form(label: str, people: str) -> None:
    assert shorthand(label) == people


def test_roots_are_the_twelve_pitch_classes() -> None:
    assert [mir_eval_chord.pitch_class_to_semitone(root) for root in ROOTS] == list(range(12))
