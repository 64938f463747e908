"""Audio devices: which there are, which one is meant, and whether it can do what is asked.

sounddevice, and with it the PortAudio library, is loaded only here and only when a device is asked for: a machine
without it still chops files.
"""

import ctypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from samplechop.realtime.core.errors import UserError, close_word

NO_PORTAUDIO = (
    "the PortAudio library is missing, so no audio device can be used: install it (Debian and Ubuntu: "
    "`apt install libportaudio2`; on macOS and Windows `pip install --force-reinstall sounddevice` brings it along); "
    "files still work, `samplechop live FILE`"
)
WAY_OUT = "connect one, or play a recording instead: `samplechop live FILE` or `samplechop live --demo`"


JACK_CLIENT = "samplechop-audio"
"""The JACK client with the audio ports; "samplechop" is that with the MIDI port."""
_JACK_NAME = JACK_CLIENT.encode()  # PortAudio keeps the pointer
_jack_named = False


@dataclass(frozen=True, slots=True)
class Device:
    """One device as PortAudio lists it.

    max_inputs, max_outputs: channels. default_rate: Hz. is_default: the input that is used when none is named.
    """

    index: int
    name: str
    host_api: str
    max_inputs: int
    max_outputs: int
    default_rate: int
    is_default: bool = False
    is_default_output: bool = False

    @property
    def full_name(self) -> str:
        """Name with the host API, as on Windows one device is listed once for each."""
        return f"{self.name} ({self.host_api})"

    def describe(self) -> str:
        """Write one line for a list of devices."""
        default = [side for side, is_it in (("input", self.is_default), ("output", self.is_default_output)) if is_it]
        marks = f", default {' and '.join(default)}" if default else ""
        return (
            f"{self.index:3d}  {self.full_name}: {self.max_inputs} in, {self.max_outputs} out, "
            f"{self.default_rate} Hz{marks}"
        )


@contextmanager
def portaudio() -> Iterator[Any]:
    """Give the sounddevice module with a fresh list of devices; PortAudio is shut down afterwards.

    PortAudio lists devices only when it starts, so being shut down whenever no stream is open is what lets a device
    that was plugged in later be found. Raises UserError when the library is missing or does not start.
    """
    _name_jack_client()
    try:
        import sounddevice as sd  # which starts PortAudio
    except OSError:
        raise UserError(NO_PORTAUDIO) from None
    try:
        if not sd._initialized:
            sd._initialize()
    except sd.PortAudioError as error:
        raise UserError(
            f"the audio system does not start ({error}); files still work, `samplechop live FILE`"
        ) from None
    try:
        yield sd
    finally:
        while sd._initialized:
            sd._terminate()


def _name_jack_client() -> None:
    """Have JACK call the client of PortAudio, once it starts, after us and not "PortAudio"."""
    global _jack_named
    if _jack_named or sys.platform != "linux":
        return
    _jack_named = True
    with suppress(OSError, AttributeError):  # there is no PortAudio, or one without JACK
        library = ctypes.CDLL("libportaudio.so.2")
        library.PaJack_SetClientName.argtypes = [ctypes.c_char_p]
        library.PaJack_SetClientName(_JACK_NAME)


def devices_of(sd: Any) -> list[Device]:
    """List the devices of a started PortAudio."""
    apis = [api["name"] for api in sd.query_hostapis()]
    default_input, default_output = sd.default.device
    return [
        Device(
            index=index,
            name=record["name"],
            host_api=apis[record["hostapi"]],
            max_inputs=record["max_input_channels"],
            max_outputs=record["max_output_channels"],
            default_rate=round(record["default_samplerate"]),
            is_default=index == default_input,
            is_default_output=index == default_output,
        )
        for index, record in enumerate(sd.query_devices())
    ]


def list_devices() -> list[Device]:
    """List every audio device. Raises UserError when there is no PortAudio."""
    with portaudio() as sd:
        return devices_of(sd)


def _listed(devices: Sequence[Device]) -> str:
    return ", ".join(f"{device.index} {device.full_name}" for device in devices)


def choose_input(devices: Sequence[Device], name_or_index: str | None) -> Device:
    """Choose the input that is meant: an index, a name, a part of a name, or None for the default.

    A name may carry its host API, "Line In (ALSA)". The whole name, in any case, beats a part of one. Raises UserError
    that lists the inputs when none or several fit.
    """
    inputs = [device for device in devices if device.max_inputs > 0]
    if not inputs:
        wanted = "" if name_or_index is None else f" {name_or_index!r}, nor any other"
        raise UserError(f"there is no audio input{wanted} on this machine: {WAY_OUT}")
    if name_or_index is None:
        return next((device for device in inputs if device.is_default), inputs[0])
    wanted = name_or_index.strip().casefold()
    if wanted.isdecimal():
        found = [device for device in inputs if device.index == int(wanted)]
    else:
        found = [device for device in inputs if wanted in (device.name.casefold(), device.full_name.casefold())]
        found = found or [device for device in inputs if wanted and wanted in device.full_name.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{name_or_index!r} fits several audio inputs, give the index of one: {_listed(found)}")
    close = close_word(name_or_index, [device.name for device in inputs])
    raise UserError(f"there is no audio input {name_or_index!r}{close}; there are: {_listed(inputs)}")


def choose_output(devices: Sequence[Device], beside: Device | None = None) -> Device:
    """Choose the output for the monitor: the input device itself, else the default, of the same host API if it can be.

    Raises UserError when there is none.
    """
    if beside is not None and beside.max_outputs > 0:
        return beside
    outputs = [device for device in devices if device.max_outputs > 0]
    near = [device for device in outputs if beside is not None and device.host_api == beside.host_api]
    for group in (near, outputs):
        if group:
            return next((device for device in group if device.is_default_output), group[0])
    raise UserError("there is no audio output to monitor on: connect one, or use `--monitor off`")


def choose_monitor(
    sd: Any, devices: Sequence[Device], sample_rate: int, beside: Device | None = None
) -> tuple[Device, int]:
    """Choose an output, see `choose_output`, that plays at that rate in Hz, and how many of its channels to use."""
    output = choose_output(devices, beside)
    channels = min(2, output.max_outputs)
    check_output(sd, output, sample_rate, channels)
    return output, channels


def check_input(sd: Any, device: Device, sample_rate: int, channels: int) -> None:
    """Raise UserError when the device does not record with that many channels at that rate in Hz."""
    if not 1 <= channels <= device.max_inputs:
        raise UserError(f"{device.name!r} has {device.max_inputs} input channels, not {channels}: see --channels")
    _check(sd, "input", device, sample_rate, channels)


def check_output(sd: Any, device: Device, sample_rate: int, channels: int) -> None:
    """Raise UserError when the device does not play that many channels at that rate in Hz."""
    _check(sd, "output", device, sample_rate, channels, ", or use `--monitor off`")


def _check(sd: Any, side: str, device: Device, sample_rate: int, channels: int, way_out: str = "") -> None:
    try:
        check = getattr(sd, f"check_{side}_settings")
        check(device=device.index, channels=channels, dtype="float32", samplerate=sample_rate)
    except (sd.PortAudioError, ValueError) as error:
        reason = str(error.args[0]) if error.args else str(error)
        raise UserError(
            f"{device.name!r} cannot run at {sample_rate} Hz ({reason}): "
            f"its own rate is {device.default_rate} Hz{way_out}"
        ) from None
