"""Carries a recipe out: each step a command of its own process; what is done is kept, so that the same run goes on."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from samplechop.offline.common.atomic import write_text
from samplechop.offline.common.terminal import echo
from samplechop.offline.lab.releases import card
from samplechop.offline.lab.releases.recipe import Command, Place, Recipe, links, missing, plan
from samplechop.offline.training.checkpoints import digest
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, check_extra
from samplechop.realtime.core.programs import ends_with_us

DONE = "done.json"
"""In the folder for what is computed on the way: by step, what it was made by."""
Execute = Callable[[Sequence[str]], int]
"""Runs `samplechop` with these words; gives its exit code."""


def spoken(recipe: Recipe, place: Place) -> list[str]:
    """Say what a run will do: what is missing, how long it takes, each command."""
    needed, wished = missing(recipe, place)
    commands = plan(recipe, place)
    lines = [f"{recipe.name}: {recipe.title}"]
    lines += [f"missing: {one}" for one in needed] + [f"goes without {one}" for one in wished]
    lines.append(f"about {_time(sum(one.minutes for one in commands))} on two cores, in {len(commands)} steps")
    return lines + [f"  {one.name}, {_time(one.minutes)}: samplechop {shlex.join(one.words)}" for one in commands]


def make(recipe: Recipe, place: Place, execute: Execute | None = None) -> Path:
    """Make a model by its recipe, and its card; gives the manifest's path.

    Raises UserError if something is missing or a step fails.
    """
    needed, _ = missing(recipe, place)
    if needed:
        raise UserError(f"the recipe {recipe.name} needs what is not there: " + "; ".join(needed))
    check_extra("train", "training", "tensorflow", "sklearn")
    commands, done = plan(recipe, place), _done(place)
    made_of = digest()
    for folder, files in links(recipe, place).items():
        _link(folder, files)
    for number, one in enumerate(commands, 1):
        made_of = digest(made_of, one.words)  # whatever comes before decides, too
        if done.get(one.name) == made_of:
            echo(f"step {number} of {len(commands)}, {one.name}: done before", err=True)
            continue
        echo(f"step {number} of {len(commands)}, {one.name}: samplechop {shlex.join(one.words)}", err=True)
        _run(one, execute or _execute)
        done[one.name] = made_of
        write_text(place.work / DONE, json.dumps(done, indent=1) + "\n")
    card.write(recipe, place, commands)
    return place.out.with_name(place.out.name + ".json")


def _run(one: Command, execute: Execute) -> None:
    code = execute(one.words)
    if code:
        raise UserError(
            f"{one.name!r} ended with exit code {code}, its own words stand above; the same command goes on from there"
        )


def _execute(words: Sequence[str]) -> int:
    with subprocess.Popen([sys.executable, "-m", "samplechop", *words], preexec_fn=ends_with_us()) as process:
        return process.wait()


def _done(place: Place) -> dict[str, str]:
    place.work.mkdir(parents=True, exist_ok=True)
    try:
        found = documents.read_json(place.work / DONE)
    except (OSError, ValueError):
        return {}
    return dict(found) if isinstance(found, dict) else {}


def _link(folder: Path, files: Sequence[Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        link = folder / file.name
        if not link.is_symlink():
            link.symlink_to(file.absolute())


def _time(minutes: float) -> str:
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest} min" if hours else f"{max(1, rest)} min"
