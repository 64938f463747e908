"""All places where a record could be cut: the live engine, run over the whole file, or over its harmonic part.

Those are the chops, as they are chosen live; where more slices are asked for, the best other attacks, too.

The harmonic part is what lasts, without what strikes: median filtering (Fitzgerald 2010) by librosa.effects.harmonic,
in blocks that overlap by more than the filter reaches. The result does not depend on the blocks, and memory stays flat.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from samplechop import models
from samplechop.models import StreamFeatures
from samplechop.offline.audio.sample_formats import quantised, wav_file
from samplechop.offline.kits.analysis import bar_count, loops, passages, tempo_and_key
from samplechop.offline.kits.analysis.one_octave import one_octave
from samplechop.offline.kits.core.model import Candidate, Guess
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import ATTACK, BEAT, CHOP, Event
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors.beats.detector import BeatDetector, BeatSettings
from samplechop.realtime.detectors.beats.metrical_level import wanted_tempo
from samplechop.realtime.detectors.beats.tracker import TEMPO_RANGE
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.session_parts import FAST_BLOCK

HOP = 512
BESIDE_SECONDS = 0.05
"""How far from the beginning of a bar the attack may lie that it begins with."""
STEP = 1024 * HOP
"""Samples made at a time."""
REACH = 32 * HOP
"""Samples processed before and after: half the filter's 31 frames and half a window of 2048, and some more."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was detected. candidates: in order of time. beats: of the beat detector. model: its name and sha256.

    warnings: a sentence for each thing to know of what was analysed. open_octave: octaves to a tempo nearly as likely.
    tempo: beats per minute, None where it is not clear.
    others: how many candidates are attacks beside the chops, as more slices are asked for. attacks: of all kinds.
    """

    candidates: tuple[Candidate, ...]
    beats: tuple[Event, ...]
    model: tuple[str, str]
    warnings: tuple[str, ...] = ()
    open_octave: int = 0
    tempo: Guess | None = None
    others: int = 0
    attacks: int = 0


def find(record: Record, options: ChopOptions, first: int, last: int, progress: Callable[[int], object] = int) -> Found:
    """Process the samples first..last of a record as live, and give every chop and beat at its place in the record.

    progress: is called with how many samples are done. Raises UserError or ModelError for a model that cannot be used.
    """
    manifest = models.load(options.model)
    low, high = options.tempo_range or TEMPO_RANGE
    settings = ChopSettings(
        options.model,
        options.threshold,
        choose=options.choose,
        tempo_range=(low, high),
        density=options.density,
        every=True,
    )
    # A streaming net tracks beats, too; beside another, that of the beat detector does.
    streams = isinstance(manifest.features, StreamFeatures)
    model = options.model if streams else BeatSettings().model
    detector = BeatDetector(BeatSettings(model, tempo_range=(low, high), tempo=wanted_tempo(options.tempo)))

    def engine_for(**found_by: Detector) -> Engine:
        return Engine(found_by, record.sample_rate, record.channels, FAST_BLOCK, channel=record.channel)

    engine = engine_for(chop=ChopDetector(settings), beats=detector)
    opening = record.opening() if first == 0 else None
    engine.reset(first, opening)
    events: list[Event] = []
    for block in record.blocks(FAST_BLOCK, first, last):
        engine.process(block, events.append)
        progress(engine.position - first)
    if engine.position > first:
        engine.flush(events.append)
    antiphase = engine.downmix.warning()
    rate, length = record.sample_rate, last - first
    beats, octave = one_octave(
        [event for event in events if event.kind == BEAT], detector.pulse_odds, detector.open_octave, rate
    )
    beats = bar_count.counted(beats, rate)
    tempo = tempo_and_key.tempo(beats, rate, octave)
    if 0 < length <= loops.LONGEST_SECONDS * rate and loops.may_be_one(tempo, length, rate):
        engine.reset(0, opening)
        played, times = loops.play(engine, lambda: record.blocks(FAST_BLOCK, first, last), length)
        settled = loops.settled_beats(played, length, times, rate)
        looped, open_octave = one_octave(settled, detector.pulse_odds, detector.open_octave, rate)
        found = loops.tempo_and_beats(looped, first, length, rate, open_octave)
        if found is not None:
            if tempo is None:  # its pulse had not settled, by which chops are chosen
                events = [replace(one, sample=first + one.sample) for one in loops.once(played, length, times, rate)]
            (tempo, beats), octave = found, open_octave
    alone = manifest.decision.get("drums_alone")
    if options.choose == "auto" and options.density is None and alone:
        begun = passages.beginnings(events, first, round(float(alone["seconds"]) * rate))
        strokes = ChopDetector(replace(settings, choose="attacks"))
        if begun:
            events = passages.judged_as_drums(events, begun, engine_for(chop=strokes), record, first, last)
    if engine.faults:
        raise RuntimeError(f"a detector failed: {engine.faults}")
    inside = [event for event in events if first <= event.sample < last]
    if options.choose == "bars" and options.density is None and tempo:
        inside = at_bars(inside, tempo_and_key.downbeats(beats), rate)
    candidates = tuple(chosen(inside, options.count or 0))
    others = len(candidates) - len({event.sample for event in inside if event.kind == CHOP})
    attacks = len({event.sample for event in inside if event.kind in (CHOP, ATTACK)})
    warnings = () if antiphase is None else (f"{str(record.source)!r}: {antiphase}",)
    return Found(candidates, beats, (manifest.name, manifest.sha256), warnings, octave, tempo, others, attacks)


def at_bars(events: Sequence[Event], downbeats: Sequence[int], sample_rate: int) -> list[Event]:
    """Make the attacks with which bars begin chops: which bars there are is known better at a recording's end.

    downbeats: samples. Each takes the nearest attack within BESIDE_SECONDS, if no chop lies there.
    """
    reach, found = round(BESIDE_SECONDS * sample_rate), list(events)
    struck = [place for place, one in enumerate(found) if one.kind in (CHOP, ATTACK)]
    for downbeat in downbeats:
        near = [place for place in struck if abs(found[place].sample - downbeat) <= reach]
        if near and not any(found[place].kind == CHOP for place in near):
            best = min(near, key=lambda place: abs(found[place].sample - downbeat))
            found[best] = replace(found[best], kind=CHOP)
    return found


def chosen(events: Iterable[Event], count: int) -> list[Candidate]:
    """Give the chops among events, in order of time, and as many of the best other attacks as `count` lacks.

    The best are those that are chops at the least density, and of these the strongest.
    """
    kinds: dict[str, dict[int, Candidate]] = {CHOP: {}, ATTACK: {}}
    for event in events:
        if (of_kind := kinds.get(event.kind)) is not None:
            one = Candidate(event.sample, event.strength, event.level or 0.0, event.way == "attacks")
            of_kind[one.sample] = max(one, of_kind.get(one.sample, one), key=lambda each: each.strength)
    chops = kinds[CHOP]
    others = [one for one in kinds[ATTACK].values() if one.sample not in chops]
    others.sort(key=lambda one: (one.level, -one.strength))
    return sorted([*chops.values(), *others[: max(0, count - len(chops))]], key=lambda one: one.sample)


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
            part = librosa.effects.harmonic(np.nan_to_num(samples).T, n_fft=2048, hop_length=HOP).T
            out.write(quantised(part[first - begin : last - begin], record.subtype))
            progress(last)
    return replace(record, audio=target)
