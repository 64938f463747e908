"""Three detectors on one stream, as a user runs them: an independent client takes drum notes, held chords and chops."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from samplechop.offline.lab.bench.jack import Session, run_session
from samplechop.offline.lab.bench.jack_server import JackServer
from samplechop.realtime import detectors
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.midi.messages import NOTE_OFF
from tests.support.delivery import in_order
from tests.support.signals import RATE, record

pytestmark = pytest.mark.jack
PERIOD = 256
NEAR = 4 * PERIOD
NAMES = {"chop": "chop", "drum": "drums", "chord": "harmony"}
CHANNELS = {"chop": 1, "drum": 10, "chord": 2}


@pytest.fixture(scope="module")
def session(jack_server: JackServer) -> Session:
    return run_session(jack_server, record(7.0)[0], ("--detect", ",".join(NAMES.values())))


def struck(session: Session, kind: str) -> list[tuple[int, int]]:
    """Give (sample, note) of each note that the lines of this kind ask for, in order."""
    lines = [line for line in session.lines if line["kind"] == kind]
    if kind != "chord":
        return [(line["sample"], line["note"]) for line in lines]
    pairs = pairwise([{"notes": []}, *lines])
    return [(line["sample"], note) for before, line in pairs for note in sorted({*line["notes"]} - {*before["notes"]})]


def test_every_kind_is_heard_and_counted(session: Session) -> None:
    assert session.code == 0, session.said
    for kind in NAMES:
        count = sum(line["kind"] == kind for line in session.lines)
        assert count and f"{count} {kind}" in session.said


@pytest.mark.parametrize("kind", list(NAMES))
def test_the_notes_of_each_kind_arrive_on_its_channel(session: Session, kind: str) -> None:
    arrived = [note for _, note in session.on_channel(CHANNELS[kind])]
    wanted = [note for _, note in struck(session, kind)]
    assert arrived and in_order(arrived, wanted)
    if session.undisturbed:  # a machine that lost cycles has lost the messages in them
        assert len(arrived) == len(wanted)


def test_each_kind_is_late_by_the_constant_of_its_detector(session: Session) -> None:
    engine = Engine({name: detectors.make(name) for name in NAMES.values()}, RATE, 2, PERIOD)
    shifts = {}
    for kind, name in NAMES.items():
        sent, came = np.array(struck(session, kind)), np.array(session.on_channel(CHANNELS[kind]))
        same = came[:, 1, None] == sent[None, :, 1]
        shifts[kind] = (came[:, 0, None] - sent[None, :, 0] - engine.latencies[name])[same]
    # What is left is where the program's stream began, the same for all: a latency mistaken would move one kind.
    pooled = np.concatenate(list(shifts.values()))
    near = np.abs(np.subtract.outer(pooled, pooled)) <= NEAR
    began = pooled[near.sum(axis=1).argmax()]
    for kind in NAMES:
        found = shifts[kind][np.abs(shifts[kind] - began) <= NEAR]
        print(f"{kind}: {len(found)} notes within {np.ptp(found) / PERIOD:.1f} periods")
        if session.undisturbed:  # a machine that lost cycles has lost messages, and what follows lost samples is moved
            # A busy machine sends some late; a latency mistaken would move all.
            assert len(found) > 0.5 * len(struck(session, kind))


def test_no_note_hangs(session: Session) -> None:
    for kind in NAMES:
        ons, offs = (session.on_channel(CHANNELS[kind], *status) for status in ((), (NOTE_OFF,)))
        begun, ended = (Counter(note for _, note in notes) for notes in (ons, offs))
        if session.undisturbed:  # a machine that lost cycles has lost the messages in them, note-offs too
            assert begun == ended
