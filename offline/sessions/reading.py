"""What a recorded session holds, as it lies on the disk, and how one that was broken off is repaired.

After a repair it is as if the session had ended there.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import soundfile

from samplechop.offline.sessions.flac import Mended, header_frames, is_finished, repair_flac
from samplechop.offline.sessions.log import REPAIRED, read_log, repair_log
from samplechop.offline.sessions.wav import WavState, read_wav, repair_wav
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.recording.session_folder import LOG, is_held, session_audio
from samplechop.realtime.recording.session_writer import CLEAN

NO_AUDIO, RECORDING, BROKEN = "no audio", "being recorded", "broken off"


@dataclass(frozen=True, slots=True)
class Session:
    """A folder with a log and, if all went well, audio.

    audio: the file, None where there is none. date: when its first sample was heard. format: wav24, float, flac.
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
    try:
        return (folder / LOG).is_file()
    except OSError:  # it may not be entered
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
    """Look at one session. Raises UserError where its files cannot be read."""
    log = folder / LOG
    try:
        lines, whole = read_log(log)
        cut = whole != log.stat().st_size
        changed = datetime.fromtimestamp(log.stat().st_mtime).astimezone()
        held = is_held(log)
        audio = session_audio(folder)
        frames, rate, channels, right, wav = 0, 0, 0, True, None
        if audio is not None:
            frames, rate, channels, right, wav = _look(audio)
    except OSError as error:
        raise UserError(f"the session {str(folder)!r} cannot be read: {error.strerror or error}") from None
    first = lines[0] if lines and lines[0].get("kind") == "session" else {}
    last = lines[-1] if lines and lines[-1].get("kind") == "stop" else None
    state = BROKEN if last is None else str(last.get("reason", CLEAN))
    if held:
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
        damaged=bool(rate) and not held and (cut or last is None or not right),
        wav=wav,
        counts=Counter(str(one.get("kind")) for one in lines),
    )


def _look(audio: Path) -> tuple[int, int, int, bool, WavState | None]:
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
            mended = Mended(session.frames)
        else:
            mended = repair_flac(session.audio)
        reason = REPAIRED
        if mended.original is not None:
            seconds = sum(length for _, length in mended.lost) / session.sample_rate
            reason += f": {seconds:.2g} s could not be read, the file as it was is {mended.original.name}"
        repair_log(session.folder / LOG, mended.frames, session.sample_rate, mended.lost, reason)
    except OSError as error:
        raise UserError(f"the session {str(session.folder)!r} cannot be repaired: {error.strerror or error}") from None
    return read_session(session.folder)
