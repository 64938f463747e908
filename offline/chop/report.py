"""What came of a kit, told on the screen."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from offline.chop.pipeline import Outcome
from realtime.names import pad_name


def show(outcome: Outcome, seconds: float) -> None:
    """Print a kit's slices, how different they are beside other ways to choose, and where it lies.

    seconds: it took. Warnings go to stderr.
    """
    kit, console = outcome.kit, Console()
    known = [f"{round(float(kit.tempo.value))} bpm"] if kit.tempo else []
    known += [kit.key.value] if kit.key else []
    title = ", ".join([f"{kit.name}: {len(kit.slices)} slices from {len(kit.candidates)} chops", *known])
    table = Table("pad", "at", "length", "strength", "slice", title=title, title_justify="left", box=None)
    for part in kit.slices:
        table.add_row(
            pad_name(part.note),
            f"{kit.seconds(part.start):.3f} s",
            f"{part.frames / kit.slice_rate:.3f} s",
            f"{part.strength:.2f}",
            part.file,
        )
    console.print(table)
    if kit.redundancy:
        console.print(redundancy_table(kit.redundancy))
    console.print(f"{len(outcome.files)} files in {kit.folder} after {seconds:.1f} s", soft_wrap=True, highlight=False)
    warnings = Console(stderr=True)
    for warning in outcome.warnings:
        warnings.print(f"samplechop: {warning}", soft_wrap=True, highlight=False, markup=False)


def redundancy_table(figures: Mapping[str, Mapping[str, float]]) -> Table:
    """Lay out the figures of offline.chop.redundancy."""
    table = Table("chosen by", "duplicates", "similarity", "probability", box=None)
    for name, row in figures.items():
        table.add_row(name, *(f"{row[column]:.2f}" for column in ("duplicates", "similarity", "probability")))
    return table
