"""`samplechop chop` as a user runs it: a record goes in, a kit comes out."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.audio.sample_formats import BYTES
from samplechop.offline.cli import chop, one_kit
from samplechop.offline.kits import kit_folder, pipeline
from samplechop.offline.kits.analysis import candidates, detection
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from tests.support.command import ROOT, samplechop
from tests.support.signals import RATE, record

pytestmark = pytest.mark.usefixtures("kept")
FEW = ("--no-picture", "--formats", "sfz")
WHOLE = ("--until", "chosen")
EVERYTHING = (*WHOLE, "--formats", "all")


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "Söng #1.wav"
    audio = record(12.0)[0]
    soundfile.write(path, np.stack([audio, audio[::-1]], axis=1), RATE, "PCM_24")
    return path


@pytest.fixture(scope="module")
def kit(song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kits")
    outcome = samplechop("chop", song, "-o", folder, *EVERYTHING, "--count", 8)
    assert outcome.code == 0, outcome.err
    (made,) = (path for path in folder.iterdir() if path.is_dir())
    return made


def test_one_command_writes_every_format_and_a_picture(kit: Path) -> None:
    listed = {entry["file"] for entry in json.loads((kit / "kit.json").read_text())["files"]}
    there = {path.relative_to(kit).as_posix() for path in kit.rglob("*") if path.is_file()}
    assert listed == there - {"kit.json"}
    endings = {path.suffix for path in kit.rglob("*") if path.is_file()}
    assert endings >= {".wav", ".sfz", ".dspreset", ".multisample", ".h2drumkit", ".mid", ".txt", ".json"}
    assert endings >= {".xpm", ".adg", ".dawproject", ".rpp", ".aif", ".ot", ".png", ".svg"}


def test_the_slices_of_a_kit_are_the_record_bit_for_bit(kit: Path, song: Path) -> None:
    slices = sorted((kit / "slices").iterdir())
    assert len(slices) == 8
    joined = np.concatenate([soundfile.read(path, dtype="int32")[0] for path in slices])
    np.testing.assert_array_equal(joined, soundfile.read(song, dtype="int32")[0])


def test_the_same_command_gives_the_same_bytes_with_a_process_beside_too(
    kit: Path, song: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(one_kit, "_WORTH_BYTES", 0)
    assert samplechop("chop", song, "-o", tmp_path, *EVERYTHING, "--count", 8, "--no-cache").code == 0
    again = tmp_path / kit.name
    for path in kit.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(kit)).read_bytes(), path


def test_a_kit_of_one_is_the_best_chop(song: Path, tmp_path: Path) -> None:
    assert samplechop("chop", song, "-o", tmp_path, "--count", 1, *FEW).code == 0
    (folder,) = tmp_path.iterdir()
    manifest = json.loads((folder / "kit.json").read_text())
    (part,) = manifest["slices"]
    assert part["strength"] == max(one["strength"] for one in manifest["candidates"])


def test_a_record_without_chops_is_not_cut_short(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "drone.wav", 0.5 * np.sin(np.arange(9 * RATE) / 20), RATE)
    assert samplechop("chop", tmp_path / "drone.wav", "-o", tmp_path / "kits", *FEW).code == 0
    (path,) = (tmp_path / "kits" / "drone" / "slices").iterdir()
    assert soundfile.info(path).frames == 9 * RATE


def test_nothing_else_is_left_behind(kit: Path) -> None:
    assert [path.name for path in kit.parent.iterdir()] == [kit.name]


def test_a_kit_is_not_overwritten_unless_asked(kit: Path, song: Path) -> None:
    outcome = samplechop("chop", song, "-o", kit.parent, *FEW)
    assert outcome.code == 2
    assert "--force" in outcome.err


def test_force_replaces_a_kit_and_leaves_what_the_user_put_there(song: Path, tmp_path: Path) -> None:
    assert samplechop("chop", song, "-o", tmp_path, "--count", 8, *FEW).code == 0
    (folder,) = tmp_path.iterdir()
    (folder / "slices" / "mine.wav").write_text("mine")
    assert samplechop("chop", song, "-o", tmp_path, "--count", 4, "--force", *FEW).code == 0
    assert len(list((folder / "slices").iterdir())) == 5
    assert (folder / "slices" / "mine.wav").read_text() == "mine"


def test_a_kit_is_not_lost_when_its_successor_cannot_be_put_there(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert samplechop("chop", song, "-o", tmp_path, "--count", 8, *FEW).code == 0
    (folder,) = tmp_path.iterdir()
    before = sorted(path.name for path in (folder / "slices").iterdir())

    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (folder / "mine.txt").write_text("mine")
    monkeypatch.setattr(kit_folder.shutil, "copy2", no_room)
    outcome = samplechop("chop", song, "-o", tmp_path, "--count", 4, "--force", *FEW)
    assert outcome.code == 2
    assert "No space left" in outcome.err
    assert sorted(path.name for path in (folder / "slices").iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_folder_that_is_no_kit_is_never_replaced(song: Path, tmp_path: Path) -> None:
    (tmp_path / "Song_s1").mkdir()
    (tmp_path / "Song_s1" / "precious.txt").write_text("precious")
    outcome = samplechop("chop", song, "-o", tmp_path, "--force", *FEW)
    assert outcome.code == 2
    assert (tmp_path / "Song_s1" / "precious.txt").read_text() == "precious"


@pytest.mark.parametrize(
    ("seconds", "loud"), [(1.0, 0.5), (3.0, 0.0), (0.01, 0.5)], ids=["one second", "silence", "an instant"]
)
def test_a_record_without_chops_is_one_slice(seconds: float, loud: float, tmp_path: Path) -> None:
    path = tmp_path / "odd.wav"
    soundfile.write(path, loud * np.sin(np.arange(round(seconds * RATE)) / 20), RATE)
    outcome = samplechop("chop", path, "-o", tmp_path / "kits", "--until", "candidate", *FEW)
    assert outcome.code == 0, outcome.err
    assert len(list((tmp_path / "kits" / "odd" / "slices").iterdir())) == 1
    assert "--threshold" not in outcome.err  # no threshold finds anything in it


def test_a_lower_threshold_is_advised_where_one_finds_something(song: Path, tmp_path: Path) -> None:
    outcome = samplechop("chop", song, "-o", tmp_path, "--choose", "hits", "--threshold", 0.999, *FEW)
    assert outcome.code == 0, outcome.err
    assert "a lower --threshold finds more" in outcome.err


def test_a_part_of_a_record_is_chopped_alone(song: Path, tmp_path: Path) -> None:
    assert samplechop("chop", song, "-o", tmp_path, "--start", 2, "--end", 7.5, *WHOLE, *FEW).code == 0
    (folder,) = tmp_path.iterdir()
    joined = np.concatenate([soundfile.read(path, dtype="int32")[0] for path in sorted((folder / "slices").iterdir())])
    whole = soundfile.read(song, dtype="int32")[0]
    np.testing.assert_array_equal(joined, whole[2 * RATE : round(7.5 * RATE)])


def test_samples_that_look_like_a_header_do_not_cost_the_kit(tmp_path: Path) -> None:
    samples = np.zeros((RATE, 1), np.int16)
    samples[:2, 0] = np.frombuffer(b"wvpk", np.int16)
    soundfile.write(tmp_path / "odd.aiff", samples, RATE, "PCM_16")
    outcome = samplechop("chop", tmp_path / "odd.aiff", "-o", tmp_path / "kits", "--no-picture", "--formats", "op1,sfz")
    assert outcome.code == 0, outcome.err
    assert "op1 was left out" in outcome.err
    assert (tmp_path / "kits" / "odd" / "odd.sfz").is_file()


def test_locked_places_stay_whatever_is_rolled(song: Path, tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        options = ("--lock", "3.3,7.21", "--count", 5, "--reroll", seed, "--force")
        assert samplechop("chop", song, "-o", tmp_path, *options, *FEW).code == 0
        (folder,) = tmp_path.iterdir()
        starts = [part["start"] for part in json.loads((folder / "kit.json").read_text())["slices"]]
        assert len(starts) == 5
        assert all(min(abs(start - place * RATE) for start in starts) < 0.05 * RATE for place in (3.3, 7.21))


def test_chops_are_those_of_the_live_engine(song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection.loops, "LONGEST_SECONDS", 0)  # a short loop would be played on end
    events = tmp_path / "events.jsonl"
    assert samplechop("live", song, "--fast", "--events", events, "--quiet").code == 0
    live = [json.loads(line)["sample"] for line in events.read_text().splitlines()]
    taken = open_record(song, tmp_path)
    found = candidates.find(taken, ChopOptions(), 0, taken.length)
    assert [candidate.sample for candidate in found.candidates] == live


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_the_harmonic_part_does_not_depend_on_its_blocks(song: Path, tmp_path: Path, monkeypatch, subtype: str) -> None:
    import librosa

    source = tmp_path / "source.wav"
    soundfile.write(source, soundfile.read(song)[0][: 2 * RATE], RATE, subtype)
    taken = open_record(source, tmp_path)
    monkeypatch.setattr(candidates, "STEP", 60 * candidates.HOP)
    part = candidates.harmonic_part(taken, tmp_path)
    whole = librosa.effects.harmonic(soundfile.read(source, dtype="float32")[0].T).T
    made, step = soundfile.read(part.audio)[0], 2.0 ** (1 - 8 * BYTES[subtype])
    assert soundfile.info(part.audio).subtype == subtype
    np.testing.assert_allclose(made, whole, rtol=0, atol=max(1e-6, 0.501 * step))


@pytest.mark.filterwarnings("error")
def test_a_record_of_one_sample_has_a_harmonic_part(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.wav", np.full(1, 0.5), 44_100)
    part = candidates.harmonic_part(open_record(tmp_path / "one.wav", tmp_path), tmp_path)
    assert len(soundfile.read(part.audio)[0]) == 1


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
def test_the_harmonic_part_can_be_cut(song: Path, tmp_path: Path, subtype: str) -> None:
    import librosa

    source, kits = tmp_path / "source.wav", tmp_path / "kits"
    soundfile.write(source, soundfile.read(song)[0][: round(1.6 * RATE)], RATE, subtype)
    arguments = (*WHOLE, "--harmonic", "--write-harmonic", "--no-picture", "--formats", "cues")
    assert samplechop("chop", source, "-o", kits, *arguments).code == 0
    (folder,) = kits.iterdir()
    joined = np.concatenate([soundfile.read(path)[0] for path in sorted((folder / "slices").iterdir())])
    wanted = librosa.effects.harmonic(soundfile.read(source, dtype="float32")[0].T).T
    np.testing.assert_allclose(joined, wanted, rtol=0, atol=max(1e-6, 0.501 * 2.0 ** (1 - 8 * BYTES[subtype])))
    np.testing.assert_array_equal(soundfile.read(folder / "source.wav")[0], joined)
    energies = [np.square(samples).sum() for samples in (joined, soundfile.read(source)[0])]
    assert 0.1 < energies[0] / energies[1] < 0.9


def test_by_default_formats_that_copy_the_record_are_left_out_and_named(song: Path, tmp_path: Path) -> None:
    outcome = samplechop("chop", song, "-o", tmp_path, "--no-picture")
    assert outcome.code == 0
    written, _, left = outcome.out.partition("formats: ")[2].partition("; --formats all also writes ")
    assert {"wav", "sfz", "mpc", "ableton", "json"} <= set(written.split(", "))
    assert {"cues", "dawproject", "reaper", "octatrack", "bitwig", "hydrogen"} <= set(left.strip().split(", "))
    assert not list(tmp_path.rglob("*.rpp")) and list(tmp_path.rglob("*.sfz"))
    there = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert there < 2.5 * song.stat().st_size


def test_formats_can_be_added_to_the_default_ones(song: Path, tmp_path: Path) -> None:
    outcome = samplechop("chop", song, "-o", tmp_path, "--no-picture", "--formats", "default,reaper")
    assert outcome.code == 0
    assert list(tmp_path.rglob("*.rpp")) and list(tmp_path.rglob("*.sfz")) and not list(tmp_path.rglob("*.dawproject"))


def test_a_folder_is_a_collection_however_few_are_in_it(song: Path, tmp_path: Path) -> None:
    for said in ("1 made, 0 skipped", "0 made, 1 skipped"):
        outcome = samplechop("chop", song.parent, "-o", tmp_path, "--jobs", 1, *FEW)
        assert (outcome.code, said in outcome.out) == (0, True), outcome


def test_a_kit_is_filled_up_with_other_attacks_only_where_so_many_are_asked_for(song: Path, tmp_path: Path) -> None:
    few = {"choose": "bars", "start": 2.0, "end": 9.0, "formats": (), "picture": False}
    usual = pipeline.make_kit(song, tmp_path / "usual", ChopOptions(**few))
    chops = len(usual.kit.candidates)
    assert 0 < chops < 16 and not any("other attacks" in note for note in usual.warnings)
    asked = pipeline.make_kit(song, tmp_path / "asked", ChopOptions(count=chops + 3, **few))
    assert len(asked.kit.slices) == chops + 3
    assert any(f"has {chops} chops, other attacks fill" in note for note in asked.warnings)


def test_formats_are_listed() -> None:
    outcome = samplechop("chop", "--list-formats")
    assert outcome.code == 0
    assert "octatrack" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("no such file.wav",), "no such file.wav"),
        ((), "--demo"),
        (("--demo", "--count", 0), "--count"),
        (("--demo", "--diversity", 2), "--diversity"),
        (("--demo", "--lock", "soon"), "--lock"),
        (("--demo", "--until", "later"), "--until"),
        (("--demo", "--formats", "mp3"), "mp3"),
        (("--demo", "--template", "{x}"), "{x}"),
        (("--demo", "--normalise", "loud"), "--normalise"),
        (("--demo", "--start", 5, "--end", 3), "--start"),
        (("--demo", "--start", "1:75"), "--start"),
        (("--demo", "--end", "soon"), "--end"),
        (("--demo", "--start", 500), "--start"),
        (("--demo", "--density", 0.2, "--choose", "hits"), "--density"),
        (("--demo", "--lock", 500), "--lock 500"),
        (("--demo", "--lock", "3,5", "--end", 4), "--lock 5"),
        (("--demo", "--lock", "3,5", "--count", 1), "--count"),
        (("--demo", "--lock", "3", "--count", 1, "--until", "chosen"), "--count"),
        (("--demo", "--max-length", "long"), "--max-length"),
        (("--demo", "--max-length", "0bars"), "--max-length"),
        (("--demo", "--until", "0.001"), "--until"),
        (("--demo", "--start-note", 120), "--count 8 or --start-note 112 fits"),
        (("--demo", "--fade", -1), "--fade"),
        (("--demo", "--pre-roll", -1), "--pre-roll"),
        (("--demo", "--play", "twice"), "--play"),
        (("--demo", "--jobs", 0), "--jobs"),
        (("--demo", "--lock", "1:75"), "--lock"),
        (("--demo", "--lock", "8:20"), "--lock 500"),
        (("--demo", "--formats", "sp404"), "slices/"),
        (("--demo", "--formats", "EXS24"), "slices/"),
        (("drums.tsv",), "--from-list drums.tsv"),
        (("--demo", "--model", "nobody"), "nobody"),
    ],
)
def test_wrong_input_is_answered_in_one_sentence(arguments: tuple, part: str, tmp_path: Path) -> None:
    outcome = samplechop("chop", *arguments, "-o", tmp_path / "kits")
    assert outcome.code == 2
    assert part in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert not (tmp_path / "kits").exists()


@pytest.mark.parametrize("name", ["take.txt", "take.labels.txt", "take.mid", "take.jsonl", "take.TextGrid"])
def test_labels_are_no_recording_and_the_one_beside_them_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("1.0\n")
    assert "cannot be chopped" in samplechop("chop", tmp_path / name, "-o", tmp_path / "kits").err
    (tmp_path / "take.flac").touch()
    outcome = samplechop("chop", tmp_path / name, "-o", tmp_path / "kits")
    assert (outcome.code, f"samplechop chop {tmp_path / 'take.flac'}" in outcome.err) == (2, True)
    assert (f"--labels {tmp_path / name}" in outcome.err) == (name != "take.TextGrid")


def test_a_place_to_lock_can_be_written_as_the_screen_shows_it() -> None:
    assert chop.parsed({"lock": "12.5, 1:02.4,1:00:00"})["lock"] == (12.5, 62.4, 3600.0)


def test_a_kit_that_is_there_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "take.wav", np.zeros(RATE), RATE)
    kit = tmp_path / "kits" / "take"
    kit.mkdir(parents=True)
    (kit / "kit.json").touch()
    code = (
        "import sys; sys.argv[1:] = sys.argv[2:]; from samplechop.offline.cli import main\n"
        "try: main.main()\n"
        "finally: assert 'samplechop.offline.kits.pipeline' not in sys.modules"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, "-", "chop", tmp_path / "take.wav", "-o", tmp_path / "kits"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, len(run.stderr.splitlines())) == (2, 1), run.stderr


def test_a_folder_of_finished_kits_is_said_to_be_one(kit: Path) -> None:
    outcome = samplechop("chop", kit.parent, "-o", kit.parent / "more")
    assert (outcome.code, "1 finished kit" in outcome.err) == (2, True), outcome.err


def test_a_collection_says_what_each_kit_is(song: Path, tmp_path: Path) -> None:
    outcome = samplechop("chop", song.parent, "-o", tmp_path, "--count", 4, "--jobs", 1, *FEW)
    assert f"{song.name}: 4 slices" in outcome.out and f"in {(tmp_path / 'Song_s1').absolute()}" in outcome.out
