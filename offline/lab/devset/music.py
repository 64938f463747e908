"""Recordings of drums and of music: people's drumming where there is any, mixed by local signal-to-noise ratio."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.augmentation import effects
from samplechop.offline.augmentation.vinyl import crackle, surface_noise
from samplechop.offline.lab.devset import sources as real
from samplechop.offline.lab.devset.making import Made, Order, Played, finish, known, play_mildly, turned
from samplechop.offline.lab.synthetic import band, chop_rule, drum_kit, drum_patterns, local_snr, mixing
from samplechop.offline.lab.synthetic.beds import excerpt_of, goes_on, near_tempo
from samplechop.offline.lab.synthetic.grooves import Performance, choose_performance
from samplechop.offline.lab.synthetic.record import compose, play_sections, style_of
from samplechop.offline.lab.synthetic.score import METERS, Clock, Score, keep_time
from samplechop.offline.lab.synthetic.styles import STYLES, Style
from samplechop.offline.lab.synthetic.turntable import Turntable, augment_record

SOFTEST = 0.03
ROOM = 0.4
BREAK_SECONDS = (5.0, 16.0)
BREAK_STYLES = ("funk", "soul", "hiphop", "rock", "pop", "afrobeat", "neworleans", "blues", "latin", "reggae", "gospel")
OTHER_TEMPO = 0.1
"""Octaves by which a performance is played faster or slower, at most."""
TEMPI, SONG_TEMPI = (60.0, 230.0), (80.0, 145.0)
"""Beats a minute: of the group meters, and of most performances in mixes."""
MOST_DRIFT = 0.02
METERS_ASKED = ("3/4", "6/8", "12/8", "4/4")
TRIES, MOST_ALONE = 10, 0.15
"""How often a mix is composed anew until its drums are alone for no more than this share of it."""
SECOND_SPEED = (0.03, 0.05)
"""Share by which the second play of a record differs in speed, either way."""
DUST, CLICK = (4.0, 15.0), 0.05
"""Clicks a second, and their size; full scale is 1."""
HISS_DB = (-40.0, -28.0)
GRID = 0.1
"""Seconds between the times at which two plays are mapped; wow of a turn lasts ten times as long."""


def stem(order: Order) -> Made:
    """Make drums alone: real one-shots, played by a person or by a drummer of the synthetic styles."""
    return finish(order, _drums_alone(order, _length(order.rng), ()))


def broken(order: Order) -> Made:
    """Make a break: a few bars of a person's drumming alone, half of them from a worn record."""
    rng = order.rng
    played = _drums_alone(order, float(rng.uniform(*BREAK_SECONDS)), BREAK_STYLES)
    if rng.random() < 0.5:
        return finish(order, played)
    turntable = Turntable(float(1 + rng.uniform(-0.06, 0.06)), _wow(rng))
    samples = augment_record(turned(played.dry, played.score.length, turntable), rng)
    return known(order, played, samples, turntable)


def mix(order: Order) -> Made:
    """Make real drums under music: every third time real music, otherwise a band of instruments held out."""
    return finish(order, _mixed(order))


def meter(order: Order) -> Made:
    """Make music in 3/4, 6/8, 12/8 and 4/4, of 60 to 230 beats a minute, at a drifting tempo; every fourth drums alone.

    The tempi of a group are spread evenly over the octaves: each recording has its share of them.
    """
    rng = order.rng
    asked = METERS[METERS_ASKED[order.number % len(METERS_ASKED)]]
    style = _style_in(rng, METERS_ASKED[order.number % len(METERS_ASKED)])
    # The golden ratio spreads any number of recordings evenly.
    share = (order.number * 0.618 + float(rng.uniform(0, 0.1))) % 1
    highest = TEMPI[1] if asked.division == 4 else TEMPI[1] / 2
    bpm = float(TEMPI[0] * (highest / TEMPI[0]) ** share)
    length, drift = _length(rng), float(rng.uniform(0, MOST_DRIFT))
    clock = Clock(keep_time(rng, asked, bpm, drift, (float(rng.uniform(0.05, 1.2)), length - 0.4)), asked)
    drummer = drum_patterns.random_drummer(rng, style, clock)
    score = _score(rng, length, clock, style, drummer, order.number % 4 != 3)
    return finish(order, _with_a_band(order, score, style, f"{style.name}-meter"))


def play_twice(order: Order) -> Made:
    """Make one of two plays of a record: even numbers the first, odd ones the second, at another speed, with dust.

    Both take the same chance; the first is a mix or, every third time, a break.
    """
    rng, pair = order.rng, replace(order, number=order.number // 2)
    once = _drums_alone(pair, _length(rng), BREAK_STYLES) if pair.number % 3 == 2 else _mixed(pair)
    seconds = once.score.length
    first, first_table = play_mildly(once.dry, seconds, rng)
    if order.number % 2 == 0:
        return known(order, once, first, first_table)
    faster = float(rng.uniform(*SECOND_SPEED) * rng.choice([-1, 1]))
    second_table = Turntable(first_table.speed * (1 + faster), _wow(rng))
    second = turned(once.dry, seconds, second_table)
    second = effects.equalise(second, rng)
    second = second / np.float32(np.max(np.abs(second), initial=1e-9))
    hiss = surface_noise(len(second), rng) * 10 ** (rng.uniform(*HISS_DB) / 20)
    dust = crackle(len(second), RATE, float(rng.uniform(*DUST)), CLICK, rng)[:, 0]
    worn = np.clip((second + hiss + dust) * 10 ** (rng.uniform(-18, -3) / 20), -1, 1).astype(np.float32)
    made = known(order, once, worn, second_table)
    grid = np.arange(0, seconds, GRID)
    return replace(made, first_play=np.stack([first_table.played_at(grid), second_table.played_at(grid)], axis=1))


def _wow(rng: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    """Choose the wow of a record off its centre and the flutter of a belt: a few thousandths of the speed."""
    return (
        (float(rng.choice([100 / 3 / 60, 45 / 60])), float(rng.uniform(0.001, 0.004)), float(rng.uniform(0, 6.28))),
        (float(rng.uniform(4, 10)), float(rng.uniform(0, 0.0006)), float(rng.uniform(0, 6.28))),
    )


def _length(rng: np.random.Generator) -> float:
    return float(rng.uniform(real.SHORTEST, real.LONGEST))


def _style_in(rng: np.random.Generator, name: str) -> Style:
    styles = [style for style in STYLES if name in style.meters and style.name != "electro"] or list(STYLES)
    return styles[int(rng.integers(len(styles)))]


def _performance(order: Order, wanted: Sequence[str] = ()) -> Performance | None:
    """Choose what a person held out played, in one of the styles wanted if there is any; None without grooves."""
    there = order.sources.grooves
    usual = [one for one in there if SONG_TEMPI[0] <= one.bpm <= SONG_TEMPI[1]] or there
    return choose_performance(order.rng, [one for one in usual if one.style in wanted] or usual, True)


def _clock(rng: np.random.Generator, performance: Performance, style: Style, length: float, lead: float) -> Clock:
    bpm = float(np.clip(performance.bpm * 2 ** rng.uniform(-OTHER_TEMPO, OTHER_TEMPO), *TEMPI))
    drift = float(rng.choice([0.0, rng.uniform(0.002, 0.012)]))
    beats = keep_time(rng, METERS[performance.meter], bpm, drift, (lead, length - 0.4))
    return Clock(
        beats, METERS[performance.meter], float(rng.uniform(*style.swing)), float(rng.uniform(*style.fine_swing))
    )


def _score(
    rng: np.random.Generator,
    length: float,
    clock: Clock,
    style: Style,
    drummer: drum_patterns.Drummer | Performance,
    with_band: bool,
) -> Score:
    score = Score(length)
    players = band.random_band(rng, style, clock)
    there = {"chord": True, "comp": players.second, "bass": players.bass != "none", "lead": players.lead}
    parts = {part for part, plays in there.items() if plays and with_band}
    parts |= {"song"} if with_band and players.song else set()
    parts |= set(players.extras) if with_band else set()
    play_sections(score, rng, clock, style, frozenset(parts | {"drums"}), drummer, players)
    return score


def _drums_alone(order: Order, length: float, wanted: Sequence[str]) -> Played:
    rng, performance = order.rng, _performance(order, wanted)
    if performance is None:
        score, style = compose(rng, length, False)
        name = style.name
    else:
        style = style_of(performance, rng)
        clock = _clock(rng, performance, style, length, float(rng.uniform(0.02, 0.4)))
        length = min(length, float(clock.beats[-1]) + 0.4)
        score, name = _score(rng, length, clock, style, performance, False), f"{performance.style}-person"
    return Played(score, f"{name}-stem", _drums(order, score)[0])


def _mixed(order: Order) -> Played:
    """Play drums under real music, every third time, or with a band."""
    played = _over_music(order) if order.number % 3 == 2 else None
    if played is not None:
        return played
    rng, length, performance = order.rng, _length(order.rng), _performance(order)
    if performance is None:
        score, style = compose(rng, length, True)
        return _with_a_band(order, score, style, f"{style.name}-mix")
    style = style_of(performance, rng)
    clock = _clock(rng, performance, style, length, float(rng.uniform(0.05, 1.2)))
    for _ in range(TRIES):
        score = _score(rng, length, clock, style, performance, True)
        if sum(stop - start for start, stop in chop_rule.drums_alone(score)) <= MOST_ALONE * length:
            break
    return _with_a_band(order, score, style, f"{performance.style}-person-mix")


def _with_a_band(order: Order, score: Score, style: Style, name: str) -> Played:
    _drop_unplayable(order, score)
    bank = replace(order.bank, shots=order.sources.drums)
    played = mixing.play(score, order.rng, style.comps, style.leads, bank, validation=True)
    return Played(score, name, played.samples, played.quick, snr=played.snr)


def _over_music(order: Order) -> Played | None:
    """Play along with an excerpt of real music at another speed; None if its bars are too uneven."""
    rng, music = order.rng, order.sources.music
    piece, speed = music[order.number // 3 % len(music)], float(2 ** (rng.uniform(-2, 2) / 12))
    sound, onsets = effects.change_speed(piece.samples, speed), piece.onsets / speed
    tried = [excerpt_of(rng, piece.beats / speed, piece.positions, (real.SHORTEST, real.LONGEST)) for _ in range(TRIES)]
    found = [one for one in tried if one is not None]
    if not found:
        return None
    excerpt = next((one for one in found if goes_on(sound[round(one.start * RATE) : round(one.stop * RATE)])), found[0])
    clock = Clock(excerpt.beats, METERS[excerpt.meter])
    there = [one for one in order.sources.grooves if one.meter == excerpt.meter]
    performance = choose_performance(rng, near_tempo(there, excerpt.beats), True)
    style = _style_in(rng, excerpt.meter) if performance is None else style_of(performance, rng)
    if performance is None:
        clock = replace(clock, swing=float(rng.uniform(0.5, 0.66)), fine_swing=float(rng.uniform(*style.fine_swing)))
    drummer = performance or drum_patterns.random_drummer(rng, style, clock)
    score = Score(excerpt.stop - excerpt.start)
    play_sections(score, rng, clock, style, frozenset({"drums", "music"}), drummer, None)
    drums, own, dry = _drums(order, score)
    sound = sound[round(excerpt.start * RATE) :][: len(drums)]
    sound = np.pad(sound, (0, len(drums) - len(sound)))
    gain = local_snr.gain_for(drums, sound, score.strikes, float(rng.uniform(*mixing.MEDIAN_SNR_DB))) or 1.0
    drums = drums * np.float32(gain)
    snr = local_snr.ratios(score.strikes, own, dry, drums, sound)
    inside = onsets[(onsets >= excerpt.start) & (onsets < excerpt.stop)] - excerpt.start
    name = f"{style.name if performance is None else performance.style + '-person'}-real-music"
    return Played(score, name, drums + sound, frozenset(), tuple(inside.tolist()), snr, under_music=True)


def _drop_unplayable(order: Order, score: Score) -> None:
    """Drop what no sound can play and what is too soft from a score."""
    roles = {one.role for one in order.sources.drums} | set(drum_kit.INSTEAD)
    score.strikes = [one for one in score.strikes if one.role in roles and one.velocity >= SOFTEST]


def _drums(order: Order, score: Score) -> tuple[Sound, np.ndarray, Sound]:
    """Play the score's strikes with real one-shots: through room and bus, each stroke's own energy, and dry."""
    rng = order.rng
    kit = drum_kit.kit_from_shots(rng, order.sources.drums, [strike.role for strike in score.strikes])
    score.strikes = [one for one in score.strikes if one.role in kit and one.velocity >= SOFTEST]
    dry, own = drum_kit.play_and_measure(score.strikes, kit, score.length, rng)
    wet = effects.reverberate(dry, rng, ROOM) if rng.random() < 0.6 else dry
    return drum_kit.bus(wet, rng), own, dry
