"""The systems that are evaluated: our detectors as they run live, and other programs on the same audio."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar, cast, get_args

import numpy as np

from samplechop import models
from samplechop.offline.audio.reading import RATE, Sound
from samplechop.offline.evaluate import peers
from samplechop.offline.evaluate.drum_measures import Hits
from samplechop.offline.evaluate.measures import Markers
from samplechop.realtime import detectors
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import BEAT, DOWNBEAT, Event
from samplechop.realtime.core.plugin import OPENING_SECONDS, Detector
from samplechop.realtime.detectors.chop import Choose
from samplechop.realtime.detectors.chop.detector import ChopDetector, ChopSettings
from samplechop.realtime.engine.engine import Engine

BLOCK = 4096
WAY = "@"
"""Between a model and the way in which it chooses, or its early stage, in the name of a system: chop@hits."""
EARLY = "early"
DENSITY = "density "
"""Before a density in place of the way: chop@density 0.33."""
WANTS = {"attacks": "onsets", "hits": "strong", "beats": "beats", "bars": "downbeats"}
"""By way to choose, which of `References` it is after; a way that is not here is after chops, a density all attacks."""
System = Callable[[Sound], Markers]
"""Float32 mono audio at 44 100 Hz in, markers out."""
Found = TypeVar("Found")


@lru_cache(maxsize=8)
def open_system(system: str) -> System:
    """Make ready a system by name: a peer, "detector:NAME", or a chop model's name or manifest path, perhaps @WAY.

    Raises UserError or models.ModelError if it cannot be used.
    """
    if system in peers.PEERS:
        return partial(peers.markers, system)
    model, way = parted(system)
    run = live_system(detector_of(model, lambda name: ChopDetector(replace(_settings(way), model=name))))
    wants = WANTS.get(way if _density_of(way) is None else "attacks")
    return lambda samples: replace(run(samples), wants=wants)


def _density_of(way: str) -> float | None:
    """Give the density, 0..1, that stands in place of a way; None where none does."""
    try:
        density = float(way.removeprefix(DENSITY)) if way.startswith(DENSITY) else -1.0
    except ValueError:
        return None
    return density if 0 <= density <= 1 else None


def _settings(way: str) -> ChopSettings:
    if (density := _density_of(way)) is not None:
        return ChopSettings(density=density)
    return ChopSettings(choose=cast(Choose, way)) if way else ChopSettings()


def parted(system: str) -> tuple[str, str]:
    """Give a system's model and the way or density at which it chooses, or EARLY for its early stage; "" for none."""
    model, mark, way = system.rpartition(WAY)
    named = way in (*get_args(Choose), EARLY) or _density_of(way) is not None
    return (model, way) if mark and named else (system, "")


def at_density(systems: Sequence[str], density: float) -> list[str]:
    """Name each streaming model at a density, 0..1. Raises UserError where there is none."""
    return _each_way(systems, [f"{DENSITY}{density:g}"], "--density")


def chosen_ways(systems: Sequence[str], choose: Sequence[str]) -> list[str]:
    """Name each streaming model once in every way to choose; "all" for every way there is.

    Raises UserError for a way that does not exist, and where no model is a streaming one.
    """
    ways = list(get_args(Choose)) if "all" in choose else list(dict.fromkeys(choose))
    if unknown := [way for way in ways if way not in get_args(Choose)]:
        raise UserError(f"--choose must be all or one of {', '.join(get_args(Choose))}, got {unknown[0]!r}")
    return _each_way(systems, ways, "--choose")


def _each_way(systems: Sequence[str], ways: Sequence[str], option: str) -> list[str]:
    found = []
    for system in systems:
        streaming = not system.startswith("detector:") and models.load(system).kind == "stream"
        found += [f"{system}{WAY}{way}" for way in ways] if ways and streaming else [system]
    if ways and found == list(systems):
        raise UserError(
            f"{option} is for chops of a streaming model, such as chop: name one with --model, or add --detector chop"
        )
    return found


def detector_of(system: str, of_model: Callable[[str], Detector]) -> Detector:
    """Make "detector:NAME", or, of a model's name or manifest path, what `of_model` makes of it. Raises UserError."""
    name = system.removeprefix("detector:")
    return of_model(system) if name == system else detectors.make(name)


def title(system: str) -> str:
    """Give the name of a system in tables."""
    model, way = parted(system)
    if way:
        return f"{title(model)} {way}"
    return Path(system).stem if system.endswith((".json", ".tflite")) else system.removeprefix("detector:")


def live_events(detector: Detector) -> Callable[[Sound], tuple[list[Event], float]]:
    """Run a detector as the live host does: led in by silence, and flushed at the end.

    What is given processes a sound, and gives the events that lie in it, in the order they came, and how many seconds
    that took.
    """
    engine = Engine({"": detector}, RATE, 1, BLOCK)

    def process(samples: Sound) -> tuple[list[Event], float]:
        found: list[Event] = []
        began = time.perf_counter()
        engine.reset(0, samples[: round(OPENING_SECONDS * RATE), np.newaxis])
        for start in range(0, len(samples), BLOCK):
            engine.process(samples[start : start + BLOCK, np.newaxis], found.append)
        engine.flush(found.append)
        if engine.faults:
            raise RuntimeError(f"a detector failed: {engine.faults}")
        return found, time.perf_counter() - began

    return process


def live(detector: Detector, read: Callable[[Sequence[Event], float, float], Found]) -> Callable[[Sound], Found]:
    """Run a detector as the live host does.

    read: makes what is found of its events, the seconds that they took, and its latency in milliseconds as it states
    it, without the block it waits for.
    """
    process = live_events(detector)
    latency_ms = 1000 * (detector.latency - BLOCK) / RATE
    return lambda samples: read(*process(samples), latency_ms)


def per_minute(run: Callable[[Sound], Markers | Hits], sounds: Sequence[Sound]) -> float:
    """Give how many places a system finds a minute."""
    minutes = sum(len(sound) for sound in sounds) / RATE / 60
    return sum(len(run(sound).times) for sound in sounds) / minutes


def live_system(detector: Detector) -> System:
    """Run a detector as the live host does, and read its events as markers."""
    process = live_events(detector)
    return lambda samples: markers_of(*process(samples))


def markers_of(events: list[Event], seconds: float = 0.0) -> Markers:
    """Read events as markers, in the order of their places."""
    kept = sorted(events, key=lambda one: one.sample)
    down = np.array([_is_downbeat(event) for event in kept], bool)
    return Markers(
        np.array([event.sample / RATE for event in kept]),
        np.array([event.strength for event in kept]),
        down if down.any() else None,
        seconds,
    )


def _is_downbeat(event: Event) -> bool:
    return event.kind == BEAT and event.label == DOWNBEAT


def own_systems(
    task: str, wanted_detectors: Sequence[str], wanted: Sequence[str] | None, kinds: Collection[str]
) -> list[str]:
    """Name the systems of ours to evaluate: the models wanted, else all released ones, and other detectors.

    task: the detector that takes models of these kinds, which runs if it is among the wanted ones, or none is. Raises
    UserError for a model wanted of another detector, or where no model is released.
    """
    others = [f"detector:{name}" for name in dict.fromkeys(wanted_detectors) if name != task]
    if others and task not in wanted_detectors:
        if wanted:
            raise UserError(
                f"--model chooses the net of the {task} detector: leave it out, or give --detector {task}, too"
            )
        return others
    own = list(wanted) if wanted else released(kinds)
    if not own:
        raise UserError(f"no model of kind {' or '.join(kinds)} is released here: name yours with --model")
    return [*own, *others]


def released(kinds: Collection[str]) -> list[str]:
    """Name the released models of some kinds."""
    return [name for name in models.names() if models.load(name).kind in kinds]


def check(systems: Sequence[str], kinds: Collection[str], others: Sequence[str] = ()) -> None:
    """Refuse systems that cannot be used, before hours of work. kinds: of models that can be asked; others: peers.

    Raises UserError or models.ModelError.
    """
    for system in systems:
        if system in others:
            continue
        if system.startswith("detector:"):
            name = system.removeprefix("detector:")
            if name not in detectors.names():
                raise UserError(f"no detector {name!r}: there are {', '.join(detectors.names())}")
        elif (kind := models.load(parted(system)[0]).kind) not in kinds:
            raise UserError(
                f"model {system!r} cannot be evaluated here: it is of kind {kind}, not {' or '.join(kinds)}"
            )
