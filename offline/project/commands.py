"""Edits of a project as plain data: what the page, the command line, a script and the journal say alike.

    {"do": "move", "chop": "c17", "to": 134832}      a chop of the project, by its id
    {"do": "lock", "at": 44100}                      a candidate, by its place: it becomes a chop of the project

`apply` is pure: the same project and command give the same project, or a UserError that says what is wrong with it.
"undo" and "redo" are commands, too, but of the history (`history`), which knows what was before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from samplechop.offline.project import held, values
from samplechop.offline.project.conflicts import settled, standing
from samplechop.offline.project.grid_commands import GRID
from samplechop.offline.project.kit_options import checked, with_option
from samplechop.offline.project.model import Chop, Project
from samplechop.realtime.core.errors import UserError, close_word

Edit = Callable[[Project, Mapping[str, Any]], Project]

MOST_CHOPS = 10_000
MOST_STEPS = 20_000
"""In one command."""


def apply(project: Project, command: Any) -> Project:
    """Give the project as it is after a command. Raises UserError for what is no command or cannot be done."""
    name = command.get("do") if isinstance(command, dict) else None
    if not isinstance(name, str):
        raise UserError(f'a command is an object that says what to do, such as {{"do": "lock"}}, got {command!r:.60}')
    if name not in COMMANDS:
        raise UserError(f"there is no command {name!r:.60}{close_word(name[:60], COMMANDS)}")
    edit, known, needed = COMMANDS[name]
    values.only(command, f"the command {name!r}", known | {"do"}, needed)
    values.truth(command.get("further", False), "further")  # what it says is for the history
    return standing(edit(project, command))


def _add(project: Project, command: Mapping[str, Any]) -> Project:
    at = values.position(command["at"], "at", project.audio.length)
    if (there := _here(project, at)) is not None:
        raise UserError(f"there is a chop at {project.audio.time_of(at)} already, {there.id}")
    return _with(project, _new(project, at, None))


def _move(project: Project, command: Mapping[str, Any]) -> Project:
    chop = target(project, command)
    to = values.position(command["to"], "to", project.audio.length)
    there = _here(project, to)
    if there is not None and there.id != chop.id:
        where = project.audio.time_of(to)
        raise UserError(f"there is a chop at {where} already, {there.id}: delete one of them, or move it elsewhere")
    if chop.end is not None and to >= chop.end:
        where, end = project.audio.time_of(to), project.audio.time_of(chop.end)
        raise UserError(f"{chop.id} cannot move to {where}: its slice ends at {end}; move its end first")
    return _with(replace(project, held=held.moved(project.held, chop.at, to)), replace(chop, at=to))


def _delete(project: Project, command: Mapping[str, Any]) -> Project:
    chop = target(project, command)
    gone = {chop.at} if chop.origin is None else {chop.at, chop.origin}
    kept = tuple(one for one in project.chops if one.id != chop.id)
    return replace(project, chops=kept, deleted=tuple(sorted({*project.deleted, *gone})))


def _restore(project: Project, command: Mapping[str, Any]) -> Project:
    at = values.position(command["at"], "at", project.audio.length)
    if at not in project.deleted:
        raise UserError(f"nothing was deleted at {project.audio.time_of(at)}")
    return replace(project, deleted=tuple(place for place in project.deleted if place != at))


def _release(project: Project, command: Mapping[str, Any]) -> Project:
    """Forget all that was said of a chop: what it was is the machine's again."""
    chop = target(project, command)
    return replace(project, chops=tuple(one for one in project.chops if one.id != chop.id))


def _lock(locked: bool) -> Edit:
    return lambda project, command: _with(project, replace(target(project, command), locked=locked))


def _swap(project: Project, command: Mapping[str, Any]) -> Project:
    """Swap the pads of two chops of the project."""
    first, second = target(project, command), target(project, command, "with")
    if first.note is None and second.note is None:
        raise UserError(f"neither {first.id} nor {second.id} has a pad of its own")
    return _with(_with(project, replace(first, note=second.note)), replace(second, note=first.note))


def _pad(project: Project, command: Mapping[str, Any]) -> Project:
    chop, note = target(project, command), command["note"]
    if note is not None:
        note = values.note(note, "note")
        if taken := [one.id for one in project.chops if one.note == note and one.id != chop.id]:
            raise UserError(f"note {note} is {taken[0]}'s: swap the two, or give that one another")
    return _with(project, replace(chop, note=note))


def _end(project: Project, command: Mapping[str, Any]) -> Project:
    """Say where a chop's slice ends, one past its last sample; null takes it back."""
    chop, end, audio = target(project, command), command["end"], project.audio
    if end is not None and values.integer(end, "end", 0, audio.length) <= chop.at:
        where = audio.time_of(end)
        raise UserError(f"the slice of {chop.id} begins at {audio.time_of(chop.at)}: it cannot end at {where}")
    return _with(project, replace(chop, end=end))


def _property(name: str, check: Callable[[Any, str], Any]) -> Edit:
    """Make a command that says something of a chop; null takes it back."""

    def edit(project: Project, command: Mapping[str, Any]) -> Project:
        value = command[name]
        said: dict[str, Any] = {name: None if value is None else check(value, name)}
        return _with(project, replace(target(project, command), **said))

    return edit


def _kit(project: Project, command: Mapping[str, Any]) -> Project:
    name, value = command["option"], command["value"]
    if not isinstance(name, str):
        raise UserError(f"option must be the name of one, got {name!r:.60}")
    if value is None and name not in project.kit:
        checked({name: value}, "kit")  # what there is no option for is told
        return project
    return replace(project, kit=with_option(project.kit, name, value))


def _hold(project: Project, command: Mapping[str, Any]) -> Project:
    said = {name: value for name, value in command.items() if name != "do"}
    return replace(project, held=held.from_document(said, "hold", project.audio.length))


def _key(project: Project, command: Mapping[str, Any]) -> Project:
    key = command["key"]
    return replace(project, key=None if key is None else values.key(key, "key"))


def _settle(project: Project, command: Mapping[str, Any]) -> Project:
    """Say that what is in conflict lies rightly where it is kept: of a chop, at a place, or all there is."""
    chop, at = command.get("chop"), command.get("at")
    if chop is not None and at is not None:
        raise UserError("settle takes a chop or a place, not both")
    return settled(
        project,
        None if chop is None else values.chop_id(chop, "chop"),
        None if at is None else values.integer(at, "at", 0, project.audio.length),
    )


def _steps(project: Project, command: Mapping[str, Any]) -> Project:
    """Do several commands as one: all or none."""
    steps = command["steps"]
    if not isinstance(steps, list) or not 0 < len(steps) <= MOST_STEPS:
        raise UserError(f"steps must be a list of 1 to {MOST_STEPS} commands, got {steps!r:.60}")
    for number, step in enumerate(steps, 1):
        if isinstance(step, dict) and step.get("do") == "steps":
            raise UserError(f"step {number}: steps cannot hold steps")
        try:
            project = apply(project, step)
        except UserError as error:
            raise UserError(f"step {number}: {error}") from None
    return project


def target(project: Project, command: Mapping[str, Any], name: str = "chop") -> Chop:
    """Give the chop that a command means: one of the project, or a candidate that becomes one.

    A candidate's place means the chop that it has become, also when that was moved since. Raises UserError for none.
    """
    if name != "chop" or "chop" in command:
        if "at" in command and name == "chop":
            raise UserError("a command names a chop by its id or by the place of a candidate (at), not by both")
        wanted = values.chop_id(command[name], name)
        found = project.chop(wanted)
        if found is None:
            raise UserError(f"there is no chop {wanted!r}")
        return found
    if "at" not in command:
        raise UserError("a command says which chop it means: by its id (chop), or the place of a candidate (at)")
    at = values.position(command["at"], "at", project.audio.length)
    moved = next((one for one in project.chops if one.origin == at), None)
    return _here(project, at) or moved or _new(project, at, at)


def _here(project: Project, at: int) -> Chop | None:
    return next((one for one in project.chops if one.at == at), None)


def _new(project: Project, at: int, origin: int | None) -> Chop:
    return Chop(f"c{project.chops_made + 1}", at, origin)


def _with(project: Project, chop: Chop) -> Project:
    """Give the project with a chop in its place; with nothing left to say it goes. What lies there is not deleted."""
    others = [one for one in project.chops if one.id != chop.id]
    if len(others) >= MOST_CHOPS:
        raise UserError(f"a project has room for {MOST_CHOPS} chops")
    kept = [*others, chop] if chop.says_something else others
    return replace(
        project,
        chops=tuple(sorted(kept, key=lambda one: (one.at, one.number))),
        deleted=tuple(place for place in project.deleted if place != chop.at),
        chops_made=max(project.chops_made, chop.number),
    )


def decides(edit: Any) -> bool:
    """Whether an edit decides about slices of a kit: about chops, or places where none is to be."""
    if not isinstance(edit, dict):
        return False
    name, steps = edit.get("do"), edit.get("steps")
    if name == "steps":
        return isinstance(steps, list) and any(decides(step) for step in steps)
    return name in _IN_THE_KIT


def chooses(edit: Any) -> bool:
    """Whether an edit sets an option of the kit, by which slices may be chosen anew."""
    if not isinstance(edit, dict):
        return False
    name, steps = edit.get("do"), edit.get("steps")
    return name == "kit" or (name == "steps" and isinstance(steps, list) and any(map(chooses, steps)))


def holding(edits: Sequence[Any], hold: Any, index: int) -> list[Any]:
    """Give edits of which one, by its index, is done after a command, as one with it."""
    made = list(edits)
    steps = made[index]["steps"] if made[index]["do"] == "steps" else [made[index]]
    made[index] = {"do": "steps", "steps": [hold, *steps]}
    return made


_CHOP = frozenset({"chop", "at"})


_FURTHER = frozenset({"further"})


def _of_chop(
    edit: Edit, *needed: str, besides: frozenset[str] = frozenset()
) -> tuple[Edit, frozenset[str], frozenset[str]]:
    return edit, _CHOP | besides | {*needed}, frozenset(needed)


def _of_project(edit: Edit, *needed: str) -> tuple[Edit, frozenset[str], frozenset[str]]:
    return edit, frozenset(needed), frozenset(needed)


COMMANDS: Mapping[str, tuple[Edit, frozenset[str], frozenset[str]]] = {
    "add": _of_project(_add, "at"),
    "move": _of_chop(_move, "to", besides=_FURTHER),
    "delete": _of_chop(_delete),
    "restore": _of_project(_restore, "at"),
    "release": _of_chop(_release),
    "lock": _of_chop(_lock(True)),
    "unlock": _of_chop(_lock(False)),
    "name": _of_chop(_property("name", values.text), "name"),
    "pad": _of_chop(_pad, "note"),
    "swap": _of_project(_swap, "chop", "with"),
    "end": _of_chop(_end, "end", besides=_FURTHER),
    "gain": _of_chop(_property("gain_db", values.gain_db), "gain_db"),
    "choke": _of_chop(_property("choke", values.choke), "choke"),
    "play": _of_chop(_property("play", values.play), "play"),
    "colour": _of_chop(_property("colour", values.colour), "colour"),
    "kit": (_kit, frozenset({"option", "value"}) | _FURTHER, frozenset({"option", "value"})),
    "key": _of_project(_key, "key"),
    "hold": _of_project(_hold, "kit", "slices"),
    "settle": (_settle, _CHOP, frozenset()),
    "steps": _of_project(_steps, "steps"),
    **GRID,
}
"""Commands by name: what each does, which names may stand beside "do", and which must."""
_IN_THE_KIT = {name for name, (_, known, _) in COMMANDS.items() if known >= _CHOP} - {"settle"}
_IN_THE_KIT |= {"add", "restore", "swap"}
