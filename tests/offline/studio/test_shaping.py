"""Slices as a kit's files have them, in parts that follow each other, and where they begin in the record."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.studio.shaping import Shaper
from tests.support.records import noise, record

RATE = 8000
FIRST, LAST = 1000, 23_000


def read(content: bytes) -> np.ndarray:
    samples, _ = soundfile.read(io.BytesIO(content), always_2d=True, dtype="float32")
    return np.asarray(samples)


@pytest.mark.parametrize(
    "options",
    [ChopOptions(fade_ms=80, normalise="peak"), ChopOptions(mono=True), ChopOptions(resample=11_025)],
    ids=str,
)
def test_parts_are_the_whole(tmp_path: Path, options: ChopOptions) -> None:
    shaper = Shaper(record(tmp_path, noise(3 * RATE, 2), RATE), options)
    whole, parts = shaper.wav(FIRST, LAST), [shaper.wav(FIRST, LAST, part, seconds=1) for part in range(3)]
    assert np.array_equal(np.concatenate([read(part.wav) for part in parts]), read(whole.wav))
    assert [part.goes_on for part in parts] == [True, True, False] and not whole.goes_on
    assert [part.begins for part in parts] == [FIRST, FIRST + RATE, FIRST + 2 * RATE]


def test_behind_the_end_is_a_sample_of_silence(tmp_path: Path) -> None:
    shaper = Shaper(record(tmp_path, noise(3 * RATE, 2), RATE), ChopOptions(fade_ms=80))
    behind = shaper.wav(FIRST, LAST, 3, seconds=1)
    assert not read(behind.wav).any() and len(read(behind.wav)) == 1 and not behind.goes_on


def test_what_is_trimmed_begins_later(tmp_path: Path) -> None:
    samples = noise(3 * RATE, 2)
    samples[: FIRST + 500] = 0.0
    shaper = Shaper(record(tmp_path, samples, RATE), ChopOptions(trim=True))
    assert shaper.wav(FIRST, LAST).begins == FIRST + 500
    assert replace(shaper, options=ChopOptions(fade_ms=5)).wav(FIRST, LAST).begins == FIRST
