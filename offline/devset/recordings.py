"""One recording of a development set: played, mixed, mildly aged, with everything that is known about it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from offline.crate import choosing, drumming, performance, wear
from offline.crate.bank import Bank
from offline.crate.score import LABELS, Score, Strike
from offline.crate.sounds import RATE, Sound
from offline.crate.styles import Style
from offline.crate.truth import BeatTruth, ChopTruth, DrumTruth, NoteTruth, Truth, moved
from offline.devset import composing, kits
from offline.devset.sources import Recording, Sources

Seconds = NDArray[np.float64]
MUSIC_OVER_DRUMS_DB = (0.0, 9.0)
SOFTEST = 0.03
QUICK_RISE = 0.03


@dataclass(frozen=True, slots=True)
class Made:
    """A finished recording: samples float32 (n,), mono, 44 100 Hz; onsets: seconds, every attack that is known.

    truth: of what was composed, or None for a loop, of which only onsets and `beats` are known: (seconds, position).
    """

    samples: Sound
    onsets: Seconds
    truth: Truth | None = None
    beats: tuple[tuple[float, int], ...] = ()


Maker = Callable[[np.random.Generator, int, Sources, Bank, int], Made]
"""Makes a recording from chance, its number in its group, the sources, instruments, and the seed for the truth."""


def stem(rng: np.random.Generator, number: int, sources: Sources, bank: Bank, seed: int) -> Made:
    """Make drums alone: real one-shots, played by a drummer of the crate's styles."""
    score, style = composing.compose(rng, float(rng.uniform(composing.SHORTEST, composing.LONGEST)), False)
    drums = _drums(score, rng, sources)
    return _finish(drums, score, style, frozenset(), np.zeros(0), rng, seed, "stem")


def mix(rng: np.random.Generator, number: int, sources: Sources, bank: Bank, seed: int) -> Made:
    """Make real drums under music: every third time real music, otherwise a band of instruments held out."""
    real = sources.music[(number // 3) % len(sources.music)] if number % 3 == 2 else None
    if real is not None:
        changed = _respeeded(real, float(2 ** (rng.uniform(-3, 3) / 12)))
        excerpt = composing.excerpt_of(rng, changed)
        if excerpt is not None:
            score, style = composing.drum_along(rng, excerpt)
            drums = _drums(score, rng, sources)
            music = changed.samples[round(excerpt.start * RATE) :][: len(drums)]
            music = np.pad(music, (0, len(drums) - len(music)))
            inside = (changed.onsets >= excerpt.start) & (changed.onsets < excerpt.stop)
            return _finish(
                _under(drums, music, rng),
                score,
                style,
                frozenset(),
                changed.onsets[inside] - excerpt.start,
                rng,
                seed,
                "real-music",
            )
    score, style = composing.compose(rng, float(rng.uniform(composing.SHORTEST, composing.LONGEST)), True)
    line_up = performance.line_up(rng, style.comps, style.leads, validation=True)
    music, score.tones = performance.play(score.tones, score.length, line_up, bank)
    quick = frozenset(part for part, program in line_up.programs.items() if program in bank.quick)
    drums = _drums(score, rng, sources)
    if rng.random() < 0.5:
        music = drumming.in_a_room(music, rng, 0.3)
    return _finish(_under(drums, music, rng), score, style, quick, np.zeros(0), rng, seed, "mix")


def loop(rng: np.random.Generator, number: int, sources: Sources, bank: Bank, seed: int) -> Made:
    """Play a real loop round and round: every other time as it is, otherwise aged and at another speed."""
    one = sources.loops[(number // 2) % len(sources.loops)]
    once = len(one.samples) / RATE
    rounds = max(2, int(np.ceil(composing.SHORTEST / once)))
    samples = np.tile(one.samples, rounds)
    starts = once * np.arange(rounds)
    onsets = (one.onsets + starts[:, None]).ravel()
    beats = np.zeros(0)
    places = np.zeros(0, np.int64)
    if len(one.beats) > 4 and _comes_round(one.beats, once):
        kept = one.beats < one.beats[0] + once - 0.1
        beats, places = (one.beats[kept] + starts[:, None]).ravel(), np.tile(one.positions[kept], rounds)
    if number % 2 == 0:
        return Made(samples, onsets, None, tuple(zip(beats.tolist(), places.tolist(), strict=True)))
    turntable = _turntable(rng)
    length = float(turntable.heard_at(np.array([len(samples) / RATE]))[0])
    aged = _aged(turntable.play(samples, length), rng)
    heard, inside = turntable.heard_at(onsets), turntable.heard_at(beats)
    return Made(aged, heard[heard < length], None, tuple(zip(inside.tolist(), places.tolist(), strict=True)))


def hits(rng: np.random.Generator, number: int, sources: Sources, bank: Bank, seed: int) -> Made:
    """Play single notes and chords of real instruments one after another, each a place to chop."""
    length = float(rng.uniform(composing.SHORTEST, 30.0))
    out = np.zeros(round(length * RATE), np.float32)
    own = [sources.hits[int(place)] for place in rng.choice(len(sources.hits), min(5, len(sources.hits)), False)]
    pace, time, found = float(np.exp(rng.uniform(np.log(0.3), np.log(1.5)))), float(rng.uniform(0.1, 1.0)), []
    damped = rng.random() < 0.5
    while time < length - 0.3:
        wait = pace * float(rng.choice([0.5, 1, 1, 2]) * rng.normal(1, 0.03))
        shot = own[int(rng.integers(len(own)))]
        sound = drumming.respeed(np.asarray(shot.samples), 2 ** (int(rng.integers(-5, 6)) / 12))
        loud, at = float(rng.uniform(0.35, 1.0)), round(time * RATE)
        end = min(len(sound), len(out) - at, round(wait * RATE) if damped else len(out))
        sound = sound[:end] * np.float32(loud)
        fade = min(end, 441)
        sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        out[at : at + end] += sound
        found.append(ChopTruth(at / RATE, "phrase", loud))
        time += wait
    if rng.random() < 0.5:
        out = drumming.in_a_room(out, rng, 0.3)
    turntable = _turntable(rng)
    length = float(turntable.heard_at(np.array([length]))[0])
    truth = moved(Truth(length, "hits", "validation", seed, chops=found), turntable.heard_at, 0.0, length)
    samples = _aged(turntable.play(out, length), rng)
    candidates = [choosing.Candidate(one.time, "phrase") for one in truth.chops]
    chops, lost = choosing.choose(samples, candidates)
    truth = replace(truth, chops=chops, unsure=choosing.without(lost, chops), length=len(samples) / RATE)
    return Made(samples, np.array([one.time for one in chops]), truth)


MAKERS: dict[str, Maker] = {"stems": stem, "mixes": mix, "loops": loop, "hits": hits}


def _respeeded(music: Recording, speed: float) -> Recording:
    samples = drumming.respeed(music.samples, speed)
    return replace(music, samples=samples, onsets=music.onsets / speed, beats=music.beats / speed)


def _comes_round(beats: Seconds, once: float) -> bool:
    """Say whether a loop is a whole number of beats long, to a tenth of a beat."""
    count = once / float(np.median(np.diff(beats)))
    return abs(count - round(count)) < 0.1


def _drums(score: Score, rng: np.random.Generator, sources: Sources) -> Sound:
    """Play the score's strikes with real one-shots; drops from it what no sound can play and what is too soft."""
    kit = kits.assemble(rng, sources.drums, [strike.role for strike in score.strikes])
    score.strikes = [one for one in score.strikes if one.role in kit and one.velocity >= SOFTEST]
    drums = drumming.play(score.strikes, kit, score.length, rng)
    if rng.random() < 0.6:
        drums = drumming.in_a_room(drums, rng, 0.4)
    return drumming.bus(drums, rng)


def _level(sound: Sound) -> float:
    """Give the RMS over the tenths of a second in which something sounds."""
    width = RATE // 10
    powers = np.mean(np.square(sound[: len(sound) // width * width].reshape(-1, width)), axis=1)
    loud = powers[powers > 1e-3 * np.max(powers, initial=1e-12)]
    return float(np.sqrt(np.mean(loud))) if len(loud) else 1.0


def _under(drums: Sound, music: Sound, rng: np.random.Generator) -> Sound:
    over = 10 ** (rng.uniform(*MUSIC_OVER_DRUMS_DB) / 20)
    mixed = drums / np.float32(_level(drums)) + music / np.float32(_level(music)) * np.float32(over)
    return np.asarray(mixed, np.float32)


def _turntable(rng: np.random.Generator) -> wear.Turntable:
    """Choose a turntable in good order: within 4 % of its speed, hardly any wow."""
    swings = (
        (float(100 / 3 / 60), float(rng.uniform(0, 0.001)), float(rng.uniform(0, 6.28))),
        (float(rng.uniform(4, 10)), float(rng.uniform(0, 0.0003)), float(rng.uniform(0, 6.28))),
    )
    return wear.Turntable(float(1 + rng.uniform(-0.04, 0.04)), swings)


def _aged(samples: Sound, rng: np.random.Generator) -> Sound:
    """Wear a recording a little: tone half of the time, surface noise at -66 to -42 dB, level -18 to 0 dBFS."""
    out = wear.equalised(samples, rng) if rng.random() < 0.5 else samples
    out = out / np.float32(np.max(np.abs(out), initial=1e-9))
    noise = wear.surface(len(out), rng)
    out = out + noise * np.float32(10 ** (rng.uniform(-66, -42) / 20))
    return np.asarray(out / np.max(np.abs(out), initial=1e-9) * 10 ** (rng.uniform(-18, 0) / 20), np.float32)


def _finish(
    dry: Sound,
    score: Score,
    style: Style,
    quick: frozenset[str],
    others: Seconds,
    rng: np.random.Generator,
    seed: int,
    kind: str,
) -> Made:
    """Age a mix and write down what it holds. others: attacks of real music, of which nobody says if they are chops."""
    turntable = _turntable(rng)
    length = float(turntable.heard_at(np.array([score.length]))[0])
    found, unsure = choosing.candidates(score, quick, [])
    truth = Truth(
        score.length,
        f"{style.name}-{kind}",
        "validation",
        seed,
        unsure=sorted(unsure + [(float(time), float(time) + 0.02) for time in others]),
        drums=[DrumTruth(one.time, LABELS[one.role], one.velocity) for one in score.strikes if one.role in LABELS],
        notes=[
            NoteTruth(one.time, one.length, one.key, one.velocity / 127, "chord" if one.part == "comp" else one.part)
            for one in score.tones
        ],
        beats=[BeatTruth(time, position) for time, position in score.beats],
    )
    samples = _aged(turntable.play(dry, length), rng)
    length = len(samples) / RATE
    truth = moved(truth, turntable.heard_at, turntable.semitones, length)
    heard = [
        choosing.Candidate(float(time), one.reason)
        for time, one in zip(turntable.heard_at(np.array([one.time for one in found])), found, strict=True)
        if 0 <= time < length - choosing.WIDTH
    ]
    chops, lost = choosing.choose(samples, heard)
    truth = replace(
        truth,
        chops=chops,
        unsure=choosing.without(truth.unsure + lost, chops),
        drums=choosing.audible(samples, truth.drums),
    )
    return Made(samples, _attacks(samples, score, turntable, quick, others), truth)


def _attacks(
    samples: Sound, score: Score, turntable: wear.Turntable, quick: frozenset[str], others: Seconds
) -> Seconds:
    """Give every attack that can be heard: all that is struck, plucked or known of real music."""
    struck = [_as_drum(one) for one in score.strikes]
    struck += [DrumTruth(tone.time, "tom", 1.0) for tone in score.tones if tone.part in quick]
    times = turntable.heard_at(np.array([one.time for one in struck] + others.tolist()))
    inside = [DrumTruth(float(time), "tom", 1.0) for time in times if 0 <= time < len(samples) / RATE - choosing.WIDTH]
    return np.sort(np.array([one.time for one in choosing.audible(samples, inside)]))


def _as_drum(strike: Strike) -> DrumTruth:
    return DrumTruth(strike.time, "tom", strike.velocity)
