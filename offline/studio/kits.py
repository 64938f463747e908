"""The folder that kits are exported to: what is there, what a kit may be called, and its files.

The page knows kits by the names of their folders, and files as the kit's manifest lists them; no other file is given.
"""

import os
import zipfile
from pathlib import Path
from typing import IO

from samplechop.offline.kits.core.model import MANIFEST
from samplechop.offline.kits.core.naming import safe
from samplechop.offline.kits.core.record import is_kit
from samplechop.offline.kits.kit_folder import files_of, settle
from samplechop.realtime.core.errors import UserError

_MOST_NAMES = 1000


class Kits:
    """A folder of kits, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        """Use a folder."""
        self.folder = folder.absolute()

    def place(self, name: str) -> Path:
        """Give where a kit of this name lies or would. Raises UserError for what is no name of a folder in it."""
        if not name or safe(name) != name:
            raise UserError(f"a kit cannot be called {name!r:.80}: take {safe(name)!r}" if name else "a kit has a name")
        return self.folder / name

    def is_taken(self, name: str) -> bool:
        """Say whether something is there under a name already. Raises UserError as `place`."""
        place = self.place(name)
        settle(place)
        return os.path.lexists(place) and not (place.is_dir() and not any(place.iterdir()))

    def free_name(self, name: str) -> str:
        """Give a name like another one, under which nothing is there. Raises UserError as `place`."""
        for number in range(2, _MOST_NAMES):
            if not self.is_taken(free := f"{name}-{number}"):
                return free
        raise UserError(f"{str(self.folder)!r} holds too many kits called {name!r}: give another name")

    def kit(self, name: str) -> Path:
        """Give the folder of a kit that is there. Raises UserError."""
        place = self.place(name)
        if not is_kit(place) or place.is_symlink():
            raise UserError(f"there is no kit {name!r} in {str(self.folder)!r}")
        return place

    def file(self, name: str, file: str) -> Path:
        """Give a file of a kit. Raises UserError for what its manifest does not list."""
        place = self.kit(name)
        if file not in _files(place):
            raise UserError(f"the kit {name!r} has no file {file!r:.80}")
        return place / file


def zipped(place: Path, into: IO[bytes]) -> None:
    """Write the kit in a folder as zip: the same kit gives the same bytes, but for its date. Raises OSError."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as made:
        for file in sorted(_files(place), key=lambda file: (file != MANIFEST, file)):
            made.write(place / file, f"{place.name}/{file}")


def _files(place: Path) -> list[str]:
    return [path.relative_to(place).as_posix() for path in files_of(place)]
