"""A project carried over to another file of its record, whatever that file is called.

What is kept of the sound it was made for says where that lies in the file, see `alignment` and `carrying`. It is one
edit, so that undo leads back.
"""

from pathlib import Path

from samplechop.offline.kits.core.record import Record
from samplechop.offline.project import fingerprint
from samplechop.offline.project.alignment import align
from samplechop.offline.project.carrying import carried_over
from samplechop.offline.project.document import to_document
from samplechop.offline.project.history import REPLACE
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Project
from samplechop.offline.project.places import sound_of
from samplechop.offline.project.store import Editor, editing, read, read_project
from samplechop.realtime.core.errors import UserError


def keep_sound(path: Path, record: Record, project: Project) -> None:
    """Keep beside a project what finds its places again, if this is the record it was made for.

    path: of the project. Raises UserError if the disk does not take it.
    """
    if project.audio.sha256 in ("", audio_of(record).sha256):
        fingerprint.write(sound_of(path), fingerprint.fingerprint_of(record))


def read_sound(path: Path) -> fingerprint.Fingerprint:
    """Read what is kept of a sound. Raises UserError."""
    try:
        return fingerprint.read(path)
    except (OSError, ValueError) as error:
        raise UserError(f"nothing is kept of the sound the project was made for: {str(path)!r}, {error}") from None


def realign(editor: Editor, record: Record) -> None:
    """Carry a project that is being edited over to a record, and keep the sound of that in place of the one before.

    What has no clear place there is a conflict of the project. Raises UserError where nothing is kept of the sound that
    the project was made for, or that has nothing in common with the record: then nothing has changed.
    """
    old = read_sound(sound_of(editor.path))
    project, new = _in_file(editor.project, old, record)
    editor.do({"do": REPLACE, "project": to_document(project)})
    fingerprint.write(sound_of(editor.path), new)


def realign_to(path: Path, record: Record, place: Path, other: Record) -> None:
    """Make a project of a record for another file of it; the one there is stays as it is.

    path: of the project of the record. place: where that of the other file is to be. Raises UserError as `realign`, and
    where the other file has a project: then nothing is made.
    """
    project = read_project(path)
    if project is None:
        raise UserError(f"there is no project {str(path)!r}")
    if read(place) is not None:
        raise UserError(
            f"{str(other.source)!r} has a project already, {str(place)!r}: move it away, or realign that file alone"
        )
    own = not sound_of(path).exists() and project.audio.sha256 in ("", audio_of(record).sha256)
    old = fingerprint.fingerprint_of(record) if own else read_sound(sound_of(path))
    carried, new = _in_file(project, old, other)
    with editing(place, Project(carried.audio)) as editor:
        editor.do({"do": REPLACE, "project": to_document(carried)})
        fingerprint.write(sound_of(place), new)


def _in_file(project: Project, old: fingerprint.Fingerprint, record: Record) -> tuple[Project, fingerprint.Fingerprint]:
    """Give a project with its places in a record, and the record's fingerprint.

    old: of the sound that the project was made for. Raises UserError where the two have nothing in common.
    """
    new = fingerprint.fingerprint_of(record)
    found = align(old, new)
    if not len(found.old):
        raise UserError(f"{str(record.source)!r} has no sound of {project.audio.name!r}: its project stays as it is")
    return carried_over(project, found, audio_of(record)), new
