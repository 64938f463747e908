"""What is done to a score before it is played."""

import numpy as np

from samplechop.offline.lab.synthetic.score import Score, Strike, play_backbeat_otherwise


def backbeat(seed, brushes=False):
    strikes = [Strike(n / 2, "snare", 0.9 if n % 2 else 0.2, bool(n % 2)) for n in range(1, 9)]
    score = Score(5.0, strikes=strikes, brushes=brushes)
    play_backbeat_otherwise(score, np.random.default_rng(seed))
    return score


def test_a_backbeat_is_now_and_then_of_side_sticks_or_claps_and_its_ghost_notes_never():
    ways = []
    for seed in range(200):
        score = backbeat(seed)
        assert sum(one.role == "snare" and not one.accent for one in score.strikes) == 4
        loud = sorted(one.role for one in score.strikes if one.accent)
        assert len(loud) == (8 if len(set(loud)) == 2 else 4)
        ways.append("+".join(sorted(set(loud))))
    assert set(ways) == {"snare", "rim", "clap", "clap+snare"}
    assert 0.7 < ways.count("snare") / len(ways) < 0.9


def test_brushes_stay_brushes():
    assert all(one.role == "snare" for seed in range(60) for one in backbeat(seed, True).strikes)
