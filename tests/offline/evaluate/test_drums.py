import json
import re
from xml.etree import ElementTree

import mir_eval
import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.offline.evaluate import drum_measures, drums, report, runner, systems
from samplechop.offline.evaluate.drum_decisions import never_given
from samplechop.offline.evaluate.drum_measures import (
    DETECTED_LABELS,
    REFERENCE_LABELS,
    Hits,
    measure,
)
from samplechop.offline.evaluate.drum_references import DrumReferences, drum_references_for
from samplechop.offline.evaluate.measures import OPEN, RIGHT, WRONG, Markers
from samplechop.offline.evaluate.references import tracks_in
from samplechop.offline.evaluate.runner import Pooled
from samplechop.offline.labels.drum_labels import (
    OTHER,
    DrumHit,
    DrumLabels,
    Unsure,
    read_drum_labels,
    write_drum_labels,
)
from samplechop.offline.labels.recording_truth import FAMILIES, SPELLINGS, ChopTruth, DrumTruth, Truth, write_truth
from samplechop.realtime import detectors
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS, Event
from tests.support.command import samplechop
from tests.support.ears import Reciter, drum

RATE = 44_100


def known(velocity=0.8, other=(), **times):
    """What is known: kick=[seconds, ...] and so on."""
    arrays = {label: np.array(times.get(label, []), float) for label in DRUMS}
    velocities = {label: np.full(len(array), velocity) for label, array in arrays.items()}
    return DrumReferences(arrays, velocities, other=np.array(other, float))


def heard(*events):
    return drums.hits_of(events)


def test_every_drum_is_measured_by_mir_eval():
    rng = np.random.default_rng(4)
    references = known(**{label: np.sort(rng.uniform(0, 10, 30)) for label in DRUMS})
    hits = heard(*(drum(float(time), label) for label in DRUMS for time in rng.uniform(0, 10, 40)))
    scores = measure(references, hits, 10.0)
    for label in DRUMS:
        found = hits.times[hits.of(label)]
        for window, suffix in ((0.05, ""), (0.025, "25")):
            expected = mir_eval.onset.f_measure(references.times[label], found, window=window)
            assert [scores[f"{label}_{part}{suffix}"] for part in "fpr"] == pytest.approx(expected)


def test_a_hit_taken_for_another_drum_is_wrong_in_both():
    scores = measure(known(kick=[1.0, 2.0], snare=[3.0]), heard(drum(1, "kick"), drum(2, "snare")), 60.0)
    assert (scores["kick_p"], scores["kick_r"]) == (1.0, 0.5)
    assert (scores["snare_f"], scores["snare_p"]) == (0.0, 0.0)


def test_a_drum_that_is_never_struck_has_false_hits_a_minute_and_no_f():
    scores = measure(known(kick=[1.0]), heard(drum(1, "kick"), drum(2, "tom"), drum(3, "tom")), 30.0)
    assert scores["tom_false"] == pytest.approx(4)
    assert "tom_f" not in scores
    assert "kick_false" not in scores


def test_the_headline_is_the_mean_of_the_means_by_drum():
    one = measure(known(kick=[1.0], snare=[2.0]), heard(drum(1, "kick")), 10.0)
    two = measure(known(kick=[1.0], hat=[2.0]), heard(drum(2, "hat")), 10.0)
    assert (one["headline_f"], two["headline_f"]) == (0.5, 0.5)
    # kick (1 + 0) / 2, snare 0, hat 1: each over the recordings that have it.
    means = drum_measures.measures.mean_of([one, two])
    assert drums.pooled_measures(Pooled(means))["headline_f"] == pytest.approx((0.5 + 0 + 1) / 3)


def test_a_hit_where_something_that_is_no_drum_of_ours_was_struck_counts_neither_way():
    references = known(kick=[1.0], other=[2.0])
    hits = heard(drum(1, "kick"), drum(2.02, "snare"), drum(2.02, "kick"), drum(3, "kick"))
    assert dict(zip(hits.times.round(2), drum_measures.marks(references, hits), strict=True)) == {
        1.0: RIGHT,
        2.02: OPEN,
        3.0: WRONG,
    }
    assert measure(references, hits, 60.0)["kick_p"] == 0.5


def test_a_hit_where_nobody_knows_counts_neither_way_unless_it_is_right():
    labels = known(snare=[1.5], kick=[5.0])
    references = DrumReferences(labels.times, labels.velocities, unsure={"snare": ((1.0, 2.0),)})
    hits = heard(drum(1.2, "snare"), drum(1.3, "kick"), drum(1.5, "snare"))
    assert drum_measures.marks(references, hits).tolist() == [OPEN, WRONG, RIGHT]


def test_of_drums_that_are_not_all_labelled_nothing_is_said():
    labels = known(kick=[1.0])
    references = DrumReferences(labels.times, labels.velocities, known=frozenset({"kick"}))
    scores = measure(references, heard(drum(1, "kick"), drum(2, "hat")), 60.0)
    assert scores["kick_f"] == 1
    assert not {name for name in scores if name.startswith(("hat", "onsets"))}


def test_all_drums_together_are_one_attack_where_they_fall_together():
    references = known(kick=[1.0], hat=[1.01, 2.0])
    scores = measure(references, heard(drum(1, "kick"), drum(1.005, "hat"), drum(2, "snare")), 60.0)
    assert (scores["onsets_f"], scores["onsets_p"], scores["onsets_r"]) == (1, 1, 1)


def test_a_false_hit_is_counted_as_what_there_was():
    references = known(kick=[1.0, 2.0], snare=[3.0], hat=[3.0])
    hits = heard(drum(1, "kick"), drum(2.01, "snare"), drum(3, "hat"), drum(3.02, "tom"), drum(9, "tom"))
    counts = drum_measures.confusion(references, hits)
    filled = {
        (REFERENCE_LABELS[row], DETECTED_LABELS[column]): counts[row, column] for row, column in np.argwhere(counts)
    }
    assert filled == {
        ("kick", "kick"): 1,
        ("kick", "snare"): 1,
        ("kick", "missed"): 1,
        ("snare", "tom"): 1,  # the snare was missed, the hat was not
        ("snare", "missed"): 1,
        ("hat", "hat"): 1,
        ("nothing", "tom"): 1,
    }


def test_offsets_and_velocities_are_those_of_right_hits():
    references = known(kick=[1.0, 2.0], snare=[3.0], velocity=0.5)
    late = heard(drum(1.010, "kick", velocity=127), drum(2.010, "kick", velocity=127), drum(2.98, "snare", velocity=0))
    lists = drum_measures.listed(references, late)
    told = drums.pooled_measures(Pooled(lists=lists))
    assert told["offset_ms"] == pytest.approx(10, abs=0.02)
    assert told["snare_offset_ms"] == pytest.approx(-20, abs=0.02)
    assert told["velocity_error"] == pytest.approx(0.5)
    assert told["delay_p95_ms"] == pytest.approx(10, abs=0.02)
    assert "velocity_r" not in told  # all true ones are alike


def test_velocities_that_rise_together_correlate():
    true = np.array([0.2, 0.5, 0.9])
    references = DrumReferences(
        {**known().times, "kick": np.array([1.0, 2.0, 3.0])}, {**known().velocities, "kick": true}
    )
    hits = heard(
        *(drum(time, "kick", velocity=round(127 * (0.1 + v / 2))) for time, v in zip((1, 2, 3), true, strict=True))
    )
    assert drums.pooled_measures(Pooled(lists=drum_measures.listed(references, hits)))["velocity_r"] == pytest.approx(
        1, abs=0.001
    )


def test_a_velocity_nobody_noted_is_not_compared():
    references = known(kick=[1.0], velocity=np.nan)
    assert drum_measures.listed(references, heard(drum(1, "kick")))["velocities"].shape == (2, 0)


def test_onset_detectors_are_measured_on_all_drums_together_only():
    hits = drums._unlabelled(Markers(np.array([1.0, 2.0])))
    scores = measure(known(kick=[1.0], hat=[2.0]), hits, 60.0)
    assert scores["onsets_f"] == 1
    assert not {name for name in scores if name.startswith(tuple(DRUMS))}
    assert drum_measures.counted(known(kick=[1.0]), hits) == {}


def test_a_deaf_ear_tells_drums_and_finds_none():
    scores = measure(known(kick=[1.0]), Hits(*(np.zeros(0) for _ in range(5))), 60.0)
    assert (scores["kick_f"], scores["kick_p"], scores["kick_r"]) == (0, None, 0)


def audio(path, seconds=1.0):
    soundfile.write(path, np.random.default_rng(1).standard_normal(round(seconds * RATE)) * 0.1, RATE)
    return path


def test_hits_written_by_hand_may_name_other_things_and_velocities(tmp_path):
    path = audio(tmp_path / "one.wav")
    (tmp_path / "one.drums.txt").write_text("# struck\n0.5 kick 0.25\n0.1 bongo\n0.7\tsnare\n")
    references = drum_references_for(path)
    assert references.times["kick"].tolist() == [0.5]
    assert references.velocities["kick"].tolist() == [0.25]
    assert np.isnan(references.velocities["snare"]).tolist() == [True]
    assert references.other.tolist() == [0.1]
    assert references.all.tolist() == [0.1, 0.5, 0.7]


@pytest.mark.parametrize("line", ["0.3 kick 0.5", "0,3 kick 0,5", "0.3,kick,0.5", "0.3, kick, 0.5  # the first"])
def test_hits_may_be_noted_with_decimal_commas_columns_parted_by_commas_and_remarks(tmp_path, line):
    path = audio(tmp_path / "one.wav")
    (tmp_path / "one.drums.txt").write_text(line + "\n")
    references = drum_references_for(path)
    assert (references.times["kick"].tolist(), references.velocities["kick"].tolist()) == ([0.3], [0.5])


@pytest.mark.parametrize("word", [*FAMILIES, *SPELLINGS, OTHER])
def test_a_word_in_a_text_stands_for_the_drum_that_it_stands_for_in_training(tmp_path, word):
    path = audio(tmp_path / "one.wav")
    text = tmp_path / "one.drums.txt"
    text.write_text(f"0.5 {word}\n")
    learned = {label: read_drum_labels(text).times(label) for label in DRUMS}
    assert {label: times.tolist() for label, times in drum_references_for(path).times.items()} == learned


def test_labels_made_elsewhere_say_what_they_do_not_know(tmp_path):
    path = audio(tmp_path / "one.wav")
    labels = DrumLabels((DrumHit(0.5, "kick"),), frozenset({"kick", "snare"}), (Unsure(0, 0.4), Unsure(0.6, 1, "kick")))
    write_drum_labels(labels, tmp_path / "one.drums.json")
    references = drum_references_for(path)
    assert references.known == {"kick", "snare"}
    assert references.unsure["kick"] == ((0, 0.4), (0.6, 1))
    assert references.unsure["snare"] == ((0, 0.4),)
    assert references.all is None


def test_a_synthetic_record_without_drums_says_nothing_of_drums(tmp_path):
    path = audio(tmp_path / "one.wav")
    truth = Truth(1.0, "soul", "validation", 1, chops=[ChopTruth(0.5, "hit", 1.0)])
    write_truth(truth, tmp_path / "one.json")
    assert drum_references_for(path) is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("0.5 kick loud", "'loud' is no velocity"),
        ("0.5 kick 90", "'90' is no velocity"),
        ("kick", "no time in seconds"),
    ],
)
def test_a_line_that_is_no_hit_is_named(tmp_path, line, says):
    path = audio(tmp_path / "one.wav")
    (tmp_path / "one.drums.txt").write_text(line + "\n")
    with pytest.raises(UserError, match=says):
        drum_references_for(path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two recordings, and an ear that hears kick, hat in both: right in the first."""
    for group in ("stems", "mixes"):
        (tmp_path / group).mkdir()
        audio(tmp_path / group / "one.wav", 2.0)
    write_truth(
        Truth(2.0, "soul", "validation", 1, drums=[DrumTruth(0.5, "kick", 0.8), DrumTruth(1.0, "hat", 0.8)]),
        tmp_path / "stems/one.json",
    )
    (tmp_path / "mixes/one.drums.txt").write_text("0.5 snare\n")
    events = [drum(0.5, "kick"), drum(1.0, "hat", 0.4)]
    monkeypatch.setitem(detectors.BUILT_IN, "reciter", lambda: Reciter(events))
    monkeypatch.setattr(runner, "synthetic_noises", lambda: {"hum": [np.zeros(2 * RATE, np.float32)] * 2})
    monkeypatch.setattr(runner, "USUAL", tmp_path / "nowhere.flac")
    drums.open_system.cache_clear()
    return tmp_path


def test_the_command_prints_a_table_and_writes_json_and_a_page(folder):
    where = folder / "out.json", folder / "out.html"
    options = ["--detector", "reciter", "--peers", "librosa", "--jobs", 1, "--json", where[0], "--page", where[1]]
    found = samplechop("evaluate", "drums", folder, *options)
    assert found.code == 0, found.err
    assert "mean F of kick, snare, hat" in found.out
    data = json.loads(where[0].read_text())["systems"]
    own = data["detector:reciter"]
    stems, mixes = (own["groups"][group] for group in ("stems", "mixes"))
    assert (stems["headline_f"], stems["kick_f"], stems["latency_ms"]) == (
        1,
        1,
        pytest.approx(1000_000 / RATE, abs=0.1),
    )
    assert (mixes["snare_f"], mixes["hat_false"]) == (0, 30)
    assert own["on_noise"] == {"hum": 60}
    assert own["recordings"]["stems/one.wav"]["hits"][0] == {
        "time": 0.5,
        "label": "kick",
        "strength": 0.8,
        "velocity": 0.7874,
    }
    assert "kick_f" not in data["librosa"]["mean"]
    assert "reciter: what each hit was taken for" in where[1].read_text()


def test_the_page_is_well_formed_and_fetches_nothing(folder):
    result = runner.evaluate(
        drums.TASK, tracks_in(folder, drum_references_for), ["detector:reciter", "librosa"], None, jobs=1
    )
    html = report.page(result, "my <drums>")
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import|<script", html)
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawings) == len(result.tracks) + 2
    for drawing in drawings:
        ElementTree.fromstring(drawing)


def test_without_a_model_of_the_kind_one_is_asked_for(folder, monkeypatch):
    monkeypatch.setattr(systems.models, "names", list)
    found = samplechop("evaluate", "drums", folder, "--detector", "drums")
    assert found.code == 2
    assert "no model of kind drums or stream is released here: name yours with --model" in found.err


def test_a_model_of_another_kind_is_refused(folder):
    found = samplechop("evaluate", "drums", folder, "--model", "chop-61")
    assert found.code == 2
    assert "model 'chop-61' cannot be evaluated here" in found.err


def test_early_and_confirmed_drums_are_measured_alike():
    assert "drums" in drums.usual_systems()
    events = [Event("confirmed", 44_100, 60_000, 0.9, label="snare"), Event("drum", 22_050, 23_000, 0.8, label="kick")]
    hits = drums.hits_of([*events, Event("chop", 0, 10, 0.5)])
    assert [DRUMS[label] for label in hits.labels] == ["kick", "snare"]


def test_side_sticks_and_open_hats_are_judged_where_they_are_told_apart(tmp_path):
    struck = [(0.5, "stick"), (1.0, "open"), (1.5, "hat"), (2.0, "open"), (2.5, "snare")]
    audio(tmp_path / "made.wav")
    write_truth(
        Truth(4.0, "soul", "validation", 1, drums=[DrumTruth(time, label, 0.8) for time, label in struck]),
        tmp_path / "made.json",
    )
    (tmp_path / "noted.drums.txt").write_text("".join(f"{time} {label}\n" for time, label in struck))
    events = [Event("confirmed", round(time * RATE), 0, 0.9, label="open") for time in (1.0, 1.5)]
    for name in ("made.wav", "noted.wav"):
        references = drum_references_for(tmp_path / name)
        scores = measure(references, drums.hits_of(events, told=("stick", "open")), 4.0)
        assert (scores["open_p"], scores["open_r"]) == (0.5, 0.5)
        assert (scores["stick_f"], scores["stick_p"]) == (0, None)
        assert not {"open_f", "stick_f"} & set(measure(references, drums.hits_of(events), 4.0))
    assert "open_f" not in measure(known(hat=[1.0]), drums.hits_of(events, told=("stick", "open")), 4.0)


def test_what_a_model_never_gives_is_said():
    assert never_given("chop") == ["chop never gives stick, open, cymbal"]
    assert never_given("chop@early") == [
        "chop early never gives cymbal",
        "chop early never gives tom where drums alone sound",
    ]
    assert never_given("drums") == ["drums never gives tom, cymbal"]
    assert never_given("librosa") == never_given("detector:drums") == []


@pytest.mark.parametrize(("system", "key", "does"), [("", "confirmed", "confirms"), ("@early", "early", "names")])
def test_a_model_that_decides_on_no_drums_is_refused_in_a_sentence(tmp_path, system, key, does):
    released = models.load("chop").path
    for path in released.parent.glob("chop*.tflite"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    record = json.loads(released.with_suffix(".json").read_text())
    del record["decision"][key]
    (tmp_path / "mine.json").write_text(json.dumps(record))
    with pytest.raises(models.ModelError, match=f"{does} no drums.*'chop'"):
        drums.open_system(f"{tmp_path / 'mine.json'}{system}")


def test_a_streaming_model_is_measured_by_the_drums_that_it_confirms(monkeypatch):
    made = []
    monkeypatch.setattr(systems, "live", lambda detector, _: made.append(detector))
    drums.open_system.__wrapped__("chop")
    drums.open_system.__wrapped__("drums")
    assert [type(one).__name__ for one in made] == ["ConfirmedDrumDetector", "DrumDetector"]


def test_a_folder_without_drums_says_what_to_put_there(tmp_path):
    audio(tmp_path / "one.wav")
    found = samplechop("evaluate", "drums", tmp_path, "--detector", "chop")
    assert found.code == 2
    assert "put name.drums.txt" in found.err
