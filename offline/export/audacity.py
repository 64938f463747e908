"""An Audacity label track: a line for each slice with start, end and name, in seconds.

It lies beside the record under the same name, so that `samplechop train` and `samplechop labels` find it too.
"""

from pathlib import Path

from samplechop.offline.kits.core.model import Kit
from samplechop.offline.labels.formats import track_text


def write(kit: Kit) -> list[Path]:
    """Write NAME.txt; a microsecond is finer than a sample."""
    path = kit.folder / f"{kit.name}.txt"
    rows = ((kit.seconds(part.start), kit.seconds(part.stop), part.title) for part in kit.slices)
    path.write_bytes(track_text(rows).encode())
    return [path]
