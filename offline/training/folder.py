"""Folders of labelled audio, a crate or one's own records, become shards of features."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from offline.crate.sounds import SUFFIXES
from offline.crate.sounds import read as read_audio
from offline.crate.truth import Truth, read_truth
from offline.jobs import run
from offline.labels import labels_beside, read_labels
from offline.training import shards
from offline.training.prepare import BLOCK, Heard, augmented, hear
from offline.training.targets import HEADS, MIN_GAP, SAMPLE_RATE, Wanted, leading
from realtime.errors import UserError
from realtime.features import FeatureStream

PER_SHARD = 32
VALIDATION_PART = 5
"""Of one's own records every fifth, in the order of a hash of their names, is kept for validation."""
SOFTEST = 0.2
"""Velocity below which a drum is neither asked for nor denied."""
LEAD_SECONDS = 1.5
"""While a kick or snare is that near, the drums say where to chop."""
TOGETHER = 0.05
LONGEST_LED = 0.5
"""Seconds; where it is unknown for longer, as inside a loop, nobody knows the drums either."""
SLOW = {"pad", "strings", "voice"}
SLOW_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled recording: the audio, where its labels are, and to which split it belongs."""

    audio: Path
    labels: Path
    split: str


def find(folders: Sequence[Path]) -> list[Example]:
    """Find every recording with labels, sorted by name.

    A crate's truth says its split; of other records every fifth is for validation, and at least one if there are two.
    Raises UserError for a missing folder, or if there is nothing to train on.
    """
    examples = []
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"no folder {str(folder)!r}: give one with recordings and their labels beside them")
        for audio in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
            labels = labels_beside(audio)
            if labels is not None:
                split = read_truth(labels).split if labels.suffix == ".json" else ""
                examples.append(Example(audio, labels, split))
    if not examples:
        names = ", ".join(repr(str(folder)) for folder in folders)
        raise UserError(f"no labelled recordings in {names}: put name.txt with the chops' seconds beside name.wav")
    own = sorted((one for one in examples if not one.split), key=lambda one: _shuffled(one.audio))
    splits = {one: "train" if (place + 1) % VALIDATION_PART else "validation" for place, one in enumerate(own)}
    examples = [replace(one, split=splits.get(one, one.split)) for one in examples]
    if len(examples) > 1 and len({one.split for one in examples}) == 1:
        last = examples[-1]
        other = "validation" if last.split == "train" else "train"
        examples[-1] = Example(last.audio, last.labels, other)
    return examples


def _shuffled(audio: Path) -> bytes:
    return hashlib.sha256(audio.stem.encode()).digest()


def wanted(example: Example, min_gap: float) -> Wanted:
    """Say what is wanted at a recording. Raises UserError for labels that cannot be read."""
    if example.labels.suffix == ".json":
        return wanted_of_truth(read_truth(example.labels), min_gap)
    labels = read_labels(example.labels, example.audio)
    return Wanted({"chop": labels.times.tolist()}, {})


def wanted_of_truth(truth: Truth, min_gap: float) -> Wanted:
    """Say what is wanted at a record whose truth is known.

    While drums play they lead: what begins without a kick or snare is then no chop, whether a chord, a tom or a bass.
    """
    struck = np.array([d.time for d in truth.drums if d.label in ("kick", "snare")])
    hits = np.array([d.time for d in truth.drums if d.label in ("kick", "snare") and d.velocity >= SOFTEST])

    def denied(start: float, stop: float) -> bool:
        led = bool(np.any(np.abs(hits - start) < LEAD_SECONDS)) and stop - start <= LONGEST_LED
        return led and not np.any((struck > start - TOGETHER) & (struck < stop + TOGETHER))

    asked = [c for c in truth.chops if c.reason == "hit" or not denied(c.time, c.time)]
    kept, rest = leading([c.time for c in asked], [c.strength for c in asked], min_gap)
    drums = {name: [d for d in truth.drums if d.label == name] for name in ("kick", "snare")}
    quick = [note.time for note in truth.notes if note.part not in SLOW]
    soft = [(d.time, d.time) for d in truth.drums if d.label in ("kick", "snare") and d.velocity < SOFTEST]
    events = {
        "chop": kept,
        "hit": hits.tolist(),
        "beat": [beat.time for beat in truth.beats],
        "downbeat": [beat.time for beat in truth.beats if beat.position == 1],
        "onset": sorted(quick + [drum.time for drum in truth.drums]),
    } | {name: [d.time for d in hits if d.velocity >= SOFTEST] for name, hits in drums.items()}
    unknown = {
        "hit": soft,
        "chop": [*(span for span in truth.unsure if not denied(*span)), *((time, time) for time in rest)],
        "onset": [(note.time, note.time + SLOW_SECONDS) for note in truth.notes if note.part in SLOW],
    } | {name: [(d.time, d.time) for d in hits if d.velocity < SOFTEST] for name, hits in drums.items()}
    return Wanted(events, unknown)


@cache
def _stream() -> FeatureStream:
    return FeatureStream(BLOCK)


def _hear(job: tuple[Example, float, int, int]) -> list[tuple[str, str, Heard]]:
    """Hear one recording as it is and, for training, changed a little in `versions - 1` more ways."""
    example, min_gap, seed, versions = job
    samples, asked = read_audio(example.audio), wanted(example, min_gap)
    made = [(example.audio.stem, example.split, hear(samples, asked, _stream()))]
    rng = np.random.default_rng([seed, zlib.crc32(example.audio.name.encode())])
    for _ in range(versions - 1 if example.split == "train" else 0):
        changed, shift = augmented(samples, rng)
        made.append((example.audio.stem, example.split, hear(changed, asked.moved(shift / SAMPLE_RATE), _stream())))
    return made


def prepare(
    folders: Sequence[Path],
    out: Path,
    versions: int = 2,
    min_gap: float = MIN_GAP,
    seed: int = 1,
    jobs: int = 2,
    on_record: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Hear every labelled recording in the folders and write shards to `out`; what is there already is kept.

    versions: how often a training record is heard, the second time on with another level, noise and offset.
    on_record: told (done, of all). Gives how many recordings each split has. Raises UserError.
    """
    examples = find(folders)
    counts = {split: sum(one.split == split for one in examples) for split in ("train", "validation")}
    files = [(e, e.audio.stat(), e.labels.stat()) for e in examples]
    state = [(str(e.audio), a.st_size, a.st_mtime_ns, labels.st_mtime_ns, e.split) for e, a, labels in files]
    made_of = hashlib.sha256(repr((state, versions, min_gap, seed, HEADS)).encode()).hexdigest()
    if shards.is_made_of(out, made_of):
        return counts
    shards.clear(out)
    rows: list[shards.Row] = []
    work = [(example, min_gap, seed, versions) for example in examples]
    heard: list[tuple[str, str, Heard]] = []
    for done, made in enumerate(run(_hear, work, jobs), 1):
        heard += made
        if len(heard) >= PER_SHARD or done == len(work):
            rows += shards.write_shard(out, 1 + (rows[-1].shard if rows else -1), heard)
            heard = []
        if on_record is not None:
            on_record(done, len(work))
    shards.write_index(out, rows, made_of)
    return counts
