"""What to chop: files, recorded sessions and folders, each opened as samples that can be read from any place.

Uncompressed files and FLAC are read where they are, samples exactly as they stand. What is lossy, damaged or hard to
seek in is decoded once to a wav file in a scratch folder, see offline.chop.decoding.
"""

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile
from numpy.typing import NDArray

from offline.chop import decoding, foreign
from realtime.errors import UserError
from realtime.file_source import open_audio

FOREIGN = ("m4a", "m4b", "aac", "alac", "wma", "wv", "ape", "tta", "mka", "mp4", "mov", "m4v", "mkv", "webm")
AUDIO = frozenset((*foreign.OURS, *FOREIGN, "caf", "mp3"))
"""Endings of the files taken from a folder; a file named by itself may have any."""
EVENTS = "events.jsonl"
SESSION_AUDIO = ("audio.wav", "audio.flac")
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Record:
    """One record, opened.

    source: the file or session folder as the user named it. audio: a lossless file soundfile can seek in: the source
    itself, or its decoded copy. name: the source's, safe as a file name on every system. sample_rate: Hz.
    length: samples per channel that can really be read. subtype: soundfile's word for the sample format of slices
    that hold the same samples ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE").
    warnings: a sentence for everything that was not as it should be.
    """

    source: Path
    audio: Path
    name: str
    sample_rate: int
    channels: int
    length: int
    subtype: str
    warnings: tuple[str, ...] = ()

    def blocks(
        self, block: int, first: int = 0, last: int | None = None, dtype: str = "float32"
    ) -> Iterator[NDArray[Any]]:
        """Read the samples first..last in order: (n, channels) with n = block, less in the last one.

        dtype: "float32" or "float64" (full scale ±1), "int32" (full scale 2**31, exact for all PCM) or "int16".
        Raises ValueError unless block is at least 1 and 0 <= first <= last <= length, UserError if the file has
        changed since it was opened.
        """
        last = self.length if last is None else last
        if block < 1 or not 0 <= first <= last <= self.length:
            raise ValueError(
                f"block must be at least 1 and 0 <= first <= last <= {self.length}, got {block}, {first}, {last}"
            )
        with open_audio(self.audio) as file:
            try:
                file.seek(first)
                while first < last:
                    samples = file.read(min(block, last - first), dtype=dtype, always_2d=True)
                    if not len(samples):
                        break
                    first += len(samples)
                    yield samples
            except soundfile.LibsndfileError:
                pass
        if first < last:
            raise UserError(f"{str(self.source)!r} could be read before and cannot be now: was it changed meanwhile?")


def inputs(paths: Sequence[Path]) -> list[Path]:
    """Find what to chop: files as they are named, a session as its folder, other folders with all below them.

    Of a folder come the audio files by their ending and the sessions, sorted; hidden files and links to folders are
    left out, and so are the kits that were made before. Nothing comes twice. A folder that cannot be listed comes as
    itself, so that opening it tells why. Raises UserError for what is not there, and if nothing is found at all.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not os.path.lexists(path):
            raise UserError(f"there is no file or folder {str(path)!r}")
        for one in _below(path) if path.is_dir() and not is_session(path) else [path]:
            found.setdefault(Path(os.path.realpath(one)), one)
    if not found:
        raise UserError(f"there is no audio in {', '.join(repr(str(path)) for path in paths)}: give audio files")
    return list(found.values())


def _below(folder: Path) -> Iterator[Path]:
    found: list[Path] = []

    def unreadable(error: OSError) -> None:
        found.append(Path(error.filename))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        here = Path(place)
        if is_session(here):
            found.append(here)
            folders.clear()
        elif is_kit(here):
            folders.clear()
        else:
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [here / name for name in files if _is_audio(here / name)]
    return iter(sorted(found))


def _is_audio(path: Path) -> bool:
    # "._x" is what macOS writes beside "x" on disks of other systems: named like audio, and none.
    return not path.name.startswith(".") and path.suffix[1:].lower() in AUDIO and path.is_file()


def is_session(folder: Path) -> bool:
    """Say whether a folder is a recorded session: audio with the log of its events."""
    return (folder / EVENTS).is_file() and any((folder / name).is_file() for name in SESSION_AUDIO)


def is_kit(folder: Path) -> bool:
    """Say whether a folder is a kit that was made before."""
    return (folder / "kit.json").is_file() and (folder / "slices").is_dir()


def open_record(path: Path, scratch: Path) -> Record:
    """Open a file or a session to be chopped; `scratch`, an existing folder, takes its decoded copy if it needs one.

    The copy is a wav file and lives as long as the folder. Raises UserError, in one sentence, for what is not audio
    or beyond what can be chopped (offline.chop.decoding.check); what breaks in the middle counts as far as it can be
    read, with a warning.
    """
    warnings: list[str] = []
    file = _audio_of(path, warnings)
    name = safe_name(_title(path))
    audio, rate, channels, length, subtype = decoding.seekable(file, scratch / f"{name}.wav", warnings)
    return Record(path, audio, name, rate, channels, length, subtype, tuple(warnings))


def _audio_of(path: Path, warnings: list[str]) -> Path:
    if not path.is_dir():
        if path.exists() and not path.is_file():
            # Opening a pipe or a device could wait for ever.
            raise UserError(f"{str(path)!r} is no ordinary file: give an audio file")
        return path
    there = [path / name for name in SESSION_AUDIO if (path / name).is_file()]
    if not there:
        try:
            next(path.iterdir(), None)
        except OSError as error:
            raise UserError(f"the folder {str(path)!r} cannot be read: {error.strerror}") from None
        raise UserError(f"{str(path)!r} is a folder without a recorded session: give an audio file or a session")
    more = sorted(one.name for one in path.glob("audio-*") if one.suffix in (".wav", ".flac"))
    if more:
        warnings.append(
            f"{str(path)!r} goes on in {', '.join(more)}: chop them by themselves; {there[0].name} was used"
        )
    return there[0]


def _title(path: Path) -> str:
    here = path.resolve()
    if here.is_dir():
        return here.name
    return here.parent.name if here.name in SESSION_AUDIO and is_session(here.parent) else here.stem


def safe_name(text: str) -> str:
    """Make a name that every file system and sampler takes: letters, digits, and " ()+,-._'&" inside; never empty."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(char if char.isalnum() or char in " ()+,-._'&" else "_" for char in text)
    text = re.sub(r"\s+", " ", text).strip(" .-_'")[:LONGEST_NAME]
    while len(text.encode()) > 2 * LONGEST_NAME:
        text = text[:-1]
    text = text.strip(" .-_'")
    # Windows keeps these names for devices, with any ending.
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)", text.split(".")[0]):
        text = f"{text}_"
    return text or "record"
