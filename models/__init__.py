"""Released models and the one way to open them: NAME.tflite beside NAME.json (the manifest) and NAME.md (the card)."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

if __name__ != "samplechop.models":  # found by its folder's name, it would be loaded a second time
    raise ImportError("this is samplechop.models: import it by that name")

from samplechop.models.features import ClipFeatures as ClipFeatures
from samplechop.models.features import DrumFeatures as DrumFeatures
from samplechop.models.features import Features as Features
from samplechop.models.features import HarmonyFeatures as HarmonyFeatures
from samplechop.models.features import ModelError as ModelError
from samplechop.models.features import SoundFeatures as SoundFeatures
from samplechop.models.features import StreamFeatures as StreamFeatures

SCHEMA = 1
AnyFeatures = Features | StreamFeatures | DrumFeatures | HarmonyFeatures | ClipFeatures | SoundFeatures
FOLDER = Path(__file__).parent


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


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _features(kind: object, record: object, where: str) -> AnyFeatures:
    if not isinstance(kind, str) or kind not in KINDS:
        raise ModelError(f"{where}: kind must be one of {sorted(KINDS)}, got {kind!r}")
    names = {one.name for one in fields(KINDS[kind])}
    if not isinstance(record, dict) or set(record) != names:
        got = sorted(record) if isinstance(record, dict) else record
        raise ModelError(f"{where}: features must have exactly {sorted(names)}, got {got}")
    try:
        return KINDS[kind](**{name: _tuples(value) for name, value in record.items()})
    except ModelError as error:
        raise ModelError(f"{where}: {error}") from None
    except (TypeError, ValueError) as error:
        raise ModelError(f"{where}: features cannot be read: {error}") from None


def _calibration(record: Any, where: str) -> tuple[tuple[float, float], ...]:
    try:
        pairs = tuple((float(said), float(share)) for said, share in record)
    except (TypeError, ValueError):
        raise ModelError(f"{where}: calibration must be pairs of numbers, got {record!r}") from None
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(pairs))
    if not rising or not all(0 <= number <= 1 for pair in pairs for number in pair):
        raise ModelError(f"{where}: calibration must rise within 0..1, got {pairs}")
    return pairs


def names() -> list[str]:
    """Name every released model."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name_or_path: str | Path) -> Manifest:
    """Open a released model by name, or any model by the path of its .json or .tflite file.

    Raises ModelError if there is none, if the manifest is not understood, or if the file is not the one it names.
    """
    given = Path(name_or_path)
    path = given.with_suffix(".json") if given.suffix in {".json", ".tflite"} else FOLDER / f"{name_or_path}.json"
    if not path.is_file():
        raise ModelError(f"no model {str(name_or_path)!r}: name one of {', '.join(names())}, or a .json manifest")
    where = f"model {str(path)!r}"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{where} is not a readable manifest: {error}") from None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ModelError(f"{where} is not a manifest of schema {SCHEMA}; it needs another version of samplechop")
    wanted = {"schema", "file"} | {one.name for one in fields(Manifest)} - {"path"}
    needed = wanted - OPTIONAL | ({"threshold", "min_gap"} if record.get("kind") in PICKED else set())
    if not needed <= set(record) <= wanted:
        raise ModelError(f"{where} must have exactly the keys {sorted(wanted)}, got {sorted(record)}")
    if record["kind"] == "shreds":  # what earlier versions wrote
        record["kind"] = "clips"
    threshold, min_gap = record.get("threshold", 0.5), record.get("min_gap", 0.0)
    if not isinstance(threshold, (int, float)) or not 0 < threshold < 1:
        raise ModelError(f"{where}: threshold must lie between 0 and 1, got {threshold!r}")
    if not isinstance(min_gap, (int, float)) or not 0 <= min_gap <= 10:
        raise ModelError(f"{where}: min_gap must be in 0..10 seconds, got {min_gap!r}")
    features = _features(record["kind"], record["features"], where)
    file = path.parent / Path(str(record["file"])).name
    if not file.is_file():
        raise ModelError(f"{where} names {file.name!r}, which is not beside it")
    if hashlib.sha256(file.read_bytes()).hexdigest() != record["sha256"]:
        raise ModelError(f"{where}: {file.name} is damaged or was exchanged (its sha256 is not the manifest's)")
    rest = {key: record[key] for key in set(record) - {"schema", "file", "features", "calibration"}}
    return Manifest(
        path=file, features=features, calibration=_calibration(record.get("calibration", []), where), **rest
    )
