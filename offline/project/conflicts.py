"""Decisions that lost their clear place when a project was carried over to another file: kept, listed, settled.

A conflict says where the decision is kept. It stands until somebody says where it lies, by moving or deleting it, or
settles it: it lies rightly there. So what is said of a decision that is elsewhere by now is none any more.
"""

from dataclasses import replace

from samplechop.offline.project.model import Conflict, Project
from samplechop.realtime.core.errors import UserError


def standing(project: Project) -> Project:
    """Give a project with the conflicts that are about what it says."""
    if not project.conflicts:
        return project
    return replace(project, conflicts=tuple(one for one in project.conflicts if _is_about(one, project)))


def settled(project: Project, chop: str | None = None, at: int | None = None) -> Project:
    """Give a project without the conflicts about a chop or a place; without any where neither is named.

    Raises UserError where there are none.
    """
    place = "" if at is None else f" at {project.audio.time_of(at)}"
    meant = place if chop is None else f" of {chop}"
    kept = [one for one in project.conflicts if meant and (one.at != at if chop is None else one.chop != chop)]
    if len(kept) == len(project.conflicts):
        raise UserError(f"nothing is in conflict{meant}")
    return replace(project, conflicts=tuple(kept))


def sentence(conflict: Conflict, project: Project) -> str:
    """Say what is in conflict, and where it is kept."""
    chop = project.chop(conflict.chop) if conflict.chop else None
    name = "" if chop is None else chop.id if chop.name is None else f"{chop.id} {chop.name!r}"
    what = f"{_WORDS[conflict.what]}{name}"
    at = project.audio.time_of(conflict.at)
    if conflict.why == "together":
        return f"{what}, {conflict.was:.3f} s, came to lie where another does: kept beside it, {at}"
    return f"{what}, {conflict.was:.3f} s, has no sound like it in {project.audio.name!r}: kept near {at}"


_WORDS = {
    "chop": "",
    "end": "the end of ",
    "deleted": "a deleted chop",
    "one": "the beginning of a bar",
    "tap": "a tap",
    "tempo-change": "a change of tempo",
}


def _is_about(conflict: Conflict, project: Project) -> bool:
    grid, chop = project.grid, project.chop(conflict.chop) if conflict.chop else None
    match conflict.what:
        case "chop":
            return chop is not None and chop.at == conflict.at
        case "end":
            return chop is not None and chop.end == conflict.at
        case "deleted":
            return conflict.at in project.deleted
        case "one":
            return conflict.at in grid.ones
        case "tap":
            return conflict.at in grid.taps
    return conflict.at in {change.at for change in grid.changes}
