"""What recordings decide of how confirmed and early drums are picked."""

import numpy as np

from samplechop.offline.training.tasks import drum_choice
from samplechop.offline.training.tasks.drum_decision import DRUM_GAP, decide_drums, standing
from samplechop.realtime.detectors.drums.hit_picking import NEVER, DrumChoice, DrumDecision


def test_thresholds_of_a_drum_stay_where_others_are_no_better() -> None:
    scores = np.zeros(4000, np.float32)
    places = np.arange(50, 4000, 50)
    scores[places] = np.where(np.arange(len(places)) % 2, 0.9, 0.6)
    records = {"kick": [drum_choice.Scored(scores, places[1::2], np.zeros(len(scores), bool))]}
    best, f = decide_drums(records)
    for threshold, stays in ((0.75, True), (0.1, False)):
        before = DrumDecision({"kick": DrumChoice(threshold, 0.0, DRUM_GAP, ((0.5, 0.5), (0.9, 1.0)))}, 6.0)
        part, now = decide_drums(records, before=before)
        assert now == f
        assert (part["drums"]["kick"]["threshold"] == threshold) == stays
    assert best["drums"]["kick"]["threshold"] not in (0.75, 0.1)


def test_a_recording_with_one_stroke_of_drums_alone_counts_by_all_its_strokes() -> None:
    n, strokes = 2000, np.arange(50, 2000, 50)[:38]
    alone, mixed = np.ones(n, bool), np.zeros(n, bool)
    mixed[:100] = True
    a_break, song = np.zeros(n, np.float32), np.zeros(n, np.float32)
    a_break[strokes] = np.where(np.arange(38) % 2, 0.6, 0.5)
    song[strokes] = np.where(strokes < 100, 0.4, 0.9)
    open_ = np.zeros(n, bool)
    records = [
        drum_choice.Scored(a_break, strokes[1::2], open_, alone),
        drum_choice.Scored(song, strokes, open_, mixed),
    ]
    part, f = decide_drums({"kick": records})
    assert 0.5 < part["drums_alone"]["kick"]["threshold"] <= 0.6 and f["kick"] > 0.95


def test_a_drum_that_no_score_is_sure_of_is_never_given_whatever_stood() -> None:
    scores, places = np.zeros(30 * 301, np.float32), 30 * np.arange(1, 301)
    scores[places] = np.linspace(0.2, 0.9, 300, dtype=np.float32)
    records = {"tom": [drum_choice.Scored(scores, places[::9], np.zeros(len(scores), bool))]}
    before = DrumDecision({"tom": DrumChoice(0.2, 0.0, DRUM_GAP)}, 6.0)
    part, f = decide_drums(records, before=before)
    assert (part["drums"]["tom"]["threshold"], f["tom"]) == (NEVER, 0)


def test_a_model_that_learned_chops_alone_picks_drums_as_before_but_for_passages_that_it_does_not_know() -> None:
    early = {"drums": {"kick": {"threshold": 0.3}}, "memory_seconds": 6.0}
    decision = {"choose": {}, "early": {**early, "drums_alone": {"kick": {"threshold": 0.5}}}}
    assert standing(decision, alone=True) == {"early": decision["early"]}
    assert standing(decision, alone=False) == {"early": early}
