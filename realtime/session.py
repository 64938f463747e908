"""From settings to a host that is ready to run."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.audio.device_source import DeviceSource
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.audio.monitored_file_source import PlayedFileSource
from samplechop.realtime.audio.source import Source
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors import make
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.detectors.drums.detector import DrumDetector, DrumSettings
from samplechop.realtime.detectors.harmony.detector import HarmonyDetector, HarmonySettings
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.midi.clock_generator import MidiClock
from samplechop.realtime.midi.file import MidiFileSink
from samplechop.realtime.midi.pad_allocation import PadAssigner
from samplechop.realtime.midi.pad_input import MidiPad
from samplechop.realtime.midi.ports import open_output
from samplechop.realtime.midi.sender import MidiSender
from samplechop.realtime.nets.pitch_net import PITCH_CLASSES
from samplechop.realtime.outputs.json_lines import JsonLinesSink
from samplechop.realtime.outputs.sinks import MidiPortSink, Sink
from samplechop.realtime.recording.plan import plan_recorder
from samplechop.realtime.recording.recorder import Recorder
from samplechop.realtime.runner import HEARING, Host
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.taps.keyboard import Keyboard, KeyPad
from samplechop.realtime.taps.tap_recorder import Pad, TapRecorder, tap_path
from samplechop.realtime.ui.terminal import choose_view

if TYPE_CHECKING:
    from samplechop.realtime.outputs.osc import OscSender  # its package is an extra

_DATA = Path(__file__).parent / "data"  # of the program, where nothing of the user's belongs
BLOCK = 256
"""Samples per block in real time, unless the settings say otherwise."""

FAST_BLOCK = 32_768
"""Samples per block when a file runs as fast as possible: enough for what is done per block to cost nothing."""


def open_source(settings: LiveSettings, path: Path | None, fast: bool) -> Source:
    """[main] Find what is listened to. Raises UserError if it cannot be opened."""
    block = settings.blocksize or (FAST_BLOCK if fast else BLOCK)
    if path is None:
        if fast:
            raise UserError("--fast needs a file to read: samplechop live FILE --fast")
        return DeviceSource(settings.device, settings.samplerate, settings.channels, block, settings.monitor)
    for option in ("device", "samplerate", "channels"):
        if getattr(settings, option) is not None:
            raise UserError(f"--{option} is for listening to a device; {str(path)!r} is a file and has its own")
    if settings.monitor == "off":
        return FileSource(path, block, realtime=not fast)
    if fast:
        raise UserError(f"--monitor {settings.monitor} plays in real time: leave out --fast or the monitor")
    return PlayedFileSource(path, block, settings.monitor)


def build(settings: LiveSettings, path: Path | None, fast: bool, screen: TextIO) -> Host:
    """[main] Open everything a session needs, so that what can go wrong goes wrong before anything is written.

    path: a file that plays the turntable, None for the audio input. screen: where the view is shown.
    Raises UserError or ModelError.
    """
    if fast and settings.midi_port is not None:
        raise UserError("--midi-port plays in real time: leave out --fast, or write --midi-file instead")
    if settings.midi_clock and settings.midi_port is None:
        raise UserError("--midi-clock needs a port to send to: give one with --midi-port, or leave out --midi-clock")
    if fast and settings.osc is not None:
        raise UserError("--osc sends in real time: leave out --fast or --osc")
    if fast and settings.tap:
        raise UserError("--tap takes your hits while the record plays: leave out --fast or --tap")
    with ExitStack() as undo:
        source = open_source(settings, path, fast)
        undo.callback(source.stop)
        rate = source.sample_rate
        detector = ChopDetector(
            ChopSettings(
                settings.model,
                settings.threshold,
                settings.min_gap,
                settings.hold,
                settings.choose,
                spectra=settings.pads == "similar",
            )
        )
        others = {name: _ear(name, settings) for name in settings.other_detectors}
        ears = {"chop": detector, **others}
        aligned = settings.monitor == "aligned"  # where notes meet the sound, none may come before it
        engine = Engine(ears, rate, source.channels, source.most, source.block_size, together=aligned)
        if isinstance(source, DeviceSource | PlayedFileSource):
            source.align(engine.latency)
        channels = settings.kind_channels
        pads = PadAssigner(settings.pads, settings.note_low, settings.note_high)
        patient: list[Sink] = []
        if settings.events is not None:
            patient.append(JsonLinesSink(settings.events, rate))
        if settings.midi_file is not None:
            target, own = settings.midi_file, settings.midi_channel
            patient.append(MidiFileSink(target, rate, own, channels=channels, heard=lambda: engine.position))
        prompt: list[Sink] = []
        sender: MidiSender | None = None
        midi_name = "" if settings.midi_file is None else str(settings.midi_file)
        if settings.midi_port is not None:
            reopen = partial(open_output, settings.midi_port)
            port = reopen()
            undo.callback(port.close)
            midi_name = port.name
            sender = MidiSender(
                port,
                source,
                engine.latency,
                rate,
                settings.midi_channel,
                reopen=reopen,
                beat_clock=MidiClock(rate) if settings.midi_clock else None,
                channels=channels,
            )
            prompt.append(MidiPortSink(sender))
            undo.callback(sender.stop)
        osc: OscSender | None = None
        if settings.osc is not None:
            osc = _osc(settings.osc, settings.half_life, source, engine, undo)
            prompt.append(osc)
        duration = None if settings.duration is None else round(settings.duration * rate)
        view = choose_view(screen, settings.quiet)
        keyboard = _keyboard(settings)
        recorder = plan_recorder(settings, source, engine, keyboard)
        taps = _taps(settings, path, source, engine.latency, undo, keyboard, recorder) if settings.tap else None
        host = Host(
            source,
            engine,
            detector,
            pads,
            prompt,
            patient,
            view,
            duration,
            midi_name,
            None if sender is None else sender.counters,
            taps,
            beat_notes=settings.beat_notes,
            recorder=recorder,
            harmony_notes=settings.harmony_notes,
            half_life=settings.half_life,
            rest=tuple(one.rest for one in (sender, osc) if one is not None),
        )
        undo.pop_all()
    return host


def _ear(name: str, settings: LiveSettings) -> Detector:
    """[main] Make a detector, with the model that the settings name for it. Raises UserError."""
    if name == "drums":
        return DrumDetector(DrumSettings(settings.drum_model))
    if name == "harmony":
        return HarmonyDetector(HarmonySettings(settings.harmony_model))
    return make(name)


def _osc(address: str, half_life: float, source: Source, engine: Engine, undo: ExitStack) -> "OscSender":
    """[main] Start what sends events to visuals. Raises UserError."""
    from samplechop.realtime.outputs.osc import OscSender  # its package is an extra

    harmony, silence = engine.detectors.get("harmony"), np.zeros(PITCH_CLASSES, np.float32)

    def activations() -> NDArray[np.float32]:
        if not isinstance(harmony, HarmonyDetector) or "harmony" in engine.faults or source.state not in HEARING:
            return silence
        return harmony.activations

    sender = OscSender(address, source, source.sample_rate, half_life, None if harmony is None else activations)
    undo.callback(sender.close)
    sender.start()
    return sender


def _keyboard(settings: LiveSettings) -> Keyboard | None:
    """[main] Give what reads single keys, None where nobody listens to any. Raises UserError where taps need it."""
    taps = settings.tap and settings.tap_port is None
    if not taps and settings.keep_last is None:
        return None
    try:
        return Keyboard()
    except UserError as error:
        if taps:
            raise UserError(f"taps come from the space bar, but {error}, or name a MIDI pad with --tap-port") from None
        return None  # the end of the session is kept all the same


def _taps(
    settings: LiveSettings,
    path: Path | None,
    source: Source,
    latency: int,
    undo: ExitStack,
    keyboard: Keyboard | None,
    recorder: Recorder | None,
) -> TapRecorder:
    """[main] Find what is tapped on, and where taps go. Raises UserError."""
    ours = path is not None and path.parent == _DATA
    target = tap_path(settings.tap_file, settings.events, Path(path.name) if path is not None and ours else path)
    if settings.tap_port is not None:
        pad: Pad = MidiPad(settings.tap_port)
    elif keyboard is not None:
        pad = KeyPad(keyboard)
    undo.callback(pad.close)
    return TapRecorder(
        pad,
        source,
        source.sample_rate,
        target,
        latency if settings.monitor == "aligned" else 0,
        source.length,
        lambda: source.state in HEARING,
        on_tap=None if recorder is None else recorder.tap,
    )
