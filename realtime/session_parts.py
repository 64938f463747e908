"""What a session is put together from, as its settings say: source, detectors, outputs, recorder, taps."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.realtime.audio.device_source import DeviceSource, PlayedFileSource
from samplechop.realtime.audio.file_source import FileSource
from samplechop.realtime.audio.source import RUNNING, Source
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.plugin import Detector, Trace, meters_of
from samplechop.realtime.detectors import make
from samplechop.realtime.detectors.beats.detector import BeatDetector, BeatSettings
from samplechop.realtime.detectors.beats.metrical_level import wanted_tempo
from samplechop.realtime.detectors.beats.tracker import TEMPO_RANGE, TempoRange
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.detectors.drums.confirmed import ConfirmedDrumDetector, ConfirmedDrumSettings
from samplechop.realtime.detectors.drums.detector import DrumDetector, DrumSettings
from samplechop.realtime.detectors.harmony.detector import PITCH_CLASS_METER, HarmonyDetector, HarmonySettings
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine
from samplechop.realtime.midi.clock_generator import MidiClock
from samplechop.realtime.midi.ports import open_output
from samplechop.realtime.midi.sender import MidiSender
from samplechop.realtime.recording.audio_files import check_format
from samplechop.realtime.recording.history_buffer import HistoryBuffer
from samplechop.realtime.recording.recorder import Recorder, RecordPlan
from samplechop.realtime.recording.session_folder import check_folder
from samplechop.realtime.recording.session_writer import Facts
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.taps import keyboard as keys
from samplechop.realtime.taps.keyboard import Keyboard
from samplechop.realtime.taps.pads import KeyPad, MidiPad
from samplechop.realtime.taps.tap_recorder import Pad, TapRecorder, tap_path
from samplechop.realtime.taps.tempo_keys import TempoKeys
from samplechop.realtime.ui.snapshot import Curve

if TYPE_CHECKING:
    from samplechop.realtime.outputs.osc import OscSender  # its package is an extra

_DATA = Path(__file__).parent / "data"  # of the program, where nothing of the user's belongs
BLOCK = 256
"""Samples per block in real time, unless the settings say otherwise."""
MOST_BYTES = 2 << 30
"""Of memory for what was before --keep-last is asked for."""


def _tempo_range(settings: LiveSettings) -> TempoRange:
    low, high = settings.tempo_range or TEMPO_RANGE
    return low, high


_DETECTORS: dict[str, Callable[[LiveSettings], Detector]] = {
    "chop": lambda s: ChopDetector(
        ChopSettings(s.model, s.threshold, s.min_gap, s.hold, s.choose, s.pads == "similar", _tempo_range(s), s.density)
    ),
    "beats": lambda s: BeatDetector(BeatSettings(tempo_range=_tempo_range(s), tempo=wanted_tempo(s.tempo))),
    "drums": lambda s: DrumDetector(DrumSettings(s.drum_model, s.drum_thresholds, _tempo_range(s))),
    "confirmed": lambda s: ConfirmedDrumDetector(ConfirmedDrumSettings(s.model, tempo_range=_tempo_range(s))),
    "harmony": lambda s: HarmonyDetector(HarmonySettings(s.harmony_model)),
}
"""How detectors are made that have settings of a session; all others have none."""


def open_source(settings: LiveSettings, path: Path | None, fast: bool) -> Source:
    """[main] Open a file, or the audio input for None. Raises UserError if it cannot be opened."""
    block = settings.blocksize or (FAST_BLOCK if fast else BLOCK)
    if path is None:
        return DeviceSource(settings.device, settings.samplerate, settings.channels, block, settings.monitor)
    if settings.monitor == "off":
        return FileSource(path, block, realtime=not fast, ahead=fast)
    return PlayedFileSource(path, block, settings.monitor)


def make_detectors(settings: LiveSettings) -> dict[str, Detector]:
    """[main] Make the detectors that the settings name. Raises UserError for one nobody knows."""
    known = {name: partial(one, settings) for name, one in _DETECTORS.items()}
    return {name: known[name]() if name in known else make(name) for name in settings.detectors}


def make_engine(settings: LiveSettings, source: Source, detectors: Mapping[str, Detector]) -> Engine:
    """[main] Prepare the detectors for a source, whose monitor then plays as late as notes come."""
    aligned = settings.monitor == "aligned"  # where notes meet the sound, none may come before it
    engine = Engine(
        detectors, source.sample_rate, source.channels, source.most, source.block_size, aligned, settings.channel
    )
    if isinstance(source, DeviceSource | PlayedFileSource):
        source.align(engine.latency)
    if isinstance(source, FileSource | PlayedFileSource):
        engine.reset(0, source.opening)
    return engine


def curve_of(engine: Engine) -> Curve | None:
    """[main] Give the first curve that a detector has."""
    for detector in engine.detectors.values():
        for name, meter in meters_of(detector).items():
            if isinstance(meter, Trace):
                position = engine.origin + round(meter.seconds * engine.sample_rate)
                return Curve(name, meter.newest(), meter.threshold, meter.frame_seconds, position)
    return None


def open_sender(settings: LiveSettings, source: Source, latency: int, undo: ExitStack) -> tuple[MidiSender, str] | None:
    """[main] Open the MIDI port that is wanted, if one is, and start to send; give its name too. Raises UserError."""
    if settings.midi_port is None:
        return None
    reopen = partial(open_output, settings.midi_port)
    port = reopen()
    undo.callback(port.close)
    sender = MidiSender(
        port,
        source,
        latency,
        source.sample_rate,
        settings.midi_channel,
        settings.gate,
        reopen=reopen,
        beat_clock=MidiClock(source.sample_rate) if settings.midi_clock else None,
        channels=settings.kind_channels,
    )
    undo.callback(sender.stop)
    sender.start()
    return sender, port.name


def open_osc(address: str, settings: LiveSettings, source: Source, engine: Engine, undo: ExitStack) -> "OscSender":
    """[main] Start what sends events, and the pitch classes that sound, to visuals. Raises UserError."""
    from samplechop.realtime.outputs.osc import OscSender  # its package is an extra

    meters = {
        name: meter
        for name, detector in engine.detectors.items()
        if not isinstance(meter := meters_of(detector).get(PITCH_CLASS_METER), Trace | None)
    }

    def activations() -> NDArray[np.float32]:
        ((name, levels),) = list(meters.items())[:1]
        return np.zeros_like(levels) if name in engine.faults or source.state not in RUNNING else levels

    sender = OscSender(address, source, source.sample_rate, settings.half_life, activations if meters else None)
    undo.callback(sender.close)
    sender.start()
    return sender


def open_keyboard(settings: LiveSettings, realtime: bool) -> Keyboard | None:
    """[main] Give what reads single keys, None where nobody listens to any. Raises UserError where taps need it.

    realtime: whether the session runs as its sound does, so that the tempo can be tapped.
    """
    taps = settings.tap and settings.tap_port is None
    tempo = realtime and "beats" in settings.detectors
    if not (taps or tempo or settings.keep_last is not None):
        return None
    try:
        keyboard = keys.open_keyboard()
        if keyboard.in_background:
            raise UserError("samplechop runs in the background of its terminal")
        return keyboard if taps or settings.keep_last is not None or keyboard.in_foreground else None
    except UserError as error:
        if taps:
            raise UserError(f"--tap takes the space bar, but {error}, or name a MIDI pad with --tap-port") from None
        return None  # the end of the session is kept all the same


def make_recorder(settings: LiveSettings, source: Source, engine: Engine, keyboard: Keyboard | None) -> Recorder | None:
    """[main] Check all that can be checked before a session, and take the memory; None where nothing is to be kept.

    Raises UserError.
    """
    keep = settings.keep_to if settings.keep_last is not None else None
    if settings.record is None and keep is None:
        return None
    for folder, option in ((settings.record, "--record"), (keep, "--keep-dir")):
        if folder is not None:
            check_folder(folder, option)
    check_format(settings.record_format, source.sample_rate, source.channels)
    plan = RecordPlan(settings.record, keep, settings.keep_last or 0.0)
    needed = HistoryBuffer.nbytes(source.sample_rate, source.channels, plan.history_seconds)
    if needed > MOST_BYTES:
        raise UserError(
            f"--keep-last {plan.keep_seconds:g} needs {needed / 2**30:.1f} GB of memory for {source.channels} channels "
            f"at {source.sample_rate} Hz and may take {MOST_BYTES / 2**30:.0f} GB: keep fewer seconds"
        )
    manifest = models.load(settings.model) if "chop" in engine.detectors else None
    facts = Facts(
        source.name,
        source.sample_rate,
        source.channels,
        settings.record_format,
        engine.latency,
        {} if manifest is None else {name: getattr(manifest, name) for name in ("name", "version", "sha256")},
        {name: str(value) if isinstance(value, Path) else value for name, value in asdict(settings).items()},
        {name: engine.latencies[name] for name in sorted(engine.immediate)},
    )
    return Recorder(plan, facts, source, keyboard)


def make_tempo_keys(
    settings: LiveSettings, source: Source, engine: Engine, keyboard: Keyboard | None
) -> TempoKeys | None:
    """[main] Give the keys that set the tempo; None where there are no beats, no keys, or no real time."""
    beats = engine.detectors.get("beats")
    if keyboard is None or not source.realtime or not isinstance(beats, BeatDetector):
        return None
    delay = engine.latency if settings.monitor == "aligned" else 0

    def tap(bpm: float, sample: int) -> None:
        beats.tap(bpm, engine.bus_position(sample))

    return TempoKeys(keyboard, beats.shift_octave, tap, source, source.sample_rate, delay)


def make_taps(
    settings: LiveSettings,
    path: Path | None,
    source: Source,
    latency: int,
    undo: ExitStack,
    keyboard: Keyboard | None,
    recorder: Recorder | None,
) -> TapRecorder | None:
    """[main] Find what is tapped on, and where taps go; None where none are taken. Raises UserError."""
    if not settings.tap:
        return None
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
        lambda: source.state in RUNNING,
        on_tap=None if recorder is None else recorder.tap,
    )
