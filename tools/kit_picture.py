"""A picture of the demo's kit, for the README and docs/kits.md: `python -m tools.kit_picture OUT.png`."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.pipeline import make_kit
from samplechop.realtime.cli import DEMO

COLOURS = 240


def main(arguments: Sequence[str]) -> int:
    """Chop the demo as `samplechop chop` does by default, and write its picture in few colours to the path given."""
    if len(arguments) != 1:
        print("usage: python -m tools.kit_picture OUT.png", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        kit = make_kit(DEMO, Path(scratch, "kit"), ChopOptions(formats=("sfz",))).kit
        with Image.open(kit.folder / f"{kit.name}.png") as picture:
            picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(arguments[0], optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
