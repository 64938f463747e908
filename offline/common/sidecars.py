"""Files that lie beside a recording and are called as it is but for the ending: labels, references, descriptions."""

import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def beside(audio: Path, endings: Iterable[str]) -> Path | None:
    """Find the first file beside a recording that is called as it is but for the ending; None if there is none.

    Names that differ only in their Unicode normal form are one: macOS takes accents apart, other systems do not.
    """
    listed: dict[str, Path] = {}
    if not audio.stem.isascii():
        with suppress(OSError):  # a folder that may be entered but not listed
            listed = {unicodedata.normalize("NFC", path.name): path for path in sorted(audio.parent.iterdir())}
    for ending in endings:
        path = audio.with_name(audio.stem + ending)
        for one in (path, listed.get(unicodedata.normalize("NFC", path.name))):
            with suppress(OSError):  # a name that is too long
                if one is not None and one.is_file():
                    return one
    return None
