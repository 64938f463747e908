"""The commands under `samplechop evaluate`, but for that of the tempo: print tables, write the page and the JSON."""

import json
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from samplechop.offline.cli.evaluate_checks import check_mir_eval, check_writable
from samplechop.offline.cli.evaluate_tempo import evaluate_tempo
from samplechop.offline.cli.main import DefaultGroup
from samplechop.offline.common.process_pool import cores
from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.errors import UserError, check_extra
from samplechop.realtime.core.options import Option, check, with_options
from samplechop.realtime.detectors.chop import DENSITY_HELP, check_choice

app = typer.Typer(
    cls=DefaultGroup, no_args_is_help=True, help="Measure models, of chops if none is named, and atlases."
)


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """The options of every evaluation of detectors. detector: none for the one that takes the models."""

    model: Annotated[
        list[str] | None, Option("A model's name or manifest; again for more (default: all released).")
    ] = None
    detector: Annotated[
        list[str] | None, Option("Another detector: beats, say, or a plug-in's name; again for more.")
    ] = None
    peers: Annotated[
        str, Option("librosa, aubio, madmom-..., adtof; all that are installed; or none (default: {default}).")
    ] = "all"
    page: Annotated[Path | None, Option("Write a page (.html) that shows every recording.")] = None
    data: Annotated[Path | None, Option("Write all results as JSON (.json).", names=("--json",))] = None
    jobs: Annotated[int, Option("Processes (default: {default}).", low=1)] = 2
    noise: Annotated[
        bool, Option("Count what is detected on surface noise, as is the default.", names=("--noise/--no-noise",))
    ] = True
    noise_file: Annotated[list[Path] | None, Option("A recording of an empty groove; again for more.")] = None
    tracks: Annotated[bool, Option("Show every recording, too.")] = False

    def __post_init__(self) -> None:
        """Raise UserError for a value out of range, or a file that cannot be written, before hours of work."""
        check(self)
        check_writable("--page", self.page, ".html")
        check_writable("--json", self.data, ".json")


@dataclass(frozen=True, slots=True)
class ChopEvaluateOptions(EvaluateOptions):
    """The options of the evaluation of chops. choose: ways in which each streaming model chooses, none for its own.

    density: at which it chooses instead.
    """

    choose: Annotated[
        list[str] | None,
        Option("Run the chop detector in this way to choose, as in samplechop live; all; again for more."),
    ] = None
    density: Annotated[float | None, Option(DENSITY_HELP, low=0, high=1)] = None

    def __post_init__(self) -> None:
        """Refuse a density beside a way to choose, too, as `samplechop chop` does. Raises UserError."""
        EvaluateOptions.__post_init__(self)  # super() does not know a class with slots
        for one in self.choose or ():
            check_choice(one, self.density)


@app.command("chop")
@with_options(ChopEvaluateOptions)
def evaluate_chop(
    folder: Annotated[Path, typer.Argument(help="Recordings with labels or reference times beside them.")],
    **given: Any,
) -> None:
    """Measure detectors on recordings whose times are known, beside other programs on the same audio.

    \b
    samplechop evaluate my-records                      every released model, librosa and aubio
    samplechop evaluate my-records --model mine/me.json --model chop --page look.html
    samplechop evaluate my-records --detector beats --peers none
    samplechop evaluate devset --choose all --detector chop --detector beats
    samplechop evaluate my-records --density .5         a density between beats and hits

    Beside name.wav lie the labels: name.txt or any kind samplechop train reads, name.json of a synthetic record,
    name.beats.txt, name.onsets.txt, name.drums.txt (seconds, then the label); the last three may be in a folder
    reference_times. Recordings are averaged by subfolder, or by what stands before the first dash of the name.
    """
    _evaluate("chops", folder, ChopEvaluateOptions(**given))


@app.command("drums")
@with_options(EvaluateOptions)
def evaluate_drums(
    folder: Annotated[Path, typer.Argument(help="Recordings with known drum hits beside them.")], **given: Any
) -> None:
    """Measure how well kick, snare, hat, tom and cymbal are told apart, on recordings whose hits are known.

    \b
    samplechop evaluate drums my-drums                      early and confirmed drums, librosa, aubio
    samplechop evaluate drums my-drums --model mine/me.json --peers none --page look.html

    Beside name.wav lie its hits: name.drums.json, name.drums.txt (a line each, such as "1.25 kick" or "1.25 kick 0.8",
    all there are), or name.json of a synthetic record; the first two may be in a folder reference_times. Drums are
    kick, snare, hat, tom and cymbal; a text may name clap and stick, which count as snares, open, a hat, ride and
    crash, cymbals. A hit of anything else, and a place where nobody knows, counts neither way. Side-sticks and open
    hats are judged apart, too, where they are named ("1.25 stick", "1.25 open") and the model tells them; what it never
    gives is said below the table. Each figure is the mean over the recordings in which the drum is struck. Recordings
    are averaged by subfolder, or by what stands before the first dash of the name: keep drums alone and full mixes
    apart, as mixes are far harder. A drum model names them within 25 ms; a streaming model confirms them with the
    lookahead of chops, if it was taught to. librosa and aubio detect onsets, and do not name drums.
    """
    _evaluate("drums", folder, EvaluateOptions(**given))


@app.command("harmony")
@with_options(EvaluateOptions)
def evaluate_harmony(
    folder: Annotated[Path, typer.Argument(help="Recordings with known chords beside them.")], **given: Any
) -> None:
    """Measure how well chords, pitch classes and the key are detected, on recordings whose chords are known.

    \b
    samplechop evaluate harmony my-chords                    every released harmony model, and librosa
    samplechop evaluate harmony my-chords --model mine/me.json --peers none --page look.html

    Beside name.wav lie its chords: name.lab (a line each, such as "0.0 2.5 A:min7": begin, end, chord in Harte's
    syntax; N for none, X where nobody knows), or name.json of a synthetic record; name.key may hold the key, such as
    "A:min". The lab file may be in a folder reference_times. A recording of drums alone, labelled N, shows how often a
    chord is named where there is none. A name is right if root and quality are. "Of whole segments" takes the name
    detected for the longest part of each. Recordings are averaged by subfolder, or by what stands before the first dash
    of the name. librosa is its constant-Q chroma and the nearest template of the same chords: it takes whole files, and
    no bass.
    """
    _evaluate("harmony", folder, EvaluateOptions(**given))


def _evaluate(module: str, folder: Path, options: EvaluateOptions) -> None:
    """Run systems on the recordings under a folder, and on noise if that is wanted; show it all.

    Raises UserError or ModelError for a recording, system or file that cannot be used.
    """
    check_mir_eval()
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.common.terminal import print_table
    from samplechop.offline.evaluate import peers, report, runner, systems
    from samplechop.offline.evaluate.references import tracks_in

    task: runner.Task = import_module(f"samplechop.offline.evaluate.{module}").TASK
    if task.usual is not None and not options.detector:
        own = list(task.usual(options.model))
    else:
        own = systems.own_systems(task.detector, options.detector or [], options.model, task.kinds)
    if isinstance(options, ChopEvaluateOptions) and options.density is not None:
        own = systems.at_density(own, options.density)
    elif isinstance(options, ChopEvaluateOptions) and options.choose:
        own = systems.chosen_ways(own, options.choose)
    names = [*own, *peers.wanted_peers(options.peers, task.peers)]
    systems.check(names, task.kinds, task.peers)
    found = tracks_in(folder, task.references_for, task.wanted)
    noise_files = runner.real_noises(folder, options.noise_file or ()) if options.noise else None
    with progress_bars() as progress:
        result = runner.evaluate(task, found, names, noise_files, options.jobs, partial(progress, "evaluating"))
    if options.tracks:
        print_table(report.recordings(result), markup=True, split=True)
    print_table(report.means(result), markup=True, split=True)
    if options.data is not None:
        report.write_data(result, folder, options.data)
    if options.page is not None:
        report.write_page(result, folder.resolve().name, options.page)


@dataclass(frozen=True, slots=True)
class AtlasOptions:
    """The options of the evaluation of an atlas."""

    seeds: Annotated[int, Option("Maps to make of each, and to take the mean of (default: {default}).", low=1)] = 5
    data: Annotated[Path | None, Option("Write all results as JSON (.json).", names=("--json",))] = None
    jobs: Annotated[int, Option("Processes or threads (default: one for each core).", low=1)] = cores()

    def __post_init__(self) -> None:
        """Raise UserError for a value out of range, or a file that cannot be written."""
        check(self)
        check_writable("--json", self.data, ".json")


@app.command("atlas")
@with_options(AtlasOptions)
def evaluate_atlas(
    folder: Annotated[Path, typer.Argument(help="An atlas, or a folder of sounds named CLASS_NAME.wav.")], **given: Any
) -> None:
    """Measure how well sounds of one class stay together: in each kind of fingerprint, labels, encodings, and combined.

    \b
    samplechop evaluate atlas drums/                  a folder of sounds
    samplechop evaluate atlas atlas --seeds 10        an atlas, as it is

    Of each sound's 5 nearest, the share that are of its class, and whether most of them are: in the map and among the
    features that the map is made from. A class is the first word of a file's name; sounds of classes with fewer than 6
    are only among the neighbours. Needs the extra atlas.
    """
    check_extra("atlas", "evaluating an atlas", "openTSNE", "sklearn")
    from samplechop.offline.common.atomic import write_text
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.common.terminal import print_table
    from samplechop.offline.evaluate.atlas import compare, goals, of_large_classes, opened, table

    options = AtlasOptions(**given)
    if not folder.exists():
        raise UserError(f"there is no folder {str(folder)!r}")
    with progress_bars() as progress, opened(folder, progress, options.jobs) as atlas:
        found = {one.name: one for one in compare(atlas, options.seeds, progress, options.jobs)}
        labels = [sound.label for sound in atlas.sounds]
    kept = of_large_classes(labels)
    classes = len({label for label, keep in zip(labels, kept, strict=True) if keep})
    print_table(table(found.values(), f"{kept.sum()} sounds of {classes} classes, among {len(labels)}"))
    for goal, reached in goals(found):
        echo(f"{'✓' if reached else '✗'} {goal}")
    if options.data is not None:
        write_text(options.data, json.dumps([asdict(one) for one in found.values()], indent=1) + "\n")


app.command("tempo")(evaluate_tempo)
