"""The commands under `samplechop bench`: those that measure are here, others in `bench_robustness`."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.cli import bench_robustness
from samplechop.offline.cli.bench_robustness import AsJson, show
from samplechop.realtime.core.errors import check_extra

app = typer.Typer(no_args_is_help=True, help="Measure speed and exactness on this machine.")

TIMING_SECONDS = 20.0
"""Length of the sessions at each period: enough for the quantiles of some dozens of notes."""


@app.command()
def live(
    recording: Annotated[
        Path | None, typer.Argument(metavar="RECORDING", help="What to measure on (default: the demo).")
    ] = None,
    json: AsJson = False,
) -> None:
    """Measure the analysis: constant-Q, each detector, stage and head of the net, --fast, latency, memory, start-up.

    \b
    samplechop bench live
    samplechop bench live song.flac --json > here.json
    """
    from samplechop.offline.lab.bench import live as measures
    from samplechop.offline.lab.bench import net_costs, stages
    from samplechop.offline.lab.bench import start as starts
    from samplechop.realtime.audio.audio_file import open_audio
    from samplechop.realtime.cli import DEMO

    open_audio(recording or DEMO).close()
    _say_what_is_missing()
    audio = measures.recording(recording or DEMO)
    mono = audio.mean(axis=1)
    show(
        f"samplechop bench live, {(recording or DEMO).name}",
        {
            "the whole chain": lambda: measures.chain(mono),
            "all detectors together": lambda: measures.together(mono),
            "each stage": lambda: stages.stages(audio),
            "the net": net_costs.costs,
            # librosa's threads spin on for a while, and count: what is measured beside it comes last, onsets after all.
            "the constant-Q transform": lambda: measures.constant_q(mono),
            "whole files": lambda: stages.whole_files(audio),
            "memory": measures.memory,
            "start-up": lambda: starts.listening(("chops",)),
        },
        json,
    )


@app.command()
def start(json: AsJson = False) -> None:
    """Measure what starting costs: help texts, a file's first event, the first start ever; what grows with the hours.

    \b
    samplechop bench start
    samplechop bench start --json > here.json
    """
    from samplechop.offline.lab.bench import growth
    from samplechop.offline.lab.bench import start as measures

    show(
        "samplechop bench start",
        {
            "commands": measures.commands,
            "the first event": measures.first_event,
            "starts": measures.listening,
            "long sessions": growth.midi_file,
            "kits of long records": growth.kits,
        },
        json,
    )


@app.command()
def scale(
    recording: Annotated[
        Path | None, typer.Argument(metavar="RECORDING", help="What to measure on (default: the demo).")
    ] = None,
    json: AsJson = False,
) -> None:
    """Measure whole runs of `live --fast` over 1, 3 and 10 minutes, start included, beside aubioonset and librosa.

    \b
    samplechop bench scale
    samplechop bench scale song.flac --json
    """
    from samplechop.offline.lab.bench import live as measures
    from samplechop.offline.lab.bench import stages
    from samplechop.realtime.audio.audio_file import open_audio
    from samplechop.realtime.cli import DEMO

    open_audio(recording or DEMO).close()
    _say_what_is_missing()
    audio = measures.recording(recording or DEMO)
    title = f"samplechop bench scale, {(recording or DEMO).name}"
    show(title, {"whole runs": lambda: stages.scale(audio)}, json)


@app.command()
def ratios(json: AsJson = False) -> None:
    """Check that nothing became dear, by counts and ratios, never seconds: exit code 1 where a bound is passed.

    \b
    samplechop bench ratios
    samplechop bench ratios --json
    """
    from samplechop.offline.lab.bench import growth
    from samplechop.offline.lab.bench import live as recordings
    from samplechop.offline.lab.bench import ratios as measures
    from samplechop.realtime.cli import DEMO
    from samplechop.realtime.core.plugin import ANALYSIS_RATE

    mono = recordings.recording(DEMO)[: measures.SECONDS * ANALYSIS_RATE].mean(axis=1)
    figures = show(
        "samplechop bench ratios",
        {
            "calls": lambda: measures.counts(mono),
            "computing": lambda: measures.computing(mono),
            "starts": measures.starts,
            "long sessions": growth.midi_file,
            "kits of long records": growth.kits,
        },
        json,
    )
    if any(figure.reached is False for figure in figures):
        raise typer.Exit(1)


@app.command()
def jack(
    seconds: Annotated[float, typer.Option(min=5, help="Length of each session.")] = 60.0, json: AsJson = False
) -> None:
    """Measure a live session over a JACK dummy server: xruns and lost chops, arrival of the notes; idle, then loaded.

    Then how exactly notes arrive at periods from 64 to 1024, and how long a drum takes from the input to the note.

    Needs jackd, libjack, PortAudio and the extra bench, but no sound card.

    \b
    samplechop bench jack
    samplechop bench jack --seconds 20 --json
    """
    check_extra("bench", "measuring over JACK")
    from samplechop.offline.lab.bench import jack as measures
    from samplechop.offline.lab.bench import jack_timing

    show(
        "samplechop bench jack",
        {
            "two live sessions": lambda: measures.sessions(seconds),
            "a session at each period": lambda: jack_timing.timing(min(seconds, TIMING_SECONDS)),
            "a session with drums": lambda: jack_timing.drums(seconds, measures.PERIOD),
        },
        json,
    )


@app.command()
def kit(
    recordings: Annotated[list[Path] | None, typer.Argument(help="Recordings to chop (default: the demo).")] = None,
    hours: Annotated[float, typer.Option(min=0, help="Also chop so many hours, and report the memory it takes.")] = 0.0,
    one_shots: Annotated[
        Path | None, typer.Option(help="Only tag these drum sounds, named after what they are, a folder.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Measure kits: how fast they are made, and how much they repeat themselves beside simpler ways of choosing.

    \b
    samplechop bench kit
    samplechop bench kit --hours 3
    samplechop bench kit song.flac record.wav --json
    samplechop bench kit --one-shots drums/
    """
    from functools import partial

    from samplechop.offline.lab.bench import kit as measures
    from samplechop.realtime.cli import DEMO

    if one_shots is not None:
        show(f"samplechop bench kit, {one_shots.name}", {"drum tags": partial(measures.one_shots, one_shots)}, json)
        return
    files = recordings or [DEMO]
    _say_what_is_missing()
    parts: dict[str, Callable[[], Iterable]] = {"the choice": measures.diversification}
    parts["repetition"] = partial(measures.redundancies, files)
    parts["whole kits"] = partial(measures.making, files[0])
    parts["kits of what is known"] = partial(measures.again, files[0])
    if hours:
        parts[f"{hours:g} hours"] = partial(measures.hours, files[0], hours)
    show(f"samplechop bench kit, {', '.join(path.name for path in files)}", parts, json)


@app.command()
def stereo(
    recordings: Annotated[
        list[Path] | None, typer.Argument(help="Stereo recordings to measure on, too (default: the demo).")
    ] = None,
    json: AsJson = False,
) -> None:
    """Measure what mixing stereo to mono does to the chops: F against those of the sound itself, by correlation.

    Stereo is made: panned, wide, delayed, inverted in part. Recordings are taken as they are, and with one channel
    inverted, as by a cable wired wrongly, wider and narrower.

    \b
    samplechop bench stereo
    samplechop bench stereo song.flac --json
    """
    from samplechop.offline.cli.evaluate_checks import check_mir_eval

    check_mir_eval()
    from samplechop.offline.lab.bench import stereo as measures
    from samplechop.realtime.cli import DEMO

    show("samplechop bench stereo", {"stereo": lambda: measures.figures(recordings or [DEMO])}, json)


@app.command()
def atlas(
    sounds: Annotated[int, typer.Option(min=10, max=25_000, help="Sounds in the map.")] = 10_000,
    points: Annotated[int, typer.Option(min=0, help="Points on the page, in Chromium; 0: no page.")] = 20_000,
    json: AsJson = False,
) -> None:
    """Measure the atlas: files collected and fingerprinted, a map and a grid of many sounds, new ones placed, its page.

    The sounds are made by rule. Needs the extra atlas, and test for the page. A grid of 10,000 takes 0.8 GB of memory,
    of 20,000 3.2 GB.

    \b
    samplechop bench atlas
    samplechop bench atlas --sounds 20000 --points 0 --json
    """
    check_extra("atlas", "measuring the atlas", "openTSNE", "sklearn", *(["bokeh"] if points else []))
    if points:
        check_extra("test", "measuring the page", "playwright")
    from samplechop.offline.lab.bench import atlas as measures
    from samplechop.offline.lab.bench import atlas_page

    parts: dict[str, Callable[[], Iterable]] = {
        "collecting": measures.collecting,
        f"a map of {sounds:,}": lambda: measures.mapping(sounds),
    }
    if points:
        parts[f"a page of {points:,}"] = lambda: atlas_page.figures(points)
    show("samplechop bench atlas", parts, json)


@app.command()
def studio(
    minutes: Annotated[float, typer.Option(min=0.5, help="Length of the record.")] = 90.0, json: AsJson = False
) -> None:
    """Measure the studio's page with a long record, in Chromium: until it is drawn, while it is moved, its memory.

    The record is made by rule and heard first, which takes some minutes for 90. Needs the extra test.

    \b
    samplechop bench studio
    samplechop bench studio --minutes 10 --json
    """
    check_extra("test", "measuring the page", "playwright")
    from samplechop.offline.lab.bench import studio as measures

    show(f"samplechop bench studio, {minutes:g} minutes", {"the page": lambda: measures.figures(minutes)}, json)


def _say_what_is_missing() -> None:
    from samplechop.offline.lab.bench import peers
    from samplechop.realtime.core.standard_streams import say

    for sentence in peers.missing():
        say(f"samplechop: {sentence}")


for command in (
    bench_robustness.detector,
    bench_robustness.soak,
    bench_robustness.kills,
    bench_robustness.hostile,
    bench_robustness.faults,
):
    app.command()(command)
