"""Names of slices and records: filled into a template, unique, and safe as file names on every system.

A safe name is made of letters and digits, A-Z a-z 0-9 and those of scripts that ASCII has nothing for, and of "_" "-"
".". It neither begins nor ends with a sign, is no device of Windows, is in Unicode's form NFC, and is short enough for
every file system with a folder and an ending around it.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import sha256
from string import Formatter

from samplechop.offline.kits.core.model import NOTES, Content, Guess
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.ui.formatting import pad_name

FIELDS = ("number", "time", "key", "bpm", "strength", "note", "pad", "record", "chord", "drums", "name")
"""What a template may name."""
NO_CHORD, NO_DRUM = "nochord", "nodrum"
"""What stands for a slice that has none, so that the names of a kit have the same parts."""
LONGEST = 100
"""Bytes of a name, in UTF-8: encrypted folders hold 143, Windows 260 with the whole path."""
LONGEST_RECORD = 60
"""Bytes of a record's name, in UTF-8, which stands in names of folders, and of files with more beside it."""

_SIGNS = "_-."
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
    | {"ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "♯": "s", "♭": "b", "&": "and", "#": "s"}
)
"""Letters that Unicode does not take apart, and signs that mean something."""
# Windows reserves them whatever ending follows: docs.microsoft.com, "Naming Files, Paths, and Namespaces".
_DEVICES = re.compile(r"(con|prn|aux|nul|conin|conout|clock|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)

Parts = list[tuple[str, str | None]]


def safe(text: str) -> str:
    """Make any text a safe name of 1..LONGEST_RECORD bytes; Latin letters lose accents, signs become "_".

    A text of which nothing remains becomes "record-" and a mark of its own, so that ♥ and ♦ stay two names; apart from
    that, two texts can get one name.
    """
    mark = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return _ended(_clean(text), LONGEST_RECORD) or (f"record-{mark[:8]}" if text else "record")


def parse(template: str) -> Parts:
    """Take a template such as "{number}_{key}" apart: (text before, field) in order, the last field None.

    Raises UserError for anything but text and {field}s of FIELDS.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise UserError(
            f"--template {template!r} cannot be read ({error}): write fields as {{number}}, braces as {{{{ and }}}}"
        ) from None
    for text, field, form, conversion in parts:
        if field is not None and (field not in FIELDS or form or conversion):
            shown = field + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            raise UserError(
                f"--template {template!r}: there is no field {f'{{{shown}}}'!r}; "
                f"there are {', '.join(f'{{{name}}}' for name in FIELDS)}"
            )
        if "/" in text or "\\" in text:
            raise UserError(f"--template {template!r}: a name cannot hold / or \\, all slices lie in one folder")
    return [(text, field) for text, field, _, _ in parts]


def pad_number(note: int, start_note: int) -> int:
    """Give the number of a pad, from 1. note: its MIDI note. start_note: of the first pad; lower ones are the last."""
    return note - start_note + 1 if note >= start_note else NOTES - note


def names(
    template: str,
    starts: Sequence[int],
    strengths: Sequence[float],
    notes: Sequence[int],
    sample_rate: int,
    length: int,
    record: str = "",
    tempi: Sequence[float] = (),
    key: Guess | None = None,
    contents: Sequence[Content] = (),
    titles: Sequence[str] = (),
    start_note: int = 36,
) -> list[str]:
    """Name the slices of a record: safe, and no two alike even where case does not count.

    starts: samples at sample_rate Hz, strengths: 0..1, notes: MIDI, one of each for every slice, in order of time.
    start_note: MIDI, of the first pad: the number of a slice is that of its pad, so that files lie in the pads' order.
    length: samples of the record; longer ones get more digits for minutes, so that names sort by time.
    tempi: beats per minute, of the slices, for {bpm}; () where none is clear.
    contents: of the slices, for {chord} ("Am7") and {drums} (the strongest one); () where nothing is known of them.
    titles: what slices were called before, for {name}; () where they were nothing.

    A field of which nothing is known (key, bpm, pad, record, name) goes, with the sign before it; a slice without a
    chord or drum has NO_CHORD, NO_DRUM. The same slices of the same record get the same names. Raises UserError for a
    template `parse` refuses.
    """
    parts = parse(template)
    minutes = len(str(length // sample_rate // 60))
    numbers = [pad_number(note, start_note) for note in notes]
    digits = max(2, len(str(max(numbers, default=1))))
    shared = {
        "key": _key(key),
        "record": safe(record) if record else "",
    }
    given: list[str] = []
    taken: set[str] = set()
    for index, (start, strength, note) in enumerate(zip(starts, strengths, notes, strict=True)):
        values = shared | {
            "number": f"{numbers[index]:0{digits}d}",
            "bpm": f"{round(tempi[index])}bpm" if tempi else "",
            "time": _time(start, sample_rate, minutes),
            "strength": f"{min(strength, 0.99):.2f}"[2:],
            "note": str(note),
            "pad": pad_name(note),
            "chord": (_clean(contents[index].chord_name) or NO_CHORD) if contents else "",
            "drums": (contents[index].drum or NO_DRUM) if contents else "",
            "name": safe(titles[index]) if titles and titles[index] else "",
        }
        given.append(_unused(_filled(parts, values) or values["number"], taken))
        taken.add(given[-1].casefold())
    return given


def _filled(parts: Parts, values: Mapping[str, str]) -> str:
    """Fill in the values; where one is "", what separates it from its neighbours counts once."""
    name, missing = "", False
    for text, field in parts:
        text = _clean(text)
        if missing:
            # Of "a_" + nothing + "_b" one sign is left, of "" + nothing + "_b" none.
            name = name.rstrip(_SIGNS)
            text = text if name else text.lstrip(_SIGNS)
        name += text
        if field is not None:
            missing = not values[field]
            name += values[field]
        else:
            missing = False
    return _ended(_once(name), LONGEST)


def _clean(text: str) -> str:
    """Write in letters, digits and signs; anything else, however long, becomes one "_"."""
    if text.isascii():  # as most names are; the same, at once
        return _once(re.sub(r"[^A-Za-z0-9_.-]", "_", text.translate(_LETTERS)))
    kept = ""
    for char in unicodedata.normalize("NFC", text).translate(_LETTERS):
        parts = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
        if not parts and (not kept or kept[-1].isascii()):
            continue  # an accent of a Latin letter; those of other scripts are part of how a word is spelt
        # "é" is "e" and "Ｃ" is "C"; of "夜", "が" and "й" ASCII has nothing.
        foreign = not any(part.isascii() and part.isalnum() for part in parts)
        kept += char if foreign and unicodedata.category(char)[0] in "LMN" else re.sub(r"[^A-Za-z0-9_.-]", "_", parts)
    return _once(unicodedata.normalize("NFC", kept))


def _once(text: str) -> str:
    return re.sub(r"_{2,}", "_", text)


def _ended(name: str, longest: int) -> str:
    """Cut to length, without signs at the ends, and past the names of devices."""
    name = name.strip(_SIGNS)
    if device := _DEVICES.match(name):
        name = f"{device[0]}-record{name[device.end() :]}"
    return shortened(name, longest).rstrip(_SIGNS)


def shortened(text: str, longest: int) -> str:
    """Cut a text to so many bytes of UTF-8, between two characters."""
    return text.encode()[:longest].decode(errors="ignore")


def _unused(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{shortened(name, LONGEST - len(str(number)) - 1).rstrip(_SIGNS)}_{number}"
    return candidate


def _time(sample: int, sample_rate: int, digits: int) -> str:
    """Write 1m02.345, rounded to thousandths as on the screen."""
    seconds, thousandths = divmod(round(sample * 1000 / sample_rate), 1000)
    return f"{seconds // 60:0{digits}d}m{seconds % 60:02d}.{thousandths:03d}"


def _key(key: Guess | None) -> str:
    """Write "F# minor" as Fsm: # begins a comment or a definition in too many formats. One that is not clear goes."""
    if key is None or key.other:
        return ""
    tonic, _, mode = key.value.partition(" ")
    return _clean(tonic) + ("m" if mode == "minor" else "")
