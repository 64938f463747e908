"""The command `samplechop evaluate chop`, which is meant where no other is named."""

from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.evaluate.report import Output, judge_and_show, need_mir_eval

KINDS = ("chop", "stream")
"""Of models that choose chops."""


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Recordings with labels or reference times beside them.")],
    model: Annotated[
        list[str] | None, typer.Option(help="A chop model's name or manifest; again for more (default: all released).")
    ] = None,
    detector: Annotated[str, typer.Option(help="chop, beats, or a plug-in's name.")] = "chop",
    peers: Annotated[str, typer.Option(help="librosa,aubio; all that are installed; or none.")] = "all",
    page: Annotated[Path | None, typer.Option(help="Write a page (.html) that shows every recording.")] = None,
    json_: Annotated[Path | None, typer.Option("--json", help="Write all results as JSON.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    noise: Annotated[bool, typer.Option("--noise/--no-noise", help="Count false markers on surface noise.")] = True,
    noise_file: Annotated[
        list[Path] | None, typer.Option("--noise-file", help="A recording of an empty groove; again for more.")
    ] = None,
    tracks: Annotated[bool, typer.Option("--tracks", help="Show every recording, too.")] = False,
) -> None:
    """Judge detectors on recordings whose times are known, beside other programs on the same audio.

    \b
    samplechop evaluate my-records                      every released model, librosa and aubio
    samplechop evaluate my-records --model mine/me.json --model chop --page look.html
    samplechop evaluate my-records --detector beats --peers none

    Beside name.wav lie the labels: name.txt or any kind samplechop train reads, name.json of a crate, name.beats.txt,
    name.onsets.txt, name.drums.txt (seconds, then the label); the last three may be in a folder reference_times.
    Recordings are averaged by subfolder, or by what stands before the first dash of the name.
    """
    need_mir_eval()
    from samplechop.offline.evaluate import chop_figures
    from samplechop.offline.evaluate import systems as listeners
    from samplechop.offline.evaluate.chops import TASK
    from samplechop.offline.evaluate.noise import real_noises
    from samplechop.offline.evaluate.references import tracks_in

    systems = [*listeners.own_systems("chop", detector, model, KINDS), *listeners.wanted_peers(peers)]
    listeners.check(systems, KINDS)
    output = Output(page, json_, tracks)
    output.check()
    found = tracks_in(folder)
    files = real_noises(folder, noise_file or ()) if noise else None
    judge_and_show(TASK, chop_figures.LOOK, folder, found, systems, output, jobs, files)
