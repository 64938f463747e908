"""Finding and opening ports, against an rtmidi made of Python."""

import sys
from types import ModuleType
from typing import ClassVar

import pytest

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.midi import ports

ALSA, JACK, DUMMY = 2, 3, 5
PORTS = {
    ALSA: ["Midi Through:Midi Through Port-0 14:0", "MPC Live:MPC Live Port-1 20:0", "MPC Live:MPC Live Port-2 20:1"],
    JACK: ["reaper:in", "mpc"],
}


class MidiOut:
    def __init__(self, api: int, name: str) -> None:
        if api in type(self).dead:
            raise OSError("no server")
        self.api, self.name, self.opened, self.sent, self.deleted = api, name, None, [], False
        type(self).made.append(self)

    dead: set[int]
    made: "list[MidiOut]"
    virtual_works = True

    def get_current_api(self) -> int:
        return self.api

    def get_ports(self) -> list[str]:
        return list(PORTS[self.api])

    def open_port(self, index: int, name: str) -> None:
        self.opened = (PORTS[self.api][index], name)

    def open_virtual_port(self, name: str) -> None:
        if not self.virtual_works:
            raise NotImplementedError("no virtual ports")
        self.opened = name

    def send_message(self, message: bytes) -> None:
        assert not self.deleted
        self.sent.append(message)

    def delete(self) -> None:
        self.deleted = True


class Watch:
    made: ClassVar["list[Watch]"] = []

    def __init__(self, _: str) -> None:
        self.gone = self.closed = False
        self.made.append(self)

    def close(self) -> None:
        self.closed = True


def no_server(*_: str) -> None:
    raise OSError("no JACK server answers")


@pytest.fixture
def rtmidi(monkeypatch: pytest.MonkeyPatch) -> type[MidiOut]:
    module = ModuleType("rtmidi")
    fresh = type("FreshMidiOut", (MidiOut,), {"dead": set(), "made": []})
    for name, value in {
        "MidiOut": fresh,
        "API_UNIX_JACK": JACK,
        "API_RTMIDI_DUMMY": DUMMY,
        "get_compiled_api": lambda: [ALSA, JACK, DUMMY],
        "get_api_display_name": {ALSA: "ALSA", JACK: "JACK"}.__getitem__,
    }.items():
        setattr(module, name, value)
    monkeypatch.setitem(sys.modules, "rtmidi", module)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ports, "JackWatch", Watch)
    monkeypatch.setattr(ports, "JackOutput", no_server)
    return fresh


@pytest.mark.usefixtures("rtmidi")
def test_the_ports_of_all_systems_are_listed() -> None:
    assert ports.list_ports() == PORTS[ALSA] + PORTS[JACK]


def test_a_system_that_does_not_answer_is_left_out(rtmidi: type[MidiOut]) -> None:
    rtmidi.dead = {ALSA}
    assert ports.list_ports() == PORTS[JACK]


def test_no_system_at_all_is_one_sentence(rtmidi: type[MidiOut]) -> None:
    rtmidi.dead = {ALSA, JACK}
    with pytest.raises(UserError, match=r"no MIDI system answers .*ALSA and JACK"):
        ports.list_ports()


@pytest.mark.parametrize(
    ("wanted", "opened"),
    [
        ("mpc", "mpc"),
        ("Through", "Midi Through:Midi Through Port-0 14:0"),
        ("live port-2", "MPC Live:MPC Live Port-2 20:1"),
        ("MPC Live:MPC Live Port-1 24:0", "MPC Live:MPC Live Port-1 20:0"),
        ("reaper", "reaper:in"),
    ],
)
def test_a_port_is_found_by_its_name(rtmidi: type[MidiOut], wanted: str, opened: str) -> None:
    rtmidi.dead = {ALSA} if opened == "mpc" else set()
    assert ports.open_output(wanted).name == opened


def test_an_exact_name_beats_a_substring() -> None:
    assert ports.matches("mpc", ["mpc two", "mpc"]) == [1]


@pytest.mark.usefixtures("rtmidi")
def test_several_matches_are_listed() -> None:
    with pytest.raises(UserError, match=r"'MPC Live' fits several: .*Port-1 20:0.*Port-2 20:1"):
        ports.open_output("MPC Live")


@pytest.mark.usefixtures("rtmidi")
def test_an_unknown_port_is_answered_with_what_there_is() -> None:
    with pytest.raises(UserError, match=r"no MIDI port 'Octatrack': there is .*Through.*'reaper:in'"):
        ports.open_output("Octatrack")


@pytest.mark.usefixtures("rtmidi")
def test_where_there_is_no_port_none_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MidiOut, "get_ports", lambda _: [])
    with pytest.raises(UserError, match="no MIDI port 'nope': there is none at all; connect one, or give 'virtual'"):
        ports.open_output("nope")


def test_a_virtual_port_opens_on_the_first_system_that_answers(rtmidi: type[MidiOut]) -> None:
    rtmidi.dead = {ALSA}
    port = ports.open_output("virtual", client_name="ear")
    port.send(b"\x90\x24\x64")
    assert (port.name, rtmidi.made[-1].api, rtmidi.made[-1].sent) == ("ear:chops", JACK, [b"\x90\x24\x64"])


@pytest.mark.usefixtures("rtmidi")
def test_windows_is_told_of_loopmidi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UserError, match="install loopMIDI"):
        ports.open_output("virtual")


def test_a_system_without_virtual_ports_is_one_sentence(rtmidi: type[MidiOut]) -> None:
    rtmidi.virtual_works = False
    with pytest.raises(UserError, match="virtual MIDI port cannot be opened"):
        ports.open_output("virtual")


@pytest.mark.parametrize("wanted", ["reaper", "nobody", "MPC Live", "virtual"])
def test_only_the_opened_output_is_kept(rtmidi: type[MidiOut], wanted: str) -> None:
    try:
        port = ports.open_output(wanted)
    except UserError:
        port = None
    assert [output.deleted for output in rtmidi.made].count(False) == (port is not None)


@pytest.mark.usefixtures("rtmidi")
def test_a_port_that_is_no_longer_listed_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.open_output("reaper")
    before = port.is_there()
    monkeypatch.setitem(PORTS, JACK, ["mpc"])
    assert (before, port.is_there()) == (True, False)


def test_nothing_is_sent_to_a_dead_jack_server(rtmidi: type[MidiOut]) -> None:
    port = ports.open_output("reaper")
    Watch.made[-1].gone = True
    with pytest.raises(OSError, match="'reaper:in' is gone"):
        port.send(b"\x90\x24\x64")
    assert (port.is_there(), rtmidi.made[-1].sent) == (False, [])
    port.close()
    assert Watch.made[-1].closed


@pytest.mark.usefixtures("rtmidi")
def test_a_closed_port_raises_and_does_not_touch_rtmidi() -> None:
    port = ports.open_output("reaper")
    port.close()
    port.close()
    with pytest.raises(OSError, match="gone"):
        port.send(b"\x90\x24\x64")
    assert not port.is_there()


def test_a_missing_binding_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(UserError, match="pip install python-rtmidi"):
        ports.list_ports()
