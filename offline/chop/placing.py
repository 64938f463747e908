"""Where a finished kit goes: beside nobody's files, over nothing that was not asked for."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from offline.export.manifest import FILE as MANIFEST
from realtime.errors import UserError


def check_folder(folder: Path, force: bool) -> None:
    """Raise UserError unless a kit may be put there: nothing is, or with `force` an older kit."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not folder.is_dir():
        raise UserError(f"{str(folder)!r} is a file: a kit is a folder, so choose another place with -o")
    if not force:
        raise UserError(f"{str(folder)!r} is there already: add --force to replace that kit, or choose another -o")
    if not (folder / MANIFEST).is_file():
        raise UserError(f"{str(folder)!r} is no kit (it has no {MANIFEST}), so it is not replaced: choose another -o")


def put_in_place(made: Path, folder: Path) -> None:
    """Move a finished kit to its folder. Of an older kit there all its files go; what others put there stays.

    The old folder stays whole until the new one, with what is to stay copied into it, takes its place. Raises OSError.
    """
    if not folder.exists():
        made.rename(folder)
        return
    replaced = set(_files_of(folder))
    for path in folder.rglob("*"):
        kept = made / path.relative_to(folder)
        if path not in replaced and not path.is_dir() and not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, kept, follow_symlinks=False)
    old = made.with_name(f"{made.name}.old")
    folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _files_of(folder: Path) -> Iterator[Path]:
    """Give the files of the kit in a folder, as its manifest lists them, as far as they lie in that folder."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    yield folder / MANIFEST
    inside = folder.resolve()
    for entry in listed if isinstance(listed, list) else ():
        path = folder / str(entry.get("file", "") if isinstance(entry, dict) else "")
        if path.is_file() and path.resolve().is_relative_to(inside):
            yield path
