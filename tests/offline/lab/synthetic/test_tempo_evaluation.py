"""The evaluation of beats, live and in whole files."""

from samplechop.offline.lab.synthetic.tempo_evaluation import RATE, How, calls
from samplechop.offline.lab.synthetic.tempo_records import MADE_STYLES
from samplechop.realtime.detectors.beats.tracker import HIGH_BPM, LOW_BPM, TEMPO_RANGE
from tests.support import made_drums


def test_a_whole_file_has_beats_where_a_break_leaves_those_that_come_live_without() -> None:
    beats = made_drums.even(108.0, 24.0)
    sound = made_drums.drums(beats, made_drums.ROCK, 4, 24.0)
    sound[round(10 * RATE) : round(16 * RATE)] = 0
    live, whole = (How(whole=whole).beats(sound) for whole in (False, True))
    assert any(14 * RATE < beat.sample < 16 * RATE for beat in whole)
    assert not any(14 * RATE < beat.sample < 16 * RATE for beat in live)


def test_at_the_ends_beats_are_slower_and_faster_than_any_pulse_that_is_followed() -> None:
    ranges = [MADE_STYLES[call.args[0]].bpm for call in calls(None, 1, 0, 0, How(), ends=True)]
    assert all(high <= LOW_BPM or low >= HIGH_BPM for low, high in ranges)
    assert (min(low for low, _ in ranges), max(high for _, high in ranges)) == TEMPO_RANGE
