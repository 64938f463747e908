"""Where a long recording is cut into sounds: at its chops, between minima of its loudness, or by aligned speech.

Of speech, when each word or phone is spoken is read as three programs write it:

    Gentle (JSON)             words with start and end, and the durations of their phones
    CMU Sphinx (text)         pocketsphinx_continuous -time yes: word, first and last frame in seconds, confidence;
                              with -allphone they are phones. Version 5 writes JSON, a line an utterance; with
                              -phone_align yes it has the phones, too
    Praat (TextGrid)          long or short, UTF-8 or UTF-16; also what the Montreal Forced Aligner and MAUS write

What is no speech (silence, noise, fillers, what was not found) is left out.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.kits.core.record import Record
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, install_extra, reason_of

Unit = Literal["phone", "word"]
UNITS: tuple[str, ...] = get_args(Unit)
ENDINGS = (".json", ".txt", ".textgrid")
"""Of the files taken from a folder."""
LONGEST = 1e7
"""Seconds: no recording is longer."""
FRAME_SECONDS = 0.01
"""Of CMU Sphinx, whose last frame of a word still belongs to it."""
_FILLER = re.compile(r"<.*>|\[.*\]|\+.*\+|\{.*\}|\(null\)|sil|sp|spn|oov|pau|h#|#|", re.IGNORECASE)
_STRESSED = re.compile(r"([A-Za-z]{2})[012]")
_TIERS = {"phone": re.compile(r"phon|segment|^mau$", re.IGNORECASE), "word": re.compile(r"word|^ort", re.IGNORECASE)}
_VOWELS = "aa ae ah ao aw ay eh er ey ih iy ow oy uh uw"
_CONSONANTS = "b ch d dh f g hh jh k l m n ng p r s sh t th v w y z zh"
_ARPABET = frozenset(f"{_VOWELS} {_CONSONANTS}".split())


@dataclass(frozen=True, slots=True)
class Segment:
    """A word or phone. start, stop: seconds. label: in lower case."""

    start: float
    stop: float
    label: str


def read_alignment(path: Path, unit: str) -> list[Segment]:
    """Read the words or phones of a file, in order of time; the format is recognised by its content.

    Raises UserError, naming the file and where in it, for anything but one of the formats, and if there is no speech.
    """
    try:
        data = documents.read_bytes(path).removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise UserError(f"the alignment {str(path)!r} cannot be read ({reason_of(error)})") from None
    except ValueError as error:
        raise UserError(f"the alignment {str(path)!r} cannot be read: {error}") from None
    try:
        if data.startswith(b'{"b":'):
            lines = enumerate(data.splitlines(), 1)
            segments = [each for number, line in lines for each in _utterance(path, number, line, unit)]
        elif data.lstrip()[:1] in (b"{", b"["):
            segments = _gentle(path, data, unit)
        elif data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"ooTextFile" in data[:100]:
            segments = _praat(path, unit)
        else:
            segments = _sphinx(path, data, unit)
    except UnicodeDecodeError as error:
        raise UserError(f"{str(path)!r} is no text in UTF-8 ({error.reason} at byte {error.start})") from None
    wrong = next((each for each in segments if not (0 <= each.start < LONGEST and abs(each.stop) < LONGEST)), None)
    if wrong is not None:
        raise UserError(
            f"{str(path)!r}: {wrong.label!r} is from {wrong.start:g} to {wrong.stop:g} s, beyond any recording"
        )
    kept = sorted((each for each in segments if each.stop > each.start), key=lambda each: each.start)
    if not kept:
        raise UserError(f"the alignment {str(path)!r} holds no {unit}: give the output of an aligner")
    return kept


def _label(text: str) -> str:
    """Give a word or phone as a label, "" for what is no speech."""
    text = text.strip()
    return "" if _FILLER.fullmatch(text) else text.lower()


def _gentle(path: Path, data: bytes, unit: str) -> list[Segment]:
    try:
        words = documents.parse_json(data)["words"]
        return [segment for number, word in enumerate(words, 1) for segment in _gentle_word(path, number, word, unit)]
    except json.JSONDecodeError as error:
        raise UserError(f"{str(path)!r}, line {error.lineno}: this is no JSON ({error.msg})") from None
    except ValueError as error:
        raise UserError(f"{str(path)!r} is no alignment by Gentle: {error}") from None
    except (LookupError, TypeError):
        raise UserError(f"{str(path)!r} is no alignment by Gentle: it has no list of words") from None


def _gentle_word(path: Path, number: int, word: Any, unit: str) -> Iterator[Segment]:
    try:
        if word["case"] != "success":
            return
        start, stop = float(word["start"]), float(word["end"])
        if unit == "word":
            yield from _segment(start, stop, str(word["word"]))
            return
        for phone in word["phones"]:
            stop = start + float(phone["duration"])
            # "dh_B": where in the word it stands is no part of the sound.
            yield from _segment(start, stop, re.sub(r"_[BIES]$", "", str(phone["phone"])))
            start = stop
    except (LookupError, TypeError, ValueError) as error:
        raise UserError(f"{str(path)!r}, word {number}: it is not as Gentle writes it ({error!r})") from None


def _segment(start: float, stop: float, text: str) -> Iterator[Segment]:
    if label := _label(text):
        yield Segment(start, stop, label)


def _utterance(path: Path, number: int, line: bytes, unit: str) -> Iterator[Segment]:
    """Read a line of CMU Sphinx 5: beginning, duration, text, and words of an utterance, of which each has phones."""
    try:
        words = documents.parse_json(line)["w"] if line.strip() else []
        for each in words if unit == "word" else [phone for word in words for phone in word.get("w", [])]:
            start = float(each["b"])
            yield from _segment(start, start + float(each["d"]), _without_variant(str(each["t"])))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{str(path)!r}, line {number}: it is not as CMU Sphinx writes it ({error!r})") from None


def _without_variant(word: str) -> str:
    """Give a word without the number of its pronunciation: "the(2)" is another way to say "the"."""
    return re.sub(r"\(\d+\)$", "", word)


def _sphinx(path: Path, data: bytes, unit: str) -> list[Segment]:
    lines = data.decode().splitlines()
    found: list[tuple[int, Segment]] = []
    for number, line in enumerate(lines, 1):
        cells = line.split()
        # Between them stand sentences, and messages of the program.
        if len(cells) not in (3, 4) or _number(cells[1]) is None:
            continue
        times = [_number(cell) for cell in cells[1:]]
        start, last = times[0], times[1]
        if None in times or start is None or last is None or last < start or start < 0:
            raise UserError(f"{str(path)!r}, line {number}: a word, its start and its end must stand here: {line!r}")
        found.append((number, Segment(start, last + FRAME_SECONDS, _without_variant(cells[0]))))
    for (_, before), (number, segment) in pairwise(found):
        if segment.start < before.start:
            raise UserError(
                f"{str(path)!r}, line {number}: time goes back from {before.start:g} to {segment.start:g} s: "
                f"give the output for one recording"
            )
    if not found:
        raise UserError(f"{str(path)!r}, line 1: this is neither Gentle's JSON, a TextGrid, nor Sphinx's -time yes")
    segments = [Segment(each.start, each.stop, label) for _, each in found if (label := _label(each.label))]
    if unit == "phone" and not all(each.label in _ARPABET for each in segments):
        raise UserError(f"{str(path)!r} holds words only: use --unit word, or run Sphinx with -allphone")
    return segments


def _number(cell: str) -> float | None:
    return float(cell) if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) else None


def _praat(path: Path, unit: str) -> list[Segment]:
    try:
        from praatio import textgrid
        from praatio.utilities.errors import PraatioException
    except ImportError:
        raise UserError(f"TextGrids need praatio, which is not installed: {install_extra('atlas')}") from None
    try:
        grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False, reportingMode="silence")
    except (PraatioException, ValueError, LookupError, ArithmeticError, AssertionError) as error:
        raise UserError(f"{str(path)!r} is no TextGrid that can be read ({error}): save it again with Praat") from None
    tiers = [tier for tier in grid.tiers if isinstance(tier, textgrid.IntervalTier)]
    wanted = [tier for tier in tiers if _TIERS[unit].search(tier.name)]
    if not wanted:
        names = ", ".join(repr(tier.name) for tier in tiers) or "none"
        raise UserError(f"{str(path)!r} has no tier of {unit}s (its tiers: {names}): name one {unit + 's'!r}")
    return [
        Segment(float(entry.start), float(entry.end), label)
        for tier in wanted
        for entry in tier.entries
        if (label := _STRESSED.sub(r"\1", _label(entry.label)) if unit == "phone" else _label(entry.label))
    ]


Span = tuple[int, int]
"""Samples of the record, the second is one past the last."""
HOP_SECONDS = 0.01
"""Loudness is measured this often."""
SMOOTH_SECONDS, SLOW_SECONDS = 0.03, 1.0
"""Widths, as standard deviations of a bell curve: of the outline of loudness, and of the average it is levelled by."""
DEEP_DB = 3.0
"""How far loudness must fall, and rise again, for a minimum to part two pieces."""
SHORTEST_SECONDS = 0.03
"""Of a piece."""
_FLOOR_DB = -80.0


def by_chops(record: Record, max_seconds: float) -> list[Span]:
    """Cut everything at every place where the chop engine would, in order of time; longer pieces end after max_seconds.

    Raises UserError for a model that cannot be used.
    """
    from samplechop.models import ModelError
    from samplechop.offline.kits import boundaries
    from samplechop.offline.kits.analysis import candidates
    from samplechop.offline.kits.core.options import ChopOptions

    options = ChopOptions(until="chosen", max_length=max_seconds)
    rate, length = record.sample_rate, record.length
    try:
        found = candidates.find(record, options, 0, length).candidates
    except ModelError as error:
        raise UserError(str(error)) from None
    places, _ = boundaries.with_fixed(found, options, rate, 0, length)
    spans = [(piece.start, piece.stop) for piece in boundaries.pieces(places, places, options, rate, length)]
    return [(start, stop) for start, stop in spans if stop - start >= SHORTEST_SECONDS * rate]


def by_energy(record: Record, max_seconds: float, share: float) -> list[Span]:
    """Cut before the attacks that follow minima of the levelled loudness; give the best pieces, in order of time.

    Loudness in dB is levelled by its own slow average, so that quiet passages have their pieces, too. The best are
    those that stand out of their surroundings most, by their loudest moment, until they take `share` of the record.
    Longer ones end after max_seconds.
    """
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    hop = max(1, round(HOP_SECONDS * record.sample_rate))
    level = np.concatenate(list(_levels(record, hop)))
    per_second = record.sample_rate / hop
    outline, average = (gaussian_filter1d(level, width * per_second) for width in (SMOOTH_SECONDS, SLOW_SECONDS))
    levelled = outline - average
    shortest = max(1, round(SHORTEST_SECONDS * per_second))
    minima, _ = find_peaks(-levelled, prominence=DEEP_DB, distance=shortest)
    lows = [_before_attack(level, levelled, low, high) for low, high in pairwise([*minima.tolist(), len(level)])]
    edges = [0]
    for low in [*sorted(lows), len(level)]:
        edges += [low] if low - edges[-1] >= shortest or low == len(level) else []
    longest = max(1, int(max_seconds * per_second))
    parts = [(a, min(b, a + longest)) for a, b in pairwise(edges) if b > a]
    ranked = sorted(parts, key=lambda part: -float(levelled[part[0] : part[1]].max()))
    taken: list[tuple[int, int]] = []
    left = share * len(level)
    for part in ranked:
        if left <= 0:
            break
        taken.append(part)
        left -= part[1] - part[0]
    return [(start * hop, min(stop * hop, record.length)) for start, stop in sorted(taken)]


def _before_attack(level: NDArray[np.float64], levelled: NDArray[np.float64], low: int, high: int) -> int:
    """Give the last hop that is about as quiet as it gets between the minimum `low` and the loudest one before `high`.

    There may be rest between a minimum and the attack, and the outline that was smoothed rises before it.
    """
    peak = low + int(levelled[low:high].argmax())
    quiet = level[low : peak + 1] <= level[low : peak + 1].min() + DEEP_DB
    return low + int(np.flatnonzero(quiet)[-1])


def _levels(record: Record, hop: int) -> Iterator[NDArray[np.float64]]:
    """Give the power of each hop in dB, not below _FLOOR_DB, in blocks."""
    for block in record.mono(hop * 1024):
        power = np.square(block, dtype=np.float64)
        starts = np.arange(0, len(power), hop)
        mean = np.add.reduceat(power, starts) / np.diff([*starts, len(power)])
        yield 10 * np.log10(np.maximum(mean, 10 ** (_FLOOR_DB / 10)))
