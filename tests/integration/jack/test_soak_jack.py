"""`samplechop bench soak`: a short one loses no event, says what is missing, and leaves no note on."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench.jack import PERIOD
from samplechop.offline.lab.bench.jack_client import Report
from samplechop.offline.lab.bench.jack_server import missing
from samplechop.offline.lab.bench.soak import Memory, hanging, played
from tests.support.command import samplechop

RATE = 44_100


@pytest.mark.jack
@pytest.mark.skipif(missing(portaudio=True) is not None, reason=str(missing(portaudio=True)))
def test_a_short_session_loses_no_event() -> None:
    outcome = samplechop("bench", "soak", "--minutes", 0.1, "--json")
    figures = {one["name"]: one for one in json.loads(outcome.out)["figures"]}
    assert figures["events in what arrived"]["value"] > 8
    for name in ("events lost", "events too many", "notes left on at the end", "exit code of the session"):
        assert figures[name]["value"] == 0, name
    assert figures["samples lost as the session says"]["reached"]
    assert outcome.code == int(any(one["reached"] is False for one in figures.values()))


def test_what_is_missing_in_a_recording_of_a_loop_is_counted(tmp_path: Path) -> None:
    loop = np.random.default_rng(0).integers(-(2**23), 2**23, (40 * PERIOD, 2)).astype(np.int32) << 8
    blocks = loop.reshape(-1, PERIOD, 2)
    order = [*range(5, 40), *range(10), *range(13, 30), *range(29, 40), *range(3)]  # three lost, one twice
    whole = np.concatenate([np.zeros((PERIOD, 2), np.int32), *blocks[order]])
    whole[20 * PERIOD : 20 * PERIOD + 9] = 0
    soundfile.write(tmp_path / "a.wav", whole, RATE, subtype="PCM_24")
    assert played(tmp_path / "a.wav", loop) == (2 * PERIOD, 3 * PERIOD, PERIOD, 1)


def test_a_note_that_is_never_ended_hangs() -> None:
    midi = [(0, bytes([0x90, 60, 1])), (1, bytes([0x91, 60, 1])), (2, bytes([0x80, 60, 0])), (3, bytes([0x92, 1, 9]))]
    assert hanging(Report(midi, [], 0, 0, [], RATE)) == 2
    assert hanging(Report([*midi, (4, bytes([0xB1, 123, 0]))], [], 0, 0, [], RATE)) == 1


@pytest.mark.parametrize(("per_hour", "flat"), [(0.0, True), (5.0, True), (40.0, False)])
def test_memory_that_grows_is_found(per_hour: float, flat: bool) -> None:
    seconds = np.arange(0.0, 3600.0, 5.0)
    start_up = 20 * np.exp(-seconds / 10)
    memory = Memory(list(seconds), list(200 - start_up + per_hour * seconds / 3600))
    figures = {one.name: one for one in memory.figures()}
    assert figures["memory, slope once settled"].value == pytest.approx(per_hour, abs=0.5)
    assert figures["memory, growth once settled"].reached == flat
    assert "memory after 50 min" in figures
