"""Where in a cycle of a JACK server a message lies that was sent during the one before."""

import numpy as np
import pytest

from samplechop.realtime.midi.jack_cycle import BEGAN, CAPACITY, NEXT, PLACED, SEEN, WORDS, place, send

SPAN = 20_000
"""Microseconds in a cycle."""


def cycle(began: int) -> np.ndarray:
    words = np.zeros(WORDS, np.int64)
    words[BEGAN], words[NEXT] = began, began + SPAN
    return words


@pytest.mark.parametrize("frames", [64, 256, 1024])
def test_a_message_is_as_late_in_the_cycle_as_it_was_sent_in_the_one_before(frames: int) -> None:
    words = cycle(100_000)
    for sent in (80_000, 85_000, 99_999):
        send(words, sent, 1, 0xF8)
    assert [place(words, k, frames, 0) for k in range(3)] == [0, frames // 4, frames - 1]


def test_what_is_sent_while_the_cycle_runs_is_left_to_the_next() -> None:
    words = cycle(100_000)
    send(words, 100_000, 1, 0xF8)
    assert place(words, 0, 256, 0) == -1
    words[[BEGAN, NEXT]] += SPAN
    assert place(words, 0, 256, 0) == 0


def test_no_message_waits_for_two_cycles_whatever_the_time_of_the_server() -> None:
    words = cycle(100_000)
    send(words, 900_000, 1, 0xF8)
    assert place(words, 0, 256, 0) == -1
    words[SEEN] = 1
    assert place(words, 0, 256, 0) == 255


def test_messages_keep_their_order_and_late_ones_come_at_once() -> None:
    words = cycle(100_000)
    send(words, 10_000, 1, 0xF8)
    send(words, 90_000, 1, 0xF8)
    assert place(words, 0, 256, 0) == 0
    assert place(words, 1, 256, 200) == 200


def test_a_server_without_times_gets_everything_at_once() -> None:
    words = cycle(100_000)
    words[NEXT] = words[BEGAN]
    send(words, 90_000, 1, 0xF8)
    assert place(words, 0, 256, 0) == 0


def test_more_than_can_wait_is_refused() -> None:
    words = cycle(0)
    assert all(send(words, 0, 1, 0xF8) for _ in range(CAPACITY))
    assert not send(words, 0, 1, 0xF8)
    words[PLACED] += 1
    assert send(words, 0, 1, 0xF8)
