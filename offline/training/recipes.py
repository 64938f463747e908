"""What `samplechop train TASK` takes: the options of each task and what its help says, without what the task computes
with: a task's own module, and with it numba and scipy, is imported when it trains.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.options import Option, check

if TYPE_CHECKING:
    from samplechop.offline.training.loop import Run

TUNING = "Tuning"
FIT_SEED = 101
"""Of the made records that `samplechop train tempo` fits."""


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """The options that every task's command has; a task adds its own in a subclass."""

    seed: Annotated[int, Option("The same seed, data and machine give the same model (default: {default}).", low=0)] = 1
    jobs: Annotated[int, Option("Processes that compute features (default: {default}).", low=1)] = 2
    work: Annotated[
        Path | None, Option("Where features are kept between runs (default: NAME-features beside the model).")
    ] = None

    def __post_init__(self) -> None:
        """Raise UserError for a value out of range."""
        check(self)


@dataclass(frozen=True, slots=True)
class StreamOptions(TrainOptions):
    """The options of streaming nets. steps: None for the task's own number."""

    start: Annotated[
        str | None, Option("Begin with this model and move it towards your labels.", names=("--from",))
    ] = None
    members: Annotated[
        int,
        Option(
            "Nets to train and average, or, over windows, to keep the best of (default: {default}; with --from as many "
            "as it has).",
            low=1,
            high=8,
        ),
    ] = 1
    distil: Annotated[
        bool, Option("Have one more net learn from the mean of the --members, and keep that one alone.")
    ] = False
    steps: Annotated[
        int | None,
        Option(
            "Training steps per net (default: some thousands, some hundreds with --from; 0 calibrates only).", low=0
        ),
    ] = None
    calibrate_on: Annotated[
        Path | None,
        Option("Labelled real recordings that calibrate the model's strengths; it does not learn from them."),
    ] = None
    search: Annotated[
        int | None,
        Option(
            "Try so many settings; the best model is kept if it is surely better than that in use.", TUNING, 2, 1000
        ),
    ] = None
    average: Annotated[
        int, Option("Keep the mean of the weights over about so many steps (default: the weights at the end).", low=0)
    ] = 0
    rate: Annotated[float | None, Option("Highest learning rate (default: the task's own).", TUNING, 1e-6, 1.0)] = None
    channels: Annotated[int | None, Option("Channels of each layer (default: the task's own).", TUNING, 4, 256)] = None
    layers: Annotated[
        int | None,
        Option("Dilated layers; one more doubles how far back it hears (default: the task's own).", TUNING, 2, 13),
    ] = None
    augmentation: Annotated[
        float | None, Option("How strongly examples are changed: 0 not at all (default: 1).", TUNING, 0, 3)
    ] = None
    mixing: Annotated[
        float | None, Option("Share of examples from the first DIR (default: by length).", TUNING, 0, 1)
    ] = None

    def __post_init__(self) -> None:
        """Raise UserError for a value out of range."""
        check(self)
        if self.steps == 0 and self.start is None:
            raise UserError("--steps 0 trains nothing: name a model to calibrate with --from, or leave it out")
        if self.distil and self.start is not None:
            raise UserError("--distil makes a new net of several: leave out --from, or --distil")


@dataclass(frozen=True, slots=True)
class ChopOptions(StreamOptions):
    """The options of `samplechop train chop`."""

    model_shape: Annotated[
        Literal["chop", "chop-coarse", "chop-61", "chop-bands", "chop-cnn"],
        Option(
            "chop (the shared net); chop-coarse (its predecessor of 32 bands); chop-61 (the classic), chop-bands, "
            "chop-cnn, of which --steps are epochs, at most."
        ),
    ] = "chop"
    all_heads: Annotated[
        bool,
        Option("With --from: go on with its training, of all that it answers, on a crate or more."),
    ] = False
    teacher: Annotated[
        list[str] | None,
        Option("Model of the same heads whose answers are learned beside the labels; again for the mean of more."),
    ] = None
    from_projects: Annotated[
        list[Path] | None,
        Option("Folder of recordings with projects beside them, whose decisions are learned; again for more."),
    ] = None

    def __post_init__(self) -> None:
        """Raise UserError for a value out of range."""
        StreamOptions.__post_init__(self)
        if self.from_projects and (self.start is None or self.steps == 0 or self.search is not None):
            raise UserError("--from-projects moves a model: name it with --from, and leave out --search and --steps 0")
        if self.all_heads and (self.start is None or self.steps == 0 or self.from_projects):
            raise UserError("--all-heads goes on with a training: name the model with --from, and steps to go")
        if self.start is not None and self.model_shape != "chop":
            raise UserError("--from fine-tunes the streaming net: leave out --model-shape")
        if self.teacher and (self.model_shape != "chop" or (self.start is not None and not self.all_heads)):
            raise UserError("--teacher answers for all heads of the shared net: with --from give --all-heads, too")
        if self.teacher and self.distil:
            raise UserError("--teacher and --distil both have a net learn from others: leave out one")


@dataclass(frozen=True, slots=True)
class HarmonyOptions(TrainOptions):
    """The options of `samplechop train harmony`."""

    soundfont: Annotated[list[Path] | None, Option("General MIDI .sf2; again for more (default: the system's).")] = None
    only_banks: Annotated[bool, Option("Learn from BANK only, no soundfont.")] = False
    sounds: Annotated[list[Path] | None, Option("Folder with real drums; again for more.")] = None
    made: Annotated[int, Option("Instruments made by rule to add (default: {default}).", low=0)] = 60
    examples: Annotated[int, Option("Frames to learn from (default: {default}).", low=1000)] = 105_000
    steps: Annotated[int, Option("Training steps (default: {default}).", low=1)] = 5000
    spectrum: Annotated[
        Literal["cqt", "spectrum"],
        Option("cqt, or spectrum to compare with (default: {default}).", names=("--input",)),
    ] = "cqt"


@dataclass(frozen=True, slots=True)
class TagOptions(TrainOptions):
    """The options of `samplechop train tags`."""

    metadata: Annotated[
        list[Path] | None, Option("JSON or CSV that describes sounds, or a folder of such; again for more.")
    ] = None
    synonyms: Annotated[Path | None, Option('Lines such as "hat: hihat, hi-hat, hh".')] = None
    min_df: Annotated[int, Option("Sounds that must have a word to make it a tag (default: {default}).", low=1)] = 5
    held_out: Annotated[
        list[str] | None,
        Option("Pack never learned from, to measure on; again for more (default: about a fifth of all)."),
    ] = None
    steps: Annotated[int, Option("Training steps (default: {default}).", low=1)] = 1200
    jobs: Annotated[int, Option("Processes (default: one for each core).", low=1)] = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class TempoOptions(TrainOptions):
    """The options of `samplechop train tempo`."""

    seed: Annotated[int, Option("Of the records that are fitted (default: {default}).", low=0)] = FIT_SEED
    records: Annotated[int, Option("Records to make of each style (default: {default}).", low=1)] = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `samplechop train TASK` must know of a task: its line in RECIPES of offline/cli/train.py.

    help: what the command says of itself. metavar, sources: a name for its arguments, and what they are; required:
    whether there must be one. options: TrainOptions, or a subclass with more. train: trains on the sources, with
    options of that class, through `Run.fit`; gives what is said of the model. Raises UserError for unusable data.
    tensorflow: whether it is needed.
    """

    help: str
    metavar: str
    sources: str
    train: Callable[[list[Path], Any, "Run"], object]
    options: type[TrainOptions] = TrainOptions
    required: bool = True
    tensorflow: bool = True


@dataclass(frozen=True, slots=True)
class NotBetter:
    """What is said of a model that was not put in its place. model: its manifest."""

    text: str
    model: Path

    def __str__(self) -> str:
        """Give what is said."""
        return self.text


def imported(module: str) -> Callable[[list[Path], Any, "Run"], object]:
    """Give a task's `train`, which imports its module when it is called."""

    def train(sources: list[Path], options: Any, run: "Run") -> object:
        found: object = import_module(module).train(sources, options, run)
        return found

    train.__module__ = module
    return train
