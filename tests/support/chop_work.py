"""Pieces of work for the tests of collections: small stand-ins for making a kit, which worker processes can import."""

import hashlib
import json
import os
import signal
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from unittest import mock

from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.kit_folder import check_folder, put_in_place
from samplechop.realtime.core.errors import UserError

ALLOWED_DEATHS = 1
"""How many workers of a cluster a source may take down until it is given up."""


@dataclass(frozen=True)
class Done:
    warnings: tuple[str, ...] = ()


def make(source: Path, folder: Path, options: ChopOptions, force: bool) -> Done:
    """Write a kit as the pipeline does: whole or not at all, and a line for every kit that was ever made."""
    check_folder(folder, force)
    text = source.read_text()
    if text.startswith("bad"):
        raise UserError(f"{source.name!r} is bad")
    if text.startswith("bug"):
        raise KeyError("a mistake")
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as work:
        kit = Path(work, folder.name)
        kit.mkdir()
        if text.startswith("deadly"):
            os.kill(os.getpid(), signal.SIGKILL)
        if text.startswith("unlucky") and deaths(source) <= ALLOWED_DEATHS:
            os.kill(os.getpid(), signal.SIGKILL)
        (kit / "text").write_text(text)
        manifest = {
            "source": {"sha256": hashlib.sha256(source.read_bytes()).hexdigest()},
            "settings": asdict(options),
            "model": {"sha256": ""},
            "files": [{"file": "text"}],
        }
        (kit / "kit.json").write_text(json.dumps(manifest))
        put_in_place(kit, folder)
    with (folder.parent / "log").open("a") as log:
        log.write(f"{source.name}\n")
    return Done(("it is loud",) if text.startswith("loud") else ())


def deaths(source: Path) -> int:
    """Count how often it was begun before."""
    with source.with_suffix(".begun").open("a") as begun:
        begun.write(".")
        return begun.tell() - 1


def make_the_first(source: Path, folder: Path, options: ChopOptions, force: bool) -> Done:
    """Make the kit of "song0"; with any other, never come to an end."""
    while source.stem != "song0":
        time.sleep(0.01)
    return make(source, folder, options, force)


def make_kit_with_a_death(source: Path, folder: Path, options: ChopOptions, force: bool) -> Done:
    """Make a real kit; of "song1" the first worker is killed midway, when its slices are cut and the formats follow.

    No key is looked for: it would be all that a new worker needs librosa for, which takes long to load.
    """
    from samplechop.offline.kits.analysis import tempo_and_key
    from samplechop.offline.kits.pipeline import make_kit

    died = folder.parent / "died"

    def told(what: str, done: int, of: int) -> None:
        del done, of
        if what.startswith("writing") and source.stem == "song1" and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    with mock.patch.object(tempo_and_key, "key_of_samples", return_value=None):
        outcome = make_kit(source, folder, options, force, told)
    with (folder.parent / "log").open("a") as log:
        log.write(f"{source.name}\n")
    return Done(outcome.warnings)


def write_on(folder: Path) -> None:
    """Write files into a folder until it is gone, or this process is."""
    for number in count():
        (folder / f"{number}.png").touch()
