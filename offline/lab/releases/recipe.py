"""Recipes of released models: what must be there, and which commands make the model, in order.

    title = "…"                           what the model does, for people
    programs = ["fluidsynth"]             that must be installed

    [packages.NAME]                       a Debian package: where its sounds lie
    path = "/usr/share/…"
    contains = "…"                        what only this package puts there, where others lie there, too
    optional = true                       where the recipe goes without

    [folders]                             folders that only the user has: by option, what is in them
    music = "real music …"

    [numbers]                             of full size; a run at another scale has fewer, but not under `least`
    minutes = { full = 360, least = 2 }

    [links]                               folders of links that are made first, of files of packages
    kits = ["{musescore-general-soundfont-lossless}"]

    [[steps]]
    name = "training set"
    minutes = 20                          it takes on two cores, at full size
    command = "crate build"
    arguments = ["…"]
    options = { output = "{work}/crate", minutes = "{minutes}", sounds = ["{sonic-pi-samples}", "{sounds}"] }
    weights = true                        what makes the weights; left out where those released are kept

Names in braces stand for packages, folders, numbers, `work` (the folder for what is computed on the way), `out` (the
model) and `start` (the manifest whose weights are there once the steps with `weights` are done, or left out). A list
gives an option once for each; what is optional and not there gives none.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, close_word

HERE = Path(__file__).parent
SUFFIX = ".toml"
_NAME = re.compile(r"{([\w.+-]+)}")


@dataclass(frozen=True, slots=True)
class Package:
    """Where a Debian package keeps what is used of it; contains: what in there is the package's own, "" for all of it;
    optional: whether the recipe goes without.
    """

    path: str
    contains: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One command: its name for people, its words, and how many minutes it takes at full size on two cores.

    weights: whether it is there for the weights alone.
    """

    name: str
    command: str
    minutes: float
    arguments: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a released model is made. numbers: (at full size, at least). tables: of the card, see `card.py`."""

    name: str
    title: str
    programs: tuple[str, ...]
    packages: Mapping[str, Package]
    folders: Mapping[str, str]
    numbers: Mapping[str, tuple[float, float]]
    links: Mapping[str, tuple[str, ...]]
    steps: tuple[Step, ...]
    tables: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recipe is carried out. out: the model, without suffix. work: a folder for what is computed on the way.

    folders: those the user named, by option. root: under which packages are installed. scale: of all numbers.
    """

    out: Path
    work: Path
    folders: Mapping[str, Sequence[Path]]
    root: Path = Path("/")
    scale: float = 1.0
    keep_weights: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A step with everything filled in. words: after `samplechop`. minutes: it takes about, on two cores."""

    name: str
    words: tuple[str, ...]
    minutes: float


def names() -> list[str]:
    """List the recipes there are."""
    return sorted(path.stem for path in HERE.glob(f"*{SUFFIX}"))


def read(name: str) -> Recipe:
    """Read the recipe of a released model. Raises UserError if there is none of that name."""
    if name not in names():
        raise UserError(f"there is no recipe {name!r}{close_word(name, names())}: known are {', '.join(names())}")
    content = documents.read_toml(HERE / f"{name}{SUFFIX}")
    return Recipe(
        name,
        content["title"],
        tuple(content.get("programs", ())),
        {key: Package(**one) for key, one in content.get("packages", {}).items()},
        content.get("folders", {}),
        {key: (one["full"], one["least"]) for key, one in content.get("numbers", {}).items()},
        {key: tuple(files) for key, files in content.get("links", {}).items()},
        tuple(Step(**{**one, "arguments": tuple(one.get("arguments", ()))}) for one in content["steps"]),
        content.get("tables", {}),
    )


def missing(recipe: Recipe, place: Place) -> tuple[list[str], list[str]]:
    """Say what is not there: sentences on what the recipe needs, and on what it can go without."""
    needed: list[str] = []
    wished: list[str] = []
    for program in recipe.programs:
        if shutil.which(program) is None:
            needed.append(f"the program {program}: apt-get install {program}")
    for name, package in recipe.packages.items():
        if not (_installed(package, place) / package.contains).exists():
            (wished if package.optional else needed).append(f"{package.path}: apt-get install {name}")
    for option, what in recipe.folders.items():
        given = place.folders.get(option, ())
        if not given:
            optional = what.startswith("optional: ")
            (wished if optional else needed).append(f"--{option}: {what.removeprefix('optional: ')}")
        needed += [f"nothing at {str(path)!r}, named by --{option}" for path in given if not path.exists()]
    return needed, wished


def plan(recipe: Recipe, place: Place) -> list[Command]:
    """Fill in all steps: what is to be run, in order.

    Raises UserError where weights are to be kept, and nothing else is made by steps of its own.
    """
    if place.keep_weights and not any(one.weights for one in recipe.steps):
        raise UserError(f"--keep-weights: the recipe {recipe.name} decides nothing apart from its training")
    start = recipe.name if place.keep_weights else f"{place.out}.json"
    values: dict[str, list[str]] = {"work": [str(place.work)], "out": [str(place.out)], "start": [start]}
    for name, package in recipe.packages.items():
        path = _installed(package, place)
        values[name] = [] if package.optional and not path.exists() else [str(path)]
    for option in recipe.folders:
        values[option] = [str(path) for path in place.folders.get(option, ())]
    for name, (full, least) in recipe.numbers.items():
        number = max(least, full * place.scale)
        values[name] = [str(round(number)) if isinstance(full, int) else f"{number:g}"]
    values |= {name: [str(place.work / name)] for name in recipe.links}
    return [
        Command(step.name, tuple(_words(step, values)), max(0.1, step.minutes * place.scale))
        for step in recipe.steps
        if not (step.weights and place.keep_weights)
    ]


def made_weights(recipe: Recipe, place: Place) -> tuple[Place, list[Command]]:
    """Give how the recipe makes the weights that are released: where, and its steps, at full size.

    Which folders were named then nobody wrote down: all stand there, by their options in capitals.
    """
    folders = {option: [Path(option.upper())] for option in recipe.folders}
    whole = Place(place.out.with_name(recipe.name), place.work, folders)
    commands = zip(recipe.steps, plan(recipe, whole), strict=True)
    return whole, [command for step, command in commands if step.weights]


def links(recipe: Recipe, place: Place) -> dict[Path, list[Path]]:
    """Give the folders of links that are made first, each with the files they lead to, as far as those are there."""
    known = {name: _installed(package, place) for name, package in recipe.packages.items()}
    found = {}
    for folder, files in recipe.links.items():
        paths = [known[match[1]] if (match := _NAME.fullmatch(file)) else Path(file) for file in files]
        found[place.work / folder] = [path for path in paths if path.exists()]
    return found


def _installed(package: Package, place: Place) -> Path:
    return place.root / package.path.lstrip("/")


def _words(step: Step, values: Mapping[str, list[str]]) -> list[str]:
    words = step.command.split()
    for argument in step.arguments:
        words += _filled(argument, values)
    for name, value in step.options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
            continue
        for one in value if isinstance(value, list) else [value]:
            for text in _filled(str(one), values):
                words += [option, text]
    return words


def _filled(text: str, values: Mapping[str, list[str]]) -> list[str]:
    """Fill in names in braces: one text for each value of a name that stands alone, else one text.

    There is none where a name has no value.
    """
    alone = _NAME.fullmatch(text)
    if alone:
        return list(values[alone[1]])
    if not all(values[name] for name in _NAME.findall(text)):
        return []
    return [_NAME.sub(lambda match: values[match[1]][0], text)]
