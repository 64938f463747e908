"""All places where a record could be cut: the live engine, run over the whole file, or over its harmonic part.

Those are the chops, as they are chosen live; where more slices are asked for, the best other attacks, too.

The harmonic part is what lasts, without what strikes: median filtering (Fitzgerald 2010) by librosa.effects.harmonic,
in blocks that overlap by more than the filter reaches. The result does not depend on the blocks, and memory stays flat.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.audio.sample_formats import quantised, wav_file
from samplechop.offline.kits.analysis import tempo_and_key
from samplechop.offline.kits.analysis.attacks import Attacks, at_places, on_pulse, rising
from samplechop.offline.kits.analysis.detection import Detection, detect
from samplechop.offline.kits.core.model import Candidate, Guess
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event

HOP, N_FFT = 512, 2048
STEP = 1024 * HOP
"""Samples made at a time."""
REACH = 32 * HOP
"""Samples processed before and after: half the filter's 31 frames and half a window of 2048, and some more."""
NO_ATTACKS = Attacks.of(())


@dataclass(frozen=True, slots=True)
class Found:
    """What was detected. candidates: in order of time. beats: of the beat detector. model: its name and sha256.

    warnings: a sentence for each thing to know of what was analysed. open_octave: octaves to a tempo nearly as likely.
    tempo: beats per minute, None where it is not clear.
    others: how many candidates are attacks beside the chops, as more slices are asked for. attacks: all of them,
    candidates or not. offered: the candidates as they were found, whatever a person says of them or of the beats.
    usual: samples of the chops at the record's own density, rising, by which bars are counted from its beginning on.
    """

    candidates: tuple[Candidate, ...]
    beats: tuple[Event, ...]
    model: tuple[str, str]
    warnings: tuple[str, ...] = ()
    open_octave: int = 0
    tempo: Guess | None = None
    others: int = 0
    attacks: Attacks = NO_ATTACKS
    offered: tuple[Candidate, ...] = ()
    usual: tuple[int, ...] = ()

    @property
    def places(self) -> NDArray[np.int64]:
        """The samples of all attacks, rising."""
        return rising(self.attacks.samples)


def find(record: Record, options: ChopOptions, first: int, last: int, progress: Callable[[int], object] = int) -> Found:
    """Process the samples first..last of a record as live, and give every chop and beat at its place in the record.

    progress: is called with how many samples are done. Raises UserError or ModelError for a model that cannot be used.
    """
    found = found_of(detect(record, options, first, last, progress), options, record.sample_rate)
    warnings = tuple(f"{str(record.source)!r}: {warning}" for warning in found.warnings)
    return replace(found, warnings=warnings)


def found_of(detected: Detection, options: ChopOptions, sample_rate: int) -> Found:
    """Give what is offered of what was detected."""
    attacks, beats, tempo = detected.attacks, detected.beats, detected.tempo
    if _by_beats(options) and tempo:  # where beats lie is known better at a recording's end than live
        attacks = at_places(attacks, _wanted(options, beats), sample_rate, bare=False)
    candidates, others = _offered(attacks, options)
    warnings = (detected.antiphase,) if detected.antiphase else ()
    octave = detected.open_octave
    own = tuple(detected.usual.tolist())
    return Found(candidates, beats, detected.model, warnings, octave, tempo, others, detected.attacks, candidates, own)


def on_grid(found: Found, options: ChopOptions, sample_rate: int) -> Found:
    """Give what is offered where a person corrected the beats: the beats or bars to choose are theirs, and no others.

    found: with the beats as they were corrected. Each takes the nearest attack within BESIDE_SECONDS; where nothing is
    struck it is a place of no strength. At a density it is theirs where it is that of beats or of bars. What is not
    chosen by beats, bars or density stays as it was.
    """
    if not found.tempo:
        return found
    attacks, beats = found.attacks, found.beats
    if _by_beats(options):
        attacks = at_places(attacks, _wanted(options, beats), sample_rate)
    elif options.density is not None and _has_dial(found, options):
        attacks = on_dial(attacks, found, options, sample_rate).at(options.density)
    else:
        return found
    candidates, others = _offered(attacks, options)
    return replace(found, candidates=candidates, others=others)


def on_dial(attacks: Attacks, found: Found, options: ChopOptions, sample_rate: int) -> Attacks:
    """Give the attacks of a record whose beats a person corrected with their places on the dial by those beats.

    found: with the beats as they were corrected. Where there is no dial, as with a threshold, they stay as they came.
    """
    if not _has_dial(found, options):
        return attacks
    # What lay on a beat as detected has no live level any more: it counts as the first behind the beats.
    beats = [beat.sample for beat in found.beats]
    return on_pulse(attacks, beats, tempo_and_key.downbeats(found.beats), sample_rate)


def _has_dial(found: Found, options: ChopOptions) -> bool:
    return bool(found.tempo and found.beats and found.attacks.dial.size and options.threshold is None)


def _by_beats(options: ChopOptions) -> bool:
    return options.choose in ("beats", "bars") and options.density is None


def _wanted(options: ChopOptions, beats: Sequence[Event]) -> Sequence[int]:
    """Give the samples of the beats that are wanted: all, or those with which bars begin."""
    return tempo_and_key.downbeats(beats) if options.choose == "bars" else tuple(beat.sample for beat in beats)


def _offered(attacks: Attacks, options: ChopOptions) -> tuple[tuple[Candidate, ...], int]:
    """Give the candidates of a kit, and how many of them are no chops."""
    candidates = tuple(chosen(attacks, options.count or 0))
    return candidates, len(candidates) - len(rising(attacks.samples[attacks.chops]))


def chosen(attacks: Attacks, count: int) -> list[Candidate]:
    """Give the chops among attacks, in order of time, and as many of the best others as `count` lacks.

    The best are those that are chops at the least density, and of these the strongest.
    """
    chops = _strongest(attacks, np.flatnonzero(attacks.chops))
    both = chops
    if count > len(chops):
        beside = ~attacks.chops & ~np.isin(attacks.samples, attacks.samples[chops])
        others = _strongest(attacks, np.flatnonzero(beside))
        best = others[np.lexsort((-attacks.strengths[others], attacks.levels[others]))]
        both = np.concatenate([chops, best[: count - len(chops)]])
    found = attacks.part(both[np.argsort(attacks.samples[both], kind="stable")])
    values = (found.samples, found.strengths, found.levels, found.alone)
    made = partial(tuple.__new__, Candidate)  # what Candidate._make does, in a fifth of the time
    return list(map(made, zip(*(each.tolist() for each in values), strict=True)))


def _strongest(attacks: Attacks, which: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep the strongest of those on one sample; in order of time."""
    ordered = which[np.lexsort((-attacks.strengths[which], attacks.samples[which]))]
    return ordered[np.diff(attacks.samples[ordered], prepend=-1) > 0]


def span(record: Record, options: ChopOptions) -> tuple[int, int]:
    """Give the part of the record that is chopped, in samples. Raises UserError if nothing of it is in the record."""
    first = round(options.start * record.sample_rate)
    last = record.length if options.end is None else min(record.length, round(options.end * record.sample_rate))
    if first >= last:
        raise UserError(
            f"--start {options.start:g} lies behind the end of {str(record.source)!r}, "
            f"which is {record.length / record.sample_rate:.2f} seconds long"
        )
    return first, last


def harmonic_part(record: Record, scratch: Path, progress: Callable[[int], object] = int) -> Record:
    """Write the harmonic part, as wav in the folder scratch, and give it as a record of the same length and format.

    Rounded to the record's sample format: from a file of floats libsndfile would read whole numbers unscaled, as zeros.
    progress: is called with how many samples are done. Raises OSError when the folder is full.
    """
    import librosa

    target = scratch / f"{record.name}.harmonic.wav"
    with wav_file(target, record.sample_rate, record.channels, record.subtype, record.length) as out:
        for first in range(0, record.length, STEP):
            last = min(record.length, first + STEP)
            begin = max(0, first - REACH)
            samples = np.concatenate(list(record.blocks(STEP, begin, min(record.length, last + REACH))))
            samples = np.pad(np.nan_to_num(samples), ((0, max(0, N_FFT - len(samples))), (0, 0)))
            part = librosa.effects.harmonic(samples.T, n_fft=N_FFT, hop_length=HOP).T
            out.write(quantised(part[first - begin : last - begin], record.subtype))
            progress(last)
    return as_harmonic(record, target)


def as_harmonic(record: Record, audio: Path) -> Record:
    """Give the harmonic part of a record that `harmonic_part` has written to a file."""
    return replace(record, audio=audio, cache=record.cache.altered("harmonic") if record.cache else None)
