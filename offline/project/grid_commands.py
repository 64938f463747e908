"""Commands that correct the beat grid; what they mean for beats and bars is `Grid`'s to say."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from samplechop.offline.project import values
from samplechop.offline.project.model import Grid, Project, TempoChange
from samplechop.realtime.core.errors import UserError

MOST_BEATS = 64
"""Of a shift, either way."""
LEAST_TAPS = 3
"""Two distances between taps are the fewest that agree or not."""
METERS = (1, 32)


def _tempo(project: Project, command: Mapping[str, Any]) -> Project:
    """Multiply the tempo, or say it: what is said stands for the detected one, null for that again."""
    grid = project.grid
    if ("factor" in command) == ("bpm" in command):
        raise UserError("tempo takes either a factor, such as 2 or 0.5, or bpm")
    if "factor" in command:
        factor = grid.factor * values.factor(command["factor"], "factor")
        return replace(project, grid=replace(grid, factor=values.factor(factor, "the tempo's factor together")))
    bpm = command["bpm"]
    said = None if bpm is None else values.bpm(bpm, "bpm")
    return replace(project, grid=replace(grid, bpm=said, factor=1.0, taps=()))


def _tap(project: Project, command: Mapping[str, Any]) -> Project:
    taps = values.positions(command["taps"], "taps", project.audio.length)
    if len(taps) < LEAST_TAPS:
        raise UserError(f"a tempo is tapped with {LEAST_TAPS} taps or more, got {len(taps)}")
    return replace(project, grid=replace(project.grid, taps=taps, bpm=None, factor=1.0))


def _shift(project: Project, command: Mapping[str, Any]) -> Project:
    grid, length = project.grid, project.audio.length
    if ("by" in command) == ("beats" in command):
        raise UserError("shift takes either by, in samples, or beats")
    if grid.ones:
        where = project.audio.time_of(grid.ones[0])
        raise UserError(f"a bar begins at {where}, as was said, wherever the grid is shifted: say another place")
    if "beats" in command:
        beats = grid.shift_beats + values.integer(command["beats"], "beats", -MOST_BEATS, MOST_BEATS)
        return replace(project, grid=replace(grid, shift_beats=values.integer(beats, "beats", -MOST_BEATS, MOST_BEATS)))
    by = grid.shift + values.integer(command["by"], "by", -length, length)
    return replace(project, grid=replace(grid, shift=values.integer(by, "the shift together", -length, length)))


def _one(project: Project, command: Mapping[str, Any]) -> Project:
    at = values.position(command["at"], "at", project.audio.length)
    return replace(project, grid=replace(project.grid, ones=tuple(sorted({*project.grid.ones, at}))))


def _not_one(project: Project, command: Mapping[str, Any]) -> Project:
    at = values.position(command["at"], "at", project.audio.length)
    if at not in project.grid.ones:
        raise UserError(f"nobody said that a bar begins at {project.audio.time_of(at)}")
    return replace(project, grid=replace(project.grid, ones=tuple(one for one in project.grid.ones if one != at)))


def _meter(project: Project, command: Mapping[str, Any]) -> Project:
    beats = command["beats_per_bar"]
    said = None if beats is None else values.integer(beats, "beats_per_bar", *METERS)
    return replace(project, grid=replace(project.grid, beats_per_bar=said))


def _tempo_change(project: Project, command: Mapping[str, Any]) -> Project:
    """Say that from a place on there is another tempo; null takes it back."""
    grid, at = project.grid, values.position(command["at"], "at", project.audio.length)
    others = [one for one in grid.changes if one.at != at]
    if command["bpm"] is None:
        if len(others) == len(grid.changes):
            raise UserError(f"no tempo changes at {project.audio.time_of(at)}")
    else:
        others.append(TempoChange(at, values.bpm(command["bpm"], "bpm")))
    return replace(project, grid=replace(grid, changes=tuple(sorted(others, key=lambda one: one.at))))


def _reset(project: Project, _: Mapping[str, Any]) -> Project:
    """Take all corrections of the grid back."""
    return replace(project, grid=Grid())


_Command = tuple[Callable[[Project, Mapping[str, Any]], Project], frozenset[str], frozenset[str]]


def _all_of(edit: Callable[[Project, Mapping[str, Any]], Project], *needed: str) -> _Command:
    return edit, frozenset(needed), frozenset(needed)


GRID: Mapping[str, _Command] = {
    "tempo": (_tempo, frozenset({"factor", "bpm"}), frozenset()),
    "tap": _all_of(_tap, "taps"),
    "shift": (_shift, frozenset({"by", "beats"}), frozenset()),
    "one": _all_of(_one, "at"),
    "not-one": _all_of(_not_one, "at"),
    "meter": _all_of(_meter, "beats_per_bar"),
    "tempo-change": _all_of(_tempo_change, "at", "bpm"),
    "reset-grid": _all_of(_reset),
}
"""Commands of the grid by name, as in `commands.COMMANDS`."""
