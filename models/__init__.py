"""Released models and the one way to open them: NAME.tflite beside NAME.json (the manifest) and NAME.md (the card)."""

import hashlib
import itertools
import re
import time
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

if __name__ != "samplechop.models":  # found by its folder's name, it would be loaded a second time
    raise ImportError("this is samplechop.models: import it by that name")

from samplechop.models.features import ClipFeatures as ClipFeatures
from samplechop.models.features import DrumFeatures as DrumFeatures
from samplechop.models.features import EarlyFeatures as EarlyFeatures
from samplechop.models.features import Features as Features
from samplechop.models.features import HarmonyFeatures as HarmonyFeatures
from samplechop.models.features import SoundFeatures as SoundFeatures
from samplechop.models.features import StreamFeatures as StreamFeatures
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import ModelError as ModelError
from samplechop.realtime.core.errors import close_word

SCHEMA = 1
AnyFeatures = Features | StreamFeatures | DrumFeatures | HarmonyFeatures | ClipFeatures | SoundFeatures
FOLDER = Path(__file__).parent
MOST_BYTES = 256 << 20
"""Of a model's file."""
_MOST_ITEMS, _MOST_TEXT = 4096, 200
_PLAIN = re.compile(r"[\w .+-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model: its file, the features it was trained on, and how its output is read.

    kind: "chop" takes windows (Features), "stream" goes frame by frame (StreamFeatures), and so do "drums"
        (DrumFeatures) and "harmony" (HarmonyFeatures); "clips" takes onset-centred clips (ClipFeatures), "sounds" whole
        sounds (SoundFeatures).
    threshold: probability at and above which a frame is positive. min_gap: seconds between two events. Both are of the
        kinds in PICKED alone; the others say in `decision` what they need.
    decision: what else the detector needs to choose among positive frames.
    calibration: rising pairs of what the net gives and how often it is right then, both 0..1; without any its output is
        the strength.
    """

    name: str
    version: str
    kind: str
    path: Path
    sha256: str
    license: str
    features: AnyFeatures
    training: Mapping[str, Any]
    scores: Mapping[str, Any]
    threshold: float = 0.5
    min_gap: float = 0.0
    decision: Mapping[str, Any] = field(default_factory=dict)
    calibration: tuple[tuple[float, float], ...] = ()


OPTIONAL = {"decision", "calibration", "threshold", "min_gap"}
PICKED = ("chop", "stream")
"""Kinds of models whose manifests must have a threshold and a gap."""
KINDS: dict[str, type[AnyFeatures]] = {
    "chop": Features,
    "stream": StreamFeatures,
    "drums": DrumFeatures,
    "harmony": HarmonyFeatures,
    "clips": ClipFeatures,
    "sounds": SoundFeatures,
}


def _typed(kind: Any, value: Any) -> Any:
    """Give a value of JSON as a field's type: int, float, str, a tuple of such, a dataclass or None, where it may be.

    Raises ValueError for another.
    """
    if get_origin(kind) is UnionType:
        return None if value is None else _typed(get_args(kind)[0], value)
    if is_dataclass(kind):
        return _record(kind, value)
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if not isinstance(value, list) or len(value) > _MOST_ITEMS:
            raise ValueError(f"must be a list of at most {_MOST_ITEMS}, got {_shown(value)}")
        if kinds[-1] is Ellipsis:
            kinds = (kinds[0],) * len(value)
        if len(value) != len(kinds):
            raise ValueError(f"must be {len(kinds)} numbers, got {_shown(value)}")
        return tuple(_typed(one, each) for one, each in zip(kinds, value, strict=True))
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise ValueError(f"must be of type {kind.__name__}, got {_shown(value)}")
    if kind is str and len(value) > _MOST_TEXT:
        raise ValueError(f"must have at most {_MOST_TEXT} characters, got {len(value)}")
    return value


def _shown(value: object) -> str:
    """Give a value as a message shows it, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _number(value: object) -> float:
    return float(_typed(float, value))


def _features(kind: object, record: object, where: str) -> AnyFeatures:
    if not isinstance(kind, str) or kind not in KINDS:
        raise ModelError(f"{where}: kind must be one of {sorted(KINDS)}, got {_shown(kind)}")
    try:
        made: AnyFeatures = _record(KINDS[kind], record)
    except ModelError as error:
        raise ModelError(f"{where}: {error}") from None
    except ValueError as error:
        raise ModelError(f"{where}: features{error}") from None
    return made


def _record(kind: Any, record: object) -> Any:
    """Give an object of JSON as a dataclass. Raises ValueError, which begins with the field, or ModelError."""
    names = {one.name: one for one in fields(kind)}
    needed = {name for name, one in names.items() if one.default is MISSING}
    if not isinstance(record, dict) or not needed <= set(record) <= set(names):
        got = sorted(record) if isinstance(record, dict) else record
        raise ValueError(f" must have exactly {sorted(needed)}, got {_shown(got)}")
    values = {}
    for name, value in record.items():
        try:
            values[name] = _typed(names[name].type, value)
        except ModelError:
            raise
        except ValueError as error:
            raise ValueError(f".{name}{'' if str(error)[:1] in ' .' else ' '}{error}") from None
    return kind(**values)


def _calibration(record: Any, where: str) -> tuple[tuple[float, float], ...]:
    try:
        pairs: tuple[tuple[float, float], ...] = tuple(
            (float(said), float(share)) for said, share in _typed(tuple[tuple[float, float], ...], record)
        )
    except ValueError as error:
        raise ModelError(f"{where}: calibration must be pairs of numbers ({error})") from None
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(pairs))
    if not rising or not all(0 <= number <= 1 for pair in pairs for number in pair):
        raise ModelError(f"{where}: calibration must rise within 0..1, got {_shown(pairs)}")
    return pairs


def names() -> list[str]:
    """Name every released model, of those that are nets."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if path.with_suffix(".tflite").is_file())


def load(name_or_path: str | Path) -> Manifest:
    """Open a released model by name, or any model by the path of its .json or .tflite file.

    Its files are read and checked once, and again when they are others. Raises ModelError if there is none, if the
    manifest is not understood, or if the file is not the one it names.
    """
    given = Path(name_or_path)
    path = given.with_suffix(".json") if given.suffix in {".json", ".tflite"} else FOLDER / f"{name_or_path}.json"
    if not path.is_file() or (path.parent == FOLDER and path.stem not in names()):
        meant = close_word(str(name_or_path), names())
        raise ModelError(
            f"no model {str(name_or_path)!r}{meant}: name one of {', '.join(names())}, or a .json manifest"
        )
    files, manifest = _loaded.get(path, ({}, None))
    if manifest is not None and all(_stamp(file) == stamp for file, stamp in files.items()):
        return manifest
    stamps, manifest = {}, _load(path)
    for file in (path, *_files(manifest)):
        stamps[file] = _stamp(file)
    if all(stamp and time.time_ns() - stamp[0] > _SETTLED_NS for stamp in stamps.values()):
        _loaded[path] = stamps, manifest
    return manifest


_Stamp = tuple[int, int, int, int]
_loaded: dict[Path, tuple[dict[Path, _Stamp | None], Manifest]] = {}
_SETTLED_NS = 2_000_000_000
"""A file that was written a moment ago may be written again in the same tick of the file system's clock."""


def _stamp(file: Path) -> _Stamp | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_ctime_ns, facts.st_mtime_ns, facts.st_size, facts.st_ino


def _files(manifest: Manifest) -> list[Path]:
    """Give the files of a model's nets."""
    features = manifest.features
    early = features.early if isinstance(features, StreamFeatures) else None
    return [manifest.path, *([manifest.path.parent / early.file] if early else [])]


def _load(path: Path) -> Manifest:
    where = f"model {str(path)!r}"
    released = path.parent == FOLDER  # some installers make links of them
    try:
        record = documents.read_json(path, follow_links=released)
    except OSError as error:
        raise ModelError(f"{where} is not a readable manifest: {error.strerror}") from None
    except ValueError as error:
        raise ModelError(f"{where} is not a readable manifest: {error}") from None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ModelError(f"{where} is not a manifest of schema {SCHEMA}; it needs another version of samplechop")
    wanted = {"schema", "file"} | {one.name for one in fields(Manifest)} - {"path"}
    needed = wanted - OPTIONAL | ({"threshold", "min_gap"} if record.get("kind") in PICKED else set())
    if not needed <= set(record) <= wanted:
        raise ModelError(f"{where} must have exactly the keys {sorted(wanted)}, got {_shown(sorted(record))}")
    if record["kind"] == "shreds":  # what earlier versions wrote
        record["kind"] = "clips"
    _check_fields(record, where)
    features = _features(record["kind"], record["features"], where)
    calibration = _calibration(record.get("calibration", []), where)
    file = path.parent / record["file"]
    _check_file(file, record["sha256"], where, released)
    if isinstance(features, StreamFeatures) and features.early is not None:
        _check_file_name("features.early.file", features.early.file, features.early.sha256, where)
        _check_file(path.parent / features.early.file, features.early.sha256, where, released)
    rest = {key: record[key] for key in set(record) - {"schema", "file", "features", "calibration"}}
    return Manifest(path=file, features=features, calibration=calibration, **rest)


def _check_file(file: Path, sha256: str, where: str, released: bool) -> None:
    """Raise ModelError unless a model's file is there and is the one its manifest means."""
    if not file.is_file():
        raise ModelError(f"{where} names {file.name!r}, which is not beside it")
    try:
        content = documents.read_bytes(file, MOST_BYTES, follow_links=released)
    except OSError as error:
        raise ModelError(f"{where}: {file.name!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ModelError(f"{where}: {file.name!r} cannot be used: {error}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{where}: {file.name} is damaged or was exchanged (its sha256 is not the manifest's)")


def _check_file_name(field: str, file: str, sha256: str, where: str) -> None:
    if not _PLAIN.fullmatch(file) or Path(file).name != file or file.startswith("."):
        raise ModelError(f"{where}: {field} must be the name of a file beside it, got {file!r}")
    if not _SHA256.fullmatch(sha256):
        raise ModelError(f"{where}: sha256 must be 64 hexadecimal digits, got {_shown(sha256)}")


def _check_fields(record: Mapping[str, Any], where: str) -> None:
    """Check what stands beside the features. Raises ModelError."""
    for name in ("name", "version", "kind", "license", "sha256", "file"):
        value = record[name]
        if not isinstance(value, str) or len(value) > _MOST_TEXT or not value.isprintable():
            raise ModelError(f"{where}: {name} must be a line of text, got {_shown(value)}")
    _check_file_name("file", record["file"], record["sha256"], where)
    for name in ("training", "scores", "decision"):
        if not isinstance(record.get(name, {}), dict):
            raise ModelError(f"{where}: {name} must be an object, got {_shown(record[name])}")
    for name, usual in (("threshold", 0.5), ("min_gap", 0.0)):
        try:
            value = _number(record.get(name, usual))
        except ValueError as error:
            raise ModelError(f"{where}: {name} {error}") from None
        if name == "threshold" and not 0 < value < 1:
            raise ModelError(f"{where}: threshold must lie between 0 and 1, got {value:g}")
        if name == "min_gap" and not 0 <= value <= 10:
            raise ModelError(f"{where}: min_gap must be in 0..10 seconds, got {value:g}")
