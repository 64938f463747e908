"""A session recorded through a sound server: what an independent client played is in it, bit for bit."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench.jack import Session
from samplechop.offline.sessions.reading import read_session
from tests.support.signals import RATE

pytestmark = pytest.mark.jack
PERIOD = 256


def whole_of(folder: Path) -> Path:
    return next(path for path in folder.iterdir() if "last" not in path.name)


def channel_places(wanted: np.ndarray, there: np.ndarray) -> list[int | None]:
    """Find by how much later each block of one channel stands in the recording; None where it does not."""
    places: list[int | None] = []
    shift = None
    for first in range(0, len(wanted) - PERIOD, PERIOD):
        block = wanted[first : first + PERIOD]
        if shift is None or not np.array_equal(there[first + shift : first + shift + PERIOD], block):
            loudest = int(np.argmax(np.abs(block)))  # a value that hardly stands anywhere else
            starts = np.flatnonzero(there == block[loudest]) - loudest
            at = (
                start - first for start in starts if start >= 0 and np.array_equal(there[start : start + PERIOD], block)
            )
            shift = next(at, None)
        places.append(shift)
    return places


def test_the_recording_holds_what_was_played_bit_for_bit(
    recorded: Session, turntable: np.ndarray, recordings: Path
) -> None:
    assert recorded.code == 0, recorded.said
    there = soundfile.read(whole_of(recordings) / "audio.wav", dtype="float64", always_2d=True)[0]
    wanted = np.clip(np.rint(turntable.astype(np.float64) * 2**23), -(2**23), 2**23 - 1) / 2**23
    places = [channel_places(wanted[:, channel], there[:, channel]) for channel in range(wanted.shape[1])]
    found = [[place for place in channel if place is not None] for channel in places]
    if recorded.undisturbed:
        assert all(len(channel) == len(places[0]) for channel in found)
        assert len({place for channel in found for place in channel}) == 1
    else:  # a server that lost cycles has lost samples, not always of all channels, and what follows is moved
        assert all(found)
    counts = ", ".join(str(len(channel)) for channel in found)
    print(f"{counts} of {len(places[0])} blocks found, {recorded.xruns} + {recorded.report.xruns} xruns")


def test_the_log_has_every_event_at_its_place_in_the_file(recorded: Session, recordings: Path) -> None:
    lines = [json.loads(line) for line in (whole_of(recordings) / "events.jsonl").read_text().splitlines()]
    events = [line for line in lines if line["kind"] in ("chop", "beat")]
    assert [(line["sample"], line["note"]) for line in events] == recorded.events
    assert any(line["kind"] == "chop" for line in events)
    assert lines[0]["source"] and lines[-1]["reason"] == "ended"
    assert lines[-1]["sample"] == soundfile.info(str(whole_of(recordings) / "audio.wav")).frames


def test_the_end_is_kept_as_a_session_that_looks_the_same(recorded: Session, recordings: Path) -> None:
    assert recorded.code == 0
    kept = next(path for path in recordings.iterdir() if "last-4s" in path.name)
    whole = soundfile.read(whole_of(recordings) / "audio.wav", dtype="int32")[0]
    assert np.array_equal(soundfile.read(kept / "audio.wav", dtype="int32")[0], whole[-4 * RATE :])
    assert read_session(kept).state == read_session(whole_of(recordings)).state == "ended"
