import math
from pathlib import Path

import pytest

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.settings import LiveSettings


@pytest.mark.parametrize("wrong", [(200, 120), (0, 100), (100, 1000), (90, 90), (math.nan, 100), (100,)])
def test_a_range_of_tempi_that_is_none_is_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match=r"--tempo-range must be two numbers in 20\.\.400, the lower first"):
        LiveSettings(tempo_range=wrong)  # type: ignore[arg-type]


def test_a_density_beside_a_way_to_choose_is_refused() -> None:
    with pytest.raises(UserError, match="--density takes the place of --choose"):
        LiveSettings(choose="hits", density=0.5)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("threshold", 1.5, "--threshold must lie between 0 and 1, got 1.5"),
        ("duration", 0.0, "--duration must be more than 0"),
        ("duration", math.inf, "--duration must be more than 0 seconds and finite, got inf"),
        ("midi_channel", 17, "--midi-channel must be in 1..16, got 17"),
        ("note_low", 60, "--note-low 60 must not lie above --note-high 51"),
        ("note_high", 128, "--note-high must be in 0..127"),
        ("pads", "random", "--pads must be one of cycle, similar, fixed, got 'random'"),
        ("monitor", "on", "--monitor must be one of"),
        ("blocksize", 1, "--blocksize must be in 16..16384"),
        ("min_gap", -1.0, "--min-gap must be in 0..10"),
        ("drum_channel", 0, "--drum-channel must be in 1..16, got 0"),
        ("harmony_channel", 17, "--harmony-channel must be in 1..16, got 17"),
        ("harmony_notes", "all", "--harmony-notes must be one of chord, pitches, off, got 'all'"),
        ("drum_threshold", "loud", "--drum-threshold must be a number between 0 and 1"),
        ("drum_threshold", "1", "--drum-threshold must be a number between 0 and 1"),
        ("drum_threshold", "kick=.4,.3", "--drum-threshold must be a number between 0 and 1"),
        ("drum_threshold", "cowbell=.4", "such as kick=0.4,snare=0.3, got 'cowbell=.4'"),
        ("detect", "", "--detect names no detector, got ''"),
        ("detect", " ,", "--detect names no detector, got ' ,'"),
        ("events", "", "--events needs the name of a file"),
        ("midi_file", Path(), "--midi-file needs the name of a file"),
        ("gate", 0.0, "--gate must be in 0.001..60, got 0.0"),
        ("log", Path(), "--log needs the name of a file"),
        ("half_life", 0.0, "--half-life must be in 0.01..10, got 0.0"),
        ("osc", "9000", "--osc must be HOST:PORT, such as 127.0.0.1:9000, got '9000'"),
        ("osc", "here:70000", "--osc must be HOST:PORT, such as 127.0.0.1:9000, got 'here:70000'"),
    ],
)
def test_a_setting_without_meaning_is_named_with_its_range(name: str, value: object, says: str) -> None:
    with pytest.raises(UserError, match=says.replace(".", r"\.")):
        LiveSettings(**{name: value})  # type: ignore[arg-type]


def test_a_clock_needs_beats_and_only_named_beats_are_played() -> None:
    clock, named = LiveSettings(midi_clock=True), LiveSettings(detect="chop, beats")
    assert (clock.detectors, clock.beat_notes) == (["chop", "beats"], False)
    assert (named.detectors, named.beat_notes) == (["chop", "beats"], True)
    assert LiveSettings(detect="beats", midi_clock=True).detectors == ["beats"]


def test_drum_thresholds_are_of_all_drums_or_of_some() -> None:
    assert LiveSettings().drum_thresholds == {}
    assert LiveSettings(drum_threshold="0.3").drum_thresholds == dict.fromkeys(DRUMS, 0.3)
    assert LiveSettings(drum_threshold="kick=.4, snare = .3").drum_thresholds == {"kick": 0.4, "snare": 0.3}


def test_what_is_named_runs_once_and_nothing_else() -> None:
    assert LiveSettings().detectors == ["chop"]
    assert LiveSettings(detect="chops, drums,harmony,chop,,drums").detectors == ["chop", "drums", "harmony"]
    assert LiveSettings(detect="drums").detectors == ["drums"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"midi_channel": 10, "detect": "chops,drums", "midi_port": "x"}, ["drums"]),
        ({"midi_channel": 10, "detect": "drums", "midi_port": "x"}, []),
        ({"midi_channel": 2, "detect": "chops,drums,harmony", "midi_file": Path("a.mid")}, ["harmony"]),
        ({"midi_channel": 10, "detect": "chops,drums"}, []),
        ({"midi_channel": 10, "midi_port": "x"}, []),
        ({"detect": "beats,drums,harmony", "midi_port": "x"}, []),
    ],
)
def test_chops_on_the_channel_of_others_are_warned_of(options: dict[str, object], told: list[str]) -> None:
    warnings = LiveSettings(**options).warnings
    assert len(warnings) == len(told)
    assert all(name in warning for name, warning in zip(told, warnings, strict=True))


def test_a_tempo_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="--tempo must be x2, /2 or beats per minute"):
        LiveSettings(tempo="x3")


@pytest.mark.parametrize(
    "outputs", [{"events": "song.flac"}, {"midi_file": Path("song.flac")}, {"events": "a", "log": Path("a")}]
)
def test_no_output_takes_the_place_of_the_record_or_of_another(outputs: dict[str, object], tmp_path: Path) -> None:
    there = {name: type(value)(tmp_path / value) for name, value in outputs.items()}  # type: ignore[operator, call-arg]
    with pytest.raises(UserError, match="give"):
        LiveSettings(**there).check_run(tmp_path / "song.flac", fast=True)
