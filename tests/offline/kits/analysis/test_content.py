"""What is in a slice: chords and drums heard become its tags, and say how well it suits what is wanted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.kits import pipeline, plan, selection
from samplechop.offline.kits.analysis import content, content_detection
from samplechop.offline.kits.analysis.content import SUITABLE, describe, suitability
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.descriptors import Descriptors
from samplechop.offline.kits.analysis.event_collectors import ChordCollector, HitCollector
from samplechop.offline.kits.core.model import Candidate, Content, Guess
from samplechop.offline.kits.core.options import ChopOptions, Want
from samplechop.offline.kits.core.record import Record, open_record
from samplechop.offline.kits.plan import Piece
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS, Event
from samplechop.realtime.core.plugin import Block, Emit
from tests.support.sounds_made import RATE, chord, heard, hit, pitches

A_MINOR = Guess("A minor", 0.9)
FEW: dict[str, Any] = {"picture": False, "formats": ("audacity", "hydrogen")}


def piece(start: float, stop: float) -> Piece:
    return Piece(round(start * RATE), round(stop * RATE), 0.9)


def told(events: list[Event], start: float = 0.0, stop: float = 1.0, **known: Any) -> Content:
    return describe(heard(events, 4.0, **known), piece(start, stop), A_MINOR)


def suits(events: list[Event], want: Want, start: float = 0.0, stop: float = 1.0) -> float:
    part = piece(start, stop)
    return float(suitability(heard(events, 4.0), np.array([part.start]), np.array([part.stop]), want)[0])


def test_the_chord_is_the_one_that_sounds_for_most_of_the_slice() -> None:
    events = [chord(0.0, "C:maj"), chord(0.2, "A:min7"), chord(0.9, "G:maj")]
    assert told(events).chord == "A:min7"
    assert told(events).chord_name == "Am7"
    assert told(events, 0.0, 0.2).chord == "C:maj"


def test_a_chord_that_began_before_the_slice_sounds_on_in_it() -> None:
    assert told([chord(0.0, "E:5")], 2.0, 3.0).chord == "E:5"


@pytest.mark.parametrize(
    "events", [[], [chord(0.0, "N")], [chord(0.0, "C:maj"), chord(0.4, "F:maj"), chord(0.8, "G:7")], [chord(0, "?")]]
)
def test_a_chord_that_is_not_clear_is_not_told(events: list[Event]) -> None:
    assert told(events).chord is None
    assert told(events).summary == ""


def test_chords_over_another_bass_are_one_chord() -> None:
    events = [chord(0.0, "C:maj"), chord(0.45, "C:maj/3"), chord(0.7, "G:7")]
    assert told(events).chord == "C:maj"


def test_silence_after_a_chord_does_not_make_it_unclear() -> None:
    events = [chord(0.0, "D:min"), chord(0.4, "N")]
    assert told(events).chord is None
    assert told(events, level=[1.0] * 4 + [0.05] * 36).chord == "D:min"


def test_only_what_a_pad_plays_first_is_judged() -> None:
    events = [chord(0.0, "D:min"), chord(2.0, "G:7"), hit(0.0, "kick"), hit(2.5, "snare")]
    assert (told(events, 0, 4).chord, told(events, 0, 4).hits) == ("D:min", {"kick": 1})


@pytest.mark.parametrize(
    ("sounding", "share"), [("A:min", 1.0), ("E:7", 1.0), ("A:maj", 2 / 3), ("Db:5", 0.5), ("N", None)]
)
def test_key_agreement_is_the_share_of_what_sounds_that_is_in_the_key(sounding: str, share: float | None) -> None:
    for events in ([pitches(0.0, sounding)], [chord(0.0, sounding)]):
        agreement = told(events).key_agreement
        assert agreement is None if share is None else agreement == pytest.approx(share, abs=1e-3)


def test_without_a_key_nothing_agrees_with_it() -> None:
    assert describe(heard([chord(0.0, "A:min")], 1.0), piece(0, 1), None).key_agreement is None


@pytest.mark.parametrize(
    ("key", "inside"), [("C major", {0, 2, 4, 5, 7, 9, 11}), ("F# minor", {6, 8, 9, 11, 1, 2, 4, 5})]
)
def test_a_key_has_its_scale_and_minor_its_leading_tone(key: str, inside: set[int]) -> None:
    assert set(content.scale(Guess(key, 1.0))) == inside


def test_drums_are_counted_and_the_one_it_is_is_noted() -> None:
    found = told([hit(0.0, "kick", 0.9), hit(0.3, "hat", 0.5), hit(0.6, "hat", 0.3), hit(1.2, "snare")])
    assert found.hits == {"kick": 1, "hat": 2}
    assert found.drum is None
    assert describe(heard([hit(0.0, "kick")], 1.0), piece(0, 1), None, "kick").drum == "kick"


def test_a_drum_is_heard_longer_while_no_chord_sounds() -> None:
    alone, upon = [hit(0.0, "snare", 1.0), chord(0.0, "N")], [hit(0.0, "snare", 1.0), chord(0.0, "A:min")]
    assert told(alone).drum_content == 1.0
    assert told(upon).drum_content == pytest.approx(0.25, abs=0.02)


def test_hits_at_once_are_chances_that_one_of_them_is_one() -> None:
    one, two = [hit(0.0, "kick", 0.25)], [hit(0.0, "kick", 0.25), hit(0.0, "snare", 0.25)]
    assert told(one, 0, 0.2).drum_content == pytest.approx(0.5)
    assert told(two, 0, 0.2).drum_content == pytest.approx(0.75)


def test_a_hit_just_before_a_cut_belongs_to_the_slice_behind_it() -> None:
    events = [hit(0.99, "snare")]
    assert told(events, 0, 1).hits == {}
    assert told(events, 1, 2).hits == {"snare": 1}
    assert told(events, 0, 1).drum_content == 0.0


def test_a_hit_in_silence_is_all_drums_and_a_hit_on_a_chord_a_part_of_it() -> None:
    alone = told([hit(0.0, "kick", 1.0)], level=[1.0, 0.0, 0.0, 0.0, 0.0] * 4)
    upon = told([hit(0.0, "kick", 1.0), chord(0.0, "A:min")])
    assert (alone.drum_content, upon.drum_content) == (1.0, pytest.approx(0.25, abs=0.02))


def test_a_soft_hit_is_less_of_a_drum_than_a_hard_one() -> None:
    soft, hard = (told([hit(0.0, "snare", 0.9, velocity)]).drum_content or 0.0 for velocity in (16, 100))
    assert soft == pytest.approx(hard / 4, abs=0.002)


def test_what_nobody_listened_for_is_not_known() -> None:
    events = [hit(0.0, "kick"), chord(0.0, "A:min")]
    harmonic, drummed = told(events, drums=False), told(events, harmony=False)
    assert (harmonic.chord, harmonic.hits, harmonic.drum, harmonic.drum_content) == ("A:min", None, None, None)
    assert (drummed.chord, drummed.key_agreement, drummed.hits) == (None, None, {"kick": 1})


def test_silence_has_neither_chord_nor_drums() -> None:
    found = told([hit(0.0, "kick"), chord(0.0, "A:min")], level=[0.0])
    assert found == Content(hits={}, drum_content=0.0)


EVENTS = st.lists(
    st.one_of(
        st.builds(hit, st.floats(0, 4), st.sampled_from(DRUMS), st.floats(0, 1), st.integers(0, 127)),
        st.builds(chord, st.floats(0, 4), st.sampled_from(["N", "A:min7", "C:maj/3", "E:5", "F#:1"])),
        st.builds(pitches, st.floats(0, 4), st.sampled_from(["N", "A:min7", "C:maj"])),
    ),
    max_size=30,
)


@given(EVENTS, st.floats(0, 3.9), st.floats(0.0001, 4), st.lists(st.floats(0, 1), max_size=5))
def test_whatever_is_heard_all_shares_are_shares(
    events: list[Event], start: float, length: float, level: list[float]
) -> None:
    sounding, part = heard(events, 4.0, level), piece(start, min(4.0, start + length))
    found = describe(sounding, part, A_MINOR)
    shares = [found.key_agreement, found.drum_content]
    shares += [float(suitability(sounding, np.array([part.start]), np.array([part.stop]), want)[0]) for want in WANTS]
    assert all(share is None or 0.0 <= share <= 1.0 for share in shares)


WANTS: tuple[Want, ...] = ("harmony", "drums", "both")


def test_a_chord_without_drums_suits_who_wants_harmony() -> None:
    clean, drummed = [chord(0.0, "A:min")], [chord(0.0, "A:min"), *(hit(time / 4, "kick", 1.0) for time in range(4))]
    assert suits(clean, "harmony") == 1.0
    assert suits(drummed, "harmony") < SUITABLE["harmony"]
    assert suits([], "harmony") == 0.0


def test_a_single_hit_without_a_chord_suits_who_wants_drums() -> None:
    snare = hit(0.0, "snare", 0.81)
    assert suits([snare], "drums") == pytest.approx(0.9)
    assert suits([snare, hit(0.0, "hat", 0.81)], "drums") == pytest.approx(0.6)
    assert suits([snare, hit(0.0, "kick", 0.81)], "drums") == pytest.approx(0.45)
    assert suits([snare, chord(0.0, "A:min")], "drums") == pytest.approx(0.45)
    assert suits([hit(0.5, "snare")], "drums") == 0.0
    assert suits([chord(0.0, "A:min")], "drums") == 0.0


def apart(n: int) -> tuple[list[Candidate], Descriptors]:
    vectors = np.eye(n, dtype=np.float32)
    levels, timbre = np.zeros(n, np.float32), np.zeros((n, 19), np.float32)
    return [Candidate(index * RATE, 0.9 - index / 100) for index in range(n)], Descriptors(
        "slice", RATE, vectors, vectors, timbre, levels
    )


def test_what_is_not_wanted_is_left_out_while_there_is_enough() -> None:
    candidates, described = apart(10)
    fitting = np.where(np.arange(10) >= 6, 0.9, 0.1)
    options = ChopOptions(count=3, want="drums")
    assert selection.select(candidates, described, options, suits=fitting).tolist() == [6, 7, 8]


def test_the_best_of_the_rest_fill_the_kit() -> None:
    candidates, described = apart(10)
    fitting = np.array([0.9, 0.0, 0.0, 0.3, 0.0, 0.2, 0.0, 0.9, 0.0, 0.0])
    options = ChopOptions(count=4, want="drums")
    assert selection.select(candidates, described, options, suits=fitting).tolist() == [0, 3, 5, 7]


def test_where_nothing_suits_the_strongest_are_chosen() -> None:
    candidates, described = apart(10)
    options = ChopOptions(count=3, want="drums")
    assert selection.select(candidates[::-1], described, options, suits=np.zeros(10)).tolist() == [9, 8, 7]


def test_what_is_locked_stays_whatever_is_wanted() -> None:
    candidates, described = apart(10)
    options = ChopOptions(count=3, want="harmony")
    assert 2 in selection.select(candidates, described, options, locked=[2], suits=np.arange(10) / 10 % 0.2)


def test_of_what_is_wanted_the_more_fitting_comes_first() -> None:
    candidates, described = apart(4)
    options = ChopOptions(count=2, diversity=0.0, want="harmony")
    assert selection.select(candidates, described, options, suits=[0.5, 0.9, 0.5, 0.9]).tolist() == [1, 3]


class ToldEngine:
    """In place of the engine: says what it was given, where it is in the record."""

    faults: ClassVar[dict[str, str]] = {}
    latency = 2_000
    events: ClassVar[list[Event]] = []

    def __init__(self, asked: Mapping[str, str], *_: object, **__: object) -> None:
        self._kinds = [{"drums": "drum", "harmony": "chord"}[name] for name in asked]
        self.reset(0)

    def reset(self, start: int, _opening: object = None) -> None:
        self.position = start

    def process(self, samples: Block, emit: Emit) -> None:
        end = self.position + len(samples)
        for event in self.events:
            if self.position <= event.sample < end and event.kind in self._kinds:
                emit(event)
        self.position = end

    def flush(self, emit: Emit) -> None:
        """All has been told."""


def heard_in(record: Record, parts: content_detection.Parts) -> DetectedContent:
    known = content_detection.detect_hits(record, parts), content_detection.detect_chords(record, parts)
    return DetectedContent(record.sample_rate, content_detection.levels(record, parts), *known)


@pytest.fixture
def loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of two halves: a drum loop, four hits a second, then a new chord every half second, each struck anew."""
    luck = np.random.default_rng(5)
    seconds = np.arange(RATE // 2) / RATE
    parts, events = [], [chord(0.0, "N")]
    for index in range(24):
        at = index / 2
        if index < 12:
            drum = ("kick", "snare")[index % 2]
            tone = np.sin(2 * np.pi * 60 * seconds) if drum == "kick" else luck.normal(0, 0.4, len(seconds))
            parts.append(0.8 * tone * np.exp(-18 * seconds))
            events.append(hit(at, drum, 0.95))
        else:
            label = ("A:min", "F:maj", "C:maj", "G:maj")[index % 4]
            named = content.harte.parse(label)
            assert named is not None
            tones = [np.sin(2 * np.pi * 220 * 2 ** (pitch / 12 - 0.75) * seconds) for pitch in named.pitch_classes]
            parts.append(0.2 * sum(tones) * np.exp(-2 * seconds) * np.minimum(1, 200 * seconds))
            events.append(chord(at, label))
    soundfile.write(tmp_path / "loop.wav", np.concatenate(parts), RATE, "PCM_16")
    monkeypatch.setattr(ToldEngine, "events", events)
    monkeypatch.setattr(content_detection, "Engine", ToldEngine)
    monkeypatch.setattr(content_detection.detectors, "names", lambda: ["drums", "harmony"])
    monkeypatch.setattr(content_detection.detectors, "make", str)
    places = [Candidate(index * RATE // 2, 0.9 - 0.01 * (index * 7 % 12)) for index in range(24)]
    found = plan.candidates.Found(tuple(places), (), ("chop", "0"))
    monkeypatch.setattr(plan.candidates, "find", lambda *_: found)
    return tmp_path / "loop.wav"


@pytest.mark.parametrize(("want", "begin", "end"), [("drums", 0.0, 6.0), ("harmony", 6.0, 12.0)])
def test_a_kit_holds_what_is_wanted(loop: Path, want: Want, begin: float, end: float, tmp_path: Path) -> None:
    options = ChopOptions(count=6, want=want, until="candidate", **FEW)
    outcome = pipeline.make_kit(loop, tmp_path / "kit", options)
    assert all(begin <= outcome.kit.seconds(part.start) < end for part in outcome.kit.slices)
    assert outcome.warnings == ()


def test_a_kit_with_too_little_of_what_is_wanted_says_so(loop: Path, tmp_path: Path) -> None:
    options = ChopOptions(count=16, want="harmony", until="candidate", **FEW)
    outcome = pipeline.make_kit(loop, tmp_path / "kit", options)
    assert len(outcome.kit.slices) == 16
    assert any(text.startswith("12 of 16 slices") and "a chord and no drum" in text for text in outcome.warnings)


def test_tags_are_in_manifest_names_labels_and_pads(loop: Path, tmp_path: Path) -> None:
    options = ChopOptions(count=24, until="candidate", template="{number}_{chord}_{drums}", **FEW)
    kit = pipeline.make_kit(loop, tmp_path / "kit", options).kit
    parts = json.loads((kit.folder / "kit.json").read_text())["slices"]
    assert [part["content"]["drum"] for part in (parts[0], parts[12])] == ["kick", None]
    assert parts[0]["content"]["hits"] == {"kick": 1}
    assert (parts[12]["content"]["chord"], parts[12]["content"]["chord_name"]) == ("A:min", "Am")
    assert [part["name"] for part in parts[::12]] == ["01_nochord_kick", "13_Am_nodrum"]
    rows = [line.split("\t")[2] for line in (kit.folder / f"{kit.name}.txt").read_text().splitlines()]
    assert rows[0] == "01_nochord_kick kick" and rows[12] == "13_Am_nodrum Am"


def test_tags_change_no_sample(loop: Path, tmp_path: Path) -> None:
    kit = pipeline.make_kit(loop, tmp_path / "kit", ChopOptions(count=8, **FEW)).kit
    joined = np.concatenate([soundfile.read(kit.path(part), dtype="int16")[0] for part in kit.slices])
    np.testing.assert_array_equal(joined, soundfile.read(loop, dtype="int16")[0])


def test_without_detectors_nothing_is_told_and_nothing_can_be_wanted(
    loop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_detection.detectors, "names", list)
    kit = pipeline.make_kit(loop, tmp_path / "kit", ChopOptions(count=4, **FEW)).kit
    assert all(part.content == Content() and part.title == part.name for part in kit.slices)
    with pytest.raises(UserError, match=r"^--want drums needs .*[^.]$"):
        pipeline.make_kit(loop, tmp_path / "other", ChopOptions(want="drums"))


def test_the_classic_choice_refuses_to_be_told_what_is_wanted() -> None:
    with pytest.raises(UserError, match=r"--classic.*--want harmony"):
        ChopOptions(classic=True, want="harmony")


def test_what_a_session_s_log_holds_is_not_heard_again(
    loop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = tmp_path / "2026-11-21"
    session.mkdir()
    (session / "audio.wav").write_bytes(loop.read_bytes())
    lines = [hit(3.25, "tom").to_json(RATE), chord(1.0, "E:5").to_json(RATE), '{"kind":"drum","label":"kick"}']
    (session / "events.jsonl").write_text("\n".join([*lines, ""]))
    monkeypatch.setattr(content_detection.detectors, "make", lambda name: pytest.fail(f"{name} was asked"))
    for source in (session, session / "audio.wav"):
        record = open_record(source, tmp_path)
        known = heard_in(record, [(0, record.length)])
        assert known.hits is not None and known.chords is not None
        assert known.hits.samples.tolist() == [round(3.25 * RATE)]
        assert known.chords.labels == ("E:5",)


def test_a_log_without_drums_leaves_them_to_be_heard(loop: Path, tmp_path: Path) -> None:
    session = tmp_path / "2026-11-21"
    session.mkdir()
    (session / "audio.wav").write_bytes(loop.read_bytes())
    (session / "events.jsonl").write_text(chord(1.0, "E:5").to_json(RATE) + "\n")
    record = open_record(session, tmp_path)
    known = heard_in(record, [(0, record.length)])
    assert known.hits is not None and len(known.hits.samples) == 12
    assert known.chords is not None and known.chords.labels == ("E:5",)


@pytest.mark.parametrize("block", [1_000, 4_096])
def test_what_is_heard_does_not_depend_on_the_blocks(
    loop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    record = open_record(loop, tmp_path)
    whole = heard_in(record, [(0, record.length)])
    monkeypatch.setattr(content_detection, "_BLOCK", block)
    again = heard_in(record, [(0, record.length)])
    np.testing.assert_array_equal(again.level, whole.level)
    assert again.hits is not None and whole.hits is not None
    np.testing.assert_array_equal(again.hits.samples, whole.hits.samples)


def test_broken_samples_have_a_level() -> None:
    samples = np.array([[np.nan], [np.inf], [-1e30], [0.5]], np.float32)
    assert np.all(np.isfinite(content_detection.level(samples, 2)))


@pytest.mark.parametrize(("length", "steps"), [(1, 1), (4, 2), (5, 3)])
def test_every_step_has_a_level_and_so_has_what_is_left(length: int, steps: int) -> None:
    assert content_detection.level(np.full((length, 2), -0.5, np.float32), 2).tolist() == [0.5] * steps


def test_parts_are_heard_as_in_the_whole(loop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for ear in (ChordCollector, HitCollector):
        monkeypatch.setattr(ear, "warm_seconds", 0.6)
    record = open_record(loop, tmp_path)
    whole = heard_in(record, [(0, record.length)])
    pieces = [piece(1.0, 1.5), piece(1.2, 1.9), piece(5.0, 5.5), piece(8.0, 8.5), piece(11.5, 12.0)]
    parts = heard_in(record, [(one.start, one.stop) for one in pieces])
    assert [describe(parts, one, A_MINOR) for one in pieces] == [describe(whole, one, A_MINOR) for one in pieces]
    assert np.count_nonzero(parts.level) < 0.6 * np.count_nonzero(whole.level)


def test_what_sounded_in_another_part_does_not_sound_on(loop: Path, tmp_path: Path) -> None:
    record = open_record(loop, tmp_path)
    parts = heard_in(record, [(7 * RATE, 8 * RATE), (0, RATE)])
    assert parts.chords is not None
    assert describe(parts, piece(0, 1), A_MINOR).chord is None
