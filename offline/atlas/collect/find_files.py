"""What may become sounds: audio files, recorded sessions, and the slices of kits, each with its name, label and pack.

An alignment belongs to the recording of its name, or the only one to the only one.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from samplechop.offline.atlas.collect import segmentation
from samplechop.offline.atlas.collect.segmentation import Segment
from samplechop.offline.atlas.files import STATE
from samplechop.offline.common.paths import inside
from samplechop.offline.kits.core.model import MANIFEST
from samplechop.offline.kits.core.record import audio_files, inputs, is_kit, title
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be looked at. path: the file or session. file: its audio, absolute, all links followed.

    size: bytes. mtime_ns: when it was changed. name: for people. label: first word of the name. pack: folder or kit.
    reason: why it cannot be used, where that is known already, or "". segments: words or phones, where these cut it.
    """

    path: Path
    file: str
    size: int
    mtime_ns: int
    name: str
    label: str
    pack: str
    reason: str = ""
    segments: tuple[Segment, ...] | None = None


def label_of(name: str) -> str:
    """Give the first word of a name in lower case: the letters before a digit, a space, "_" or "-"; "" without letters.

    What comes before the first letter is passed over, so that "01_Kick_hard" is a "kick", too.
    """
    word = _WORD.search(name)
    return word[0].lower() if word else ""


def find(paths: Sequence[Path]) -> list[Item]:
    """Find what there is, in the order of the inputs and then of names; no file twice, and nothing of an atlas.

    Raises UserError as samplechop.offline.kits.core.record.inputs does.
    """
    found: dict[str, Item] = {}
    in_atlas = cache(_in_atlas)
    for path in inputs(paths, kits=True):
        if not in_atlas(path.absolute().parent):
            for item in _slices(path) if is_kit(path) else [_single(path)]:
                found.setdefault(item.file, item)
    if not found:
        raise UserError(f"there is no audio in {', '.join(repr(str(path)) for path in paths)}: give audio files")
    return list(found.values())


def _in_atlas(folder: Path) -> bool:
    return any((place / STATE).is_file() for place in (folder, *folder.parents))


def _single(path: Path) -> Item:
    return _item(path, path.absolute().parent.name, title(path), label_of(title(path)))


def _item(path: Path, pack: str, name: str, label: str) -> Item:
    try:
        (audio,) = audio_files(path)
        file = os.path.realpath(audio)
        f"{file}{path.absolute()}".encode()
        facts = Path(file).stat()
    except UserError as error:
        reason = str(error)
    except UnicodeEncodeError:
        reason = f"the folder of {str(path)!r} has a name that is not UTF-8: rename it"
    except OSError as error:
        reason = f"{str(path)!r} cannot be read ({reason_of(error)})"
    else:
        return Item(path, file, facts.st_size, facts.st_mtime_ns, name, label, pack)
    # A name that is no text can be written like this only.
    file = os.path.realpath(path).encode("utf-8", "backslashreplace").decode()
    return Item(path, file, 0, 0, name, label, pack, reason)


def _slices(kit: Path) -> Iterator[Item]:
    """Give the slices of a kit; their label is the strongest drum in them, where one is known."""
    path = kit / MANIFEST
    try:
        manifest = documents.read_json(path, follow_links=False)
        parts = [
            (inside(kit, part["file"]), (part.get("content") or {}).get("drum") or "") for part in manifest["slices"]
        ]
        name = str(manifest["name"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        reason = f"{str(path)!r} is damaged: chop the record again"
        yield replace(_item(path, kit.name, kit.name, ""), reason=reason)
        return
    for file, drum in parts:
        yield _item(file, name, f"{name}_{file.stem}", str(drum))


def match_alignments(items: Sequence[Item], alignments: Sequence[Path], unit: str) -> list[Item]:
    """Give the recordings with the words or phones in them; those without an alignment get that as the reason.

    alignments: files, or folders of them, whose other files are passed over. unit: "phone" or "word".
    Raises UserError as speech_alignment.read does, and for an alignment without a recording.
    """
    if unit not in segmentation.UNITS:
        raise UserError(f"--unit must be one of {', '.join(segmentation.UNITS)}, got {unit!r}")
    files = [file for path in alignments for file in _alignment_files(path)]
    if len(items) == len(files) == 1:
        return [replace(items[0], segments=tuple(segmentation.read_alignment(files[0], unit)))]
    by_name = {file.stem: file for file in files}
    for file in files:
        if by_name[file.stem] != file:
            raise UserError(f"{str(by_name[file.stem])!r} and {str(file)!r} have one name: give one of them")
    names = {item.path.stem for item in items}
    for name, file in by_name.items():
        if name not in names:
            raise UserError(f"no recording is named like the alignment {str(file)!r}: give the one that is aligned")
    return [
        replace(item, segments=tuple(segmentation.read_alignment(by_name[item.path.stem], unit)))
        if item.path.stem in by_name
        else replace(item, reason=item.reason or f"{str(item.path)!r} has no alignment of its name")
        for item in items
    ]


def _alignment_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in segmentation.ENDINGS and file.is_file())
    if not files:
        raise UserError(f"there is no alignment in {str(path)!r}: {', '.join(segmentation.ENDINGS)} are taken")
    return files
