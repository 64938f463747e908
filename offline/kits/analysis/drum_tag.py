"""Which drum a slice is, where it clearly is one.

The net of drums finds hits wherever there are attacks: it says kick of nearly every slice of a song, and of a trumpet.
The net of sounds takes a sound as a whole, and knows what is none. What dies away from one attack, as a drum hit does,
is the drum both together say, unless it rather is another sound; anything else must clearly be a drum for the net of
sounds, and begin with a hit of it for the other.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.offline.kits.analysis.content import EARLY_SECONDS, STRUCK_SECONDS, judged
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.analysis.event_collectors import Hits
from samplechop.offline.kits.core.model import Piece
from samplechop.offline.kits.core.record import Record
from samplechop.offline.nets.sound_net import Encoder, at_rate, image
from samplechop.realtime.core.events import DRUMS

MODEL = "sounds"
AWAY_DB = 15.0
"""How far a hit on its own has died away when its slice ends."""
ATTACK_SECONDS = 0.15
"""By when it has been loudest."""
RISE = 3.0
"""So many times the least level since the attack is another attack, unless it is AWAY_DB below the loudest."""
HIT_WEIGHT = 0.5
"""What a hit that the net of drums is sure of adds to a tag's probability over its threshold, of a hit on its own."""
LEAST = 0.55
"""What that sum must be."""
OTHERS = (
    *("hand-drum", "bell", "cowbell", "triangle", "woodblock", "plucked", "keys", "guitar", "mallet", "strings"),
    *("brass", "reed", "flute", "organ", "choir", "voice", "chord", "pad", "lead"),
)
"""Tags of what is no drum of DRUMS: the likeliest of all wins."""
_CYMBALS = ("crash", "ride")
_LARGEST = 1e4  # of a sample; damaged float files hold anything


def name_drums(record: Record, detected: DetectedContent, pieces: Sequence[Piece]) -> list[str | None]:
    """Name the drum that each piece of a record is, one of DRUMS; None where it is none, or not clearly.

    Raises ModelError for a net of sounds that cannot be used, UserError where no runtime works.
    """
    if detected.hits is None or not pieces:
        return [None] * len(pieces)
    manifest = models.load(MODEL)
    encoder = Encoder(manifest)
    least = manifest.decision["thresholds"]
    rows = np.zeros((len(pieces), encoder.features.n_inputs), np.float32)
    for row, piece in zip(rows, pieces, strict=True):
        first, last = judged(piece.start, piece.stop, record.sample_rate)
        samples = np.concatenate(list(record.mono(last - first, first, last)))
        samples = np.clip(np.nan_to_num(samples), -_LARGEST, _LARGEST)
        row[:] = image(at_rate(samples, record.sample_rate, encoder.features), encoder.features)
    found: list[str | None] = []
    for piece, row in zip(pieces, encoder.predict(rows)[0].tolist(), strict=True):
        first, last = judged(piece.start, piece.stop, record.sample_rate)
        level = detected.level[first // detected.step : -(-last // detected.step)]
        sureness = {name: chance / least[name] for name, chance in zip(encoder.features.tags, row, strict=True)}
        hits = _beginning(detected, detected.hits, piece)
        found.append(name_drum(sureness, hits, dies_away(level, detected.sample_rate / detected.step)))
    return found


def name_drum(sureness: Mapping[str, float], hits: Mapping[str, float], alone: bool) -> str | None:
    """Name the drum a sound is.

    sureness: of each tag of the net of sounds, its probability over its threshold. hits: the weights, 0..1, of the
    hits it begins with by the net of drums. alone: it dies away from one attack.
    """
    if sureness["loop"] >= 1.0:
        return None
    # A hat is tagged as a cymbal, too.
    hat = sureness["hat"] >= max(sureness[name] for name in _CYMBALS)
    names = [name for name in DRUMS if name != ("cymbal" if hat else "hat")]
    if not alone:
        best = max(names, key=lambda name: sureness[name])
        return best if sureness[best] >= 1.0 and best in hits else None
    sums = {name: sureness[name] + HIT_WEIGHT * hits.get(name, 0.0) for name in names}
    best = max(names, key=lambda name: sums[name])
    return best if sums[best] >= LEAST and sums[best] > max(sureness[name] for name in OTHERS) else None


def dies_away(level: NDArray[np.float32], per_second: float) -> bool:
    """Say whether a level, float32 (n,) of RMS values, so many a second, is that of one hit that dies away."""
    peak = int(level.argmax()) if len(level) else 0
    if not level.any() or peak > ATTACK_SECONDS * per_second:
        return False
    floor = level[peak] * 10 ** (-AWAY_DB / 20)
    after = level[peak:]
    again = (after > RISE * np.minimum.accumulate(after)) & (after > floor)
    return bool(after[-1] <= floor) and not bool(again.any())


def _beginning(detected: DetectedContent, hits: Hits, piece: Piece) -> dict[str, float]:
    """Give the weight of each drum that the net of drums found where a piece begins."""
    early, late = (round(seconds * detected.sample_rate) for seconds in (EARLY_SECONDS, STRUCK_SECONDS))
    first, end = np.searchsorted(hits.samples, (piece.start - early, piece.start + late))
    found: dict[str, float] = {}
    for drum, weight in zip(hits.drums[first:end].tolist(), hits.weights[first:end].tolist(), strict=True):
        found[DRUMS[drum]] = max(weight, found.get(DRUMS[drum], 0.0))
    return found
