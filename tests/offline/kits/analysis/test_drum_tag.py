"""Which drum a slice is: hits made by rule are what they are, music is none."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits.analysis import content_detection
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.drum_tag import OTHERS, dies_away, name_drum, name_drums
from samplechop.offline.kits.core.model import Piece
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.synthesis.drums import MADE
from samplechop.realtime.core.events import DRUMS

RATE = 44_100
NOTHING = dict.fromkeys(("loop", "crash", "ride", *DRUMS, *OTHERS), 0.0)


def named(sounds: list[np.ndarray], folder: Path) -> list[str | None]:
    """Name the drums of sounds that follow one another."""
    ends = np.cumsum([len(sound) for sound in sounds]).tolist()
    soundfile.write(folder / "record.wav", np.concatenate(sounds), RATE, "FLOAT")
    record = open_record(folder / "record.wav", folder)
    parts = [(0, record.length)]
    hits, level = content_detection.detect_hits(record, parts), content_detection.levels(record, parts)
    pieces = [Piece(start, stop, 0.9) for start, stop in zip([0, *ends[:-1]], ends, strict=True)]
    return name_drums(record, DetectedContent(RATE, level, hits, None), pieces)


def tone(pitches: list[float], seconds: float = 0.8) -> np.ndarray:
    """Make a sustained sound of some partials with a plain attack and release."""
    times = np.arange(int(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * pitch * part * times) / part for pitch in pitches for part in (1, 2, 3, 4, 5))
    return 0.1 * sound * np.minimum(1.0, np.minimum(times / 0.01, (seconds - times) / 0.03))


@pytest.mark.parametrize("role", ["kick", "hat"])
def test_drum_hits_are_what_they_are(role: str, tmp_path: Path) -> None:
    luck = np.random.default_rng(5)
    found = named([np.pad(MADE[role](10_000 + seed, 0.8, luck), (0, RATE // 2)) for seed in range(8)], tmp_path)
    assert found.count(role) >= 6


def test_sustained_tones_and_silence_are_no_drums(tmp_path: Path) -> None:
    chords = [tone([220.0, 277.2, 329.6]), tone([440.0]), tone([98.0]), tone([311.1, 370.0]), np.zeros(RATE)]
    assert named(chords, tmp_path) == [None] * 5


def test_nothing_to_name_needs_no_net(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "record.wav", np.zeros(RATE), RATE)
    record = open_record(tmp_path / "record.wav", tmp_path)
    silence = DetectedContent(RATE, np.zeros(50, np.float32), None, None)
    assert name_drums(record, silence, [Piece(0, RATE, 0.9)]) == [None]
    assert name_drums(record, silence, []) == []


@pytest.mark.parametrize(
    ("sureness", "hits", "alone", "drum"),
    [
        ({"kick": 1.3}, {}, True, "kick"),
        ({"kick": 1.3}, {}, False, None),  # the net of drums must have found it, too
        ({"kick": 1.3}, {"kick": 0.8}, False, "kick"),
        ({"kick": 1.3}, {"snare": 0.8}, False, None),
        ({"kick": 0.9}, {"kick": 0.8}, False, None),
        ({"kick": 0.2}, {"kick": 1.0}, True, "kick"),
        ({}, {"kick": 1.0}, True, None),  # what the net of drums says alone is not enough
        ({"tom": 1.1, "hand-drum": 1.2}, {}, True, None),
        ({"hat": 1.2, "cymbal": 1.5, "ride": 0.4}, {}, True, "hat"),
        ({"hat": 0.7, "cymbal": 1.5, "ride": 1.1}, {}, True, "cymbal"),
        ({"kick": 1.5, "loop": 1.0}, {"kick": 1.0}, True, None),
    ],
)
def test_both_nets_say_what_it_is(
    sureness: dict[str, float], hits: dict[str, float], alone: bool, drum: str | None
) -> None:
    assert name_drum({**NOTHING, **sureness}, hits, alone) == drum


@pytest.mark.parametrize(
    ("level", "alone"),
    [
        (0.8 ** np.arange(30), True),
        (np.r_[0.2, 0.8 ** np.arange(30)], True),
        (np.r_[0.8 ** np.arange(15), 0.9 * 0.8 ** np.arange(20)], False),  # a second hit
        (np.linspace(0.1, 1.0, 30), False),
        (np.r_[np.full(20, 0.01), 0.8 ** np.arange(20)], False),  # it begins late
        (np.full(30, 0.5), False),
        (np.zeros(30), False),
        (np.zeros(0), False),
    ],
)
def test_a_hit_on_its_own_dies_away_from_one_attack(level: np.ndarray, alone: bool) -> None:
    assert dies_away(level.astype(np.float32), 50.0) == alone
