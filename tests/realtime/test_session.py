"""Several detectors in one session: what the host makes of their events, whatever the input does."""

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.realtime import session as session_module
from samplechop.realtime.audio.source import Chunk, Counters
from samplechop.realtime.core.ends import ended_cleanly
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE as RATE
from samplechop.realtime.core.process import ROOT
from samplechop.realtime.detectors.chop.detector import ChopDetector
from samplechop.realtime.session import Session
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.ui.view import View
from tests.integration.test_live import Kept

BLOCK = 4410


class Drums:
    """Hears a kick at the begin of every second block of the stream."""

    immediate = True

    def prepare(self, spec):
        self.latency = 600 + spec.max_block_size

    def reset(self):
        """Nothing to forget."""

    def process(self, block, start, emit):
        if start // len(block) % 2 == 0:
            emit(Event("drum", start, start + 600, 0.5, "kick", note=36, velocity=64))


class Harmony(Drums):
    """Hears a chord once, at the begin."""

    def prepare(self, spec):
        self.latency = 8000 + spec.max_block_size

    def process(self, _block, start, emit):
        if start == 0:
            emit(Event("chord", 0, 8000, 0.9, "C:5", velocity=80, notes=(48, 55)))
            emit(Event("pitches", 0, 8000, 0.9, "C,G", notes=(60, 67)))
            emit(Event("key", 0, 8000, 0.9, "C:maj"))


class Input:
    """Silence in blocks, with a gap of two blocks after the third, and a state for each look."""

    name, sample_rate, channels, block_size, most, length = "input", RATE, 1, BLOCK, BLOCK, None
    realtime = False
    warnings = ()

    def __init__(self, gap: int = 0, states: tuple[str, ...] = ("playing",)) -> None:
        self.states = list(states)
        silence = np.zeros((BLOCK, 1), np.float32)
        self.chunks: Iterator[Chunk] = iter(
            [Chunk(n * BLOCK, silence) for n in range(3)]
            + [Chunk(n * BLOCK + gap, silence, gap if n == 3 else 0) for n in range(3, 6)]
        )

    @property
    def state(self) -> str:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def start(self) -> None:
        """Nothing to open."""

    def stop(self) -> None:
        """Nothing to close."""

    def read(self) -> Chunk | None:
        return next(self.chunks, None)

    def counters(self) -> Counters:
        return Counters(0, 0, 0, 0)


def session_of(source: Input, **settings) -> tuple[Session, Kept]:
    kept = Kept()
    detectors = {"chop": ChopDetector(), "drums": Drums(), "harmony": Harmony()}
    return Session(LiveSettings(**settings), source, detectors, on_event=kept.write), kept


@pytest.mark.parametrize(
    ("duration", "shown"), [(None, 64 * BLOCK), (8 * BLOCK / RATE, 8 * BLOCK), (999.0, 64 * BLOCK)]
)
def test_the_bar_of_a_file_is_full_where_the_file_or_the_duration_ends(duration: float | None, shown: int) -> None:
    source = Input()
    source.length = 64 * BLOCK
    session, _ = session_of(source, duration=duration)
    assert session.monitor.snapshot().duration == shown


def test_a_view_is_told_of_drums_and_harmony_apart_from_chops() -> None:
    session, _ = session_of(Input())
    session.run()
    told = session.monitor.snapshot()
    assert told.chops == () and told.chop_count == 0
    assert told.drum_counts["kick"] == 3
    assert 0 < told.drums["kick"] < 64 / 127
    assert (told.harmony, told.chord.label, told.key.label) == (True, "N", "C:maj")  # the chord ended with the input
    assert told.latencies == {"drums": 600 + BLOCK, "harmony": 8000 + BLOCK}
    assert told.latency > 8000 + BLOCK


def test_events_carry_the_latency_of_their_detector() -> None:
    session, kept = session_of(Input())
    session.run()
    assert {event.kind: event.latency for event in kept.events} == {
        "drum": 600 + BLOCK,
        **dict.fromkeys(("chord", "pitches", "key"), 8000 + BLOCK),
    }


def test_at_a_gap_and_at_the_end_what_sounds_ends() -> None:
    session, kept = session_of(Input(gap=2 * BLOCK))
    session.run()
    chords = [(event.sample, event.label, event.notes) for event in kept.events if event.kind == "chord"]
    pitches = [(event.sample, event.label, event.notes) for event in kept.events if event.kind == "pitches"]
    end = 3 * BLOCK
    # The detector begins anew after the gap, and so does its chord.
    assert chords == [
        (0, "C:5", (48, 55)),
        (end, "N", ()),
        (end + 2 * BLOCK, "C:5", (48, 55)),
        (end + 5 * BLOCK, "N", ()),
    ]
    assert pitches == [
        (0, "C,G", (60, 67)),
        (end, "", ()),
        (end + 2 * BLOCK, "C,G", (60, 67)),
        (end + 5 * BLOCK, "", ()),
    ]


@pytest.mark.parametrize(("harmony", "played"), [("chord", {"chord"}), ("pitches", {"pitches"}), ("off", set())])
def test_what_is_held_is_chosen(harmony: str, played: set[str]) -> None:
    session, kept = session_of(Input(), harmony_notes=harmony)
    session.run()
    assert {event.kind for event in kept.events if event.notes and event.velocity} == played


def test_the_sum_counts_every_kind() -> None:
    session, _ = session_of(Input())
    assert session.run().events == {"drum": 3, "chord": 2, "pitches": 2, "key": 1}


def test_what_sounds_ends_while_the_input_is_gone() -> None:
    """No block comes, so that no detector could say so."""
    gone = threading.Event()

    class Waiting(Input):
        def read(self) -> Chunk | None:
            chunk = super().read()
            if chunk is None:
                self.states = ["waiting for 'input'"]
                assert gone.wait(20)
            return chunk

    def write(event: Event) -> None:
        found.append(event)
        if event.kind == "chord" and not event.notes:
            gone.set()

    found: list[Event] = []
    Session(LiveSettings(), Waiting(), {"harmony": Harmony()}, on_event=write).run()
    ends = [(event.kind, event.sample, event.label) for event in found if event.notes == ()]
    assert ends == [("chord", 6 * BLOCK, "N"), ("pitches", 6 * BLOCK, "")]


def test_only_the_detectors_that_are_named_run_and_are_shown() -> None:
    session = Session(LiveSettings(), Input(), {"drums": Drums()})
    session.run()
    shown = session.monitor.snapshot()
    assert (shown.detectors, shown.curve, shown.harmony) == (("drums",), None, False)
    assert [event.label for event in shown.chops] == ["kick"] * 3


def test_events_are_handed_on_as_soon_as_they_are_there() -> None:
    """Not when the next picture is due: the input waits until the first event has been handed on."""
    handed = threading.Event()

    class Waiting(Input):
        def read(self) -> Chunk | None:
            chunk = super().read()
            assert chunk is None or chunk.start == 0 or handed.wait(20)
            return chunk

    class Frozen(View):
        def show(self, *_):
            assert handed.is_set(), "an event waited for the view"

    Session(LiveSettings(), Waiting(), {"drums": Drums()}, Frozen(), lambda _: handed.set()).run()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no Ctrl-C that one process can send itself alone")
def test_ctrl_c_ends_a_session_in_silence_though_a_busy_machine_hears_it_late() -> None:
    """Later than the next picture was due, for which the main thread waits: no event comes to wake it."""
    stopped = threading.Event()

    class Silent(Input):
        def read(self) -> None:
            stopped.wait()

        def stop(self) -> None:
            stopped.set()

    press = threading.Timer(session_module._SHOW_SECONDS / 4, os.kill, (os.getpid(), signal.SIGINT))

    class Pressed(View):
        def start(self) -> None:
            press.start()

    class Busy(logging.Handler):
        def emit(self, _record: logging.LogRecord) -> None:
            time.sleep(2 * session_module._SHOW_SECONDS)

    busy, guard = Busy(), threading.Timer(60, stopped.set)
    guard.start()
    level = ROOT.level
    ROOT.addHandler(busy)
    ROOT.setLevel(logging.INFO)
    try:
        with ended_cleanly():
            summary = Session(LiveSettings(), Silent(), {}, Pressed()).run()
    finally:
        ROOT.removeHandler(busy)
        ROOT.setLevel(level)
    assert summary.interrupted and guard.is_alive()
    guard.cancel()


def test_an_input_that_fails_leaves_nothing_sounding() -> None:
    class Failing(Input):
        def read(self) -> Chunk | None:
            chunk = super().read()
            if chunk is None:
                raise UserError("the input cannot be read")
            return chunk

    found = Kept()
    with pytest.raises(UserError, match="the input cannot be read"):
        Session(LiveSettings(), Failing(), {"harmony": Harmony()}, sinks=[found]).run()
    ends = [(event.kind, event.sample, event.label) for event in found.events if event.notes == ()]
    assert ends == [("chord", 6 * BLOCK, "N"), ("pitches", 6 * BLOCK, "")]


def test_lines_of_events_wait_for_nothing_that_the_main_thread_does(tmp_path: Path) -> None:
    """A function takes the first event, and does not come back before its line was read."""
    os.mkfifo(tmp_path / "events.jsonl")
    read = threading.Event()
    lines: list[str] = []

    class Reading(Input):
        reader = None

        def read(self) -> Chunk | None:
            chunk = super().read()
            if chunk is None or chunk.start == 0:
                return chunk
            if self.reader is None:
                self.reader = (tmp_path / "events.jsonl").open()
                lines.append(self.reader.readline())
                read.set()
            return chunk

    def wait(_: Event) -> None:
        assert read.wait(20), "the line waited for the main thread"

    Session(LiveSettings(events=str(tmp_path / "events.jsonl")), Reading(), {"drums": Drums()}, on_event=wait).run()
    assert json.loads(lines[0])["label"] == "kick"


def test_a_session_that_cannot_begin_leaves_no_files(tmp_path: Path) -> None:
    class Unplugged(Input):
        def start(self) -> None:
            raise UserError("no such device")

    settings = LiveSettings(events=str(tmp_path / "events.jsonl"), midi_file=tmp_path / "notes.mid")
    with pytest.raises(UserError, match="no such device"):
        Session(settings, Unplugged(), {"drums": Drums()}).run()
    assert list(tmp_path.iterdir()) == []


def test_what_the_device_had_delivered_at_the_stop_is_recorded_though_there_is_no_time_to_analyse_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(session_module, "_DRAIN_SECONDS", -1.0)

    class Stopped(Input):
        def time_of(self, _position: int) -> float:
            return 0.0

        def read(self) -> Chunk | None:
            chunk = super().read()
            if chunk is not None and chunk.start == 2 * BLOCK:
                session.stop()
            return chunk

    session, _ = session_of(Stopped(), record=tmp_path / "sessions")
    summary = session.run()
    (folder,) = summary.folders
    assert soundfile.info(folder / "audio.wav").frames == 6 * BLOCK
    assert round(summary.audio_seconds * RATE) == 2 * BLOCK


def test_all_that_fails_at_the_end_is_told_in_its_order() -> None:
    def failing(name: str):
        class Failing(Kept):
            def close(self) -> None:
                raise UserError(name)

        return Failing()

    source, settings = Input(), LiveSettings(quiet=True)
    session = Session(
        settings, source, {"drums": Drums()}, sinks=[failing(one) for one in ("third", "second", "first")]
    )
    with pytest.raises(UserError, match="third") as raised:
        session.run()
    assert str(raised.value.__context__) == "second" and str(raised.value.__context__.__context__) == "first"
