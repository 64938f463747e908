"""Recorded sessions: what they hold, as they lie on the disk, and the repair of one that was broken off.

After a repair it is as if the session had ended there. realtime/recording writes the log, lines of JSON of which a kill
may have cut the last, and the WAV files whose headers are put right here.
"""

import json
import os
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import soundfile

from samplechop.offline.sessions.flac import Repaired, header_frames, is_finished, repair_flac
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.recording.audio_files import wav_header
from samplechop.realtime.recording.session_folder import LOG, is_locked, session_audio
from samplechop.realtime.recording.session_writer import CLEAN, line

_FORMAT_AT = 12 + 36 + 8
"""Where the fmt chunk's content begins: behind RIFF, JUNK or ds64, and its own head."""
_FLOAT = 3
_EXTENSIBLE, _SUBFORMAT_AT = 0xFFFE, 24


@dataclass(frozen=True, slots=True)
class WavState:
    """What is there.

    frames: whole samples per channel in the file, whatever its header says. header: what the header has to be. size:
    bytes the file has to have. right: whether both are so.
    """

    frames: int
    sample_rate: int
    channels: int
    header: bytes
    size: int
    right: bool


def read_wav(path: Path) -> WavState | None:
    """Read the header of a file that samplechop recorded; None where it is no such file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(256)
    known = head[:4] in (b"RIFF", b"RF64") and head[8:16] in (b"WAVEJUNK", b"WAVEds64") and head[48:52] == b"fmt "
    if not known or len(head) < _FORMAT_AT + 16:
        return None
    tag, channels, sample_rate, _, frame_bytes, _ = struct.unpack_from("<HHIIHH", head, _FORMAT_AT)
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(head[_FORMAT_AT + _SUBFORMAT_AT : _FORMAT_AT + _SUBFORMAT_AT + 2], "little")
    if not channels or not frame_bytes or frame_bytes % channels:
        return None
    shape = (sample_rate, channels, frame_bytes // channels, tag == _FLOAT)
    start = len(wav_header(*shape, 0))
    if size < start:
        return None
    frames = (size - start) // frame_bytes
    # One byte after an odd chunk is its padding, not the beginning of a sample.
    data = frames * frame_bytes
    header = wav_header(*shape, data)
    wanted = start + data + data % 2
    return WavState(frames, sample_rate, channels, header, wanted, head[:start] == header and size == wanted)


def repair_wav(path: Path, state: WavState) -> None:
    """Write the header that state says and cut off a sample that was written in part. Raises OSError."""
    with path.open("rb+") as file:
        file.write(state.header)
        file.truncate(state.size)
        file.flush()
        os.fsync(file.fileno())


REPAIRED = "broken off, repaired"
"""The reason in the last line of a session that was repaired."""


def read_log(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Read the lines that are whole, and how many bytes they take; what follows is a line cut short, or no JSON."""
    content = path.read_bytes()
    lines, whole = [], 0
    for raw in content.splitlines(keepends=True):
        try:
            record = json.loads(raw)
        except ValueError:
            break
        if not isinstance(record, dict) or not raw.endswith(b"\n"):
            break
        lines.append(record)
        whole += len(raw)
    return lines, whole


def repair_log(
    path: Path, frames: int, sample_rate: int, lost: Iterable[tuple[int, int]] = (), reason: str = REPAIRED
) -> None:
    """Cut off the last line if it is not whole, add one for each lost stretch and one that ends the session.

    frames: where it ends. lost: (position, length) in samples. Raises OSError.
    """
    lines, whole = read_log(path)
    added = [line("dropout", position, length=length) for position, length in lost]
    if added or not lines or lines[-1].get("kind") != "stop":
        added.append(line("stop", frames, reason=reason))
    with path.open("rb+") as file:
        file.truncate(whole)
        file.seek(whole)
        for one in added:
            one["time"] = round(one["sample"] / sample_rate, 6)
            file.write(json.dumps(one).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


NO_AUDIO, RECORDING, BROKEN = "no audio", "being recorded", "broken off"


@dataclass(frozen=True, slots=True)
class Session:
    """A folder with a log and, if all went well, audio.

    audio: the file, None where there is none. date: of its first sample. format: wav24, float, flac.
    frames: samples per channel; of FLAC those its header tells. counts: lines of the log by kind.
    state: how it ended: "ended", "broken off", "broken off, repaired" and what that cost, "being recorded",
    "no audio", or why it ended early. damaged: whether a repair would change anything.
    wav: what is there, of a WAV file.
    """

    folder: Path
    audio: Path | None
    date: datetime
    source: str
    format: str
    sample_rate: int
    channels: int
    frames: int
    state: str
    damaged: bool
    wav: WavState | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.sample_rate if self.sample_rate else 0.0


def _has_log(folder: Path) -> bool:
    with suppress(OSError):  # it may not be entered
        return (folder / LOG).is_file()
    return False


def find_sessions(folder: Path) -> list[Path]:
    """Give the session folders in a folder, by name and so by date; a session itself gives itself.

    A session's log is enough, so that one whose audio is missing is seen too.

    Raises UserError where there is none.
    """
    if not folder.exists():
        raise UserError(f"there is no folder {str(folder)!r}")
    if not folder.is_dir():
        raise UserError(f"{str(folder)!r} is a file: give the folder that sessions were recorded into")
    if _has_log(folder):
        return [folder]
    try:
        found = sorted(path for path in folder.iterdir() if path.is_dir() and _has_log(path))
    except OSError as error:
        raise UserError(f"{str(folder)!r} cannot be read: {error.strerror or error}") from None
    if not found:
        raise UserError(
            f"there are no sessions in {str(folder)!r}: record one with samplechop live --record {folder}, "
            "or give another folder"
        )
    return found


def read_session(folder: Path) -> Session:
    """Read what one session holds. Raises UserError where its files cannot be read."""
    log = folder / LOG
    try:
        lines, whole = read_log(log)
        cut = whole != log.stat().st_size
        changed = datetime.fromtimestamp(log.stat().st_mtime).astimezone()
        recording = is_locked(log)
        audio = session_audio(folder)
        frames, rate, channels, right, wav = 0, 0, 0, True, None
        if audio is not None:
            frames, rate, channels, right, wav = _probe(audio)
    except OSError as error:
        raise UserError(f"the session {str(folder)!r} cannot be read: {error.strerror or error}") from None
    first = lines[0] if lines and lines[0].get("kind") == "session" else {}
    last = lines[-1] if lines and lines[-1].get("kind") == "stop" else None
    state = BROKEN if last is None else str(last.get("reason", CLEAN))
    if recording:
        state = RECORDING
    elif not rate:
        state = NO_AUDIO
    return Session(
        folder,
        audio,
        _date(first.get("date"), changed),
        str(first.get("source", "")),
        str(first.get("format", "" if audio is None else audio.suffix.lstrip("."))),
        rate or _whole(first.get("sample_rate")),
        channels or _whole(first.get("channels")),
        frames,
        state,
        damaged=bool(rate) and not recording and (cut or last is None or not right),
        wav=wav,
        counts=Counter(str(one.get("kind")) for one in lines),
    )


def _probe(audio: Path) -> tuple[int, int, int, bool, WavState | None]:
    """Give samples per channel, rate, channels, whether the file is right, and what is there of a WAV file."""
    wav = read_wav(audio)
    if wav is not None:
        return wav.frames, wav.sample_rate, wav.channels, wav.right, wav
    try:
        with soundfile.SoundFile(audio) as file:
            return header_frames(audio), file.samplerate, file.channels, is_finished(audio), None
    except (soundfile.LibsndfileError, RuntimeError):
        return 0, 0, 0, False, None


def _date(written: object, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(written)).astimezone()
    except ValueError:
        return otherwise


def _whole(number: object) -> int:
    return number if isinstance(number, int) else 0


def repair(session: Session) -> Session:
    """Set the audio's header to all that is there and end the log; give the session as it is then.

    What can be decoded of FLAC is encoded anew, which needs room on the disk for a second copy; what cannot becomes
    silence, the log and the session's state tell so, and the file as it was stays beside the new one.
    Raises UserError where the disk does not take it.
    """
    if not session.damaged or session.audio is None:
        return session
    try:
        if session.wav is not None:
            repair_wav(session.audio, session.wav)
            repaired = Repaired(session.frames)
        else:
            repaired = repair_flac(session.audio)
        reason = REPAIRED
        if repaired.original is not None:
            seconds = sum(length for _, length in repaired.lost) / session.sample_rate
            reason += f": {seconds:.2g} s could not be read, the file as it was is {repaired.original.name}"
        repair_log(session.folder / LOG, repaired.frames, session.sample_rate, repaired.lost, reason)
    except OSError as error:
        raise UserError(f"the session {str(session.folder)!r} cannot be repaired: {error.strerror or error}") from None
    return read_session(session.folder)
