"""The command `samplechop evaluate drums`."""

from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.evaluate.report import Output, judge_and_show, need_mir_eval


def evaluate_drums(
    folder: Annotated[Path, typer.Argument(help="Recordings with known drum hits beside them.")],
    model: Annotated[
        list[str] | None, typer.Option(help="A drum model's name or manifest; again for more (default: all released).")
    ] = None,
    detector: Annotated[str, typer.Option(help="drums, or a plug-in's name.")] = "drums",
    peers: Annotated[str, typer.Option(help="librosa,aubio; all that are installed; or none.")] = "all",
    page: Annotated[Path | None, typer.Option(help="Write a page (.html) that shows every recording.")] = None,
    json_: Annotated[Path | None, typer.Option("--json", help="Write all results as JSON.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    noise: Annotated[bool, typer.Option("--noise/--no-noise", help="Count false hits on surface noise.")] = True,
    noise_file: Annotated[
        list[Path] | None, typer.Option("--noise-file", help="A recording of an empty groove; again for more.")
    ] = None,
    tracks: Annotated[bool, typer.Option("--tracks", help="Show every recording, too.")] = False,
) -> None:
    """Judge how well kick, snare, hat, tom and cymbal are told apart, on recordings whose hits are known.

    \b
    samplechop evaluate drums my-drums                      every released drum model, librosa and aubio
    samplechop evaluate drums my-drums --model mine/me.json --peers none --page look.html

    Beside name.wav lie its hits: name.drums.json, name.drums.txt (a line each, such as "1.25 kick" or "1.25 kick 0.8",
    all there are), or name.json of a crate; the first two may be in a folder reference_times. Drums are kick, snare,
    hat, tom and cymbal: a hit of anything else, and a place where nobody knows, counts neither way.
    Each figure is the mean over the recordings in which the drum is struck. Recordings are averaged by subfolder, or by
    what stands before the first dash of the name: keep drums alone and full mixes apart, as mixes are far harder.
    librosa and aubio hear onsets, and tell no drums apart.
    """
    need_mir_eval()
    from samplechop.offline.evaluate import drum_figures, drums
    from samplechop.offline.evaluate import systems as listeners
    from samplechop.offline.evaluate.drum_references import WANTED, drum_references_for
    from samplechop.offline.evaluate.noise import real_noises
    from samplechop.offline.evaluate.references import tracks_in

    systems = [*listeners.own_systems("drums", detector, model, drums.KINDS), *listeners.wanted_peers(peers)]
    listeners.check(systems, drums.KINDS)
    output = Output(page, json_, tracks)
    output.check()
    found = tracks_in(folder, drum_references_for, WANTED)
    files = real_noises(folder, noise_file or ()) if noise else None
    judge_and_show(drums.TASK, drum_figures.LOOK, folder, found, systems, output, jobs, files)
