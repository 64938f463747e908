"""Which alignment belongs to which recording: the only one to the only one, else those of one name."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from samplechop.offline.atlas.collect import speech_alignment
from samplechop.offline.atlas.collect.find_files import Item
from samplechop.realtime.core.errors import UserError


def matched(items: Sequence[Item], alignments: Sequence[Path], unit: str) -> list[Item]:
    """Give the recordings with what is said in them; those without an alignment get that as the reason.

    alignments: files, or folders of them, whose other files are passed over. unit: "phone" or "word".
    Raises UserError as speech_alignment.read does, and for an alignment without a recording.
    """
    if unit not in speech_alignment.UNITS:
        raise UserError(f"--unit must be one of {', '.join(speech_alignment.UNITS)}, got {unit!r}")
    files = [file for path in alignments for file in _files(path)]
    if len(items) == len(files) == 1:
        return [replace(items[0], said=tuple(speech_alignment.read(files[0], unit)))]
    by_name = {file.stem: file for file in files}
    for file in files:
        if by_name[file.stem] != file:
            raise UserError(f"{str(by_name[file.stem])!r} and {str(file)!r} have one name: give one of them")
    names = {item.path.stem for item in items}
    for name, file in by_name.items():
        if name not in names:
            raise UserError(f"no recording is named like the alignment {str(file)!r}: give the one that is aligned")
    return [
        replace(item, said=tuple(speech_alignment.read(by_name[item.path.stem], unit)))
        if item.path.stem in by_name
        else replace(item, reason=item.reason or f"{str(item.path)!r} has no alignment of its name")
        for item in items
    ]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(
        file for file in path.iterdir() if file.suffix.lower() in speech_alignment.ENDINGS and file.is_file()
    )
    if not files:
        raise UserError(f"there is no alignment in {str(path)!r}: {', '.join(speech_alignment.ENDINGS)} are taken")
    return files
