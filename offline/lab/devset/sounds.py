"""Recordings of real loops, single sounds and songs that no training set uses."""

import numpy as np

from samplechop.offline.audio.reading import RATE
from samplechop.offline.augmentation import effects
from samplechop.offline.evaluate.references import STRONG, Seconds
from samplechop.offline.lab.devset import sources as real
from samplechop.offline.lab.devset.making import Made, Order, play_mildly
from samplechop.offline.lab.synthetic import chop_rule
from samplechop.offline.lab.synthetic.beds import Recording
from samplechop.offline.labels.recording_truth import ChopTruth, DrumTruth, Truth

SOUNDS_AT_ONCE = 5
DAMPING = 441
FEWEST_BEATS = 4
EXCERPT = 50.0
"""Seconds of a song."""


def loop(order: Order) -> Made:
    """Play a real loop round and round: every other one as it is, the others augmented and at another speed."""
    loops = order.sources.loops
    again, place = divmod(order.number, len(loops))
    one = loops[place]
    once = len(one.samples) / RATE
    starts = once * np.arange(max(2, int(np.ceil(real.SHORTEST / once))))
    samples = np.tile(one.samples, len(starts))
    own = np.append(0.0, one.onsets) if _starts_anew(one) else one.onsets
    onsets = (own + starts[:, None]).ravel()
    beats, places = np.zeros(0), np.zeros(0, np.int64)
    if len(one.beats) >= FEWEST_BEATS and _comes_round(one.beats, once):
        kept = one.beats < one.beats[0] + once - 0.1
        beats, places = (one.beats[kept] + starts[:, None]).ravel(), np.tile(one.positions[kept], len(starts))
    if (place + again) % 2:
        samples, turntable = play_mildly(samples, len(samples) / RATE, order.rng)
        onsets, beats = turntable.played_at(onsets), turntable.played_at(beats)
    return Made(samples, onsets, None, tuple(zip(beats.tolist(), places.tolist(), strict=True)))


def _starts_anew(one: Recording) -> bool:
    """Say whether the first sample is an attack that the reference times lack: 6 dB over the end, none within 50 ms.

    Detectors of onsets need to hear what was before, and so they miss a hit at the very start of a file.
    """
    width = round(chop_rule.WIDTH * RATE)
    start, end = (float(np.mean(np.square(part))) for part in (one.samples[:width], one.samples[-width:]))
    return bool(one.onsets[0] > 0.05 and start > 10 ** (chop_rule.CLEAR_RISE_DB / 10) * end + 1e-6)


def _comes_round(beats: Seconds, once: float) -> bool:
    """Say whether a loop is a whole number of beats long, to a tenth of a beat."""
    count = once / float(np.median(np.diff(beats)))
    return abs(count - round(count)) < 0.1


def hits(order: Order) -> Made:
    """Play single notes and chords of real instruments one after another, each a place to chop."""
    rng, sources = order.rng, order.sources
    length = float(rng.uniform(real.SHORTEST, 30.0))
    out = np.zeros(round(length * RATE), np.float32)
    places = rng.choice(len(sources.hits), min(SOUNDS_AT_ONCE, len(sources.hits)), replace=False)
    pace, damped = float(np.exp(rng.uniform(np.log(0.3), np.log(1.5)))), rng.random() < 0.5
    time, found = float(rng.uniform(0.1, 1.0)), []
    while time < length - 0.3:
        wait = pace * float(rng.choice([0.5, 1, 1, 2]) * rng.normal(1, 0.03))
        shot = sources.hits[int(rng.choice(places))]
        sound = effects.change_speed(np.asarray(shot.samples), 2 ** (int(rng.integers(-5, 6)) / 12))
        loud, at = float(rng.uniform(0.35, 1.0)), round(time * RATE)
        end = min(len(sound), len(out) - at, round(wait * RATE) if damped else len(out))
        sound = sound[:end] * np.float32(loud)
        fade = min(end, DAMPING)
        sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        out[at : at + end] += sound
        found.append(ChopTruth(at / RATE, "phrase", loud))
        time += wait
    if rng.random() < 0.5:
        out = effects.reverberate(out, rng, 0.3)
    samples, turntable = play_mildly(out, length, rng)
    truth = Truth(length, "hits", "validation", order.seed, chops=found)
    found_at = [chop_rule.Candidate(one.time, "phrase") for one in found]
    truth = chop_rule.label_played(samples, truth, found_at, turntable, len(samples) / RATE)
    return Made(samples, np.array([one.time for one in truth.chops]), truth)


def song(order: Order) -> Made:
    """Cut the part of a real song with most kicks and snares: even numbers the song, odd ones its drums alone."""
    one = order.sources.songs[order.number // 2 % len(order.sources.songs)]
    strong = np.array([hit.time for hit in one.hits if hit.label in STRONG])
    starts = strong if len(strong) else np.zeros(1)
    counts = [int(np.sum((strong >= start) & (strong < start + EXCERPT))) for start in starts]
    start = max(0.0, float(starts[int(np.argmax(counts))]) - 0.5)
    stop = min(start + EXCERPT, len(one.mix) / RATE)
    whole = one.mix if order.number % 2 == 0 else one.drums
    samples = whole[round(start * RATE) : round(stop * RATE)]
    hits = tuple(
        DrumTruth(hit.time - start, hit.label, hit.velocity) for hit in one.hits if start <= hit.time < stop - 0.05
    )
    inside = one.beats[(one.beats >= start) & (one.beats < stop)] - start
    scaled = (samples / np.max(np.abs(samples), initial=1e-9) * 0.9).astype(np.float32)
    return Made(scaled, None, None, tuple((float(time), 0) for time in inside), hits)
