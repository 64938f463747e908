"""How good a model is: on made noise, on the demo recording, and on real recordings with reference times.

`python -m offline.training.evaluation [MODEL] [--audio FOLDER]` prints the numbers as JSON. FOLDER holds recordings
anywhere inside and a folder reference_times with NAME.onsets.txt and NAME.beats.txt, times in seconds in column one.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import models
import realtime
from offline.demo.record import Pressing, crackle
from offline.demo.record import surface as groove
from offline.training.scoring import TOLERANCE, precision_recall_f
from offline.training.sounds import RATE, SUFFIXES, Sound, read
from offline.training.wear import coloured
from realtime.detectors.chop import ChopDetector, ChopSettings
from realtime.errors import UserError
from realtime.events import Event
from realtime.spec import ProcessSpec

DEMO = Path(realtime.__file__).parent / "data" / "demo.ogg"
BLOCK = 4096
Listener = Callable[[Sound], list[float]]
"""Float32 mono audio at 44 100 Hz in, event times in seconds out."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One real recording: name, audio float32 (n,), onsets and beats in seconds (no beats: an empty list)."""

    name: str
    samples: Sound
    onsets: list[float]
    beats: list[float]


def live_listener(model: str | Path) -> Listener:
    """Hear with the live detector, fed with a file's blocks. Raises ModelError for a model that cannot be used."""
    detector = ChopDetector(ChopSettings(model=str(model)))
    detector.prepare(ProcessSpec(RATE, BLOCK))

    def listen(samples: Sound) -> list[float]:
        found: list[Event] = []
        detector.reset()
        padded = np.concatenate([samples, np.zeros(detector.latency + BLOCK, np.float32)])
        for start in range(0, len(padded), BLOCK):
            detector.process(padded[start : start + BLOCK], start, found.append)
        return [event.sample / RATE for event in found if event.sample < len(samples)]

    return listen


def noises(seconds: float = 60.0, seed: int = 7) -> dict[str, Sound]:
    """Make surfaces without music: hiss, hum, crackle of several rates and sizes, a run-out, the demo's groove."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    times = np.arange(n) / RATE
    hiss = 1e-3 * rng.standard_normal(n)
    made: dict[str, NDArray[np.float64]] = {}
    for level_db in (-70, -50, -30):
        made[f"white hiss {level_db} dB"] = 10 ** (level_db / 20) * rng.standard_normal(n)
        made[f"dull hiss {level_db} dB"] = 10 ** (level_db / 20) * coloured(n, rng)
    for base in (50, 60):
        hum = np.stack([np.sin(2 * np.pi * base * k * times) / k for k in range(1, 8)]).sum(axis=0)
        made[f"hum {base} Hz"] = 0.01 * hum
        made[f"hum {base} Hz and hiss"] = 0.01 * hum + hiss
    for rate in (1, 5, 20, 80):
        made[f"crackle {rate} per second alone"] = crackle(n, RATE, rate, 0.03, rng)[:, 0]
        for size in (0.01, 0.05, 0.25):
            made[f"crackle {rate} per second of {size} over hiss"] = hiss + crackle(n, RATE, rate, size, rng)[:, 0]
    run_out = hiss + crackle(n, RATE, 8, 0.02, rng)[:, 0]
    run_out[:: round(1.8 * RATE)] += 0.1
    made["run-out"] = run_out
    made["groove of the demo"] = groove(n, RATE, Pressing(), rng).mean(axis=1)
    return {name: sound.astype(np.float32) for name, sound in made.items()}


def false_per_minute(listen: Listener, sounds: Sequence[Sound]) -> float:
    """Count events per minute in audio that should give none."""
    found = sum(len(listen(sound)) for sound in sounds)
    return found / (sum(len(sound) for sound in sounds) / RATE / 60)


def references(folder: Path) -> list[Reference]:
    """Read every recording under the folder that has reference onsets, sorted by name.

    Raises UserError if there are none.
    """
    times = folder / "reference_times"
    files = {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES}
    found = []
    for path in sorted(times.glob("*.onsets.txt")):
        name = path.name.removesuffix(".onsets.txt")
        if name in files:
            beats = times / f"{name}.beats.txt"
            found.append(Reference(name, read(files[name]), _column(path), _column(beats) if beats.is_file() else []))
    if not found:
        raise UserError(
            f"No recordings with reference onsets under {str(folder)!r}: it needs reference_times/NAME.onsets.txt."
        )
    return found


def _column(path: Path) -> list[float]:
    return [float(line.split()[0]) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def on_demo(listen: Listener) -> dict[str, float]:
    """Score against the kicks, snares and chord changes that the demo recording is known to hold."""
    truth = json.loads(DEMO.with_suffix(".truth.json").read_text(encoding="utf-8"))
    hits: list[float] = []
    for time in sorted(truth["kick"] + truth["snare"] + truth["chord"]):
        if not hits or time - hits[-1] > 0.03:
            hits.append(time)
    precision, recall, f = precision_recall_f(hits, listen(read(DEMO)))
    return {"precision": round(precision, 3), "recall": round(recall, 3), "f": round(f, 3)}


def on_recordings(listen: Listener, recordings: Sequence[Reference]) -> dict[str, float]:
    """Score real recordings, each counting the same: beat F, precision against onsets, and where markers lie.

    offset_ms: median of marker minus onset over markers within the tolerance, positive when late.
    """
    beat_f, precision, offsets = [], [], []
    events, minutes = 0, 0.0
    for recording in recordings:
        found = listen(recording.samples)
        events, minutes = events + len(found), minutes + len(recording.samples) / RATE / 60
        if len(found):
            precision.append(precision_recall_f(recording.onsets, found)[0])
        if recording.beats:
            beat_f.append(precision_recall_f(recording.beats, found)[2])
        onsets = np.asarray(recording.onsets)
        nearest = [time - onsets[np.argmin(np.abs(onsets - time))] for time in found]
        offsets += [offset for offset in nearest if abs(offset) <= TOLERANCE]
    return {
        "recordings": len(recordings),
        "beat_f": round(float(np.mean(beat_f)), 3) if beat_f else 0.0,
        "onset_precision": round(float(np.mean(precision)), 3) if precision else 0.0,
        "offset_ms": round(1000 * float(np.median(offsets)), 1) if offsets else 0.0,
        "events_per_minute": round(events / minutes, 1),
    }


def apart(recordings: Sequence[Reference]) -> tuple[list[Reference], list[Reference]]:
    """Split recordings into pieces of music, longer than a minute, and loops."""
    long = [len(one.samples) > 60 * RATE for one in recordings]
    pairs = list(zip(recordings, long, strict=True))
    return [one for one, is_long in pairs if is_long], [one for one, is_long in pairs if not is_long]


def evaluate(model: str | Path, audio: Path | None = None) -> dict[str, object]:
    """Score a model with the live detector; real recordings only where `audio` names a folder of them."""
    listen = live_listener(model)
    scores: dict[str, object] = {
        "noise_false_per_minute": round(false_per_minute(listen, list(noises().values())), 2),
        "demo": on_demo(listen),
    }
    if audio is not None:
        music, loops = apart(references(audio))
        scores["music"], scores["loops"] = on_recordings(listen, music), on_recordings(listen, loops)
    return scores


def main() -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m offline.training.evaluation", description="Score a chop model.")
    parser.add_argument("model", nargs="?", default="chop-61", help="a released model's name or a manifest's path")
    parser.add_argument("--audio", type=Path, help="a folder of recordings with reference_times")
    options = parser.parse_args()
    try:
        print(json.dumps(evaluate(options.model, options.audio), indent=2))
    except (UserError, models.ModelError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
