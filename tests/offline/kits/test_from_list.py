"""`samplechop chop --from-list`: sounds of a list become a kit, sample for sample, in every format."""

import json
import xml.etree.ElementTree as ET
import zipfile
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits import from_list
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.kits.from_list import Cut, joined, make_kit, read_list
from samplechop.offline.labels.formats import read_cues
from samplechop.realtime.core.errors import UserError
from tests.support.command import samplechop

RATE = 44_100
FEW = ChopOptions(formats=("cues",), picture=False, template=from_list.TEMPLATE)


def noise(seconds: float, channels: int, seed: int, rate: int = RATE) -> np.ndarray:
    decay = np.exp(-np.arange(round(seconds * rate)) / rate * 4)[:, None]
    return 0.7 * np.random.default_rng(seed).uniform(-1, 1, (len(decay), channels)) * decay


def file(path: Path, seconds: float = 1.0, channels: int = 1, subtype: str = "PCM_16", rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(seconds, channels, len(path.name), rate), rate, subtype)
    return path


def whole(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="int32", always_2d=True)[0]


def listed(folder: Path, *lines: str, name: str = "drums.tsv") -> Path:
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    for name in ("bd one.wav", "snäre.wav", "hat.wav"):
        file(folder / name, 1.0)
    return folder


LINES = ("bd one.wav\t0.1\t0.25\tdeep kick", "hat.wav\t0\t0.5", "snäre.wav\t0.123456789\t0.2\tSnäre #1 / loud")
PLACES = (("bd one.wav", 4410, 15435), ("hat.wav", 0, 22050), ("snäre.wav", 5444, 14264))


@pytest.fixture(scope="module")
def kit(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kits")
    outcome = samplechop("chop", "--from-list", listed(sounds, *LINES), "-o", folder, "--formats", "all")
    assert outcome.code == 0, outcome.err
    return folder / "drums"


def test_slices_are_the_pieces_of_their_files_bit_for_bit(kit: Path, sounds: Path) -> None:
    slices = sorted((kit / "slices").iterdir())
    for path, (name, first, last) in zip(slices, PLACES, strict=True):
        np.testing.assert_array_equal(whole(path), whole(sounds / name)[first:last])
        assert soundfile.info(path).subtype == "PCM_16"


def test_slices_in_order_are_the_record(kit: Path) -> None:
    joined_up = np.concatenate([whole(path) for path in sorted((kit / "slices").iterdir())])
    np.testing.assert_array_equal(whole(kit / "drums.wav"), joined_up)


def test_slices_are_called_as_the_list_says_or_as_their_file(kit: Path) -> None:
    names = [path.name for path in sorted((kit / "slices").iterdir())]
    assert names == ["01_deep_kick.wav", "02_hat.wav", "03_Snare_s1_loud.wav"]


def test_every_format_and_a_picture_is_written_and_told(kit: Path) -> None:
    told = json.loads((kit / "kit.json").read_text())
    there = {path.relative_to(kit).as_posix() for path in kit.rglob("*") if path.is_file()}
    assert {entry["file"] for entry in told["files"]} == there - {"kit.json"}
    endings = {Path(path).suffix for path in there}
    assert endings >= {".wav", ".sfz", ".dspreset", ".multisample", ".h2drumkit", ".mid", ".txt", ".json"}
    assert endings >= {".xpm", ".adg", ".dawproject", ".rpp", ".aif", ".ot", ".png", ".svg"}
    assert told["source"]["name"] == "drums.tsv"
    assert told["tempo"] is None and told["key"] is None


def test_other_programs_find_the_slices_where_they_are(kit: Path) -> None:
    edges = np.cumsum([0] + [last - first for _, first, last in PLACES]).tolist()
    marks, _ = read_cues(kit / "drums.wav")
    assert [round(mark.time * RATE) for mark in marks] == edges[:-1]
    notes = [message.note for message in mido.MidiFile(kit / "drums.mid") if message.type == "note_on"]
    assert [note for note in notes if note] == [36, 37, 38]
    sfz = (kit / "drums.sfz").read_text()
    assert [sfz.count(path.name) for path in (kit / "slices").iterdir()] == [1, 1, 1]
    pads = ET.parse(next(kit.rglob("*.xpm"))).getroot().findall(".//Layer/SampleName")
    assert {pad.text for pad in pads if pad.text} == {path.stem for path in (kit / "slices").iterdir()}
    with zipfile.ZipFile(kit / "drums.dawproject") as project:
        assert project.testzip() is None


def test_the_same_list_gives_the_same_bytes(kit: Path, sounds: Path, tmp_path: Path) -> None:
    few = ("--formats", "cues,sfz,midi", "--no-picture")
    assert samplechop("chop", "--from-list", sounds / "drums.tsv", "-o", tmp_path, *few).code == 0
    for name in ("drums.wav", "drums.sfz", "drums.mid", "slices/02_hat.wav"):
        assert (tmp_path / "drums" / name).read_bytes() == (kit / name).read_bytes()


def test_files_that_differ_get_the_highest_of_each(tmp_path: Path) -> None:
    file(tmp_path / "a.wav", 0.5, 1, "PCM_16", 48_000)
    file(tmp_path / "bb.wav", 0.5, 2, "PCM_24", 48_000)
    file(tmp_path / "ccc.wav", 0.5, 1, "PCM_16", 32_000)
    path = listed(tmp_path, "a.wav\t0.1\t0.1", "bb.wav\t0.1\t0.1", "ccc.wav\t0.1\t0.1")
    made = make_kit(path, tmp_path / "kit", FEW).kit
    assert (made.sample_rate, made.channels, made.subtype) == (48_000, 2, "PCM_24")
    mono, stereo, slow = (whole(made.path(part)) for part in made.slices)
    np.testing.assert_array_equal(mono, np.repeat(whole(tmp_path / "a.wav")[4_800:9_600], 2, axis=1))
    np.testing.assert_array_equal(stereo, whole(tmp_path / "bb.wav")[4_800:9_600])
    assert slow.shape == (4_800, 2)


def test_two_files_of_one_name_stay_two(tmp_path: Path) -> None:
    for number, folder in enumerate(("one", "two")):
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "kick.mp3", noise(0.5, 1, number), RATE)
    lines = "one/kick.mp3\t0\t0.2", "two/kick.mp3\t0\t0.2", "one/kick.mp3\t0\t0.2"
    path = listed(tmp_path, *lines, name="0.tsv")
    made = make_kit(path, tmp_path / "kit", FEW).kit
    first, second, again = (whole(made.path(part)) for part in made.slices)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)
    assert [part.name for part in made.slices] == ["01_kick", "02_kick", "03_kick"]


@pytest.mark.parametrize(
    "text",
    [
        "path\tstart\tduration\tname\nx.wav\t1\t2\tkick\n",
        "name\tlabel\tduration\tpath\tstart\nkick\tbd\t2\tx.wav\t1\n",
        "\ufeffx.wav\t1.0\t2.0\tkick\r\n\r\n",
        "\n\t\nx.wav\t1\t2\t kick \tmore",
        'x.wav\t1\t2\t"kick"\n',
    ],
    ids=["header", "a table of an atlas", "as Windows writes", "empty lines", "quoted"],
)
def test_lists_as_people_and_programs_write_them_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.tsv"
    path.write_bytes(text.encode())
    (entry,) = read_list(path)
    assert (entry.path, entry.start, entry.duration, entry.name) == (tmp_path / "x.wav", 1.0, 2.0, "kick")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "has no sounds in it"),
        (("path\tstart\tduration",), "has no sounds in it"),
        (("path\tstart\tname", "a\t0\tx"), "line 1: there is no column 'duration'"),
        (("good.wav\t0\t0.1", "good.wav 0 0.1"), "line 2: there must be path, start and duration"),
        (("good.wav\t0",), "line 1: there must be path, start and duration"),
        (("\t0\t1",), "line 1: there must be path"),
        (("good.wav\tsoon\t1",), "line 1: start must be 0 or more seconds, got 'soon'"),
        (("good.wav\t-1\t1",), "line 1: start must be 0 or more"),
        (("good.wav\t0\t0",), "line 1: duration must be more than 0"),
        (("good.wav\t0\tnan",), "line 1: duration must be more than 0"),
        (("good.wav\t0\tinf",), "line 1: duration must be more than 0"),
        (("good.wav\t0\t0.1", "", "no.wav\t0\t0.1"), "line 3: there is no file '.*no.wav'"),
        (("good.wav\t1\t0.1",), "line 1: start 1 lies beyond the end of '.*good.wav', 1.000 seconds"),
        (("drums.tsv\t0\t0.1",), "line 1: .*drums.tsv"),
        (("good.wav\t0\t0.1",) * 93, "has 93 sounds, and from --start-note 36 on a kit has room for 92"),
    ],
)
def test_what_cannot_be_done_is_said_with_list_and_line(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    file(tmp_path / "good.wav")
    with pytest.raises(UserError, match=said) as caught:
        make_kit(listed(tmp_path, *lines), tmp_path / "kit", FEW)
    assert "drums.tsv" in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drums.tsv", "good.wav"]


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, said in (
        (binary, "cannot be read (it is not text in UTF-8"),
        (tmp_path / "missing", "cannot be read"),
        (tmp_path, "cannot be read (it is a folder"),
    ):
        outcome = samplechop("chop", "--from-list", path, "-o", tmp_path / "kits")
        assert outcome.code == 2
        assert f"samplechop: the list {str(path)!r} {said}" in outcome.err


def test_a_piece_that_reaches_beyond_its_file_ends_with_it_and_is_told(tmp_path: Path) -> None:
    file(tmp_path / "a.wav")
    outcome = make_kit(listed(tmp_path, "a.wav\t0.9\t0.5", "a.wav\t0.9\t0.101"), tmp_path / "kit", FEW)
    assert [part.frames for part in outcome.kit.slices] == [4410, 4410]
    (warning,) = [one for one in outcome.warnings if "line" in one]
    assert "line 1" in warning and "ends at 1.000 seconds" in warning


def test_as_many_sounds_as_there_are_notes_make_a_kit(tmp_path: Path) -> None:
    file(tmp_path / "a.wav")
    lines = [f"a.wav\t{number / 200}\t0.004" for number in range(128)]
    options = ChopOptions(formats=(), picture=False, start_note=0, template="{name}")
    made = make_kit(listed(tmp_path, *lines), tmp_path / "kit", options).kit
    assert [part.note for part in made.slices] == list(range(128))
    assert len({part.name for part in made.slices}) == 128


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (("--count", 4), "leave out --count"),
        (("--reroll", 1), "leave out --reroll"),
        (("other.wav",), "leave out other files to chop"),
        (("--demo",), "leave out --demo"),
        (("--tail", 10), "leave out --tail"),
    ],
)
def test_options_that_say_nothing_of_listed_sounds_are_refused(tmp_path: Path, extra: tuple, said: str) -> None:
    outcome = samplechop("chop", "--from-list", tmp_path / "list.tsv", *extra, "-o", tmp_path)
    assert outcome.code == 2
    assert said in outcome.err


def test_what_is_done_to_slices_is_done_to_listed_ones(tmp_path: Path) -> None:
    file(tmp_path / "a.wav", channels=2)
    path = listed(tmp_path, "a.wav\t0\t0.5")
    few = ("--mono", "--resample", 22_050, "--normalise", "peak", "--no-picture", "--formats", "sfz")
    outcome = samplechop("chop", "--from-list", path, "-o", tmp_path / "kits", *few)
    assert outcome.code == 0, outcome.err
    samples, rate = soundfile.read(tmp_path / "kits" / "drums" / "slices" / "01_a.wav")
    assert (rate, samples.shape) == (22_050, (11_025,))
    assert np.abs(samples).max() > 0.95


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("record")
    return open_record(file(folder / "long.wav", 2.0, 2, "PCM_24"), folder)


@given(st.lists(st.tuples(st.integers(0, 88_000), st.integers(1, 70_000)), min_size=1, max_size=6))
def test_joined_pieces_lie_behind_each_other_without_a_sample_lost(record, tmp_path_factory, asked) -> None:
    cuts = [Cut(record, first, min(record.length, first + length)) for first, length in asked]
    folder = tmp_path_factory.mktemp("joined")
    made, places = joined(cuts, folder / "list.tsv", folder / "list.wav")
    samples, source = whole(made.audio), whole(record.audio)
    assert made.length == len(samples) == places[-1]
    for cut, (start, stop) in zip(cuts, pairwise(places), strict=True):
        np.testing.assert_array_equal(samples[start:stop], source[cut.first : cut.last])
