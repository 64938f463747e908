"""Recorded sessions: what they hold, as they lie on the disk, and the repair of one that was broken off.

After a repair it is as if the session had ended there. A folder may come from anybody: nothing in it that is a link or
no regular file is opened, and one that cannot be read is a session that says so.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import soundfile

from samplechop.offline.sessions.flac import Repaired, header_frames, is_finished, is_flac, repair_flac
from samplechop.offline.sessions.log import REPAIRED, LogState, read_log, repair_log
from samplechop.offline.sessions.wav import WavState, read_wav, repair_wav
from samplechop.realtime.core.documents import LARGEST, open_regular
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.locks import is_locked
from samplechop.realtime.recording.session_folder import AUDIO, LOG
from samplechop.realtime.recording.session_writer import CLEAN

_MOST_WORDS = 200  # of a text from a log

SESSIONS = "sessions"
NO_AUDIO, RECORDING, BROKEN = "no audio", "being recorded", "broken off"


@dataclass(frozen=True, slots=True)
class Session:
    """A folder with a log and, if all went well, audio.

    audio: the file, None where there is none. date: of its first sample. format: wav24, float, flac.
    frames: samples per channel; of FLAC those its header tells. counts: lines of the log by kind. lost: samples that
    the input was short of.
    state: how it ended: "ended", "broken off", "broken off, repaired" and what that cost, "being recorded",
    "no audio", or why it ended early. damaged: whether a repair would change anything.
    wav: what is there, of a WAV file. problem: why neither a list nor a repair opens it, "" where they do. Texts are as
    they stand in the log, which anybody may have written: not to be shown as they are.
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
    problem: str = ""
    lost: int = 0

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.sample_rate if self.sample_rate else 0.0


def _has_log(folder: Path) -> bool:
    return os.path.lexists(folder / LOG)  # a link or a pipe is a session too, which says what is wrong


def find_sessions(folder: Path) -> list[Path]:
    """Give the session folders in a folder, by name and so by date; a session itself gives itself.

    Of a folder that has none those in its folder SESSIONS are given, where people record to. A session's log is enough,
    so that one whose audio is missing is seen too.

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
        raise UserError(f"{str(folder)!r} cannot be read: {reason_of(error)}") from None
    if not found and (folder / SESSIONS).is_dir():
        return find_sessions(folder / SESSIONS)
    if not found:
        raise UserError(
            f"there are no sessions in {str(folder)!r}: record one with samplechop live --record {folder}, "
            "or give another folder"
        )
    return found


def read_session(folder: Path) -> Session:
    """Read what one session holds; one whose files cannot be opened says why."""
    where, audio = LOG, None
    try:
        log = read_log(folder / LOG)
        recording = is_locked(folder / LOG)
        audio = next((path for name in AUDIO if os.path.lexists(path := folder / name)), None)
        frames, rate, channels, right, wav = 0, 0, 0, True, None
        if audio is not None:
            where = audio.name
            frames, rate, channels, right, wav = _probe(audio)
    except (OSError, ValueError) as error:
        why = reason_of(error)
        problem = f"{where} is not opened: {why}"
        return Session(folder, audio, _changed(folder), "", "", 0, 0, 0, problem, damaged=False, problem=problem)
    first = log.first if log.first.get("kind") == "session" else {}
    return Session(
        folder,
        audio,
        _date(first.get("date"), _changed(folder / LOG)),
        _text(first.get("source", "")),
        _text(first.get("format", "" if audio is None else audio.suffix.lstrip("."))),
        rate or _whole(first.get("sample_rate")),
        channels or _whole(first.get("channels")),
        frames,
        _state(log, audio, rate, recording),
        damaged=bool(rate) and not recording and (log.cut or log.unreadable > 0 or not log.ended or not right),
        wav=wav,
        counts=log.counts,
        lost=log.lost,
    )


def _state(log: LogState, audio: Path | None, rate: int, recording: bool) -> str:
    if recording:
        return RECORDING
    if not rate:
        return NO_AUDIO if audio is None else f"{NO_AUDIO}: {audio.name} cannot be read"
    state = _text(log.last.get("reason", CLEAN)) if log.ended else BROKEN
    return f"{state}; lines of the log that cannot be read: {log.unreadable}" if log.unreadable else state


def _probe(audio: Path) -> tuple[int, int, int, bool, WavState | None]:
    """Give samples per channel, rate, channels, whether the file is right, and what is there of a WAV file of ours.

    Raises OSError, and ValueError for a link and what is no regular file.
    """
    wav = read_wav(audio)
    if wav is not None:
        return wav.frames, wav.sample_rate, wav.channels, wav.right, wav
    with open_regular(audio, follow_links=False) as raw:
        try:
            with soundfile.SoundFile(raw) as file:
                rate, channels, frames = file.samplerate, file.channels, file.frames
        except (soundfile.LibsndfileError, RuntimeError):
            return 0, 0, 0, False, None
    if is_flac(audio):
        return header_frames(audio), rate, channels, is_finished(audio), None
    return frames, rate, channels, True, None  # of another program: it is left as it is


def _changed(path: Path) -> datetime:
    with suppress(OSError, ValueError, OverflowError):
        return datetime.fromtimestamp(path.lstat().st_mtime).astimezone()
    return datetime.fromtimestamp(0, UTC)


def _date(written: object, otherwise: datetime) -> datetime:
    with suppress(OSError, ValueError, OverflowError):  # the first and the last year have no other time zones
        return datetime.fromisoformat(str(written)).astimezone()
    return otherwise


def _text(value: object) -> str:
    text = str(value)
    return text if len(text) <= _MOST_WORDS else text[: _MOST_WORDS - 1] + "…"


def _whole(number: object) -> int:
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 < number < LARGEST else 0


def repair(session: Session) -> Session:
    """Set the audio's header to all that is there and end the log; give the session as it is then.

    Every line of the log that can be read stays, and the log as it was stays beside it. What can be decoded of FLAC is
    encoded anew, which needs room on the disk for a second copy; what cannot becomes silence, the log and the session's
    state tell so, and the file as it was stays beside the new one.

    Raises UserError where the disk does not take it, and for a session with a `problem` or whose folder is a link.
    """
    if session.problem:
        raise UserError(f"the session {str(session.folder)!r} cannot be repaired: {session.problem}")
    if not session.damaged or session.audio is None:
        return session
    if session.folder.is_symlink():
        raise UserError(
            f"the session {str(session.folder)!r} is not repaired, its folder is a link: name the folder itself"
        )
    try:
        if session.wav is not None:
            repaired = Repaired(session.frames, original=repair_wav(session.audio, session.wav))
        elif is_flac(session.audio):
            repaired = repair_flac(session.audio)
        else:
            repaired = Repaired(session.frames)
        reason = REPAIRED
        if repaired.lost and repaired.original is not None:
            seconds = sum(length for _, length in repaired.lost) / session.sample_rate
            reason += f": {seconds:.2g} s could not be read, the file as it was is {repaired.original.name}"
        repair_log(session.folder / LOG, repaired.frames, session.sample_rate, repaired.lost, reason)
    except (OSError, ValueError) as error:
        why = reason_of(error)
        raise UserError(f"the session {str(session.folder)!r} cannot be repaired: {why}") from None
    return read_session(session.folder)
