"""A live session: a source drives the engine, events get their notes and go to the sinks, a view shows it.

[analysis] source.read -> recorder
                       -> engine -> notes -> real-time sinks (MIDI and OSC senders, recorder, JSON lines)
                                         \\-> queue -> [main] MIDI file, a function, view
"""

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import TextIO

from samplechop.realtime import session_parts as parts
from samplechop.realtime.audio.source import RUNNING, Chunk, Source
from samplechop.realtime.core.ends import end_begins, end_held
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.core.process import scheduling_hints
from samplechop.realtime.core.standard_streams import say
from samplechop.realtime.midi.file import WITHOUT_BEATS, MidiFileSink
from samplechop.realtime.midi.note_mapping import NoteAssigner, PadAssigner
from samplechop.realtime.outputs.sinks import JsonLinesSink, Sink
from samplechop.realtime.session_monitor import SessionMonitor
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.taps.tempo_keys import KEYS_HELP
from samplechop.realtime.ui.snapshot import OTHER_KINDS, SessionStats, Summary
from samplechop.realtime.ui.text_views import QuietView
from samplechop.realtime.ui.view import GuardedView, View
from samplechop.realtime.ui.view_choice import choose_view

_SHOW_SECONDS = 1 / 12
_DRAIN_SECONDS = 2.0
"""How long, at the end, what the device had taken is still analysed; all of it is recorded."""


class _Chained:
    """Calls what may fail; each failure has the one before it as the last of its contexts.

    An ExitStack does so only where something had failed before the first of its callbacks.
    """

    def __init__(self) -> None:
        self._last: BaseException | None = None

    def __call__(self, call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:
            end = error
            while end.__context__ is not None and end.__context__ is not self._last:
                end = end.__context__
            end.__context__ = self._last
            self._last = error
            raise


class Session:
    """One session from start to end: built from its settings, run once.

    Everything it needs is opened when it is made, so that what can go wrong goes wrong before anything is written.
    tap_file: where the user's hits go, None where none are taken. monitor: what is shown and said of it. reported: the
    warnings that the user has read by now, where no summary repeats them.
    """

    def __init__(
        self,
        settings: LiveSettings,
        source: Source,
        detectors: Mapping[str, Detector],
        view: View | None = None,
        on_event: Callable[[Event], object] | None = None,
        path: Path | None = None,
        sinks: Sequence[Sink] = (),
    ) -> None:
        """[main] Open the outputs, prepare the detectors. Raises UserError or ModelError; then the source is stopped.

        on_event: called in the main thread with each event. path: the file that the source plays, if it plays one.
        sinks: real-time ones beside those that the settings name; they are closed first.
        """
        rate = source.sample_rate
        with contextlib.ExitStack() as undo:
            undo.callback(source.stop)
            self._source, self._engine = source, parts.make_engine(settings, source, detectors)
            pads = PadAssigner(settings.pads, settings.note_low, settings.note_high)
            self._notes = NoteAssigner(pads, settings.beat_notes, settings.harmony_notes)
            self._realtime: list[Sink] = []
            self._files: list[Sink] = []  # made only once the session has begun
            self._deferred = [] if on_event is None else [on_event]
            self._lines = None if settings.events is None else JsonLinesSink(settings.events, rate)
            if self._lines is not None:
                self._files.append(self._lines)
                self._realtime.append(self._lines)
            self._midi_file: MidiFileSink | None = None
            if (target := settings.midi_file) is not None:
                channels = settings.midi_channel, settings.gate, settings.kind_channels
                midi = MidiFileSink(target, rate, *channels, beats=not WITHOUT_BEATS.issuperset(settings.detectors))
                self._midi_file = midi
                self._files.append(midi)
                self._deferred.append(midi.write)
            self._midi_name = str(settings.midi_file or "")
            self._sent = None
            if (opened := parts.open_sender(settings, source, self._engine.latency, undo)) is not None:
                sender, self._midi_name = opened
                self._sent = sender.counters
                self._realtime.append(sender)
            if settings.osc is not None:
                self._realtime.append(parts.open_osc(settings.osc, settings, source, self._engine, undo))
            keyboard = parts.open_keyboard(settings, source.realtime)
            self._recorder = parts.make_recorder(settings, source, self._engine, keyboard)
            if self._recorder is not None:
                self._realtime.append(self._recorder)
            self._taps = parts.make_taps(settings, path, source, self._engine.latency, undo, keyboard, self._recorder)
            self._tempo_keys = parts.make_tempo_keys(settings, source, self._engine, keyboard)
            undo.pop_all()
        self._realtime += sinks
        self._recorders = [one for one in (self._recorder, self._taps) if one is not None]
        self.tap_file = None if self._taps is None else self._taps.path
        self._duration = None if settings.duration is None else round(settings.duration * rate)
        # Whether anything is left to do for once nobody reads the events any more, as after `| head`.
        self._only_lines = (self._realtime, self._deferred, self._recorders) == ([self._lines], [], [])
        self._only_lines &= view is None or type(view) in (View, QuietView)
        self._view = GuardedView(view or View(), say)
        self.reported: Collection[str] = () if view is None else view.reported
        # A SimpleQueue that a signal interrupts may wait without end, though it was given a time (CPython 3.11).
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._unwritten: deque[Event] = deque()
        self._drained = inf  # when, at the latest, the last samples have been analysed
        self._failure: BaseException | None = None
        self._busy = threading.Lock()  # held while the engine processes
        musical = set(detectors) <= {"beats", "drums", "confirmed", "harmony"}  # what they detect is all to list
        self._stats = SessionStats(settings.half_life, rate, apart=() if musical else OTHER_KINDS)
        made = self._midi_name, self._sent, self._taps, self._recorder, (self._lines, self._midi_file)
        keys = KEYS_HELP if self._tempo_keys is not None else ""
        self.monitor = SessionMonitor(source, self._engine, self._stats, self._duration, *made, keys)

    @classmethod
    def open(
        cls,
        settings: LiveSettings,
        path: Path | None,
        fast: bool,
        screen: TextIO,
        on_event: Callable[[Event], object] | None = None,
    ) -> "Session":
        """[main] Open all that the settings name. Raises UserError or ModelError.

        path: a file that plays the turntable, None for the audio input. fast: as fast as it can be read. screen: where
        the view is shown.
        """
        settings.check_run(path, fast)
        source = parts.open_source(settings, path, fast)
        with contextlib.ExitStack() as undo:
            undo.callback(source.stop)
            detectors = parts.make_detectors(settings)
            view = choose_view(screen, settings.quiet)
            undo.pop_all()
        return cls(settings, source, detectors, view, on_event, path)

    def run(self) -> Summary:
        """[main] Run until the source ends, the duration is over, or Ctrl-C; close everything either way.

        What fails is raised once everything is closed; if several things did, the others are its context.
        """
        began, interrupted = time.perf_counter(), False
        analysis = threading.Thread(target=self._analyse, name="analysis", daemon=True)
        chained = _Chained()
        with contextlib.ExitStack() as closing:
            for one in (*self._realtime, *self._recorders):
                if one not in self._files:
                    closing.callback(chained, one.close)
            self._source.start()
            for recorder in self._recorders:
                recorder.start()
            # Only now: a session that cannot begin leaves no files behind.
            for sink in self._files:
                closing.callback(chained, sink.close)
            closing.callback(chained, self._write)
            closing.callback(self._source.stop)
            self._view.start()
            closing.callback(self._view.stop)
            closing.callback(lambda: self._show(self._write(), last=True))
            if self._taps is not None:
                closing.callback(self._taps.close)
            if self._tempo_keys is not None:
                closing.callback(self._tempo_keys.close)
                self._tempo_keys.start()
            closing.callback(chained, lambda: self._finish(analysis))
            closing.callback(self.stop)
            if self._source.realtime:
                closing.enter_context(scheduling_hints())
            closing.callback(end_begins)
            analysis.start()
            try:
                while analysis.is_alive():
                    self._attend(analysis)
            except KeyboardInterrupt:
                interrupted = True
        return Summary(
            events=dict(self._stats.counts),
            taps=0 if self._taps is None else self._taps.count,
            audio_seconds=self._engine.position / self._source.sample_rate,
            wall_seconds=time.perf_counter() - began,
            losses=self._source.counters(),
            warnings=self.monitor.warnings(),
            folders=() if self._recorder is None else self._recorder.folders,
            interrupted=interrupted,
            ways=dict(self._stats.ways),
        )

    def _finish(self, analysis: threading.Thread) -> None:
        if analysis.is_alive():  # else it has ended, or an interrupt came before it began
            analysis.join()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """[any thread] End the session soon."""
        self._drained = min(self._drained, time.perf_counter() + _DRAIN_SECONDS)
        self._source.stop()

    def _analyse(self) -> None:
        try:
            try:
                # A device gives after its stop, too, what it had taken before.
                while (chunk := self._source.read()) is not None:
                    with self._busy:
                        self._process(chunk)
                    if self._duration is not None and self._engine.position >= self._duration:
                        break
                with self._busy:
                    self._engine.flush(self._emit)
            finally:  # no note may stay on, whatever went wrong
                with self._busy:
                    self._engine.release(self._emit)
        except BaseException as failure:  # the main thread raises it, after everything is closed
            self._failure = failure
        self._events.put(None)

    def _process(self, chunk: Chunk) -> None:
        if chunk.gap:
            self._engine.flush(self._emit)
            self._engine.release(self._emit)
            self._engine.reset(chunk.start)
        samples = chunk.samples
        if self._duration is not None:
            samples = samples[: max(0, self._duration - chunk.start)]
        if len(samples):
            if self._recorder is not None:
                self._recorder.process(Chunk(chunk.start, samples, chunk.gap))
            if time.perf_counter() < self._drained:  # else it is too slow for what is left, which is only recorded
                self._engine.process(samples, self._emit)

    def _emit(self, event: Event) -> None:
        """Give the event its notes and pass it on."""
        event = self._notes.assign(event)
        for sink in self._realtime:
            sink.write(event)
        self._events.put(event)

    def _attend(self, analysis: threading.Thread) -> None:
        """[main] Write events as they come until the next picture is due, and show it."""
        new: list[Event] = []
        due = time.perf_counter() + _SHOW_SECONDS
        while analysis.is_alive() and (wait := due - time.perf_counter()) > 0:
            new += self._write(wait)
        if self._source.state not in RUNNING:  # no block may come for long, but what sounds must end
            with self._busy:
                self._engine.release(self._emit)
        self._show(new)

    def _write(self, wait: float = 0.0) -> list[Event]:
        """[main] Write the events since the last call; wait so many seconds for the first of them."""
        taken: list[Event | None] = []
        with end_held():  # a Ctrl-C is most likely to come just now, and what was taken must be counted and written
            with contextlib.suppress(queue.Empty):
                taken.append(self._events.get(wait > 0, wait))
                while True:
                    taken.append(self._events.get_nowait())
            new = [event for event in taken if event is not None]
            for event in new:
                self._stats.take(event)
            self._unwritten.extend(new)
        while self._unwritten:
            with end_held():
                event = self._unwritten.popleft()
                for write in self._deferred:
                    write(event)
        if self._midi_file is not None:
            self._midi_file.grow()
        if self._only_lines and self._lines is not None and self._lines.broken:
            self.stop()
        return new

    def _show(self, new: list[Event], last: bool = False) -> None:
        self._view.show(self.monitor.snapshot, new, last)
