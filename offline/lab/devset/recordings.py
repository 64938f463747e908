"""The recordings of a development set: drums alone, drums under real music or a rendered band, loops, single hits."""

from dataclasses import dataclass, replace

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation import effects
from samplechop.offline.evaluate.references import Seconds
from samplechop.offline.lab.devset import composing
from samplechop.offline.lab.devset.sources import Made, Order, Recording, Sources
from samplechop.offline.lab.synthetic import choosing, drumming, mixing
from samplechop.offline.lab.synthetic import turntable as turntables
from samplechop.offline.lab.synthetic.score import LABELS, Score
from samplechop.offline.lab.synthetic.turntable import augment_record_mildly, good_turntable
from samplechop.offline.labels.recording_truth import BeatTruth, ChopTruth, DrumTruth, NoteTruth, Truth, moved

MUSIC_OVER_DRUMS_DB = (0.0, 9.0)
SOFTEST = 0.03
ROOM = 0.4
BLOCK = RATE // 10


@dataclass(frozen=True, slots=True)
class Played:
    """What was played: its score, style, dry sound; the parts that speak at once; attacks of real music, seconds."""

    score: Score
    style: str
    dry: Sound
    quick: frozenset[str] = frozenset()
    others: tuple[float, ...] = ()


def stem(order: Order) -> Made:
    """Make drums alone: real one-shots, played by a drummer of the synthetic styles."""
    score, style = composing.compose(order.rng, _length(order.rng), False)
    return _finish(order, Played(score, f"{style.name}-stem", _drums(score, order.rng, order.sources)))


def mix(order: Order) -> Made:
    """Make real drums under music: every third time real music, otherwise a band of instruments held out."""
    played = _over_music(order) if order.number % 3 == 2 else None
    return _finish(order, played if played is not None else _with_a_band(order))


def _length(rng: np.random.Generator) -> float:
    return float(rng.uniform(composing.SHORTEST, composing.LONGEST))


def _over_music(order: Order) -> Played | None:
    """Play along with an excerpt of real music at another speed; None if its bars are too uneven."""
    rng, music = order.rng, order.sources.music
    piece = respeeded(music[order.number // 3 % len(music)], float(2 ** (rng.uniform(-3, 3) / 12)))
    excerpt = composing.excerpt_of(rng, piece)
    if excerpt is None:
        return None
    score, style = composing.drum_along(rng, excerpt)
    drums = _drums(score, rng, order.sources)
    sound = piece.samples[round(excerpt.start * RATE) :][: len(drums)]
    sound = np.pad(sound, (0, len(drums) - len(sound)))
    inside = piece.onsets[(piece.onsets >= excerpt.start) & (piece.onsets < excerpt.stop)] - excerpt.start
    return Played(score, f"{style.name}-real-music", _under(drums, sound, rng), others=tuple(inside.tolist()))


def _with_a_band(order: Order) -> Played:
    rng, bank = order.rng, order.bank
    score, style = composing.compose(rng, _length(rng), True)
    line_up = mixing.choose_line_up(rng, style.comps, style.leads, validation=True)
    music, score.tones = mixing.play_tones(score.tones, score.length, line_up, bank)
    quick = frozenset(part for part, program in line_up.programs.items() if program in bank.quick)
    if rng.random() < 0.5:
        music = effects.reverberate(music, rng, ROOM)
    return Played(score, f"{style.name}-mix", _under(_drums(score, rng, order.sources), music, rng), quick)


def respeeded(music: Recording, speed: float) -> Recording:
    """Play music faster and higher, or slower and lower, with its beats and attacks."""
    samples = effects.change_speed(music.samples, speed)
    return replace(music, samples=samples, onsets=music.onsets / speed, beats=music.beats / speed)


def _drums(score: Score, rng: np.random.Generator, sources: Sources) -> Sound:
    """Play the score's strikes with real one-shots; drops from it what no sound can play and what is too soft."""
    kit = composing.assemble(rng, sources.drums, [strike.role for strike in score.strikes])
    score.strikes = [one for one in score.strikes if one.role in kit and one.velocity >= SOFTEST]
    drums = drumming.play(score.strikes, kit, score.length, rng)
    if rng.random() < 0.6:
        drums = effects.reverberate(drums, rng, ROOM)
    return drumming.bus(drums, rng)


def _level(sound: Sound) -> float:
    """Give the RMS over the tenths of a second in which something sounds."""
    powers = np.mean(np.square(sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)), axis=1)
    loud = powers[powers > 1e-3 * np.max(powers, initial=1e-12)]
    return float(np.sqrt(np.mean(loud))) if len(loud) else 1.0


def _under(drums: Sound, music: Sound, rng: np.random.Generator) -> Sound:
    over = 10 ** (rng.uniform(*MUSIC_OVER_DRUMS_DB) / 20)
    mixed = drums / np.float32(_level(drums)) + music / np.float32(_level(music)) * np.float32(over)
    return np.asarray(mixed, np.float32)


def _finish(order: Order, played: Played) -> Made:
    """Age a mix and write down what it holds.

    Whether the attacks of real music are chops, nobody says: they are unsure. All else follows the rule of the
    synthetic training set.
    """
    score, turntable = played.score, good_turntable(order.rng)
    length = float(turntable.played_at(np.array([score.length]))[0])
    samples = augment_record_mildly(turntable.play(played.dry, length), order.rng)
    length = len(samples) / RATE
    found, unsure = choosing.candidates(score, played.quick, [])
    truth = Truth(
        score.length,
        played.style,
        "validation",
        order.seed,
        unsure=sorted(unsure + [(time, time + 0.02) for time in played.others]),
        drums=[DrumTruth(one.time, LABELS[one.role], one.velocity) for one in score.strikes if one.role in LABELS],
        notes=[
            NoteTruth(one.time, one.length, one.key, one.velocity / 127, "chord" if one.part == "comp" else one.part)
            for one in score.tones
        ],
        beats=[BeatTruth(time, position) for time, position in score.beats],
    )
    truth = moved(truth, turntable.played_at, turntable.semitones, length)
    times = turntable.played_at(np.array([one.time for one in found]))
    shifted = [
        choosing.Candidate(float(time), one.reason)
        for time, one in zip(times, found, strict=True)
        if 0 <= time < length - choosing.WIDTH
    ]
    chops, lost = choosing.choose(samples, shifted)
    drums = choosing.audible(samples, truth.drums)
    truth = replace(truth, chops=chops, unsure=choosing.without(truth.unsure + lost, chops), drums=drums)
    return Made(samples, _attacks(samples, played, turntable), truth)


def _attacks(samples: Sound, played: Played, turntable: turntables.Turntable) -> Seconds:
    """Give every attack that can be heard, sorted: all that is struck, plucked, or known of real music."""
    struck = [one.time for one in played.score.strikes] + list(played.others)
    struck += [tone.time for tone in played.score.tones if tone.part in played.quick]
    last = len(samples) / RATE - choosing.WIDTH
    times = [float(time) for time in turntable.played_at(np.array(struck)) if 0 <= time < last]
    # The label says nothing here: whatever it is called, it is audible or not.
    audible = choosing.audible(samples, [DrumTruth(time, "tom", 1.0) for time in times])
    return np.sort(np.array([one.time for one in audible]))


SOUNDS_AT_ONCE = 5


DAMPING = 441


FEWEST_BEATS = 4


def loop(order: Order) -> Made:
    """Play a real loop round and round: every other one as it is, the others augmented and at another speed."""
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
        turntable = good_turntable(order.rng)
        length = float(turntable.played_at(np.array([len(samples) / RATE]))[0])
        samples = augment_record_mildly(turntable.play(samples, length), order.rng)
        onsets, beats = turntable.played_at(onsets), turntable.played_at(beats)
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
    turntable = good_turntable(rng)
    length = float(turntable.played_at(np.array([length]))[0])
    samples = augment_record_mildly(turntable.play(out, length), rng)
    length = len(samples) / RATE
    truth = moved(Truth(length, "hits", "validation", order.seed, chops=found), turntable.played_at, 0.0, length)
    chops, lost = choosing.choose(samples, [choosing.Candidate(one.time, "phrase") for one in truth.chops])
    truth = replace(truth, chops=chops, unsure=choosing.without(lost, chops))
    return Made(samples, np.array([one.time for one in chops]), truth)
