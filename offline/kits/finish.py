"""What is done with a kit whose slices are known: its picture, all formats, and its place, where it comes whole or not.

make(folder, scratch) -> Outcome     in a folder beside the kit's
    ... cut ... exported
put in place
"""

import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from samplechop.offline.common import process_pool
from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.export import MANIFEST_FORMAT, OWN, ExportWarning, Write, writers
from samplechop.offline.kits.analysis.descriptors import Similarity
from samplechop.offline.kits.atomic_replace import check_folder, put_in_place
from samplechop.offline.kits.model import SLICES, Kit
from samplechop.offline.kits.options import ChopOptions
from samplechop.offline.kits.picture import picture
from samplechop.offline.kits.slices import naming
from samplechop.realtime.core.errors import UserError

LONG_SECONDS = 1800
"""From here on the formats that copy the whole record are written only when asked for by name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input. files: all that were written. warnings: a sentence for each thing to know."""

    kit: Kit
    files: tuple[Path, ...]
    warnings: tuple[str, ...]


def put_together(folder: Path, options: ChopOptions, force: bool, make: Callable[[Path, Path], Outcome]) -> Outcome:
    """Have a kit made beside its folder, and put it there when it is whole.

    make: is given the folder to write to, and one for what is needed meanwhile. Raises UserError as `make_kit` does.
    """
    check_folder(folder, force)
    naming.parse(options.template)
    writers(options.formats)
    try:
        with _workshop(folder) as work:
            made, scratch = Path(work, folder.name), Path(work, "decoded")
            (made / SLICES).mkdir(parents=True)
            scratch.mkdir()
            outcome = make(made, scratch)
            put_in_place(made, folder)
    except OSError as error:
        raise UserError(f"the kit cannot be written to {str(folder)!r}: {error.strerror or error}") from None
    files = tuple(folder / path.relative_to(made) for path in outcome.files)
    return replace(outcome, kit=replace(outcome.kit, folder=folder), files=files)


@contextmanager
def _workshop(folder: Path) -> Iterator[str]:
    """Give a place beside a folder for what is unfinished; when nothing comes of it, nothing is left behind."""
    new = not folder.parent.exists()
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as work:
            yield work
    finally:
        if new:
            with suppress(OSError):  # it holds a kit
                folder.parent.rmdir()


def exported(
    kit: Kit,
    similarity: Similarity,
    options: ChopOptions,
    said: Sequence[str] = (),
    told: Progress = silent,
    beside: Executor | None = None,
) -> Outcome:
    """Draw a kit whose slices are cut, and write all formats asked for.

    similarity: of its slices to each other, float32 (n, n), 0..1. said: warnings there were before.
    Raises OSError, and UserError if the picture cannot be drawn.
    """
    said = list(said)
    drawn = process_pool.submit(beside, picture.draw, kit, similarity) if options.picture else None
    files = [kit.path(part) for part in kit.slices]
    formats = writers(options.formats, whole=kit.seconds(kit.length) <= LONG_SECONDS)
    if options.formats is None and (left := sorted(set(writers()) - set(formats))):
        long = f"{str(kit.source)!r} is longer than {LONG_SECONDS // 60} minutes"
        said.append(f"{long}, so formats that copy all of it were left out: --formats {','.join(left)} writes them")
    for number, (name, write) in enumerate(formats.items()):
        told(f"writing, {name}", number, len(formats))
        if drawn and name == MANIFEST_FORMAT:  # which lists all files
            files += drawn.result()
        files += _written(name, write, kit, said)
    told("writing", len(formats), len(formats))
    return Outcome(kit, tuple(dict.fromkeys(files)), tuple(said))


def _written(name: str, write: Write, kit: Kit, said: list[str]) -> list[Path]:
    """Write one format. What it could not hold is said; where it fails, by fault of its own, the others go on."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ExportWarning)
        try:
            files = write(kit)
        except OSError:
            raise
        except (UserError, soundfile.LibsndfileError) as error:
            # The latter for samples that libsndfile takes for a header: a slice may begin with those of "wvpk".
            files = []
            said.append(f"{name} was left out: {error}")
        except Exception as error:  # a third party's writer may fail in any way; a bug of ours is raised
            if name in OWN:
                raise
            files = []
            said.append(f"the exporter {name!r} failed: {type(error).__name__}: {error}")
    said += [str(one.message) for one in caught if issubclass(one.category, ExportWarning)]
    return files
