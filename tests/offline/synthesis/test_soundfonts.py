"""MIDI files played by fluidsynth, also those that would never end."""

import shutil
from pathlib import Path

import mido
import numpy as np
import pytest

from samplechop.offline.audio.reading import RATE
from samplechop.offline.synthesis import soundfonts
from samplechop.offline.synthesis.soundfonts import play
from samplechop.realtime.core.errors import UserError

ORGAN = 19
"""It sounds for as long as the key is down."""


@pytest.fixture(scope="module")
def font() -> Path:
    if shutil.which("fluidsynth") is None or not any(Path(place).is_file() for place in soundfonts.USUAL_PLACES):
        pytest.skip("needs fluidsynth and a General MIDI soundfont")
    return soundfonts.find_soundfont()


def midi_file(path: Path, ended: bool, ticks: int = 480) -> Path:
    """Write an organ note of half a second, at 120 beats per minute; without its end where `ended` is false."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack(
        [mido.Message("program_change", program=ORGAN), mido.Message("note_on", note=60, velocity=100)]
    )
    last = mido.Message("note_off", note=60) if ended else mido.Message("control_change", control=3, value=0)
    track.append(last.copy(time=ticks))
    file.tracks.append(track)
    file.save(path)
    return path


def test_a_note_that_ends_dies_away(font: Path, tmp_path: Path) -> None:
    sound = play(midi_file(tmp_path / "a.mid", ended=True), font)
    assert sound.dtype == np.float32
    assert sound.shape[1] == 2
    assert 0.5 * RATE < len(sound) < 10 * RATE
    assert np.max(np.abs(sound)) > 0.01


def test_a_note_that_never_ends_is_cut_off(font: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfonts, "TAIL_SECONDS", 3)
    sound = play(midi_file(tmp_path / "a.mid", ended=False), font)
    assert len(sound) == round(3.5 * RATE)
    assert np.max(np.abs(sound[-RATE:])) > 0.01


def test_a_file_that_lasts_for_hours_is_refused(font: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="hours long"):
        play(midi_file(tmp_path / "a.mid", ended=True, ticks=10_000_000), font)


def test_what_is_no_midi_file_is_refused(font: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"MThd")
    with pytest.raises(UserError, match="cannot be read as a MIDI file"):
        play(tmp_path / "a.mid", font)
