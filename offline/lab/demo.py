"""The demo recording: thirty seconds of soul jazz composed by rule, played by a soundfont, as a worn record.

python -m samplechop.offline.lab.demo OUT.ogg [--soundfont SF2]
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from samplechop.offline.augmentation.vinyl import RecordCondition, play_worn, played_at
from samplechop.offline.common.atomic import replacing, write_text
from samplechop.offline.lab.demo_composition import PLAYERS, Score, compose
from samplechop.offline.synthesis import soundfonts
from samplechop.realtime.core.errors import UserError, guarded, reason_of

PEAK = 10 ** (-1.1 / 20)  # room for what the encoder adds


def perform(score: Score, font: Path) -> NDArray[np.float64]:
    """Render the score: float64, (n, 2), full scale ±1, drums and band balanced."""
    stems = []
    for players in ({"drums"}, set(PLAYERS) - {"drums"}):
        with tempfile.TemporaryDirectory() as folder:
            midi = Path(folder) / "part.mid"
            score.save(midi, players)
            stems.append(soundfonts.play(midi, font).astype(np.float64))
    drums, band = (stem / np.max(np.abs(stem)) for stem in stems)
    mix = np.zeros((max(len(drums), len(band)), 2))
    # A soft knee on the drums alone keeps the snare from ruling the whole side.
    mix[: len(drums)] += 0.75 * np.tanh(2.2 * drums) / np.tanh(2.2)
    mix[: len(band)] += 0.85 * band
    return mix / np.max(np.abs(mix))


def make(out: Path, font: Path | None = None, seed: int = 1969) -> None:
    """Make the demo: compose, perform, play as a worn record, write OGG Vorbis and its labels, NAME.truth.json.

    Raises UserError if fluidsynth or a soundfont is missing or the file cannot be written.
    """
    chosen = soundfonts.find_soundfont(font)
    score = compose(seed)
    pressing = RecordCondition()
    rate = soundfonts.RATE
    length = round((score.seconds(score.tick(11, 0)) + 0.3) * rate)
    clean = perform(score, chosen)[:length]
    clean[-rate:] *= np.linspace(1, 0, rate)[:, None] ** 2
    worn = play_worn(clean, rate, pressing, np.random.default_rng(seed))
    worn *= PEAK / np.max(np.abs(worn))
    truth = {name: [round(t, 4) for t in played_at(pressing, times)] for name, times in score.strong_hits().items()}
    try:
        with (
            replacing(out) as part,
            soundfile.SoundFile(part, "w", rate, 2, "VORBIS", format="OGG", compression_level=0.5) as file,
        ):
            # libsndfile's Vorbis encoder overflows its stack on one long write.
            for start in range(0, len(worn), 4096):
                file.write(worn[start : start + 4096].astype(np.float32))
    except soundfile.LibsndfileError as error:
        raise UserError(f"{str(out)!r} cannot be written: {reason_of(error)}") from None
    write_text(out.with_suffix(".truth.json"), json.dumps({"bpm": score.bpm} | truth, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m samplechop.offline.lab.demo",
        description="Compose, play and degrade the demo recording like a worn record.",
    )
    parser.add_argument("out", type=Path, help="the .ogg file to write")
    parser.add_argument("--soundfont", type=Path, help="a General MIDI .sf2 file")
    parser.add_argument("--seed", type=int, default=1969)
    options = parser.parse_args()
    sys.exit(guarded(lambda: make(options.out, options.soundfont, options.seed)))
