import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from samplechop.offline.atlas import tempo_and_key as describing
from samplechop.offline.atlas.collect.collect import collect
from samplechop.offline.atlas.files import read_table
from samplechop.offline.atlas.settings import CollectSettings, DescribeSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.tempo_and_key import COLUMNS, TABLE, describe
from samplechop.offline.cli.main import app
from samplechop.offline.export import manifest
from samplechop.realtime.core.errors import UserError
from tests.support.kits import make_kit
from tests.support.signals import RATE, chord, kick, snare

SETTINGS = DescribeSettings()
RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")


def quiet(what: str, done: int, of: int) -> None:
    """Hear how far it has come, and tell nobody."""


def loop(bpm: float) -> np.ndarray:
    """One bar: kick and snare in turn, which begins at once and ends with silence."""
    rng, beat = np.random.default_rng(0), round(60 / bpm * RATE)
    audio = np.zeros(4 * beat, np.float32)
    for number in range(4):
        hit = snare(rng) if number % 2 else kick(rng)
        audio[number * beat :][: len(hit)] += hit
    return audio


def progression() -> np.ndarray:
    """C, F, G and C major."""
    t = np.arange(round(1.2 * RATE)) / RATE
    voices = [
        [sum(np.sin(2 * np.pi * root * step * h * t) / h for h in (1, 2, 3)) for step in (1, 1.26, 1.498)]
        for root in (261.63, 349.23, 392.0, 261.63)
    ]
    return np.concatenate([0.1 * sum(voice) * np.exp(-t) for voice in voices])


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """An atlas of a loop, of one hit and of some chords, and the pile they come from."""
    home = tmp_path_factory.mktemp("first")
    (home / "pile").mkdir()
    sounds = {"a_loop": loop(120.0), "b_hit": kick(np.random.default_rng(0)), "c_chords": progression()}
    for name, samples in sounds.items():
        soundfile.write(home / "pile" / f"{name}.wav", samples, RATE)
    collect(home / "atlas", [home / "pile"], CollectSettings(), quiet)
    return home


@pytest.fixture
def atlas(tmp_path, first):
    """The same, to be changed."""
    return shutil.copytree(first / "atlas", tmp_path / "atlas")


def music(folder) -> list[list[str]]:
    return read_table(folder / TABLE, COLUMNS)


def test_loops_have_a_tempo_music_a_key_and_hits_neither(atlas):
    describe(Atlas(atlas), SETTINGS, quiet)
    (_, tempo, _), hit, (_, _, key) = music(atlas)
    assert float(tempo) == pytest.approx(120.0, rel=0.02)
    assert hit == ["b_hit", "", ""]
    assert key == "C major"


def test_what_was_analysed_is_not_analysed_again(atlas, tmp_path, monkeypatch):
    describe(Atlas(atlas), SETTINGS, quiet)
    before = music(atlas)
    soundfile.write(tmp_path / "more.wav", loop(90.0), RATE)
    collect(atlas, [tmp_path / "more.wav"], CollectSettings(), quiet)
    analysed = []
    monkeypatch.setattr(
        describing, "analyse_rows", lambda _folder, _settings, rows: analysed.extend(rows) or [("90.0", "")]
    )
    describe(Atlas(atlas), SETTINGS, quiet)
    assert analysed == [3]
    assert music(atlas) == [*before, ["more", "90.0", ""]]
    describe(Atlas(atlas), SETTINGS, quiet)
    assert analysed == [3]


def test_what_was_analysed_before_the_run_ended_is_kept(atlas, monkeypatch):
    monkeypatch.setattr(describing, "_TOGETHER", 1)
    monkeypatch.setattr(describing, "_LOST_SECONDS", 0.0)
    analysed = []

    def hear(_folder, _settings, rows):
        analysed.extend(rows)
        if analysed == [0, 2]:
            raise KeyboardInterrupt
        return [("100.0", "")] * len(rows)

    monkeypatch.setattr(describing, "analyse_rows", hear)
    with pytest.raises(KeyboardInterrupt):
        describe(Atlas(atlas), SETTINGS, quiet)
    describe(Atlas(atlas), SETTINGS, quiet)
    assert analysed == [0, 2, 2]
    assert [row[1] for row in music(atlas)] == ["100.0", "", "100.0"]


def test_other_settings_are_analysed_anew(atlas, monkeypatch):
    describe(Atlas(atlas), SETTINGS, quiet)
    analysed = []
    monkeypatch.setattr(
        describing, "analyse_rows", lambda _folder, _settings, rows: analysed.extend(rows) or [("1", "")] * len(rows)
    )
    describe(Atlas(atlas), DescribeSettings(least_seconds=0.1), quiet)
    assert analysed == [0, 1, 2]


def test_slices_of_a_kit_have_tempo_and_key_of_their_record(tmp_path):
    kit = make_kit(tmp_path)
    manifest.write(kit)
    collect(tmp_path / "atlas", [kit.folder], CollectSettings(), quiet)
    describe(Atlas(tmp_path / "atlas"), SETTINGS, quiet)
    assert {tuple(row[1:]) for row in music(tmp_path / "atlas")} == {("92.0", "A minor")}


def test_a_loop_is_as_long_as_its_file(tmp_path):
    rest = np.zeros(RATE // 8, np.float32)
    samples = np.concatenate([rest, chord(110.0, 1.0), rest])
    soundfile.write(tmp_path / "chord.wav", samples, RATE)
    collect(tmp_path / "atlas", [tmp_path / "chord.wav"], CollectSettings(), quiet)
    atlas = Atlas(tmp_path / "atlas")
    whole = describing._whole(atlas.sounds[0], atlas.samples()[0], RATE)
    assert len(whole) == len(samples)
    assert np.argmax(np.abs(whole)) == np.argmax(np.abs(samples))


def test_files_that_are_gone_do_not_matter(tmp_path):
    soundfile.write(tmp_path / "loop.wav", loop(120.0), RATE)
    collect(tmp_path / "atlas", [tmp_path / "loop.wav"], CollectSettings(), quiet)
    (tmp_path / "loop.wav").unlink()
    describe(Atlas(tmp_path / "atlas"), SETTINGS, quiet)
    assert [row[0] for row in music(tmp_path / "atlas")] == ["loop"]


def test_an_atlas_without_sounds_has_no_music(tmp_path):
    describe(Atlas.begin(tmp_path, RATE, 100), SETTINGS, quiet)
    assert music(tmp_path) == []


def test_the_command_says_how_many_there_are(atlas):
    done = CliRunner().invoke(app, ["atlas", "describe", str(atlas), "--jobs", "1"])
    assert done.exit_code == 0 and "1 of 3 sounds have a tempo, 1 a key" in done.output


def test_settings_out_of_range_are_one_sentence():
    with pytest.raises(UserError, match=r"--least-seconds must be in 0\.001\.\.16, got 0"):
        DescribeSettings(least_seconds=0.0)


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
def test_the_tempo_of_real_loops_fills_them_with_whole_bars(tmp_path):
    files = sorted(Path(RECORDINGS or "").rglob("loop_*.flac"))
    if not files:
        pytest.skip("no loops among the recordings")
    collect(tmp_path, files, CollectSettings(), quiet, 2)
    describe(Atlas(tmp_path), SETTINGS, quiet, 2)
    lasting = {path.stem: soundfile.info(path).duration for path in files}
    beats = [lasting[name] * float(tempo) / 60 for name, tempo, _ in music(tmp_path) if tempo]
    assert len(beats) >= 0.6 * len(Atlas(tmp_path))
    for count in beats:
        assert count == pytest.approx(min((2, 4, 8, 16, 32), key=lambda whole: abs(count - whole)), rel=0.015)
