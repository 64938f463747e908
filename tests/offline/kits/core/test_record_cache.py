"""Kits of what was found before: the same as without, and found but once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits import pipeline
from samplechop.offline.kits.analysis import candidates, content_detection, detection, record_spectra
from samplechop.offline.kits.core import record_cache
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.core.events import CHOP, Event
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.engine.engine import Engine
from tests.support.signals import RATE, record

OTHERS = {
    "count": {"count": 5},
    "density": {"density": 0.8},
    "diversity": {"diversity": 0.9},
    "reroll": {"reroll": 3},
    "drums": {"want": "drums"},
    "part": {"start": 3.0, "end": 15.0},
}


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.wav"
    audio = record(20.0)[0]
    soundfile.write(path, np.stack([audio, 0.5 * audio], axis=1), RATE)
    return path


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ArrayCache:
    return ArrayCache(tmp_path_factory.mktemp("cache"))


def made(song: Path, folder: Path, cache: ArrayCache | None, **options: object) -> dict[str, bytes]:
    """Make a kit and give its files."""
    wanted = ChopOptions(formats=("json", "sfz"), picture=False, **options)  # type: ignore[arg-type]
    pipeline.make_kit(song, folder, wanted, cache=cache)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["usual", *OTHERS])
def test_kits_are_byte_identical_with_and_without_the_cache(
    name: str, song: Path, cache: ArrayCache, tmp_path: Path
) -> None:
    options = OTHERS.get(name, {})
    without = made(song, tmp_path / "without", None, **options)
    for number in range(2):
        assert made(song, tmp_path / f"with {number}", cache, **options) == without


def test_another_kit_of_a_record_detects_nothing(
    song: Path, cache: ArrayCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(song, tmp_path / "first", cache, want="drums")
    for module, name in ((detection, "_detected"), (record_spectra, "_spectra"), (candidates.tempo_and_key, "_mono")):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("it was looked for again"))
    monkeypatch.setattr(content_detection.Engine, "process", lambda *_: pytest.fail("it was listened to again"))
    made(song, tmp_path / "second", cache, want="drums", density=0.4, count=9, diversity=0.1, reroll=2)


def test_what_was_read_last_of_a_kind_is_not_read_again(song: Path, tmp_path: Path) -> None:
    record = open_record(song, tmp_path).with_cache(ArrayCache(tmp_path / "cache"))
    assert record.cache is not None
    made: list[int] = []

    def value(number: int, make: bool = True) -> int | None:
        def arrays() -> dict[str, np.ndarray]:
            made.append(number)
            return {"number": np.array(number)}

        assert record.cache is not None
        return record.cache.value("number", number, lambda found: int(found["number"]), arrays if make else None)

    assert value(1, make=False) is None
    assert [value(1), value(1), value(1, make=False), value(2), value(1)] == [1, 1, 1, 2, 1]
    assert made == [1, 2]


def test_another_sound_of_the_same_name_is_another(song: Path, cache: ArrayCache, tmp_path: Path) -> None:
    copy = tmp_path / song.name
    samples, rate = soundfile.read(song)
    kits = []
    for part in (samples, samples[::-1]):
        soundfile.write(copy, part, rate)
        kits += [made(copy, tmp_path / f"{len(kits)}", cache), made(copy, tmp_path / f"{len(kits)} w", None)]
        assert kits[-2] == kits[-1]
    assert kits[0] != kits[2]


@pytest.mark.parametrize("density", [0.0, 0.2, 0.5, 2 / 3, 1.0])
def test_any_density_is_told_as_if_it_had_been_detected(density: float, song: Path, tmp_path: Path) -> None:
    taken = open_record(song, tmp_path)
    settings = ChopSettings(density=density, every=True)
    engine = Engine({"chop": ChopDetector(settings)}, RATE, taken.channels, 4096, channel=taken.channel)
    engine.reset(0, taken.opening())
    events: list[Event] = []
    for block in taken.blocks(4096):
        engine.process(block, events.append)
    engine.flush(events.append)
    found = candidates.find(taken, ChopOptions(density=density), 0, taken.length).candidates
    expected = [(event.sample, event.strength, event.level) for event in events if event.kind == CHOP]
    assert [(one.sample, one.strength, one.level) for one in found] == expected


@pytest.mark.parametrize(
    "name", ["realtime/tracker.py", "realtime/weights.json", "models/chop.json", "models/chop.tflite"]
)
def test_what_was_found_by_other_code_weights_or_thresholds_is_found_anew(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.parent.mkdir()
    file.write_text("1")
    program = record_cache._program.__wrapped__
    before = program(tmp_path)
    file.write_text("12")
    assert program(tmp_path) != before
