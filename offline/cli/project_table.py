"""What a project says, as it is printed: in the words and units in which it is typed, see `project_words`."""

from collections.abc import Sequence

from rich.table import Table

from samplechop.offline.cli.project_words import seconds_of
from samplechop.offline.common.terminal import echo, print_table
from samplechop.offline.project.conflicts import sentence
from samplechop.offline.project.model import Chop, Grid, Project
from samplechop.realtime.core.wording import counted
from samplechop.realtime.ui.formatting import pad_name


def show_project(project: Project) -> None:
    """Print what was decided: a line for each chop, then the rest."""
    audio, rate = project.audio, project.audio.sample_rate
    chops, deleted = counted(len(project.chops), "chop"), counted(len(project.deleted), "place")
    echo(f"{audio.name}: {chops}, {deleted} deleted, {audio.length / rate:.1f} s")
    if project.chops:
        table = Table("chop", "at", "sample", "pad", "what", box=None)
        for chop in project.chops:
            pad = "" if chop.note is None else pad_name(chop.note) or f"note {chop.note}"
            table.add_row(chop.id, f"{chop.at / rate:.3f} s", str(chop.at), pad, ", ".join(_said_of(chop, rate)))
        print_table(table)
    for name, said in (
        ("deleted", [f"{_seconds(place, rate)}" for place in project.deleted]),
        ("grid", _said_of_grid(project.grid, rate)),
        ("key", [project.key] if project.key else []),
        ("kit", [f"{option} {_value(value)}" for option, value in project.kit.items()]),
    ):
        if said:
            echo(f"{name}: {', '.join(said)}")
    for conflict in project.conflicts:
        echo(f"conflict: {sentence(conflict, project)}")
    if project.conflicts:
        echo(
            '"settle 12.5" (samplechop project set) says that what is kept there lies well, "settle all" that all does'
        )


def _said_of(chop: Chop, rate: int) -> list[str]:
    said = ["added"] if chop.origin is None else []
    if chop.origin not in (None, chop.at):
        said.append(f"moved from {_seconds(chop.origin, rate)}")
    if chop.locked:
        said.append("locked")
    about = {
        "name": chop.name,
        "end": _seconds(chop.end, rate),
        "gain": None if chop.gain_db is None else f"{chop.gain_db:g} dB",
        "choke": chop.choke,
        "play": chop.play,
        "colour": chop.colour,
    }
    return [*said, *(f"{what} {value}" for what, value in about.items() if value is not None)]


def _said_of_grid(grid: Grid, rate: int) -> list[str]:
    about = {
        f"tempo x{grid.factor:g}": grid.factor != 1,
        f"tempo {grid.bpm or 0:g}": grid.bpm is not None,
        f"tapped at {_all(grid.taps, rate)}": grid.taps,
        f"shift {1000 * grid.shift / rate:.4g} ms": grid.shift,
        f"shift {counted(grid.shift_beats, 'beat')}": grid.shift_beats,
        f"a bar begins at {_all(grid.ones, rate)}": grid.ones,
        f"{grid.beats_per_bar} beats a bar": grid.beats_per_bar,
    }
    changes = [f"tempo {one.bpm:g} from {_seconds(one.at, rate)} on" for one in grid.changes]
    return [*(words for words, is_so in about.items() if is_so), *changes]


def _all(places: Sequence[int], rate: int) -> str:
    return " and ".join(f"{_seconds(place, rate)}" for place in places)


def _seconds(place: int | None, rate: int) -> str | None:
    return None if place is None else f"{seconds_of(place, rate)} s"


def _value(value: object) -> str:
    return " ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)
