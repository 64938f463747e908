from pathlib import Path

import pytest

from samplechop.realtime.core.errors import reason_of


def test_a_reason_names_neither_number_nor_path() -> None:
    with pytest.raises(OSError, match="Errno") as caught:
        Path("/proc/none/nowhere").mkdir()
    assert reason_of(caught.value) == "No such file or directory"
    assert reason_of(ValueError("it is no list")) == "it is no list"
