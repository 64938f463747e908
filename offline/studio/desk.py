"""One record on the desk: what was decided about it, what was found in it, and the kit that both make, as it is now.

Nothing here waits for a detector: until the record was heard once there are no pads. All methods block; one thread at
a time calls them.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy.typing import NDArray

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits import offered
from samplechop.offline.kits.analysis import candidates, detection
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record, open_record
from samplechop.offline.kits.plan import Plan, planned
from samplechop.offline.project.commands import apply
from samplechop.offline.project.fitting import fitted
from samplechop.offline.project.history import History
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.kit_options import chop_options
from samplechop.offline.project.model import Audio, Project
from samplechop.offline.project.places import find, place_for
from samplechop.offline.project.store import Editor, editing, read
from samplechop.offline.studio import peaks, state
from samplechop.realtime.core.errors import UserError


class Desk:
    """A record that is open. Close it."""

    def __init__(self, path: Path, cache: ArrayCache, usual: Mapping[str, Any]) -> None:
        """Open a file or a session. usual: options of kits, below the project's. Raises UserError."""
        self._open = ExitStack()
        scratch = Path(self._open.enter_context(TemporaryDirectory()))
        try:
            self.path, self._cache, self._usual = path, cache, usual
            self.record: Record = open_record(path, scratch).with_cache(cache)
            self._editor: Editor | None = None
            there = find(path)
            stored = None if there is None else read(there)
            self._seen = stored.history if stored else History(Project(self._unread()))
            self.messages: tuple[str, ...] = (*self.record.warnings, *fitted(self._seen.project, self.record)[1])
        except BaseException:
            self._open.close()
            raise
        self._plans: dict[str, Plan] = {}
        self._peaks: NDArray[Any] | None = None

    def close(self) -> None:
        """Let other programs edit the project."""
        self._open.close()

    @property
    def history(self) -> History:
        """The project with its edits."""
        return self._editor.history if self._editor else self._seen

    def options(self, project: Project | None = None) -> ChopOptions:
        """Give the options of the kit, with what a project says of it. Raises UserError."""
        return chop_options(project or self.history.project, {}, self._usual)

    @property
    def was_detected(self) -> bool:
        """Whether the record was heard before as its kit's options say, so that a kit is chosen at once."""
        options, cache = self.options(), self.record.cache
        if cache is None or options.want != "both" or options.harmonic:
            return False
        return detection.kept(cache, options, *candidates.span(self.record, options)) is not None

    def edit(self, edits: Sequence[Any]) -> None:
        """Do edits of the project, each kept before the next. Raises UserError; what was done before it stays."""
        editor = self._editing()
        for edit in edits:
            editor.do(edit)

    def preview(self, commands: Sequence[Any]) -> dict[str, Any]:
        """Give the state as it would be after commands, of which nothing is kept. Raises UserError."""
        project = self.history.project
        for command in commands:
            project = apply(project, command)
        return self.state(project)

    def state(self, project: Project | None = None) -> dict[str, Any]:
        """Give all the page shows, by sections, see `state`. project: another than the one that is kept."""
        shown = project or self.history.project
        options = self.options(shown)
        plan = self.plan(shown) if self.was_detected else None
        return state.sections(self.record, shown, self.history, options, plan, self.messages)

    def plan(self, project: Project | None = None) -> Plan:
        """Give what is to be cut. Raises UserError."""
        shown = project or self.history.project
        options = self.options(shown)
        key = repr((options, shown.chops, shown.deleted, shown.grid))
        if key not in self._plans:
            first, last = candidates.span(self.record, options)
            found = planned(self.record, options, first, last, project=fitted(shown, self.record)[0])
            self._plans = {key: found}  # the last one is asked for again
        return self._plans[key]

    def peaks(self, level: int, first: int, last: int) -> NDArray[Any]:
        """Give lowest and highest samples, see `peaks.part`. Raises UserError, ValueError."""
        if self._peaks is None:
            self._peaks = peaks.peaks_of(self.record)
        return peaks.part(self._peaks, self.record.length, level, first, last)

    def _editing(self) -> Editor:
        """Take the project: from now on no other program edits it. Raises UserError where another one does."""
        if self._editor is None:
            begin = self._seen.project
            if not begin.audio.sha256 and find(self.path) is None:
                begin = Project(audio_of(self.record))
            self._editor = self._open.enter_context(editing(place_for(self.path), begin))
            offered.note(self._editor, offered.kept(self.path, self._editor.project, self._cache))
        return self._editor

    def _unread(self) -> Audio:
        record = self.record
        return Audio("", record.sample_rate, record.length, record.channels, record.source.name)


def check_edits(value: Any) -> list[Any]:
    """Give the edits of a message. Raises UserError."""
    if not isinstance(value, list) or not value:
        raise UserError("edits must be a list of commands")
    return value
