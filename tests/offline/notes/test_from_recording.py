"""Single notes out of a recording and its MIDI file: made of decaying tones at known places."""

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from typer.testing import CliRunner

from samplechop.offline.audio.reading import RATE
from samplechop.offline.cli.notes import app
from samplechop.offline.notes.from_recording import PlayedNote, alone, find_offset, read_played
from samplechop.offline.notes.note_bank import read_bank
from samplechop.realtime.core.errors import UserError

MELODY = tuple(
    PlayedNote(1.0 * at + 0.05 * (at % 3), 1.0 * at + 0.05 * (at % 3) + 0.5, pitch, 60 + at)
    for at, pitch in enumerate((60, 64, 67, 72, 55, 48, 59, 62))
)


def recording(notes: tuple[PlayedNote, ...], offset: float) -> NDArray[np.float32]:
    """Give what an instrument makes of it, float32 (n,), `offset` seconds later than the file says."""
    samples = 1e-4 * np.random.default_rng(0).standard_normal(round((notes[-1].end + offset + 2) * RATE))
    for note in notes:
        begin = round((note.begin + offset) * RATE)
        t = np.arange(round(0.6 * RATE)) / RATE
        tone = 0.3 * np.cos(2 * np.pi * 440 * 2 ** ((note.pitch - 69) / 12) * t) * np.exp(-t / 0.15)
        first = max(0, begin)
        samples[first : begin + len(tone)] += tone[first - begin :]
    return samples.astype(np.float32)


def midi_file(notes: tuple[PlayedNote, ...], path: Path) -> Path:
    """Write the notes with a tempo change in the middle."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    edges = sorted((moment, on, note) for note in notes for moment, on in ((note.begin, True), (note.end, False)))
    now, tempo = 0.0, 500_000
    for at, (moment, on, note) in enumerate(edges):
        ticks = round(mido.second2tick(moment - now, 4800, tempo))
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, note=note.pitch, velocity=note.velocity if on else 0, time=ticks))
        now = moment
        if at == len(edges) // 2:
            tempo = 700_000
            track.append(mido.MetaMessage("set_tempo", tempo=tempo))
    mido.MidiFile(ticks_per_beat=4800, tracks=[track]).save(path)
    return path


@pytest.mark.parametrize("offset", [0.0, 1.234, 7.5, -0.4])
def test_where_recording_and_file_fit_is_found(offset: float) -> None:
    assert find_offset(recording(MELODY, offset), MELODY) == pytest.approx(offset, abs=0.005)


def test_a_recording_of_something_else_is_refused() -> None:
    with pytest.raises(UserError, match="do not fit"):
        find_offset(np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32), MELODY[:2])


def test_the_file_is_read_with_its_tempo_changes(tmp_path: Path) -> None:
    found = read_played(midi_file(MELODY, tmp_path / "melody.mid"))
    assert [(one.pitch, one.velocity) for one in found] == [(one.pitch, one.velocity) for one in MELODY]
    np.testing.assert_allclose([one.begin for one in found], [one.begin for one in MELODY], atol=0.001)
    np.testing.assert_allclose([one.end for one in found], [one.end for one in MELODY], atol=0.001)


def test_notes_that_sound_together_are_left_out() -> None:
    notes = [
        PlayedNote(0, 1, 60, 80),
        PlayedNote(2, 4, 62, 80),
        PlayedNote(3, 5, 64, 80),
        PlayedNote(5.1, 6, 65, 80),
        PlayedNote(7, 8, 67, 80),
    ]
    assert [(note.pitch, round(length, 2)) for note, length in alone(notes, 0.5)] == [(60, 1.5), (62, 0.97), (67, 1.5)]


def test_the_command_cuts_every_note_at_its_attack(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "melody.wav", recording(MELODY, 0.7), RATE)
    midi = midi_file(MELODY, tmp_path / "melody.mid")
    result = CliRunner().invoke(
        app, ["from-recording", str(tmp_path / "melody.wav"), str(midi), "-o", str(tmp_path / "out")]
    )
    assert "8 notes" in result.output
    notes = read_bank(tmp_path / "out").notes
    assert sorted((note.pitch, note.velocity) for note in notes) == sorted((one.pitch, one.velocity) for one in MELODY)
    assert all(np.abs(note.samples[:32]).max() > 0.2 for note in notes)
    assert [round(note.held, 2) for note in notes] == [0.5] * len(notes)
