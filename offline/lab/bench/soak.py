"""`samplechop bench soak`: a long live session on a JACK server, beside busy programs: what was lost, and what grew.

An independent client plays a recording again and again and takes the notes down. The session records what came, so that
afterwards three things can be said without believing it: what is missing in the recording, as every block of it is
known; which events the same detectors find in it; and which of its notes arrived.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.lab.bench import Figure
from samplechop.offline.lab.bench.jack import PERIOD, Running, running
from samplechop.offline.lab.bench.jack_client import Report, end
from samplechop.offline.lab.bench.jack_server import JackServer, missing, realtime_is_allowed
from samplechop.offline.lab.bench.live import recording
from samplechop.realtime.cli import DEMO
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import ANALYSIS_RATE
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.midi.messages import NOTE_OFF, NOTE_ON
from samplechop.realtime.session_parts import make_detectors
from samplechop.realtime.settings import LiveSettings

DETECTORS = "chops,beats,drums,harmony"
MOST_GROWTH = 8.0
"""Megabytes that a session may take more at its end than once it had begun, however long it lasted."""
WARM_UP = 0.1
"""The share of a session that memory may take to settle, WARM_UP_SECONDS at most."""
WARM_UP_SECONDS = 120.0
SAMPLE_SECONDS = 5.0
TELL_SECONDS = 600.0
_PIECE = 1 << 16
_QUIET = 1e-3  # blocks below this say too little of where they stand

Progress = Callable[[float, str], None]
"""Takes the share that is done, and what is being done."""


@contextmanager
def busy_workers(server: JackServer, count: int, niceness: int) -> Iterator[None]:
    """Keep so many cores busy meanwhile, or until this program is gone."""
    with ExitStack() as stack:
        for _ in range(count):
            command = [sys.executable, "-c", f"import os; os.nice({niceness})\nwhile True: pass"]
            stack.callback(end, server.popen(command))
        yield


def resident_megabytes(pid: int) -> float:
    """Give the memory that a program and the processes it started have in use, without what they share."""
    total, waiting = 0.0, [pid]
    while waiting:
        one = Path(f"/proc/{waiting.pop()}")
        try:
            rows = (one / "status").read_text().splitlines()
            waiting += [int(child) for child in (one / "task" / one.name / "children").read_text().split()]
        except OSError:  # it has just ended
            continue
        fields = dict(row.split(":", 1) for row in rows)
        total += sum(int(fields.get(name, "0 kB").split()[0]) for name in ("RssAnon", "RssShmem")) / 1024
    return total


@dataclass
class Memory:
    """Megabytes in use, at seconds from the beginning."""

    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def figures(self) -> Iterator[Figure]:
        """Give what was in use at the start, every ten minutes and at the end, and how it grew."""
        seconds, megabytes = np.array(self.seconds), np.array(self.megabytes)
        yield Figure("memory at the start", float(megabytes[0]), "MB")
        for due in np.arange(TELL_SECONDS, seconds[-1], TELL_SECONDS):
            yield Figure(f"memory after {due / 60:.0f} min", float(megabytes[np.searchsorted(seconds, due)]), "MB")
        yield Figure("memory at the end", float(megabytes[-1]), "MB")
        settled = seconds >= min(WARM_UP * seconds[-1], WARM_UP_SECONDS)
        slope = float(np.polyfit(seconds[settled], megabytes[settled], 1)[0]) if settled.sum() > 2 else 0.0
        yield Figure("memory, slope once settled", 3600 * slope, "MB/h")
        grown = slope * float(np.ptp(seconds[settled])) if settled.any() else 0.0
        yield Figure("memory, growth once settled", grown, "MB").at_most(MOST_GROWTH)


def played(path: Path, loop: NDArray[np.int32]) -> tuple[int, int, int, int]:
    """Follow a recording of a loop, block by block, and tell what is missing in it.

    path: 24 bits. loop: int32 (n, channels) as soundfile reads it, n a multiple of PERIOD. Gives where it
    begins, samples missing from there on, samples that came twice, and blocks that are none of the loop's.
    """
    blocks = loop.reshape(-1, PERIOD * loop.shape[1])
    loud = np.abs(blocks.astype(np.int64)).max(axis=1) > _QUIET * 2**31
    where = {block.tobytes(): at for at, block in enumerate(blocks) if loud[at]}
    begin = lost = twice = damaged = 0
    with soundfile.SoundFile(path) as file:
        due: int | None = None  # the block of the loop that comes next
        first = 0
        while len(block := file.read(PERIOD, "int32", always_2d=True)) == PERIOD:
            first += PERIOD
            flat = block.reshape(-1)
            if due is not None and np.array_equal(flat, blocks[due]):
                due = (due + 1) % len(blocks)
                continue
            at = where.get(flat.tobytes())
            if at is None:
                if due is not None:
                    damaged += 1
                    due = (due + 1) % len(blocks)
                continue
            if due is not None:
                step = (at - due) % len(blocks)
                back = len(blocks) - step
                lost, twice = (lost + step, twice) if step <= back else (lost, twice + back)
            else:
                begin = first
            due = (at + 1) % len(blocks)
    return begin, lost * PERIOD, twice * PERIOD, damaged


def expected_events(
    path: Path, gaps: list[dict[str, Any]], settings: LiveSettings, progress: Progress
) -> list[tuple[str, int, str]]:
    """Give kind, sample and label of every event that the detectors find in a recording.

    gaps: lines of its log; there the detectors begin anew, as they did live.
    """
    found: list[Event] = []
    with soundfile.SoundFile(path) as file:
        made, rate, channels = make_detectors(settings), file.samplerate, file.channels
        engine = Engine(made, rate, channels, _PIECE, PERIOD, channel=settings.channel)
        edges = [(gap["sample"], gap["sample"] + gap["length"]) for gap in gaps]
        for end, resume in [*edges, (file.frames, file.frames)]:
            while (n := min(_PIECE, end - file.tell())) > 0:
                engine.process(file.read(n, "float32", always_2d=True), found.append)
                progress(file.tell() / file.frames, "running the same detectors over the recording")
            engine.flush(found.append)
            engine.release(found.append)
            if resume < file.frames:
                file.seek(resume)
                engine.reset(resume)
    return [(event.kind, event.sample, event.label or "") for event in found]


def hanging(report: Report) -> int:
    """Count the notes that were never ended."""
    sounding: set[tuple[int, int]] = set()
    for _, data in report.midi:
        status, channel = data[0] & 0xF0, data[0] & 0x0F
        if status == NOTE_ON and data[2]:
            sounding.add((channel, data[1]))
        elif status in (NOTE_ON, NOTE_OFF):
            sounding.discard((channel, data[1]))
        elif status == 0xB0 and data[1] in (120, 123):  # all sound off, all notes off
            sounding = {one for one in sounding if one[0] != channel}
    return len(sounding)


def soak(minutes: float, busy: int, niceness: int, progress: Progress) -> Iterator[Figure]:
    """Run a session for so long, and give what became of it. Raises UserError if this machine has no JACK.

    busy: how many programs compute beside it all the time. niceness: of those.
    """
    lacking = missing(portaudio=True)
    if lacking is not None:
        raise UserError(f"no JACK session can be run here: {lacking}")
    audio = recording(DEMO)
    audio = audio[: len(audio) // PERIOD * PERIOD]
    sixteen = np.clip(np.rint(audio * 2**15), -(2**15), 2**15 - 1).astype(np.int32)  # 24 bits hold it exactly
    realtime = realtime_is_allowed()
    with tempfile.TemporaryDirectory() as place:
        folder, memory = Path(place), Memory()
        options = ["--detect", DETECTORS, "--record", str(folder / "sessions"), "--quiet"]
        with (
            JackServer(ANALYSIS_RATE, PERIOD, synchronous=False, realtime=realtime) as server,
            running(server, folder, options) as live,
        ):
            live.client.play((sixteen / 2**15).astype(np.float32), live.inputs, looped=True)
            with busy_workers(server, busy, niceness):
                _watch(live, 60 * minutes, memory, progress)
            code = live.end()
            report, said = live.client.report(), live.said.read_text()
        (session,) = (folder / "sessions").iterdir()
        lines = [json.loads(line) for line in (session / "events.jsonl").read_text().splitlines()]
        yield Figure("real-time scheduling allowed (1) or not (0)", float(realtime), "")
        yield Figure("busy programs beside it", float(busy), "")
        yield Figure("exit code of the session", float(code), "", "0", code == 0)
        settings = LiveSettings(detect=DETECTORS)
        yield from _sound(session / "audio.wav", sixteen << 16, lines, said, report)
        yield from _events(session / "audio.wav", lines, settings, progress)
        yield from _notes(lines, report)
        yield from memory.figures()


def _watch(live: Running, seconds: float, memory: Memory, progress: Progress) -> None:
    """Wait, and write down how much memory the session has."""
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) < seconds:
        if live.process.poll() is not None:
            raise RuntimeError(f"the session ended by itself after {elapsed:.0f} s: {live.said.read_text()}")
        memory.seconds.append(elapsed)
        memory.megabytes.append(resident_megabytes(live.process.pid))
        progress(elapsed / seconds, f"the session runs, {memory.megabytes[-1]:.0f} MB")
        time.sleep(min(SAMPLE_SECONDS, seconds - elapsed))


def _sound(
    path: Path, loop: NDArray[np.int32], lines: list[dict[str, Any]], said: str, report: Report
) -> Iterator[Figure]:
    """Compare what is missing in the recording with what the session said of it."""
    begin, lost, twice, damaged = played(path, loop)
    xruns = [line for line in lines if line["kind"] == "xrun"]
    reported = sum(line["lost"] for line in xruns if line["sample"] >= begin)
    yield Figure("audio that arrived", soundfile.info(str(path)).frames / ANALYSIS_RATE, "s")
    yield Figure("xruns of the server, all clients", float(report.xruns), "")
    yield Figure("xruns as the session says", float(len(xruns)), "")
    yield Figure("samples missing in the recording", float(lost), "")
    apart = PERIOD * (1 + damaged) + lost // 50
    figure = Figure("samples lost as the session says", float(reported), "")
    yield figure.with_goal(f"{lost} ± {apart}", abs(reported - lost) <= apart)
    warned = ("sound was lost" in said) == any(line["lost"] for line in xruns)
    yield Figure("loss told on standard error (1) where there is one", float(warned), "", "1", warned)
    yield Figure("samples that came twice", float(twice), "")
    yield Figure("blocks damaged", float(damaged), "")


def _events(path: Path, lines: list[dict[str, Any]], settings: LiveSettings, progress: Progress) -> Iterator[Figure]:
    """Compare the session's events with those that the same detectors find in what arrived."""
    gaps = [line for line in lines if line["kind"] == "gap"]
    expected = Counter(expected_events(path, gaps, settings, progress))
    kinds = {kind for kind, _, _ in expected}
    live = Counter((line["kind"], line["sample"], line.get("label") or "") for line in lines if line["kind"] in kinds)
    lost, more = expected - live, live - expected
    yield Figure("events in what arrived", float(expected.total()), "")
    yield Figure("events of the session", float(live.total()), "")
    yield Figure("events lost", float(lost.total()), "", "0", not lost)
    yield Figure("events too many", float(more.total()), "", "0", not more)


def _notes(lines: list[dict[str, Any]], report: Report) -> Iterator[Figure]:
    """Compare the notes of the session's events with those that the client took down."""
    sent = Counter(line["note"] for line in lines if line["kind"] in ("chop", "drum", "beat") and "note" in line)
    single = (LiveSettings().midi_channel - 1, LiveSettings().drum_channel - 1, LiveSettings().beat_channel - 1)
    came = Counter(
        data[1] for _, data in report.midi if data[0] & 0xF0 == NOTE_ON and data[2] and data[0] & 0x0F in single
    )
    absent = (sent - came).total()
    whole = not report.skipped
    yield Figure("notes sent", float(sent.total()), "")
    figure = Figure("notes that did not arrive", float(absent), "")
    yield figure.with_goal("0", not absent) if whole else figure
    yield Figure("frames that the listener itself missed", float(report.skipped), "")
    yield Figure("notes left on at the end", float(hanging(report)), "", "0", not hanging(report))
