"""Where a producer would cut: the rule by which a record's chops are known.

A place is a candidate for a chop if it is

- hit: a kick or snare with accent, alone or with a crash (ghost notes and hats are not);
- chord: the first strike of a new chord, by an instrument that speaks at once;
- bar, phrase: the first attack of a bar or a section, or the first after at least 0.4 s of rest, whatever the
  instrument, as long as it speaks at once; the start of a one-shot or a loop;
- phrase: in a passage without drums, every clear attack, one that raises the broad-band power within 40 ms by 6 dB;
- hit: in a passage of drums alone, of at least 2 s, every stroke, ghost notes, hats and toms too, that raises the power
  of any of four bands by 3 dB: a solo break is cut at all that is struck, but for the softest, which are unsure.

Candidates within 60 ms (hits: 30 ms) are one chop, at the first of them that is a hit, or else at the first. It is
kept if the finished record grows louder there, by 1 dB within 40 ms, broad-band or between 80 and 2000 Hz; otherwise
it is unsure: a listener could not say. Unsure are also toms, congas, crashes, snares between ghost note and accent,
repeated chords, bass notes, and the 0.2 s in which a slow instrument (strings, pads, voices) speaks, unless it has the
melody over drums, and hats and ghost notes of the first second after the band has stopped, when nobody can know yet
that a break has begun. Everything else is no chop: hats, ghost notes, melodies over drums.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from samplechop.offline.audio.reading import RATE
from samplechop.offline.lab.synthetic.score import Score, Strike
from samplechop.offline.lab.synthetic.turntable import Turntable
from samplechop.offline.labels.recording_truth import ChopTruth, DrumTruth, Truth, moved

MID_BAND_HZ = (80.0, 2000.0)
WIDTH = 0.04
TOGETHER = 0.03
PLAYERS_TOGETHER = 0.06
GHOST = 0.45
SOFT_STROKE = 0.2
"""Velocity under which some cut a break at a stroke, and others do not."""
REST = 0.4
LEAST_RISE_DB = 1.0
CLEAR_RISE_DB = 6.0
HARDLY_RISE_DB = 0.5
DRUM_BANDS_HZ = ((30.0, 150.0), (150.0, 1000.0), (1000.0, 5000.0), (5000.0, 15_000.0))
SLOW = 0.2
MELODY = ("lead", "song")
STROKE_RISE_DB = 3.0
SHORTEST_SOLO, FEWEST_STROKES = 2.0, 4
RING = 0.3
"""Seconds for which a tone is taken to sound on after its end."""
STAB = 1.0
SETTLED = 1.0
INAUDIBLE_DB = -60.0
RANK = {"hit": 0.0, "stroke": 0.5, "chord": 1.0, "bar": 2.0, "phrase": 3.0, "attack": 4.0}
STRUCK = ("hit", "stroke")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be a chop: time in seconds; reason as in ChopTruth.

    Reasons of their own are "attack", a chop only if it is clear, and "stroke", any of drums that play alone.
    """

    time: float
    reason: str


def drums_alone(score: Score, others: Sequence[tuple[float, float]] = ()) -> list[tuple[float, float]]:
    """Find where drums alone sound for at least 2 s, in the score's time; sorted.

    others: spans in which something else sounds that is no tone of the score.
    """
    if not score.strikes:
        return []
    sounding = [(tone.time - TOGETHER, tone.time + tone.length + RING) for tone in score.tones]
    sounding += [(time - TOGETHER, time + STAB) for time in score.stabs]
    found, free = [], 0.0
    for start, stop in sorted([*sounding, *others, (score.length, score.length)]):
        if start - free >= SHORTEST_SOLO and sum(free <= one.time < start for one in score.strikes) >= FEWEST_STROKES:
            found.append((free, start))
        free = max(free, stop)
    return found


def candidates(
    score: Score,
    quick: frozenset[str],
    loops: Sequence[tuple[float, float]],
    others: Sequence[tuple[float, float]] = (),
) -> tuple[list[Candidate], list[tuple[float, float]]]:
    """Find the candidates of a score, sorted, and where nobody can say, both in the score's time.

    quick: the parts whose instrument speaks at once. loops: start and stop of the loops dropped in.
    others: spans in which something else sounds that is no tone of the score.
    """
    found = [Candidate(strike.time, "hit") for strike in score.strikes if strike.accent]
    found += [Candidate(tone.time, "chord") for tone in score.tones if tone.change and tone.part in quick]
    found += [Candidate(time, "phrase") for time in score.stabs]
    struck = sorted(
        [strike.time for strike in score.strikes if strike.role not in ("hat", "pedal", "shaker")]
        + [tone.time for tone in score.tones if tone.part in quick]
    )
    everything = sorted([strike.time for strike in score.strikes] + struck)
    for places, reason in ((score.phrases, "phrase"), ([time for time, beat in score.beats if beat == 1], "bar")):
        found += [Candidate(first, reason) for first in _first_at(places, everything)]
    found += [Candidate(time, "phrase") for time in struck if not _sounds_before(score, time)]
    hits = np.array([strike.time for strike in score.strikes] or [np.inf])
    undrummed = {tone for tone in score.tones if np.min(np.abs(hits - tone.time)) > REST}
    found += [Candidate(tone.time, "attack") for tone in undrummed if tone.part in quick]
    unsure = [(start + TOGETHER, stop) for start, stop in loops]
    solos = drums_alone(score, [*loops, *others])
    settled = [(start + SETTLED if start > 0 else start, stop) for start, stop in solos]
    for strike in score.strikes:
        if _inside(strike.time, settled) and (strike.accent or strike.velocity >= SOFT_STROKE):
            found.append(Candidate(strike.time, "hit" if strike.accent else "stroke"))
        elif _unclear(strike) or (_inside(strike.time, solos) and not strike.accent):
            unsure.append(_instant(strike.time))
    for tone in score.tones:
        if tone.part in MELODY and tone not in undrummed:
            continue
        unsure.append(_instant(tone.time) if tone.part in quick else (tone.time, tone.time + SLOW))
    return _merged(found), sorted(unsure)


def _inside(time: float, spans: Sequence[tuple[float, float]]) -> bool:
    return any(start <= time < stop for start, stop in spans)


def _instant(time: float) -> tuple[float, float]:
    return time, time + 0.02


def _unclear(strike: Strike) -> bool:
    plain = strike.role in ("kick", "snare", "clap", "rim") and not strike.accent and strike.velocity > GHOST
    return plain or strike.role in ("tom", "crash", "open", "conga", "cowbell")


def _first_at(places: Sequence[float], attacks: Sequence[float]) -> list[float]:
    """Give, for every place, the first attack from 40 ms before to 80 ms after it, where there is one."""
    times = np.asarray(attacks)
    found = []
    for place in places:
        index = int(np.searchsorted(times, place - 0.04))
        if index < len(times) and times[index] <= place + 0.08:
            found.append(float(times[index]))
    return found


def _sounds_before(score: Score, time: float) -> bool:
    """Say whether anything sounds or is struck in the 0.4 s before `time`."""
    since = time - REST
    if any(since < strike.time < time - TOGETHER for strike in score.strikes):
        return True
    return any(t.time < time - TOGETHER and t.time + t.length > since + 0.1 for t in score.tones)


def _merged(found: list[Candidate]) -> list[Candidate]:
    kept: list[Candidate] = []
    for one in sorted(found, key=lambda one: (one.time, RANK[one.reason])):
        both_hits = bool(kept) and one.reason in STRUCK and kept[-1].reason in STRUCK
        if not kept or one.time - kept[-1].time > (TOGETHER if both_hits else PLAYERS_TOGETHER):
            kept.append(one)
        elif RANK[one.reason] < RANK[kept[-1].reason]:
            kept[-1] = Candidate(one.time if one.reason == "hit" else kept[-1].time, one.reason)
    return kept


def _rise(samples: NDArray[np.float32], times: Sequence[float], low: float, high: float) -> NDArray[np.float64]:
    """Measure by how much the power between two frequencies grows from the 40 ms before to those after, in dB."""
    sound = samples
    if high:
        sound = signal.sosfilt(signal.butter(2, (low, high), "band", fs=RATE, output="sos"), samples)
    width, at = round(WIDTH * RATE), np.round(np.asarray(times, dtype=np.float64) * RATE).astype(int)
    power = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    floor = power[-1] / len(samples) * 1e-6 + 1e-12

    def mean(start: NDArray[np.int_]) -> NDArray[np.float64]:
        return np.asarray((power[np.clip(start + width, 0, len(sound))] - power[np.clip(start, 0, len(sound))]) / width)

    return np.asarray(10 * np.log10((mean(at) + floor) / (mean(at - width) + floor)))


def rises_db(samples: NDArray[np.float32], times: Sequence[float]) -> NDArray[np.float64]:
    """Measure by how much the power grows at each time, in dB: float64, (n, 2), broad-band and in MID_BAND_HZ.

    samples: float32, (n,), mono, 44 100 Hz. Compared are the 40 ms after and before.
    """
    return np.stack([_rise(samples, times, 0, 0), _rise(samples, times, *MID_BAND_HZ)], axis=1)


def choose(
    samples: NDArray[np.float32], found: Sequence[Candidate], strokes: NDArray[np.float64] | None = None
) -> tuple[list[ChopTruth], list[tuple[float, float]]]:
    """Keep the candidates that are audible in the finished record; the others are returned as unsure.

    samples: float32, (n,), mono, 44 100 Hz; the candidates' times are those of this audio. strokes: what highest_rise
    gives for these, where it is known.
    """
    if not found:
        return [], []
    times = [one.time for one in found]
    rises = rises_db(samples, times)
    power = np.array(
        [np.mean(np.square(samples[round(t * RATE) : round((t + WIDTH) * RATE)], dtype=float)) for t in times]
    )
    loudest = np.percentile(power, 95) + 1e-12
    strokes = highest_rise(samples, times) if strokes is None else strokes
    chops, unsure = [], []
    for one, (broad, band), stroke, after in zip(found, rises, strokes, power, strict=True):
        clear = {"attack": broad >= CLEAR_RISE_DB, "stroke": stroke >= STROKE_RISE_DB}
        if clear.get(one.reason, max(broad, band) >= LEAST_RISE_DB):
            grown = after * (1 - 10 ** (-max(broad, band, 0.1) / 10))
            strength = float(np.clip(1 + 10 * np.log10(grown / loudest + 1e-9) / 20, 0, 1))
            reason = {"attack": "phrase", "stroke": "hit"}.get(one.reason, one.reason)
            chops.append(ChopTruth(one.time, reason, strength))
        else:
            unsure.append(_instant(one.time))
    return chops, unsure


def without(unsure: Sequence[tuple[float, float]], chops: Sequence[ChopTruth]) -> list[tuple[float, float]]:
    """Drop the unsure places that are a chop (short, and within 30 ms of one) and join those that overlap, sorted."""
    times = np.array([chop.time for chop in chops] or [np.inf])
    joined: list[tuple[float, float]] = []
    for start, stop in sorted(unsure):
        if stop - start <= TOGETHER and np.min(np.abs(times - start)) <= TOGETHER:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def audible(samples: NDArray[np.float32], hits: Sequence[DrumTruth]) -> list[DrumTruth]:
    """Drop the drum hits that are inaudible: those after which no band of the record grows by 0.5 dB within 40 ms.

    samples: float32, (n,), mono, 44 100 Hz.
    """
    if not hits:
        return []
    risen = highest_rise(samples, [hit.time for hit in hits])
    return [hit for hit, rise in zip(hits, risen, strict=True) if rise >= HARDLY_RISE_DB]


def highest_rise(samples: NDArray[np.float32], times: Sequence[float]) -> NDArray[np.float64]:
    """Measure by how much the power of the band that grows most grows at each time, in dB: float64, (n,)."""
    return np.asarray(np.max([_rise(samples, times, *band) for band in DRUM_BANDS_HZ], axis=0))


def label_played(
    samples: NDArray[np.float32], truth: Truth, found: Sequence[Candidate], turntable: Turntable, length: float
) -> Truth:
    """Give the truth of a record as it was played on a turntable, with its chops; drums that cannot be heard are faint.

    samples: float32, (n,), mono, 44 100 Hz, what came of it, `length` seconds; truth and found: in the score's time.
    """
    truth = moved(truth, turntable.played_at, turntable.semitones, length)
    times = turntable.played_at(np.array([one.time for one in found]))
    shifted = [
        Candidate(float(time), one.reason) for time, one in zip(times, found, strict=True) if 0 <= time < length - WIDTH
    ]
    # At once, as filtering a whole record takes its time.
    risen = highest_rise(samples, [*(one.time for one in shifted), *(one.time for one in truth.drums)])
    chops, lost = choose(samples, shifted, risen[: len(shifted)])
    unsure = without(truth.unsure + lost, chops)
    drums = [
        one if rise >= HARDLY_RISE_DB else replace(one, snr=INAUDIBLE_DB)
        for one, rise in zip(truth.drums, risen[len(shifted) :], strict=True)
    ]
    return replace(truth, chops=chops, unsure=unsure, drums=drums)
