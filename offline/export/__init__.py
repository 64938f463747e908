"""Writers of kits: FORMATS says which function writes which format.

A writer is a function `write(kit: Kit) -> list[Path]`: it writes its files below `kit.folder`, where nothing but
`slices/` with the kit's slices and files of other formats lie, and returns their paths. It prints nothing. It raises
UserError, in one sentence, for a kit the format cannot hold at all; what it cannot hold in full (too many slices, too
long) it leaves out and says so by `warn`. The same kit gives the same bytes.

Third parties add writers under the entry point group `samplechop.exporters`: NAME = "package.module:write".
"""

import math
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import BLOCK, FLOATS, mixed
from samplechop.offline.export.xml_text import indented
from samplechop.offline.kits.core.model import SLICES, Kit, Slice
from samplechop.realtime.core.errors import UserError, close_word
from samplechop.realtime.core.plug_ins import plug_ins

GROUP = "samplechop.exporters"

Write = Callable[[Kit], list[Path]]


class ExportWarning(UserWarning):
    """A kit was written, but the format could not hold all of it."""


def warn(text: str) -> None:
    """Say what a format cannot hold of a kit."""
    warnings.warn(text, ExportWarning, stacklevel=3)


@dataclass(frozen=True, slots=True)
class Format:
    """A format we write.

    name: for --formats. opens_in: programs and devices that read it. place: module here and function.
    default: whether it is written unless --formats says otherwise. Those are that need no more room than the slices,
    and the MPC's, whose samples lie beside its program. The others copy the slices or the whole record once more.
    """

    name: str
    opens_in: str
    place: str
    default: bool = False


FORMATS: tuple[Format, ...] = (
    Format("cues", "any editor, the MPC's chop mode: the whole record as wav with cue points", "record:write"),
    Format("sfz", "sforzando, sfizz, LinuxSampler, Bitwig, FL Studio", "samplers:write_sfz", default=True),
    Format("decentsampler", "DecentSampler", "samplers:write_decent_sampler", default=True),
    Format("bitwig", "Bitwig Studio, as a multisample", "samplers:write_bitwig"),
    Format("hydrogen", "Hydrogen, as a drum kit", "samplers:write_hydrogen"),
    Format("midi", "any DAW: notes that play the slices at their places", "timelines:write_midi", default=True),
    Format("audacity", "Audacity, as a label track", "timelines:write_audacity", default=True),
    Format("mpc", "Akai MPC, as a drum program", "mpc:write", default=True),
    Format("ableton", "Ableton Live, as a Drum Rack", "ableton:write", default=True),
    Format("dawproject", "Bitwig Studio, Studio One, Cubase", "timelines:write_dawproject"),
    Format("reaper", "Reaper, as a project with regions", "timelines:write_reaper"),
    Format("op1", "Teenage Engineering OP-1 and OP-Z, as a drum sample", "op1:write"),
    Format("octatrack", "Elektron Octatrack, as a sliced sample", "octatrack:write"),
    Format("json", "programs: everything about the kit", "manifest:write", default=True),
)
"""All formats, in the order they are written."""
OWN = {format.name: format for format in FORMATS}


SLICES_FORMAT = "wav"
"""What --formats calls the slices themselves: every kit has them, no writer makes them."""
MANIFEST_FORMAT = "json"
"""Every kit has its manifest, and it is written last, as it lists all the others."""
TAKE_SLICES = {
    "sp404": "an SP-404",
    "koala": "Koala",
    "digitakt": "a Digitakt",
    "maschine": "Maschine",
    "battery": "Battery",
    "exs": "Logic's sampler",
    "kontakt": "Kontakt",
    "serato": "Serato Sample",
}
"""What is asked for as a format and takes the slices as they are."""
ALL, DEFAULT = "all", "default"
"""What --formats takes for all there are, and for those that are written by default."""


def writers(names: Sequence[str] = (DEFAULT,)) -> dict[str, Write]:
    """Find the writers of the formats named, in the order they are to be called. ALL and DEFAULT stand for several.

    Those of third parties are among the default ones: who installs one wants it. Raises UserError for a name nobody
    knows, and for a writer of a third party that cannot be loaded.
    """
    plugged = _plugged()
    several = {ALL: [*OWN, *plugged], DEFAULT: [name for name in (*OWN, *plugged) if _is_default(name)]}
    known = [SLICES_FORMAT, *OWN, *plugged]
    wanted: list[str] = []
    for name in names:
        if name not in known and name not in several:
            there = [*known, *several]
            asked = name.casefold().replace("-", "").replace("_", "")
            if taker := next((taker for start, taker in TAKE_SLICES.items() if asked.startswith(start)), ""):
                raise UserError(
                    f"{name!r} needs no format: {taker} takes the wavs of the kit's folder {SLICES}/ as they are, drag "
                    f"or copy them there; --formats {SLICES_FORMAT} writes no other"
                )
            raise UserError(f"there is no format {name!r}{close_word(name, there)}; there are {', '.join(there)}")
        wanted += several.get(name, [name])
    ordered = [name for name in dict.fromkeys(wanted) if name not in (SLICES_FORMAT, MANIFEST_FORMAT)]
    return {name: _load(name, plugged) for name in [*ordered, MANIFEST_FORMAT]}


def summary(names: Sequence[str]) -> str:
    """Say which formats were written, and how to get the rest. names: those written, but for the slices."""
    written = [SLICES_FORMAT, *names]
    left = [name for name in (*OWN, *_plugged()) if name not in written]
    more = f"; --formats {ALL} also writes {', '.join(left)}" if left else ""
    return f"formats: {', '.join(written)}{more}"


def _plugged() -> dict[str, EntryPoint]:
    return {point.name: point for point in plug_ins(GROUP) if point.name not in OWN}


def _is_default(name: str) -> bool:
    return name not in OWN or OWN[name].default


def _load(name: str, plugged: Mapping[str, EntryPoint]) -> Write:
    if name in OWN:
        module, _, function = OWN[name].place.partition(":")
        write: Write = getattr(import_module(f"samplechop.offline.export.{module}"), function)
        return write
    try:
        loaded: Write = plugged[name].load()
    except Exception as error:  # importing a third party's module runs its code, which may fail in any way
        raise UserError(f"the exporter {name!r} of {plugged[name].value!r} cannot be loaded: {error}") from None
    return loaded


PEAK_DBFS = -0.3
"""Of a kit that is over full scale, where it is written in whole numbers; room for what resampling on playback adds."""


def factor_to_fit(
    kit: Kit, parts: Sequence[Slice], name: str, written: Callable[[], Iterable[NDArray[np.float64]]]
) -> float:
    """Find the factor for all samples of a format that holds nothing over full scale, and say so by `warn`.

    parts: the slices that are written. name: of the format. written: gives anew the samples it would hold, floats of
    full scale ±1. It is 1 unless a slice is over full scale: one factor for all keeps their balance.
    """
    if kit.subtype not in FLOATS or _peak(slice_blocks(kit, parts, kit.slice_channels)) <= 1.0:
        return 1.0
    highest = _peak(written())
    if highest <= 1.0:
        return 1.0
    factor = float(10 ** (PEAK_DBFS / 20)) / highest
    warnings.warn(
        f"{name}: the slices are up to {20 * math.log10(highest):.1f} dB over full scale, which it cannot hold, so all "
        f"are {-20 * math.log10(factor):.1f} dB quieter there, and as they were in {SLICES}/: turn them up there, "
        "or record with less gain",
        ExportWarning,
        stacklevel=3,
    )
    return factor


def _peak(blocks: Iterable[NDArray[np.float64]]) -> float:
    return max((float(np.abs(samples).max(initial=0.0)) for samples in blocks), default=0.0)


def slice_blocks(kit: Kit, parts: Iterable[Slice], channels: int) -> Iterator[NDArray[np.float64]]:
    """Give slices as one stream of blocks (n, channels), float64 so that 24 bits pass unchanged; see `mixed`."""
    for part in parts:
        for samples in soundfile.blocks(kit.path(part), BLOCK, dtype="float64", always_2d=True):
            yield mixed(samples, channels, kit.channel if channels == 1 else "mix")


def plain(text: str) -> str:
    """Give one line that UTF-8 and XML 1.0 can hold; what they cannot, and what breaks lines, becomes a space."""
    broken = {char for char in text if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in "\ufffe\uffff"}
    return " ".join("".join(" " if char in broken else char for char in text).split())


def credit(kit: Kit) -> str:
    """Say in a line what the kit is made of."""
    known = [f"{guess.value}{unit}" for guess, unit in ((kit.tempo, " BPM"), (kit.key, "")) if guess is not None]
    return f"chops of {', '.join([plain(kit.source.name), *known])}, made by samplechop"


def template(name: str) -> ET.Element:
    """Read one of the documents beside this module, which are filled in."""
    return ET.fromstring(files("samplechop.offline.export").joinpath(name).read_bytes())


def xml_find(root: ET.Element, place: str) -> ET.Element:
    """Give the first element at a place such as "Program/Instruments". Raises ValueError if there is none."""
    found = root.find(place)
    if found is None:
        raise ValueError(f"the document must have {place}, got none")
    return found


def xml_children(element: ET.Element, values: Mapping[str, object]) -> None:
    """Add an element with a text for each of the values."""
    for tag, value in values.items():
        ET.SubElement(element, tag).text = str(value)


def xml_bytes(root: ET.Element) -> bytes:
    """Give the document: UTF-8, indented, with the declaration that every reader knows."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{indented(root)}\n'.encode(errors="xmlcharrefreplace")


def zip_member(name: str) -> zipfile.ZipInfo:
    """Give a file of a zip, dated to the beginning of time there: the same kit gives the same bytes."""
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.create_system, member.external_attr = 3, 0o644 << 16  # Unix, and readable by all there
    return member
