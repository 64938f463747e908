"""SFZ: a text file that names the slices, one region for each.

The opcodes are those of SFZ 1 (sfzformat.com, "SFZ file structure" and "Opcodes"), which every player knows. A pad
sounds at the slice's own pitch, and to its end however short it is hit.
"""

from pathlib import Path

from samplechop.offline.export import credit
from samplechop.offline.kits.core.model import Kit


def write(kit: Kit) -> list[Path]:
    """Write NAME.sfz beside the folder of the slices."""
    lines = [f"// {credit(kit)}", "", "<group> loop_mode=one_shot"]
    lines += [f"<region> key={part.note} pitch_keycenter={part.note} sample={part.file}" for part in kit.slices]
    path = kit.folder / f"{kit.name}.sfz"
    path.write_bytes("\n".join([*lines, ""]).encode())
    return [path]
