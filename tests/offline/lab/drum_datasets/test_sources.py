"""What is labelled from a pulse or by hand lies on the attacks, and what is not known is left open."""

from functools import cache

import numpy as np
import pytest

from samplechop.offline.lab.drum_datasets.from_midi import drums_in, fit, labels_of
from samplechop.offline.lab.drum_datasets.from_tracks import label_four_on_the_floor
from samplechop.offline.labels.drum_labels import nearest, rise
from samplechop.offline.labels.midi import Struck
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS
from tests.support.drum_recordings import recording

BEATS = [1.0 + 0.5 * number for number in range(33)]


@cache
def techno(extra: tuple[tuple[float, str], ...] = ()) -> np.ndarray:
    """Kicks on all beats, claps on every second one, hats between."""
    strikes = [(beat, "kick") for beat in BEATS] + [(beat, "clap") for beat in BEATS[1::2]]
    return recording([*strikes, *((beat + 0.25, "hat") for beat in BEATS), *extra], 18.5)


def test_an_attack_is_found_where_it_is() -> None:
    at, height = nearest(rise(recording([(0.5, "kick")], 1.0)), 0.52, 0.05)
    assert at == pytest.approx(0.5, abs=0.003)
    assert height > 20


def test_a_kick_on_every_beat_and_a_clap_on_every_second_are_found() -> None:
    # The tracker may be a little off: labels lie on the attacks all the same.
    labels = label_four_on_the_floor(techno(), [beat + 0.012 for beat in BEATS])
    assert labels.known == {"kick", "snare"}
    assert labels.times("kick") == pytest.approx(BEATS[:32], abs=0.006)
    assert labels.times("snare") == pytest.approx(BEATS[1:32:2], abs=0.006)


def test_kicks_beside_the_pulse_are_left_open() -> None:
    labels = label_four_on_the_floor(techno(((3.25, "kick"),)), BEATS)
    assert any(span.label == "kick" and span.start < 3.25 < span.stop for span in labels.unsure)
    assert all(abs(time - 3.25) > 0.1 for time in labels.times("kick"))


def test_music_without_that_pattern_is_left_open_from_end_to_end() -> None:
    sound = recording([(beat, "kick") for beat in BEATS[::4]] + [(beat, "snare") for beat in BEATS[3::5]], 18.5)
    labels = label_four_on_the_floor(sound, BEATS)
    assert labels.events == ()
    assert [(span.start, span.stop, span.label) for span in labels.unsure] == [(0.0, len(sound) / 44_100, "")]


def test_too_few_beats_say_nothing() -> None:
    assert label_four_on_the_floor(techno(), BEATS[:7]).events == ()


@pytest.mark.parametrize("late", [0.0, 0.02, -0.03])
def test_notes_by_hand_are_told_by_how_much_they_are_off(late: float) -> None:
    struck = [Struck(beat, 36, 0.8) for beat in BEATS[:12]]
    sound = recording([(one.time + late, "kick") for one in struck], 8.0)
    found = fit(sound, struck)
    assert found.off == pytest.approx(late, abs=0.004)
    assert found.on_attack == (1.0 if late == 0 else 0.0)


def test_silence_fits_nothing() -> None:
    assert fit(np.zeros(44_100, np.float32), [Struck(0.5, 36, 0.8)]).on_attack == 0


def test_by_hand_takes_any_channel_where_channel_10_is_empty() -> None:
    import mido

    from samplechop.offline.labels.midi import Played

    song = [Played(0.5, mido.Message("note_on", channel=0, note=38, velocity=127))]
    struck = drums_in(song, 0.25, 10.0)
    labels = labels_of(np.zeros(44_100, np.float32), struck, frozenset(DRUMS))
    assert [(hit.time, hit.label, hit.velocity) for hit in labels.events] == [(0.75, "snare", 1.0)]
    with pytest.raises(UserError, match="General MIDI"):
        drums_in(song[:0], 0.0, 10.0)
