"""Undo and redo: a project is what its edits make of where it began, and the edits are all there is to keep.

    begin --edit--> a --edit--> b --undo--> a --edit--> c        undo leads back to a, then to begin; b is gone

States are kept as they come, which costs little, as they share what an edit leaves alone. So no command needs an
inverse, and a replay of all edits gives the same project again. What the machine offered, and the formats that kits are
written in, are noted among the edits, but undo passes them by: they decide nothing about cuts or kit.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from samplechop.offline.project.commands import apply
from samplechop.offline.project.document import from_document, offer_document, offer_of
from samplechop.offline.project.further import joined
from samplechop.offline.project.kit_options import with_option
from samplechop.offline.project.model import Project
from samplechop.realtime.core.errors import UserError

UNDO, REDO, REPLACE, FORMATS = "undo", "redo", "replace", "formats"


class History:
    """A project with its edits."""

    def __init__(self, begin: Project, edits: Iterable[Any] = ()) -> None:
        """Begin with a project, and do what was done. Raises UserError for an edit that cannot be."""
        self._state, self._offer = replace(begin, offer=None), begin.offer
        self._undone: list[tuple[Project, Any]] = []
        self._done: list[tuple[Project, Any]] = []
        for edit in edits:
            self.do(edit)

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return replace(self._state, offer=self._offer)

    def do(self, edit: Any) -> Project:
        """Do a command of `commands`, or one of the history.

        {"do": "undo"}, {"do": "redo"}; {"do": "replace", "project": a document}; {"do": "offer", "offer": as in one};
        {"do": "formats", "formats": names, null for what is usual}.
        Raises UserError, and then nothing has changed.
        """
        match edit:
            case {"do": "undo" | "redo" as name, **rest}:
                if rest:
                    raise UserError(f"{name} takes nothing else, got {sorted(map(str, rest))[0]!r:.60}")
                self._step(*((self._done, self._undone) if name == UNDO else (self._undone, self._done)), name)
            case {"do": "replace", "project": document, **rest} if not rest:
                project = from_document(document)
                self._note(replace(project, offer=None), edit)
                self._offer = project.offer
            case {"do": "offer", "offer": offer, **rest} if not rest:
                self._offer = offer_of(offer, self._state.audio.length)
            case {"do": "formats", "formats": formats, **rest} if not rest:
                self._write_in(formats)
            case _:
                state = apply(self._state, edit)
                before, step = self._done[-1] if self._done else (None, None)
                if before is not None and (both := joined(before, step, self._state, edit)) is not None:
                    state, edit = apply(before, both), both
                    self._state, _ = self._done.pop()
                self._note(state, edit)
        return self.project

    @property
    def undoable(self) -> Any:
        """The edit that undo would take back; None where there is none."""
        return self._done[-1][1] if self._done else None

    @property
    def redoable(self) -> Any:
        """The edit that redo would do again; None where there is none."""
        return self._undone[-1][1] if self._undone else None

    def recent(self, steps: int) -> tuple[Project, list[Any]]:
        """Give a beginning and edits that lead from it to the same project, with the newest steps to undo and redo."""
        done, offer = self._done[len(self._done) - min(steps, len(self._done)) :], self._offer
        begin = done[0][0] if done else self._state
        edits = [edit for _, edit in done]
        edits += [edit for _, edit in reversed(self._undone)] + [{"do": UNDO}] * len(self._undone)
        if offer is not None:  # replacing a project says one of its own
            edits.append({"do": "offer", "offer": offer_document(offer)})
        if any(edit["do"] == REPLACE for edit in edits):
            edits.append({"do": FORMATS, FORMATS: self._state.kit.get(FORMATS)})
        return begin, edits

    @property
    def undoable_edits(self) -> list[Any]:
        """All edits that undo would take back, the last one last."""
        return [edit for _, edit in self._done]

    def _write_in(self, formats: Any) -> None:
        """Have all states say in which formats kits are written."""
        said = {FORMATS: with_option(self._state.kit, FORMATS, formats).get(FORMATS)}

        def written(project: Project) -> Project:
            kit = {name: value for name, value in sorted({**project.kit, **said}.items()) if value is not None}
            return replace(project, kit=kit)

        self._state = written(self._state)
        for steps in (self._done, self._undone):
            steps[:] = [(written(project), edit) for project, edit in steps]

    def _note(self, project: Project, edit: Any) -> None:
        self._done.append((self._state, edit))
        self._undone.clear()
        self._state = project

    def _step(self, back: list[tuple[Project, Any]], forth: list[tuple[Project, Any]], name: str) -> None:
        if not back:
            raise UserError(f"there is nothing to {name}")
        project, edit = back.pop()
        forth.append((self._state, edit))
        self._state = project
