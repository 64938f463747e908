"""OSC messages, read by python-osc's own server from a real socket."""

import builtins
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_server import BlockingOSCUDPServer

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.outputs.osc import OscSender, address_of, message_of
from tests.support.waiting import PATIENCE

RATE = 1000
KICK = Event("drum", 0, 20, 0.75, "kick", note=36, velocity=127, latency=0)


class Receiver:
    """Keeps every message."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, tuple]] = []
        self.arrived = threading.Condition()
        dispatcher = Dispatcher()
        dispatcher.set_default_handler(self._take)
        self._server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
        self.address = f"localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def _take(self, address: str, *arguments: object) -> None:
        with self.arrived:
            self.messages.append((address, arguments))
            self.arrived.notify_all()

    def wait_for(self, count: int, address: str = "") -> list[tuple]:
        """Wait for messages to an address that ends so; give their arguments."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.of(address)) >= count, PATIENCE), self.messages
            return self.of(address)

    def of(self, address: str) -> list[tuple]:
        return [arguments for one, arguments in self.messages if one.endswith(address)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class HeldClock:
    """Sample 0 was at `zero`, the moment of its making."""

    def __init__(self) -> None:
        self.zero = time.perf_counter()

    def time_of(self, position: int) -> float:
        return self.zero + position / RATE


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def sender(receiver: Receiver) -> Iterator[OscSender]:
    made = sender_to(receiver)
    made.start()
    yield made
    made.close()


def sender_to(receiver: Receiver, **options) -> OscSender:
    settings = {"clock": HeldClock(), "sample_rate": RATE, "half_life_seconds": 0.01} | options
    return OscSender(receiver.address, **settings)


@pytest.mark.parametrize(
    ("event", "address", "arguments"),
    [
        (KICK, "/samplechop/drums/kick", (127, 0.75)),
        (Event("chop", 0, 9, 0.5, note=38, velocity=64), "/samplechop/chop", (38, 64, 0.5)),
        (Event("chop", 0, 9, 0.5), "/samplechop/chop", (-1, -1, 0.5)),
        (Event("beat", 0, 9, 0.5, "3", tempo=92.5), "/samplechop/beat", (3, 92.5)),
        (Event("beat", 0, 9, 0.5), "/samplechop/beat", (0, 0.0)),
        (Event("chord", 0, 9, 0.5, "A:min7", notes=(45, 60, 64)), "/samplechop/chord", ("A:min7", 45, 60, 64)),
        (Event("chord", 0, 9, 0.5, "N", notes=()), "/samplechop/chord", ("N",)),
        (Event("key", 0, 9, 0.5, "A:min"), "/samplechop/key", ("A:min",)),
        (Event("clap", 0, 9, 0.5), "/samplechop/clap", (-1, -1, 0.5)),
        (Event("scratch #1", 0, 9, 0.5), "/samplechop/scratch__1", (-1, -1, 0.5)),
    ],
)
def test_each_kind_arrives_at_its_address(
    receiver: Receiver, sender: OscSender, event: Event, address: str, arguments: tuple
) -> None:
    sender.write(event)
    receiver.wait_for(1)
    assert receiver.messages[0] == (address, arguments)


def test_pitches_are_told_by_their_activations_alone() -> None:
    assert message_of(Event("pitches", 0, 9, 0.5, "C,E", notes=(60, 64))) is None


labels = st.none() | st.text(max_size=12)
events = st.builds(
    Event,
    st.sampled_from(["chop", "drum", "beat", "chord", "key"]) | st.text(max_size=12),
    st.just(0),
    st.just(0),
    st.floats(0, 1),
    labels,
    st.none() | st.integers(0, 127),
    st.none() | st.integers(0, 127),
)


@given(events)
def test_whatever_a_detector_says_can_be_addressed(event: Event) -> None:
    message = message_of(event)
    if message is not None:
        address, arguments = message
        assert address.isascii() and address.isprintable() and not set(address) & set(" #*,?[]{}")
        assert "" not in address.removeprefix("/").split("/")
        assert all(type(argument) in (int, float, str) for argument in arguments)


def test_events_leave_in_the_order_in_which_they_are_due(receiver: Receiver) -> None:
    sender = sender_to(receiver)
    for sample, latency in ((30, 30), (10, 80), (20, 10)):
        sender.write(Event("chop", sample, sample, 0.5, note=sample, latency=latency))
    sender.start()
    assert [note for note, _, _ in receiver.wait_for(3)] == [20, 30, 10]
    sender.close()


def test_a_presence_fades_and_ends_with_one_zero(receiver: Receiver, sender: OscSender) -> None:
    sender.write(KICK)
    with receiver.arrived:
        assert receiver.arrived.wait_for(lambda: (0.0,) in receiver.of("/presence"), PATIENCE)
    levels = [level for (level,) in receiver.of("kick/presence")]
    assert levels[0] == 1.0
    assert levels == sorted(levels, reverse=True)
    assert [level for level in levels if level <= 0.01] == [0.0]


def test_silence_says_nothing_of_presence(receiver: Receiver, sender: OscSender) -> None:
    sender.write(Event("chop", 0, 0, 0.5))
    receiver.wait_for(1)
    assert receiver.of("/presence") == []


def test_hits_that_are_too_soft_to_be_present_end_at_once(receiver: Receiver, sender: OscSender) -> None:
    for _ in range(3):
        sender.write(replace(KICK, velocity=0))
    assert receiver.wait_for(3, "/presence") == [(0.0,)] * 3


def test_closing_ends_what_is_present(receiver: Receiver) -> None:
    sender = sender_to(receiver, half_life_seconds=1000.0)
    sender.start()
    sender.write(KICK)
    receiver.wait_for(1, "/presence")
    sender.close()
    with receiver.arrived:
        ended = ("/samplechop/drums/kick/presence", (0.0,))
        assert receiver.arrived.wait_for(lambda: receiver.messages[-1] == ended, PATIENCE)


def test_closing_sends_first_what_waits_for_its_moment(receiver: Receiver) -> None:
    sender = sender_to(receiver)
    sender.start()
    sender.write(Event("chop", 0, 0, 0.5, note=1, latency=150))
    sender.close()
    sender.write(Event("chop", 0, 0, 0.5, note=2, latency=0))
    sender.close()
    assert receiver.wait_for(1) == [(1, -1, 0.5)]


def test_a_sender_that_never_started_can_be_closed(receiver: Receiver) -> None:
    sender_to(receiver).close()


def test_pitches_are_sent_while_there_are_any(receiver: Receiver) -> None:
    given_out = iter([None, np.arange(12, dtype=np.float32) / 12])
    sender = sender_to(receiver, activations=lambda: next(given_out, None))
    sender.start()
    (values,) = receiver.wait_for(1, "/pitches")
    assert values == pytest.approx(np.arange(12) / 12)
    sender.close()
    assert receiver.wait_for(2, "/pitches")[1:] == [(0.0,) * 12]


def test_a_network_that_refuses_stops_nothing(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = sender_to(receiver)
    send = socket.socket.sendto
    refused = iter([OSError(101, "Network is unreachable"), BlockingIOError()])

    def sendto(self: socket.socket, *arguments: object) -> int:
        error = next(refused, None)
        if error is not None:
            raise error
        return send(self, *arguments)

    monkeypatch.setattr(socket.socket, "sendto", sendto)
    sender.start()
    for note in (1, 2, 3):
        sender.write(Event("chop", note, note, 0.5, note=note))
    assert receiver.wait_for(1) == [(3, -1, 0.5)]
    sender.close()
    assert (sender.dropped, sender.broken) == (2, False)


def test_a_text_that_osc_cannot_hold_is_dropped(receiver: Receiver, sender: OscSender) -> None:
    sender.write(Event("key", 0, 0, 0.5, "\ud800"))
    sender.write(Event("key", 1, 1, 0.5, "C:maj"))
    assert receiver.wait_for(1) == [("C:maj",)]
    assert sender.dropped == 1


@pytest.mark.parametrize(
    "address", ["", "localhost", "localhost:", ":9000", "localhost:0", "localhost:65536", "a:b", "h:²", "localhost:-1"]
)
def test_what_is_no_address_is_named(address: str) -> None:
    with pytest.raises(UserError, match=r"HOST:PORT, such as 127\.0\.0\.1:9000"):
        address_of(address)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a..b", "x" * 70])
def test_a_host_that_nobody_knows_is_named(host: str) -> None:
    with pytest.raises(UserError, match=f"OSC host '{host}' is not known"):
        address_of(f"{host}:9000")


def test_localhost_is_sought_where_programs_for_visuals_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET6, 2, 17, "", ("::1", 9000, 0, 0)), (socket.AF_INET, 2, 17, "", ("127.0.0.1", 9000))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert address_of("localhost:9000") == ("127.0.0.1", 9000)


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert address_of("[::1]:9000") == ("::1", 9000)


def test_without_python_osc_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: object) -> object:
        if name.startswith("pythonosc"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UserError, match=r"\[osc\]"):
        OscSender("localhost:9000", HeldClock(), RATE, 0.15)


def test_a_message_is_small_enough_for_one_packet() -> None:
    message = message_of(Event("chord", 0, 0, 0.5, "A:min7/b7", notes=tuple(range(128))))
    assert message is not None
    builder = OscMessageBuilder(message[0])
    for argument in message[1]:
        builder.add_arg(argument)
    assert len(builder.build().dgram) < 1472
