"""What drums and chords are found at a place is the record's alone."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.analysis import content_detection
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.event_collectors import Chords
from samplechop.offline.kits.core.record import Record, open_record
from tests.support.sounds_made import RATE


def heard_in(record: Record, parts: content_detection.Parts) -> DetectedContent:
    known = content_detection.detect_hits(record, parts), content_detection.detect_chords(record, parts)
    return DetectedContent(record.sample_rate, content_detection.levels(record, parts), *known)


@pytest.mark.parametrize("cached", [False, True])
def test_what_is_heard_in_a_slice_is_the_same_whatever_else_is_listened_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    monkeypatch.setattr(content_detection, "CELL_SECONDS", 1.0)
    soundfile.write(tmp_path / "groove.wav", 0.9 * struck_chords(4.5), RATE, "PCM_16")
    record = open_record(tmp_path / "groove.wav", tmp_path)
    if cached:
        record = record.with_cache(ArrayCache(tmp_path / "cache"))
    parts = ((0.5, 1.5), (2.2, 2.7), (4.1, 4.5))
    alone = [heard_in(record, [(round(start * RATE), round(stop * RATE))]) for start, stop in parts]
    whole = heard_in(record, [(0, record.length)])
    again = heard_in(record, [(2 * RATE, 3 * RATE)])
    assert whole.hits is not None and whole.chords is not None and len(whole.hits.samples) > 5
    for one, (first, last) in zip([*alone, again], [(0, 2), (2, 3), (4, 4.5), (2, 3)], strict=True):
        assert one.hits is not None and one.chords is not None
        for name in ("samples", "drums", "weights"):
            own, all_of_it = (
                getattr(hits, name)[_within(hits.samples, first, last)] for hits in (one.hits, whole.hits)
            )
            assert np.array_equal(own, all_of_it)
        times = np.arange(round(first * RATE), round(last * RATE), 100)
        assert _sounding(one.chords, times) == _sounding(whole.chords, times)


def _within(samples: NDArray[np.int64], first: float, last: float) -> NDArray[np.bool_]:
    return (samples >= first * RATE) & (samples < last * RATE)


def _sounding(chords: Chords, times: NDArray[np.int64]) -> list[str]:
    numbers = chords.numbers[np.searchsorted(chords.samples, times, side="right") - 1]
    return ["" if number < 0 else chords.labels[number] for number in numbers.tolist()]


def struck_chords(seconds: float) -> NDArray[np.float64]:
    """Give two chords in turn, each struck with a noise, twice a second."""
    luck, time = np.random.default_rng(3), np.arange(RATE // 2) / RATE
    parts = []
    for number in range(round(2 * seconds)):
        pitches = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6))[number // 2 % 2]
        tone = sum(np.sin(2 * np.pi * pitch * time) for pitch in pitches) * np.exp(-2 * time)
        parts.append(0.15 * tone + 0.3 * luck.standard_normal(len(time)) * np.exp(-40 * time))
    return np.concatenate(parts)
