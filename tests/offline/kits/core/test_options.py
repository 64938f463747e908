"""Options that cannot be are refused, each in a sentence that names it."""

import math
from typing import Any

import pytest

from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime.core.errors import UserError


@pytest.mark.parametrize("seconds", [math.inf, math.nan, -1.0, 1e300])
@pytest.mark.parametrize("option", ["start", "end", "lock"])
def test_a_place_that_no_record_has_is_refused(option: str, seconds: float) -> None:
    given: dict[str, Any] = {option: (seconds,) if option == "lock" else seconds}
    with pytest.raises(UserError) as caught:
        ChopOptions(**given)
    assert f"--{option}" in str(caught.value) and f"{seconds:g}" in str(caught.value)
