"""`samplechop train TASK --search N`: N settings of a training are tried; the best model takes the place of the one in
use only if it is surely better on records that neither training nor search have seen.

Settings are suggested by a tree-structured Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter
optimization", NeurIPS 2011) and given up early where their validation loss is above the median of the others at the
same step; both are Optuna's (Akiba et al., KDD 2019). All that was tried lies in a database beside the model: the same
command goes on where it ended, or was killed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from samplechop import models
from samplechop.offline.common.atomic import write_bytes, write_text
from samplechop.offline.common.terminal import echo
from samplechop.offline.evaluate import runner
from samplechop.offline.evaluate.comparison import SURE, Difference, compare
from samplechop.offline.evaluate.references import tracks_in
from samplechop.offline.training import dataset, measures
from samplechop.offline.training.checkpoints import digest
from samplechop.offline.training.loop import Run
from samplechop.offline.training.recipes import Recipe, StreamOptions
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, install_extra

EVALUATIONS = {"chop": "samplechop.offline.evaluate.chops", "drums": "samplechop.offline.evaluate.drums"}
"""The evaluation that compares models of a task; tasks without one cannot be searched."""
FIRST = 6
"""Settings tried at random, and at full length, before any is suggested or given up."""
PATIENCE = 2
"""Evaluations of a training before it may be given up."""
Settings = Mapping[str, float | int]


@dataclass(frozen=True, slots=True)
class Range:
    """What values an option may have. usual: the one that is tried first, None for none. step: 0 for any value."""

    low: float
    high: float
    usual: float | None = None
    log: bool = False
    step: int = 0


def ranges_of(options: StreamOptions, mixed: bool, channels: int, layers: int) -> dict[str, Range]:
    """Give the ranges that are searched, by option; one that is given on the command line stays as it is.

    mixed: whether there are folders to mix. channels, layers: of the task's own net.
    """
    found = {"rate": Range(1e-4, 3e-3, 6e-4, log=True) if options.start else Range(8e-4, 1.6e-2, 4e-3, log=True)}
    if not options.start:
        low, high = max(8, channels // 2 // 8 * 8), max(16, channels * 2 // 8 * 8)
        found["channels"] = Range(low, high, min(max(channels // 8 * 8, low), high), step=8)
        found["layers"] = Range(max(2, layers - 2), min(13, layers + 2), layers, step=1)
    found["augmentation"] = Range(0, 2, 1)
    if mixed:
        found["mixing"] = Range(0.1, 0.9)
    return {name: one for name, one in found.items() if getattr(options, name) is None}


def search(recipe: Recipe, sources: list[Path], options: StreamOptions, run: Run) -> str:
    """Try settings until `options.search` were, compare the best with the model in use, and say what came of it.

    Writes OUT-search: the database, a table, figures; and the model, if it is better. Raises UserError.
    """
    count, module = options.search, import_module(recipe.train.__module__)
    if run.task not in EVALUATIONS or count is None:
        raise UserError(f"--search knows how to compare models of {' and '.join(EVALUATIONS)} only")
    if getattr(options, "model_shape", "chop") not in ("chop", "chop-coarse") or options.steps == 0:
        raise UserError("--search trains streaming nets: leave out --model-shape, and --steps 0")
    spec, shape = module.net_of(options)
    present = _in_use(run, options)
    examples = dataset.find(spec, sources, set_apart=True)
    apart = {one.audio for one in examples if one.split == dataset.COMPARISON}
    ranges = ranges_of(options, dataset.can_be_mixed(examples), shape.channels, len(shape.dilations))
    folder = run.out.with_name(run.out.name + "-search")
    study = _study(folder, run.task, digest(sources, replace(options, search=None, jobs=1, work=None), ranges), ranges)
    while len(finished := _finished(study)) < count:
        _try(study, recipe, sources, options, replace(run, command="", set_apart=True), ranges, folder)
        rows = _finished(study)
        _write(rows, ranges, folder)
        echo(f"{len(rows)} of {count}: {_row(rows[-1], min(one.value for one in rows))}", err=True)
    best = min(finished, key=lambda one: one.value)
    task: runner.Task = import_module(EVALUATIONS[run.task]).TASK
    tracks = [one for place in sources for one in tracks_in(place, task.references_for, task.wanted)]
    tracks = [one for one in tracks if one.path in apart]
    made = str(_model(folder, best.params).with_suffix(".json"))
    names = [present, made]
    result = runner.evaluate(task, tracks, names, None, options.jobs, partial(run.progress, "comparing"))
    found = compare(result, present, made)
    return _conclude(run, best, found, Path(present).stem, Path(made), len(finished))


def _in_use(run: Run, options: StreamOptions) -> str:
    """Give the model to beat: the one at --out, or the one to begin with, or the released one of the task."""
    written = run.out.with_name(run.out.name + ".json")
    name = str(written) if written.is_file() else options.start or run.task
    models.load(name)
    return name


def _study(folder: Path, task: str, made_of: str, ranges: Mapping[str, Range]) -> Any:
    """Open the database, or begin one. What was being tried when a run was killed is tried again, first of all."""
    try:
        import optuna
        import sqlalchemy
    except ImportError:
        raise UserError(f"--search needs Optuna: {install_extra('train')}") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    place = str(sqlalchemy.URL.create("sqlite", database=str((folder / "trials.sqlite").absolute())))
    pruner = optuna.pruners.MedianPruner(n_startup_trials=FIRST, n_warmup_steps=PATIENCE)
    study = optuna.create_study(storage=place, study_name=task, pruner=pruner, load_if_exists=True)
    if study.user_attrs.setdefault("made_of", made_of) != made_of:
        raise UserError(
            f"{str(folder)!r} holds a search with other data or options: name another --out, or delete that folder"
        )
    if not study.trials:
        study.set_user_attr("made_of", made_of)
        study.enqueue_trial({name: one.usual for name, one in ranges.items() if one.usual is not None})
    for one in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(one.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(one.params)
    return study


@dataclass(frozen=True, slots=True)
class Tried:
    """Settings that were tried. value: the lowest validation loss. step: the last one; ended: not given up before."""

    number: int
    params: Settings
    value: float
    step: int
    ended: bool


def _finished(study: Any) -> list[Tried]:
    found = []
    for one in study.trials:
        if one.state.name in ("COMPLETE", "PRUNED") and one.intermediate_values:
            lowest, step = min(one.intermediate_values.values()), one.user_attrs["step"]
            found.append(Tried(one.number, one.params, lowest, step, one.state.name == "COMPLETE"))
    return found


def _model(folder: Path, settings: Settings) -> Path:
    """Name the model of some settings by them, so that one that was broken off is found again."""
    return folder / "models" / digest(sorted(settings.items()))[:12]


def _try(
    study: Any,
    recipe: Recipe,
    sources: list[Path],
    options: StreamOptions,
    run: Run,
    ranges: Mapping[str, Range],
    folder: Path,
) -> None:
    """Train with the next settings; the net is kept, with its manifest, unless they are given up."""
    import optuna

    # A seed of its own for each: a search that goes on suggests what one that was never broken off does.
    study.sampler = optuna.samplers.TPESampler(seed=options.seed + len(study.trials), n_startup_trials=FIRST)
    trial = study.ask()
    settings: dict[str, Any] = {}
    for name, one in ranges.items():
        if one.step:
            settings[name] = trial.suggest_int(name, int(one.low), int(one.high), step=one.step)
        else:
            # What is usual comes back as it was enqueued, a whole 1, say, and from the database as 1.0: another name.
            settings[name] = float(trial.suggest_float(name, one.low, one.high, log=one.log))
    checks = 0

    def on_check(step: int, loss: float) -> None:
        nonlocal checks
        checks += 1
        trial.report(loss, checks)
        trial.set_user_attr("step", step)
        if trial.should_prune():
            raise optuna.TrialPruned

    out = _model(folder, settings)
    tried = replace(options, search=None, members=1, **settings)
    try:
        recipe.train(sources, tried, replace(run, out=out, on_check=on_check))
    except optuna.TrialPruned:
        for left in run.work.glob(f"{run.task}-{out.name}-*"):
            left.unlink()
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    else:
        study.tell(trial, min(study.trials[trial.number].intermediate_values.values()))


def _row(one: Tried, best: float) -> str:
    words = ", ".join(f"{name} {value:.3g}" for name, value in one.params.items())
    ending = "" if one.ended else f", given up at step {one.step}"
    return f"validation loss {one.value:.4f}{', the lowest' if one.value == best else ending}; {words}"


def _write(rows: Sequence[Tried], ranges: Mapping[str, Range], folder: Path) -> None:
    """Write trials.tsv, the lowest loss first, and a figure of the losses over each setting."""
    names, order = list(ranges), sorted(rows, key=lambda one: one.value)
    lines = ["\t".join(["validation_loss", "steps", "ended", *names])]
    for one in order:
        settings = [f"{one.params.get(name, float('nan')):.4g}" for name in names]
        lines.append("\t".join([f"{one.value:.5f}", str(one.step), "yes" if one.ended else "no", *settings]))
    write_text(folder / "trials.tsv", "\n".join(lines) + "\n")
    for name in ["number", *names]:
        at = {one.number: one.number + 1 if name == "number" else one.params.get(name) for one in rows}
        label = "settings tried" if name == "number" else name
        figure, axes = measures.axes_for(f"Validation loss by {label}", label, "lowest validation loss")
        for ended, colour, text in (
            (True, measures.SECOND, "trained to the end"),
            (False, measures.ACCENT, "given up"),
        ):
            some = [one for one in rows if one.ended == ended and at[one.number] is not None]
            places = [at[one.number] for one in some]
            axes.plot(places, [one.value for one in some], "o", color=colour, alpha=0.75, label=text)
        if name in ranges and ranges[name].log:
            axes.set_xscale("log")
        axes.legend(frameon=False)
        measures.save_figure(figure, folder / f"{name}.png")


def _conclude(run: Run, best: Tried, found: Difference, present: str, made: Path, count: int) -> str:
    """Put the best model into the place of the one in use if it is surely better; say so, and by how much."""
    settings = ", ".join(f"{name} {value:.3g}" for name, value in best.params.items())
    lines = [f"the best of {count} settings: {settings} (validation loss {best.value:.4f})", f"F {found}"]
    if found.is_sure:
        _put(made, run.out)
        lines.append(
            f"that is more than {SURE:g} standard errors: {run.out.name} is the new model, {present} was before"
        )
    else:
        lines.append(f"that is not more than {SURE:g} standard errors: {present} stays in use, the other is {made}")
    return "\n".join(lines)


def _put(made: Path, out: Path) -> None:
    """Copy a model under another name: net, its early stage if it has one, weights, manifest."""
    record = documents.read_json(made) | {"name": out.name, "file": f"{out.name}.tflite"}
    for suffix in (".tflite", ".npz"):
        write_bytes(out.with_name(out.name + suffix), made.with_suffix(suffix).read_bytes())
    if early := record["features"].get("early"):
        name = f"{out.name}-early.tflite"
        write_bytes(out.with_name(name), made.with_name(early["file"]).read_bytes())
        record["features"] = record["features"] | {"early": early | {"file": name}}
    write_text(out.with_name(out.name + ".json"), json.dumps(record, indent=2) + "\n")
