"""One live session on a JACK server: a program listens, an independent client plays to it and takes its notes."""

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.lab.bench.jack_listener import Report
from samplechop.offline.lab.bench.jack_server import JackServer
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.midi.messages import NOTE_OFF, NOTE_ON

DEVICE = "system"
"""What PortAudio calls a JACK server's hardware ports."""

SETTLE_SECONDS = 1.0
END_SECONDS = 30.0
SILENCE = 172 * 256
"""Samples of silence, about a second in whole frames, that an offline run hears before the audio as a live one does."""

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
    def lost_samples(self) -> int:
        """Samples the program's ring lost, as its summary says."""
        found = _XRUNS.search(self.said)
        return int(found[2]) if found else 0


def hear(
    server: JackServer,
    audio: NDArray[np.float32],
    options: Sequence[str] = (),
    program: tuple[str, str] = LIVE,
    virtual: bool = True,
) -> Session:
    """Run the program until the audio, float32 (n,) or (n, 2), has been played to it, then end it with Ctrl-C.

    virtual: whether the program opens a port of its own, or sends to the client's. Raises RuntimeError when a port
    does not appear.
    """
    with tempfile.TemporaryDirectory() as folder, server.client("turntable") as client:
        events, said = Path(folder) / "events.jsonl", Path(folder) / "stderr"
        midi_port = "virtual" if virtual else f"{client.name}:midi_in"
        command = [sys.executable, "-m", *program, "--device", DEVICE]
        command += ["--midi-port", midi_port, "--events", str(events)]
        with said.open("w") as screen:
            process = server.popen(
                [*command, *options],
                env={"XDG_CONFIG_HOME": folder},  # the user's own settings are not what is measured
                stdin=subprocess.PIPE,
                stderr=screen,
            )
        try:
            inputs = sorted(client.wait_for_port("^PortAudio.*:in_", END_SECONDS))
            if virtual:
                client.capture_midi(client.wait_for_port("^samplechop.*:chops")[0])
            assert process.stdin is not None
            process.stdin.write("now the load\n")
            process.stdin.close()
            client.wait_until(client.now() + round(SETTLE_SECONDS * server.sample_rate))
            # At a cycle boundary, as a frame of the analysis is one too: then an offline run can see the same frames.
            cycles = round(SETTLE_SECONDS * server.sample_rate) // server.block_size
            start = client.play(audio, inputs[:2], start=client.now() + cycles * server.block_size)
            client.wait_until(start + len(audio) + round(SETTLE_SECONDS * server.sample_rate))
            process.send_signal(signal.SIGINT)
            code = process.wait(END_SECONDS)
            report = client.report()
        except BaseException as error:
            process.kill()
            process.wait()
            error.add_note(f"the program said: {said.read_text()}")
            raise
        lines = [json.loads(line) for line in events.read_text().splitlines()]
        return Session(
            start,
            [(line["sample"], line["note"]) for line in lines],
            [(frame, data[1]) for frame, data in report.midi if data[0] & 0xF0 == NOTE_ON],
            [(frame, data[1]) for frame, data in report.midi if data[0] & 0xF0 == NOTE_OFF],
            report,
            said.read_text(),
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


def shift_between(live: Sequence[int], offline: Sequence[int]) -> int:
    """Give the most frequent difference between a live sample and an offline one: where the audio began, live."""
    differences, counts = np.unique(np.subtract.outer(live, offline), return_counts=True)
    return int(differences[np.argmax(counts)])
