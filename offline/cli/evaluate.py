"""The commands under `samplechop evaluate`: print the tables, write the page and the JSON."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samplechop.offline.cli.default_group import DefaultGroup
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from samplechop.offline.evaluate.atlas import Judgement
    from samplechop.offline.evaluate.references import Track
    from samplechop.offline.evaluate.report import Drawing
    from samplechop.offline.evaluate.runner import Task

CHOP_KINDS = ("chop", "stream")
"""Of models that choose chops."""

Models = Annotated[
    list[str] | None, typer.Option(help="A model's name or manifest; again for more (default: all released).")
]
Peers = Annotated[str, typer.Option(help="librosa,aubio; all that are installed; or none.")]
Page = Annotated[Path | None, typer.Option(help="Write a page (.html) that shows every recording.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write all results as JSON.")]
Jobs = Annotated[int, typer.Option(min=1, help="Processes.")]
NoiseFile = Annotated[
    list[Path] | None, typer.Option("--noise-file", help="A recording of an empty groove; again for more.")
]
Tracks = Annotated[bool, typer.Option("--tracks", help="Show every recording, too.")]

app = typer.Typer(cls=DefaultGroup, no_args_is_help=True, help="Judge models, of chops if none is named, and atlases.")


@app.command("chop")
def evaluate_chop(
    folder: Annotated[Path, typer.Argument(help="Recordings with labels or reference times beside them.")],
    model: Models = None,
    detector: Annotated[str, typer.Option(help="chop, beats, or a plug-in's name.")] = "chop",
    peers: Peers = "all",
    page: Page = None,
    json_: Json = None,
    jobs: Jobs = 2,
    noise: Annotated[bool, typer.Option("--noise/--no-noise", help="Count false markers on surface noise.")] = True,
    noise_file: NoiseFile = None,
    tracks: Tracks = False,
) -> None:
    """Judge detectors on recordings whose times are known, beside other programs on the same audio.

    \b
    samplechop evaluate my-records                      every released model, librosa and aubio
    samplechop evaluate my-records --model mine/me.json --model chop --page look.html
    samplechop evaluate my-records --detector beats --peers none

    Beside name.wav lie the labels: name.txt or any kind samplechop train reads, name.json of a synthetic record,
    name.beats.txt, name.onsets.txt, name.drums.txt (seconds, then the label); the last three may be in a folder
    reference_times. Recordings are averaged by subfolder, or by what stands before the first dash of the name.
    """
    _need_mir_eval()
    from samplechop.offline.evaluate import systems
    from samplechop.offline.evaluate.chops import DRAWING, TASK
    from samplechop.offline.evaluate.references import tracks_in

    names = [*systems.own_systems("chop", detector, model, CHOP_KINDS), *systems.wanted_peers(peers)]
    systems.check(names, CHOP_KINDS)
    output = Output(page, json_, tracks)
    output.check()
    found = tracks_in(folder)
    _evaluate(TASK, DRAWING, folder, found, names, output, jobs, noise, noise_file)


@app.command("drums")
def evaluate_drums(
    folder: Annotated[Path, typer.Argument(help="Recordings with known drum hits beside them.")],
    model: Models = None,
    detector: Annotated[str, typer.Option(help="drums, or a plug-in's name.")] = "drums",
    peers: Peers = "all",
    page: Page = None,
    json_: Json = None,
    jobs: Jobs = 2,
    noise: Annotated[bool, typer.Option("--noise/--no-noise", help="Count false hits on surface noise.")] = True,
    noise_file: NoiseFile = None,
    tracks: Tracks = False,
) -> None:
    """Judge how well kick, snare, hat, tom and cymbal are told apart, on recordings whose hits are known.

    \b
    samplechop evaluate drums my-drums                      every released drum model, librosa and aubio
    samplechop evaluate drums my-drums --model mine/me.json --peers none --page look.html

    Beside name.wav lie its hits: name.drums.json, name.drums.txt (a line each, such as "1.25 kick" or "1.25 kick 0.8",
    all there are), or name.json of a synthetic record; the first two may be in a folder reference_times. Drums are
    kick, snare, hat, tom and cymbal: a hit of anything else, and a place where nobody knows, counts neither way. Each
    figure is the mean over the recordings in which the drum is struck. Recordings are averaged by subfolder, or by what
    stands before the first dash of the name: keep drums alone and full mixes apart, as mixes are far harder. librosa
    and aubio detect onsets, and tell no drums apart.
    """
    _need_mir_eval()
    from samplechop.offline.evaluate import drums, systems
    from samplechop.offline.evaluate.drum_measures import WANTED, drum_references_for
    from samplechop.offline.evaluate.references import tracks_in

    names = [*systems.own_systems("drums", detector, model, drums.KINDS), *systems.wanted_peers(peers)]
    systems.check(names, drums.KINDS)
    output = Output(page, json_, tracks)
    output.check()
    found = tracks_in(folder, drum_references_for, WANTED)
    _evaluate(drums.TASK, drums.DRAWING, folder, found, names, output, jobs, noise, noise_file)


@app.command("harmony")
def evaluate_harmony(
    folder: Annotated[Path, typer.Argument(help="Recordings with known chords beside them.")],
    model: Models = None,
    detector: Annotated[str, typer.Option(help="harmony, or a plug-in's name.")] = "harmony",
    peers: Annotated[str, typer.Option(help="librosa; all that are installed; or none.")] = "all",
    page: Page = None,
    json_: Json = None,
    jobs: Jobs = 2,
    noise: Annotated[bool, typer.Option("--noise/--no-noise", help="Count chords named on surface noise.")] = True,
    noise_file: NoiseFile = None,
    tracks: Tracks = False,
) -> None:
    """Judge how well chords, pitch classes and the key are heard, on recordings whose chords are known.

    \b
    samplechop evaluate harmony my-chords                    every released harmony model, and librosa
    samplechop evaluate harmony my-chords --model mine/me.json --peers none --page look.html

    Beside name.wav lie its chords: name.lab (a line each, such as "0.0 2.5 A:min7": begin, end, chord in Harte's
    syntax; N for none, X where nobody knows), or name.json of a synthetic record; name.key may hold the key, such as
    "A:min". The lab file may be in a folder reference_times. A recording of drums alone, labelled N, tells how often a
    chord is named where there is none. A name is right if root and quality are. "Of whole segments" takes the name
    heard for the longest part of each. Recordings are averaged by subfolder, or by what stands before the first dash of
    the name. librosa is its constant-Q chroma and the nearest template of the same chords: it takes whole files, and no
    bass.
    """
    _need_mir_eval()
    from samplechop.offline.evaluate import harmony, systems
    from samplechop.offline.evaluate.references import CHORDS_WANTED, chord_references_for, tracks_in

    own = systems.own_systems("harmony", detector, model, harmony.KINDS)
    names = [*own, *systems.wanted_peers(peers, harmony.PEERS)]
    systems.check(names, harmony.KINDS, harmony.PEERS)
    output = Output(page, json_, tracks)
    output.check()
    found = tracks_in(folder, chord_references_for, CHORDS_WANTED)
    _evaluate(harmony.TASK, harmony.DRAWING, folder, found, names, output, jobs, noise, noise_file)


@dataclass(frozen=True, slots=True)
class Output:
    """Where results go besides the terminal. page, data: files to write; tracks: whether to print every recording."""

    page: Path | None = None
    data: Path | None = None
    tracks: bool = False

    def check(self) -> None:
        """Raise UserError for a file that cannot be written, before hours of work."""
        for path in (self.page, self.data):
            if path is not None and not path.absolute().parent.is_dir():
                raise UserError(f"{str(path)!r} cannot be written: there is no folder {str(path.absolute().parent)!r}")
            if path is not None and path.is_dir():
                raise UserError(f"{str(path)!r} cannot be written: it is a folder; give the name of a file")


def _need_mir_eval() -> None:
    """Raise UserError where the library that evaluates is not installed."""
    if find_spec("mir_eval") is None:
        raise UserError("Judging needs mir_eval: install the extra with pip install 'samplechop[train]'.")


def _evaluate(
    task: "Task",
    drawing: "Drawing",
    folder: Path,
    found: "Sequence[Track]",
    systems: Sequence[str],
    output: Output,
    jobs: int,
    noise: bool,
    noise_file: Sequence[Path] | None,
) -> None:
    """Run the systems on the recordings `found` under a folder, and on noise if that is wanted; show it all.

    Raises UserError or ModelError for a recording, system or file that cannot be used.
    """
    from functools import partial

    from rich.console import Console

    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.evaluate import report, runner
    from samplechop.offline.evaluate.runner import real_noises

    noise_files = real_noises(folder, noise_file or ()) if noise else None
    with progress_bars() as progress:
        result = runner.evaluate(task, found, systems, noise_files, jobs, partial(progress, "evaluating"))
    console = Console()
    if output.tracks:
        console.print(report.recordings(result))
    console.print(report.means(result))
    if output.data is not None:
        report.write_data(result, folder, output.data)
    if output.page is not None:
        report.write_page(result, drawing, folder.resolve().name, output.page)


@app.command("atlas")
def evaluate_atlas(
    folder: Annotated[Path, typer.Argument(help="An atlas, or a folder of sounds named CLASS_NAME.wav.")],
    seeds: Annotated[int, typer.Option(min=1, help="Maps to make of each, and to take the mean of.")] = 5,
    json_: Json = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes or threads (default: one for each core).")] = None,
) -> None:
    """Judge how well sounds of one class stay together: in each kind of fingerprint, labels, encodings, and combined.

    \b
    samplechop evaluate atlas drums/                  a folder of sounds
    samplechop evaluate atlas atlas --seeds 10        an atlas, as it is

    Of each sound's 5 nearest, the share that are of its class, and whether most of them are: in the map and among the
    features that the map is made from. A class is the first word of a file's name; sounds of classes with fewer than 6
    are not judged, but are among the neighbours.
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.evaluate.atlas import goals, judge, of_large_classes, opened

    Output(None, json_).check()
    if not folder.exists():
        raise UserError(f"there is no folder {str(folder)!r}")
    cores = jobs or os.cpu_count() or 1
    with progress_bars() as progress, opened(folder, progress, cores) as atlas:
        found = {one.name: one for one in judge(atlas, seeds, progress, cores)}
        labels = [sound.label for sound in atlas.sounds]
    kept = of_large_classes(labels)
    classes = len({label for label, keep in zip(labels, kept, strict=True) if keep})
    _print_atlas(found, f"{kept.sum()} sounds of {classes} classes, among {len(labels)}")
    for goal, reached in goals(found):
        typer.echo(f"{'✓' if reached else '✗'} {goal}")
    if json_ is not None:
        from samplechop.offline.common.atomic import replacing

        with replacing(json_) as part:
            part.write_text(json.dumps([asdict(one) for one in found.values()], indent=1) + "\n", encoding="utf-8")


def _print_atlas(found: "Mapping[str, Judgement]", title: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("5 nearest neighbours")
    for column in ("map: agreeing", "map: majority", "features: agreeing", "features: majority"):
        table.add_column(column, justify="right")
    for one in found.values():
        values = (one.map.share, one.map.majority, one.space.share, one.space.majority)
        table.add_row(one.name, *(f"{value:.3f}" for value in values))
    Console().print(table)
