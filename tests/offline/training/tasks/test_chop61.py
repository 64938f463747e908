"""Nets over single windows: how their threshold is chosen, and which of them are taken up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from samplechop import models
from samplechop.models import Features
from samplechop.offline.common.progress import silent as unseen
from samplechop.offline.training.loop import Run
from samplechop.offline.training.recipes import ChopOptions
from samplechop.offline.training.tasks.chop61 import choose_threshold, recalibrate
from samplechop.offline.training.tasks.chop_windows import Windows
from samplechop.realtime.core.errors import UserError


def record(chops: list[int], peaks: dict[int, float]) -> tuple[Windows, NDArray[np.float32]]:
    """A record of which every frame is known, and its scores."""
    frames, n = np.arange(20_000), 20_000
    nothing = np.zeros((n, 61), np.float16)
    target, scores = np.zeros(n, np.float32), np.zeros(n, np.float32)
    for frame, score in peaks.items():
        scores[frame] = score
    return Windows(nothing, target, np.ones(n, np.float32), frames, np.array(chops, np.int64), "validation"), scores


def test_what_markers_cost_on_noise_raises_the_threshold_over_the_best_f() -> None:
    chops = [1000 * number for number in range(1, 19)]
    music = record(chops, {chop: 0.42 if chop == 1000 else 0.9 for chop in chops})
    assert choose_threshold([music])[1] == 0.4
    noise = record([], {1000 * number: 0.6 for number in range(1, 19)})
    value, threshold = choose_threshold([music, noise])
    assert threshold > 0.6 and 0.9 < value < 1


def test_a_net_over_other_windows_is_refused_in_a_sentence(tmp_path: Path) -> None:
    classic = models.load("chop-61")
    assert isinstance(classic.features, Features)
    other = replace(classic, features=replace(classic.features, past=20))
    with pytest.raises(UserError, match=r"--from chop-61: its windows .* name another model"):
        recalibrate([tmp_path], other, ChopOptions(), Run("chop", tmp_path / "m", tmp_path, "", unseen))
