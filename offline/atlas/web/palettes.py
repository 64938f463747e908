"""The colours of the page: those of every picture of ours on a dark ground, and their counterparts on a light one."""

from typing import Any

from samplechop.offline.common import palette

DARK = {
    "back": palette.BACK,
    "raised": palette.RAISED,
    "line": palette.LINE,
    "ink": palette.INK,
    "faint": palette.FAINT,
    "accent": palette.GREEN,
}
LIGHT = {
    "back": "#f6f7f9",
    "raised": "#ffffff",
    "line": "#dde1e8",
    "ink": "#1d2027",
    "faint": "#5b6370",
    "accent": "#1c7a41",
}
"""Text on all grounds has a contrast of 4.5 or more, as WCAG 2.2 asks, in both themes."""

GROUPS_DARK = (*palette.SLICES, "#9aa5ff", "#8fd14f", "#ff8a80", "#5fd6d0", "#c9a27a", palette.MAGENTA)
GROUPS_LIGHT = (
    *("#1f7fc0", "#c07800", "#0c8a62", "#978500", "#a8497c", "#c04a17"),
    *("#5560d8", "#5a8f1c", "#d23b3b", "#12888a", "#82603a", "#c2308a"),
)
"""Colours of groups, the largest first: Okabe and Ito's, as in the other pictures, then six more."""
RAMP_DARK = (
    *("#5b6cff", "#4d8df5", "#45aadd", "#3fc1bb", "#57c278"),
    *("#93cc5a", "#cdcb4e", "#e5b84b", "#ec8f52", "#ef5f5f"),
)
RAMP_LIGHT = (
    *("#3a48d0", "#2f69c8", "#2783b0", "#1e9490", "#1c9150"),
    *("#5d9a2c", "#928f1c", "#b98612", "#c9661f", "#cf3434"),
)
"""From slow to fast."""


def css() -> str:
    """Give colours.css: every colour of both themes as a property."""
    themes = (("dark", DARK), ("light", LIGHT))
    blocks = [f':root[data-theme="{name}"] {{ {properties(colours)} }}' for name, colours in themes]
    return "\n".join(blocks) + "\n"


def properties(colours: dict[str, str]) -> str:
    """Give colours as CSS properties."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def palettes() -> dict[str, Any]:
    """Give what points and fingerprints are painted with in each theme.

    "print" is for fingerprints: [red, green, blue] each, 0..255, from faint to strong.
    """
    from matplotlib import colormaps

    magma = [[round(255 * part) for part in colormaps["magma"](at / 15)[:3]] for at in range(16)]
    pale = [[round(255 * part) for part in colormaps["magma_r"](at / 17)[:3]] for at in range(16)]
    dark = {"groups": GROUPS_DARK, "others": "#8a919e", "none": palette.UNUSED, "ramp": RAMP_DARK, "print": magma}
    light = {"groups": GROUPS_LIGHT, "others": "#767e8b", "none": "#a9b0bb", "ramp": RAMP_LIGHT, "print": pale}
    return {"dark": dark, "light": light}
