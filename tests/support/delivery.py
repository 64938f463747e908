"""What became of what was sent."""

from collections.abc import Sequence


def in_order(arrived: Sequence[object], sent: Sequence[object]) -> bool:
    """Tell whether everything that arrived was sent, in the same order; some of what was sent may be missing."""
    rest = iter(sent)
    return all(one in rest for one in arrived)
