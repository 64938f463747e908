"""Fill a folder with a development set: drums alone, drums under real music or a rendered band, loops, single hits.

The same seed, sounds and count give the same set.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation import effects
from samplechop.offline.common.atomic import write_text
from samplechop.offline.evaluate.references import Seconds
from samplechop.offline.lab import clear, write_flac
from samplechop.offline.lab.devset import sources as real
from samplechop.offline.lab.devset.sources import Recording, Sources
from samplechop.offline.lab.synthetic import chop_rule, drum_kit, drum_patterns, mixing, soundfont_bank
from samplechop.offline.lab.synthetic.build import instruments
from samplechop.offline.lab.synthetic.record import compose, play_sections
from samplechop.offline.lab.synthetic.score import METERS, Clock, Score
from samplechop.offline.lab.synthetic.styles import STYLES
from samplechop.offline.lab.synthetic.turntable import Turntable, augment_record_mildly, good_turntable
from samplechop.offline.labels.recording_truth import ChopTruth, DrumTruth, Truth, write_truth

MUSIC_OVER_DRUMS_DB = (0.0, 9.0)
SOFTEST = 0.03
ROOM = 0.4
BLOCK = RATE // 10
SOUNDS_AT_ONCE = 5
DAMPING = 441
FEWEST_BEATS = 4
SHARES = {"mixes": 0.44, "stems": 0.24, "loops": 0.2, "hits": 0.12}
"""Which part of the recordings each group has."""
TAG = 0xDE5E7
"""Keeps the seeds apart from those of training sets."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to make a recording of: chance, its number in its group, the sounds, the instruments of a rendered band.

    seed: of the set, for the truth.
    """

    rng: np.random.Generator
    number: int
    sources: Sources
    bank: soundfont_bank.Bank
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """A finished recording: samples float32 (n,), mono, 44 100 Hz; onsets: seconds, every attack that is known.

    truth: of what was composed, or None for a loop, of which only onsets and `beats` are known: (seconds, position).
    """

    samples: Sound
    onsets: Seconds
    truth: Truth | None = None
    beats: tuple[tuple[float, int], ...] = ()


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
    score, style = compose(order.rng, _length(order.rng), False)
    return _finish(order, Played(score, f"{style.name}-stem", _drums(score, order.rng, order.sources)))


def mix(order: Order) -> Made:
    """Make real drums under music: every third time real music, otherwise a band of instruments held out."""
    played = _over_music(order) if order.number % 3 == 2 else None
    return _finish(order, played if played is not None else _with_a_band(order))


def _length(rng: np.random.Generator) -> float:
    return float(rng.uniform(real.SHORTEST, real.LONGEST))


def _over_music(order: Order) -> Played | None:
    """Play along with an excerpt of real music at another speed; None if its bars are too uneven."""
    rng, music = order.rng, order.sources.music
    piece, speed = music[order.number // 3 % len(music)], float(2 ** (rng.uniform(-3, 3) / 12))
    sound, onsets = effects.change_speed(piece.samples, speed), piece.onsets / speed
    excerpt = real.excerpt_of(rng, piece.beats / speed, piece.positions)
    if excerpt is None:
        return None
    meter = METERS[excerpt.meter]
    styles = [style for style in STYLES if excerpt.meter in style.meters and style.name != "electro"] or list(STYLES)
    style = styles[int(rng.integers(len(styles)))]
    clock = Clock(excerpt.beats, meter, float(rng.uniform(0.5, 0.66)), float(rng.uniform(*style.fine_swing)))
    score = Score(excerpt.stop - excerpt.start)
    play_sections(
        score, rng, clock, style, frozenset({"drums", "music"}), drum_patterns.random_drummer(rng, style, clock), None
    )
    drums = _drums(score, rng, order.sources)
    sound = sound[round(excerpt.start * RATE) :][: len(drums)]
    sound = np.pad(sound, (0, len(drums) - len(sound)))
    inside = onsets[(onsets >= excerpt.start) & (onsets < excerpt.stop)] - excerpt.start
    return Played(score, f"{style.name}-real-music", _under(drums, sound, rng), others=tuple(inside.tolist()))


def _with_a_band(order: Order) -> Played:
    rng, bank = order.rng, order.bank
    score, style = compose(rng, _length(rng), True)
    line_up = mixing.choose_line_up(rng, style.comps, style.leads, validation=True)
    music, score.tones = mixing.play_tones(score.tones, score.length, line_up, bank)
    if rng.random() < 0.5:
        music = effects.reverberate(music, rng, ROOM)
    mixed = _under(_drums(score, rng, order.sources), music, rng)
    return Played(score, f"{style.name}-mix", mixed, line_up.quick(bank))


def _drums(score: Score, rng: np.random.Generator, sources: Sources) -> Sound:
    """Play the score's strikes with real one-shots; drops from it what no sound can play and what is too soft."""
    kit = drum_kit.kit_from_shots(rng, sources.drums, [strike.role for strike in score.strikes])
    score.strikes = [one for one in score.strikes if one.role in kit and one.velocity >= SOFTEST]
    drums = drum_kit.play(score.strikes, kit, score.length, rng)
    if rng.random() < 0.6:
        drums = effects.reverberate(drums, rng, ROOM)
    return drum_kit.bus(drums, rng)


def _level(sound: Sound) -> float:
    """Give the RMS over the tenths of a second in which something sounds."""
    powers = np.mean(np.square(sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)), axis=1)
    loud = powers[powers > 1e-3 * np.max(powers, initial=1e-12)]
    return float(np.sqrt(np.mean(loud))) if len(loud) else 1.0


def _under(drums: Sound, music: Sound, rng: np.random.Generator) -> Sound:
    over = 10 ** (rng.uniform(*MUSIC_OVER_DRUMS_DB) / 20)
    mixed = drums / np.float32(_level(drums)) + music / np.float32(_level(music)) * np.float32(over)
    return np.asarray(mixed, np.float32)


def _play_mildly(dry: Sound, seconds: float, rng: np.random.Generator) -> tuple[Sound, Turntable]:
    """Play so many seconds of a record on a turntable in good order, a little augmented."""
    turntable = good_turntable(rng)
    length = float(turntable.played_at(np.array([seconds]))[0])
    return augment_record_mildly(turntable.play(dry, length), rng), turntable


def _finish(order: Order, played: Played) -> Made:
    """Augment a mix and write down what it holds.

    Whether the attacks of real music are chops, nobody says: they are unsure. All else follows the rule of the
    synthetic training set.
    """
    samples, turntable = _play_mildly(played.dry, played.score.length, order.rng)
    found, unsure = chop_rule.candidates(played.score, played.quick, [])
    unsure = sorted(unsure + [(time, time + 0.02) for time in played.others])
    truth = replace(mixing.truth_of(played.score, played.style, "validation", order.seed, unsure), chords=[])
    truth = chop_rule.label_played(samples, truth, found, turntable, len(samples) / RATE)
    return Made(samples, _attacks(samples, played, turntable), truth)


def _attacks(samples: Sound, played: Played, turntable: Turntable) -> Seconds:
    """Give every attack that can be heard, sorted: all that is struck, plucked, or known of real music."""
    struck = [one.time for one in played.score.strikes] + list(played.others)
    struck += [tone.time for tone in played.score.tones if tone.part in played.quick]
    last = len(samples) / RATE - chop_rule.WIDTH
    times = [float(time) for time in turntable.played_at(np.array(struck)) if 0 <= time < last]
    # The label says nothing here: whatever it is called, it is audible or not.
    audible = chop_rule.audible(samples, [DrumTruth(time, "tom", 1.0) for time in times])
    return np.sort(np.array([one.time for one in audible]))


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
        samples, turntable = _play_mildly(samples, len(samples) / RATE, order.rng)
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
    samples, turntable = _play_mildly(out, length, rng)
    truth = Truth(length, "hits", "validation", order.seed, chops=found)
    found_at = [chop_rule.Candidate(one.time, "phrase") for one in found]
    truth = chop_rule.label_played(samples, truth, found_at, turntable, len(samples) / RATE)
    return Made(samples, np.array([one.time for one in truth.chops]), truth)


MAKERS: dict[str, Callable[[Order], Made]] = {"stems": stem, "mixes": mix, "loops": loop, "hits": hits}


def plan(count: int, sources: Sources) -> list[tuple[str, int]]:
    """Give (group, number in the group) of `count` recordings; a group without sounds leaves its share to mixes."""
    shares = dict(SHARES)
    for group, there in (("loops", sources.loops), ("hits", sources.hits)):
        if not there:
            shares["mixes"] += shares.pop(group)
    numbers = {group: round(share * count) for group, share in shares.items() if group != "mixes"}
    numbers["mixes"] = count - sum(numbers.values())
    return [(group, number) for group in sorted(numbers) for number in range(numbers[group])]


def build(
    folder: Path, sounds: Sequence[Path], music: Path, seed: int, count: int, font: Path | None
) -> Iterator[tuple[int, int]]:
    """Fill a folder; yields (recordings done, recordings wanted) as it goes.

    Raises UserError if anything is missing, the folder holds something else, or it cannot be written.
    """
    found = instruments(font)
    sources = real.gather_sources(sounds, music)
    wanted = plan(count, sources)
    clear(folder, MAKERS)
    yield 0, len(wanted)
    with tempfile.TemporaryDirectory() as shared:
        soundfont_bank.prepare(Path(shared), found, [])
        loaded = soundfont_bank.load(Path(shared))
        for done, (group, number) in enumerate(wanted, 1):
            rng = np.random.default_rng([TAG, seed, list(MAKERS).index(group), number])
            _write(folder / group, number, MAKERS[group](Order(rng, number, sources, loaded, seed)))
            yield done, len(wanted)


def _write(folder: Path, number: int, made: Made) -> None:
    path = folder / f"{folder.name}-{number:02d}.flac"
    write_flac(path, made.samples)
    write_text(path.with_suffix(".onsets.txt"), "".join(f"{time:.4f}\n" for time in made.onsets))
    if made.truth is not None:
        write_truth(made.truth, path.with_suffix(".json"))
    if made.beats:
        lines = (f"{time:.4f} {position}\n" if position else f"{time:.4f}\n" for time, position in made.beats)
        write_text(path.with_suffix(".beats.txt"), "".join(lines))
