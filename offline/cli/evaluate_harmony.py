"""The command `samplechop evaluate harmony`."""

from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.evaluate.report import Output, judge_and_show, need_mir_eval


def evaluate_harmony(
    folder: Annotated[Path, typer.Argument(help="Recordings with known chords beside them.")],
    model: Annotated[
        list[str] | None, typer.Option(help="A harmony model's name or manifest; again for more (default: all).")
    ] = None,
    detector: Annotated[str, typer.Option(help="harmony, or a plug-in's name.")] = "harmony",
    peers: Annotated[str, typer.Option(help="librosa; all that are installed; or none.")] = "all",
    page: Annotated[Path | None, typer.Option(help="Write a page (.html) that shows every recording.")] = None,
    json_: Annotated[Path | None, typer.Option("--json", help="Write all results as JSON.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    noise: Annotated[bool, typer.Option("--noise/--no-noise", help="Count chords named on surface noise.")] = True,
    noise_file: Annotated[
        list[Path] | None, typer.Option("--noise-file", help="A recording of an empty groove; again for more.")
    ] = None,
    tracks: Annotated[bool, typer.Option("--tracks", help="Show every recording, too.")] = False,
) -> None:
    """Judge how well chords, pitch classes and the key are heard, on recordings whose chords are known.

    \b
    samplechop evaluate harmony my-chords                    every released harmony model, and librosa
    samplechop evaluate harmony my-chords --model mine/me.json --peers none --page look.html

    Beside name.wav lie its chords: name.lab (a line each, such as "0.0 2.5 A:min7": begin, end, chord in Harte's
    syntax; N for none, X where nobody knows), or name.json of a crate; name.key may hold the key, such as "A:min".
    The lab file may be in a folder reference_times. A recording of drums alone, labelled N, tells how often a chord is
    named where there is none.
    A name is right if root and quality are. "Of whole segments" takes the name heard for the longest part of each.
    Recordings are averaged by subfolder, or by what stands before the first dash of the name.
    librosa is its constant-Q chroma and the nearest template of the same chords: it hears whole files, and no bass.
    """
    need_mir_eval()
    from samplechop.offline.evaluate import harmony, harmony_figures
    from samplechop.offline.evaluate import systems as listeners
    from samplechop.offline.evaluate.chord_references import WANTED, chord_references_for
    from samplechop.offline.evaluate.noise import real_noises
    from samplechop.offline.evaluate.references import tracks_in

    own = listeners.own_systems("harmony", detector, model, harmony.KINDS)
    systems = [*own, *listeners.wanted_peers(peers, harmony.PEERS)]
    listeners.check(systems, harmony.KINDS, harmony.PEERS)
    output = Output(page, json_, tracks)
    output.check()
    found = tracks_in(folder, chord_references_for, WANTED)
    files = real_noises(folder, noise_file or ()) if noise else None
    judge_and_show(harmony.TASK, harmony_figures.LOOK, folder, found, systems, output, jobs, files)
