"""Banks of notes on disk: what is written is read again, and what is no bank is refused in a sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.audio.reading import RATE
from samplechop.offline.notes.note_bank import Bank, Note, find_banks, read_bank, write_bank
from samplechop.realtime.core.errors import UserError


def note(pitch: float, velocity: int = 100) -> Note:
    times = np.arange(RATE // 4) / RATE
    sound = 0.5 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * times)
    return Note(pitch, velocity, 0.2, sound.astype(np.float32))


def test_a_bank_is_read_as_it_was_written(tmp_path: Path) -> None:
    bank = Bank("harp", (note(60.25, 40), note(60.25, 90), note(72)))
    write_bank(bank, tmp_path / "harp")
    again = read_bank(tmp_path / "harp")
    assert again.name == "harp"
    assert [(n.pitch, n.velocity, n.held) for n in again.notes] == [(60.25, 40, 0.2), (60.25, 90, 0.2), (72, 100, 0.2)]
    for one, other in zip(bank.notes, again.notes, strict=True):
        np.testing.assert_allclose(other.samples, one.samples, atol=2 / 32768)


def test_notes_of_another_rate_or_in_stereo_are_brought_to_one_form(tmp_path: Path) -> None:
    write_bank(Bank("x", (note(60),)), tmp_path)
    file = next(tmp_path.glob("*.flac"))
    soundfile.write(file, np.ones((4800, 2), np.float32) * 0.5, 48_000, format="FLAC")
    (one,) = read_bank(tmp_path).notes
    assert one.samples.dtype == np.float32
    assert one.samples.shape == (4410,)


def test_a_file_that_is_listed_often_is_read_once(tmp_path: Path) -> None:
    write_bank(Bank("x", (note(60),)), tmp_path)
    index = json.loads((tmp_path / "notes.json").read_text())
    (tmp_path / "notes.json").write_text(json.dumps(index | {"notes": index["notes"] * 3}))
    first, *others = read_bank(tmp_path).notes
    assert len(others) == 2 and all(one.samples is first.samples for one in others)


def test_banks_are_found_inside_folders(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_bank(Bank(name, (note(60),)), tmp_path / "all" / name)
    assert find_banks([tmp_path]) == [tmp_path / "all" / "a", tmp_path / "all" / "b"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pitch": 200}, "pitch in 0..127"),
        ({"velocity": 0}, "velocity in 1..127"),
        ({"seconds": 0}, "seconds above 0"),
        ({"file": "gone.flac"}, "gone.flac'"),
    ],
)
def test_a_wrong_note_is_named(tmp_path: Path, change: dict[str, object], words: str) -> None:
    write_bank(Bank("x", (note(60),)), tmp_path)
    index = json.loads((tmp_path / "notes.json").read_text())
    index["notes"][0].update(change)
    (tmp_path / "notes.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=words):
        read_bank(tmp_path)


def test_what_is_no_bank_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no bank of notes"):
        read_bank(tmp_path)
    with pytest.raises(UserError, match="no bank of notes"):
        find_banks([tmp_path])
    with pytest.raises(UserError, match="no folder"):
        find_banks([tmp_path / "nowhere"])
    with pytest.raises(ValueError, match="at least one note"):
        write_bank(Bank("x", ()), tmp_path)
