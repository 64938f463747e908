"""The whole session on files: what comes out, and that nothing depends on how the audio came in."""

import json
import re
import signal
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.events import Event
from samplechop.realtime.engine.engine import FAST_BLOCK
from samplechop.realtime.session import Session
from samplechop.realtime.session_parts import make_detectors, open_source
from samplechop.realtime.settings import LiveSettings
from tests.support.command import program, samplechop
from tests.support.signals import RATE, record
from tests.support.waiting import PATIENCE, wait_until


class Kept:
    """A sink that keeps the events it is given."""

    broken = False

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        """Nothing to close."""


def run(source: FileSource, duration: float | None = None) -> list[Event]:
    kept = Kept()
    settings = LiveSettings(pads="similar", duration=duration)
    Session(settings, source, make_detectors(settings), on_event=kept.write).run()
    return kept.events


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audio") / "record.wav"
    soundfile.write(path, record(8.0)[0], RATE, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def expected(wav: Path) -> list[Event]:
    events = run(FileSource(wav, 32_768, realtime=False))
    assert len(events) > 5
    return events


def test_live_and_fast_give_the_same_events(wav: Path, expected: list[Event]) -> None:
    clock = [0.0]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    assert run(FileSource(wav, 256, realtime=True, now=lambda: clock[0], wait=wait)) == expected
    assert clock[0] == pytest.approx(8.0, abs=0.01)


@pytest.mark.parametrize(
    ("given", "fast", "size"), [(None, True, FAST_BLOCK), (None, False, 256), (64, True, 64), (64, False, 64)]
)
def test_blocks_are_as_long_as_was_asked_for(wav: Path, given: int | None, fast: bool, size: int) -> None:
    source = open_source(LiveSettings(blocksize=given), wav, fast)
    assert source.block_size == size
    source.stop()


@pytest.mark.parametrize("size", [64, 65, 8193])
def test_events_do_not_depend_on_the_block_size(wav: Path, expected: list[Event], size: int) -> None:
    assert run(FileSource(wav, size, realtime=False)) == expected


def test_the_duration_cuts_the_session_short(wav: Path, expected: list[Event]) -> None:
    found = run(FileSource(wav, 1000, realtime=False), duration=4.0)
    assert found == [event for event in expected if event.sample < 4 * RATE]


def test_chops_stand_where_the_sounds_begin(expected: list[Event]) -> None:
    starts = record(8.0)[1]
    errors = [np.abs(starts - event.sample).min() for event in expected if event.sample > RATE // 4]
    assert np.median(errors) < 0.003 * RATE


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    result = samplechop("live", DEMO, "--fast", "--events", folder / "a.jsonl", "--midi-file", folder / "a.mid")
    assert result.code == 0, result.err
    return folder


def test_every_event_is_a_json_line_within_the_latency(demo: Path) -> None:
    events = [json.loads(line) for line in (demo / "a.jsonl").read_text().splitlines()]
    assert len(events) > 20
    for event in events:
        assert list(event) == ["kind", "sample", "time", "strength", "note", "velocity", "emitted", "way", "level"]
        assert event["kind"] == "chop"
        assert event["time"] == pytest.approx(event["sample"] / 44_100, abs=1e-6)
        assert 0 < event["emitted"] - event["sample"] <= 15_360
        assert 0.0 < event["strength"] <= 1.0
        assert 36 <= event["note"] <= 51


def test_the_midi_file_has_the_chops_at_their_true_places(demo: Path) -> None:
    events = [json.loads(line) for line in (demo / "a.jsonl").read_text().splitlines()]
    now, notes = 0.0, []
    for message in mido.MidiFile(demo / "a.mid"):
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            notes.append((now, message.note, message.velocity))
    assert [note[1:] for note in notes] == [(event["note"], event["velocity"]) for event in events]
    np.testing.assert_allclose([note[0] for note in notes], [event["time"] for event in events], atol=3e-4)


def test_drums_and_harmony_go_beside_the_chops_each_on_a_channel_of_its_own(tmp_path: Path) -> None:
    events, notes = tmp_path / "events.jsonl", tmp_path / "notes.mid"
    options = ("--duration", "8", "--detect", "chops,drums,harmony", "--events", events, "--midi-file", notes)
    result = samplechop("live", "--demo", "--fast", *options)
    assert result.code == 0, result.err
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert {"chop", "drum", "chord"} <= {line["kind"] for line in lines}
    assert all(line["note"] and line["velocity"] for line in lines if line["kind"] == "drum")
    assert all(line["label"] and "notes" in line for line in lines if line["kind"] == "chord")
    assert f" {sum(line['kind'] == 'drum' for line in lines)} drum" in result.err
    struck = {(message.channel + 1, message.note) for message in mido.MidiFile(notes) if message.type == "note_on"}
    assert {channel for channel, _ in struck} == {1, 2, 10}
    for kind, channel in (("drum", 10), ("chord", 2)):
        asked = {note for line in lines if line["kind"] == kind for note in line.get("notes") or [line["note"]]}
        assert asked - {None} == {note for one, note in struck if one == channel}


def test_fixed_pads_play_one_note() -> None:
    result = samplechop("live", "--demo", "--fast", "--quiet", "--events", "-", "--pads", "fixed", "--note-low", 40)
    assert {json.loads(line)["note"] for line in result.out.splitlines()} == {40}


def test_the_summary_says_how_many_chops_are_of_drums_alone_and_how_many_of_music() -> None:
    heard = samplechop("live", "--demo", "--fast", "--events", "-")
    ways = [json.loads(line)["way"] for line in heard.out.splitlines()]
    alone, music = ways.count("attacks"), ways.count("both")
    assert alone > 1 and music > 1
    assert f"{len(ways)} chops ({alone} attacks of drums alone, {music} cut as music) in" in heard.err
    told = samplechop("live", "--demo", "--fast", "--events", "-", "--choose", "hits")
    assert f"{len(told.out.splitlines())} chops in" in told.err


def test_a_higher_threshold_gives_fewer_chops(demo: Path) -> None:
    few = samplechop("live", "--demo", "--fast", "--quiet", "--events", "-", "--threshold", 0.7)
    assert 0 < len(few.out.splitlines()) < len((demo / "a.jsonl").read_text().splitlines())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_session_ends_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    process = program("--demo", "--events", tmp_path / "e.jsonl", "--midi-file", tmp_path / "m.mid")
    events = tmp_path / "e.jsonl"
    wait_until(lambda: events.exists() and "\n" in events.read_text(), process)
    process.send_signal(how)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    written = [json.loads(line) for line in events.read_text().splitlines()]
    notes = [m for m in mido.MidiFile(tmp_path / "m.mid") if m.type == "note_on"]
    assert len(notes) == len(written) > 0
    assert f"{len(written)} chop" in err


def test_the_view_shows_each_chop_and_of_a_fast_file_no_latency() -> None:
    result = samplechop("live", "--demo", "--fast")
    assert "ms late" not in result.err
    assert len(re.findall(r"  chop \((?:attacks|both)\)  ", result.err)) > 20
