"""Recordings without a drummer: real loops played round and round, and single hits of real instruments."""

from dataclasses import replace

import numpy as np

from samplechop.offline.audio.reading import RATE
from samplechop.offline.augmentation import effects
from samplechop.offline.evaluate.references import Seconds
from samplechop.offline.lab.devset import composing
from samplechop.offline.lab.devset.ageing import aged, find_turntable
from samplechop.offline.lab.devset.order import Made, Order
from samplechop.offline.lab.devset.sources import Recording
from samplechop.offline.lab.synthetic import choosing
from samplechop.offline.labels.recording_truth import ChopTruth, Truth, moved

SOUNDS_AT_ONCE = 5
DAMPING = 441
FEWEST_BEATS = 4


def loop(order: Order) -> Made:
    """Play a real loop round and round: every other one as it is, the others aged and at another speed."""
    loops = order.sources.loops
    again, place = divmod(order.number, len(loops))
    one = loops[place]
    once = len(one.samples) / RATE
    starts = once * np.arange(max(2, int(np.ceil(composing.SHORTEST / once))))
    samples = np.tile(one.samples, len(starts))
    own = np.append(0.0, one.onsets) if _starts_anew(one) else one.onsets
    onsets = (own + starts[:, None]).ravel()
    beats, places = np.zeros(0), np.zeros(0, np.int64)
    if len(one.beats) >= FEWEST_BEATS and _comes_round(one.beats, once):
        kept = one.beats < one.beats[0] + once - 0.1
        beats, places = (one.beats[kept] + starts[:, None]).ravel(), np.tile(one.positions[kept], len(starts))
    if (place + again) % 2:
        turntable = find_turntable(order.rng)
        length = float(turntable.heard_at(np.array([len(samples) / RATE]))[0])
        samples = aged(turntable.play(samples, length), order.rng)
        onsets, beats = turntable.heard_at(onsets), turntable.heard_at(beats)
    return Made(samples, onsets, None, tuple(zip(beats.tolist(), places.tolist(), strict=True)))


def _starts_anew(one: Recording) -> bool:
    """Say whether the first sample is an attack that the reference times lack: 6 dB over the end, none within 50 ms.

    Detectors of onsets need to hear what was before, and so they miss a hit at the very start of a file.
    """
    width = round(choosing.WIDTH * RATE)
    start, end = (float(np.mean(np.square(part))) for part in (one.samples[:width], one.samples[-width:]))
    return bool(one.onsets[0] > 0.05 and start > 10 ** (choosing.CLEAR_RISE_DB / 10) * end + 1e-6)


def _comes_round(beats: Seconds, once: float) -> bool:
    """Say whether a loop is a whole number of beats long, to a tenth of a beat."""
    count = once / float(np.median(np.diff(beats)))
    return abs(count - round(count)) < 0.1


def hits(order: Order) -> Made:
    """Play single notes and chords of real instruments one after another, each a place to chop."""
    rng, sources = order.rng, order.sources
    length = float(rng.uniform(composing.SHORTEST, 30.0))
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
    turntable = find_turntable(rng)
    length = float(turntable.heard_at(np.array([length]))[0])
    samples = aged(turntable.play(out, length), rng)
    length = len(samples) / RATE
    truth = moved(Truth(length, "hits", "validation", order.seed, chops=found), turntable.heard_at, 0.0, length)
    chops, lost = choosing.choose(samples, [choosing.Candidate(one.time, "phrase") for one in truth.chops])
    truth = replace(truth, chops=chops, unsure=choosing.without(lost, chops))
    return Made(samples, np.array([one.time for one in chops]), truth)
