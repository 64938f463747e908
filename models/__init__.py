"""Released models and the one way to open them: NAME.tflite beside NAME.json (the manifest) and NAME.md (the card)."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

SCHEMA = 1
FOLDER = Path(__file__).parent


class ModelError(ValueError):
    """A model that cannot be used, in one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the net hears.

    fmin_hz: centre of the lowest constant-Q bin. norm: the kernels' normalisation (2 = unit energy).
    bands: for each summed row the half-open range of bins it covers; one band over all bins is the classic sum.
    past, future: frames of context before and after the scored frame.
    """

    sample_rate: int
    hop_length: int
    fmin_hz: float
    n_bins: int
    bins_per_octave: int
    norm: int
    support: str
    bands: tuple[tuple[int, int], ...]
    past: int
    future: int
    standardise: str

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        for name, only in (("sample_rate", 44_100), ("norm", 2), ("support", "true"), ("standardise", "window-zscore")):
            if getattr(self, name) != only:
                raise ModelError(f"features.{name} must be {only!r}, got {getattr(self, name)!r}")
        if not 0 <= self.past <= 1024 or not 0 <= self.future <= 1024:
            raise ModelError(f"features.past and features.future must be in 0..1024, got {self.past} and {self.future}")
        if not self.bands:
            raise ModelError("features.bands must name at least one band")
        for low, high in self.bands:
            if not 0 <= low < high <= self.n_bins:
                raise ModelError(f"features.bands must lie in 0..{self.n_bins}, got [{low}, {high}]")

    @property
    def n_frames(self) -> int:
        """Frames in one window."""
        return self.past + 1 + self.future

    @property
    def n_inputs(self) -> int:
        """Numbers in one window: bands x frames, band after band."""
        return len(self.bands) * self.n_frames


@dataclass(frozen=True, slots=True)
class StreamFeatures:
    """What a streaming net hears and how it is built; see realtime/features.py and realtime/temporal.py.

    hop_length: samples from one feature frame to the next. lookahead: frames heard after the one that is judged.
    heads: what each output means. dilations: of the layers, in frames; channels: of each layer. members: nets whose
    probabilities the file averages.
    """

    sample_rate: int
    hop_length: int
    n_features: int
    lookahead: int
    heads: tuple[str, ...]
    dilations: tuple[int, ...]
    channels: int
    members: int

    def __post_init__(self) -> None:
        """Refuse what the analysis does not understand."""
        for name, only in (("sample_rate", 44_100), ("hop_length", 512)):
            if getattr(self, name) != only:
                raise ModelError(f"features.{name} must be {only!r}, got {getattr(self, name)!r}")
        for name, most in (("n_features", 1024), ("channels", 256), ("members", 16)):
            if not 1 <= getattr(self, name) <= most:
                raise ModelError(f"features.{name} must be in 1..{most}, got {getattr(self, name)}")
        if not 0 <= self.lookahead <= 512:
            raise ModelError(f"features.lookahead must be in 0..512 frames, got {self.lookahead}")
        if not self.heads or not all(isinstance(head, str) for head in self.heads):
            raise ModelError(f"features.heads must name at least one output, got {self.heads}")
        if len(self.dilations) < 2 or not all(1 <= dilation <= 4096 for dilation in self.dilations):
            raise ModelError(f"features.dilations must be two or more of 1..4096 frames, got {self.dilations}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model: its file, the features it was trained on, and how its output is read.

    kind: "chop" hears windows (Features), "stream" hears frame by frame (StreamFeatures).
    threshold: probability at and above which a frame is positive. min_gap: seconds between two events.
    decision: what else the detector needs to choose among positive frames.
    calibration: rising pairs of what the net says and how often it is right then, both 0..1; without any the net's word
        is the strength.
    """

    name: str
    version: str
    kind: str
    path: Path
    sha256: str
    license: str
    features: Features | StreamFeatures
    threshold: float
    min_gap: float
    training: Mapping[str, Any]
    scores: Mapping[str, Any]
    decision: Mapping[str, Any] = field(default_factory=dict)
    calibration: tuple[tuple[float, float], ...] = ()


OPTIONAL = {"decision", "calibration"}
KINDS: dict[str, type[Features] | type[StreamFeatures]] = {"chop": Features, "stream": StreamFeatures}


def _features(kind: object, record: object, where: str) -> Features | StreamFeatures:
    if not isinstance(kind, str) or kind not in KINDS:
        raise ModelError(f"{where}: kind must be one of {sorted(KINDS)}, got {kind!r}")
    names = {one.name for one in fields(KINDS[kind])}
    if not isinstance(record, dict) or set(record) != names:
        got = sorted(record) if isinstance(record, dict) else record
        raise ModelError(f"{where}: features must have exactly {sorted(names)}, got {got}")
    try:
        if kind == "stream":
            lists = {name: tuple(record[name]) for name in ("heads", "dilations")}
            return StreamFeatures(**{**record, **lists})
        bands = tuple((int(low), int(high)) for low, high in record["bands"])
        return Features(**{**record, "bands": bands})
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
    if not wanted - OPTIONAL <= set(record) <= wanted:
        raise ModelError(f"{where} must have exactly the keys {sorted(wanted)}, got {sorted(record)}")
    threshold, min_gap = record["threshold"], record["min_gap"]
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
