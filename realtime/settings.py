"""All settings of a live session, checked in one place; given as options, or kept in a file (settings_file.py)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from samplechop.realtime.audio.source import Monitor
from samplechop.realtime.core.channels import CHANNEL_HELP, Channel
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, CONFIRMED, DRUM, DRUMS
from samplechop.realtime.core.options import Option, check, option_name
from samplechop.realtime.detectors.beats.metrical_level import wanted_tempo
from samplechop.realtime.detectors.chop import CHOOSE_HELP, DENSITY_HELP, Choose, check_choice
from samplechop.realtime.midi.messages import GATE_SECONDS
from samplechop.realtime.midi.note_mapping import PadMode
from samplechop.realtime.outputs.osc import split_address
from samplechop.realtime.outputs.other_files import check_other_files
from samplechop.realtime.outputs.sinks import STDOUT
from samplechop.realtime.recording.audio_files import RecordFormat

HarmonyNotes = Literal["chord", "pitches", "off"]
"""Which kind of event is played as sustained notes."""

SOUND, NOTES, FOUND, TAPS = "Audio input", "Notes and events", "Detectors", "Taps"
KEPT, RUN = "Recording", "Session"
OF_DEVICES = ("device", "samplerate", "channels")
"""What a file has of its own."""
_OPTIONS_OF = {
    "chops": ("model", "threshold", "min_gap", "hold", "choose", "density", "pads", "note_low", "note_high"),
    "beats": ("beat_channel",),
    "drums": ("drum_channel", "drum_model", "drum_threshold", "half_life"),
    "confirmed": ("confirmed_channel",),
    "harmony": ("harmony_channel", "harmony_model", "harmony_notes"),
}
_NEEDED_FOR = {
    "tap_port": ("tap", "recording taps"),
    "tap_file": ("tap", "recording taps"),
    "keep_dir": ("keep_last", "what --keep-last keeps"),
}
"""Of an option the one it needs, and what it is for."""
_CHANNEL = (1, 16)
_NOTE = (0, 127)


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """One live session; names are those of the options, whose help says what they are. Times in seconds.

    None means: as the device, the model or the situation has it.
    """

    device: Annotated[str | None, Option("Input device: its name, part of it, or its number.", SOUND)] = None
    channels: Annotated[int | None, Option("Input channels (default: 2, or what the device has).", SOUND, 1, 64)] = None
    samplerate: Annotated[
        int | None, Option("Sample rate in Hz (default: the device's own).", SOUND, 4_000, 384_000)
    ] = None
    blocksize: Annotated[
        int | None, Option("Samples per audio block (default: 256, or many with --fast).", SOUND, 16, 16_384)
    ] = None
    monitor: Annotated[
        Monitor,
        Option("Play the input: off, direct, or aligned, delayed to meet the notes (default: {default}).", SOUND),
    ] = "off"
    midi_port: Annotated[
        str | None, Option("MIDI output by name, or 'virtual' to open a port that the DAW can pick.", NOTES)
    ] = None
    midi_file: Annotated[Path | None, Option("Write the notes, at their true places, as a MIDI file.", NOTES)] = None
    midi_channel: Annotated[int, Option("MIDI channel, {low} to {high} (default: {default}).", NOTES, *_CHANNEL)] = 1
    beat_channel: Annotated[
        int, Option("MIDI channel of beats; note 34 is a downbeat, else 33 (default: {default}).", NOTES, *_CHANNEL)
    ] = 10
    drum_channel: Annotated[int, Option("MIDI channel of drums (default: {default}).", NOTES, *_CHANNEL)] = 10
    confirmed_channel: Annotated[
        int, Option("MIDI channel of confirmed drums (default: {default}).", NOTES, *_CHANNEL)
    ] = 11
    harmony_channel: Annotated[int, Option("MIDI channel of harmony (default: {default}).", NOTES, *_CHANNEL)] = 2
    harmony_notes: Annotated[
        HarmonyNotes, Option("Notes of harmony: chord, pitches (in one octave) or off (default: {default}).", NOTES)
    ] = "chord"
    midi_clock: Annotated[
        bool,
        Option("Send MIDI clock, so that a DAW follows the record.", NOTES),
    ] = False
    pads: Annotated[
        PadMode, Option("cycle: pad after pad, similar: like sounds one pad, fixed: one (default: {default}).", NOTES)
    ] = "cycle"
    note_low: Annotated[int, Option("Note of the first pad (default: {default}, MPC pad A01).", NOTES, *_NOTE)] = 36
    note_high: Annotated[int, Option("Note of the last pad (default: {default}, MPC pad A16).", NOTES, *_NOTE)] = 51
    osc: Annotated[
        str | None,
        Option(
            "Send every event as an OSC message to HOST:PORT, for visuals (extra: osc).", NOTES, metavar="HOST:PORT"
        ),
    ] = None
    gate: Annotated[float, Option("Length of a note in seconds (default: {default}).", NOTES, 0.001, 60)] = GATE_SECONDS
    half_life: Annotated[
        float, Option("Half-life of a drum's presence (OSC) in seconds (default: {default}).", NOTES, 0.01, 10)
    ] = 0.15
    events: Annotated[str | None, Option("Write each event as a JSON line to a file, or '-' for stdout.", NOTES)] = None
    detect: Annotated[
        str,
        Option(
            "Detectors, with commas between: chops, beats, drums (within 25 ms), confirmed (drums, as late as the "
            "chops), harmony, plug-ins (default: {default}).",
            FOUND,
        ),
    ] = "chops"
    model: Annotated[str, Option("Released model, or the path of a manifest (default: {default}).", FOUND)] = "chop"
    drum_model: Annotated[str, Option("The same for the drums (default: {default}).", FOUND)] = "chop"
    drum_threshold: Annotated[
        str | None,
        Option(
            "Score a drum hit needs, 0 to 1: one for all, or kick=0.4,snare=0.3 (default: the model's).",
            FOUND,
            metavar="NUMBER|DRUM=NUMBER,...",
        ),
    ] = None
    harmony_model: Annotated[str, Option("The same for the harmony (default: {default}).", FOUND)] = "harmony"
    threshold: Annotated[
        float | None,
        Option("Probability a chop needs, {low} to {high} (default: the model's).", FOUND, 0, 1, exclusive=True),
    ] = None
    min_gap: Annotated[
        float | None, Option("Least time between chops in seconds (default: the model's, 0.06 for chop).", FOUND, 0, 10)
    ] = None
    hold: Annotated[
        float, Option("Seconds a chop waits for a stronger one; adds to latency (default: {default:g}).", FOUND, 0, 10)
    ] = 0.0
    choose: Annotated[Choose, Option(CHOOSE_HELP + " (default: {default}).", FOUND)] = "auto"
    density: Annotated[float | None, Option(DENSITY_HELP, FOUND, 0, 1)] = None
    tempo_range: Annotated[
        tuple[float, float] | None,
        Option(
            "Beats per minute, at least LOW, at most HIGH, where half or double were possible (default: 40 250).",
            FOUND,
            20,
            400,
            metavar="LOW HIGH",
        ),
    ] = None
    tempo: Annotated[
        str | None,
        Option("Tempo of the beats: x2 or /2 of what is detected, or about so many BPM.", FOUND, metavar="x2|/2|BPM"),
    ] = None
    channel: Annotated[Channel, Option(CHANNEL_HELP + " (default: {default}).", FOUND)] = "auto"
    tap: Annotated[
        bool,
        Option("Record your hits on the space bar or a MIDI pad while you listen.", TAPS),
    ] = False
    tap_port: Annotated[
        str | None, Option("MIDI pad by name, or 'virtual' to open a port (default: the space bar).", TAPS)
    ] = None
    tap_file: Annotated[
        Path | None, Option("New file for the hits (default: NAME.taps.jsonl beside the events or the input).", TAPS)
    ] = None
    record: Annotated[
        Path | None, Option("Record sound and events into a new folder in this one, named by date and time.", KEPT)
    ] = None
    record_format: Annotated[
        RecordFormat, Option("wav24, float (no clipping) or flac (half the size) (default: {default}).", KEPT)
    ] = "wav24"
    keep_last: Annotated[
        float | None, Option("Pre-record: k, and the end, keep the last so many seconds as a session.", KEPT, 1, 3_600)
    ] = None
    keep_dir: Annotated[Path | None, Option("Where --keep-last keeps them (default: that of --record).", KEPT)] = None
    duration: Annotated[float | None, Option("Stop after so many seconds of input.", RUN)] = None
    log: Annotated[Path | None, Option("Append to a file: devices lost, xruns, detectors switched off.", RUN)] = None
    quiet: Annotated[bool, Option("Show nothing while running.", RUN)] = False

    def __post_init__(self) -> None:
        """Refuse what cannot be done, naming option, value and range."""
        check(self)
        check_choice(self.choose, self.density)
        if self.duration is not None and not 0 < self.duration < math.inf:
            raise UserError(f"--duration must be more than 0 seconds and finite, got {self.duration}")
        if self.note_low > self.note_high:
            raise UserError(f"--note-low {self.note_low} must not lie above --note-high {self.note_high}")
        if self.keep_last is not None and self.keep_to is None:
            raise UserError("--keep-last needs a place for what it keeps: add --record DIR or --keep-dir DIR")
        wanted_tempo(self.tempo)
        if self.osc is not None:
            split_address(self.osc)
        if not any(self._detect_names):
            raise UserError(
                f"--detect names no detector, got {self.detect!r}: leave it out, or say chops,drums,harmony"
            )
        try:
            thresholds = self.drum_thresholds
        except ValueError:
            thresholds = {"": 0.0}
        if not all(drum in DRUMS and 0 < threshold < 1 for drum, threshold in thresholds.items()):
            raise UserError(
                f"--drum-threshold must be a number between 0 and 1, or one for each of some of {', '.join(DRUMS)}, "
                f"such as kick=0.4,snare=0.3, got {self.drum_threshold!r}"
            )
        for name in ("events", "midi_file", "log"):
            if str(getattr(self, name)) in ("", "."):
                raise UserError(
                    f"{option_name(LiveSettings, name)} needs the name of a file: an empty one, or '.', is this folder"
                )

    @property
    def detectors(self) -> list[str]:
        """Names of the detectors that run, each once; a MIDI clock needs beats."""
        names = [*self._detect_names, *(["beats"] if self.midi_clock else [])]
        return [name for name in dict.fromkeys(names) if name]

    @property
    def drum_thresholds(self) -> dict[str, float]:
        """The score, 0..1, that a hit of each drum needs, of those that have another than the model's."""
        if self.drum_threshold is None:
            return {}
        parts = [part.strip().rpartition("=") for part in self.drum_threshold.split(",")]
        names = [[drum.strip()] if equals else list(DRUMS) for drum, equals, _ in parts]
        if len(parts) > 1 and not all(equals for _, equals, _ in parts):
            raise ValueError("more than one number for all drums")
        return {drum: float(number) for some, (_, _, number) in zip(names, parts, strict=True) for drum in some}

    @property
    def beat_notes(self) -> bool:
        """Whether beats are played as notes."""
        return "beats" in self._detect_names

    @property
    def kind_channels(self) -> dict[str, int]:
        """The MIDI channel of each kind of event that has one of its own."""
        kinds = {BEAT: self.beat_channel} if self.beat_notes else {}
        if set(self.detectors) - {"beats", "chop"}:  # a plug-in may detect drums and chords too
            kinds |= {DRUM: self.drum_channel, CONFIRMED: self.confirmed_channel}
            kinds |= {self.harmony_notes: self.harmony_channel} if self.harmony_notes != "off" else {}
        return kinds

    def check_run(self, path: Path | None, fast: bool) -> None:
        """Refuse what contradicts a run: of a file, None for the audio input, as fast as it can be read or not.

        Raises UserError.
        """
        if fast and path is None:
            raise UserError("--fast needs a file to read: samplechop live FILE --fast")
        names = ("events", "midi_file", "log", *(("tap_file",) if self.tap else ()))
        written = {option_name(LiveSettings, name): getattr(self, name) for name in names}
        check_other_files({name: Path(one) for name, one in written.items() if one not in (None, STDOUT)}, path)
        for option in OF_DEVICES if path is not None else ():
            if getattr(self, option) is not None:
                raise UserError(f"--{option} is for listening to a device; {str(path)!r} is a file and has its own")
        if self.midi_clock and self.midi_port is None:
            raise UserError(
                "--midi-clock needs a port to send to: give one with --midi-port, or leave out --midi-clock"
            )
        if not fast:
            return
        if self.midi_port is not None:
            raise UserError("--midi-port plays in real time: leave out --fast, or write --midi-file instead")
        if self.osc is not None:
            raise UserError("--osc sends in real time: leave out --fast or --osc")
        if self.tap:
            raise UserError("--tap takes your hits while the record plays: leave out --fast or --tap")
        if self.monitor != "off":
            raise UserError(f"--monitor {self.monitor} plays in real time: leave out --fast or the monitor")

    def check_needed(self, given: Mapping[str, object]) -> None:
        """Refuse an option for what does not run; a plug-in may detect chops, drums and chords, too.

        given: the options that stand on the command line. Raises UserError.
        """
        for name, (needed, purpose) in _NEEDED_FOR.items():
            if given.get(name) is not None and not getattr(self, needed):
                shown, add = option_name(LiveSettings, name), option_name(LiveSettings, needed)
                raise UserError(f"{shown} {str(given[name])!r} is for {purpose}: add {add}")
        names = {"chops" if name == "chop" else name for name in self.detectors}
        plug_ins = names - set(_OPTIONS_OF)
        for detector, options in _OPTIONS_OF.items():
            for option in options:
                served = detector in names or (option == "model" and "confirmed" in names)
                if given.get(option) is not None and not served and not (plug_ins and detector != "beats"):
                    shown = option_name(LiveSettings, option)
                    raise UserError(f"{shown} {given[option]} is for the {detector}: add --detect {detector}")
        if given.get("tempo_range") is not None and not names & {"chops", "beats"} and not plug_ins:
            raise UserError("--tempo-range is for chops and beats: add --detect beats")
        if given.get("tempo") is not None and "beats" not in names:
            raise UserError("--tempo is for beats and the MIDI clock: add --detect beats or --midi-clock")

    @property
    def warnings(self) -> list[str]:
        """What can be done, but is hardly meant, a sentence each."""
        if "chop" not in self.detectors or (self.midi_port is None and self.midi_file is None):
            return []
        names = {BEAT: "beats", DRUM: "drums", CONFIRMED: "confirmed drums"}
        return [
            f"chops and {names.get(kind, 'harmony')} are both on MIDI channel {channel} and cannot be distinguished: "
            "give one of them another"
            for kind, channel in self.kind_channels.items()
            if channel == self.midi_channel
        ]

    @property
    def keep_to(self) -> Path | None:
        """Where the folders of the pre-record are made."""
        return self.keep_dir or self.record

    @property
    def _detect_names(self) -> list[str]:
        names = (name.strip() for name in self.detect.split(","))
        return ["chop" if name == "chops" else name for name in names]
