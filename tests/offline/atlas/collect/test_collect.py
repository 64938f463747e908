import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from samplechop.offline.atlas.collect import collect as collecting
from samplechop.offline.atlas.collect.collect import collect
from samplechop.offline.atlas.settings import CollectSettings
from samplechop.offline.atlas.store import NAMES, SAMPLES, SOURCES, TABLE, Atlas
from samplechop.offline.cli.atlas_steps import seconds
from samplechop.offline.cli.main import app
from samplechop.offline.export import manifest
from samplechop.offline.kits.core.model import MANIFEST
from samplechop.realtime.core.errors import UserError
from tests.offline.atlas.collect.collect_work import make_or_die
from tests.support.kits import make_kit
from tests.support.signals import RATE, kick, record, snare

SETTINGS = CollectSettings(max_seconds=1.0)


def quiet(what: str, done: int, of: int) -> None:
    """Hear how far it has come, and tell nobody."""


def tone(number: int = 0, seconds: float = 0.05, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * (300 + 50 * number) * t) * np.exp(-20 * t)).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int = RATE, **more) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **more)
    return path


def some(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        write(folder / f"{name}.wav", tone(number))
    return folder


def gather(atlas: Path, *inputs: Path, settings: CollectSettings = SETTINGS, **more) -> collecting.Collected:
    return collect(atlas, inputs, settings, quiet, **more)


def names(atlas: Path) -> list[str]:
    return [sound.name for sound in Atlas(atlas).sounds]


def reason(atlas: Path, name: str) -> str:
    """Why the file of this name was left out."""
    (found,) = [source for source in Atlas(atlas).sources() if Path(source.path).name == name]
    assert not found.sounds and found.reason
    return found.reason


@pytest.fixture
def atlas(tmp_path):
    return tmp_path / "atlas"


def with_fake_length(path: Path, samples: int) -> Path:
    """Let a FLAC claim to be so long: the 36 bits of STREAMINFO that begin in its byte 13."""
    write(path, tone())
    data = bytearray(path.read_bytes())
    data[21] = data[21] & 0xF0 | samples >> 32
    data[22:26] = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    path.write_bytes(data)
    return path


def test_of_200_files_only_the_bad_ones_are_left_out_each_by_name(tmp_path, atlas):
    pile = tmp_path / "pile"
    good = ["café été", "太鼓 1", "Trommel_ÄÖ", "🥁", "tab\there", "line\nbreak", 'quo"te', "kick", "KICK"]
    for number in range(192 - len(good)):
        good.append(f"hit_{number:03d}")
    for number, name in enumerate(good):
        write(pile / f"{name}.wav", tone(number % 20, 0.01))
    write(pile / "again" / "kick.wav", tone(30, 0.01))
    write(pile / "again" / "kick.flac", tone(31, 0.01))
    (pile / "damaged.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt nonsense")
    (pile / "empty.wav").write_bytes(b"")
    cut = write(pile / "cut.flac", np.tile(tone(), 8))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    write(pile / "silent.wav", np.zeros(4000))
    write(pile / "constant.wav", np.full(4000, 0.25))
    write(pile / "huge.wav", np.tile(tone(), 21))
    report = gather(atlas, pile, jobs=2)

    assert len(report.left_out) == 6 and report.new == len(names(atlas)) == 194
    for name in ("damaged.wav", "empty.wav", "cut.flac", "silent.wav", "constant.wav", "huge.wav"):
        (told,) = [sentence for sentence in report.left_out if name in sentence]
        assert told == reason(atlas, name) and "\n" not in told
    assert "is silent" in reason(atlas, "silent.wav")
    assert "is silent" in reason(atlas, "constant.wav")
    assert "lasts 1.1 s, longer than --max-seconds 1" in reason(atlas, "huge.wav")
    found = names(atlas)
    assert len({name.casefold() for name in found}) == len(found)
    assert {"café été", "太鼓 1", "🥁", "tab_here", "line_break", 'quo"te'} <= set(found)
    assert (atlas / NAMES).read_text(encoding="utf-8").splitlines() == found
    assert {str(pile / "tab\there.wav"), str(pile / "line\nbreak.wav")} <= {each.path for each in Atlas(atlas).sounds}


def test_a_header_that_claims_twelve_hours_costs_nothing_but_that_file(tmp_path, atlas):
    some(tmp_path / "pile", "kick")
    with_fake_length(tmp_path / "pile" / "fake.flac", 12 * 3600 * RATE)
    assert gather(atlas, tmp_path / "pile").new == 1
    assert "lasts 43200.0 s" in reason(atlas, "fake.flac")


def test_damage_is_left_out_not_mended(tmp_path, atlas):
    cut = write(tmp_path / "pile" / "cut.wav", tone())
    cut.write_bytes(cut.read_bytes()[:-1000])
    numbers = tone()
    numbers[5] = np.nan
    write(tmp_path / "pile" / "nan.wav", numbers, subtype="FLOAT")
    gather(atlas, tmp_path / "pile")
    assert reason(atlas, "cut.wav").endswith("ends early, after 1705 of 2205 samples: 0.01 of 0.05 s are missing")
    assert reason(atlas, "nan.wav").endswith("holds 1 sample that is no audio (NaN or endless)")


def test_a_file_that_kills_the_process_which_reads_it_is_named_and_left_out(tmp_path, atlas, monkeypatch):
    monkeypatch.setattr(collecting, "make", make_or_die)
    monkeypatch.setattr(collecting, "_ROUNDS", 1)  # all in one go
    some(tmp_path / "pile", "kick", "deadly", "snare")
    report = gather(atlas, tmp_path / "pile")
    assert names(atlas) == ["kick", "snare"]
    assert len(report.left_out) == 1 and "deadly.wav" in report.left_out[0] and "died" in report.left_out[0]


def test_adding_files_touches_only_the_new(tmp_path, atlas):
    some(tmp_path / "one", "kick", "snare")
    gather(atlas, tmp_path / "one")
    before = {name: (atlas / name).read_bytes() for name in (SAMPLES, TABLE, NAMES, SOURCES)}
    some(tmp_path / "two", "hat")
    report = gather(atlas, tmp_path / "one", tmp_path / "two")
    assert (report.new, report.known) == (1, 2)
    assert names(atlas) == ["kick", "snare", "hat"]
    for name, content in before.items():
        head = 128 if name == SAMPLES else 0  # which tells how many rows there are
        assert (atlas / name).read_bytes()[head : len(content)] == content[head:]


def test_the_same_again_changes_nothing(tmp_path, atlas):
    some(tmp_path / "one", "kick", "snare")
    write(tmp_path / "one" / "silent.wav", np.zeros(4000))
    gather(atlas, tmp_path / "one")
    before = {file.name: file.read_bytes() for file in atlas.iterdir()}
    report = gather(atlas, tmp_path / "one")
    assert (report.new, report.known, len(report.left_out)) == (0, 2, 1)
    assert {file.name: file.read_bytes() for file in atlas.iterdir()} == before


def test_a_file_that_was_moved_by_a_link_is_the_same_file(tmp_path, atlas):
    some(tmp_path / "one", "kick")
    gather(atlas, tmp_path / "one")
    (tmp_path / "linked").symlink_to(tmp_path / "one")
    assert gather(atlas, tmp_path / "linked" / "kick.wav").new == 0


def test_a_file_that_changed_is_named_and_left_as_it_was_collected(tmp_path, atlas):
    some(tmp_path / "one", "kick")
    gather(atlas, tmp_path / "one")
    sounds = Atlas(atlas).sounds
    write(tmp_path / "one" / "kick.wav", tone(9, 0.2))
    report = gather(atlas, tmp_path / "one")
    assert report.notes == [f"{str(tmp_path / 'one' / 'kick.wav')!r} has changed; it is left as it was collected"]
    assert Atlas(atlas).sounds == sounds


def test_a_bad_file_that_was_mended_comes_in(tmp_path, atlas):
    some(tmp_path / "one", "kick", "snare")
    (tmp_path / "one" / "snare.wav").write_bytes(b"RIFF")
    gather(atlas, tmp_path / "one")
    assert names(atlas) == ["kick"]
    some(tmp_path / "one", "hat", "snare")
    gather(atlas, tmp_path / "one" / "snare.wav")
    assert names(atlas) == ["kick", "snare"]


def test_what_was_left_out_is_processed_again_as_more_may_be_installed(tmp_path, atlas):
    shutil.copy(Path(soundfile.__file__), tmp_path / "film.m4a")
    some(tmp_path, "kick")
    gather(atlas, tmp_path)
    assert "film.m4a" in reason(atlas, "film.m4a")
    write(tmp_path / "other.wav", tone())
    facts = (tmp_path / "film.m4a").stat()
    (tmp_path / "other.wav").replace(tmp_path / "film.m4a")
    os.utime(tmp_path / "film.m4a", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    gather(atlas, tmp_path)
    assert names(atlas) == ["kick", "film"]


def test_settings_other_than_the_atlas_has_are_one_sentence(tmp_path, atlas):
    some(tmp_path / "one", "kick")
    gather(atlas, tmp_path / "one")
    with pytest.raises(UserError, match="were collected with rate 44100, not 22050: leave the option out"):
        gather(atlas, tmp_path / "one", settings=CollectSettings(rate=22_050, max_seconds=1.0))


def test_an_atlas_that_never_got_a_sound_may_have_other_settings(tmp_path, atlas):
    write(tmp_path / "one" / "silent.wav", np.zeros(4000))
    gather(atlas, tmp_path / "one")
    some(tmp_path / "one", "kick")
    assert gather(atlas, tmp_path / "one", settings=CollectSettings(rate=22_050)).new == 1


def test_a_name_that_is_no_text_is_reported_and_left_out(tmp_path, atlas):
    some(tmp_path / "pile", "kick")
    try:
        shutil.copy(tmp_path / "pile" / "kick.wav", os.fsencode(tmp_path / "pile") + b"/caf\xe9.wav")
    except OSError:
        pytest.skip("this disk takes no such names")
    for _ in range(2):
        gather(atlas, tmp_path / "pile")
        assert names(atlas) == ["kick"]
    assert len(Atlas(atlas).sources()) == 2 and "is not UTF-8: rename it" in Atlas(atlas).sources()[0].reason


def test_ctrl_c_keeps_what_was_done_and_the_same_command_does_the_rest(tmp_path, atlas, monkeypatch):
    monkeypatch.setattr(collecting, "_TOGETHER", 2)
    some(tmp_path / "pile", *(f"hit_{number}" for number in range(10)))

    def interrupted(_what, done, _of):
        if done == 3:
            raise KeyboardInterrupt

    report = collect(atlas, [tmp_path / "pile"], SETTINGS, interrupted)
    assert report.interrupted and 3 <= len(names(atlas)) < 10
    report = gather(atlas, tmp_path / "pile")
    assert not report.interrupted
    assert names(atlas) == [f"hit_{number}" for number in range(10)]


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path, atlas):
    some(tmp_path / "pile", *(f"hit_{number}" for number in range(8)))
    script = """
        import os, signal, sys
        from pathlib import Path
        from samplechop.offline.atlas.collect import collect
        from samplechop.offline.atlas.collect.collect import CollectSettings
        def killed(what, done, of):
            if done == 5:
                os.kill(os.getpid(), signal.SIGKILL)
        if __name__ == "__main__":
            collect._TOGETHER, collect._BATCH_SECONDS = 2, 0.0
            collect.collect(Path(sys.argv[1]), [Path(sys.argv[2])], CollectSettings(max_seconds=1.0), killed)
    """
    (tmp_path / "script.py").write_text(textwrap.dedent(script))
    given = [sys.executable, tmp_path / "script.py", atlas, tmp_path / "pile"]
    # Its workers live on for a while, with whatever it was given to write to.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    done = subprocess.run(given, check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, **quiet)
    assert done.returncode == -9
    assert names(atlas) == [f"hit_{number}" for number in range(5)]
    assert gather(atlas, tmp_path / "pile").known == 5
    assert names(atlas) == [f"hit_{number}" for number in range(8)]
    assert not list(atlas.glob(".part-*"))


def test_how_many_processes_there_are_changes_nothing(tmp_path):
    some(tmp_path / "pile", *(f"hit_{number:02d}" for number in range(20)))
    gather(tmp_path / "a", tmp_path / "pile", jobs=1)
    gather(tmp_path / "b", tmp_path / "pile", jobs=3)
    for name in (SAMPLES, TABLE, NAMES, SOURCES):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_two_at_once_do_not_spoil_it(tmp_path, atlas):
    some(tmp_path / "pile", "kick")
    gather(atlas, tmp_path / "pile")
    with Atlas(atlas).exclusive(), pytest.raises(UserError, match="another samplechop is at work"):
        gather(atlas, tmp_path / "pile")


def test_one_at_once_with_other_settings_does_not_spoil_it_before_its_first_sound(tmp_path, atlas):
    some(tmp_path / "pile", "kick")
    first = Atlas.begin(atlas, 44_100, 44_100)
    with first.exclusive(), pytest.raises(UserError, match="another samplechop is at work"):
        gather(atlas, tmp_path / "pile", settings=CollectSettings(rate=22_050))
    assert Atlas(atlas).rate == 44_100


def test_sounds_are_mono_of_one_rate_with_peak_1_and_no_silence_around(tmp_path, atlas):
    drum = kick(np.random.default_rng(0))
    for rate in (22_050, 44_100, 48_000):
        silence = np.zeros(rate // 4, np.float32)
        audio = np.concatenate([silence, tone(0, 0.1, rate), silence]) * 0.3
        write(tmp_path / "pile" / f"tone_{rate}.wav", np.stack([audio, audio * 0.5], axis=1), rate, subtype="FLOAT")
    write(tmp_path / "pile" / "kick.wav", drum)
    gather(atlas, tmp_path / "pile")
    made = Atlas(atlas)
    for row, sound in enumerate(made.sounds):
        samples = made.samples()[row, : sound.length]
        assert np.abs(samples).max() == pytest.approx(1.0)
        assert abs(samples[0]) >= 1e-3 and abs(samples[-1]) >= 1e-3
        assert sound.duration == pytest.approx(sound.length / RATE)
        if sound.label == "tone":
            assert sound.start == pytest.approx(0.25, abs=0.002)
            assert sound.peak == pytest.approx(0.3 * 0.75 * 0.5, rel=0.1)


def test_a_sound_whose_channels_cancel_is_its_difference(tmp_path, atlas):
    sound, width = tone(seconds=0.4), 0.02 * np.random.default_rng(0).standard_normal(round(0.4 * RATE))
    write(tmp_path / "sounds" / "a.wav", np.stack([sound + width, width - sound], axis=1), subtype="FLOAT")
    write(tmp_path / "sounds" / "b.wav", np.stack([sound, 0.5 * sound], axis=1), subtype="FLOAT")
    gather(atlas, tmp_path / "sounds")
    samples = np.load(atlas / SAMPLES)[:, :4000]
    np.testing.assert_allclose(samples[0], samples[1], atol=1e-5)


def test_a_window_keeps_the_first_moments_of_each_sound(tmp_path, atlas):
    write(tmp_path / "pile" / "long.wav", tone(0, 0.4))
    write(tmp_path / "pile" / "short.wav", tone(1, 0.02))
    gather(atlas, tmp_path / "pile", settings=CollectSettings(window_seconds=0.1))
    made = Atlas(atlas)
    assert made.samples().shape == (2, 4410)
    assert made.sounds[0].length == 4410
    assert 400 < made.sounds[1].length <= 882


def test_slices_of_a_kit_come_with_its_name_and_the_drum_that_is_known(tmp_path, atlas):
    kit = make_kit(tmp_path / "one", name="solar")
    manifest.write(kit)
    content = json.loads((kit.folder / MANIFEST).read_text())
    content["slices"][1]["content"]["drum"] = "snare"
    del content["slices"][2]["content"]  # older kits have none
    (kit.folder / MANIFEST).write_text(json.dumps(content))
    gather(atlas, tmp_path / "one", settings=CollectSettings())
    sounds = Atlas(atlas).sounds
    assert [sound.name for sound in sounds[:4]] == [f"solar_{part.name}" for part in kit.slices]
    assert {sound.pack for sound in sounds[:4]} == {"solar"}
    assert [sound.label for sound in sounds[:4]] == ["", "snare", "", ""]
    assert [sound.label for sound in sounds[4:]] == ["record"]  # its source lies beside it


@pytest.mark.parametrize("manifested", ["", "{}", "[]", '{"name": "x"}', '{"name": "x", "slices": [1]}'])
def test_a_kit_without_a_good_manifest_is_named_and_left_out(tmp_path, atlas, manifested):
    kit = make_kit(tmp_path)
    (kit.folder / MANIFEST).write_text(manifested)
    some(tmp_path / "pile", "kick")
    gather(atlas, kit.folder, tmp_path / "pile")
    assert names(atlas) == ["kick"]
    assert reason(atlas, "kit.json").endswith("kit.json' is damaged: chop the record again")


def test_a_recorded_session_is_one_sound(tmp_path, atlas):
    write(tmp_path / "jams" / "2026-11-21_drums" / "audio.flac", tone())
    (tmp_path / "jams" / "2026-11-21_drums" / "events.jsonl").write_text("")
    gather(atlas, tmp_path / "jams")
    (sound,) = Atlas(atlas).sounds
    assert (sound.name, sound.label, sound.pack) == ("2026-11-21_drums", "drums", "jams")


def test_what_lies_in_an_atlas_is_not_collected(tmp_path, atlas):
    some(tmp_path, "kick")
    gather(atlas, tmp_path)
    write(atlas / "sprites" / "audio-000.wav", tone(1))
    gather(atlas, tmp_path)
    assert names(atlas) == ["kick"]


@pytest.mark.parametrize(
    ("name", "label"),
    [("Kick_808", "kick"), ("01 Snare-hard", "snare"), ("hat2", "hat"), ("808", ""), ("Überklang 3", "überklang")],
)
def test_the_label_is_the_first_word_of_the_name(tmp_path, atlas, name, label):
    some(tmp_path / "pile", name)
    gather(atlas, tmp_path / "pile")
    assert [(sound.label, sound.pack) for sound in Atlas(atlas).sounds] == [(label, "pile")]


def test_chops_of_a_long_recording_begin_where_its_sounds_do(tmp_path, atlas):
    audio, starts = record(6.0)
    write(tmp_path / "song.wav", audio)
    gather(atlas, tmp_path / "song.wav", settings=CollectSettings(max_seconds=2.0, split="chops"))
    begun = np.array([sound.start for sound in Atlas(atlas).sounds])
    assert np.all(np.abs(begun[:, np.newaxis] - starts / RATE).min(axis=0) < 0.03)
    assert names(atlas)[:2] == ["song_0001", "song_0002"]


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_pieces_by_energy_are_the_best_until_their_share_is_reached(tmp_path, atlas, share):
    rng = np.random.default_rng(0)
    audio = np.zeros(8 * RATE, np.float32)
    for number in range(16):
        hit = snare(rng)
        audio[number * RATE // 2 :][: len(hit)] += hit * (1.0 if number % 2 else 0.3)
    audio += rng.standard_normal(len(audio)).astype(np.float32) * 1e-4
    write(tmp_path / "hits.wav", audio)
    gather(atlas, tmp_path / "hits.wav", settings=CollectSettings(max_seconds=2.0, split="energy", share=share))
    sounds = Atlas(atlas).sounds
    assert share * 16 - 1 <= len(sounds) <= share * 16 + 3
    loud = [sound for sound in sounds if sound.peak > 0.4]
    assert len(loud) >= min(8, len(sounds)) - 1


def test_a_long_recording_that_was_left_out_comes_in_with_split(tmp_path, atlas):
    some(tmp_path, "kick")
    write(tmp_path / "song.wav", np.tile(tone(0, 0.4), 5))
    assert "--split" in gather(atlas, tmp_path).left_out[0]
    report = gather(atlas, tmp_path, settings=CollectSettings(max_seconds=1.0, split="energy"))
    assert report.known == 1 and report.new >= 3
    assert gather(atlas, tmp_path, settings=CollectSettings(max_seconds=1.0, split="energy")).new == 0


def test_one_that_was_cut_in_another_way_is_named_and_left(tmp_path, atlas):
    write(tmp_path / "song.wav", np.tile(tone(0, 0.4), 5))
    gather(atlas, tmp_path / "song.wav", settings=CollectSettings(max_seconds=1.0, split="energy"))
    report = gather(atlas, tmp_path / "song.wav", settings=CollectSettings(max_seconds=1.0, split="chops"))
    assert "is left as it was collected, with --split energy" in report.notes[0]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")
def test_formats_that_only_ffmpeg_reads_come_in(tmp_path, atlas):
    some(tmp_path, "kick")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", tmp_path / "kick.wav", "-c:a", "aac", tmp_path / "tone.m4a"], check=True
    )
    gather(atlas, tmp_path)
    assert names(atlas) == ["kick", "tone"]


def test_one_sound_and_two_that_are_alike_are_an_atlas(tmp_path, atlas):
    some(tmp_path / "pile", "kick")
    gather(atlas, tmp_path / "pile")
    assert names(atlas) == ["kick"]
    write(tmp_path / "more" / "kick.wav", tone(0))
    gather(atlas, tmp_path / "more")
    assert names(atlas) == ["kick", "kick_2"]
    assert np.array_equal(*Atlas(atlas).samples())


def run(*given: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["atlas", "collect", *map(str, given)])
    if isinstance(done.exception, UserError):
        return 2, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_the_command_names_what_was_left_out_and_says_how_much_there_is(tmp_path, atlas):
    some(tmp_path / "pile", "kick", "snare")
    write(tmp_path / "pile" / "silent.wav", np.zeros(4000))
    code, told = run(tmp_path / "pile", "-o", atlas, "--jobs", 1)
    assert code == 0
    assert f"left out: {str(tmp_path / 'pile' / 'silent.wav')!r} is silent" in told
    assert "2 new, 2 sounds" in told


def test_an_empty_folder_is_one_sentence(tmp_path, atlas):
    (tmp_path / "pile").mkdir()
    code, told = run(tmp_path / "pile", "-o", atlas)
    assert code == 2 and "there is no audio in" in told
    assert not atlas.exists()


def test_nothing_but_silence_is_one_sentence(tmp_path, atlas):
    write(tmp_path / "silent.wav", np.zeros(4000))
    code, told = run(tmp_path / "silent.wav", "-o", atlas, "--jobs", 1)
    assert code == 2 and "none of the 1 files can be used" in told


def test_what_is_not_given_again_is_as_in_the_atlas(tmp_path, atlas):
    some(tmp_path / "one", "kick")
    run(tmp_path / "one", "-o", atlas, "--window", "20ms", "--rate", 22_050, "--jobs", 1)
    some(tmp_path / "two", "snare")
    assert run(tmp_path / "two", "-o", atlas, "--jobs", 1)[0] == 0
    assert Atlas(atlas).samples().shape == (2, 441)
    code, told = run(tmp_path / "two", "-o", atlas, "--window", "30ms", "--jobs", 1)
    assert code == 2 and "with window seconds 0.02, not 0.03" in told


@pytest.mark.parametrize(("text", "expected"), [("250ms", 0.25), ("1.5s", 1.5), (".25", 0.25), ("2 s", 2.0)])
def test_times_are_read_as_people_write_them(text, expected):
    assert seconds(text, "--window") == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "ms", "-1s", "1m", "1,5s", "nan"])
def test_other_times_are_one_sentence(text):
    with pytest.raises(UserError, match="--window takes a time such as 250ms"):
        seconds(text, "--window")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"rate": 100}, "--rate must be in"),
        ({"max_seconds": 0.0}, "--max-seconds must be in"),
        ({"window_seconds": 11.0}, "--window must be"),
        ({"split": "beats"}, "--split must be one of"),
        ({"share": 0.0}, "--share must be in 0.001..1"),
    ],
)
def test_settings_out_of_range_are_one_sentence(wrong, told):
    with pytest.raises(UserError, match=told):
        CollectSettings(**wrong)
