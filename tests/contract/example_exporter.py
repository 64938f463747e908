"""A writer of kits as a third party would write it: a list of what is on the pads."""

from pathlib import Path

from samplechop import Kit


def write(kit: Kit) -> list[Path]:
    """Write pads.csv."""
    path = kit.folder / "pads.csv"
    path.write_text("".join(f"{part.note},{part.file}\n" for part in kit.slices), encoding="utf-8")
    return [path]
