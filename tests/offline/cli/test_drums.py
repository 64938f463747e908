"""The commands `samplechop drums`, as a user calls them."""

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.models import ClipFeatures
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.lab.drum_datasets import clip_classifier, from_midi, from_tracks
from samplechop.offline.lab.drum_datasets.clip_classifier import open_net
from samplechop.offline.labels.drum_labels import DrumHit, DrumLabels, read_drum_labels, write_drum_labels
from samplechop.realtime.core.events import DRUMS
from tests.support.command import samplechop
from tests.support.drum_recordings import recording

HIT = DrumLabels((DrumHit(0.5, "kick"),))


def write_sound(path: Path, seconds: float = 1.0) -> None:
    soundfile.write(path, np.zeros(round(seconds * RATE), np.float32), RATE)


def write_midi(path: Path) -> None:
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", channel=9, note=36, time=480)]))
    file.save(path)


class Twice:
    """Answers, but the second time somebody presses Ctrl-C."""

    def __init__(self, answer: object) -> None:
        """Take what is answered."""
        self.answer, self.calls = answer, 0

    def __call__(self, *arguments: object) -> object:
        del arguments
        self.calls += 1
        if self.calls == 2:
            raise KeyboardInterrupt
        return self.answer


def goes_on_after_ctrl_c(arguments: tuple[object, ...], out: Path, calls: Twice) -> None:
    stopped = samplechop("drums", *arguments)
    assert stopped.code == 130
    assert {path.name for path in out.iterdir()} == {"a.flac", "a.drums.json"}
    first = (out / "a.flac").stat().st_mtime_ns
    again = samplechop("drums", *arguments)
    assert again.code == 0, again
    assert "2 recordings" in again.out
    assert {path.stem for path in out.glob("*.flac")} == {"a", "b"}
    assert (out / "a.flac").stat().st_mtime_ns == first
    assert calls.calls == 3


def test_from_tracks_goes_on_where_ctrl_c_stopped_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "music").mkdir()
    for name in "ab":
        write_sound(tmp_path / "music" / f"{name}.wav")
    calls = Twice(HIT)
    monkeypatch.setattr(from_tracks, "label_clips", calls)
    monkeypatch.setattr(clip_classifier, "open_net", lambda _: None)
    begun = ("from-tracks", tmp_path / "music", "-o", tmp_path / "out", "--net", "mine.json")
    goes_on_after_ctrl_c(begun, tmp_path / "out", calls)


def test_render_goes_on_where_ctrl_c_stopped_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "midi").mkdir()
    for name in "ab":
        write_midi(tmp_path / "midi" / f"{name}.mid")
    (tmp_path / "any.sf2").touch()
    calls = Twice((np.zeros(RATE, np.float32), HIT))
    monkeypatch.setattr(from_midi, "perform", calls)
    monkeypatch.setattr(from_midi, "cast", lambda *_: None)
    fixed = ("--soundfont", tmp_path / "any.sf2", "--part", "band")
    goes_on_after_ctrl_c(("render", tmp_path / "midi", "-o", tmp_path / "out", *fixed), tmp_path / "out", calls)


def test_what_cannot_be_read_is_told_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    write_sound(tmp_path / "short.wav", 0.1)
    write_sound(tmp_path / "whole.wav")
    outcome = samplechop("drums", "four-on-the-floor", tmp_path, "-o", tmp_path / "out")
    assert outcome.code == 0
    assert outcome.err.count("skipped:") == 2
    assert [path.name for path in (tmp_path / "out").glob("*.flac")] == ["whole.flac"]


def test_by_hand_tells_how_the_notes_lie(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", recording([(0.5, "kick")], 1.0), RATE)
    write_midi(tmp_path / "a.mid")
    outcome = samplechop("drums", "by-hand", tmp_path / "a.wav", tmp_path / "a.mid", "-o", tmp_path / "out")
    assert outcome.code == 0, outcome
    assert "100 % lie within" in outcome.out
    assert read_drum_labels(tmp_path / "out" / "a.drums.json").times("kick") == [0.5]


@pytest.mark.parametrize("arguments", ["four-on-the-floor . -o .", "by-hand a.flac a.mid -o ../here"])
def test_no_recording_is_replaced_by_what_is_made_of_it(
    arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_sound(Path("a.flac"))
    write_midi(Path("a.mid"))
    before = Path("a.flac").read_bytes()
    outcome = samplechop("drums", *arguments.split())
    assert outcome.code == 2 and "is a recording to label and would be replaced" in outcome.err
    assert Path("a.flac").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("render nowhere -o out", "Nothing at 'nowhere'"),
        ("render empty -o out", "No MIDI file in 'empty'"),
        ("render zero.mid -o out", "ends too early"),
        ("render text.mid -o out", "Standard MIDI File"),
        ("render text.mid -o out --part vocals", "--part must be"),
        ("render song.mid -o out --soundfont none.sf2", "No soundfont at 'none.sf2'"),
        ("four-on-the-floor nowhere -o out", "Nothing at 'nowhere'"),
        ("from-tracks empty -o out --net other/drums.json", "takes no onset-centred clips"),
        ("from-tracks empty -o out --net none.json", "no model 'none.json'"),
        ("from-tracks empty -o out --net none.json --demucs nowhere", "No folder of demucs models at 'nowhere'"),
        ("four-on-the-floor empty -o out", "No audio file in 'empty'"),
        ("four-on-the-floor text.mid -o out", "'text.mid' cannot be read"),
        ("by-hand none.wav song.mid -o out", "No recording at 'none.wav'"),
        (
            "by-hand a.wav none.mid -o out",
            "'none.mid' cannot be read as a Standard MIDI File of type 0 or 1: No such file",
        ),
        ("by-hand a.wav song.mid -o out --offset nan", "--offset must be"),
        ("by-hand a.wav song.mid -o out --offset 30", "give another --offset"),
        ("by-hand a.wav song.mid -o out --only kick,gong", "--only must be"),
        ("by-hand a.wav song.mid -o song.mid", "'song.mid/a.flac' cannot be written"),
        ("clips nowhere -o m", "no folder 'nowhere'"),
        ("clips empty -o m", "no labelled recordings in 'empty'"),
        ("clips few -o m", "fewer than 20 of kick, snare, hat"),
        ("clips few -o song.mid/m", "--out 'song.mid/m' cannot be written"),
    ],
)
def test_wrong_input_is_one_sentence(
    arguments: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("empty", "few"):
        Path(folder).mkdir()
    Path("other").symlink_to(models.FOLDER)
    write_midi(Path("song.mid"))
    Path("zero.mid").touch()
    Path("text.mid").write_text("no music at all")
    for sound in ("a.wav", "few/a.wav"):
        write_sound(Path(sound))
    write_drum_labels(HIT, Path("few/a.drums.json"))
    outcome = samplechop("drums", *arguments.split())
    assert outcome.code == 2, outcome
    assert says in outcome.err
    told = [line for line in outcome.err.strip().splitlines() if line.startswith("samplechop: ")]
    assert len(told) == 1 and outcome.err.strip().endswith(told[0])
    assert not Path("out").exists()


def dense(seed: int) -> tuple[Sound, DrumLabels]:
    """Strike kick, snare and hat 24 times each."""
    rng = np.random.default_rng(seed)
    times = 0.3 + 0.12 * np.arange(72) + rng.uniform(0, 0.02, 72)
    struck = list(zip(times.tolist(), ("kick", "snare", "hat") * 24, strict=True))
    return recording(struck, 9.5), DrumLabels(tuple(DrumHit(time, role) for time, role in struck))


def test_a_net_for_clips_is_trained_and_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    monkeypatch.setattr(clip_classifier, "LAYERS", 0)  # tracing a whole net takes half of the test
    for seed in range(2):
        sound, labels = dense(seed)
        soundfile.write(tmp_path / f"{seed}.wav", sound, RATE)
        write_drum_labels(labels, tmp_path / f"{seed}.drums.json")
    outcome = samplechop("drums", "clips", tmp_path, "-o", tmp_path / "mine", "--steps", 10)
    assert outcome.code == 0, outcome
    assert isinstance(models.load(tmp_path / "mine.json").features, ClipFeatures)
    net = open_net(tmp_path / "mine.json")
    assert set(net.sure) == set(net.absent) == set(DRUMS)
    assert net.predict(clip_classifier.features(dense(3)[0], [0.3, 0.42])).shape == (2, len(DRUMS))
