"""Recipes of released models: what they need, what they run, how a run goes on, what stands on the card."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import soundfile
from scipy import stats
from typer.main import get_command

from samplechop import models
from samplechop.offline.cli.main import app
from samplechop.offline.lab.releases import card, run
from samplechop.offline.lab.releases.recipe import Place, Recipe, Step, links, missing, names, plan, read
from samplechop.offline.training.tasks import chop
from samplechop.realtime.core.errors import UserError
from tests.support.command import samplechop
from tests.support.signals import record


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give a place where every package and every folder is there."""
    root, folders = tmp_path / "root", {}
    for name in names():
        recipe = read(name)
        for package in recipe.packages.values():
            path = root / package.path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch() if path.suffix else path.mkdir(exist_ok=True)
        for option in recipe.folders:
            folders[option] = [tmp_path / option]
            folders[option][0].mkdir(exist_ok=True)
    return Place(tmp_path / "out", tmp_path / "work", folders, root)


def test_every_released_model_has_a_recipe() -> None:
    assert set(names()) == {path.stem for path in models.FOLDER.glob("*.json")}


def test_the_card_of_the_default_tells_the_net_that_is_released() -> None:
    assert card.net(models.load("chop")) in (models.FOLDER / "chop.md").read_text()


def parsed(words: Sequence[str]) -> None:
    """Have the command line read the words of a command, without running it. Raises if it does not take them."""
    command: Any = get_command(app)
    rest = list(words)
    while hasattr(command, "get_command"):
        command = command.get_command(None, rest.pop(0))
    command.make_context("samplechop", rest)


@pytest.mark.parametrize("name", names())
def test_every_step_is_a_command_that_there_is(name: str, place: Place) -> None:
    commands = plan(read(name), place)
    for one in commands:
        parsed(one.words)
    assert "{" not in " ".join(word for one in commands for word in one.words)


@pytest.mark.parametrize("name", names())
def test_the_places_of_a_card_are_those_of_its_recipe(name: str) -> None:
    recipe, places = read(name), card.places(card.text_of(name))
    assert [one for kind, one in places if kind == "table"] == list(recipe.tables)
    assert [kind for kind, _ in places if kind not in ("table", "net")] == ["commands", "training"]


def test_a_small_scale_makes_numbers_and_times_small(place: Place) -> None:
    recipe = read("chop")
    whole, tiny = plan(recipe, place)[0], plan(recipe, replace(place, scale=0.001))[0]
    assert whole.words[whole.words.index("--minutes") + 1] == "360"
    assert tiny.words[tiny.words.index("--minutes") + 1] == "4"
    assert tiny.minutes < whole.minutes


def test_weights_that_are_kept_are_those_released(place: Place) -> None:
    whole = {one.name: one.words for one in plan(read("chop"), place)}
    kept = {one.name: one.words for one in plan(read("chop"), replace(place, keep_weights=True))}
    assert set(whole) - set(kept) == {"training set", "training"}
    start = {
        name: words[words.index("--from") + 1]
        for name, words in (("", whole["decisions"]), ("chop", kept["decisions"]))
    }
    assert start == {"": f"{place.out}.json", "chop": "chop"}


def test_a_recipe_that_decides_nothing_apart_keeps_no_weights(place: Place) -> None:
    with pytest.raises(UserError, match="--keep-weights: the recipe drums"):
        plan(read("drums"), replace(place, keep_weights=True))


@pytest.mark.parametrize("name", names())
def test_what_is_missing_is_said_at_once_and_how_to_get_it(name: str, tmp_path: Path) -> None:
    recipe = read(name)
    nowhere = Place(tmp_path / "out", tmp_path / "work", {"sounds": [tmp_path / "none"]}, tmp_path)
    needed, wished = missing(recipe, nowhere)
    for package, one in recipe.packages.items():
        assert any(f"apt-get install {package}" in said for said in (wished if one.optional else needed))
    assert any(one.startswith("--music: real music") for one in needed) == ("music" in recipe.folders)
    assert any("nothing at" in one for one in needed)
    assert not any("--sounds: " in one for one in wished)
    assert any(line.startswith("missing: ") for line in run.spoken(recipe, nowhere))
    with pytest.raises(UserError, match="needs what is not there"):
        run.make(recipe, nowhere)
    assert not list(tmp_path.iterdir())


def test_a_package_is_not_there_where_only_another_one_put_something(tmp_path: Path) -> None:
    (tmp_path / "usr/share/hydrogen/data/drumkits/GMRockKit").mkdir(parents=True)
    needed, _ = missing(read("drums"), Place(tmp_path / "out", tmp_path / "work", {}, tmp_path))
    assert any("hydrogen-drumkits" in one for one in needed) and not any("hydrogen-data" in one for one in needed)


def test_a_card_tells_how_kept_weights_were_made_from_what_was_fitted_last(place: Place) -> None:
    recipe, trial = read("chop"), replace(place, scale=0.12, keep_weights=True)
    typed, *rest = card.how(recipe, trial, plan(recipe, trial))
    assert typed.endswith(" --keep-weights --scale 0.12")
    weights, fitted = "\n".join(rest).split("Thresholds, strengths and figures come from")
    assert "--minutes 360" in weights and "--steps 6000" in weights and "devset build" not in weights
    assert "--count 6" in fitted and "--steps 0" in fitted and "crate build" not in fitted


def test_what_is_optional_and_not_there_gives_no_option(place: Place) -> None:
    without = replace(place, folders={**place.folders, "sounds": []})
    words = plan(read("chop"), without)[0].words
    assert words.count("--sounds") == 1 < plan(read("chop"), place)[0].words.count("--sounds")
    assert [one.removeprefix("--sounds: ") for one in missing(read("chop"), without)[1]] == [
        "real one-shots and loops beside those of the packages; a folder with an index.csv is one of kits"
    ]


def test_soundfonts_are_gathered_as_links(place: Place) -> None:
    ((folder, files),) = links(read("drums"), place).items()
    assert folder == place.work / "soundfonts" and {path.name for path in files} == {
        "MuseScore_General_Full.sf2",
        "TimGM6mb.sf2",
    }


def test_the_command_shows_its_plan_and_does_nothing(tmp_path: Path) -> None:
    shown = samplechop("train", "release", "chop-61", "--plan", "-o", tmp_path / "x", "--packages", tmp_path)
    assert shown.code == 0, shown
    assert "missing: " in shown.out and "samplechop crate build" in shown.out and "on two cores" in shown.out
    assert not list(tmp_path.iterdir())
    assert "did you mean 'drums'" in samplechop("train", "release", "drum", "--plan").err


def small(steps: Sequence[Step], tables: Any = None) -> Recipe:
    return Recipe("chop", "a trial", (), {}, {"sounds": "records"}, {"steps": (300, 2)}, {}, tuple(steps), tables or {})


def test_a_run_goes_on_at_the_step_that_failed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    monkeypatch.setattr(card, "write", lambda *_: None)
    recipe, ran, bad = small([Step(name, f"do {name}", 1) for name in "abc"]), [], ["b"]

    def execute(words: Sequence[str]) -> int:
        ran.append(words[-1])
        return int(words[-1] in bad)

    with pytest.raises(UserError, match="'b' ended with exit code 1"):
        run.make(recipe, place, execute)
    bad.clear()
    run.make(recipe, place, execute)
    assert ran == ["a", "b", "b", "c"]
    run.make(recipe, place, execute)
    assert len(ran) == 4
    other = small([Step("a", "do other", 1), *recipe.steps[1:]])
    run.make(other, place, execute)
    assert ran[4:] == ["other", "b", "c"]  # what comes after it was made from it


@pytest.mark.usefixtures("untraced")
def test_a_recipe_makes_model_and_card_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chop, "COARSE_SHAPE", replace(chop.COARSE_SHAPE, dilations=(1, 2), channels=8))
    text = "# chop\n\n{{net}}\n\n{{commands}}\n\n{{training}}\n\n{{table found}}\n"
    monkeypatch.setattr(card, "text_of", lambda _: text)
    sounds = tmp_path / "records"
    sounds.mkdir()
    for number in range(2):
        samples, truth = record(4.0, number)
        soundfile.write(sounds / f"{number}.wav", samples, 44_100)
        (sounds / f"{number}.txt").write_text("\n".join(f"{sample / 44_100:.6f}" for sample in truth))
    training = {"out": "{out}", "work": "{work}/features", "steps": "{steps}", "jobs": 1, "model_shape": "chop-coarse"}
    evaluation = {"model": "{out}.json", "peers": "none", "no_noise": True, "json": "{work}/found.json", "jobs": 1}
    steps = [
        Step("training", "train chop", 1, ("{sounds}",), training),
        Step("evaluation", "evaluate chop", 1, ("{sounds}",), evaluation),
    ]
    recipe = small(steps, {"found": {"of": "{work}/found.json", "rows": [["chops F", "chops_f", ""]]}})
    where = Place(tmp_path / "tiny", tmp_path / "work", {"sounds": [sounds]}, scale=0.001)
    made = run.make(recipe, where, lambda words: samplechop(*words).code)
    assert models.load(made).training["steps"] == 2
    written = made.with_suffix(".md").read_text()
    assert "    samplechop train release chop --sounds SOUNDS --scale 0.001" in written
    assert "    samplechop train chop SOUNDS --out models/tiny --work features --steps 2" in written
    assert "A trial at a scale of 0.001" in written and str(tmp_path) not in written
    assert "- recordings train: 1" in written and "- heads: chop, hit" in written
    assert "| 2 in all: chops F |" in written and "±" in written


def test_figures_are_means_with_their_standard_errors(tmp_path: Path) -> None:
    values = {"mixes-1": 0.5, "mixes-2": 0.7, "mixes-3": 0.9, "stems-1": 0.1}
    recordings = {f"{name}.flac": {"strong_f": value, "beats_f": None} for name, value in values.items()}
    system = {"recordings": recordings, "on_noise": {"hiss": 0.25}}
    (tmp_path / "found.json").write_text(json.dumps({"systems": {"mine/me.json": system}}))
    rows = [["strong hits F", "strong_f", "mixes"], ["beats F", "beats_f", ""]]
    lines = card.results(tmp_path / "found.json", rows, True).splitlines()
    error = stats.sem([0.5, 0.7, 0.9])
    assert lines == [
        "| | me |",
        "|---|---|",
        f"| 3 mixes: strong hits F | 0.700 ± {error:.3f} |",
        "| 0 in all: beats F | – |",
        "| false alarms on hiss | 0.2 |",
    ]
    (tmp_path / "found.json").write_text("{}")
    with pytest.raises(UserError, match="no results of an evaluation"):
        card.results(tmp_path / "found.json", rows)


def test_figures_of_tempi_are_means_of_each_group(tmp_path: Path) -> None:
    scores = {"waltz": [{"f": 0.5, "bars": None}, {"f": 0.7, "bars": None}], "all": [{"f": 1.0, "bars": 0.25}]}
    (tmp_path / "found.json").write_text(json.dumps(scores))
    columns = [["beats F", "f"], ["bars F", "bars"]]
    assert card.by_group(tmp_path / "found.json", columns).splitlines() == [
        "| | beats F | bars F |",
        "|---|---|---|",
        "| 1 all | 1.000 | 0.250 |",
        "| 2 waltz | 0.600 ± 0.100 | – |",
    ]
    (tmp_path / "found.json").write_text("[]")
    with pytest.raises(UserError, match="no results of an evaluation of the tempo"):
        card.by_group(tmp_path / "found.json", columns)
