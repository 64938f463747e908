import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from samplechop import models
from samplechop.realtime.nets.fine_features import PER_HOP
from samplechop.realtime.nets.tflite import Scorer
from tests.support.command import ROOT
from tests.support.tflite_scores import scores


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    raw = np.abs(np.random.default_rng(0).standard_normal((500, 61))).cumsum(axis=1)
    return ((raw - raw.mean(1, keepdims=True)) / raw.std(1, keepdims=True)).astype(np.float32)


def score(windows: np.ndarray, sizes: list[int]) -> np.ndarray:
    scorer = Scorer(models.load("chop-61"), max(sizes))
    out, done, turn = np.zeros(len(windows), np.float32), 0, 0
    while done < len(windows):
        part = slice(done, done + sizes[turn % len(sizes)])
        scorer.score(windows[part], np.zeros(len(windows[part]), np.bool_), out[part])
        done, turn = part.stop, turn + 1
    return out


@pytest.mark.parametrize("sizes", [[1], [16], [17, 3], [500]])
def test_a_score_does_not_depend_on_its_company(windows: np.ndarray, sizes: list[int]) -> None:
    np.testing.assert_array_equal(score(windows, sizes), score(windows, [64]))


def test_scores_are_probabilities(windows: np.ndarray) -> None:
    scores = score(windows, [64])
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores.std() > 0


def test_silent_windows_score_zero(windows: np.ndarray) -> None:
    silent = np.arange(20) % 3 == 0
    out = np.full(20, np.nan, np.float32)
    Scorer(models.load("chop-61"), 20).score(windows[:20], silent, out)
    assert (out[silent] == 0).all()
    assert (out[~silent] == score(windows[:20], [1])[~silent]).all()


@pytest.mark.skipif("SAMPLECHOP_TFLITE_PYTHON" not in os.environ, reason="names a Python that has tflite-runtime")
@pytest.mark.parametrize("model", ["chop", "chop-61"])
def test_the_older_runtime_scores_the_same(windows: np.ndarray, model: str, tmp_path: Path) -> None:
    frames = np.random.default_rng(1).standard_normal((500, PER_HOP)).astype(np.float32)
    inputs = windows if model == "chop-61" else frames
    np.save(tmp_path / "inputs.npy", inputs)
    python = os.environ["SAMPLECHOP_TFLITE_PYTHON"]
    script = [str(ROOT / "tests" / "support" / "tflite_scores.py"), model]
    arguments = [str(tmp_path / "inputs.npy"), str(tmp_path / "scores.npy")]
    ran = subprocess.run([python, *script, *arguments], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout.strip() == "tflite_runtime"
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), scores(model, inputs), rtol=0, atol=1e-6)
