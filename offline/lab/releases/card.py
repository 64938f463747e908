"""The card of a released model: its text stands in the tree beside the recipe, figures are filled in by the run.

In the text stand, each alone in a line,

    {{commands}}       what made the model, command by command; where weights were kept, what made those, too
    {{net}}            its size and outputs, from the manifest
    {{training}}       what the manifest says of the training
    {{table NAME}}     a table of the recipe:

    [tables.NAME]
    of = "{work}/devtest.json"            what `samplechop evaluate … --json` wrote; without it the model's own scores
    rows = [["strong hits F", "strong_f", "mixes"], …]      words, measure, group of recordings ("" for all)
    noise = true                          false alarms on noise as well
    columns = [["beats F", "f_measure"], …]      in place of rows, for `samplechop evaluate tempo`: a row for each group

A figure is a mean over recordings ± its standard error.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from samplechop import models
from samplechop.models import Manifest, StreamFeatures
from samplechop.offline.common.atomic import write_text
from samplechop.offline.evaluate.measures import standard_error
from samplechop.offline.evaluate.references import group_of
from samplechop.offline.evaluate.systems import title
from samplechop.offline.lab.releases.recipe import HERE, Command, Place, Recipe, made_weights
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.nets.stage_weights import CHANNELS
from samplechop.realtime.nets.temporal_net import TemporalNet

PLACE = re.compile(r"^{{(\w+)(?: ([\w-]+))?}}$", re.MULTILINE)


def text_of(name: str) -> str:
    """Give the text of a model's card, with places for figures."""
    return documents.read_text(HERE / f"{name}.md")


def places(text: str) -> list[tuple[str, str]]:
    """List the places for figures in a text: (kind, name)."""
    return [(match[1], match[2] or "") for match in PLACE.finditer(text)]


def write(recipe: Recipe, place: Place, commands: Sequence[Command]) -> None:
    """Fill in the card of a model that was made, beside it. commands: that were carried out.

    Raises UserError for results that cannot be read.
    """
    manifest = place.out.with_name(place.out.name + ".json")

    def fill(match: re.Match[str]) -> str:
        if match[1] == "commands":
            return "\n".join(how(recipe, place, commands))
        if match[1] == "training":
            training = documents.read_json(manifest)["training"]
            return "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in training.items())
        if match[1] == "net":
            return net(models.load(manifest))
        given = recipe.tables[match[2]]
        if "of" in given:
            of = Path(given["of"].replace("{work}", str(place.work)))
            if "columns" in given:
                return by_group(of, given["columns"])
            return results(of, given["rows"], given.get("noise", False))
        return scores(models.load(manifest), given.get("rows", ()))

    text = PLACE.sub(fill, text_of(recipe.name))
    if place.scale < 1:
        text = text.replace(
            "\n\n", f"\n\n**A trial at a scale of {place.scale:g}: no figure below means anything.**\n\n", 1
        )
    write_text(manifest.with_suffix(".md"), text)


def how(recipe: Recipe, place: Place, commands: Sequence[Command]) -> list[str]:
    """Write how a model was made, for people: what was typed, the commands of it, and those of weights it kept."""
    lines = [f"    {typed(recipe.name, place)}", ""]
    if place.keep_weights:
        whole, made = made_weights(recipe, place)
        lines += ["which kept the weights that are released. The recipe makes those, at full size, by", ""]
        lines += [*(f"    {line}" for line in lines_of(made, whole)), ""]
    lines += ["Thresholds, strengths and figures come from" if place.keep_weights else "which is", ""]
    return lines + [f"    {line}" for line in lines_of(commands, place)]


def net(made: Manifest) -> str:
    """Say how large a net is and what it gives."""
    lines = [f"- file: {made.path.stat().st_size / 1000:.0f} kB"]
    for key, value in asdict(made.features).items():
        if isinstance(value, dict):
            lines += [
                f"- {key.replace('_', ' ')}, {name.replace('_', ' ')}: {_plain(one)}" for name, one in value.items()
            ]
        elif value is not None:
            lines.append(f"- {key.replace('_', ' ')}: {_plain(value)}")
    if isinstance(made.features, StreamFeatures) and (stages := TemporalNet(made).stages):
        for name, when, stage in zip(("early", "second"), ("hop", "second hop"), stages, strict=True):
            each = int(stage.weights.sizes[CHANNELS])
            lines.append(f"- {name} stage: {stage.weights.products:,} products at every {when}, {each} for each head")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def typed(name: str, place: Place) -> str:
    """Give the command that makes a model, the user's folders by the names of their options in capitals."""
    given = [f" --{option} {option.upper()}" for option, paths in place.folders.items() for _ in paths]
    given += [" --keep-weights"] if place.keep_weights else []
    given += [f" --scale {place.scale:g}"] if place.scale < 1 else []
    return f"samplechop train release {name}{''.join(given)}"


def lines_of(commands: Sequence[Command], place: Place) -> list[str]:
    """Write the commands for people: of paths only what is the same everywhere, folded at 100 signs."""
    short = [(str(path), option.upper()) for option, paths in place.folders.items() for path in paths]
    short += [(f"{place.work}/", ""), (str(place.out), f"models/{place.out.name}")]
    short += [(str(place.root), "")] if place.root != Path("/") else []
    lines = []
    for one in commands:
        words = list(one.words)
        for path, instead in short:
            words = [instead + word.removeprefix(path) if word.startswith(path) else word for word in words]
        line = ""
        parts = re.sub(r" (--\S+|-\w) ", r"\n\1 ", "samplechop " + shlex.join(words)).split("\n")
        for part in parts:
            if line and len(line) + len(part) > 96:
                lines.append(line + " \\")
                line = "    " + part
            else:
                line = f"{line} {part}" if line else part
        lines.append(line)
    return lines


def results(path: Path, rows: Sequence[Sequence[str]], noise: bool = False) -> str:
    """Tabulate results of an evaluation, a column for each system: mean ± standard error over recordings.

    rows: (words, measure, group of recordings, "" for all). Raises UserError if the file holds no such results.
    """
    try:
        systems: Mapping[str, Any] = documents.read_json(path)["systems"]
        lines = ["| | " + " | ".join(title(name) for name in systems) + " |", "|---" * (len(systems) + 1) + "|"]
        for words, measure, group in rows:
            found = [_values(one["recordings"], measure, group) for one in systems.values()]
            many = max(map(len, found))
            lines.append(f"| {many} {group or 'in all'}: {words} | " + " | ".join(map(_figure, found)) + " |")
        for kind in next(iter(systems.values()))["on_noise"] if noise else ():
            counted = [f"{one['on_noise'][kind]:.1f}" for one in systems.values()]
            lines.append(f"| false alarms on {kind} | " + " | ".join(counted) + " |")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise UserError(f"{str(path)!r} holds no results of an evaluation ({error!r})") from None
    return "\n".join(lines)


def by_group(path: Path, columns: Sequence[Sequence[str]]) -> str:
    """Tabulate what `samplechop evaluate tempo` wrote, a row for each group: mean ± standard error over recordings.

    columns: (words, measure). Raises UserError if the file holds no such results.
    """
    try:
        groups: Mapping[str, Any] = documents.read_json(path)
        lines = ["| | " + " | ".join(words for words, _ in columns) + " |", "|---" * (len(columns) + 1) + "|"]
        for group, recordings in sorted(groups.items()):
            found = [[float(one[name]) for one in recordings if one[name] is not None] for _, name in columns]
            lines.append(f"| {len(recordings)} {group} | " + " | ".join(map(_figure, found)) + " |")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{str(path)!r} holds no results of an evaluation of the tempo ({error!r})") from None
    return "\n".join(lines)


def _values(recordings: Mapping[str, Mapping[str, Any]], measure: str, group: str) -> list[float]:
    chosen = (one for name, one in recordings.items() if group in ("", group_of(Path("/") / name, Path("/"))))
    return [float(one[measure]) for one in chosen if one.get(measure) is not None]


def _figure(values: Sequence[float]) -> str:
    if not values:
        return "–"
    mean = sum(values) / len(values)
    return f"{mean:.3f} ± {standard_error(values):.3f}" if len(values) > 1 else f"{mean:.3f}"


def scores(made: Manifest, rows: Sequence[Sequence[str]] = ()) -> str:
    """Tabulate what the manifest says of a model's scores; numbers within numbers by their names.

    rows: (words, name of the score) of those that are shown, all if there are none.
    """
    flat = dict(_flat(made.scores))
    chosen = [(words, flat.get(name)) for words, name in rows] if rows else list(flat.items())
    cells = ((words, "–" if value is None else f"{value:.3f}") for words, value in chosen)
    return "\n".join(["| | |", "|---|---|", *(f"| {words} | {value} |" for words, value in cells)])


def _flat(values: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{above}{key.replace('_', ' ')}"
        if isinstance(value, Mapping):
            found += _flat(value, f"{name}, ")
        elif isinstance(value, list):
            found += [(f"{name} {number}", one) for number, one in enumerate(value, 1)]
        else:
            found.append((name, value))
    return found
