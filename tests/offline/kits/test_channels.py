"""What of a stereo record is analysed: the difference where its channels cancel, else what is chosen."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.reading import read_audio
from samplechop.offline.audio.sample_formats import mixed
from samplechop.offline.kits import pipeline
from samplechop.offline.kits.analysis import content_detection
from samplechop.offline.kits.core.model import Kit
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.core.events import DRUM, Event
from tests.support.signals import RATE, record

FEW = {"picture": False, "formats": ("op1",), "count": 6}


@pytest.fixture(scope="module")
def sound() -> NDArray[np.float32]:
    return 0.5 * record(8.0)[0]


def written(path: Path, left: NDArray[np.float32], right: NDArray[np.float32] | None = None) -> Path:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, left if right is None else np.stack([left, right], axis=1), RATE, "PCM_24")
    return path


def chopped(source: Path, place: Path, **options: object) -> tuple[Kit, tuple[str, ...]]:
    made = pipeline.make_kit(source, place / f"kit{len(list(place.iterdir()))}", ChopOptions(**FEW | options))  # type: ignore[arg-type]
    return made.kit, made.warnings


def found(kit: Kit) -> list[tuple[int, float]]:
    return [(one.sample, one.strength) for one in kit.candidates]


@pytest.fixture(scope="module")
def plain(sound: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Kit:
    folder = tmp_path_factory.mktemp("plain")
    return chopped(written(folder / "a.wav", sound), folder)[0]


def test_a_record_with_one_channel_inverted_is_chopped_as_if_it_were_not(
    sound: NDArray[np.float32], tmp_path: Path
) -> None:
    plain, _ = chopped(written(tmp_path / "plain" / "a.wav", sound), tmp_path, snap_ms=5.0)
    kit, warnings = chopped(written(tmp_path / "a.wav", sound, -sound), tmp_path, mono=True, snap_ms=5.0)
    assert [one.sample for one in kit.candidates] == [one.sample for one in plain.candidates]
    assert kit.key == plain.key
    assert kit.tempo and plain.tempo and kit.tempo.value == plain.tempo.value
    # The mean of two channels is another sum than their difference, by a bit here and there.
    assert kit.tempo.confidence == pytest.approx(plain.tempo.confidence, abs=0.01)
    # Strengths differ by .004 until the phase is known, and by so little which of two chops is chosen.
    ours, theirs = ({(part.start, part.stop): part.content.hits for part in one.slices} for one in (kit, plain))
    both = ours.keys() & theirs.keys()
    assert len(both) >= 3 and {key: ours[key] for key in both} == {key: theirs[key] for key in both}
    assert any("cancel each other" in text and "--channel" in text for text in warnings)
    for part in kit.slices:
        assert np.abs(kit.read_slice(part)).max() > 0.1


def test_the_formats_that_are_mono_take_the_difference_too(sound: NDArray[np.float32], tmp_path: Path) -> None:
    kit, _ = chopped(written(tmp_path / "a.wav", sound, -sound), tmp_path)
    loud = [np.abs(soundfile.read(path)[0]).max() for path in kit.folder.rglob("*.aif")]
    assert loud and min(loud) > 0.1


@pytest.mark.parametrize("channel", ["left", "right"])
def test_the_channel_that_is_chosen_is_analysed_and_mixed(
    sound: NDArray[np.float32], plain: Kit, tmp_path: Path, channel: str
) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, len(sound)).astype(np.float32)
    sides = (sound, noise) if channel == "left" else (noise, sound)
    kit, warnings = chopped(written(tmp_path / "a.wav", *sides), tmp_path, channel=channel, mono=True)
    assert found(kit) == found(plain) and kit.channel == channel
    assert not any("cancel" in text for text in warnings)
    for part in kit.slices:
        np.testing.assert_allclose(kit.read_slice(part)[:, 0], sound[part.start : part.stop], atol=1e-6)


def session(folder: Path, left: NDArray[np.float32], right: NDArray[np.float32], **settings: object) -> Path:
    written(folder / "audio.wav", left, right)
    hit = Event(DRUM, RATE, RATE, 0.9, label="tom", velocity=99).to_json(RATE)
    (folder / "events.jsonl").write_text(json.dumps({"kind": "session", "settings": settings}) + f"\n{hit}\n")
    return folder


def test_a_session_is_chopped_by_what_was_analysed_when_it_was_recorded(
    sound: NDArray[np.float32], plain: Kit, tmp_path: Path
) -> None:
    place = session(tmp_path / "night", sound, np.zeros_like(sound), channel="left")
    kits = [chopped(source, tmp_path)[0] for source in (place, place / "audio.wav")]
    assert [(kit.channel, found(kit)) for kit in kits] == [("left", found(plain))] * 2
    assert json.loads((place / "events.jsonl").read_text().splitlines()[0])["settings"]["channel"] == "left"
    assert chopped(place, tmp_path, channel="mid")[0].channel == "mid"


def test_the_log_of_a_session_counts_only_where_the_same_channel_is_analysed(
    sound: NDArray[np.float32], tmp_path: Path
) -> None:
    place = session(tmp_path / "night", sound, sound, channel="left")
    logged, other = (
        content_detection.detect_hits(one, [(0, one.length)])
        for one in (open_record(place, tmp_path), open_record(place, tmp_path, "right"))
    )
    assert logged is not None and logged.samples.tolist() == [RATE]
    assert other is not None and len(other.samples) > 5


@pytest.mark.parametrize("settings", ['{"channel": "both"}', '{"channel": 3}', "7", "{}"])
def test_a_log_that_names_no_known_channel_chooses_none(
    sound: NDArray[np.float32], tmp_path: Path, settings: str
) -> None:
    place = session(tmp_path / "night", sound, sound)
    (place / "events.jsonl").write_text(f'{{"kind": "session", "settings": {settings}}}\n')
    assert open_record(place, tmp_path).channel == "auto"


def test_any_part_of_a_record_is_mixed_as_in_the_whole(sound: NDArray[np.float32], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    width = (0.02 * rng.standard_normal(len(sound))).astype(np.float32)
    source = open_record(written(tmp_path / "a.wav", sound + width, width - sound), tmp_path)
    whole = np.concatenate(list(source.mono(1000)))
    for first in (0, RATE, 5 * RATE):
        np.testing.assert_array_equal(np.concatenate(list(source.mono(777, first, first + RATE))), whole[first:][:RATE])


def test_whatever_reads_whole_sounds_is_given_the_difference(
    sound: NDArray[np.float32], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read = read_audio(written(tmp_path / "a.wav", sound, -sound))
    assert np.flatnonzero(np.abs(read - sound) > 1e-6)[-1] < 0.01 * RATE
    assert "cancel each other" in caplog.text and "--channel" not in caplog.text


def test_a_sound_that_cancels_is_mixed_by_its_difference_and_wide_stereo_by_its_mean() -> None:
    rng = np.random.default_rng(3)
    left, other = rng.standard_normal((2, 5000))
    assert np.array_equal(mixed(np.stack([left, -left], axis=1), 1, "auto")[:, 0], left)
    for right in (left, other, np.zeros(5000), 0.6 * other - 0.4 * left):
        both = np.stack([left, right], axis=1)
        assert np.array_equal(mixed(both, 1, "auto"), mixed(both, 1))
