"""The colours of every picture: those of the live view."""

BACK, INK, FAINT, LINE = "#16181d", "#d8dce3", "#8a919e", "#2c303a"
GREEN, YELLOW, RED, CYAN, MAGENTA = "#57c278", "#e5b84b", "#ef5f5f", "#3aa6c4", "#e86bb3"
RAISED, UNUSED = "#1d2027", "#474d59"
"""The ground of what lies on the ground; a waveform nobody uses."""
CHOP, REJECTED = MAGENTA, CYAN
"""A place that was cut at, and one that was heard but left out: as in the plot of the live view."""
SLICES = ("#56b4e9", "#e69f00", "#1fb583", "#f0e442", "#cc79a7", "#e0662a")
"""Colours of slices in turn, apart for every eye: Okabe and Ito, "Color universal design", 2008, two of them lightened
for a dark ground."""
