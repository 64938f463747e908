"""What was decided about a record, by command line: shown, edited, undone, and kept by every kit."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import samplechop as face
from samplechop.offline.kits.core.naming import safe
from samplechop.offline.labels.files import read_labels
from samplechop.offline.project.store import project_of
from tests.support.clicks import HITS, RATE, clicks
from tests.support.command import samplechop

PLAIN = ("--no-picture", "--formats", "sfz")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, clicks(), RATE, subtype="PCM_16")
    return path


def decide(song: Path, *commands: dict[str, object]) -> None:
    outcome = samplechop("project", "set", song, *map(json.dumps, commands))
    assert outcome.code == 0, outcome.err


def slices(song: Path, folder: str, *options: str) -> list[dict[str, object]]:
    out = song.parent / folder
    outcome = samplechop("chop", song, "-o", out, *PLAIN, *options)
    assert outcome.code == 0, outcome.err
    found: list[dict[str, object]] = json.loads((out / "song" / "kit.json").read_text())["slices"]
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


@pytest.mark.parametrize("options", [(), ("--density", "1"), ("--count", "3"), ("--model", "chop-61", "--snap", "5")])
def test_decisions_stand_whatever_else_is_chosen(song: Path, options: tuple[str, ...]) -> None:
    decide(
        song,
        {"do": "move", "at": HITS[1], "to": HITS[1] + 900},
        {"do": "add", "at": 12_345},
        {"do": "delete", "at": HITS[2]},
        {"do": "lock", "at": HITS[4]},
        {"do": "name", "at": HITS[6], "name": "Grüße"},
        {"do": "pad", "at": HITS[6], "note": 50},
        {"do": "end", "at": HITS[6], "end": HITS[6] + 5000},
    )
    made = {int(str(one["start"])): one for one in slices(song, "kits", *options)}
    assert {HITS[1] + 900, 12_345, HITS[4], HITS[6]} <= made.keys()
    assert HITS[1] not in made
    assert not any(abs(start - HITS[2]) < 0.03 * RATE for start in made)
    named = made[HITS[6]]
    assert (named["note"], named["stop"]) == (50, HITS[6] + 5000)
    assert str(named["name"]).endswith(f"_{safe('Grüße')}")
    assert len({one["note"] for one in made.values()}) == len(made)


def test_a_kit_is_the_same_by_command_and_by_python(song: Path) -> None:
    decide(song, {"do": "add", "at": 12_345}, {"do": "kit", "option": "count", "value": 4})
    slices(song, "kits")
    face.chop(song, song.parent / "face", picture=False, formats=["sfz"])
    assert contents(song.parent / "face") == contents(song.parent / "kits")


def test_options_win_over_the_project_and_that_over_the_usual(song: Path) -> None:
    decide(song, {"do": "kit", "option": "count", "value": 2}, {"do": "kit", "option": "start_note", "value": 60})
    assert [one["note"] for one in slices(song, "kits")] == [60, 61]
    assert [one["note"] for one in slices(song, "more", "--count", "3")] == [60, 61, 62]
    assert len(slices(song, "without", "--no-project")) > 3


def test_labels_are_decisions_and_the_project_stays_as_it_is(song: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("0.25\t0.25\tintro\n1.5\t1.5\treject\n3.12\t3.12\t\n")
    starts = [one["start"] for one in slices(song, "kits", "--labels", str(tmp_path / "mine.txt"))]
    assert {round(0.25 * RATE), round(3.12 * RATE)} <= set(starts)
    assert HITS[2] not in starts
    assert project_of(song) is None


def test_labels_go_in_and_out(song: Path, tmp_path: Path) -> None:
    text = "0.250000\t0.250000\tintro\n1.500000\t1.500000\treject\n3.120000\t3.120000\t\n"
    (tmp_path / "mine.txt").write_text(text)
    assert samplechop("project", "import-labels", song, tmp_path / "mine.txt").code == 0
    assert samplechop("project", "export-labels", song, tmp_path / "out.txt").code == 0
    assert (tmp_path / "out.txt").read_text() == text
    assert samplechop("project", "undo", song).code == 0
    project = project_of(song)
    assert project is not None
    assert project.is_empty


@pytest.mark.parametrize("content", [b"", b"# nothing yet\n", None])
def test_a_file_without_labels_is_no_decision(content: bytes | None, song: Path, tmp_path: Path) -> None:
    labels = song if content is None else tmp_path / "mine.txt"  # a wav without cue points
    if content is not None:
        labels.write_bytes(content)
    for command in (("chop", song, "--labels", labels, "-o", tmp_path), ("project", "import-labels", song, labels)):
        outcome = samplechop(*command)
        assert (outcome.code, outcome.out) == (2, "")
        assert f"{str(labels)!r} holds no labels" in outcome.err


def test_labels_go_out_into_a_copy_of_the_record(song: Path, tmp_path: Path) -> None:
    decide(song, {"do": "add", "at": 12_345}, {"do": "name", "at": HITS[3], "name": "intro"})
    assert samplechop("project", "export-labels", song, tmp_path / "cut.wav").code == 0
    labels = read_labels(tmp_path / "cut.wav")
    assert [round(time * RATE) for time in labels.times.tolist()] == [12_345, HITS[3]]
    assert labels.names == ("", "intro")
    np.testing.assert_array_equal(soundfile.read(tmp_path / "cut.wav")[0], soundfile.read(song)[0])


@pytest.mark.parametrize(("note", "below"), [(36, True), (35, False)])
def test_labels_that_have_no_room_from_the_first_pad_on_are_told(
    note: int, below: bool, song: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text("".join(f"{0.05 * number:.2f}\n" for number in range(1, 94)))
    command = ("chop", song, "-o", tmp_path / "kits", *PLAIN, "--labels", tmp_path / "mine.csv", "--start-note", note)
    outcome = samplechop(*command)
    assert "you decided on 93 chops, more than --count 16: all are in the kit" in outcome.err
    told = "from --start-note 36 on there is room for 92 of 93 slices, others lie below it, down to note 35"
    assert (told in outcome.err) == below


def test_commands_are_typed_in_words(song: Path) -> None:
    assert samplechop("project", "set", song, "move 0.5 0.51", "name c1 intro", "kit count 3").code == 0
    project = project_of(song)
    assert project is not None and project.kit == {"count": 3}
    assert [(chop.origin, chop.at, chop.name) for chop in project.chops] == [(HITS[0], round(0.51 * RATE), "intro")]


def test_all_commands_are_done_or_none(song: Path) -> None:
    decide(song, {"do": "add", "at": 100})
    outcome = samplechop("project", "set", song, '{"do": "add", "at": 200}', '{"do": "add", "at": 100}')
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    project = project_of(song)
    assert project is not None
    assert [chop.at for chop in project.chops] == [100]


def test_show_tells_what_was_decided(song: Path) -> None:
    decide(song, {"do": "move", "at": 22_050, "to": 22_100}, {"do": "name", "chop": "c1", "name": "intro"})
    shown = samplechop("project", "show", song).out
    assert "1 chop, 0 places deleted" in shown
    assert "moved from 0.500 s, name intro" in shown
    assert "undo takes back name c1 intro" in shown
    assert json.loads(samplechop("project", "show", song, "--json").out)["chops"][0]["at"] == 22_100


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (lambda song: ("show", song), "has no project yet"),
        (lambda song: ("undo", song), "there is nothing to undo"),
        (lambda song: ("set", song, '{"do"'), "is no command in JSON"),
        (lambda song: ("set", song, "lock"), "must be lock CHOP"),
        (lambda song: ("set", song.with_name("gone.wav"), '{"do": "add", "at": 1}'), "gone.wav"),
    ],
)
def test_what_is_wrong_is_told(song: Path, arguments: Callable[[Path], tuple[object, ...]], sentence: str) -> None:
    outcome = samplechop("project", *arguments(song))
    assert outcome.code == 2
    assert sentence in outcome.err
    assert [path.name for path in song.parent.iterdir()] == ["song.wav"]


def test_a_collection_is_chopped_with_its_projects_and_again_after_an_edit(song: Path, tmp_path: Path) -> None:
    def chopped() -> list[int]:
        outcome = samplechop("chop", tmp_path / "crate", "-o", tmp_path / "kits", *PLAIN, "--jobs", 1, "--force")
        assert outcome.code == 0, outcome.err
        return [one["start"] for one in json.loads((tmp_path / "kits" / "song" / "kit.json").read_text())["slices"]]

    (tmp_path / "crate").mkdir()
    song = song.rename(tmp_path / "crate" / "song.wav")
    decide(song, {"do": "add", "at": 12_345}, {"do": "kit", "option": "count", "value": 3})
    first = chopped()
    assert (len(first), 12_345 in first) == (3, True)
    decide(song, {"do": "add", "at": 54_321})
    assert {12_345, 54_321} <= set(chopped())


def test_another_sound_under_the_same_name_is_told(song: Path) -> None:
    decide(song, {"do": "add", "at": 12_345})
    soundfile.write(song, 0.8 * clicks(), RATE, subtype="PCM_16")
    outcome = samplechop("chop", song, "-o", song.parent / "kits", *PLAIN)
    assert outcome.code == 0
    assert "is not the sound its project was made for" in outcome.err


@pytest.mark.parametrize(("later", "rate"), [(0, 48_000), (-RATE, RATE)], ids=["another rate", "too short"])
def test_what_does_not_fit_the_file_is_refused_until_it_is_realigned(song: Path, later: int, rate: int) -> None:
    decide(song, {"do": "lock", "at": HITS[8]})
    soundfile.write(song, soxr.resample(clicks()[-later:], RATE, rate), rate, subtype="PCM_16")
    outcome = samplechop("chop", song, "-o", song.parent / "kits", *PLAIN)
    assert (outcome.code, "samplechop project realign" in " ".join(outcome.err.split())) == (2, True)
    assert samplechop("project", "realign", song).code == 0
    wanted = (HITS[8] + later) * rate / RATE
    assert min(abs(float(str(one["start"])) - wanted) for one in slices(song, "kits")) < 0.001 * rate


def test_a_project_goes_where_its_sound_is(song: Path) -> None:
    decide(song, {"do": "lock", "at": HITS[3]}, {"do": "delete", "at": HITS[5]})
    soundfile.write(song, np.concatenate([clicks()[:1], clicks()[-9_999:], 0.8 * clicks()]), RATE, subtype="PCM_16")
    assert samplechop("project", "realign", song).code == 0
    project = project_of(song)
    assert project is not None
    assert abs(project.chops[0].at - HITS[3] - 10_000) < 0.001 * RATE
    assert abs(project.deleted[0] - HITS[5] - 10_000) < 0.001 * RATE
    assert samplechop("project", "undo", song).code == 0
    assert project_of(song) != project


def test_what_has_no_sound_any_more_is_shown_until_it_is_settled(song: Path) -> None:
    decide(song, {"do": "lock", "at": HITS[3]}, {"do": "name", "at": HITS[-1], "name": "the end"})
    soundfile.write(song, clicks()[: HITS[-1] - RATE // 2], RATE, subtype="PCM_16")
    told = samplechop("project", "realign", song).out
    assert "conflict: c2 'the end'" in told
    assert told.splitlines()[-2] == samplechop("project", "show", song).out.splitlines()[-2]
    assert samplechop("project", "set", song, "settle c2").code == 0
    assert "conflict" not in samplechop("project", "show", song).out
    assert samplechop("project", "undo", song).out.count("conflict: ") == 1


def test_a_gain_is_in_the_slice_and_no_format_says_it_again(song: Path) -> None:
    decide(
        song,
        {"do": "kit", "option": "formats", "value": ["sfz", "decentsampler", "mpc"]},
        {"do": "lock", "at": HITS[2]},
    )
    kits = []
    for folder in ("plain", "quieter"):
        outcome = samplechop("chop", song, "-o", song.parent / folder, "--no-picture")
        assert outcome.code == 0, outcome.err
        kits.append(contents(song.parent / folder / "song"))
        decide(song, {"do": "gain", "at": HITS[2], "gain_db": 20 * np.log10(0.5)})
    plain, quieter = kits
    changed = {Path(place) for place in plain if plain[place] != quieter[place]} - {Path("kit.json")}
    [one] = {place for place in changed if place.parts[0] == "slices"}
    [copy] = changed - {one}
    assert copy.parts[0] == "mpc" and copy.suffix == ".wav"
    before, after = (soundfile.read(song.parent / kit / "song" / one)[0] for kit in ("plain", "quieter"))
    assert np.abs(after - 0.5 * before).max() <= 2**-15
    assert quieter[copy.as_posix()] == quieter[one.as_posix()]


def test_a_gain_that_clips_is_told(song: Path) -> None:
    sound, _ = soundfile.read(song)
    room = -20 * float(np.log10(np.abs(sound[HITS[5] : HITS[6]]).max()))
    end = {"do": "end", "at": HITS[5], "end": HITS[6]}
    decide(song, end, {"do": "gain", "at": HITS[5], "gain_db": room + 3})
    outcome = samplechop("chop", song, "-o", song.parent / "kits", *PLAIN)
    assert "their gain takes 1 of 10 slices up to 3.0 dB over full scale" in " ".join(outcome.err.split())
    decide(song, {"do": "gain", "at": HITS[5], "gain_db": room - 0.1})
    outcome = samplechop("chop", song, "-o", song.parent / "more", *PLAIN)
    assert outcome.code == 0 and "full scale" not in outcome.err


def test_another_file_gets_a_project_of_its_own_and_the_one_there_is_stays(song: Path) -> None:
    decide(song, {"do": "lock", "at": HITS[3]}, {"do": "delete", "at": HITS[5]})
    before, other = project_of(song), song.with_name("live.wav")
    soundfile.write(other, np.concatenate([clicks()[-9_999:], 0.7 * clicks()]), RATE, subtype="PCM_24")
    for sound in (song.with_suffix(".chops.sound.npz"), None):
        if sound is None:  # once with what is kept of the sound, once with the record itself
            song.with_suffix(".chops.sound.npz").unlink()
        assert samplechop("project", "realign", song, "--to", other).code == 0
        project = project_of(other)
        assert project is not None
        assert abs(project.chops[0].at - HITS[3] - 9_999) < 0.001 * RATE
        assert abs(project.deleted[0] - HITS[5] - 9_999) < 0.001 * RATE
        assert project.audio.name == "live.wav"
        outcome = samplechop("project", "realign", song, "--to", other)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert "has a project already" in outcome.err
        for path in song.parent.glob("live.chops.*"):
            path.unlink()
    assert project_of(song) == before


def test_a_file_that_is_the_record_or_has_none_of_its_sound_gets_no_project(song: Path) -> None:
    decide(song, {"do": "lock", "at": HITS[3]})
    noise = song.with_name("noise.wav")
    soundfile.write(noise, np.random.default_rng(1).normal(0, 0.1, 200_000), RATE)
    for other, sentence in ((song, "realign without --to"), (noise, "has no sound of 'song.wav'")):
        outcome = samplechop("project", "realign", song, "--to", other)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert sentence in outcome.err
    assert project_of(noise) is None


def test_a_command_on_a_line_is_named_without_the_end_of_the_line(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("foo\n"))
    outcome = samplechop("project", "set", song, "-")
    assert outcome.code == 2 and "'foo' begins with no command" in outcome.err


def test_commands_that_are_no_text_are_one_sentence(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8"))
    outcome = samplechop("project", "set", song, "-")
    assert outcome.code == 2 and "standard input are not UTF-8" in outcome.err
