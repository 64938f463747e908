import numpy as np

from samplechop import models
from samplechop.offline.lab.bench import net_costs
from samplechop.realtime.nets.compiled_step import compile_now
from samplechop.realtime.nets.fine_features import PER_HOP
from samplechop.realtime.nets.temporal_net import TemporalNet


def test_beside_a_second_stage_that_rests_the_early_one_answers_as_ever() -> None:
    compile_now()
    reference, net = (TemporalNet(models.load("chop")) for _ in range(2))
    assert net.stages is not None
    net.reset()
    early, second = net.stages
    step, answers = net_costs.stepping(early, net_costs.resting(second, 0, 1), 1)
    for row in np.random.default_rng(0).standard_normal((20, 1, PER_HOP), np.float32):
        step(row)
        reference.push(row)
        np.testing.assert_array_equal(answers[:, : reference.early.shape[1]], reference.early)
