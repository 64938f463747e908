"""Rendered MIDI files carry their drums where they sound."""

import shutil
from pathlib import Path

import mido
import numpy as np
import pytest

from samplechop.offline.audio.reading import RATE, read_audio
from samplechop.offline.lab.drum_datasets.from_midi import rendered
from samplechop.offline.labels.drum_labels import nearest, read_drum_labels, rise
from samplechop.offline.synthesis import soundfonts
from samplechop.realtime.core.errors import UserError

needs_synth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not any(Path(place).is_file() for place in soundfonts.USUAL_PLACES),
    reason="needs fluidsynth and a soundfont",
)


def untold(done: int, of: int) -> None:
    """Hear how far it has come, and leave it at that."""


def write_song(path: Path) -> None:
    """Kick and snare in turn, a held organ below; the tempo rises after four beats."""
    tempo = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=600_000)])
    tempo.append(mido.MetaMessage("set_tempo", tempo=400_000, time=4 * 480))
    drums, organ = mido.MidiTrack(), mido.MidiTrack([mido.Message("program_change", program=16)])
    for beat in range(8):
        drums.append(mido.Message("note_on", channel=9, note=(36, 38)[beat % 2], velocity=110, time=240))
        drums.append(mido.Message("note_off", channel=9, note=(36, 38)[beat % 2], time=240))
    organ += [mido.Message("note_on", note=48, velocity=40), mido.Message("note_off", note=48, time=8 * 480)]
    file = mido.MidiFile(type=1)
    file.tracks += [tempo, drums, organ]
    file.save(path)


@needs_synth
def test_each_label_lies_on_the_attack_that_is_heard(tmp_path: Path) -> None:
    write_song(tmp_path / "song.mid")
    done, passed = rendered(
        [tmp_path / "song.mid"], [soundfonts.find_soundfont()], (True, False), 1, 3, tmp_path, untold
    )
    assert (done, passed) == (2, [])
    beats = np.array([0.3 + 0.6 * n for n in range(4)] + [2.6 + 0.4 * n for n in range(4)])
    for name in ("song", "song-drums"):
        labels = read_drum_labels(tmp_path / f"{name}.drums.json")
        times = np.array([hit.time for hit in labels.events])
        assert [hit.label for hit in labels.events] == ["kick", "snare"] * 4
        assert np.all((times >= beats - 0.001) & (times < beats + 0.03))
    sound = read_audio(tmp_path / "song-drums.flac")
    risen = rise(sound)
    assert max(abs(nearest(risen, time, 0.03)[0] - time) for time in times) < 0.004
    assert np.max(np.abs(sound[: round(0.29 * RATE)])) < 0.01


def test_a_song_without_drums_is_refused_if_it_is_the_only_one_and_else_passed_over(tmp_path: Path) -> None:
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60)]))
    for name in ("one.mid", "two.mid"):
        file.save(tmp_path / name)
    nothing = [Path("none.sf2")]
    with pytest.raises(UserError, match="plays no drums"):
        rendered([tmp_path / "one.mid"], nothing, (True,), 1, 0, tmp_path, untold)
    both = [tmp_path / "one.mid", tmp_path / "two.mid"]
    done, passed = rendered(both, nothing, (True,), 1, 0, tmp_path, untold)
    assert done == 0 and len(passed) == 2
