from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop import models
from samplechop.offline.atlas.collect.segmentation import SHORTEST_SECONDS, by_chops, by_energy
from samplechop.offline.kits.analysis import candidates
from samplechop.offline.kits.core.record import Record, open_record
from samplechop.realtime.core.errors import UserError
from tests.support.signals import RATE, snare


def hits(places: list[int], length: int, gains: list[float]) -> np.ndarray:
    rng = np.random.default_rng(0)
    audio = rng.standard_normal(length).astype(np.float32) * 1e-4
    for place, gain in zip(places, gains, strict=True):
        hit = snare(rng)[: length - place]
        audio[place : place + len(hit)] += gain * hit
    return audio


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Open some samples as a record."""
    folder = tmp_path_factory.mktemp("records")

    def record(samples: np.ndarray) -> Record:
        soundfile.write(folder / "record.wav", samples, RATE, subtype="FLOAT")
        return open_record(folder / "record.wav", folder)

    return record


@given(st.lists(st.integers(40, 120), min_size=2, max_size=12), st.lists(st.floats(0.2, 1.0), min_size=12, max_size=12))
def test_pieces_begin_shortly_before_each_hit(opened, gaps, gains):
    places = [int(0.01 * RATE * gap) for gap in np.cumsum(gaps)]
    record = opened(hits(places, places[-1] + RATE, gains[: len(places)]))
    starts = np.array([start for start, _ in by_energy(record, 10.0, 1.0)])
    for place in places[1:]:
        before = (place - starts) / RATE
        assert np.any((before > -0.01) & (before < 0.035))


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=30), st.floats(0.1, 2.0))
def test_pieces_lie_in_the_record_in_order_and_are_no_longer_than_they_may_be(opened, levels, most):
    rng = np.random.default_rng(1)
    record = opened(np.concatenate([level * rng.uniform(-1, 1, 6000) for level in levels]))
    spans = by_energy(record, most, 1.0)
    assert spans and spans[0][0] >= 0 and spans[-1][1] <= record.length
    assert all(stop > start and stop - start <= most * RATE + 1 for start, stop in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


@given(st.floats(0.05, 1.0))
def test_the_share_is_reached_and_passed_by_one_piece_at_most(opened, share):
    places = [round(RATE * 0.5 * number) for number in range(1, 15)]
    record = opened(hits(places, 8 * RATE, [1.0] * 14))
    spans = by_energy(record, 10.0, share)
    taken = sum(stop - start for start, stop in spans)
    assert taken >= share * record.length - RATE / 100
    assert taken - max(stop - start for start, stop in spans) < share * record.length


def test_what_stands_out_is_taken_first(opened):
    places = [round(RATE * 0.5 * number) for number in range(1, 15)]
    record = opened(hits(places, 8 * RATE, [1.0 if number % 2 else 0.1 for number in range(14)]))
    taken = by_energy(record, 10.0, 0.3)
    loud = places[1::2]
    assert len(taken) >= 4
    assert all(any(start <= place < stop for place in loud) for start, stop in taken)


@pytest.mark.parametrize("samples", [np.zeros(100), np.zeros(RATE), np.full(1, 0.5)])
def test_a_record_in_which_nothing_happens_is_one_piece(opened, samples):
    assert by_energy(opened(samples), 10.0, 0.5) == [(0, len(samples))]


def test_chops_are_the_whole_record_but_for_what_is_too_short(opened):
    places = [round(RATE * 0.5 * number) for number in range(1, 9)]
    record = opened(hits(places, 5 * RATE, [1.0] * 8))
    spans = by_chops(record, 10.0)
    assert len(spans) >= 8
    assert sum(stop - start for start, stop in spans) >= record.length - 8 * SHORTEST_SECONDS * RATE


def test_a_model_that_cannot_be_used_is_one_sentence(opened, monkeypatch):
    def broken(*_):
        raise models.ModelError("there is no model 'chop'")

    monkeypatch.setattr(candidates, "find", broken)
    with pytest.raises(UserError, match="there is no model"):
        by_chops(opened(np.zeros(100)), 10.0)
