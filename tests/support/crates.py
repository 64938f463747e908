"""What the fixture of one small crate gives."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Crate:
    """A crate that the command built, the options it was built with, and the bank of sounds it was played with."""

    folder: Path
    options: tuple[object, ...]
    bank: Path
