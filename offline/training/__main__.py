"""Train a chop net: `python -m offline.training --sounds FOLDER --out models/chop-61`."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import ModelError
from offline.demo import soundfont
from offline.training import evaluation, export, net
from offline.training.dataset import Frames, hear, make_records
from offline.training.features import CLASSIC, windows
from offline.training.labels import MIN_GAP
from offline.training.notes import kit_shots
from offline.training.scoring import pick
from offline.training.sounds import Sound, gather
from realtime.errors import UserError

KEEP = 0.12
"""Share of the music's frames without a chop that is trained on."""
VALIDATION_SHARE = 0.15
MOST_FALSE_PER_MINUTE = 0.5
THRESHOLDS = tuple(np.round(np.arange(0.1, 0.95, 0.05), 2).tolist())


@dataclass(frozen=True, slots=True)
class Options:
    """What to train on and where to write; minutes of made audio; nets to train from different starts; seed."""

    sounds: tuple[Path, ...]
    out: Path
    minutes: float = 60.0
    nets: int = 4
    seed: int = 1
    audio: Path | None = None
    soundfont: Path | None = None
    version: str = "1.0.0"


def frames(options: Options) -> tuple[Frames, Frames, dict[str, int]]:
    """Make the training and the validation windows, from different sounds, and count what they were made from."""
    font = soundfont.find(options.soundfont)
    shots = gather(options.sounds) + kit_shots(font)
    parts = []
    for held_out, minutes in ((False, options.minutes), (True, options.minutes * VALIDATION_SHARE)):
        pool = [shot for shot in shots if shot.held_out == held_out]
        rng = np.random.default_rng([options.seed, int(held_out)])
        parts.append(hear(make_records(minutes, pool, font, rng), rng, KEEP))
    train, validation = parts
    counts = {
        "sounds": sum(not shot.held_out for shot in shots),
        "sounds_held_out": sum(shot.held_out for shot in shots),
        "windows": len(train.x),
        "windows_positive": int(train.positive.sum()),
        "windows_validation": len(validation.x),
    }
    return train, validation, counts


def quiet_threshold(model: net.Fitted, heard: list[tuple[NDArray[np.float32], NDArray[np.bool_]]]) -> float:
    """Give the lowest threshold with at most MOST_FALSE_PER_MINUTE events on windows of noise (one minute each)."""
    scores = [_scores(model, x, silent) for x, silent in heard]
    for threshold in THRESHOLDS:
        found = sum(len(pick(one, threshold, CLASSIC.hop_length, MIN_GAP)) for one in scores)
        if found <= MOST_FALSE_PER_MINUTE * len(heard):
            return float(threshold)
    return float(THRESHOLDS[-1])


def _scores(model: net.Fitted, x: NDArray[np.float32], silent: NDArray[np.bool_]) -> NDArray[np.float32]:
    scores = model.model.predict(x, batch_size=4096, verbose=0)[:, 0]
    return np.where(silent, np.float32(0), scores).astype(np.float32)


def _beat_f(listen: evaluation.Listener, recordings: list[evaluation.Reference]) -> float:
    groups = [group for group in evaluation.apart(recordings) if group]
    return float(np.mean([evaluation.on_recordings(listen, group)["beat_f"] for group in groups]))


def train(options: Options, say: bool = True) -> None:
    """Make the audio, fit the nets, keep the best, set its threshold to 0.5 and write it with its manifest.

    The best is the one with the highest beat F on the recordings in options.audio (music and loops count the same), or
    without them the one with the lowest validation loss. Raises UserError for missing sounds, programs or packages.
    """
    net.keras()
    recordings = evaluation.references(options.audio) if options.audio is not None else []
    training, validation, counts = frames(options)
    if say:
        print(f"made {options.minutes:g} minutes: {counts}", flush=True)
    silence = [windows(sound) for sound in evaluation.noises(seed=options.seed + 100).values()]
    rated: list[tuple[float, int, net.Fitted, float]] = []
    for seed in range(options.seed, options.seed + options.nets):
        fitted = net.fit(training, validation, seed)
        threshold = quiet_threshold(fitted, silence)

        def listen(sound: Sound, fitted: net.Fitted = fitted, threshold: float = threshold) -> list[float]:
            return pick(_scores(fitted, *windows(sound)), threshold, CLASSIC.hop_length, MIN_GAP)

        rating = _beat_f(listen, recordings) if recordings else -fitted.validation_loss
        rated.append((rating, seed, fitted, threshold))
        if say:
            loss = fitted.validation_loss
            print(
                f"net {seed}: {fitted.epochs} epochs, loss {loss:.4f}, threshold {threshold}, rating {rating:.3f}",
                flush=True,
            )
    _, seed, best, threshold = max(rated, key=lambda one: one[0])
    net.lean(best.model, float(np.log(threshold / (1 - threshold))))
    content = export.to_tflite(best.model)
    facts = counts | {
        "seed": options.seed,
        "net": seed,
        "nets": options.nets,
        "minutes": options.minutes,
        "validation_loss": round(best.validation_loss, 4),
        "made_from": "one-shots and starts of loops, soundfont drums and notes, drums and surface noise made by rule",
    }
    export.write(options.out, content, CLASSIC, 0.5, facts, {}, options.version)
    scores = evaluation.evaluate(options.out.with_name(options.out.name + ".json"), options.audio)
    export.write(options.out, content, CLASSIC, 0.5, facts, scores, options.version)
    if say:
        print(f"wrote {options.out}.tflite and .json: {scores}")


def main() -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m offline.training", description="Train a chop net.")
    parser.add_argument("--sounds", type=Path, action="append", required=True, help="a folder of one-shots and loops")
    parser.add_argument("--out", type=Path, required=True, help="the model to write, such as models/chop-61")
    parser.add_argument("--minutes", type=float, default=60.0, help="minutes of audio to make")
    parser.add_argument("--nets", type=int, default=4, help="how many nets to train and choose from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--audio", type=Path, help="recordings with reference_times, to choose the net on")
    parser.add_argument("--soundfont", type=Path, help="a General MIDI .sf2 file")
    given = vars(parser.parse_args())
    try:
        train(Options(sounds=tuple(given.pop("sounds")), **given))
    except (UserError, ModelError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
