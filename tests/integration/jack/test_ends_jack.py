"""A session whose terminal closes leaves no note on, as an independent MIDI client takes it down."""

import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.lab.bench.jack_server import JackServer
from tests.support.signals import RATE
from tests.support.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.jack, pytest.mark.usefixtures("jack_server", "only_jack")]


def test_a_hang_up_leaves_no_note_on(jack_server: JackServer, tmp_path: Path) -> None:
    seconds = np.arange(120 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * seconds) for note in (48, 60, 64, 67))
    soundfile.write(tmp_path / "chord.wav", 0.1 * chord, RATE)
    events = tmp_path / "events.jsonl"
    command = [
        sys.executable,
        "-m",
        "samplechop",
        "live",
        str(tmp_path / "chord.wav"),
        "--detect",
        "harmony",
        "--quiet",
    ]
    command += ["--midi-port", "virtual", "--events", str(events)]
    with jack_server.client("daw") as client:
        program = jack_server.popen(command, env={"XDG_CONFIG_HOME": str(tmp_path)})
        try:
            client.capture_midi(client.wait_for_port("^samplechop.*:chops")[0])
            wait_until(
                lambda: events.exists() and '"notes": [' in events.read_text().replace('"notes": []', ""), program
            )
            client.wait_until(client.now() + RATE)  # until the notes have left
            program.send_signal(signal.SIGHUP)
            assert program.wait(PATIENCE) == 0
            client.wait_until(client.now() + 8 * jack_server.block_size)
            report = client.report()
        finally:
            program.kill()
            program.wait()
    sounding = set()
    for _, data in report.midi:
        if data[0] & 0xF0 == 0x90:
            sounding.add((data[0] & 0x0F, data[1]))
        elif data[0] & 0xF0 == 0x80:
            sounding.discard((data[0] & 0x0F, data[1]))
        elif data[0] & 0xF0 == 0xB0 and data[1] == 123:
            sounding = {one for one in sounding if one[0] != data[0] & 0x0F}
    assert any(data[0] & 0xF0 == 0x90 for _, data in report.midi)
    assert not sounding
