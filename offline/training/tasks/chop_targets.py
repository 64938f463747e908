"""What the chop nets are asked: targets from labels and from the truth of synthetic records, and the nets' heads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Manifest, StreamFeatures
from samplechop.offline.labels import labels_beside, read_labels
from samplechop.offline.labels.drum_labels import SHORTEST_LOOP
from samplechop.offline.labels.recording_truth import ALONE_DB, FAINT_DB, ChopTruth, DrumTruth, Truth, read_truth
from samplechop.offline.training.shared_net import SharedShape
from samplechop.offline.training.streaming_targets import Annotation, Answers, Spans, StreamSpec, split_of
from samplechop.offline.training.tasks import drums
from samplechop.offline.training.tcn import Shape
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.dsp.band_spectrum import LENGTH
from samplechop.realtime.nets.features import HOP_LENGTH, N_FEATURES, STACK, FeatureStream
from samplechop.realtime.nets.fine_features import LATE_HOPS, N_EARLY, N_LATE, PER_HOP, FineFeatureStream

HOP = STACK * HOP_LENGTH
COARSE_LOOKAHEAD = 15
"""Frames of 512 samples the coarse net takes after the one it scores: 30 hops of 256, 174 ms, and 110 ms more for the
constant-Q transform."""
LOOKAHEAD = 23
"""Of the shared net, which has the bands of a frame at once: with the latency of its features 279 ms in all, 6 ms less
than the coarse one."""
EDGE = 0.5
"""Target one frame beside an event."""
COARSE_GAP, GAP = 0.1, 0.06
"""Seconds within which only the stronger of two chops counts; sixteenths at 160 beats per minute are 94 ms apart."""
SOFTEST = 0.2
"""Velocity below which a drum is no hit, and neither asked for nor denied if its signal-to-noise ratio is unknown."""
HARDLY_DB = -12.0
"""Signal-to-noise ratio under which a stroke counts half."""
LEAD_SECONDS = 1.5
"""While a kick or snare is that near, the drums say where to chop."""
TOGETHER = 0.05
LONGEST_LED = 0.5
"""Seconds; where it is unknown for longer, as inside a loop, nobody knows the drums either."""
SLOW = {"pad", "strings", "voice"}
SLOW_SECONDS = 0.2
STRUCK: dict[str, tuple[str, ...]] = {
    "kick": ("kick",),
    "snare": ("snare",),
    "stick": ("stick",),
    "hat": ("hat",),
    "open": ("open",),
    "tom": ("tom",),
    "cymbal": ("ride", "crash", "cymbal"),
}
"""The heads that say which drum was struck, and the classes of the truth that each stands for."""
CONFUSED = {"snare": ("clap",)}
"""Classes that a head need not tell from its own."""
NEW = ("stick", "open")
"""Heads of which the truth says nothing where signal-to-noise ratios are not known: it has fewer classes then."""
HIT = ("kick", "snare", "stick", "clap")
EARLY = "early_"
"""What the names of the early heads begin with: the drums of samplechop.realtime.core.events, and their velocities."""


def leading(times: Sequence[float], strengths: Sequence[float], min_gap: float) -> tuple[list[float], list[float]]:
    """Split times into those with no stronger one within min_gap seconds, and the rest; both in order."""
    kept: list[float] = []
    rest: list[float] = []
    for place in sorted(range(len(times)), key=lambda one: -strengths[one]):
        near = any(abs(times[place] - other) < min_gap for other in kept)
        (rest if near else kept).append(times[place])
    return sorted(kept), sorted(rest)


def annotation(labels: Path, audio: Path, min_gap: float = GAP) -> Annotation:
    """Read the chops of a recording, and what else is known of it. Raises UserError for labels that cannot be read."""
    if labels.suffix != ".json":
        return Annotation({"chop": read_labels(labels, audio).times.tolist()}, {})
    known = annotation_of_truth(read_truth(labels), min_gap)  # a synthetic recording
    early = drums.annotation(labels, audio)
    events = {**known.events, **{EARLY + head: times for head, times in early.events.items()}}
    unknown = {**known.unknown, **{EARLY + head: spans for head, spans in early.unknown.items()}}
    return replace(known, events=events, unknown=unknown, values={EARLY + head: v for head, v in early.values.items()})


def coarse_annotation(labels: Path, audio: Path) -> Annotation:
    """Read the same for the coarse net."""
    return annotation(labels, audio, COARSE_GAP)


def annotation_of_truth(truth: Truth, min_gap: float) -> Annotation:
    """Derive the targets of a synthetic recording, of which everything is known.

    While drums play they lead: what begins without a kick or snare is then no chop, whether a chord, a tom or a bass.
    """
    detailed = any(one.snr < ALONE_DB for one in truth.drums) or not truth.drums
    clear = truth.clear_drums()
    loops = [span for span in truth.unsure if span[1] - span[0] > SHORTEST_LOOP]
    struck = np.array([d.time for d in clear if d.label in HIT])
    hits = [d for d in clear if d.label in HIT and d.velocity >= SOFTEST]
    leaders = np.array([d.time for d in hits])
    audible = np.array([d.time for d in clear])

    def denied(start: float, stop: float) -> bool:
        led = bool(np.any(np.abs(leaders - start) < LEAD_SECONDS)) and stop - start <= LONGEST_LED
        return led and not np.any((struck > start - TOGETHER) & (struck < stop + TOGETHER))

    asked = [c for c in truth.chops if c.reason == "hit" or not denied(c.time, c.time)]
    # A stroke that nobody can hear is no place to cut, and none that must not be cut.
    lost = [c for c in asked if c.reason == "hit" and not np.any(np.abs(audible - c.time) < TOGETHER)]
    asked = [c for c in asked if c not in lost]
    kept, rest = leading([c.time for c in asked], [c.strength for c in asked], min_gap)
    quick = [note.time for note in truth.notes if note.part not in SLOW]
    if not truth.notes and not truth.drums:  # single sounds, one after another: each is a place to cut, and an attack
        quick = [chop.time for chop in truth.chops]
    changes = [b.time for a, b in zip(truth.chords, truth.chords[1:], strict=False) if a.label != b.label != "N"]
    faint = [d for d in truth.drums if d.snr < FAINT_DB]
    events: dict[str, Sequence[float]] = {
        "chop": kept,
        "hit": [d.time for d in hits],
        "beat": [beat.time for beat in truth.beats],
        "downbeat": [beat.time for beat in truth.beats if beat.position == 1],
        "change": changes,
        "onset": sorted(quick + [drum.time for drum in clear]),
    }
    unknown: dict[str, Spans] = {
        "hit": [*_points(d for d in truth.drums if d.label in HIT and d not in hits), *loops],
        "chop": [*(s for s in truth.unsure if not denied(*s)), *((time, time) for time in rest), *_points(lost)],
        "onset": [
            *((note.time, note.time + SLOW_SECONDS) for note in truth.notes if note.part in SLOW),
            *_points(faint),
            *loops,
            *truth.music,
        ],
        "solo": loops,
    }
    if truth.music:
        del events["change"]
    for head, labels in STRUCK.items():
        if head in NEW and not detailed:
            continue
        mine = [d for d in truth.drums if d.label in labels]
        found = [d for d in mine if d.snr >= FAINT_DB and (detailed or d.velocity >= SOFTEST)]
        also = [d for d in truth.drums if d.label in CONFUSED.get(head, ())]
        events[head] = [d.time for d in found]
        unknown[head] = [*_points(d for d in mine if d not in found), *_points(also), *loops]
    hardly = [d.time for d in clear if d.snr < HARDLY_DB]
    half = dict.fromkeys((*STRUCK, "hit", "onset"), hardly)
    states = {"solo": truth.solo} if detailed else {}
    return Annotation(events, unknown, states=states, faint=half)


def _points(events: Iterable[DrumTruth | ChopTruth]) -> list[tuple[float, float]]:
    return [(one.time, one.time) for one in events]


def augment_audio(samples: NDArray[np.float32], rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """Shift a record against the frames, change its level, add a little hiss. Gives it and the shift in samples."""
    shift = int(rng.integers(0, HOP))
    level = 10 ** (rng.uniform(-14, 2) / 20)
    hiss = 10 ** (rng.uniform(-85, -50) / 20)
    shifted = np.concatenate([np.zeros(shift, np.float32), samples * np.float32(level)])
    return (shifted + hiss * rng.standard_normal(len(shifted)).astype(np.float32)).astype(np.float32), shift


IMPORTANCE = {
    "chop": 1.0,
    "hit": 0.8,
    "beat": 1.0,
    "downbeat": 0.6,
    "kick": 0.4,
    "snare": 0.5,
    "onset": 0.5,
    "stick": 0.3,
    "hat": 0.3,
    "open": 0.3,
    "tom": 0.3,
    "cymbal": 0.3,
    "change": 0.3,
    "solo": 0.3,
}
"""Of each head of the shared net. A "hit" is a clear stroke of kick, snare, side-stick or clap; "change" is a change of
chord; "solo" says whether drums alone sound."""
EARLY_IMPORTANCE = 0.8
"""What an early head counts of one of the drum net's: so the two hops of a frame count as much as its late heads."""
COARSE_IMPORTANCE = {"chop": 1.0, "hit": 0.8, "beat": 1.0, "downbeat": 0.6, "kick": 0.3, "snare": 0.3, "onset": 0.3}
BESIDE: dict[int, float | None] = {-1: EDGE, 1: EDGE}


def _spec(name: str, source: Callable[[int], FeatureStream] | Callable[[int], FineFeatureStream], n: int) -> StreamSpec:
    """Give what both nets have in common. n: features of a frame."""
    lookahead, importance = (COARSE_LOOKAHEAD, COARSE_IMPORTANCE)
    return StreamSpec(
        name=name,
        source=source,
        n_features=n,
        stack=STACK,
        answers=Answers(importance, HOP, BESIDE, lookahead),
        labels=labels_beside,
        example="name.txt with the chops' seconds",
        annotation=coarse_annotation,
        split=split_of,
        augment=augment_audio,
    )


COARSE = _spec("chops", FeatureStream, N_FEATURES)
"""Of the net of 32 bands, with which the released models up to version 1 were made."""
COARSE_SHAPE = Shape(N_FEATURES, len(COARSE.names))
SHARED = replace(
    _spec("shared", FineFeatureStream, STACK * PER_HOP),
    answers=Answers(IMPORTANCE, HOP, BESIDE, LOOKAHEAD, states=frozenset({"solo"})),
    early=Answers(
        {EARLY + head: EARLY_IMPORTANCE * weight for head, weight in drums.ANSWERS.heads.items()},
        HOP_LENGTH,
        drums.ANSWERS.beside,
        offset=drums.WAIT + HOP_LENGTH - 1 - LENGTH // 2,
        values=frozenset(EARLY + head for head in drums.ANSWERS.values),
    ),
    delays=(0,) * N_EARLY + (LATE_HOPS,) * N_LATE,
    annotation=annotation,
    balance=True,
)
"""Of the net that has all heads; its early ones answer as the drum net does, within 25 ms."""


def shared_shape(channels: int) -> SharedShape:
    """Give the shape of a shared net with so many channels in its deep layers."""
    assert SHARED.early is not None
    return SharedShape(len(SHARED.names), len(SHARED.early.names), channels)


def known_to(spec: StreamSpec, manifest: Manifest) -> StreamSpec:
    """Give the spec for a model that may have other heads. Raises UserError where one of them is not known."""
    features = manifest.features
    if not isinstance(features, StreamFeatures) or features.heads == spec.names:
        return spec
    if missing := set(features.heads) - set(IMPORTANCE):
        raise UserError(f"--from {manifest.name}: this version cannot train its heads {', '.join(sorted(missing))}")
    if features.heads[0] != "chop":
        raise UserError(f"--from {manifest.name}: its first head is {features.heads[0]!r}, not 'chop'")
    heads = {head: spec.answers.heads.get(head, IMPORTANCE[head]) for head in features.heads}
    states = frozenset(heads) & SHARED.answers.states
    return replace(spec, answers=replace(spec.answers, heads=heads, states=states))
