"""Chops: places to cut."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from samplechop import models
from samplechop.realtime.core.errors import UserError

Choose = Literal["auto", "attacks", "hits", "beats", "bars", "both"]
"""Which attacks are chops, see `docs/live.md`. Here, as options need it without numba.

attacks: every audible one. hits: kicks, snares and what is as strong. beats: those on the beat. bars: those that begin
a bar. both: a balance of hits and beats, for music. auto: attacks where drums alone sound, both elsewhere.
"""
DIAL: tuple[str, ...] = ("bars", "beats", "hits", "attacks")
"""The ways to choose that lie on one dial, from the fewest chops to the most; from density 0 to 1 in equal steps."""

CHOOSE_HELP = (
    "Chops: attacks (every audible hit), hits (strong ones), beats, bars; both, a balance of hits and beats; or auto, "
    "attacks where drums play alone and both elsewhere"
)
DENSITY_HELP = "In place of --choose: 0 bars, .33 beats, .67 hits, 1 attacks, or between; more only adds chops."


def set_aside(said: Mapping[str, Any]) -> set[str]:
    """Give which of "choose" and "density", said elsewhere, does not count beside what is said here.

    said: options by name. A density of None says nothing: a way to choose stands beside it.
    """
    aside = {"density"} if "choose" in said else set()
    return aside | ({"choose"} if said.get("density") is not None else set())


def check_choice(choose: str, density: float | None) -> None:
    """Raise UserError for a density beside a way to choose."""
    if density is not None and choose != "auto":
        raise UserError("--density takes the place of --choose: leave out one of them")


def check_has_ways(model: str, given: Mapping[str, Any], ways: Collection[str] = ("auto",)) -> None:
    """Raise UserError for a way to choose, or a density, that is given to a model that knows none of them.

    given: options of the command line by name. ways: those that any model does. Raises ModelError for no model at all.
    """
    density, choose = given.get("density"), given.get("choose", "auto")
    if (density is None and choose in ways) or isinstance(models.load(model).features, models.StreamFeatures):
        return
    said = f"--choose {choose}" if density is None else f"--density {density:g}"
    raise UserError(f"{said} is for a streaming model, such as chop: model {model!r} cuts in one way; leave it out")
