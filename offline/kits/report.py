"""What came of a kit, told on the screen."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from samplechop.offline.kits.core.model import Content
from samplechop.offline.kits.pipeline import Outcome
from samplechop.realtime.ui.formatting import pad_name


def show(outcome: Outcome, seconds: float) -> None:
    """Print a kit's slices, how different they are beside other ways to choose, and where it lies.

    seconds: it took. Warnings go to stderr.
    """
    kit, console = outcome.kit, Console()
    known = [f"{round(float(kit.tempo.value))} bpm"] if kit.tempo else []
    known += [kit.key.value] if kit.key else []
    title = ", ".join([f"{kit.name}: {len(kit.slices)} slices from {len(kit.candidates)} chops", *known])
    heard = {
        "chord": [part.content.chord_name for part in kit.slices],
        "drums": [drums(part.content) for part in kit.slices],
    }
    shown = {name: told for name, told in heard.items() if any(told)}
    table = Table("pad", "at", "length", "strength", *shown, "slice", title=title, title_justify="left", box=None)
    for index, part in enumerate(kit.slices):
        table.add_row(
            pad_name(part.note),
            f"{kit.seconds(part.start):.3f} s",
            f"{part.frames / kit.slice_rate:.3f} s",
            f"{part.strength:.2f}",
            *(told[index] for told in shown.values()),
            part.name,
        )
    console.print(table)
    if kit.redundancy:
        console.print(redundancy_table(kit.redundancy))
    console.print(f"{len(outcome.files)} files in {kit.folder} after {seconds:.1f} s", soft_wrap=True, highlight=False)
    warnings = Console(stderr=True)
    for warning in outcome.warnings:
        warnings.print(f"samplechop: {warning}", soft_wrap=True, highlight=False, markup=False)


def drums(content: Content) -> str:
    """Tell how much of a slice is drums, and which, the strongest first: "80 % kick, hat"; "" where there are none."""
    if not content.hits or content.drum_content is None:
        return ""
    others = [name for name in content.hits if name != content.drum]
    return f"{100 * content.drum_content:.0f} % {', '.join([content.drum or '', *others])}"


def redundancy_table(figures: Mapping[str, Mapping[str, float]]) -> Table:
    """Lay out the figures of samplechop.offline.kits.selection.select."""
    table = Table("chosen by", "duplicates", "similarity", "probability", box=None)
    for name, row in figures.items():
        table.add_row(name, *(f"{row[column]:.2f}" for column in ("duplicates", "similarity", "probability")))
    return table
