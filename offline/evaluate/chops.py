"""Evaluation of chops: how well markers agree with where a producer would cut, with strong hits, with beats."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from samplechop.offline.audio.reading import RATE, Sound, read_audio
from samplechop.offline.common.palette import CYAN, FAINT, GREEN, INK, MAGENTA, RED, YELLOW
from samplechop.offline.evaluate import measures, peers, svg, systems
from samplechop.offline.evaluate.measures import OPEN, RELIABILITY, RIGHT, WRONG, Markers, Measures, marks
from samplechop.offline.evaluate.references import WANTED, References, references_for
from samplechop.offline.evaluate.rows import Row, f_rows, least_size, ms, rate, share, signed_ms, whole
from samplechop.offline.evaluate.runner import Pooled, Result, SystemResult, Task, TrackResult
from samplechop.offline.evaluate.svg import FIGURE, GREY, LEFT, PLOT, ROW, WAVE, reliability
from samplechop.offline.evaluate.systems import title


def evaluate(references: References, samples: Sound, system: str) -> SystemResult:
    """Run a system on a recording and measure its markers; on the first play of the same record, too, if it has one."""
    run = systems.open_system(system)
    markers = run(samples)
    bins = np.array(measures.reliability(*measures.verdicts(references, markers)), np.float64)
    found = measures.measure(references, markers, len(samples) / RATE)
    if (play := references.first_play) is not None:
        before = play.mapped(run(read_audio(play.path)).times)
        found["replayed"] = measures.replayed(before, markers.times)
    return SystemResult(markers, found, {RELIABILITY: bins})


def false_alarms(system: str, sounds: Sequence[Sound]) -> float:
    """Give a system's markers per minute."""
    return systems.per_minute(systems.open_system(system), sounds)


def pooled_measures(pooled: Pooled) -> Measures:
    """Give the calibration error over the markers of all recordings."""
    return {"ece": measures.calibration_error([tuple(row) for row in pooled.counts[RELIABILITY]])}


def data(markers: Markers) -> dict[str, Any]:
    """Give the markers' times, seconds."""
    return {"markers": [round(float(time), 4) for time in markers.times]}


ROWS = (
    *f_rows("chosen chops F", "chops"),
    Row("  F at ±30 ms", "chops_f30", share),
    Row("  recall at ±30 ms", "chops_r30", share),
    Row("of the N strongest", "strongest_f", share),
    Row("every hit F, ±30 ms", "onsets_f30", share),
    Row("  precision", "onsets_p30", share),
    Row("  recall", "onsets_r30", share),
    *f_rows("strong hits F", "strong"),
    Row("  of the N strongest", "strongest_strong_f", share),
    Row("beats F", "beats_f", share),
    Row("  F at ±25 ms", "beats_f25", share),
    Row("  of the N strongest", "strongest_beats_f", share),
    Row("downbeats F", "downbeats_f", share),
    Row("on a real attack", "onsets_p", share),
    Row("  recall", "onsets_r", share),
    Row("  at ±25 ms", "onsets_p25", share),
    Row("drum onsets F", "drums_f", share),
    Row("  F at ±25 ms", "drums_f25", share),
    Row("right among the top 8", "top8", share),
    Row("right among the top 16", "top16", share),
    Row("right among the top 32", "top32", share),
    Row("found in a second play", "replayed", share),
    Row("calibration error", "ece", share, min),
    Row("offset, median", "offset_ms", signed_ms, least_size),
    Row("offset, 95 % within", "offset_p95_ms", ms, min),
    Row("markers per minute", "per_minute", rate, None),
    Row("× real time", "speed", whole, None),
)


CHOP, STRONG, BEAT, ATTACK = YELLOW, MAGENTA, CYAN, FAINT
MARK_COLOURS = {RIGHT: GREEN, WRONG: RED, OPEN: GREY}
FIGURES = (("chops_f", "chops F"), ("strong_f", "strong F"), ("beats_f", "beats F"), ("onsets_p", "attack P"))
"""What stands beside the markers."""
WIDTH = LEFT + PLOT + FIGURE * len(FIGURES) + 4


def draw_recording(one: TrackResult, systems: Sequence[str]) -> str:
    """Draw the waveform, what is known, and each system's markers: green right, red wrong, grey where nobody knows."""
    known = _known(one.track.references)
    height = WAVE + ROW * (len(known) + len(systems)) + 30
    scale = PLOT / max(one.seconds, 1e-9)
    drawn = [svg.seconds(one.seconds, height - 22), svg.wave(one.outline), _unsure(one.track.references, scale)]
    y = WAVE + 8
    for name, colour, places in known:
        drawn += [svg.label(name, y, FAINT), svg.ticks(places * scale, y, ROW - 6, colour)]
        if name == "beats" and one.track.references.downbeats is not None:
            drawn.append(svg.ticks(one.track.references.downbeats * scale, y - 3, ROW, colour, 2.5))
        y += ROW
    shown = [key for key, _ in FIGURES if any(one.by_system[name].measures.get(key) is not None for name in systems)]
    heads = [name for key, name in FIGURES if key in shown]
    drawn += [svg.text(svg.column(at), y - 6, name, FAINT, "end") for at, name in enumerate(heads)]
    for system in systems:
        result = one.by_system[system]
        verdicts = marks(one.track.references, result.found)
        drawn.append(svg.label(title(system), y, INK))
        for kind, colour in MARK_COLOURS.items():
            drawn.append(svg.ticks(result.found.times[verdicts == kind] * scale, y, ROW - 5, colour, 2))
        drawn.append(svg.figures([result.measures.get(key) for key in shown], y))
        y += ROW
    return svg.picture(f"{one.track.name}: waveform, reference and markers", WIDTH, height, drawn)


def _known(references: References) -> list[tuple[str, str, np.ndarray]]:
    rows = (
        ("chops", CHOP, references.chops),
        ("strong hits", STRONG, references.strong),
        ("beats", BEAT, references.beats),
        ("attacks", ATTACK, references.onsets),
    )
    return [(name, colour, times) for name, colour, times in rows if times is not None and len(times)]


def _unsure(references: References, scale: float) -> str:
    """Shade, behind the waveform, the longer passages in which nobody knows where a chop belongs."""
    shades = [(start, stop) for start, stop in references.unsure if stop - start > 0.1]
    return "".join(
        f'<rect x="{LEFT + start * scale:.1f}" y="0" width="{(stop - start) * scale:.1f}" height="{WAVE + 4}" '
        f'fill="{INK}" opacity=".07"/>'
        for start, stop in shades
    )


def key() -> str:
    """Give what the colours mean, as HTML."""
    kinds = ((GREEN, "right"), (RED, "wrong"), (GREY, "nobody knows"))
    return f"Markers:{svg.colour_key(kinds)}. Beside them F, and P: the share on a real attack."


def figures(result: Result) -> list[tuple[str, str]]:
    """Give (heading, picture) of what all recordings show together."""
    lines = {title(system): result.counts(system)[RELIABILITY] for system in result.systems}
    return [("How far strengths can be trusted", reliability(lines))]


TASK = Task(
    "chop",
    ("chop", "stream"),
    tuple(peers.PEERS),
    references_for,
    WANTED,
    evaluate,
    false_alarms,
    pooled_measures,
    data,
    ROWS,
    principal=("chops_f", "strong_f", "beats_f", "onsets_p", "drums_f", "per_minute"),
    noise="false markers per minute",
    noise_text=rate,
    note="±50 ms unless said",
    draw=draw_recording,
    key=key,
    figures=figures,
)
