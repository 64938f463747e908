"""What a band plays to the strokes of a drummer, and how its guitars are amplified."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from samplechop.offline.audio.reading import RATE
from samplechop.offline.lab.synthetic import band, instruments
from samplechop.offline.lab.synthetic.chords import progression
from samplechop.offline.lab.synthetic.score import METERS, Clock, Score, Section, Strike, Tone
from samplechop.offline.lab.synthetic.styles import STYLES

STYLE = {style.name: style for style in STYLES}


def played(way, bass, strikes=(), **habits):
    """Eight bars of 4/4 at 120 beats a minute, of one chord."""
    rng, clock = np.random.default_rng(3), Clock(np.arange(33) * 0.5 + 1.0, METERS["4/4"])
    players = replace(band.random_band(rng, STYLE["songwriter"], clock), comping=way, second=None, bass=bass, **habits)
    score = Score(18.0, strikes=list(strikes))
    chords = progression(0, "0:maj") * (8 * players.per_bar)
    parts = frozenset({"chord", "bass", "drums"})
    band.play(score, rng, clock, [Section("main", 0, 8, parts, False)], players, chords, "X...............")
    return score


def kicks(*steps, late=0.0):
    return [Strike(1.0 + 2 * bar + step * 0.125 + late, "kick", 0.9, True) for bar in range(8) for step in steps]


def test_a_bass_that_goes_with_the_kick_is_struck_with_it_also_where_the_drummer_is_late():
    strikes = kicks(0, 3, 10, late=0.02)
    score = played("held", "kick", strikes, locked=True)
    bass = np.array([tone.time for tone in score.tones if tone.part == "bass"])
    assert len(bass) == len(strikes)
    np.testing.assert_allclose(np.sort(bass), [one.time for one in strikes], atol=0.008)


def test_without_a_kick_the_bass_keeps_to_the_pattern():
    score = played("held", "kick")
    assert len([tone for tone in score.tones if tone.part == "bass"]) == 8


def test_a_strummed_guitar_is_many_small_attacks_string_after_string():
    score = played("acoustic", "none", strum=0.01, sixteenths=0.8)
    chords = np.sort([tone.time for tone in score.tones if tone.part == "chord"])
    assert len(chords) > 8 * 4 * 2 * 3
    first = np.sort([tone.time for tone in score.tones if tone.time < 1.1])
    assert np.diff(first[:4]) == pytest.approx(0.01, abs=1e-6)


def test_the_patterns_of_kicks_are_those_struck():
    clock = Clock(np.arange(33) * 0.5 + 1.0, METERS["4/4"])
    score = Score(18.0, strikes=kicks(0, 10, late=0.015))
    assert band.kick_patterns(score, clock) == dict.fromkeys(range(8), "x.........x.....")


def test_an_amplifier_fills_a_decaying_string_and_cuts_its_treble():
    times = np.arange(2 * RATE) / RATE
    string = np.sin(2 * np.pi * 110 * times) * np.exp(-times / 0.15)
    sound = instruments._amplifier(string.astype(np.float32), 40.0, np.random.default_rng(0))
    early, later = (np.sqrt(np.mean(np.square(sound[round(t * RATE) :][:4410]))) for t in (0.1, 0.7))
    assert later > 0.5 * early
    power = np.square(np.abs(np.fft.rfft(sound)))
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    assert power[hertz > 10_000].sum() < 1e-3 * power.sum()


def test_two_takes_of_a_guitar_are_no_copies(monkeypatch):
    heard = []

    def play_tones(tones, length, *_):
        heard.append([tone.time for tone in tones])
        return np.random.default_rng(0).standard_normal(round(length * RATE)).astype(np.float32), list(tones)

    monkeypatch.setattr(instruments, "play_tones", play_tones)
    tones = [Tone(0.5 * n, 0.4, 45, 90, "chord", True) for n in range(8)]
    line_up = instruments.LineUp(dict.fromkeys(instruments.CHANNELS, 30), {}, {})
    for seed in range(8):
        _, played_tones = instruments.amplify(tones, 5.0, line_up, None, np.random.default_rng(seed))
        assert played_tones == tones
    doubled = [two for one, two in itertools.pairwise(heard) if one == [tone.time for tone in tones] != two]
    assert doubled
    assert all(0.0005 < np.mean(np.abs(np.subtract(take, heard[0]))) < 0.03 for take in doubled)


def test_only_loud_guitars_are_amplified():
    programs = dict.fromkeys(instruments.CHANNELS, 0) | {"comp": 30, "bass": 29}
    assert instruments.amplified_parts(instruments.LineUp(programs, {}, {})) == {"comp"}


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_every_pattern_of_a_style_is_a_bar(style):
    for pattern in (*style.kicks, *style.snares):
        assert len(pattern) in (12, 16)
        assert set(pattern) <= set("Xxog.")


def test_styles_reach_from_slow_to_fast():
    assert min(style.bpm[0] for style in STYLES) <= 60
    assert max(style.bpm[1] for style in STYLES) >= 230
