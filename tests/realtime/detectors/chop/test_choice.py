"""A break is cut at every stroke, music is not; a higher density only adds; strengths are probabilities."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from samplechop import models
from samplechop.models import ModelError
from samplechop.realtime.core.events import ATTACK, CHOP, Event
from samplechop.realtime.detectors.chop.choice import strength_score, with_threshold
from samplechop.realtime.detectors.chop.decision import Decision, Way
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.engine.engine import Engine

RATE = 44_100


def stroke(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Make a kick, snare or hat."""
    t = np.arange(RATE // 4) / RATE
    if kind == "kick":
        return np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t * 30)))) * np.exp(-t * 18)
    noise = rng.standard_normal(len(t))
    if kind == "snare":
        return 0.5 * noise * np.exp(-t * 22) + 0.5 * np.sin(2 * np.pi * 190 * t) * np.exp(-t * 25)
    return 0.25 * np.diff(noise, prepend=0) * np.exp(-t * 60)


@cache
def a_break(bars: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Make bars of drums alone at 96 BPM: sound, float32 (n,), and the strokes' seconds."""
    rng = np.random.default_rng(3)
    eighth = 60 / 96 / 2
    pattern = ["kick", "hat", "snare", "hat", "kick", "kick", "snare", "hat"]
    times = np.arange(bars * 8) * eighth + 0.5
    sound = np.zeros(round((times[-1] + 1.5) * RATE))
    for time, kind in zip(times, pattern * bars, strict=True):
        one, at = stroke(kind, rng), round(time * RATE)
        sound[at : at + len(one)] += one
    return (0.5 * sound / np.max(np.abs(sound))).astype(np.float32), times


@cache
def a_song() -> np.ndarray:
    """Make held chords with a melody over them: float32 (n,)."""
    rng = np.random.default_rng(4)
    sound = np.zeros(12 * RATE)
    for bar, root in enumerate((220, 175, 262, 196, 220, 175)):
        t = np.arange(2 * RATE) / RATE
        chord = sum(np.sin(2 * np.pi * root * ratio * h * t) / h for ratio in (1, 1.25, 1.5) for h in (1, 2, 3))
        sound[bar * 2 * RATE :][: len(t)] += 0.2 * chord * np.minimum(1, t * 100) * np.exp(-t * 0.5)
        for step in range(8):
            note = np.arange(RATE // 4) / RATE
            pitch = root * 2 ** (int(rng.choice([0, 2, 4, 7, 9])) / 12) * 2
            place = bar * 2 * RATE + step * RATE // 4
            sound[place : place + len(note)] += 0.3 * np.sin(2 * np.pi * pitch * note) * np.exp(-note * 4)
    return (0.5 * sound / np.max(np.abs(sound))).astype(np.float32)


def events_of(sound: np.ndarray, block: int = 4096, **settings: object) -> list[Event]:
    engine, found = Engine({"chop": ChopDetector(ChopSettings(**settings))}, RATE, 1, block), []
    for first in range(0, len(sound), block):
        engine.process(sound[first : first + block, None], found.append)
    engine.flush(found.append)
    return sorted(found, key=lambda event: event.sample)


def found_of(events: list[Event], times: np.ndarray) -> int:
    places = np.array([event.sample for event in events]) / RATE
    return sum(bool(np.any(np.abs(places - time) < 0.03)) for time in times)


def test_a_break_is_cut_at_every_stroke_and_says_so() -> None:
    sound, times = a_break()
    events = events_of(sound)
    assert found_of(events, times) >= len(times) - 1
    assert len(events) <= len(times) + 2
    assert {event.way for event in events} == {"attacks"}


def test_a_song_is_not_cut_at_every_attack() -> None:
    events = events_of(a_song())
    assert {event.way for event in events} <= {"both"}
    assert len(events) < len(events_of(a_song(), choose="attacks"))


def test_a_higher_density_only_adds() -> None:
    sound, _ = a_break()
    sets = [{event.sample for event in events_of(sound, density=density)} for density in (0.0, 0.4, 0.8, 1.0)]
    assert all(few <= more for few, more in pairwise(sets))
    assert sets[-1] == {event.sample for event in events_of(sound, choose="attacks")}


def test_what_was_found_at_density_1_can_be_thinned_out_by_level() -> None:
    sound, _ = a_break()
    every = events_of(sound, density=1.0)
    thinned = {event.sample for event in every if event.level is not None and event.level <= 0.5}
    assert thinned == {event.sample for event in events_of(sound, density=0.5)}


@pytest.mark.parametrize("choose", ["auto", "hits", "bars"])
def test_events_do_not_depend_on_the_block_size(choose: str) -> None:
    sound, _ = a_break(2)
    assert events_of(sound, 512, choose=choose) == events_of(sound, 8192, choose=choose)


@pytest.mark.parametrize("settings", [{"choose": "auto"}, {"choose": "beats"}, {"density": 0.5}])
def test_strengths_are_probabilities(settings: dict) -> None:
    assert all(0 <= event.strength <= 1 for event in events_of(a_break()[0], **settings))


def test_attacks_that_are_no_chops_are_told_to_those_who_ask() -> None:
    sound, times = a_break()
    events = events_of(sound, choose="bars", every=True)
    kinds = [event.kind for event in events]
    assert kinds.count(ATTACK) > kinds.count(CHOP) > 0
    assert found_of(events, times) >= len(times) - 1


def test_of_two_attacks_as_surely_struck_the_one_that_fewer_cuts_would_have_is_the_stronger() -> None:
    on_beat, beside = [0.9, 0.6, 0.5, 0.2], [0.9, 0.1, 0.5, 0.1]
    assert strength_score(on_beat, 0, range(4), 0.75) > strength_score(beside, 0, range(4), 0.75)
    assert strength_score(on_beat, 0, range(4), 0.0) == strength_score(beside, 0, range(4), 0.0) == 0.9
    assert strength_score([0.3] * 4, 0, range(4), 0.75) == pytest.approx(0.3)


def test_how_much_other_ways_count_in_a_strength_is_kept_in_the_manifest_and_a_share() -> None:
    way = Way(0.4, 0.0, {"onset": 1.0}, others=0.75)
    assert Way.read(way.record(), 0.0) == way
    assert "others" not in replace(way, others=0.0).record()
    with pytest.raises(ValueError, match="out of range"):
        Way.read(way.record() | {"others": 1.5}, 0.0)


def test_a_lower_threshold_finds_attacks_down_to_it() -> None:
    decision = Decision({"attacks": Way(0.4, 0.0, {"onset": 1.0}), "hits": Way(0.5, 0.0)}, 6.0, 2)
    lower = with_threshold(decision, "hits", 0.2).ways
    assert (lower["attacks"].threshold, lower["hits"].threshold) == (0.2, 0.2)


def test_a_density_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"density must be in 0\.\.1, got 2"):
        ChopSettings(density=2.0)


def test_a_model_of_before_says_that_it_has_no_dial(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = models.load("chop")
    before = {"choose": {name: {"beat": 0.1, "threshold": 0.3} for name in ("hits", "both", "beats")}}
    before |= {"relative": 0.4, "memory_seconds": 6.0, "beat_reach": 2}
    monkeypatch.setattr(models, "load", lambda _: replace(manifest, decision=before))
    assert len(events_of(a_break()[0])) > 4
    with pytest.raises(ModelError, match="has no --choose attacks: it is of before"):
        events_of(a_break()[0], choose="attacks")
