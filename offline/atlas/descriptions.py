"""What people have written about sounds, and the tags that follow from it.

It stands in JSON beside each sound or one for many, in CSV, or in the names of folders. Tags are its words, one for all
synonyms, none too rare: a bag of words (Z. Harris, "Distributional structure", 1954), of which counts whether a word is
there, not how often or where.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath

from samplechop.offline.atlas.store import Sound
from samplechop.offline.audio.reading import SUFFIXES
from samplechop.offline.common.paths import beside as file_beside
from samplechop.offline.common.paths import ends_in
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of

FILE_COLUMNS = ("file", "filename", "path", "name", "sound", "id")
TEXT_COLUMNS = ("tags", "tag", "description", "label", "labels", "class", "category")
TAG_SEPARATORS = ";|,"
_ENDINGS = {".json", ".csv", ".tsv"}


@dataclass(frozen=True, slots=True)
class Described:
    """One sound as described. file: its path or name, as written. texts: name and description. tags: one by one."""

    file: str
    texts: tuple[str, ...]
    tags: tuple[str, ...]


def describe(sounds: Sequence[Sound], paths: Sequence[Path]) -> list[Described | None]:
    """Find what is written about each sound of an atlas, in their order; None where nothing is.

    paths: JSON and CSV files, and folders of them. Without any, NAME.json beside NAME.wav; where no sound has one, the
    name of its folder, unless all have the same. Of two descriptions of one sound the later counts. Raises UserError
    for a file that is missing or not understood, naming it and the line.
    """
    if not paths:
        sidecars = {one.path: file_beside(Path(one.path), (".json",)) for one in sounds}
        there = {path: read_json(file, path) for path, file in sidecars.items() if file and _describes(file)}
        if there:
            return [there[one.path][-1] if there.get(one.path) else None for one in sounds]
        folders = [Described(one.path, (Path(one.path).parent.name,), ()) for one in sounds]
        several = len({one.texts for one in folders}) > 1  # a name that all have distinguishes none
        return [one if several else None for one in folders]
    found = {key: one for path in paths for keys, one in _read(path) for key in keys}
    return [next((found[key] for key in _wanted(one) if key in found), None) for one in sounds]


def _describes(sidecar: Path) -> bool:
    """Say whether JSON beside a sound is about it; what is no JSON at all counts, so that it is reported."""
    try:
        record = documents.parse_json(_text(sidecar))
    except ValueError:
        return True
    return isinstance(record, dict) and not {"tags", "description"}.isdisjoint(record)


def _keys(described: Described, folder: Path, beside: str) -> list[str]:
    """Give what a sound may be looked up by: its path if that is known, else the name of its file with and without
    suffix. folder: of the metadata. beside: the path, without suffix, of the sound that the metadata lies beside.
    """
    near = folder / described.file
    with suppress(OSError, ValueError):  # what is no name of a file: it is too long, or has a zero byte in it
        if near.is_file():
            return [str(near.resolve())]
    if described.file == beside:
        return [beside]
    plain = PurePath(described.file.replace("\\", "/"))
    return [described.file, plain.name, *([plain.stem] if plain.suffix.lower() in SUFFIXES else [])]


def _wanted(sound: Sound) -> Iterator[str]:
    path = Path(sound.path)
    yield sound.path
    yield str(path.resolve())
    yield str(path.with_suffix(""))
    for parents in range(2, 4):  # FOLDER/NAME.wav, as written in a file above FOLDER
        yield "/".join(path.parts[-parents:])
    yield sound.name
    yield path.name
    yield path.stem


def _read(path: Path) -> Iterator[tuple[list[str], Described]]:
    """Read a file, or all of a folder; each description with what its sound may be looked up by."""
    if path.is_dir():
        inside = sorted(one for one in path.rglob("*") if ends_in(one, _ENDINGS) and one.is_file())
        if not inside:
            raise UserError(
                f"no metadata in {str(path)!r}: put NAME.json beside NAME.wav, or name a .json or .csv file"
            )
        for one in inside:
            yield from _read(one)
        return
    if not path.is_file():
        raise UserError(f"no metadata at {str(path)!r}: give a .json or .csv file, or a folder of them")
    beside = str(path.absolute().with_suffix(""))
    rows = read_json(path, beside) if path.suffix.lower() == ".json" else read_csv(path)
    for row in rows:
        yield _keys(row, path.parent, beside), row


def _text(path: Path, what: str = "metadata") -> str:
    try:
        return documents.read_text(path)
    except OSError as error:
        raise UserError(f"the {what} {str(path)!r} cannot be read ({reason_of(error)})") from None
    except ValueError as error:
        raise UserError(f"the {what} {str(path)!r} cannot be used: {error}") from None


def read_json(path: Path, file: str) -> list[Described]:
    """Read a JSON as freesound gives it: one sound (name, description, tags), a list of such, or a dict by file name.

    file: the sound that a JSON of one sound is about, unless it names a filename itself. Raises UserError with the
    line of what is wrong.
    """
    try:
        record = documents.parse_json(_text(path))
    except json.JSONDecodeError as error:
        raise UserError(f"{str(path)!r}, line {error.lineno}: no JSON ({error.msg})") from None
    except ValueError as error:
        raise UserError(f"{str(path)!r}, line 1: it is no metadata ({error})") from None
    if isinstance(record, dict) and isinstance(record.get("results"), list):  # a page of freesound's search
        record = record["results"]
    if isinstance(record, dict) and {"name", "tags", "description", "filename"} & set(record):
        return [_described(record, file, f"{str(path)!r}")]
    if isinstance(record, dict):
        pairs = [(str(name), value if isinstance(value, dict) else {"tags": value}) for name, value in record.items()]
    elif isinstance(record, list):
        pairs = [("", value) for value in record]
    else:
        raise UserError(f"{str(path)!r}, line 1: metadata must be a sound, a list or a dict of sounds")
    rows = []
    for number, (name, value) in enumerate(pairs, 1):
        where = f"{str(path)!r}, sound {number}"
        if not isinstance(value, Mapping):
            raise UserError(f"{where}: must be an object with name, description or tags, got {str(value)[:40]!r}")
        if not name and not (value.get("filename") or value.get("name")):
            raise UserError(f"{where}: must have a filename or a name")
        rows.append(_described(value, name or str(value.get("filename") or value["name"]), where))
    return rows


def _described(record: Mapping[str, object], file: str, where: str) -> Described:
    tags = record.get("tags") or []
    if isinstance(tags, str):
        tags = _split(tags)
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise UserError(f"{where}: tags must be a list of words, got {str(tags)[:40]!r}")
    texts = [str(record[key]) for key in ("name", "description") if record.get(key)]
    return Described(str(record.get("filename") or file), tuple(texts), tuple(tags))


def _split(tags: str) -> list[str]:
    separator = next((one for one in TAG_SEPARATORS if one in tags), None)
    return [tag.strip() for tag in (tags.split(separator) if separator else tags.split()) if tag.strip()]


def read_csv(path: Path) -> list[Described]:
    """Read a table with a header: a column for the file or name, and one or more of tags, description, class.

    Commas, semicolons, tabs and bars are recognised. Raises UserError with the line of what is wrong.
    """
    text = _text(path)
    separator = max("\t;|,", key=text.partition("\n")[0].count)
    try:
        rows = list(documents.parse_rows(text.splitlines(keepends=True), separator, strict=True))
    except ValueError as error:
        raise UserError(f"{str(path)!r}: no table of text ({error})") from None
    header = [name.strip().lower() for name in rows[0]] if rows else []
    file = next((header.index(name) for name in FILE_COLUMNS if name in header), None)
    described = [place for place, name in enumerate(header) if name in TEXT_COLUMNS]
    if file is None or not described:
        raise UserError(
            f"{str(path)!r}, line 1: needs a column file or name and one of {', '.join(TEXT_COLUMNS)}, "
            f"got {', '.join(header)[:80] or 'nothing'}"
        )
    found = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise UserError(f"{str(path)!r}, line {number}: {len(row)} cells where the header has {len(header)}")
        texts = tuple(row[place] for place in described if header[place] == "description")
        tags = [tag for place in described if header[place] != "description" for tag in _split(row[place])]
        found.append(Described(row[file].strip(), texts, tuple(tags)))
    return found


USUAL_SYNONYMS = Path(__file__).with_name("synonyms.txt")
"""In force unless the user's own differ."""
_STOP = """
about after all also an and any are as at be because been but by can could did do does done for from get got had has
have here him his her how if in into is it its just like made make may me more most much my no not now of off on one
only or other our out over per put so some such than that the their them then there these they this those through to
too two under up use used using very was we were what when which while who will with would you your
aif aiff flac mp3 ogg wav wave audio file files sample samples sampled sound sounds recorded recording recordings
http https www com org freesound
"""
STOP_WORDS = frozenset(_STOP.split())
"""Words that do not describe a sound."""
MOST_SHARE = 0.95
"""Of the tagged sounds; what more have is no tag worth learning."""
MACHINES = frozenset({"303", "606", "707", "727", "808", "909"})
"""Numbers that are words: drum machines and a bass synthesizer are called by them."""
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def read_synonyms(path: Path) -> dict[str, str]:
    """Read lines such as "hat: hihat, hi-hat, hh": what each word stands for. "#" begins a comment.

    Raises UserError with the line of what is wrong.
    """
    where = str(path)
    found: dict[str, str] = {}
    heads: dict[str, int] = {}
    for number, line in enumerate(_text(path, "synonyms").splitlines(), 1):
        if not (plain := line.partition("#")[0].strip()):
            continue
        head, colon, rest = plain.partition(":")
        words = ["-".join(_WORD.findall(word.lower())) for word in [head, *rest.split(",")]]
        if not colon or not all(words):
            raise UserError(f'{where!r}, line {number}: must be "word: synonym, synonym", got {plain[:60]!r}')
        heads[words[0]] = number
        for word in words[1:]:
            if word != words[0] and found.setdefault(word, words[0]) != words[0]:
                raise UserError(f"{where!r}, line {number}: {word!r} already stands for {found[word]!r}")
    for word, head in found.items():
        if word in heads:
            raise UserError(f"{where!r}, line {heads[word]}: {word!r} already stands for {head!r}")
    return found


@cache
def usual_synonyms() -> Mapping[str, str]:
    """Give USUAL_SYNONYMS, word by word."""
    return read_synonyms(USUAL_SYNONYMS)


def synonyms_with(path: Path | None) -> dict[str, str]:
    """Give the usual synonyms, and a user's own before them. Raises UserError as read_synonyms does."""
    if path is None:
        return dict(usual_synonyms())
    own = read_synonyms(path)
    spoken = set(own) | set(own.values())
    return {word: own.get(head, head) for word, head in usual_synonyms().items() if word not in spoken} | own


def words_of(text: str, synonyms: Mapping[str, str]) -> list[str]:
    """Give the words of a text: lower case, none of STOP_WORDS, no numbers, one for all synonyms, in their order.

    Two words that together are a known one, as "hi hat" and "Hi-Hat", become it; all others are parted at a hyphen.
    """
    parts = [part.lower() for part in _WORD.findall(_CAMEL.sub(" ", text))]
    parts = [part if part in synonyms or part in MACHINES else part.rstrip("0123456789") for part in parts]
    known = synonyms.keys() | set(synonyms.values())
    words, place = [], 0
    while place < len(parts):
        pair = "-".join(parts[place : place + 2])
        both = pair in known and place + 1 < len(parts)
        word = pair if both else parts[place]
        place += 2 if both else 1
        meant = synonyms.get(word, word)
        if len(meant) > 1 and meant not in STOP_WORDS:
            words.append(meant)
    return words


def tags_of(described: Described | None, synonyms: Mapping[str, str]) -> tuple[str, ...]:
    """Give all words of a description, each once, those given as tags first."""
    texts = (*described.tags, *described.texts) if described else ()
    return tuple(dict.fromkeys(word for text in texts for word in words_of(text, synonyms)))


def choose(tags: Sequence[Sequence[str]], fewest: int) -> tuple[str, ...]:
    """Choose the tags worth learning: those of at least `fewest` sounds and of not nearly all, the most frequent first.

    Raises UserError if there is none.
    """
    counts = Counter(tag for one in tags for tag in set(one))
    most = max(fewest, int(MOST_SHARE * sum(bool(one) for one in tags)))
    kept = [tag for tag in sorted(counts, key=lambda tag: (-counts[tag], tag)) if fewest <= counts[tag] <= most]
    if not kept:
        common = ", ".join(f"{tag} ({count})" for tag, count in counts.most_common(3)) or "no words at all"
        raise UserError(
            f"no tag is given to {fewest} sounds or more, but not to all: the most frequent are {common}; "
            "lower --min-df, or tag more sounds"
        )
    return tuple(kept)
