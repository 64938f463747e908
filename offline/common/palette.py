"""The colours of every picture and page: those of the live view, and their counterparts on a light ground."""

BACK, INK, FAINT, LINE = "#16181d", "#d8dce3", "#8a919e", "#2c303a"
GREEN, YELLOW, RED, CYAN, MAGENTA = "#57c278", "#e5b84b", "#ef5f5f", "#3aa6c4", "#e86bb3"
RAISED, UNUSED = "#1d2027", "#474d59"
"""The ground of what lies on the ground; a waveform nobody uses."""
CHOP, REJECTED = MAGENTA, CYAN
"""A place that was cut at, and one that was detected but left out: as in the plot of the live view."""
SLICES = ("#56b4e9", "#e69f00", "#1fb583", "#f0e442", "#cc79a7", "#e0662a")
"""Colours of slices in turn, apart for every eye: Okabe and Ito, "Color universal design", 2008, two of them lightened
for a dark ground."""
CATEGORIES = (*SLICES, "#8f7df0", "#ef5f5f", "#a8d65c", "#5fd6d0", "#f29bb2", "#b5895a")
"""Twelve colours of categories that are apart on the dark ground."""

DARK = {
    "back": BACK,
    "raised": RAISED,
    "line": LINE,
    "ink": INK,
    "faint": FAINT,
    "accent": GREEN,
}
LIGHT = {
    "back": "#f6f7f9",
    "raised": "#ffffff",
    "line": "#dde1e8",
    "ink": "#1d2027",
    "faint": "#5b6370",
    "accent": "#1c7a41",
}
"""Themes of a page: text on all grounds has a contrast of 4.5 or more, as WCAG 2.2 asks, in both."""

GROUPS_DARK = (*SLICES, "#9aa5ff", "#8fd14f", "#ff8a80", "#5fd6d0", "#c9a27a", MAGENTA)
GROUPS_LIGHT = (
    *("#1f7fc0", "#c07800", "#0c8a62", "#978500", "#a8497c", "#c04a17"),
    *("#5560d8", "#5a8f1c", "#d23b3b", "#12888a", "#82603a", "#c2308a"),
)
"""Colours of groups on a page, the largest first, in both themes: Okabe and Ito's, then six more."""
RAMP_DARK = (
    *("#5b6cff", "#4d8df5", "#45aadd", "#3fc1bb", "#57c278"),
    *("#93cc5a", "#cdcb4e", "#e5b84b", "#ec8f52", "#ef5f5f"),
)
RAMP_LIGHT = (
    *("#3a48d0", "#2f69c8", "#2783b0", "#1e9490", "#1c9150"),
    *("#5d9a2c", "#928f1c", "#b98612", "#c9661f", "#cf3434"),
)
"""From low to high values, in both themes."""
WAVE_ON_WHITE, LABEL_ON_WHITE, REJECTED_ON_WHITE = "#5b6b7a", "#d62728", "#999999"
"""A waveform and labels on it, where the ground is white: the picture of labels."""


def css() -> str:
    """Give colours.css: every colour of both themes of a page as a property."""
    blocks = []
    for name, colours, in_turn in (("dark", DARK, SLICES), ("light", LIGHT, GROUPS_LIGHT[: len(SLICES)])):
        slices = {f"slice-{number}": colour for number, colour in enumerate(in_turn)}
        every = {**colours, "chop": CHOP, "rejected": REJECTED, "yellow": YELLOW, "red": RED, **slices}
        properties = " ".join(f"--{part}: {colour};" for part, colour in every.items())
        blocks.append(f':root[data-theme="{name}"] {{ {properties} }}\n')
    return "".join(blocks)
