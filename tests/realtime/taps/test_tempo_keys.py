"""Tempo keys: taps in time make a tempo and a place; single keys double and halve it."""

import numpy as np
import pytest

from samplechop.realtime.taps.tempo_keys import NEEDED, TappedTempo, TempoKeys

RATE = 44_100


class Keys:
    """A keyboard whose keys are hit by hand."""

    def __init__(self) -> None:
        self.calls: dict[bytes, object] = {}

    def listen(self, key: bytes, call: object) -> None:
        self.calls[key] = call

    def release(self, key: bytes) -> None:
        self.calls.pop(key, None)


class Clock:
    """Sample 0 was heard at second 100."""

    def time_of(self, position: int) -> float:
        return 100 + position / RATE


@pytest.mark.parametrize("bpm", [61.0, 87.0, 174.0])
def test_taps_in_time_make_a_tempo_and_the_place_of_a_beat(bpm: float) -> None:
    taps, rng = TappedTempo(), np.random.default_rng(0)
    enough = [taps.tap(2 + k * 60 / bpm + rng.normal(0, 0.005)) for k in range(8)]
    assert enough == [False] * (NEEDED - 1) + [True] * (9 - NEEDED)
    assert 60 / taps.period == pytest.approx(bpm, rel=0.02)
    assert taps.place == pytest.approx(2 + 7 * 60 / bpm, abs=0.01)


def test_a_pause_or_another_pace_begins_anew() -> None:
    taps = TappedTempo()
    assert [taps.tap(time) for time in (0, 0.5, 1, 1.5, 9, 9.3, 9.6, 9.9)] == [*[False] * 3, True, *[False] * 3, True]
    assert taps.period == pytest.approx(0.3)


def test_keys_shift_the_octave_and_tap_what_was_heard() -> None:
    keys, now, asked = Keys(), [0.0], []
    tempo = TempoKeys(keys, asked.append, lambda *tapped: asked.append(tapped), Clock(), RATE, 4410, lambda: now[0])  # type: ignore[arg-type]
    tempo.start()
    keys.calls[b"x"]()  # type: ignore[operator]
    keys.calls[b"/"]()  # type: ignore[operator]
    for beat in range(4):
        now[0] = 101 + beat / 2
        keys.calls[b"t"]()  # type: ignore[operator]
    assert asked[:2] == [1, -1]
    ((bpm, sample),) = asked[2:]
    assert (bpm, sample) == (pytest.approx(120), pytest.approx(2.4 * RATE, abs=2))
    tempo.close()
    tempo.close()
    assert not keys.calls
