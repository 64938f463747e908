"""What a kill -9 takes from a recording: a known song is recorded in real time, and the program killed at random."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import soundfile

from samplechop.offline.lab.bench import Figure
from samplechop.offline.lab.faults.program import Broken, Program
from samplechop.offline.lab.faults.scenario import Place, notes_in, write_song
from samplechop.offline.sessions.log import REPAIRED
from samplechop.offline.sessions.reading import read_session

FIRST, LATEST = 1.0, 8.0
"""Every second kill comes within FIRST seconds, the others until LATEST, drawn evenly."""
MOST_LOST_MS = 127.0


@dataclass(frozen=True, slots=True)
class Killed:
    """What one kill left.

    recorded: seconds until the kill. readable: seconds that soundfile reads then, None if it does not. ffprobe: whether
    ffprobe knows what it is, None without the program. log: whether each line in the log is whole. midi: whether
    the MIDI file is, None where there is none yet.
    """

    folder: Path
    recorded: float
    readable: float | None
    ffprobe: bool | None
    log: bool
    midi: bool | None

    def lost_ms(self, readable: float | None) -> float:
        """Milliseconds recorded that cannot be read any more, where so many seconds can."""
        return 1000 * (self.recorded - (readable or 0.0))


def killed(place: Place, moment: float, record_format: str = "wav24", with_sound: bool = False) -> Killed:
    """Record into a new folder of the place's sessions, and kill -9 the program `moment` seconds after the begin.

    with_sound: not before there is some on disk. Raises Broken if it does not begin.
    """
    place.midi.unlink(missing_ok=True)
    before = _logs(place)
    program = place.live("--record-format", record_format)
    session, began = _begun(place, before, program)
    time.sleep(max(0.0, began + moment - time.time()))
    if with_sound:
        program.wait_until(lambda: any(_readable(audio) for audio in session.glob("audio.*")), "sound on disk")
    recorded = time.time() - began
    program.kill()
    audio = next(session.glob("audio.*"))
    readable = _readable(audio)
    return Killed(session, recorded, readable, _ffprobe(audio), _is_whole(session / "events.jsonl"), _midi(place.midi))


def _logs(place: Place) -> set[Path]:
    return set(place.sessions.glob("*/events.jsonl"))


def _begun(place: Place, before: set[Path], program: Program) -> tuple[Path, float]:
    """Wait for the session's first line; give its folder and the moment it began, in seconds of time.time()."""
    program.wait_until(lambda: any("\n" in log.read_text() for log in _logs(place) - before), "a session", every=0.001)
    (log,) = _logs(place) - before
    return log.parent, datetime.fromisoformat(json.loads(log.read_text().split("\n")[0])["date"]).timestamp()


def _readable(audio: Path) -> float | None:
    try:
        there, rate = soundfile.read(audio, dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, ValueError):  # ValueError: a length nobody can hold
        return None
    return float(len(there) / rate)


def _ffprobe(audio: Path) -> bool | None:
    if shutil.which("ffprobe") is None:
        return None
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", str(audio)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() in ("pcm_s24le", "pcm_f32le", "flac")


def _is_whole(log: Path) -> bool:
    *lines, rest = log.read_bytes().split(b"\n")
    try:
        return not rest and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False


def _midi(path: Path) -> bool | None:
    try:
        return notes_in(path) >= 0 if path.exists() else None
    except Broken:
        return False


def kills(runs: int, seed: int, record_format: str) -> Iterator[Figure]:
    """Kill a recording so many times at random moments, repair what is left, and report what was lost."""
    rng = np.random.default_rng(seed)
    moments = [rng.uniform(*((0.0, FIRST) if run % 2 == 0 else (FIRST, LATEST))) for run in range(runs)]
    with tempfile.TemporaryDirectory() as folder, Place(Path(folder), write_song(Path(folder, "song.wav"))) as place:
        found = [killed(place, moment, record_format) for moment in moments]
        place.run("sessions", place.sessions, "--repair")
        states = [read_session(one.folder).state for one in found]
        repaired = [one.lost_ms(read_session(one.folder).seconds) for one in found]
        exact = [_is_exact(place, one.folder) for one in found]
    lost = [one.lost_ms(one.readable) for one in found]
    early = [ms for one, ms in zip(found, lost, strict=True) if one.recorded <= FIRST]
    yield Figure(f"{record_format}: most lost of {runs} kills", max(lost), "ms").at_most(MOST_LOST_MS)
    if early:
        name = f"{record_format}: most lost of {len(early)} kills within the first second"
        yield Figure(name, max(early), "ms").at_most(MOST_LOST_MS)
    yield Figure(f"{record_format}: median lost", float(np.median(lost)), "ms")
    yield Figure(f"{record_format}: most lost after the repair", max(repaired), "ms").at_most(MOST_LOST_MS)
    written = [one.midi for one in found if one.midi is not None]
    probed = [one.ffprobe for one in found if one.ffprobe is not None]
    # A FLAC has no header in its first moments: then there is nothing to read, and nothing to repair.
    late = [at for at, one in enumerate(found) if 1000 * one.recorded > MOST_LOST_MS]
    for name, count, of in (
        ("readable by soundfile", sum(found[at].readable is not None for at in late), len(late)),
        ("readable by ffprobe", sum(probed), len(probed)),
        ("log whole", sum(one.log for one in found), runs),
        ("MIDI file whole", sum(written), len(written)),
        ("ended by the repair", sum(states[at] == REPAIRED for at in late), len(late)),
        ("then bit for bit the song", sum(exact[at] for at in late), len(late)),
    ):
        if of:
            yield Figure(f"{record_format}: {name}", count, f"of {of}", "all", count == of)


def _is_exact(place: Place, folder: Path) -> bool:
    try:
        place.check_recording(REPAIRED, folder, seconds=0.0)
    except Broken:
        return False
    return True
