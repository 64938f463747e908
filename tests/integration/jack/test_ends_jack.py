"""Ends while notes sound, and devices that vanish, as `samplechop bench faults` runs them."""

from pathlib import Path

import pytest

from samplechop.offline.lab.bench.jack_server import JackServer
from samplechop.offline.lab.faults import table
from samplechop.offline.lab.faults.scenario import write_song

pytestmark = [pytest.mark.jack, pytest.mark.usefixtures("jack_server", "only_jack")]


@pytest.mark.parametrize(
    "name", ["notes left on: the terminal closes", "device: the server ends by SIGTERM and is back"]
)
def test_no_note_stays_on_and_a_recording_goes_on(jack_server: JackServer, tmp_path: Path, name: str) -> None:
    (scenario,) = (one for one in table.all_scenarios() if str(one) == name)
    result = table.run_one(scenario, write_song(tmp_path / "song.wav"), jack_server)
    assert result.held, f"{scenario.expected}: {result.instead}"
