"""What is shown and said of a live session while it runs: a snapshot for the view, sentences for the user."""

import time

from samplechop.realtime.audio.source import Source
from samplechop.realtime.core.events import BEAT, CHORD, DRUM, KEY
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.midi.file import MidiFileSink
from samplechop.realtime.midi.sender import Counters
from samplechop.realtime.outputs.sinks import JsonLinesSink
from samplechop.realtime.recording.recorder import Recorder
from samplechop.realtime.session_parts import curve_of
from samplechop.realtime.taps.tap_recorder import TapRecorder
from samplechop.realtime.ui.snapshot import Recording, SessionStats, Snapshot


class SessionMonitor:
    """Describes the parts of a running session."""

    def __init__(
        self,
        source: Source,
        engine: Engine,
        stats: SessionStats,
        duration: int | None,
        midi: str,
        sent: Counters | None,
        taps: TapRecorder | None,
        recorder: Recorder | None,
        files: tuple[JsonLinesSink | None, MidiFileSink | None],
        tempo_keys: str = "",
    ) -> None:
        """duration: samples after which it ends. midi: name of the port or file. sent: what the MIDI sender counts.

        tempo_keys: what keys do to the tempo, "" where they do nothing.
        """
        self._tempo_keys = tempo_keys
        self._source, self._engine, self._stats, self._duration = source, engine, stats, duration
        self._midi, self._sent, self._taps, self._recorder, self._files = midi, sent, taps, recorder, files
        self._cpu_mark = (time.perf_counter(), time.process_time())

    def snapshot(self) -> Snapshot:
        """[main] Describe the session as it is now; peaks and CPU are those since the last call."""
        now = (time.perf_counter(), time.process_time())
        wall, busy = (b - a for a, b in zip(self._cpu_mark, now, strict=True))
        self._cpu_mark = now
        source, engine, stats = self._source, self._engine, self._stats
        counters = source.counters()
        ends = [samples for samples in (self._duration, source.length) if samples is not None]
        drums = "drums" in engine.detectors or stats.counts[DRUM] > 0
        return Snapshot(
            source=source.name,
            state=source.state,
            position=engine.position,
            duration=min(ends, default=None),
            sample_rate=source.sample_rate,
            peaks=engine.downmix.take_peaks(),
            detectors=tuple(engine.detectors),
            curve=curve_of(engine),
            open_octave=max((getattr(one, "open_octave", 0) for one in engine.detectors.values()), key=abs, default=0),
            chops=tuple(stats.chops),
            chop_count=stats.counts["chop"],
            beat=stats.last.get(BEAT),
            beat_count=stats.counts[BEAT],
            tempo_keys=self._tempo_keys,
            drums=stats.presence.at(engine.position) if drums else {},
            drum_counts=dict(stats.drum_counts) if drums else {},
            harmony="harmony" in engine.detectors,
            chord=stats.last.get(CHORD),
            key=stats.last.get(KEY),
            latency=engine.latency,
            latencies={name: engine.latencies[name] for name in sorted(engine.immediate)},
            realtime=source.realtime,
            port=self._sent is not None,
            cpu=busy / max(wall, 1e-6),
            overflows=counters.input_overflows,
            underflows=counters.output_underflows,
            lost=counters.lost_frames,
            midi=self._midi,
            late_notes=0 if self._sent is None else self._sent.late,
            taps=None if self._taps is None else self._taps.count,
            pad="" if self._taps is None else self._taps.name,
            warnings=self.warnings(),
            recording=Recording() if self._recorder is None else self._recorder.state(),
        )

    def warnings(self) -> tuple[str, ...]:
        """[any thread] Give one sentence for each thing the user should know."""
        faults = [f"detector {name} was switched off: {why}" for name, why in self._engine.faults.items()]
        parts = (self._recorder, self._taps, *self._files)
        others = [text for part in parts if part is not None for text in part.warnings()]
        antiphase = self._engine.downmix.warning()
        channels = () if antiphase is None else (antiphase,)
        return (*self._source.warnings, *channels, *faults, *self._engine.late.values(), *others)
