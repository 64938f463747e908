"""`samplechop bench jack`: live sessions on a JACK server, played to and recorded by an independent client."""

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.lab.bench import Figure
from samplechop.offline.lab.bench.jack_client import JackClient, Report
from samplechop.offline.lab.bench.jack_server import JackServer, missing, realtime_is_allowed
from samplechop.offline.lab.bench.live import recording
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.midi.messages import NOTE_OFF, NOTE_ON

DEVICE = "system"
"""What PortAudio calls a JACK server's hardware ports."""
SETTLE_SECONDS = 1.0
END_SECONDS = 120.0
SILENCE = 172 * 256
"""Samples of silence, about a second in whole frames, that an offline run gets before the audio as a live one does."""
LIVE = ("samplechop", "live")
LOADED = ("samplechop.offline.lab.bench.jack_load", "live")
"""Module and command of the program: as a user has it, and with a bad neighbour."""
_XRUNS = re.compile(r"(\d+) xruns, \d+ gaps, (\d+) samples lost")


@dataclass(frozen=True)
class Session:
    """What came of a session. Positions of the server are absolute JACK frames.

    start: frame at which the played audio began. events: (sample, note) of each line of the events file, sample in the
    program's own stream. lines: those lines themselves. notes: (frame, note) of each note-on that arrived. offs: the
    same of the note-offs. report: all that the client saw. said: what the program wrote to stderr. code: its exit code.
    """

    start: int
    events: list[tuple[int, int]]
    notes: list[tuple[int, int]]
    offs: list[tuple[int, int]]
    report: Report
    said: str
    code: int
    lines: list[dict[str, Any]]

    def on_channel(self, channel: int, status: int = NOTE_ON) -> list[tuple[int, int]]:
        """Give (frame, note) of each note-on, or message of another status, that arrived on a channel, 1..16."""
        return [(frame, data[1]) for frame, data in self.report.midi if data[0] == status | (channel - 1)]

    @property
    def xruns(self) -> int:
        """Overflows and underflows that PortAudio reported to the program's callback, as its summary says."""
        found = _XRUNS.search(self.said)
        return int(found[1]) if found else 0

    @property
    def undisturbed(self) -> bool:
        """Whether no cycle was lost: not by the program, nor by the server or the client that takes the messages."""
        return not self.xruns and not self.report.xruns and not self.report.skipped

    @property
    def lost_samples(self) -> int:
        """Samples the program's ring lost, as its summary says."""
        found = _XRUNS.search(self.said)
        return int(found[2]) if found else 0


@dataclass(frozen=True)
class Running:
    """A session that runs: its process, the client beside it, and the program's input ports.

    events: the file of its events. said: what it writes to standard error.
    """

    process: subprocess.Popen[str]
    client: JackClient
    inputs: list[str]
    events: Path
    said: Path

    def end(self) -> int:
        """End it with Ctrl-C; give its exit code. One that does not end says on standard error where it stands."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise


@contextmanager
def running(
    server: JackServer,
    folder: Path,
    options: Sequence[str] = (),
    program: tuple[str, str] = LIVE,
    virtual: bool = True,
) -> Iterator[Running]:
    """Start the program with its files in a folder, and give it once it listens and its notes are written down.

    virtual: whether the program opens a port of its own, or sends to the client's. Raises RuntimeError when a port
    does not appear.
    """
    with server.client("turntable") as client:
        events, said = folder / "events.jsonl", folder / "stderr"
        midi_port = "virtual" if virtual else f"{client.name}:midi_in"
        command = [sys.executable, "-m", *program, "--device", DEVICE]
        command += ["--midi-port", midi_port, "--events", str(events)]
        with said.open("w") as screen:
            process = server.popen(
                [*command, *options],
                # The user's own settings are not what is measured.
                env={"XDG_CONFIG_HOME": str(folder), "PYTHONFAULTHANDLER": "1"},
                stdin=subprocess.PIPE,
                stderr=screen,
            )
        try:
            inputs = sorted(client.wait_for_port("^samplechop-audio.*:in_", count=2))
            if virtual:
                client.capture_midi(client.wait_for_port("^samplechop.*:chops")[0])
            assert process.stdin is not None
            process.stdin.write("now the load\n")
            process.stdin.close()
            client.wait_until(client.now() + round(SETTLE_SECONDS * server.sample_rate))
            yield Running(process, client, inputs[:2], events, said)
        except BaseException as error:
            error.add_note(f"the program said: {said.read_text()}")
            raise
        finally:
            process.kill()
            process.wait()


def run_session(
    server: JackServer,
    audio: NDArray[np.float32],
    options: Sequence[str] = (),
    program: tuple[str, str] = LIVE,
    virtual: bool = True,
) -> Session:
    """Run the program (`running`) until the audio, float32 (n,) or (n, 2), has been played to it, then end it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(server, Path(folder), options, program, virtual) as live,
    ):
        # It begins with a cycle, as a frame of the analysis does too: then an offline run can see the same frames.
        start = live.client.play(audio, live.inputs)
        live.client.wait_until(start + len(audio) + round(SETTLE_SECONDS * server.sample_rate))
        code = live.end()
        report = live.client.report()
        lines = [json.loads(line) for line in live.events.read_text().splitlines()]
        return Session(
            start,
            [(line["sample"], line["note"]) for line in lines],
            [(frame, data[1]) for frame, data in report.midi if data[0] & 0xF0 == NOTE_ON],
            [(frame, data[1]) for frame, data in report.midi if data[0] & 0xF0 == NOTE_OFF],
            report,
            live.said.read_text(),
            code,
            lines,
        )


def expected(
    audio: NDArray[np.float32], block_size: int, model: str = "chop", before: int = SILENCE
) -> tuple[list[int], int]:
    """Give the samples of the events in the same audio, run without a device, and the latency in samples.

    before: samples of silence ahead of it. As many as live, and the frames begin where they began live.
    """
    stereo = audio if audio.ndim == 2 else np.repeat(audio[:, None], 2, axis=1)
    engine = Engine({"chop": ChopDetector(ChopSettings(model))}, ANALYSIS_RATE, 2, block_size)
    found: list[Event] = []
    engine.process(np.concatenate([np.zeros((before, 2), np.float32), stereo]), found.append)
    engine.flush(found.append)
    return [event.sample - before for event in found], engine.latency


def silence_before(live: Sequence[int], audio: NDArray[np.float32], block_size: int) -> int:
    """Tell where the audio began, live, in samples of the program's stream: what `expected` is to have before it.

    live: samples of the live events. It is the most frequent difference between them and the offline ones; to whole
    blocks, as the audio was played from the beginning of a cycle, and another phase of the frames moves an attack.
    """
    offline, _ = expected(audio, block_size)
    differences, counts = np.unique(np.subtract.outer(live, offline), return_counts=True)
    return max(0, round(differences[np.argmax(counts)] / block_size) * block_size) if len(counts) else SILENCE


PERIOD = 256
NEAR = ANALYSIS_RATE // 5
"""Samples within which a note belongs to a chop; chops are at least a quarter of a second apart."""
MORE_XRUNS = 2
"""How many more xruns than when idle a busy program may have."""


def sessions(seconds: float) -> Iterator[Figure]:
    """Run one session idle and one with bad neighbours, and compare both with the same audio run from memory.

    seconds: length of the audio in each. Raises UserError if this machine has no JACK.
    """
    lacking = missing(portaudio=True)
    if lacking is not None:
        raise UserError(f"no JACK session can be run here: {lacking}")
    audio = recording(DEMO)
    audio = np.ascontiguousarray(np.tile(audio, (2, 1))[: round(seconds * ANALYSIS_RATE)])
    # Without it the operating system itself lets audio wait for any busy program, and what is counted is that.
    realtime = realtime_is_allowed()
    yield Figure("real-time scheduling allowed (1) or not (0)", float(realtime), "")
    idle = 0
    for name, program in (("idle", LIVE), ("loaded", LOADED)):
        # Asynchronous, as sound cards run it: there a program that is late has an xrun instead of holding up the rest.
        with JackServer(ANALYSIS_RATE, PERIOD, synchronous=False, realtime=realtime) as server:
            session = run_session(server, audio, program=program)
        live = [line["sample"] for line in session.lines]
        offline, latency = expected(audio, PERIOD, before=silence_before(live, audio, PERIOD))
        goal = "" if name == "idle" else f"≤ idle + {MORE_XRUNS}"
        reached = None if name == "idle" else session.xruns <= idle + MORE_XRUNS
        idle = session.xruns if name == "idle" else idle
        yield Figure(f"{name}: xruns", session.xruns, "", goal, reached)
        yield Figure(f"{name}: samples lost", session.lost_samples, "")
        yield from chops(name, session, offline, latency)
        yield from arrival(name, session, offline, latency)


def chops(name: str, session: Session, offline: list[int], latency: int) -> Iterator[Figure]:
    """Tell how many chops of the recording gave no note near their time in what the client played.

    Judged by the client's clock: each cycle that a busy machine loses moves the positions of all that follows.
    """
    arrived = np.array([frame for frame, _ in session.notes])
    due = np.array(offline) + session.start + latency
    lost = sum(not len(arrived) or bool(np.abs(arrived - place).min() > NEAR) for place in due)
    yield Figure(f"{name}: chops lost of {len(offline)}", float(lost), "", "0", lost == 0)


def arrival(name: str, session: Session, offline: list[int], latency: int) -> Iterator[Figure]:
    """Compare each note's arrival with its chop's place in what the client played, plus the latency; in periods."""
    due: NDArray[np.int64] = np.array(offline) + session.start + latency
    arrived = np.array([frame for frame, _ in session.notes])
    nearest = np.array([due[np.abs(due - frame).argmin()] for frame in arrived])
    late = (arrived - nearest) / PERIOD
    late = late[np.abs(late) < NEAR / PERIOD]
    size = np.abs(late)
    median, p99 = float(np.median(size)), float(np.quantile(size, 0.99))
    yield Figure(f"{name}: note after position + latency, median, signed", float(np.median(late)), "periods")
    yield Figure(f"{name}: note from position + latency, median", median, "periods").at_most(1)
    yield Figure(f"{name}: note from position + latency, p99", p99, "periods").at_most(2)
