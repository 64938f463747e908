"""One record on the desk: what was decided about it, what was found in it, and the kit that both make, as it is now.

Nothing here waits for a detector: until the record was heard once there are no pads. All methods block; one thread at
a time calls them.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy.typing import NDArray

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.common.progress import silent
from samplechop.offline.kits import decided, offered, pipeline
from samplechop.offline.kits.analysis import candidates, content_detection, detection
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.curve import Curve
from samplechop.offline.kits.beside import Beside
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record, open_record, recorded_channel
from samplechop.offline.kits.plan import Plan
from samplechop.offline.kits.planner import Planner
from samplechop.offline.project.commands import apply, chooses, decides, holding
from samplechop.offline.project.fitting import fitted
from samplechop.offline.project.history import History
from samplechop.offline.project.identity import audio_of, known_sound
from samplechop.offline.project.kit_options import chop_options
from samplechop.offline.project.model import Audio, Project
from samplechop.offline.project.places import find, place_for, stamps
from samplechop.offline.project.store import Editor, editing, read
from samplechop.offline.studio import compare, peaks, state
from samplechop.offline.studio.hearing import Task
from samplechop.offline.studio.shaping import Shaper, shape_of
from samplechop.realtime.core.errors import ModelError, UserError, reason_of

_MOST_PLANS = 2
"""That are kept: the one that is shown, and the one that a gesture would make."""


class Desk:
    """A record that is open. Close it."""

    def __init__(self, path: Path, cache: ArrayCache, usual: Mapping[str, Any]) -> None:
        """Open a file or a session. usual: options of kits, below the project's. Raises UserError."""
        self._open, self._edits = ExitStack(), ExitStack()
        try:
            self._scratch = Path(self._open.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
            self.path, self._cache, self._usual = path, cache, usual
            self.record: Record = open_record(path, self._scratch).with_cache(cache)
            self._editor: Editor | None = None
            self._stamp = stamps(self.path)
            self._seen = self._stored()
        except BaseException:
            self._open.close()
            raise
        self._planner, self._plans = Planner(), dict[str, Plan]()
        self._peaks: NDArray[Any] | None = None
        self._contents: dict[tuple[Any, ...], DetectedContent] = {}
        self._heard: set[tuple[Any, ...]] = set()

    def close(self) -> None:
        """Let other programs edit the project, and forget the record."""
        self.release()
        self._open.close()

    def release(self) -> None:
        """Let other programs edit the project, until it is edited here again."""
        if self._editor is not None:
            self._seen, self._stamp = self._editor.history, stamps(self.path)
            self._editor = None
        self._edits.close()

    def reread(self) -> bool:
        """Read the project anew if another program edited it; say whether it did. Raises UserError."""
        if self._editor is not None or self._stamp == (stamp := stamps(self.path)):
            return False
        self._seen, self._stamp = self._stored(), stamp
        return True

    @property
    def is_edited(self) -> bool:
        """Whether the project is being edited here."""
        return self._editor is not None

    @property
    def history(self) -> History:
        """The project with its edits."""
        return self._editor.history if self._editor else self._seen

    def options(self, project: Project | None = None) -> ChopOptions:
        """Give the options of the kit, with what a project says of it. Raises UserError."""
        return chop_options(project or self.history.project, {}, self._usual)

    def record_of(self, options: ChopOptions) -> Record:
        """Give the record as options have it opened."""
        channel = options.channel or recorded_channel(self.path) or "auto"
        if channel == self.record.channel:
            return self.record
        return replace(self.record, channel=channel).with_cache(self._cache)

    def detected_in(self, options: ChopOptions) -> Record:
        """Give what chops are detected in: the record, or its harmonic part, which is there once it was heard so."""
        record = self.record_of(options)
        return candidates.as_harmonic(record, self._harmonic) if options.harmonic else record

    def cut_from(self, options: ChopOptions) -> Record:
        """Give what slices are cut from, as `detected_in`."""
        record = self.record_of(options)
        return candidates.as_harmonic(record, self._harmonic) if options.write_harmonic else record

    def shaper(self, shape: str) -> Shaper:
        """Give what shapes slices as the kit's options say. shape: of these options. Raises UserError for another."""
        options = self.options()
        if shape_of(options) != shape or (options.write_harmonic and not self._harmonic.exists()):
            raise UserError("the kit's slices are shaped in another way by now: play it again")
        return Shaper(self.cut_from(options), options)

    def is_heard(self, options: ChopOptions) -> bool:
        """Say whether the record was heard as options say, so that a kit is chosen at once. Raises UserError."""
        if (options.harmonic or options.write_harmonic) and not self._harmonic.exists():
            return False
        record = self.detected_in(options)
        span = candidates.span(record, options)
        if record.cache is None or detection.kept(record.cache, options, *span) is None:
            return False
        if options.want == "both" or _content_key(options, span) in self._heard:
            return True
        return span == (0, record.length) and None not in content_detection.kept(self.cut_from(options))

    def to_hear(self) -> Task | None:
        """Give what is to be heard for the kit and the lanes; None where all is known. Raises UserError."""
        options = self.options()
        record = self.record_of(options)
        if self.is_heard(options) and (("lanes",) in self._heard or None not in content_detection.kept(record)):
            self._heard.add(("lanes",))
            return None
        return Task(record, options, self._harmonic)

    def was_heard(self, task: Task) -> None:
        """Note that something was heard: what no detector is there for is not asked for again.

        Raises UserError where nothing of it is kept, as when samplechop is updated meanwhile.
        """
        self._heard |= {("lanes",), _content_key(task.options, candidates.span(task.record, task.options))}
        if not self.is_heard(task.options):
            raise UserError("what was found is not there any more: start samplechop studio again")

    def edit(self, edits: Sequence[Any]) -> None:
        """Do edits of the project, each kept before the next. Raises UserError; what was done before it stays.

        What is decided in the kit that is shown changes nothing else of it.
        """
        editor = self._editing()
        for edit in self._holding(edits):
            editor.do(edit)

    def preview(self, commands: Sequence[Any]) -> dict[str, Any]:
        """Give the state as it would be after commands, of which nothing is kept. Raises UserError."""
        project = self.history.project
        for command in self._holding(commands):
            project = apply(project, command)
        return self._state(project, self.options(project), self._told_of_sound())

    def state(self) -> dict[str, Any]:
        """Give all the page shows, by sections, see `state`. What keeps the kit from being planned stands in it."""
        self._note_sound()
        project, told = self.history.project, self._told_of_sound()
        try:
            return self._state(project, self.options(), told)
        except (UserError, ModelError, OSError) as error:
            told = (*told, reason_of(error) if isinstance(error, OSError) else str(error))
        try:
            options = self.options()
        except UserError:
            options = chop_options(None, {}, self._usual)
        return state.sections(self.record, project, self.history, options, None, told)

    def plan(self, project: Project | None = None) -> Plan:
        """Give what is to be cut. Raises UserError."""
        shown = project or self.history.project
        options = self.options(shown)
        key = repr((options, shown.chops, shown.deleted, shown.grid, shown.held))
        if key not in self._plans:
            record = self.detected_in(options)
            first, last = candidates.span(record, options)
            inside = self._content(options, first, last)
            made = self._planner.planned(record, options, first, last, inside, self._fitted(shown))
            kept = list(self._plans.items())[1 - _MOST_PLANS :]
            self._plans = {**dict(kept), key: made}  # the last ones are asked for again
        return self._plans[key]

    def ways(self, library: bool, models: Sequence[str]) -> list[compare.Way]:
        """Give other ways to choose beside the kit's, see `compare`. Raises UserError."""
        options, project = self.options(), self.history.project
        record = self.detected_in(options)
        inside = self._content(options, *candidates.span(record, options))
        return compare.ways(record, options, self._fitted(project), self.plan(), inside, library, models)

    def peaks(self, level: int, first: int, last: int) -> NDArray[Any]:
        """Give lowest and highest samples, see `peaks.part`. Raises UserError, ValueError."""
        if self._peaks is None:
            self._peaks = peaks.peaks_of(self.record)
        return peaks.part(self._peaks, self.record.length, level, first, last)

    def curve(self) -> Curve | None:
        """Give how sure the net is of a chop in every frame; None where it is not known. Raises UserError."""
        options = self.options()
        record = self.detected_in(options)
        if record.cache is None:
            return None
        heard = detection.kept(record.cache, options, *candidates.span(record, options))
        return heard.curve if heard else None

    @property
    def _harmonic(self) -> Path:
        return self._scratch / "harmonic part.wav"

    def _state(self, project: Project, options: ChopOptions, told: tuple[str, ...]) -> dict[str, Any]:
        plan = self.plan(project) if self.is_heard(options) else None
        return state.sections(self.record, project, self.history, options, plan, told)

    def _holding(self, edits: Sequence[Any]) -> Sequence[Any]:
        """Have edits that decide in the kit hold what else is in it, and those that choose anew the person's pads.

        What decides and sets an option at once holds the kit with that. What cannot be done is left as it is.
        """
        project = self.history.project
        acts = [decides(edit) or bool(project.chops and chooses(edit)) for edit in edits]
        with suppress(UserError):
            if any(acts) and self.is_heard(options := self.options()):
                edit = edits[first := acts.index(True)]
                held_by = self.options(apply(project, edit)) if decides(edit) else options
                hold = decided.hold(self.plan(), held_by)
                if (held := apply(project, hold)).held != project.held:
                    apply(held, edit)
                    return holding(edits, hold, first)
        return edits

    def _content(self, options: ChopOptions, first: int, last: int) -> DetectedContent | None:
        """Give what is wanted of chops, from what was detected before."""
        if options.want == "both":
            return None
        key = (options.want, *_content_key(options, (first, last)))
        if key not in self._contents:
            found = pipeline.wanted(self.cut_from(options), options, first, last, silent, Beside())
            self._contents = {} if found is None else {key: found}
        return self._contents.get(key)

    def _editing(self) -> Editor:
        """Take the project: from now on no other program edits it. Raises UserError where another one does."""
        if self._editor is None:
            begin = self._seen.project
            if not begin.audio.sha256 and find(self.path) is None:
                begin = Project(audio_of(self.record))
            editor = self._edits.enter_context(editing(place_for(self.path), begin))
            self._editor = editor
            offered.note(editor, offered.kept(self.path, editor.project, self._cache))
        return self._editor

    def _stored(self) -> History:
        """Read the project, or begin one that nothing is written of."""
        there = find(self.path)
        stored = None if there is None else read(there)
        if stored is not None:
            return stored.history
        record = self.record
        return History(Project(Audio("", record.sample_rate, record.length, record.channels, record.source.name)))

    def _note_sound(self) -> None:
        """Say which sound it is, once that is known, in a project that is not written yet."""
        audio = self._seen.project.audio
        if self._editor is None and not audio.sha256 and not self._stamp and self.record.cache is not None:
            known = known_sound(self.record.cache)
            if known:
                self._seen = History(Project(replace(audio, sha256=known)))

    def _told_of_sound(self) -> tuple[str, ...]:
        try:
            return (*self.record.warnings, *self._fit(self.history.project)[1])
        except (UserError, OSError):  # planning says it, too
            return self.record.warnings

    def _fitted(self, project: Project) -> Project:
        return self._fit(project)[0]

    def _fit(self, project: Project) -> tuple[Project, tuple[str, ...]]:
        """Fit a project to the record, as far as its sound is known: reading hours for it is left to the detectors."""
        if self.record.cache is None or not known_sound(self.record.cache):
            return project, ()
        return fitted(project, self.record)


def _content_key(options: ChopOptions, span: tuple[int, int]) -> tuple[Any, ...]:
    return (*span, options.write_harmonic, options.channel)
