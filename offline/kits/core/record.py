"""What to chop: files, recorded sessions and folders, each opened as samples that can be read from any place.

Uncompressed files and FLAC are read where they are, samples exactly as they stand. What is lossy, damaged or hard to
seek in is decoded once to a wav file in a scratch folder, see samplechop.offline.audio.decode.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio import decode
from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.common.paths import ends_in
from samplechop.offline.kits.core.model import MANIFEST, SLICES
from samplechop.offline.kits.core.naming import safe
from samplechop.offline.kits.core.record_cache import RecordCache, record_cache
from samplechop.realtime.audio.audio_file import open_audio
from samplechop.realtime.audio.ordinary_file import check_regular, is_folder
from samplechop.realtime.core import documents
from samplechop.realtime.core.channels import CHANNELS, Channel
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.plugin import OPENING_SECONDS
from samplechop.realtime.recording.session_folder import LOG, is_session, session_audio, session_of

FOREIGN = ("m4a", "m4b", "aac", "alac", "wma", "wv", "ape", "tta", "mka", "mp4", "mov", "m4v", "mkv", "webm")
KNOWN = ("wav", "wave", "bwf", "rf64", "w64", "flac", "aif", "aiff", "aifc", "au", "snd", "ogg", "oga", "opus")
AUDIO = frozenset((*KNOWN, *FOREIGN, "caf", "mp3"))
"""Endings of the files taken from a folder; a file named by itself may have any."""
_ENDINGS = frozenset(f".{name}" for name in AUDIO)
PHASE_SECONDS = 3.0
"""Of what comes before a part of a record, by which its channels are known to cancel each other or not."""
_MOST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One record, opened.

    source: the file or session folder as the user named it. audio: a lossless file soundfile can seek in: the source
    itself, or its decoded copy. name: the source's, safe as a file name on every system. sample_rate: Hz.
    length: samples per channel that can really be read. subtype: soundfile's word for the sample format of slices
    that hold the same samples ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE").
    warnings: a sentence for everything that was not as it should be. channel: what of stereo is analysed.
    cache: of what is found in it; None where nothing is kept.
    """

    source: Path
    audio: Path
    name: str
    sample_rate: int
    channels: int
    length: int
    subtype: str
    warnings: tuple[str, ...] = ()
    channel: Channel = "auto"
    cache: RecordCache | None = field(default=None, compare=False)

    def with_cache(self, cache: ArrayCache) -> "Record":
        """Give the record so that what is found in it is kept. Raises UserError."""
        (file,) = audio_files(self.source)
        try:
            kept = record_cache(cache, file, self.sample_rate, self.channels, self.length, self.channel)
        except OSError:  # it was opened, and went: what reads it next says so
            return self
        return replace(self, cache=kept)

    def opening(self) -> NDArray[np.float32]:
        """Read what the record begins with, (n, channels): OPENING_SECONDS of it, or all there is."""
        n = min(self.length, round(OPENING_SECONDS * self.sample_rate))
        return next(self.blocks(n, 0, n)) if n else np.zeros((0, self.channels), np.float32)

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
                # libsndfile takes longer to make floats of 16-bit samples than to read them; the values are the same.
                scaled = dtype == "float32" and file.subtype == "PCM_16"
                while first < last:
                    samples = file.read(min(block, last - first), dtype="int16" if scaled else dtype, always_2d=True)
                    if not len(samples):
                        break
                    first += len(samples)
                    yield np.multiply(samples, np.float32(1 / 32_768), dtype=np.float32) if scaled else samples
            except soundfile.LibsndfileError:
                pass
        if first < last:
            raise UserError(f"{str(self.source)!r} could be read before and cannot be now: was it changed meanwhile?")

    def mono(self, block: int, first: int = 0, last: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Read first..last as it is analysed, see Downmix: float32 (n,), n <= block. Raises what `blocks` raises."""
        from samplechop.realtime.dsp.downmix import Downmix  # brings numba, which finding records has no use for

        downmix = Downmix(self.sample_rate, self.channels, block, self.channel)
        before = min(first, round(PHASE_SECONDS * self.sample_rate)) if downmix.follows_phase else 0
        for samples in self.blocks(block, first - before, last):
            mixed = downmix.process(samples)
            if len(mixed) > before:
                yield mixed[before:].copy()
            before = max(0, before - len(mixed))


def inputs(paths: Sequence[Path], kits: bool = False) -> list[Path]:
    """Find what to chop: files as they are named, a session as its folder, other folders with all below them.

    Of a folder come the audio files by their ending and the sessions, sorted; hidden files and links to folders are
    left out, and so are the kits that were made before, unless `kits` says that their folders come too. Nothing comes
    twice. A folder that cannot be listed comes as
    itself, so that opening it tells why. Raises UserError for what is not there, and if nothing is found at all.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not os.path.lexists(path):
            raise UserError(f"there is no file or folder {str(path)!r}")
        for one in _below(path, kits) if path.is_dir() and not is_session(path) else [path]:
            found.setdefault(Path(os.path.realpath(one)), one)
    if not found and (count := finished_kits(paths)):
        raise UserError(
            f"{', '.join(repr(str(path)) for path in paths)} holds nothing but {count} finished "
            f"kit{'s' if count > 1 else ''}, which {'are' if count > 1 else 'is'} not chopped again: give recordings"
        )
    if not found:
        raise UserError(f"there is no audio in {', '.join(repr(str(path)) for path in paths)}: give audio files")
    return list(found.values())


def finished_kits(paths: Sequence[Path]) -> int:
    """Count the kits in folders, which `inputs` passes over."""
    walks = (os.walk(path) for path in paths if path.is_dir() and not is_session(path))
    return sum(is_kit(Path(place)) for walk in walks for place, _, _ in walk)


def _below(folder: Path, kits: bool) -> Iterator[Path]:
    found: list[Path] = []

    def unreadable(error: OSError) -> None:
        found.append(Path(error.filename))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        here = Path(place)
        if is_session(here):
            found.append(here)
            folders.clear()
        elif is_kit(here):
            found += [here] if kits else []
            folders.clear()
        else:
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [here / name for name in files if _is_audio(here / name)]
    return iter(sorted(found))


def _is_audio(path: Path) -> bool:
    return ends_in(path, _ENDINGS) and path.is_file()


def is_kit(folder: Path) -> bool:
    """Say whether a folder is a kit that was made before."""
    return (folder / MANIFEST).is_file() and (folder / SLICES).is_dir()


def open_record(path: Path, scratch: Path, channel: Channel | None = None) -> Record:
    """Open a file or a session to be chopped; `scratch`, an existing folder, takes its decoded copy if it needs one.

    channel: what of stereo is analysed, None for what a session was recorded with, else "auto".
    The copy is a wav file and lives as long as the folder. Raises UserError, in one sentence, for what is not audio
    or beyond what can be chopped (decode.check); what breaks in the middle counts as far as it can be
    read, with a warning.
    """
    (file,) = audio_files(path)
    warnings: list[str] = []
    name = safe(title(path))
    audio, rate, channels, length, subtype = decode.seekable(file, scratch / f"{name}.wav", warnings)
    channel = channel or recorded_channel(path) or "auto"
    return Record(path, audio, name, rate, channels, length, subtype, tuple(warnings), channel)


def recorded_channel(path: Path) -> Channel | None:
    """Give what of stereo was analysed while a session was recorded; None for other files, and where no log says."""
    folder = session_of(path)
    if folder is None:
        return None
    try:
        with documents.open_regular(folder / LOG, follow_links=False) as file:
            first = documents.parse_json(file.readline(_MOST_LINE))
    except (OSError, ValueError):
        return None
    match first:
        case {"settings": {"channel": str(channel)}} if channel in CHANNELS:
            return cast(Channel, channel)
    return None


def audio_files(path: Path) -> list[Path]:
    """Give the file itself, or the audio of a session.

    Raises UserError as check_regular does, and for folders that are no session.
    """
    if not is_folder(path):
        check_regular(path)
        return [path]
    try:
        next(path.iterdir(), None)  # only this tells of a folder that may not be read
        audio = session_audio(path)
    except OSError as error:
        raise UserError(f"the folder {str(path)!r} cannot be read: {reason_of(error)}") from None
    if audio is None:
        raise UserError(f"{str(path)!r} is a folder without a recorded session: give an audio file or a session")
    return [audio]


def title(path: Path) -> str:
    """Give a record's name as people know it: the file's without its ending, or the session folder's."""
    here = path.absolute()
    if path.is_dir():
        return path.resolve().name
    session = session_of(here)
    return here.stem if session is None else session.name
