"""A running session: a source drives the engine, events find their pads and go to the sinks, a view looks on.

[analysis] source.read -> recorder
                       -> engine -> pad -> sinks that must be on time (MIDI), recorder
                                     \\-> queue -> [main] sinks that may take their time (files), view
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from samplechop.realtime.audio.source import Chunk, Source
from samplechop.realtime.core.events import BEAT, CHORD, KEY, Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.detectors.chop.detector import ChopDetector
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.engine.scheduling_hints import punctual
from samplechop.realtime.midi.note_mapping import NoteAssigner
from samplechop.realtime.midi.pad_allocation import PadAssigner
from samplechop.realtime.midi.sender import Counters as NoteCounters
from samplechop.realtime.outputs.sinks import Sink
from samplechop.realtime.recording.recorder import Recorder
from samplechop.realtime.taps.tap_recorder import TapRecorder
from samplechop.realtime.ui.score_trace import ScoreTrace
from samplechop.realtime.ui.session_stats import Tally
from samplechop.realtime.ui.snapshot import Recording, Snapshot, Summary
from samplechop.realtime.ui.terminal import View

_SHOW_SECONDS = 1 / 12
HEARING = ("listening", "playing")
"""States of a source from which sound comes."""


class Host:
    """Runs one session from start to end."""

    def __init__(
        self,
        source: Source,
        engine: Engine,
        detector: ChopDetector,
        pads: PadAssigner,
        prompt_sinks: Sequence[Sink],
        patient_sinks: Sequence[Sink],
        view: View,
        duration: int | None = None,
        midi_name: str = "",
        notes: NoteCounters | None = None,
        taps: TapRecorder | None = None,
        beat_notes: bool = False,
        recorder: Recorder | None = None,
        harmony_notes: str | None = CHORD,
        half_life: float = 0.15,
        rest: Sequence[Callable[[], None]] = (),
    ) -> None:
        """[main] prompt_sinks are written from the analysis thread, patient_sinks from the main thread.

        duration: samples of input after which the session ends, None for no limit. midi_name: where notes go, for the
            view. notes: what became of those sent. taps: what records the user's hits.
            beat_notes: whether beats are played as notes. recorder: what keeps the session. harmony_notes: the kind of
            event that is played as held notes. half_life: of a drum's presence, in seconds. rest: called, again and
            again, while no sound comes, as from a device that is gone: nothing is to be held then.
        """
        self._source, self._engine, self._detector = source, engine, detector
        self._assigner = NoteAssigner(pads, beat_notes, harmony_notes)
        self._prompt, self._patient, self._view = tuple(prompt_sinks), tuple(patient_sinks), view
        self._recorder = recorder
        if recorder is not None:
            self._prompt += (recorder,)
        self._duration, self._midi_name, self._notes, self._taps = duration, midi_name, notes, taps
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._tally = Tally(half_life, source.sample_rate)
        self._rest = rest
        self._cpu_mark = (time.perf_counter(), time.process_time())
        self._scores = ScoreTrace(detector.hop_length / ANALYSIS_RATE, source.sample_rate)
        detector.on_scores = self._scores.keep

    def run(self) -> Summary:
        """[main] Run until the source ends, the duration is over, or Ctrl-C; close everything either way."""
        began = time.perf_counter()
        analysis = threading.Thread(target=self._analyse, name="analysis", daemon=True)
        with contextlib.ExitStack() as closing:
            for sink in self._prompt:
                closing.callback(sink.close)
            if self._taps is not None:
                closing.callback(self._taps.close)
            self._source.start()
            if self._recorder is not None:
                self._recorder.start()
            if self._taps is not None:
                self._taps.start()
            # Only now: a session that cannot begin leaves no files behind.
            for sink in self._patient:
                closing.callback(sink.close)
            closing.callback(self._write)
            closing.callback(self._source.stop)
            self._view.start()
            closing.callback(self._view.stop)
            closing.callback(lambda: self._show(self._write()))
            if self._taps is not None:
                closing.callback(self._taps.close)
            closing.callback(analysis.join)
            closing.callback(self.stop)
            if self._source.realtime:
                closing.enter_context(punctual())
            analysis.start()
            with contextlib.suppress(KeyboardInterrupt):
                while analysis.is_alive():
                    analysis.join(_SHOW_SECONDS)
                    self._show(self._write())
                    for rest in self._rest if self._source.state not in HEARING else ():
                        rest()
        if self._failure is not None:
            raise self._failure
        counters = self._source.counters()
        return Summary(
            events=dict(self._tally.counts),
            taps=0 if self._taps is None else self._taps.count,
            heard_seconds=self._engine.position / self._source.sample_rate,
            wall_seconds=time.perf_counter() - began,
            overflows=counters.input_overflows,
            underflows=counters.output_underflows,
            lost_samples=counters.lost_frames,
            gaps=counters.gaps,
            warnings=self._warnings(),
            folders=() if self._recorder is None else self._recorder.folders,
        )

    @property
    def tap_file(self) -> Path | None:
        """Where the user's hits go."""
        return None if self._taps is None else self._taps.path

    def stop(self) -> None:
        """[any thread] End the session soon."""
        self._stop.set()
        self._source.stop()

    def _analyse(self) -> None:
        try:
            while not self._stop.is_set() and (chunk := self._source.read()) is not None:
                if chunk.gap:
                    self._engine.flush(self._hear)
                    self._engine.let_go(self._hear)
                    self._engine.reset(chunk.start)
                    self._scores.restart(chunk.start)
                samples = chunk.samples
                if self._duration is not None:
                    samples = samples[: max(0, self._duration - chunk.start)]
                if len(samples):
                    if self._recorder is not None:
                        self._recorder.hear(Chunk(chunk.start, samples, chunk.gap))
                    self._engine.process(samples, self._hear)
                if self._duration is not None and self._engine.position >= self._duration:
                    break
            self._engine.flush(self._hear)
        except BaseException as failure:  # the main thread raises it, after everything is closed
            self._failure = failure

    def _hear(self, event: Event) -> None:
        """[analysis] Give the event its note and send it on its way."""
        event = self._assigner.assign(event)
        for sink in self._prompt:
            sink.write(event)
        self._events.put(event)

    def _write(self) -> list[Event]:
        """[main] Write what was heard since the last call."""
        new = []
        with contextlib.suppress(queue.Empty):
            while True:
                new.append(self._events.get_nowait())
        # Counted first: a Ctrl-C is most likely to come while a file is written, and what is in it must be counted.
        for event in new:
            self._tally.take(event)
        for event in new:
            for sink in self._patient:
                sink.write(event)
        if any(sink.broken for sink in self._patient):  # nobody reads on, as after `| head`
            self.stop()
        return new

    def _show(self, new: list[Event]) -> None:
        self._view.show(self.snapshot(), new)

    def snapshot(self) -> Snapshot:
        """[main] Look at the session as it is now."""
        now = (time.perf_counter(), time.process_time())
        wall, busy = (b - a for a, b in zip(self._cpu_mark, now, strict=True))
        self._cpu_mark = now
        counters = self._source.counters()
        tally, ears = self._tally, self._engine.detectors
        return Snapshot(
            source=self._source.name,
            state=self._source.state,
            position=self._engine.position,
            duration=self._duration if self._source.length is None else self._source.length,
            sample_rate=self._source.sample_rate,
            peaks=self._engine.take_peaks(),
            probability=self._scores.newest(),
            threshold=self._detector.threshold,
            frame_seconds=self._scores.frame_seconds,
            scored=self._scores.position,
            chops=tuple(tally.chops),
            chop_count=tally.counts["chop"],
            beat=tally.last(BEAT),
            beat_count=tally.counts[BEAT],
            drums=tally.presence(self._engine.position) if "drums" in ears else {},
            drum_counts=dict(tally.drum_counts) if "drums" in ears else {},
            harmony="harmony" in ears,
            chord=tally.last(CHORD),
            key=tally.last(KEY),
            latency=self._engine.latency,
            latencies={name: self._engine.latencies[name] for name in sorted(self._engine.immediate)},
            realtime=self._source.realtime,
            port=self._notes is not None,
            cpu=busy / max(wall, 1e-6),
            overflows=counters.input_overflows,
            underflows=counters.output_underflows,
            lost=counters.lost_frames,
            midi=self._midi_name,
            late_notes=0 if self._notes is None else self._notes.late,
            taps=None if self._taps is None else self._taps.count,
            pad="" if self._taps is None else self._taps.name,
            warnings=self._warnings(),
            recording=Recording() if self._recorder is None else self._recorder.state(),
        )

    def _warnings(self) -> tuple[str, ...]:
        faults = [f"detector {name} was switched off: {why}" for name, why in self._engine.faults.items()]
        faults += self._engine.late.values()
        others = [one.warnings() for one in (self._taps, self._recorder) if one is not None]
        return (*self._source.warnings, *faults, *(text for texts in others for text in texts))
