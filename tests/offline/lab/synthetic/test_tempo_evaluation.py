"""The evaluation of beats, live and in whole files."""

from samplechop.offline.lab.synthetic.tempo_evaluation import RATE, How
from tests.support import made_drums


def test_a_whole_file_has_beats_where_a_break_leaves_those_that_come_live_without() -> None:
    beats = made_drums.even(108.0, 24.0)
    sound = made_drums.drums(beats, made_drums.ROCK, 4, 24.0)
    sound[round(10 * RATE) : round(16 * RATE)] = 0
    live, whole = (How(whole=whole).beats(sound) for whole in (False, True))
    assert any(14 * RATE < beat.sample < 16 * RATE for beat in whole)
    assert not any(14 * RATE < beat.sample < 16 * RATE for beat in live)
