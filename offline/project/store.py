"""The files of a project: read by anybody, written by one program at a time, so that nothing is lost whatever ends it.

    edit ─ tried in memory ─ NAME.chops.json replaced ─ a line appended to NAME.chops.journal.jsonl

Killed in between, the project is one edit ahead of its journal. What stands in the project and no edit explains is an
edit that came from outside, by a text editor, git or another program: it is noted as one, and can be undone like any.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samplechop.offline.common.atomic import write_text
from samplechop.offline.project import journal as journals
from samplechop.offline.project.document import from_document, text_of, to_document
from samplechop.offline.project.history import REPLACE, History
from samplechop.offline.project.model import Project
from samplechop.offline.project.places import find, journal_of
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.locks import locked


@dataclass(frozen=True, slots=True)
class Stored:
    """A project as it lies on disk. size: bytes of its journal that count. outside: whether it was edited elsewhere.

    fault: why the journal that is there cannot be gone by, "" where it can.
    """

    history: History
    size: int
    outside: bool = False
    fault: str = ""


def read(path: Path) -> Stored | None:
    """Read a project with its edits, while others may write it; None if there is none.

    Raises UserError for a project that cannot be read.
    """
    found = _project(path)
    journal = journals.read(journal_of(path))
    if journal.history is None:
        if found is None and journal.fault:
            raise UserError(f"{str(journal_of(path))!r} is no journal of edits ({journal.fault}): move it away")
        return None if found is None else Stored(History(found), 0, False, journal.fault)
    outside = found is not None and found != journal.history.project
    if outside and found is not None:
        journal.history.do({"do": REPLACE, "project": to_document(found)})
    return Stored(journal.history, journal.size, outside)


def read_project(path: Path) -> Project | None:
    """Read a project; None if there is none. Raises UserError as `read`."""
    stored = read(path)
    return stored.history.project if stored else None


def project_of(source: Path) -> Project | None:
    """Read the project of an audio file or a session; None if it has none. Raises UserError as `read`."""
    path = find(source)
    return None if path is None else read_project(path)


class Editor:
    """A project that is being edited. history: all edits; do them with `do`, which keeps them."""

    def __init__(self, path: Path, stored: Stored) -> None:
        """Take over from `editing`, which has the lock."""
        self.path, self.history, self._size = path, stored.history, stored.size

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return self.history.project

    def do(self, edit: Any) -> Project:
        """Do an edit, as `History.do`, and keep it.

        Raises UserError for one that cannot be done, or that the disk does not take: then nothing has changed.
        """
        before = self.project
        self.history.do(edit)
        try:
            write_text(self.path, text_of(self.history.project))
            self._size = journals.append(journal_of(self.path), edit, self._size)
        except (OSError, UserError) as error:
            with suppress(UserError):
                write_text(self.path, text_of(before))
            if (stored := read(self.path)) is not None:
                self.history, self._size = stored.history, stored.size
            raise UserError(f"the edit is not kept, {str(self.path)!r} cannot be written: {reason_of(error)}") from None
        return self.history.project


@contextmanager
def editing(path: Path, begin: Project | None = None) -> Iterator[Editor]:
    """Edit a project: no other program can meanwhile. begin: what it begins with where there is none.

    A journal that cannot be gone by is kept as NAME.broken, and a new one begun with what the project says.
    Raises UserError if there is none and nothing to begin with, if another program edits it, or it cannot be written.
    """
    journal = journal_of(path)
    if begin is None and not path.exists() and not journal.exists():
        raise UserError(f"there is no project {str(path)!r}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if journal.is_symlink() or (journal.exists() and not journal.is_file()):
            raise UserError(f"{str(journal)!r} is a link or no file, where no edits are kept: move it away")
        with ExitStack() as stack:
            stack.enter_context(locked(journal, wait=False))
            stored = _prepared(path, begin)
            if stored.size > journals.LONG:
                with suppress(OSError, UserError):  # where files that are open cannot be replaced, it stays long
                    size = stack.enter_context(journals.shortened(journal, stored.history))
                    stored = replace(stored, size=size)
            yield Editor(path, stored)
    except BlockingIOError:
        raise UserError(f"{str(path)!r} is being edited by another program: close it there first") from None
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be edited: {reason_of(error)}") from None


def _prepared(path: Path, begin: Project | None) -> Stored:
    """Make project and journal say the same; both are there then."""
    stored, journal = read(path), journal_of(path)
    if stored is None:
        if begin is None:
            raise UserError(f"there is no project {str(path)!r}")
        stored = Stored(History(begin), 0)
    size, project = stored.size, stored.history.project
    if stored.fault:
        _keep(journal)
    if not size:
        write_text(path, text_of(project))
        size = journals.begin(journal, project)
    elif stored.outside:
        size = journals.append(journal, {"do": REPLACE, "project": to_document(project)}, size)
    elif not path.exists():
        write_text(path, text_of(project))
    return Stored(stored.history, size)


def _keep(journal: Path) -> None:
    """Copy a journal beside itself: it keeps its place, on which the lock lies."""
    try:
        content, number = documents.read_bytes(journal, follow_links=False), 1
    except ValueError as error:
        raise UserError(f"{str(journal)!r} is no journal of edits ({error}): move it away") from None
    while True:
        try:
            with journal.with_name(f"{journal.name}.broken{'' if number == 1 else number}").open("xb") as copy:
                copy.write(content)
            return
        except FileExistsError:
            number += 1


def _project(path: Path) -> Project | None:
    try:
        return from_document(documents.read_json(path, follow_links=False))
    except FileNotFoundError:
        return None
    except UserError as error:
        raise UserError(f"the project {str(path)!r} cannot be used: {error}") from None
    except ValueError as error:
        raise UserError(f"the project {str(path)!r} is no JSON that can be read ({error}): mend it") from None
    except OSError as error:
        raise UserError(f"the project {str(path)!r} cannot be read: {reason_of(error)}") from None
