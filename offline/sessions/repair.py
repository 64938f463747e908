"""Mending a session that was broken off: afterwards it is as if it had ended there."""

from samplechop.offline.sessions.flac import Mended, repair_flac
from samplechop.offline.sessions.log import REPAIRED, repair_log
from samplechop.offline.sessions.reading import Session, read_session
from samplechop.offline.sessions.wav import repair_wav
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.recording.session_folder import LOG


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
