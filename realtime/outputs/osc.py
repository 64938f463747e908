"""Sends events as Open Sound Control messages over UDP, for visuals, lights and patches.

A message about an event leaves when its note leaves, at `event.sample + event.latency` on the sample clock, so that
picture and sound agree; an event without a latency leaves as soon as it is known. docs/osc.md has the addresses.
The presence of the drums is sent at steps of the sample clock too, the pitches whenever they are due.

UDP asks nobody whether he listens: what the network does not take is counted in `dropped` and forgotten.
"""

import math
import re
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from samplechop.realtime.audio.source import Clock
from samplechop.realtime.core.errors import UserError, install_extra, reason_of
from samplechop.realtime.core.events import BEAT, CHORD, CONFIRMED, DRUM, DRUMS, KEY, PITCHES, Event
from samplechop.realtime.outputs.scheduler import Scheduler, Timer

_FULL_VELOCITY = 127


class Presence:
    """A level per drum class, 0..1: a hit lifts it to velocity / 127, never down; it halves with every half-life.

        level  |\\
               | \\_   |\\
               |   \\__| \\___
            ───┴──────┴─────────→ samples
              hit    hit

    The level is a plain exponential of the time since the hit, computed when asked, so that it does not depend on how
    often anybody asks. One thread uses it.

    half_life_seconds: until a level has halved. sample_rate: of the samples that events stand at, Hz.
    """

    def __init__(self, half_life_seconds: float, sample_rate: int) -> None:
        """Begin with nothing present. Raises ValueError for a half-life or rate that is not more than 0."""
        if not half_life_seconds > 0:
            raise ValueError(f"half_life_seconds must be more than 0, got {half_life_seconds}")
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {sample_rate}")
        self._half_life = half_life_seconds * sample_rate
        self._hits = dict.fromkeys(DRUMS, (0, 0.0))  # label -> (sample, the level there)

    def hit(self, event: Event) -> None:
        """Take a drum hit; one without a velocity counts by its strength. It may come after a later one."""
        label = event.label or event.kind
        share = event.strength if event.velocity is None else event.velocity / _FULL_VELOCITY
        level = min(1.0, max(0.0, share))
        last, before = self._hits.get(label, (event.sample, 0.0))
        sample = max(event.sample, last)
        self._hits[label] = sample, max(self._faded(level, sample - event.sample), self._faded(before, sample - last))

    def at(self, sample: int) -> dict[str, float]:
        """Give the level of every class, 0..1, at a sample; one before a class's last hit counts as that of the hit."""
        return {label: self._faded(level, sample - hit) for label, (hit, level) in self._hits.items()}

    def _faded(self, level: float, samples: int) -> float:
        return float(level * 0.5 ** (max(0, samples) / self._half_life))


_ROOT = "/samplechop"
PITCHES_ADDRESS = f"{_ROOT}/pitches"
_NONE = -1  # stands for a note or velocity that an event does not have
_FORBIDDEN = re.compile(r"[^\x21-\x7e]|[#*,/?\[\]{}]")  # in a part of an address, by the OSC 1.0 specification

Argument = int | float | str
Message = tuple[str, Sequence[Argument]]
"""An address and the arguments sent to it."""


def message_of(event: Event) -> Message | None:
    """Give an event's message; None for a kind that is not sent, as the pitches, whose activations are."""
    if event.kind == PITCHES:
        return None
    if event.kind == DRUM:
        return _drum_address(event.label or DRUM), (_or_none(event.velocity), float(event.strength))
    if event.kind == CONFIRMED:
        address = f"{_ROOT}/confirmed/{_part(event.label or DRUM)}"
        return address, (_or_none(event.velocity), float(event.strength))
    if event.kind == BEAT:
        place = int(event.label) if event.label and event.label.isdecimal() else 0
        return f"{_ROOT}/beat", (place, float(event.tempo or 0.0))
    if event.kind == CHORD:
        return f"{_ROOT}/chord", (event.label or "", *(event.notes or ()))
    if event.kind == KEY:
        return f"{_ROOT}/key", (event.label or "",)
    return f"{_ROOT}/{_part(event.kind)}", (_or_none(event.note), _or_none(event.velocity), float(event.strength))


def _drum_address(label: str) -> str:
    return f"{_ROOT}/drums/{_part(label)}"


def _part(name: str) -> str:
    return _FORBIDDEN.sub("_", name) or "_"


def _or_none(value: int | None) -> int:
    return _NONE if value is None else value


PRESENCE_RATE = 60
"""Presence messages a second, per drum that is present."""
PITCHES_RATE = 30
"""Messages of pitch activations a second."""
ABSENT = 0.01
"""A presence that is not above this counts as none."""
Activations = Callable[[], NDArray[np.float32] | None]


def split_address(address: str) -> tuple[str, int]:
    """Split "host:port"; an IPv6 address stands in brackets. Raises UserError for what is no such address."""
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
        raise UserError(f"--osc must be HOST:PORT, such as 127.0.0.1:9000, got {address!r}")
    return host, int(port)


def address_of(address: str) -> tuple[str, int]:
    """Find the numeric address and the port behind "host:port". Raises UserError also for a host nobody knows."""
    host, port = split_address(address)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no host can have
        reason = reason_of(error)
        raise UserError(
            f"the OSC host {host!r} is not known ({reason}); check the name or give its IP address"
        ) from None
    # Programs for visuals listen on IPv4, while "localhost" is often found as IPv6 first.
    numeric = min(found, key=lambda one: one[0] != socket.AF_INET)[4][0]
    return str(numeric), port


class OscSender:
    """A sink that sends events as OSC messages from a thread of its own; docs/osc.md has the addresses.

    address: "host:port". clock: of the input's samples, at sample_rate Hz. half_life_seconds: of the drums' presence.
    activations: gives the latest pitch-class activations, float32 (12,), C first, None while there are none.
    timer: the time that `clock` speaks of; the machine's if None. dropped: messages that the network did not take.
    """

    broken = False

    def __init__(
        self,
        address: str,
        clock: Clock,
        sample_rate: int,
        half_life_seconds: float,
        activations: Activations | None = None,
        timer: Timer | None = None,
    ) -> None:
        """[main] Find the host and open a socket. Raises UserError if python-osc or the host is missing."""
        try:
            from pythonosc.osc_message_builder import BuildError
            from pythonosc.udp_client import SimpleUDPClient
        except ImportError:
            raise UserError(f"OSC needs the package python-osc: {install_extra('osc')}") from None
        host, port = address_of(address)
        try:
            self._client = SimpleUDPClient(host, port, allow_broadcast=True)
        except (OSError, AttributeError) as error:  # AttributeError: no socket of that family could be made
            raise UserError(f"cannot send OSC to {address!r}: {error}; check the address") from None
        self._unsendable = (OSError, BuildError)
        self.dropped = 0
        self._rate = sample_rate
        self._step = sample_rate / PRESENCE_RATE
        self._activations = activations
        self._scheduler = Scheduler("osc sender", clock, timer or Timer())
        if activations is not None:
            self._scheduler.every(1 / PITCHES_RATE, self._send_pitches)
        self._presence = Presence(half_life_seconds, sample_rate)
        self._present: set[str] = set()
        self._fading = False  # whether a look at the presence is planned
        self._patience = 0  # samples: the longest that an event has to wait
        self._pitches = 0  # how many activations were sent last
        self._ended = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """[main] Start sending."""
        self._scheduler.start()

    def write(self, event: Event) -> None:
        """[any thread] Queue an event's message. What comes after `close()` is dropped."""
        latency = event.emitted - event.sample if event.latency is None else event.latency
        with self._lock:
            if not self._ended:
                self._patience = max(self._patience, latency)
                self._scheduler.at(event.sample + latency, partial(self._send_event, event), spin_seconds=0.0)

    def close(self) -> None:
        """[main] Send what waits for its moment, end presence and pitches, close the socket; twice is harmless."""
        with self._lock:
            first, self._ended = not self._ended, True
        self._scheduler.stop(self._patience / self._rate)
        if first:
            for label in sorted(self._present):
                self._send(f"{_drum_address(label)}/presence", (0.0,))
            if self._pitches:
                self._send(PITCHES_ADDRESS, (0.0,) * self._pitches)
            self._client.close()

    def _send_event(self, event: Event, due: int) -> None:
        if (message := message_of(event)) is not None:
            self._send(*message)
        if event.kind == DRUM:
            label = event.label or DRUM
            self._presence.hit(replace(event, sample=due))
            self._present.add(label)
            self._send_presence(due, [label])
            if not self._fading:
                self._fading = True
                self._push_fade(due)

    def _fade(self, due: int) -> None:
        self._send_presence(due, sorted(self._present))
        self._fading = bool(self._present)
        if self._fading:
            self._push_fade(due)

    def _push_fade(self, due: int) -> None:
        """Plan the next look at the presence; those that are past already, as after a pause, are left out."""
        late = max(0.0, self._scheduler.lateness(round(due + self._step)))
        following = round(due + self._step * (1 + math.floor(late * PRESENCE_RATE)))
        self._scheduler.at(following, self._fade, spin_seconds=0.0, awaited=False)

    def _send_presence(self, sample: int, labels: Iterable[str]) -> None:
        levels = self._presence.at(sample)
        for label in labels:
            level = levels[label]
            if level <= ABSENT:
                self._present.remove(label)
                level = 0.0
            self._send(f"{_drum_address(label)}/presence", (level,))

    def _send_pitches(self) -> None:
        assert self._activations is not None
        values = self._activations()
        if values is not None:
            self._send(PITCHES_ADDRESS, [float(value) for value in values])
            self._pitches = len(values)

    def _send(self, address: str, arguments: Sequence[Argument]) -> None:
        try:
            self._client.send_message(address, arguments)
        except self._unsendable:  # a network that is down must not end a session
            self.dropped += 1
