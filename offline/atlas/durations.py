"""Times as people write them."""

import re

from samplechop.realtime.core.errors import UserError

_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0}


def seconds(text: str, option: str) -> float:
    """Read a time such as "250ms", "1.5s" or "0.25". Raises UserError, which names the option."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*(ms|s|)", text.strip())
    if match is None:
        raise UserError(f"{option} takes a time such as 250ms or 1.5s, got {text!r}")
    return float(match[1]) * _UNITS[match[2]]
