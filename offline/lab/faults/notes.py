"""Ends while notes sound, on a JACK server with an independent client that takes down the MIDI."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import soundfile

from samplechop.offline.lab.bench.jack_client import JackClient
from samplechop.offline.lab.bench.jack_server import JackServer
from samplechop.offline.lab.faults.devices import kill_audio, on_device
from samplechop.offline.lab.faults.program import PATIENCE, Program, check, limited, pipe
from samplechop.offline.lab.faults.scenario import RATE, Place, Scenario
from samplechop.offline.lab.faults.terminal import INTERRUPT, Terminal

KIND = "notes left on"
SOUNDING = ("--detect", "chops,harmony", "--gate", 2, "--midi-port", "virtual")
_PORT = "^samplechop.*:chops"
_ON, _OFF, _CONTROL, _ALL_NOTES_OFF = 0x90, 0x80, 0xB0, 123
_SETTLE_BLOCKS = 8


def scenarios() -> Iterator[Scenario]:
    """Give them all."""
    for names in (("SIGINT",), ("SIGTERM",), ("SIGHUP",), ("SIGINT", "SIGINT"), ("SIGHUP", "SIGHUP", "SIGTERM")):
        yield _notes(" then ".join(names), partial(_signals, names))
    yield _notes("the terminal closes", partial(_terminal, Terminal.close))
    yield _notes("Ctrl-C typed", partial(_terminal, lambda terminal: terminal.type(INTERRUPT)))
    yield _notes("--duration", partial(_by_itself, ("--duration", 5)))
    yield _notes("the end of the file", partial(_by_itself, ()))
    yield _notes("the song cut off while it is played", _song_cut)
    yield _notes("the reader of the events stands still, SIGINT", _stalled)
    yield _notes("the disk is full, SIGINT", _full_disk)
    yield _notes("the receiver leaves and is back, SIGINT", _receiver)
    yield _notes("the audio process is killed", _audio_killed)
    yield _notes("the server crashes and is back, SIGINT", _server_back)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        yield _notes(f"`notes capture`, {name}", partial(_capture, name))


def _notes(name: str, run: Callable[[Place], None]) -> Scenario:
    return Scenario(KIND, name, "no note is left on, as an independent client hears it", run, jack=True)


class Listener:
    """An independent client that takes down what the program's MIDI port sends."""

    def __init__(self, server: JackServer, client: JackClient) -> None:
        """Listen to what is sent to the client's input."""
        self._block, self.client = server.block_size, client

    def sounding(self) -> set[tuple[int, int]]:
        """Give (channel, note) of all that sounds, once what has been sent is there."""
        self.client.wait_until(self.client.now() + _SETTLE_BLOCKS * self._block)
        on: set[tuple[int, int]] = set()
        for _, data in self.client.report().midi:
            status, channel = data[0] & 0xF0, data[0] & 0x0F
            if status == _ON:
                on.add((channel, data[1]))
            elif status == _OFF:
                on.discard((channel, data[1]))
            elif status == _CONTROL and data[1] == _ALL_NOTES_OFF:
                on = {one for one in on if one[0] != channel}
        return on

    def wait_for_both(self, program: Program) -> None:
        """Connect the session's port, and wait until a chop and a chord sound at once, each on its channel."""
        self.client.capture_midi(self.client.wait_for_port(_PORT)[0])
        program.wait_until(lambda: {channel for channel, _ in self.sounding()} >= {0, 1}, "notes that sound", every=0.1)


@contextmanager
def _listening(place: Place, program: Program, server: JackServer | None = None) -> Iterator[Listener]:
    """Listen until notes of chops and chords sound; what comes then must leave none of them on."""
    server = server or place.server
    with server.client("daw") as client:
        listener = Listener(server, client)
        listener.wait_for_both(program)
        yield listener
        left = listener.sounding()
    check(not left, f"notes left on (channel, note): {sorted(left)}")


def _start(place: Place, *options: object, setup: str = "", stdout: int | IO[bytes] | None = None) -> Program:
    return place.live(*SOUNDING, *options, jack=True, setup=setup, stdout=stdout)


def _signals(names: Sequence[str], place: Place) -> None:
    program = _start(place)
    with _listening(place, program):
        program.send(*names)
        place.check_ended(program)


def _terminal(end: Callable[[Terminal], None], place: Place) -> None:
    with Terminal() as terminal:
        program = terminal.start(place, *SOUNDING, jack=True)
        with _listening(place, program):
            end(terminal)
            place.check_ended(program)


def _by_itself(options: tuple[object, ...], place: Place) -> None:
    """Let the song, or its duration, end while notes sound."""
    song, rate = soundfile.read(place.song, frames=6 * RATE, dtype="int16")
    place.song = place.folder / "short.wav"
    soundfile.write(place.song, song, rate)
    program = _start(place, *options)
    with _listening(place, program):
        place.check_ended(program)


def _song_cut(place: Place) -> None:
    whole = place.song
    place.song = Path(shutil.copy(whole, place.folder / "song.wav"))
    program = _start(place)
    with _listening(place, program):
        os.truncate(place.song, 44 + 4 * RATE * 6)
        check(program.process.wait(PATIENCE) in (0, 2), f"exit code {program.process.returncode}: {program.err!r}")
    place.song = whole
    place.check_recording()


def _stalled(place: Place) -> None:
    with pipe(full=True) as (_, into):
        program = _start(place, "--events", "-", stdout=into)
        into.close()
        with _listening(place, program):
            program.send("SIGINT")
            place.check_ended(program)


def _full_disk(place: Place) -> None:
    program = _start(place, setup=limited(300_000))
    with _listening(place, program):
        program.wait_until(lambda: "ended" in place.log.read_text(), "the end of the recording in the log")
        program.send("SIGINT")
        check("the recording" in program.end(), f"it said {program.err!r}")


def _receiver(place: Place) -> None:
    program = _start(place)
    with _listening(place, program) as listener:
        ports = listener.client.ports(_PORT)[0], f"{listener.client.name}:midi_in"
        listener.client.disconnect(*ports)
        place.wait_for_notes(program)
        listener.client.connect(*ports)
        place.wait_for_notes(program)
        program.send("SIGINT")
        place.check_ended(program)


def _audio_killed(place: Place) -> None:
    """Play the song to a session on a device whose process of the audio is killed: what sounds must end at once."""
    program = on_device(place, *SOUNDING)
    with place.server.client("daw") as client:
        listener = Listener(place.server, client)
        song = soundfile.read(place.song, dtype="float32")[0]
        client.play(song, sorted(client.wait_for_port("^samplechop-audio.*:in_", count=2))[:2])
        listener.wait_for_both(program)
        kill_audio(program)
        program.wait_until(lambda: not listener.sounding(), "the end of the notes", every=0.1)
        program.send("SIGINT")
        program.end()
        check(not listener.sounding(), "notes left on")


def _capture(name: str, place: Place) -> None:
    with place.server.client("daw") as client:
        options = ("--midi-port", f"{client.name}:midi_in", "--device", "system", "-o", place.folder / "bank")
        program = place.start("notes", "capture", *options, jack=True)
        listener = Listener(place.server, client)
        program.wait_until(listener.sounding, "a note", every=0.05)
        program.send(name)
        program.end(128 + getattr(signal, name))
        left = listener.sounding()
    check(not left, f"notes left on (channel, note): {sorted(left)}")


def _server_back(place: Place) -> None:
    with JackServer() as server:
        program = place.live(*SOUNDING, env=server.environment())
        with server.client("daw") as client:
            Listener(server, client).wait_for_both(program)
        server.kill()
        server.start()
        with _listening(place, program, server):
            program.send("SIGINT")
            place.check_ended(program)
