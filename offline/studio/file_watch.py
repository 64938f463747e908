"""Whether the file of a record that is open is another one by now, as where it was bounced anew under its name."""

from pathlib import Path

from samplechop.offline.kits.core.record import audio_files
from samplechop.offline.project.places import Stamp, stamp_of
from samplechop.realtime.core.errors import UserError


class FileWatch:
    """A file or a session's audio, as it was when this was made. [any thread]"""

    def __init__(self, source: Path) -> None:
        """Note how it is now."""
        self._source = source
        self._first = self._last = self._stamp()

    def is_same(self) -> bool:
        """Say whether it is as it was."""
        return self._stamp() == self._first

    def is_another(self) -> bool:
        """Say whether it is another one, and was that one at the last look: until then it may be half written.

        One that is gone is no other: it may come back, and what is shown of it stays.
        """
        before, self._last = self._last, self._stamp()
        return self._last is not None and self._last != self._first and self._last == before

    def _stamp(self) -> Stamp | None:
        try:
            (audio,) = audio_files(self._source)
        except (UserError, OSError):
            return None
        return stamp_of(audio)
