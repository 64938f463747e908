"""One octave for a whole recording: beats that were given at another one are brought to it."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.analysis.one_octave import as_named, one_octave
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.realtime.core.events import BEAT, Event
from samplechop.realtime.detectors.beats.octave_evidence import PulseOdds
from tests.support import made_drums

RATE = 1000


def beats(bpm: float, first: float, until: float, position: int = 1, meter: int = 4) -> list[Event]:
    """Give even beats from first to until, in seconds."""
    places = np.arange(first, until - 1e-6, 60 / bpm)
    return [
        Event(BEAT, round(place * RATE), round(place * RATE), 0.9, str((position - 1 + k) % meter + 1), tempo=bpm)
        for k, place in enumerate(places)
    ]


def odds(bpm: float, count: int, *chances: float) -> list[PulseOdds]:
    below, same, above = (math.log(chance) for chance in chances)
    return [PulseOdds(bpm, below, same, above)] * count


def gaps(found: tuple[Event, ...]) -> list[int]:
    return np.unique(np.diff([beat.sample for beat in found])).tolist()


def labels(found: tuple[Event, ...]) -> list[int]:
    return [int(beat.label or 0) for beat in found]


def in_order(counted: list[int], meter: int = 4) -> bool:
    return all(after == before % meter + 1 for before, after in itertools.pairwise(counted))


def test_beats_at_half_the_tempo_get_others_between_them() -> None:
    given = [*beats(60.0, 0.0, 8.0), *beats(120.0, 8.0, 40.0)]
    found, other = one_octave(given, odds(60.0, 60, 0.01, 0.3, 0.69), 0, RATE)
    assert gaps(found) == [500] and in_order(labels(found)) and labels(found)[0] == 1
    assert {beat.tempo for beat in found} == {120.0}
    assert other == -1


def test_of_beats_at_twice_the_tempo_every_second_is_kept() -> None:
    given = [*beats(120.0, 0.0, 8.0), *beats(60.0, 8.0, 48.0)]
    found, other = one_octave(given, odds(60.0, 60, 0.01, 0.98, 0.01), 1, RATE)
    assert gaps(found) == [1000] and in_order(labels(found)) and labels(found)[8] == 1
    assert {beat.tempo for beat in found} == {60.0}
    assert other == 0


@pytest.mark.parametrize("meter", [3, 4])
def test_bars_keep_their_meter_where_all_beats_were_at_another_octave(meter: int) -> None:
    slow, _ = one_octave(beats(180.0, 0.5, 40.0, meter=meter), odds(180.0, 60, 0.9, 0.09, 0.01), 0, RATE)
    fast, _ = one_octave(beats(60.0, 0.5, 40.0, meter=meter), odds(60.0, 60, 0.01, 0.09, 0.9), 0, RATE)
    for found, first in ((slow, 500), (fast, 500)):
        assert in_order(labels(found), meter) and max(labels(found)) == meter
        assert found[0].sample == first and found[0].label == "1"


def test_the_pulse_may_change_its_octave_while_the_tempo_stays() -> None:
    tracked = odds(89.0, 40, 0.01, 0.4, 0.59) + odds(178.0, 20, 0.4, 0.59, 0.01)
    found, other = one_octave(beats(178.0, 0.0, 30.0), tracked, 0, RATE)
    assert [beat.sample for beat in found] == [beat.sample for beat in beats(178.0, 0.0, 30.0)]
    assert other == -1


def test_music_of_several_tempi_is_left_as_it_is() -> None:
    given = [*beats(60.0, 0.0, 20.0), *beats(84.0, 20.0, 40.0), *beats(101.0, 40.0, 60.0)]
    tracked = odds(60.0, 20, 0.01, 0.09, 0.9) + odds(84.0, 28, 0.01, 0.98, 0.01) + odds(101.0, 34, 0.01, 0.98, 0.01)
    assert one_octave(given, tracked, 1, RATE) == (tuple(given), 1)
    assert one_octave(given, [], 0, RATE) == (tuple(given), 0)


def test_a_pause_stays_a_pause() -> None:
    given = [*beats(120.0, 0.0, 8.0), *beats(120.0, 16.25, 24.0)]
    found, _ = one_octave(given, odds(120.0, 60, 0.98, 0.01, 0.01), 0, RATE)
    assert all(beat.sample in {one.sample for one in given} for beat in found)
    found, _ = one_octave(given, odds(120.0, 60, 0.01, 0.01, 0.98), 0, RATE)
    assert not any(8_000 <= beat.sample < 16_000 for beat in found)


def test_a_song_whose_drums_go_over_to_double_time_has_one_tempo(tmp_path: Path) -> None:
    slow, fast = made_drums.even(87.0, 24.0), made_drums.even(174.0, 48.0, 0.5)
    fast = fast[fast > slow[-1] + 0.5]
    two_step = {"kick": (0, 2.5), "snare": (1, 3), "hat": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)}
    first, second = (
        made_drums.drums(beats, pattern, 4, 49.0) for beats, pattern in ((slow, made_drums.ROCK), (fast, two_step))
    )
    soundfile.write(tmp_path / "song.wav", first + second, made_drums.RATE)
    record = open_record(tmp_path / "song.wav", tmp_path)
    found = candidates.find(record, ChopOptions(), 0, record.length)
    assert found.tempo is not None
    height = np.log2(float(found.tempo.value) / 87.0)
    assert abs(height - round(height)) < 0.02
    settled = [beat for beat in found.beats if 6 < beat.sample / made_drums.RATE < 47]
    assert all(abs(np.log2((beat.tempo or 1) / float(found.tempo.value))) < 0.3 for beat in settled)
    assert len(settled) == pytest.approx(41 * float(found.tempo.value) / 60, rel=0.06)


@pytest.mark.parametrize(("factor", "bars"), [(2.0, [1, 2, 3, 4, 1, 2, 3, 4]), (0.5, [1, 2, 3, 4])])
def test_a_named_octave_keeps_the_bars_that_were_detected(factor: float, bars: list[int]) -> None:
    named = beats(90.0 * factor, 0.1, 20, position=3, meter=3)
    found = as_named(named, beats(90.0, 0, 20), RATE)
    assert labels(tuple(found))[: len(bars)] == bars
    assert [found[0].sample, np.diff([beat.sample for beat in found]).mean()] == pytest.approx([0, 667 / factor], abs=1)


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_a_named_tempo_that_is_no_other_octave_keeps_its_own_beats(factor: float) -> None:
    named = beats(90.0 * factor, 0.1, 20, position=3)
    assert as_named(named, beats(90.0, 0, 20), RATE) == named
