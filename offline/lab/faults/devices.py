"""Faults of devices, on a JACK server: they vanish, stand still and come back."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import soundfile

from samplechop.offline.lab.bench.jack_server import JackServer
from samplechop.offline.lab.faults.program import Program, check
from samplechop.offline.lab.faults.scenario import RATE, Place, Scenario
from samplechop.offline.sessions.reading import read_session

KIND = "device"
_STILL_SECONDS = 3.0


def scenarios() -> Iterator[Scenario]:
    """Give them all."""
    whole = "a gap of silence; everything before and after it is recorded; a clean end"
    for name in ("SIGTERM", "SIGKILL"):
        yield Scenario(KIND, f"the server ends by {name} and is back", whole, partial(_unplugged, name), jack=True)
    yield Scenario(KIND, "the audio process is killed", whole, _audio_process, jack=True)
    yield Scenario(KIND, "the server is gone, SIGINT", "a clean end", _ended_unplugged, jack=True)
    yield Scenario(KIND, "SIGKILL", "no process is left", _device_killed, jack=True)
    for who, stop in (("server", _stop_server), ("program", _stop_program)):
        name = f"the {who} stands still for {_STILL_SECONDS:g} s"
        yield Scenario(KIND, name, "what is lost is told; a clean end", partial(_still, stop), jack=True)
    sentence = "one sentence, exit code 2"
    for option in ("--device", "--midi-port", "--tap-port"):
        yield Scenario(KIND, f"an unknown {option}", sentence, partial(_unknown, option), jack=True)
    yield Scenario(KIND, "no server", sentence, partial(_unknown, "--device", jack=False), jack=True)


def on_device(place: Place, *options: object, env: Mapping[str, str] = {}) -> Program:
    """Start a session that records what comes in on the server, and wait until half a second is recorded."""
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
        program = on_device(place, env=server.environment())
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
        program = on_device(place, env=server.environment())
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
        program = on_device(place, env=server.environment())
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
    program = on_device(place)
    kill_audio(program)
    before = _frames(place)
    program.wait_until(lambda: _gaps(place) and _frames(place) > before + RATE // 2, "what comes after the gap")
    program.send("SIGINT")
    program.end()
    _check_log(place)


def _device_killed(place: Place) -> None:
    program = on_device(place)
    check(len(program.processes()) > 1, "the audio has no process of its own")
    program.send("SIGKILL")
    program.end(-signal.SIGKILL)


def _unknown(option: str, place: Place, jack: bool = True) -> None:
    options: tuple[object, ...] = (place.song, "--tap") if option == "--tap-port" else ()
    options = (place.song,) if option == "--midi-port" else options
    nowhere = {} if jack else {"JACK_DEFAULT_SERVER": "none", "JACK_NO_START_SERVER": "1"}
    said = place.start("live", *options, "--quiet", option, "no such", jack=jack, env=nowhere).end(2)
    check(len(said.splitlines()) == 1, f"it said {said!r}")
