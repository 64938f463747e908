"""What a chop net answers, beside what is known of recordings."""

import numpy as np

from samplechop.offline.training.tasks.chop_scoring import JUDGED, Reader

HEADS = ("chop", "hit", "beat", "downbeat", "kick", "snare", "onset", "solo")


def test_each_recording_keeps_what_was_read_of_it() -> None:
    rng, reader, n = np.random.default_rng(3), Reader(HEADS), 200
    target = np.zeros((n, len(JUDGED.names)), np.float32)
    weight = np.ones_like(target)
    given = [rng.uniform(0, 1, (n, len(HEADS))).astype(np.float32) for _ in range(2)]
    pulse, spectra = np.zeros((n, 2), np.float32), np.zeros((n, 1), np.float32)
    first = reader.scored(given[0], pulse, spectra, target, weight, JUDGED.names)
    kept = first.rows.copy(), first.passage.copy()
    reader.scored(given[1], pulse, spectra, target, weight, JUDGED.names)
    np.testing.assert_array_equal(first.rows, kept[0])
    np.testing.assert_array_equal(first.passage, kept[1])
