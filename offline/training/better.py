"""A model is put in its place only if it is better than the one it was begun with."""

import shutil
from collections.abc import Callable
from dataclasses import replace

from samplechop.offline.training.loop import Run
from samplechop.offline.training.measures import HeldOut
from samplechop.offline.training.recipes import NotBetter
from samplechop.realtime.core.errors import UserError, reason_of

ENDINGS = (".tflite", "-early.tflite", ".npz", ".md", ".json")
"""Of a model's files, the manifest last: with it the model is there."""


def kept_if_better(run: Run, train: Callable[[Run], object]) -> object:
    """Train in the work folder, and move the model to where it belongs, unless it is said to be no better.

    Gives what `train` says. Raises UserError where the model cannot be moved.
    """
    tried = run.work / "tried" / run.out.name
    shutil.rmtree(tried.parent, ignore_errors=True)
    said = train(replace(run, out=tried))
    if isinstance(said, HeldOut) and said.better is False:
        return NotBetter(
            f"{said}\nnothing was written in the place of {run.out.name}", tried.with_name(f"{tried.name}.json")
        )
    figures = run.out.with_name(run.out.name + "-report")
    try:
        run.out.parent.mkdir(parents=True, exist_ok=True)
        for ending in ENDINGS:
            made = tried.with_name(tried.name + ending)
            if made.exists():
                shutil.move(made, run.out.with_name(run.out.name + ending))
        shutil.rmtree(figures, ignore_errors=True)
        shutil.move(tried.with_name(tried.name + "-report"), figures)
    except OSError as error:
        raise UserError(
            f"{str(run.out)!r} cannot be written ({reason_of(error)}): the model is {str(tried)!r}"
        ) from None
    return said
