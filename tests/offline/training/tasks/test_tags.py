"""How the tags net is measured."""

import numpy as np

from samplechop.offline.training.tasks.tags import average_precision, thresholds


def test_average_precision_is_one_for_a_perfect_order_and_unknown_without_positives() -> None:
    labels = np.array([[1, 0], [0, 0], [1, 0]], np.float32)
    said = np.array([[0.9, 0.1], [0.2, 0.5], [0.8, 0.3]], np.float32)
    precision = average_precision(labels, said)
    assert precision[0] == 1 and np.isnan(precision[1])
    assert thresholds(labels, said)[1] == 0.5
