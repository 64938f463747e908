"""A project carried over to another file of its record, whatever that file is called.

Every place becomes the place of the same sound there. What has none near enough is kept where it is estimated to lie,
and told: nothing that somebody decided goes. It is one edit, so that undo leads back.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from samplechop.offline.kits.core.record import Record
from samplechop.offline.project import fingerprint
from samplechop.offline.project.alignment import Alignment, align
from samplechop.offline.project.document import to_document
from samplechop.offline.project.history import REPLACE
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Audio, Chop, Grid, Offer, Project, TempoChange
from samplechop.offline.project.places import PROJECT
from samplechop.offline.project.store import Editor, editing, read, read_project
from samplechop.offline.project.values import BPM
from samplechop.realtime.core.errors import UserError

SOUND = ".chops.sound.npz"


def sound_of(project: Path) -> Path:
    """Give the path of the fingerprint beside a project."""
    return project.with_name(project.name.removesuffix(PROJECT) + SOUND)


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


def realign(editor: Editor, record: Record) -> tuple[str, ...]:
    """Carry a project that is being edited over to a record, and keep the sound of that in place of the one before.

    Gives a sentence for each decision that is only estimated. Raises UserError where nothing is kept of the sound that
    the project was made for, or that has nothing in common with the record: then nothing has changed.
    """
    old = read_sound(sound_of(editor.path))
    project, conflicts, new = _in_file(editor.project, old, record)
    editor.do({"do": REPLACE, "project": to_document(project)})
    fingerprint.write(sound_of(editor.path), new)
    return conflicts


def realign_to(path: Path, record: Record, place: Path, other: Record) -> tuple[str, ...]:
    """Make a project of a record for another file of it; the one there is stays as it is.

    path: of the project of the record. place: where that of the other file is to be. Gives a sentence for each decision
    that is only estimated. Raises UserError as `realign`, and where the other file has a project: then nothing is made.
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
    carried, conflicts, new = _in_file(project, old, other)
    with editing(place, Project(carried.audio)) as editor:
        editor.do({"do": REPLACE, "project": to_document(carried)})
        fingerprint.write(sound_of(place), new)
    return conflicts


def _in_file(
    project: Project, old: fingerprint.Fingerprint, record: Record
) -> tuple[Project, tuple[str, ...], fingerprint.Fingerprint]:
    """Give a project with its places in a record, a sentence for each only estimated, and the record's fingerprint.

    old: of the sound that the project was made for. Raises UserError where the two have nothing in common.
    """
    new = fingerprint.fingerprint_of(record)
    found = align(old, new)
    if not len(found.old):
        raise UserError(f"{str(record.source)!r} has no sound of {project.audio.name!r}: its project stays as it is")
    return *carried_over(project, found, audio_of(record)), new


def carried_over(project: Project, found: Alignment, audio: Audio) -> tuple[Project, tuple[str, ...]]:
    """Give a project with its places in another file, and a sentence for each chop and deleted place only estimated.

    audio: that file. Tempi follow the speed; a key stays as it was said.
    """
    conflicts: list[str] = []
    rate, last = project.audio.sample_rate, audio.length - 1

    def place(sample: int, what: str = "") -> int:
        there, sure = found.place(sample)
        if what and not sure:
            conflicts.append(
                f"{what}, {sample / rate:.3f} s, has no sound like it in {audio.name!r}: kept near "
                f"{min(max(there, 0), last) / audio.sample_rate:.3f} s"
            )
        return min(max(round(there), 0), last)

    taken: set[int] = set()

    def free(sample: int) -> int:
        """Two chops keep two places, also where both were moved to the end."""
        while sample in taken:
            sample = sample + 1 if sample < last and sample + 1 not in taken else sample - 1
        taken.add(sample)
        return sample

    def moved(chop: Chop) -> Chop:
        at = free(place(chop.at, chop.id if chop.name is None else f"{chop.id} {chop.name!r}"))
        end = None if chop.end is None else min(max(place(chop.end), at + 1), audio.length)
        origin = None if chop.origin is None else at if chop.origin == chop.at else place(chop.origin)
        return replace(chop, at=at, end=end, origin=origin)

    chops = sorted((moved(chop) for chop in project.chops), key=lambda one: (one.at, one.number))
    deleted = sorted({place(at, "a deleted chop") for at in project.deleted})
    grid = _grid(project.grid, found, place, found.ratio * rate / audio.sample_rate)
    offer = project.offer
    if offer is not None:
        known = {place(at): strength for at, strength in offer.places if found.place(at)[1]}
        offer = Offer(offer.model, tuple(sorted(known.items())))
    kept = replace(project, audio=audio, chops=tuple(chops), deleted=tuple(deleted), grid=grid, offer=offer)
    return kept, tuple(conflicts)


def _grid(grid: Grid, found: Alignment, place: Callable[[int], int], longer: float) -> Grid:
    """Give a grid's corrections in another file. longer: by how much a second is longer there."""

    def bpm(value: float) -> float:
        return min(max(value / longer, BPM[0]), BPM[1])

    changes = {place(one.at): bpm(one.bpm) for one in grid.changes}
    return replace(
        grid,
        bpm=None if grid.bpm is None else bpm(grid.bpm),
        taps=tuple(sorted({place(one) for one in grid.taps})),
        shift=round(grid.shift * found.ratio),
        ones=tuple(sorted({place(one) for one in grid.ones})),
        changes=tuple(TempoChange(at, changes[at]) for at in sorted(changes)),
    )
