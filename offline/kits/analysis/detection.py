"""What the detectors find in a record, apart from how much of it is wanted: detected once, and kept.

Density, count and all by which a kit is chosen change nothing of it. Every attack is there with its strength at each
way of the density's dial, so that those at any density are told without processing the record again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import Manifest, StreamFeatures
from samplechop.offline.common.array_cache import Arrays
from samplechop.offline.kits.analysis import bar_count, constant_tempo, loops, passages, tempo_and_key
from samplechop.offline.kits.analysis.attacks import COLUMNS, Attacks, on_pulse
from samplechop.offline.kits.analysis.curve import Curve, Drawing, curve_in
from samplechop.offline.kits.analysis.detection_facts import KIND, facts_of, fixed_density
from samplechop.offline.kits.analysis.one_octave import as_named, at_octave, one_octave
from samplechop.offline.kits.analysis.whole_beats import HeardPulse, placed_beats, read_beats
from samplechop.offline.kits.core.model import Guess
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.core.record_cache import RecordCache
from samplechop.realtime.core.events import ATTACK, BEAT, CHOP, Event
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors.beats.detector import BeatDetector, BeatSettings
from samplechop.realtime.detectors.beats.metrical_level import AS_DETECTED, Tempo, wanted_tempo
from samplechop.realtime.detectors.beats.tracker import TEMPO_RANGE
from samplechop.realtime.detectors.chop import DIAL
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.engine.engine import FAST_BLOCK, Engine


@dataclass(frozen=True, slots=True)
class Detection:
    """attacks: of the part of the record. heard: as they were before it was looked back on where drums alone begin.

    beats: of the beat detector. model: name and sha256 of the net.

    tempo: beats per minute, None where it is not clear. open_octave: octaves to a tempo nearly as likely.
    antiphase: a sentence on channels that cancel each other, "" where they do not.
    curve: how sure the net is in every frame, as it was first heard; None where that was not kept.
    chosen: attacks as the record itself has them, where others are wanted by a density; else None.
    """

    attacks: Attacks
    heard: Attacks
    beats: tuple[Event, ...]
    model: tuple[str, str]
    tempo: Guess | None = None
    open_octave: int = 0
    antiphase: str = ""
    curve: Curve | None = None
    chosen: Attacks | None = None

    @property
    def usual(self) -> NDArray[np.int64]:
        """The samples of the chops at the record's own density, whichever is wanted, rising."""
        own = self.chosen or self.attacks
        return np.sort(own.samples[own.chops])


def detect(
    record: Record,
    options: ChopOptions,
    first: int,
    last: int,
    progress: Callable[[int], object] = int,
    struck: Callable[[Event], object] = id,
    drawn: Callable[[Curve], object] = id,
) -> Detection:
    """Process the samples first..last of a record as live, or take what was found in them before.

    progress: is called with how many samples are done. struck: with each attack as it is detected, before all is known
    by which some of them are judged anew. drawn: with each new part of the curve. Raises UserError or ModelError for a
    model that cannot be used.
    """

    manifest = models.load(options.model)
    facts = facts_of(manifest, options, first, last)

    def make() -> Arrays:
        return _arrays(_detected(record, options, manifest, first, last, progress, struck, drawn))

    read = partial(_detection, model=(manifest.name, manifest.sha256))
    found = None if record.cache is None else record.cache.value(KIND, facts, read, make)
    return _wanted(found or read(make()), manifest, options)


def kept(cache: RecordCache, options: ChopOptions, first: int, last: int) -> Detection | None:
    """Give what was found before in the samples first..last of a record; None where it is not kept.

    Raises UserError or ModelError for a model that cannot be used.
    """
    manifest = models.load(options.model)
    read = partial(_detection, model=(manifest.name, manifest.sha256))
    found = cache.value(KIND, facts_of(manifest, options, first, last), read)
    return None if found is None else _wanted(found, manifest, options)


def _wanted(found: Detection, manifest: Manifest, options: ChopOptions) -> Detection:
    """Give what was found at the density of the options."""
    if options.density is not None and fixed_density(manifest, options) is None:
        found = replace(found, attacks=found.heard.at(options.density), chosen=found.attacks)
    return found


def _detected(
    record: Record,
    options: ChopOptions,
    manifest: Manifest,
    first: int,
    last: int,
    progress: Callable[[int], object],
    struck: Callable[[Event], object],
    drawn: Callable[[Curve], object],
) -> Detection:
    density = fixed_density(manifest, options)
    low, high = options.tempo_range or TEMPO_RANGE
    settings = ChopSettings(
        options.model,
        options.threshold,
        choose=options.choose,
        tempo_range=(low, high),
        density=density,
        every=True,
    )
    # A streaming net tracks beats, too; beside another, that of the beat detector does.
    streams = isinstance(manifest.features, StreamFeatures)
    model = options.model if streams else BeatSettings().model
    wanted = wanted_tempo(options.tempo)
    detector = BeatDetector(BeatSettings(model, tempo_range=(low, high), tempo=wanted))

    def engine_for(**found_by: Detector) -> Engine:
        return Engine(found_by, record.sample_rate, record.channels, FAST_BLOCK, channel=record.channel)

    chops = ChopDetector(settings)
    engine = engine_for(chop=chops, beats=detector)
    opening = record.opening() if first == 0 else None
    engine.reset(first, opening)
    drawing, heard_pulse = Drawing(chops, first, record.sample_rate), HeardPulse(detector.pulse)
    events: list[Event] = []

    def heard_now(event: Event) -> None:
        events.append(event)
        if event.kind in (CHOP, ATTACK):
            struck(event)

    for block in record.blocks(FAST_BLOCK, first, last):
        engine.process(block, heard_now)
        heard_pulse.grow()
        drawn(drawing.grown())
        progress(engine.position - first)
    if engine.position > first:
        engine.flush(events.append)
    heard_pulse.grow()
    drawing.grown()
    curve = drawing.part(first, last, first)
    antiphase = engine.downmix.warning()
    rate, length = record.sample_rate, last - first
    places = sorted(one.sample for one in events if one.kind in (CHOP, ATTACK))

    def beats_at(named: Tempo) -> tuple[tuple[Event, ...], int]:
        found, reader = read_beats(heard_pulse, (low, high), named, detector.start)
        placed = placed_beats(found, places, engine, first, last)
        read, octave = one_octave(placed, reader.pulse_odds, reader.open_octave, rate)
        evenly = _evenly(read, events, first, last, rate)
        anew = bar_count.BEGUN_ANEW_EVENLY if evenly else bar_count.BEGUN_ANEW
        return bar_count.in_fours(bar_count.counted(evenly or read, rate, anew), places, rate), octave

    beats, octave = beats_at(AS_DETECTED)
    if wanted.octave:
        beats, octave = tuple(at_octave(beats, wanted.octave, rate)), 0
    elif wanted.bpm is not None:
        beats, octave = tuple(as_named(beats_at(wanted)[0], beats, rate)), 0
    tempo = tempo_and_key.tempo(beats, rate, octave)
    if loops.may_be_one(tempo, length, rate):
        engine.reset(0, opening)
        again = Drawing(chops, 0, rate)
        played, times = loops.play(engine, lambda: again.through(record.blocks(FAST_BLOCK, first, last)), length)
        settled = loops.settled_beats(played, length, times, rate)
        looped, open_octave = one_octave(settled, detector.pulse_odds, detector.open_octave, rate)
        whole = loops.tempo_and_beats(looped, first, length, rate, open_octave)
        if whole is not None:
            if tempo is None:  # its pulse had not settled, by which chops are chosen
                events = [replace(one, sample=first + one.sample) for one in loops.once(played, length, times, rate)]
                curve = again.part(length * (times - 1), length * times, first)
            (tempo, beats), octave = whole, open_octave
    bars = tempo_and_key.downbeats(beats) if tempo and options.threshold is None else ()

    def within(every: Sequence[Event]) -> Attacks:
        found = Attacks.of([event for event in every if first <= event.sample < last])
        return on_pulse(found, [beat.sample for beat in beats], bars, rate) if bars else found

    heard = within(events)
    alone = manifest.decision.get("drums_alone")
    if options.choose == "auto" and density is None and alone:
        begun = passages.beginnings(events, first, round(float(alone["seconds"]) * rate))
        strokes = ChopDetector(replace(settings, choose="attacks"))
        if begun:
            events = passages.judged_as_drums(events, begun, engine_for(chop=strokes), record, first, last)
    if engine.faults:
        raise RuntimeError(f"a detector failed: {engine.faults}")
    found_by = manifest.name, manifest.sha256
    return Detection(within(events), heard, beats, found_by, tempo, octave, antiphase or "", curve)


def _evenly(
    beats: Sequence[Event], events: Sequence[Event], first: int, last: int, sample_rate: int
) -> Sequence[Event] | None:
    """Give the beats in the samples first..last of a record as `constant_tempo.even`, by the attacks among events."""
    struck = Attacks.of(sorted((one for one in events if one.kind in (CHOP, ATTACK)), key=attrgetter("sample")))
    ways = struck.dial if struck.dial.size else np.tile(struck.strengths[:, None], (1, len(DIAL)))
    on_beat, hits = (ways[:, DIAL.index(way)] for way in ("beats", "hits"))
    return constant_tempo.even(beats, struck.samples, hits, on_beat, first, last, sample_rate)


def _arrays(found: Detection) -> Arrays:
    """Give a detection as arrays: what `_detection` reads."""
    beats, tempo = found.beats, found.tempo
    return {
        **{f"attacks {name}": getattr(found.attacks, name) for name in COLUMNS},
        **{f"heard {name}": getattr(found.heard, name) for name in COLUMNS},
        "beats": np.array([(one.sample, one.emitted, int(one.label or 0)) for one in beats], np.int64).reshape(-1, 3),
        "beat_strengths": np.array([one.strength for one in beats], np.float64),
        "beat_tempi": np.array([one.tempo or 0.0 for one in beats], np.float64),
        "rephased": np.array([one.rephased for one in beats], bool),
        "tempo": np.array([tempo.value, tempo.other] if tempo else [], "U32"),
        "numbers": np.array([tempo.confidence if tempo else 0.0, found.open_octave], np.float64),
        "antiphase": np.array(found.antiphase, "U1000"),
        **(found.curve.arrays() if found.curve else {}),
    }


def _detection(arrays: Arrays, model: tuple[str, str]) -> Detection:
    beats = zip(
        *(arrays[name].tolist() for name in ("beats", "beat_strengths", "beat_tempi", "rephased")),
        strict=True,
    )
    confidence, octave = arrays["numbers"].tolist()
    words = arrays["tempo"].tolist()
    attacks, heard = (Attacks(*(arrays[f"{which} {name}"] for name in COLUMNS)) for which in ("attacks", "heard"))
    return Detection(
        attacks,
        heard,
        tuple(
            Event(BEAT, sample, emitted, strength, str(label) if label else None, tempo=tempo or None, rephased=moved)
            for (sample, emitted, label), strength, tempo, moved in beats
        ),
        model,
        Guess(words[0], confidence, words[1]) if words else None,
        int(octave),
        str(arrays["antiphase"].tolist()),
        curve_in(arrays),
    )
