"""Find and open MIDI ports through python-rtmidi, whichever of the machine's MIDI systems answers.

A Linux machine may have no ALSA sequencer and still a JACK server, so each system that rtmidi was compiled with is
tried in turn; the first that has the wanted port gives it.
"""

import re
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, Protocol

from samplechop.realtime.core.errors import UserError, close_word
from samplechop.realtime.core.standard_streams import silence
from samplechop.realtime.midi.jack_client import JackOutput, JackWatch

VIRTUAL = "virtual"
"""The name that asks for a port of our own, which the DAW then finds."""
CLIENT_NAME = "samplechop"
VIRTUAL_PORT_NAME = "chops"

_ALSA_ADDRESS = re.compile(r" \d+:\d+$")  # changes each time a device is plugged in


class MidiPort(Protocol):
    """Where messages leave. One thread sends; another may ask whether the port is still there."""

    def send(self, message: bytes) -> None:
        """Send one message at once. Raises OSError if the port is lost."""

    def is_there(self) -> bool:
        """Tell whether what is sent can still arrive."""

    def close(self) -> None:
        """Give the port back; twice is harmless."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Which way messages go: rtmidi's class for it, the option that names such a port, and what to do without one."""

    rtmidi_class: Literal["MidiIn", "MidiOut"]
    option: str
    instead: str


OUTPUT = Direction("MidiOut", "--midi-port", "write a file with --midi-file")
INPUT = Direction("MidiIn", "--tap-port", "tap the space bar: leave out --tap-port")


def rtmidi() -> ModuleType:
    """Load python-rtmidi. Raises UserError if it cannot be loaded."""
    try:
        import rtmidi as module
    except ImportError as error:
        raise UserError(f"python-rtmidi cannot be loaded here ({error}): pip install python-rtmidi") from None
    return module


def _systems(direction: Direction, client_name: str, wanted: str = "") -> list[Any]:
    """Make one unconnected rtmidi object for each MIDI system that answers.

    wanted: the port that is looked for. Raises UserError if none does.
    """
    module = rtmidi()
    apis = [api for api in module.get_compiled_api() if api != module.API_RTMIDI_DUMMY]
    found = []
    for api in apis:
        with silence(), suppress(OSError):
            found.append(getattr(module, direction.rtmidi_class)(api, name=client_name))
    if not found:
        tried = " and ".join(module.get_api_display_name(api) for api in apis) or "nothing"
        linux = sys.platform == "linux"
        hint = "load the ALSA sequencer (modprobe snd-seq) or start JACK" if linux else "check its set-up"
        port = f"{direction.option} {wanted}: " if wanted else ""
        raise UserError(f"{port}no MIDI system answers on this machine (tried {tried}): {hint}, or {direction.instead}")
    return found


def list_ports(direction: Direction = OUTPUT) -> list[str]:
    """Name the MIDI outputs, or inputs, of every system that answers. Raises UserError if none does."""
    systems = _systems(direction, CLIENT_NAME)
    names = [name for system in systems for name in system.get_ports()]
    for system in systems:
        system.delete()
    return list(dict.fromkeys(names))


def matches(wanted: str, names: list[str]) -> list[int]:
    """Find the places of a wanted port among names.

    An exact name beats one that is exact but for letter case and ALSA's trailing address, and that beats a substring.
    """
    short = [_ALSA_ADDRESS.sub("", name).casefold() for name in names]
    key = _ALSA_ADDRESS.sub("", wanted).casefold()
    exact = [i for i, name in enumerate(names) if name == wanted]
    same = [i for i, name in enumerate(short) if name == key]
    return exact or same or [i for i, name in enumerate(short) if key in name]


class RtmidiPort:
    """An open rtmidi port.

    name: as the system lists it, or the client's and port's name of a virtual port.
    """

    def __init__(self, direction: Direction, name: str, client_name: str, port_name: str) -> None:
        """Open a port by name, or one of our own for "virtual". Raises UserError as `claim` does."""
        self._port, self.name = claim(direction, name, client_name, port_name)
        self._virtual = name == VIRTUAL
        self._lock = threading.Lock()  # rtmidi crashes when a port is used after it was deleted
        self._watch = None
        if self._port.get_current_api() == rtmidi().API_UNIX_JACK:
            with silence():
                self._watch = JackWatch(f"{client_name}-watch")

    @property
    def _gone(self) -> bool:
        return self._port is None or (self._watch is not None and self._watch.gone)

    def is_there(self) -> bool:
        """Tell whether the port is still listed; most systems swallow what is sent to a vanished one."""
        with self._lock:
            try:
                return not self._gone and (self._virtual or self.name in self._port.get_ports())
            except OSError:
                return False

    def close(self) -> None:
        """Give the port back to the system; twice is harmless."""
        with self._lock, silence():
            port, self._port = self._port, None
            if port is not None:
                port.delete()
            if self._watch is not None:
                self._watch.close()


class OutputPort(RtmidiPort):
    """The MidiPort that real notes leave through."""

    def send(self, message: bytes) -> None:
        """Send one message at once. Raises OSError if the port is known to be lost."""
        with self._lock:
            if self._gone:
                raise OSError(f"MIDI port {self.name!r} is gone")
            self._port.send_message(message)


def open_output(name: str, client_name: str = CLIENT_NAME) -> OutputPort | JackOutput:
    """Open a MIDI output by name, or a port of our own for "virtual". Raises UserError as `claim` does.

    On JACK it is a client of our own where that can be: what rtmidi sends there moves to the begin of the next cycle.
    """
    target = _on_jack(name, client_name) if sys.platform == "linux" else None
    if target is not None:
        with silence(), suppress(OSError):
            return JackOutput(client_name, VIRTUAL_PORT_NAME, target)
    return OutputPort(OUTPUT, name, client_name, VIRTUAL_PORT_NAME)


def _on_jack(name: str, client_name: str) -> str | None:
    """Give the whole name of a port that lies on JACK, "" for a virtual one that will; None of any other."""
    systems = _systems(OUTPUT, client_name, name)
    try:
        for system in systems:
            on_jack = system.get_current_api() == rtmidi().API_UNIX_JACK
            if name == VIRTUAL:
                return "" if on_jack else None
            there = system.get_ports()
            if found := matches(name, there):
                return str(there[found[0]]) if on_jack and len(found) == 1 else None
        return None
    finally:
        for system in systems:
            system.delete()


def claim(direction: Direction, name: str, client_name: str, port_name: str) -> tuple[Any, str]:
    """Open a port by name, or one of our own for "virtual"; gives rtmidi's object and the port's whole name.

    An exact name beats a substring; letter case and ALSA's port address do not matter.
    port_name: what our end is called.

    Raises UserError if there is no MIDI system, no such port, more than one, or no virtual ports on this platform.
    """
    if name == VIRTUAL and sys.platform == "win32":
        raise UserError(
            "Windows has no virtual MIDI ports: install loopMIDI, add a port there and give its name to "
            f"{direction.option}"
        )
    systems = _systems(direction, client_name, name)
    chosen = None
    try:
        if name == VIRTUAL:
            chosen, full_name = _open_virtual(systems, port_name, direction), f"{client_name}:{port_name}"
        else:
            chosen, full_name = _open_named(systems, name, port_name)
        return chosen, full_name
    finally:
        for system in systems:
            if system is not chosen:
                system.delete()


def _open_virtual(systems: list[Any], port_name: str, direction: Direction) -> Any:
    reason: Exception | None = None
    for system in systems:
        try:
            system.open_virtual_port(port_name)
            return system
        except (OSError, NotImplementedError) as error:  # no such system here, or one without virtual ports: the next
            reason = error
    raise UserError(
        f"{direction.option} virtual: a virtual MIDI port cannot be opened ({reason}): "
        "give the name of a port from --list-midi instead"
    )


def _open_named(systems: list[Any], name: str, port_name: str) -> tuple[Any, str]:
    everything: list[str] = []
    for system in systems:
        ports = system.get_ports()
        everything += ports
        found = matches(name, ports)
        if len(found) > 1:
            several = ", ".join(repr(ports[i]) for i in found)
            raise UserError(f"MIDI port {name!r} fits several: {several}; give more of the name")
        if found:
            try:
                system.open_port(found[0], name=port_name)
            except OSError as error:
                raise UserError(f"MIDI port {ports[found[0]]!r} cannot be opened: {error}") from None
            return system, ports[found[0]]
    if not everything:
        raise UserError(f"no MIDI port {name!r}: there is none at all; connect one, or give 'virtual'")
    there = ", ".join(repr(port) for port in everything)
    raise UserError(
        f"no MIDI port {name!r}{close_word(name, everything)}: there is {there}; give one of these or 'virtual'"
    )
