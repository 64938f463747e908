"""What `samplechop chop` prints of a kit: its slices, how alike they sound, where it lies, what to know."""

import shlex
import shutil
from pathlib import Path

from rich.table import Table

from samplechop.offline.common.terminal import echo, print_table
from samplechop.offline.export import summary
from samplechop.offline.kits.pipeline import Outcome
from samplechop.realtime.core.wording import counted
from samplechop.realtime.ui.formatting import pad_name


def show_kit(outcome: Outcome, seconds: float) -> None:
    """Print a kit's slices, how different they are beside other ways to choose, and where it lies.

    seconds: it took. Warnings go to stderr.
    """
    kit = outcome.kit
    alone = sum(one.alone for one in kit.candidates)
    known = (
        [f"{alone} of them {'an attack' if alone == 1 else 'attacks'} of drums alone"]
        if alone and kit.settings.get("choose") == "auto"
        else []
    )
    found = counted(len(kit.candidates) - kit.others, "chop")
    if kit.others:
        found += f" and {counted(kit.others, 'other attack')}"
    chops = f"{counted(len(kit.slices), 'slice')} from {found}"
    if len(kit.slices) > len(kit.candidates) > 0:
        chops = f"{len(kit.slices)} slices: {found} and the beginning"
    decided = ["with what you decided"] if kit.project else []
    echo(", ".join([f"{kit.name}: {chops}", *decided, *known, *kit.known]))
    contents = {
        "chord": [part.content.chord_name for part in kit.slices],
        "drum": [part.content.drum or "" for part in kit.slices],
    }
    shown = {name: told for name, told in contents.items() if any(told)}
    table = Table("pad", "at", "length", "strength", *shown, "slice", box=None)
    for index, part in enumerate(kit.slices):
        table.add_row(
            pad_name(part.note),
            f"{kit.seconds(part.start):.3f} s",
            f"{part.frames / kit.slice_rate:.3f} s",
            f"{part.strength:.2f}",
            *(told[index] for told in shown.values()),
            part.name,
        )
    print_table(table)
    if kit.redundancy:
        columns = "repeats", "distance", "probability"
        echo("", "How alike the slices sound")
        beside = Table("chosen by", *columns, box=None)
        for name, row in kit.redundancy.items():
            beside.add_row(name, *(f"{row[column]:.2f}" for column in columns))
        print_table(beside)
        echo(
            "repeats: share that sounds nearly like another slice, lower is better; distance:",
            "to the slice most alike, random picks 1, higher is better; probability: mean strength, higher is better",
        )
        repeats = round(kit.redundancy["kit"]["repeats"] * len(kit.slices))
        if repeats > round(kit.redundancy["random"]["repeats"] * len(kit.slices)) + 1:
            echo(
                f"{repeats} of {len(kit.slices)} slices sound nearly like another one, more than by chance: the "
                "strongest chops of this recording repeat; a smaller --count or a higher --diversity has fewer",
                err=True,
            )
    size = sum(path.stat().st_size for path in outcome.files) / 1e6
    echo(f"{len(outcome.files)} files, {size:.1f} MB, in {kit.folder} after {seconds:.1f} s", summary(outcome.formats))
    if kit.tempo and kit.tempo.other:
        ratio = float(kit.tempo.other) / float(kit.tempo.value)
        wanted = f"x{ratio:.0f}" if ratio > 1 else f"/{1 / ratio:.0f}"
        echo(f"the tempo may as well be {float(kit.tempo.other):.0f} bpm: then --tempo {wanted}", err=True)
    for warning in outcome.warnings:
        echo(f"samplechop: {warning}", err=True)


def show_studio(program: str) -> None:
    """Print how to open the demo in the studio. program: as it was called, which counts where it has no name."""
    named = shutil.which("samplechop")
    here = Path(program).name.startswith("samplechop") and (named is None or not Path(named).samefile(program))
    echo("", f"See it, hear it, move its cuts: {shlex.quote(program) if here else 'samplechop'} studio --demo")
