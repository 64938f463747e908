"""Faults of devices, and ends while notes sound, on a JACK server with an independent client that takes the MIDI."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import soundfile

from samplechop.offline.lab.bench.jack_client import JackClient
from samplechop.offline.lab.bench.jack_server import JackServer
from samplechop.offline.lab.faults.scenario import PATIENCE, RATE, Place, Program, Scenario, check, full_pipe, limited
from samplechop.offline.lab.faults.terminal import INTERRUPT, Terminal
from samplechop.offline.sessions.reading import read_session

NOTES, DEVICE = "notes left on", "device"
SOUNDING = ("--detect", "chops,harmony", "--gate", 2, "--midi-port", "virtual")
_PORT = "^samplechop.*:chops"
_ON, _OFF, _CONTROL, _ALL_NOTES_OFF = 0x90, 0x80, 0xB0, 123
_SETTLE_BLOCKS = 8
_STILL_SECONDS = 3.0


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
    whole = "a gap of silence; everything before and after it is recorded; a clean end"
    for name in ("SIGTERM", "SIGKILL"):
        yield Scenario(DEVICE, f"the server ends by {name} and is back", whole, partial(_unplugged, name), jack=True)
    yield Scenario(DEVICE, "the audio process is killed", whole, _audio_process, jack=True)
    yield Scenario(DEVICE, "the server is gone, SIGINT", "a clean end", _ended_unplugged, jack=True)
    yield Scenario(DEVICE, "SIGKILL", "no process is left", _device_killed, jack=True)
    for who, stop in (("server", _stop_server), ("program", _stop_program)):
        name = f"the {who} stands still for {_STILL_SECONDS:g} s"
        yield Scenario(DEVICE, name, "what is lost is told; a clean end", partial(_still, stop), jack=True)
    sentence = "one sentence, exit code 2"
    for option in ("--device", "--midi-port", "--tap-port"):
        yield Scenario(DEVICE, f"an unknown {option}", sentence, partial(_unknown, option), jack=True)
    yield Scenario(DEVICE, "no server", sentence, partial(_unknown, "--device", jack=False), jack=True)


def _notes(name: str, run: Callable[[Place], None]) -> Scenario:
    return Scenario(NOTES, name, "no note is left on, as an independent client hears it", run, jack=True)


class Listener:
    """An independent client that takes down what the program's MIDI port sends."""

    def __init__(self, server: JackServer, client: JackClient) -> None:
        """Listen to the port that the program opens."""
        self._block, self.client = server.block_size, client
        self.port = client.wait_for_port(_PORT)[0]
        client.capture_midi(self.port)

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
        """Wait until a chop and a chord sound at once, each on its channel."""
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


def _start(place: Place, *options: object, setup: str = "", stdout: int | None = None) -> Program:
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
    with full_pipe() as (_, into):
        program = _start(place, "--events", "-", stdout=into)
        os.close(into)
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
        ports = listener.port, f"{listener.client.name}:midi_in"
        listener.client.disconnect(*ports)
        place.wait_for_notes(program)
        listener.client.connect(*ports)
        place.wait_for_notes(program)
        program.send("SIGINT")
        place.check_ended(program)


def _audio_killed(place: Place) -> None:
    """Play the song to a session on a device whose process of the audio is killed: what sounds must end at once."""
    program = _on_device(place, *SOUNDING)
    with place.server.client("daw") as client:
        listener = Listener(place.server, client)
        song = soundfile.read(place.song, dtype="float32")[0]
        client.play(song, sorted(client.wait_for_port("^PortAudio.*:in_"))[:2])
        listener.wait_for_both(program)
        kill_audio(program)
        program.wait_until(lambda: not listener.sounding(), "the end of the notes", every=0.1)
        program.send("SIGINT")
        program.end()
        check(not listener.sounding(), "notes left on")


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


def _on_device(place: Place, *options: object, env: Mapping[str, str] = {}) -> Program:
    options = ("--device", "system", "--record", place.sessions, "--midi-file", place.midi, "--quiet", *options)
    program = place.start("live", *options, "--log", place.log, jack=not env, env=env)
    program.wait_until(lambda: _frames(place) > RATE // 2, "half a second of a recording")
    return program


def _frames(place: Place) -> int:
    found = [soundfile.info(str(path)).frames for path in place.sessions.glob("*/audio.wav") if path.stat().st_size]
    return found[0] if found else 0


def _lines(place: Place) -> list[dict[str, object]]:
    return [json.loads(line) for line in (place.recording() / "events.jsonl").read_text().splitlines()]


def _gaps(place: Place) -> list[tuple[int, int]]:
    """Give the gaps in the log: sample and length."""
    return [(int(str(one["sample"])), int(str(one["length"]))) for one in _lines(place) if one["kind"] == "gap"]


def _check_log(place: Place) -> None:
    """Raise Broken unless the recording ended, and is as long as its log says."""
    state, stop = read_session(place.recording()).state, _lines(place)[-1]
    check(
        state == "ended" and stop["sample"] == _frames(place), f"{state}, {stop['sample']} of {_frames(place)} samples"
    )


def _unplugged(name: str, place: Place) -> None:
    with JackServer() as server:
        program = _on_device(place, env=server.environment())
        assert server.process is not None
        server.process.send_signal(getattr(signal, name))
        server.process.wait()
        before = _frames(place)
        server.start()
        program.wait_until(lambda: _gaps(place) and _frames(place) > before + RATE // 2, "what comes after the gap")
        program.send("SIGINT")
        program.end()
    ((sample, length),) = _gaps(place)
    check(length > 0 and sample >= before, f"a gap at {sample} of {length} samples; {before} before it")
    _check_log(place)


def _ended_unplugged(place: Place) -> None:
    with JackServer() as server:
        program = _on_device(place, env=server.environment())
        server.kill()
        program.wait_until(
            lambda: "lost" in place.log.read_text() or "gone" in place.log.read_text(), "its loss, in the log"
        )
        program.send("SIGINT")
        program.end()
    _check_log(place)


def _still(stop: Callable[[Program, JackServer, int], None], place: Place) -> None:
    """Let somebody stand still for a while: the time that is missing in the recording is in its log."""
    with JackServer(synchronous=False) as server:
        program = _on_device(place, env=server.environment())
        began, before = time.monotonic(), _frames(place)
        stop(program, server, signal.SIGSTOP)
        time.sleep(_STILL_SECONDS)
        stop(program, server, signal.SIGCONT)
        program.wait_until(lambda: _frames(place) > before + RATE, "what comes after it")
        missing = time.monotonic() - began - (_frames(place) - before) / RATE
        program.send("SIGINT")
        program.end()
    told = any(one["kind"] in ("gap", "xrun", "dropout") for one in _lines(place))
    check(told or missing < 0.5, f"{missing:.2f} s are missing, without a word")
    _check_log(place)


def _stop_server(_: Program, server: JackServer, name: int) -> None:
    assert server.process is not None
    server.process.send_signal(name)


def _stop_program(program: Program, _: JackServer, name: int) -> None:
    for pid in program.processes():
        os.kill(pid, name)


def kill_audio(program: Program) -> None:
    """Kill the process that the audio has for itself."""
    for pid in program.processes():
        if pid != program.process.pid and b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def _audio_process(place: Place) -> None:
    program = _on_device(place)
    kill_audio(program)
    before = _frames(place)
    program.wait_until(lambda: _gaps(place) and _frames(place) > before + RATE // 2, "what comes after the gap")
    program.send("SIGINT")
    program.end()
    _check_log(place)


def _device_killed(place: Place) -> None:
    program = _on_device(place)
    check(len(program.processes()) > 1, "the audio has no process of its own")
    program.send("SIGKILL")
    program.end(-signal.SIGKILL)


def _unknown(option: str, place: Place, jack: bool = True) -> None:
    options: tuple[object, ...] = (place.song, "--tap") if option == "--tap-port" else ()
    options = (place.song,) if option == "--midi-port" else options
    nowhere = {} if jack else {"JACK_DEFAULT_SERVER": "none", "JACK_NO_START_SERVER": "1"}
    said = place.start("live", *options, "--quiet", option, "no such", jack=jack, env=nowhere).end(2)
    check(len(said.splitlines()) == 1, f"it said {said!r}")
