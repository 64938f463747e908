"""Where a finished kit goes: beside nobody's files, over nothing that was not asked for.

    made ──rename──> folder     of an older kit: folder ──> .FOLDER.old, made ──> folder, .FOLDER.old ──> made

Whatever ends the process in between, one of the two names holds the older kit whole; the next chop puts it back.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from samplechop.offline.kits.core.model import MANIFEST, SLICES
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of


@contextmanager
def replacing_kit(folder: Path, force: bool) -> Iterator[tuple[Path, Path]]:
    """Give a folder to make a kit in, and one for what is needed meanwhile.

    If all goes well, the first takes the place of `folder`; if not, nothing of it stays. Raises UserError as
    `check_folder` does, and if the disk does not take the kit.
    """
    folder = Path(extended(str(folder.absolute()))) if os.name == "nt" else folder
    check_folder(folder, force)
    new_parent = not folder.parent.exists()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as work:
            made, scratch = Path(work, folder.name), Path(work, "decoded")
            (made / SLICES).mkdir(parents=True)
            scratch.mkdir()
            yield made, scratch
            check_folder(folder, force)  # something may have come there meanwhile, such as the kit of a second chop
            put_in_place(made, folder)
    except OSError as error:
        raise UserError(f"the kit cannot be written to {str(folder)!r}: {reason_of(error)}") from None
    finally:
        if new_parent:
            with suppress(OSError):  # it holds a kit
                folder.parent.rmdir()


def extended(path: str) -> str:
    r"""Give an absolute path of Windows in the form that may have more than 260 characters: \\?\C:\Music."""
    if path.startswith("\\\\?\\"):
        return path
    return f"\\\\?\\UNC\\{path[2:]}" if path.startswith("\\\\") else f"\\\\?\\{path}"


def check_folder(folder: Path, force: bool) -> None:
    """Raise UserError unless a kit may be put there: nothing is, or with `force` an older kit.

    A kit whose replacement was cut short is put back first, see `settle`.
    """
    settle(folder)
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

    The old folder stays whole until the new one, with what is to stay copied into it, takes its place. Raises OSError,
    and UserError as `settle` does.
    """
    settle(folder)
    if not folder.exists():
        made.rename(folder)
        return
    for path in _of_others(folder):
        kept = made / path.relative_to(folder)
        if os.path.lexists(kept):
            continue
        kept.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            kept.mkdir()
        else:
            shutil.copy2(path, kept, follow_symlinks=False)
    old = aside(folder)
    try:
        folder.rename(old)
        made.rename(folder)
    except BaseException:
        settle(folder)
        raise
    # Removing takes its time and can be cut short as well: not under the name from which kits are put back.
    with suppress(OSError):
        old.rename(made)
    shutil.rmtree(made, ignore_errors=True)


def aside(folder: Path) -> Path:
    """Give the place of an older kit while the new one takes its folder: in it nothing may be swept away."""
    return folder.with_name(f".{folder.name}.old")


def settle(folder: Path) -> None:
    """End a replacement that was cut short: put the older kit back, or remove it where the new one is in its place.

    Raises UserError if that cannot be done, or if there is something of the user's in it that the new one has not.
    """
    old = aside(folder)
    try:
        if not old.is_dir():
            return
        if not folder.exists():
            old.rename(folder)
        elif all(os.path.lexists(folder / path.relative_to(old)) for path in _of_others(old)):
            with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as gone:
                old.rename(Path(gone, old.name))
        else:
            raise UserError(
                f"{str(old)!r} is left of an earlier kit and holds files of yours: move it away, then chop again"
            )
    except OSError as error:
        raise UserError(f"the earlier kit in {str(old)!r} cannot be put back or removed: {reason_of(error)}") from None


def is_kit_of(folder: Path, audio: Path, options: ChopOptions, model: str, project: str = "") -> bool:
    """Say whether the kit in a folder was made of this file with these options and the net of this SHA-256.

    project: the SHA-256 of what was decided about the record, "" where nothing was.

    Raises OSError if the file cannot be read.
    """
    match _manifest(folder):
        case {"source": {"sha256": source}, "settings": dict(settings), "model": {"sha256": net}, **more}:
            if more.get("project", "") != project:
                return False
            # The manifest has only the name of a net given by its path; the SHA-256 says which it was.
            given, usual = (json.loads(json.dumps(asdict(each))) for each in (options, ChopOptions()))
            settings = usual | settings  # an option that came later was not given
            if net != model or settings | {"model": None} != given | {"model": None}:
                return False
            with audio.open("rb") as opened:
                return bool(source == hashlib.file_digest(opened, "sha256").hexdigest())
    return False


def _manifest(folder: Path) -> object:
    """Give what a kit's manifest says; None if there is none that can be read."""
    try:
        return documents.read_json(folder / MANIFEST, follow_links=False)
    except (OSError, ValueError):
        return None


def _of_others(folder: Path) -> Iterator[Path]:
    """Give what lies in a kit and is none of its files: files, links, and folders with nothing in them.

    Raises OSError for a folder in it that cannot be listed.
    """
    own = set(files_of(folder))
    for place, folders, files in os.walk(folder, onerror=_fail):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        yield from (here / name for name in (*files, *links) if here / name not in own)
        if not folders and not files and here != folder:
            yield here


def _fail(error: OSError) -> None:
    raise error


def files_of(folder: Path) -> Iterator[Path]:
    """Give the files of the kit in a folder, as its manifest lists them, as far as they lie in that folder."""
    manifest = _manifest(folder)
    listed = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(listed, list):
        return
    yield folder / MANIFEST
    inside = folder.resolve()
    for entry in listed:
        path = folder / str(entry.get("file", "") if isinstance(entry, dict) else "")
        with suppress(OSError, ValueError, RuntimeError):  # what is no name of a file
            if path.is_file() and path.resolve().is_relative_to(inside):
                yield path
