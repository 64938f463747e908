import json
import re
from xml.etree import ElementTree

import mir_eval
import numpy as np
import pytest
import soundfile

from samplechop.offline.evaluate import (
    chord_measures,
    harmony,
    peers,
    report,
    runner,
)
from samplechop.offline.evaluate.chord_measures import (
    DETECTED_LABELS,
    INTERVALS,
    NAMES,
    REFERENCE_LABELS,
    Harmony,
    measure,
)
from samplechop.offline.evaluate.chord_references import (
    ChordReferences,
    Segment,
    chord_references_for,
    contiguous,
    key_name,
)
from samplechop.offline.evaluate.references import tracks_in
from samplechop.offline.evaluate.runner import Pooled
from samplechop.offline.labels.recording_truth import ChordTruth, Truth, write_truth
from samplechop.realtime import detectors
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.detectors.harmony.harte import PRIORS, ROOTS
from tests.support import signals
from tests.support.command import samplechop
from tests.support.ears import Reciter

RATE = 44_100


def known(*rows, has_bass=True, key=None):
    """What is known, rows of (start, stop, label)."""
    return ChordReferences(contiguous(Segment(*row) for row in rows), has_bass, key)


def heard(*rows, pitches=None, key=None, delay=0.2):
    """What was heard, rows of (time, label); pitches: rows of (time, pitch classes)."""
    times = np.array([time for time, _ in rows])
    sets = np.zeros((len(pitches or ()), 12), bool)
    for row, (_, classes) in zip(sets, pitches or (), strict=True):
        row[list(classes)] = True
    return Harmony(
        times,
        tuple(label for _, label in rows),
        times + delay,
        None if pitches is None else np.array([time for time, _ in pitches]),
        None if pitches is None else sets,
        key,
    )


def test_vocabularies_are_those_of_mir_eval():
    rng = np.random.default_rng(5)
    labels = [f"{root}:{quality}" for root in ("C", "F#", "A") for quality in PRIORS] + ["N", "X", "C:maj/3", "A:min/5"]
    for _ in range(5):
        truth = [(one, one + 1, labels[rng.integers(len(labels))]) for one in range(30)]
        said = [(0.5 * one, labels[rng.integers(len(labels))].replace("X", "N")) for one in range(60)]
        scores = measure(known(*truth), heard(*said), 30.0)
        edges, parts = np.array([row[:2] for row in truth]), np.array([(time, time + 0.5) for time, _ in said])
        expected = mir_eval.chord.evaluate(edges, [row[2] for row in truth], parts, [label for _, label in said])
        for name in chord_measures.VOCABULARIES:
            assert scores[name] == pytest.approx(expected[name]), name


def test_a_name_counts_for_the_time_it_is_heard():
    references = known((0, 1, "A:min7"), (1, 4, "C:maj"))
    scores = measure(references, heard((0.25, "A:min7"), (1.0, "C:maj"), (2.5, "C:7")), 4.0)
    assert scores["name"] == pytest.approx((0.75 + 1.5) / 4)
    assert scores["silent"] == pytest.approx(0.25 / 4)


def test_a_segment_is_called_what_is_heard_for_its_longest_part():
    references = known((0, 2, "A:min7"), (2, 4, "C:maj"))
    said = heard((0.0, "C:maj"), (0.7, "A:min7"), (1.3, "A:min7/b3"), (2.0, "E:min"), (3.2, "C:maj"))
    assert measure(references, said, 4.0)["name_segments"] == 0.5


def test_a_chord_of_the_same_notes_has_another_name_but_the_same_pitch_classes():
    scores = measure(known((0, 2, "A:min7/b3")), heard((0.0, "C:maj6")), 2.0)
    assert (scores["name"], scores["same_notes"], scores["named_f"], scores["bass"]) == (0, 1, 1, 1)


def test_pitch_classes_are_those_heard_for_half_of_a_segment_or_more():
    references = known((0, 2, "C:maj"), (2, 4, "A:1"))
    told = heard((0.0, "C:maj"), pitches=[(0.2, {0, 4}), (1.4, {0, 4, 7}), (2.1, {9})])
    # Of C E G, C and E; of A, A: 3 shared, 4 true and 3 heard.
    assert measure(references, told, 4.0)["pitches_f"] == pytest.approx(2 * 3 / 7)


def test_pitch_classes_of_an_ear_that_tells_none_are_unknown():
    assert measure(known((0, 2, "C:maj")), heard((0.0, "C:maj")), 2.0)["pitches_f"] is None


def test_bass_notes_count_by_time_and_only_where_labels_tell_them():
    rows, said = [(0, 2, "C:maj/3")], heard((0.0, "C:maj"), (0.5, "E:min"))
    assert measure(known(*rows), said, 2.0)["bass"] == pytest.approx(0.75)
    assert measure(known(*rows, has_bass=False), said, 2.0)["bass"] is None


def test_what_nobody_could_name_counts_neither_way():
    rows = [(0, 1, "C:maj"), (1, 3, "X")]
    scores = measure(known(*rows), heard((0.0, "C:maj"), (1.0, "F:min")), 3.0)
    assert (scores["name"], scores["root"], scores["majmin"], scores["claimed"]) == (1, 1, 1, None)


def test_a_chord_claimed_where_none_sounds_counts_by_time():
    scores = measure(known((0, 4, "N")), heard((1.0, "C:maj"), (2.0, "N")), 4.0)
    assert scores["claimed"] == 0.25
    assert scores["root"] is None
    assert "name" not in scores


def test_what_lies_behind_the_end_of_a_recording_does_not_count():
    scores = measure(known((0, 2, "C:maj"), (2, 9, "F:maj")), heard((0.0, "C:maj")), 2.0)
    assert (scores["name"], scores["root"]) == (1, 1)


@pytest.mark.parametrize(("told", "score"), [("A minor", 1), ("C major", 0.3), ("E minor", 0.5), (None, 0)])
def test_a_key_is_weighted_by_mir_eval(told, score):
    assert measure(known((0, 2, "A:min"), key="A minor"), heard((0.0, "A:min"), key=told), 2.0)["key"] == score


def test_root_errors_are_counted_in_semitones_and_qualities_on_the_right_root():
    references = known((0, 1, "C:maj"), (1, 2, "C:maj"), (2, 3, "B:min"), (3, 4, "C:7"), (4, 5, "F:maj"))
    said = heard((0.0, "C:maj"), (1.0, "C#:maj"), (2.0, "Bb:min"), (3.0, "C:maj"), (4.0, "N"))
    counts = chord_measures.counted(references, said, 5.0)
    assert np.flatnonzero(counts[INTERVALS]).tolist() == [0, 1, 11, 12]
    assert counts[INTERVALS][[0, 1, 11, 12]].tolist() == [2, 1, 1, 1]
    names = {
        (REFERENCE_LABELS[row], DETECTED_LABELS[column]): counts[NAMES][row, column]
        for row, column in np.argwhere(counts[NAMES])
    }
    assert names == {
        ("maj", "maj"): 1,
        ("maj", "other root"): 1,
        ("min", "other root"): 1,
        ("7", "maj"): 1,
        ("maj", "none"): 1,
    }
    assert harmony.pooled_measures(Pooled(counts=counts))["root_off_by_one"] == pytest.approx(0.5)


def test_a_chord_is_told_by_the_first_event_that_names_it():
    references = known((0, 1, "N"), (1, 3, "C:maj"), (3, 4, "C:maj"), (4, 5, "F:maj"), (5, 6, "G:maj"))
    said = heard((0.9, "C:min"), (1.1, "C:maj"), (1.5, "F:maj"), (3.9, "F:maj"), delay=0.2)
    lists = chord_measures.listed(references, said)
    # C 100 ms late; it goes on at 3 s; F 100 ms early; G never.
    assert lists["begins"] == pytest.approx([100, -100])
    assert lists["decided"] == pytest.approx([300, 100])
    told = harmony.pooled_measures(Pooled(lists=lists))
    assert (told["begins_ms"], told["decided_p95_ms"]) == (pytest.approx(0), pytest.approx(290))


def test_events_are_read_as_chords_pitch_classes_and_the_last_key():
    events = [
        Event("key", 10, 20, 0.5, "C:maj"),
        Event("chord", 2 * RATE, 3 * RATE, 0.9, "F:maj", notes=(41, 60)),
        Event("chord", RATE, 2 * RATE, 0.9, "N", notes=()),
        Event("pitches", RATE, 2 * RATE, 0.9, "C,A", notes=(60, 69)),
        Event("drum", RATE, 2 * RATE, 0.9, "kick"),
        Event("key", 30, 40, 0.5, "A:min"),
    ]
    told = harmony.harmony_of(events)
    assert (told.labels, told.times.tolist(), told.decided.tolist()) == (("N", "F:maj"), [1, 2], [2, 3])
    assert np.flatnonzero(told.pitches[0]).tolist() == [0, 9]
    assert told.key == "A minor"


@pytest.mark.parametrize(
    ("written", "name"), [("A:min", "A minor"), ("F# minor", "F# minor"), ("Bb:major\n", "Bb major"), ("C", "C major")]
)
def test_keys_are_read_in_every_usual_spelling(written, name):
    assert key_name(written) == name


def audio(path, seconds=4.0):
    soundfile.write(path, signals.chord(220.0, seconds), RATE)
    return path


def test_a_lab_file_without_gaps_or_overlaps(tmp_path):
    path = audio(tmp_path / "one.wav")
    (tmp_path / "one.lab").write_text("0 1.5\tC:maj(9,11)\n1.0 2.0 A:min/b3\n3.0 4.0 N\n")
    (tmp_path / "one.key").write_text("C:maj\n")
    references = chord_references_for(path)
    assert [(one.start, one.stop, one.label) for one in references.segments] == [
        (0, 1, "C:maj(9,11)"),
        (1, 2, "A:min/b3"),
        (2, 3, "X"),
        (3, 4, "N"),
    ]
    assert (references.has_bass, references.key) == (True, "C major")


def test_the_chords_of_a_crate_last_until_the_next(tmp_path):
    path = audio(tmp_path / "one.wav")
    chords = [ChordTruth(0.5, "Bb:min7"), ChordTruth(2.0, "F:maj")]
    write_truth(Truth(4.0, "soul", "validation", 1, chords=chords), tmp_path / "one.json")
    references = chord_references_for(path)
    assert references.segments == (Segment(0.5, 2.0, "Bb:min7"), Segment(2.0, 4.0, "F:maj"))
    assert not references.has_bass


def test_what_is_not_known_is_not_read(tmp_path):
    path = audio(tmp_path / "one.wav")
    assert chord_references_for(path) is None
    write_truth(Truth(4.0, "soul", "validation", 1), tmp_path / "one.json")
    assert chord_references_for(path) is None


@pytest.mark.parametrize("line", ["0 1", "0 1 C:loud", "0 end C:maj", "0 1 H:maj", "0 1 C:maj 3"])
def test_a_line_that_is_no_chord_is_named(tmp_path, line):
    path = audio(tmp_path / "one.wav")
    (tmp_path / "one.lab").write_text(line + "\n")
    with pytest.raises(UserError, match=r"one\.lab', at 0 s: '.*' is no end and chord"):
        chord_references_for(path)


def test_a_key_that_is_none_is_named(tmp_path):
    path = audio(tmp_path / "one.wav")
    (tmp_path / "one.lab").write_text("0 4 A:min7\n")
    (tmp_path / "one.key").write_text("loud\n")
    with pytest.raises(UserError, match=r"one\.key' holds no key"):
        chord_references_for(path)


def test_templates_hear_a_plain_chord_and_silence():
    sound = np.concatenate([np.zeros(RATE, np.float32), signals.chord(220.0, 3.0)])
    told = peers.nearest_templates(sound)
    assert told.segments(4.0)[0].label == "N"
    assert measure(known((1, 4, "A:min7")), told, 4.0)["named_f"] > 0.8
    assert {label.split(":")[0] for label in told.labels} <= {*ROOTS, "N"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A recording of a chord and one of none, and an ear that says the same of both."""
    for group, lines in (("held", "0 1 N\n1 4 A:min7\n"), ("drums", "0 4 N\n")):
        (tmp_path / group).mkdir()
        audio(tmp_path / group / "one.wav")
        (tmp_path / group / "one.lab").write_text(lines)
    events = [Event("chord", RATE, RATE + 4410, 0.9, "A:min7"), Event("chord", 3 * RATE, 4 * RATE, 0.9, "D:maj/3")]
    monkeypatch.setitem(detectors.BUILT_IN, "reciter", lambda: Reciter(events))
    monkeypatch.setattr(runner, "synthetic_noises", lambda: {"hum": [np.zeros(4 * RATE, np.float32)]})
    monkeypatch.setattr(runner, "USUAL", tmp_path / "nowhere.flac")
    harmony.open_system.cache_clear()
    return tmp_path


def test_the_command_prints_a_table_and_writes_json_and_a_page(folder):
    where = folder / "out.json", folder / "out.html"
    options = ["--detector", "reciter", "--peers", "librosa", "--jobs", 1, "--json", where[0], "--page", where[1]]
    found = samplechop("evaluate", "harmony", folder, *options)
    assert found.code == 0, found.err
    assert "chord name (root, quality)" in found.out
    data = json.loads(where[0].read_text())["systems"]["detector:reciter"]
    assert data["groups"]["held"]["name"] == pytest.approx(2 / 3, abs=1e-4)
    assert data["groups"]["held"]["decided_ms"] == pytest.approx(100)
    assert data["groups"]["drums"]["claimed"] == data["on_noise"]["hum"] == 0.75
    assert data["recordings"]["held/one.wav"]["chords"][1] == {"time": 3.0, "label": "D:maj/3"}
    assert "what each quality was taken for" in where[1].read_text()


def test_the_page_is_well_formed_and_fetches_nothing(folder):
    result = runner.evaluate(harmony.TASK, tracks_in(folder, chord_references_for), ["detector:reciter"], None, jobs=1)
    html = report.page(result, "my <chords>")
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import|<script", html)
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawings) == len(result.tracks) + 2
    for drawing in drawings:
        ElementTree.fromstring(drawing)


def test_peers_of_drums_are_none_of_harmony(folder):
    found = samplechop("evaluate", "harmony", folder, "--detector", "reciter", "--peers", "aubio")
    assert found.code == 2
    assert "--peers must be all, none or some of librosa, got 'aubio'" in found.err
