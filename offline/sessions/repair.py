"""Mending a session that was broken off: afterwards it is as if it had ended there."""

from offline.sessions.flac import repair_flac
from offline.sessions.log import repair_log
from offline.sessions.reading import Session, read_session
from offline.sessions.wav import repair_wav
from realtime.errors import UserError
from realtime.recording.folder import LOG


def repair(session: Session) -> Session:
    """Set the audio's header to all that is there and end the log; give the session as it is then.

    FLAC is decoded as far as it goes and encoded anew, which needs room on the disk for a second copy.
    Raises UserError where the disk does not take it.
    """
    if not session.damaged or session.audio is None:
        return session
    try:
        frames = session.frames
        if session.wav is not None:
            repair_wav(session.audio, session.wav)
        elif frames:
            frames = repair_flac(session.audio)
        repair_log(session.folder / LOG, frames, session.sample_rate)
    except OSError as error:
        raise UserError(f"the session {str(session.folder)!r} cannot be repaired: {error.strerror or error}") from None
    return read_session(session.folder)
