"""The picture of a kit: written for every kit, readable by others, the same each time."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits.core.model import Candidate, Content, Guess, Kit
from samplechop.offline.kits.picture import draw
from samplechop.offline.kits.picture_panels import MOST_PER_COLUMN, envelope
from tests.support.kits import make_kit

PNG = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}"


def likeness(kit: Kit) -> np.ndarray:
    numbers = np.arange(len(kit.slices))
    return np.exp(-np.abs(numbers[:, None] - numbers[None, :]) / 4).astype(np.float32)


def words(svg: Path) -> list[str]:
    return ["".join(text.itertext()).strip() for text in ElementTree.parse(svg).iter(f"{SVG}text")]


def assert_drawn(kit: Kit, similarity: np.ndarray | None) -> list[str]:
    png, svg = draw(kit, similarity)
    assert (png, svg) == (kit.folder / f"{kit.name}.png", kit.folder / f"{kit.name}.svg")
    data = png.read_bytes()
    assert data.startswith(PNG)
    assert [int.from_bytes(data[at : at + 4]) for at in (16, 20)] == [1600, 900]
    assert svg.stat().st_size < 1_000_000
    return words(svg)


@pytest.mark.parametrize("slices", [1, 2, 16, 17, 128])
def test_kits_of_any_size_are_drawn(tmp_path: Path, slices: int) -> None:
    kit = make_kit(tmp_path, slices=slices, slice_length=2_000, first_note=0 if slices == 128 else 36)
    said = assert_drawn(kit, likeness(kit))
    assert any(f"{slices} slice" in text for text in said)


def test_it_says_what_is_known(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    said = assert_drawn(kit, likeness(kit))
    assert {"record.wav", "A01", "A04", "Harmony", "none equal", "repeats ↓", "kit", "grid"} <= set(said)
    assert any("92 bpm · A minor" in text for text in said)


def test_what_is_nearly_as_likely_is_said() -> None:
    kit = Kit(**dict.fromkeys(Kit.__dataclass_fields__))  # type: ignore[arg-type]
    doubtful = replace(kit, tempo=Guess("177.5", 0.7, "88.8"), key=Guess("E major", 0.5, "E minor"))
    assert doubtful.known == ["177.5 bpm (or 88.8)", "E major or E minor"]


def test_a_pad_has_the_name_that_somebody_gave_its_slice(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    first, second, *others = (replace(part, content=Content("A:min7")) for part in kit.slices)
    named = replace(first, called="my own"), replace(second, called="much longer than there is room for on a pad")
    said = assert_drawn(replace(kit, slices=(*named, *others)), likeness(kit))
    assert "my own" in said
    assert sum(text.startswith("much longer") and text.endswith("…") for text in said) == 1
    assert said.count("Am7") == len(others)


def test_near_duplicates_are_counted(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    alike = np.eye(4, dtype=np.float32)
    alike[1, 3] = alike[3, 1] = 0.96
    assert "2 of 4 equal" in assert_drawn(kit, alike)


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    kit = replace(make_kit(tmp_path, tempo=None, key=None), redundancy={}, downbeats=(), candidates=())
    said = set(assert_drawn(kit, None)) - {part.name for part in kit.slices}
    assert not any("bpm" in text or "repeat" in text or "grid" in text for text in said)


def test_where_nothing_was_chosen_the_picture_says_what_is_on_which_pad(tmp_path: Path) -> None:
    kit = replace(make_kit(tmp_path, slices=50), redundancy={})
    said = assert_drawn(kit, likeness(kit))
    assert sum(text.startswith(part.name[:15]) for part in kit.slices for text in said) == 41
    assert "and 9 more" in said


def test_a_part_of_the_record_is_drawn_alone(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, first=50_000, tail=70_000, gap=1_000)
    assert_drawn(kit, likeness(kit))


def test_silence_is_drawn(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    for file, length in [(kit.audio, kit.length), *((kit.path(part), part.frames) for part in kit.slices)]:
        soundfile.write(file, np.zeros((length, kit.channels)), kit.sample_rate)
    assert_drawn(kit, likeness(kit))


def test_slices_of_one_sample_are_drawn(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=3, slice_length=1)
    assert_drawn(kit, likeness(kit))


def test_thousands_of_candidates_make_no_large_file(tmp_path: Path) -> None:
    kit = make_kit(tmp_path, slices=16)
    many = tuple(Candidate(sample, 0.5) for sample in range(1, kit.length, 6))
    assert_drawn(replace(kit, candidates=many), likeness(kit))


@pytest.mark.parametrize("name", ["a$x_1$ & <b>.wav", "長い" * 40 + ".wav"])
def test_any_name_of_a_record_is_written_as_it_is(tmp_path: Path, name: str) -> None:
    kit = make_kit(tmp_path, source_name=name)
    assert any(text[:12] == name[:12] for text in assert_drawn(kit, None))


def test_the_same_kit_gives_the_same_bytes(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    first = [path.read_bytes() for path in draw(kit, likeness(kit))]
    assert [path.read_bytes() for path in draw(kit, likeness(kit))] == first


def test_an_outline_holds_every_column_s_lowest_and_highest(tmp_path: Path) -> None:
    samples = np.random.default_rng(3).uniform(-0.5, 0.5, (70_001, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 44_100, subtype="FLOAT")
    part = samples[1_001:]
    got = envelope(tmp_path / "a.wav", 1_001, 70_001, 23)
    expected = np.array([[column.min(), column.max()] for column in part.reshape(23, -1)])
    np.testing.assert_array_equal(got, expected)


def test_an_outline_of_a_long_recording_looks_at_the_beginning_of_every_column(tmp_path: Path) -> None:
    wide = 3 * MOST_PER_COLUMN
    samples = np.tile(np.repeat([0.25, 1.0, 1.0], MOST_PER_COLUMN), 4).astype(np.float32)
    samples[wide : wide + MOST_PER_COLUMN] = 0.5
    soundfile.write(tmp_path / "a.wav", samples, 44_100, subtype="FLOAT")
    assert envelope(tmp_path / "a.wav", 0, len(samples), 4)[:, 1].tolist() == [0.25, 0.5, 0.25, 0.25]


def test_an_outline_has_no_more_columns_than_samples_and_survives_broken_ones(tmp_path: Path) -> None:
    samples = np.array([0.1, np.nan, np.inf, -0.2], np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 44_100, subtype="FLOAT")
    assert envelope(tmp_path / "a.wav", 0, 4, 100)[:, 0].tolist() == [np.float32(0.1), 0, 0, np.float32(-0.2)]


def test_pads_have_their_chord_and_drum(tmp_path: Path) -> None:
    kit = make_kit(tmp_path)
    content = Content("A:min7", 0.9, {"kick": 1}, "kick", 0.8)
    parts = (replace(kit.slices[0], content=content), *kit.slices[1:])
    assert {"Am7", "kick"} <= set(assert_drawn(replace(kit, slices=parts), likeness(kit)))
