"""Made-up sessions and what a terminal shows of them."""

import io
from dataclasses import replace

import numpy as np

from samplechop.realtime.core.events import Event
from samplechop.realtime.ui.layout import screen_rows
from samplechop.realtime.ui.meters import LevelMeter
from samplechop.realtime.ui.snapshot import Curve, Snapshot
from samplechop.realtime.ui.views import LenientConsole

RATE, HOP = 44_100, 256


def chop(sample, strength=0.93, note=36):
    return Event("chop", sample, sample + 12_547, strength, note=note, velocity=100)


def snapshot(probability=None, threshold=0.5, **changes):
    whole = Snapshot(
        source="USB Turntable",
        state="listening",
        position=20 * RATE,
        duration=None,
        sample_rate=RATE,
        peaks=(0.5, 0.25),
        detectors=("chop",),
        curve=Curve("chop probability", np.full(1100, 0.1, np.float32), 0.5, HOP / RATE, 20 * RATE - 12_547),
        chops=(chop(18 * RATE), chop(19 * RATE, note=41)),
        chop_count=2,
        latency=12_547,
        cpu=0.03,
        midi="samplechop",
    )
    assert whole.curve is not None
    values = whole.curve.values if probability is None else probability
    whole = replace(whole, curve=replace(whole.curve, values=values, threshold=threshold))
    return replace(whole, **changes)


def heard(kind, label, sample=19 * RATE, notes=None):
    return Event(kind, sample, sample + 5000, 0.8, label, notes=notes)


CHORDS = tuple(heard("chord", label, second * RATE) for second, label in enumerate(("C:maj7", "G:7", "N", "A:min7")))
EARS = {
    "drums": {"kick": 0.9, "snare": 0.35, "hat": 0.6, "tom": 0.0, "cymbal": 0.04},
    "drum_counts": {"kick": 132, "snare": 64, "hat": 12_345},
    "harmony": True,
    "chord": CHORDS[-1],
    "key": heard("key", "A:min"),
    "latencies": {"drums": 939, "harmony": 7541},
}


def rows(session, width=80, height=23, marks=(), chords=CHORDS):
    meters = [LevelMeter() for _ in session.peaks]
    for one, peak in zip(meters, session.peaks, strict=True):
        one.update(peak, 0.1)
    return ["".join(text for text, _ in row) for row in screen_rows(session, meters, marks, width, height, chords)]


def terminal(width=80, height=24, **options):
    stream = options.pop("file", None) or io.StringIO()
    return LenientConsole(file=stream, force_terminal=True, width=width, height=height, legacy_windows=False, **options)
