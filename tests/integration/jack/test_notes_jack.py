"""`samplechop notes capture` for real: FluidSynth plays, its own client on a JACK server, and is interrupted once."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from samplechop.offline.audio.reading import RATE
from samplechop.offline.lab.bench.jack_server import JackServer, missing
from samplechop.offline.notes.capture import TAKES
from samplechop.offline.notes.note_bank import read_bank
from tests.support.waiting import PATIENCE, wait_until

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(missing(portaudio=True) is not None, reason=str(missing(portaudio=True))),
    pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed"),
    pytest.mark.skipif(not SOUNDFONT.exists(), reason="fluid-soundfont-gm is not installed"),
]


@pytest.fixture
def synth(jack_server: JackServer) -> Iterator[str]:
    """Give the name of FluidSynth's client, which plays a dry piano."""
    name = "piano"
    jack = ("-a", "jack", "-m", "jack", "-o", f"audio.jack.id={name}", "-o", f"midi.jack.id={name}")
    process = jack_server.popen(
        ["fluidsynth", "-i", "-s", *jack, "-R", "0", "-C", "0", "-g", "0.5", "-r", str(RATE), str(SOUNDFONT)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with jack_server.client("waiting") as client:
            client.wait_for_port(f"{name}:midi")
            client.wait_for_port(f"{name}:right")
        yield name
    finally:
        process.terminate()
        process.wait()


def test_every_note_of_a_synthesizer_is_captured_in_tune_and_from_its_attack_on(
    jack_server: JackServer, synth: str, tmp_path: Path
) -> None:
    range_of = ("--low", "48", "--high", "72", "--step", "24", "--velocities", "100")
    held = ("--seconds", "0.5", "--release", "0.4")
    command = (
        "-m",
        "samplechop",
        "notes",
        "capture",
        "--midi-port",
        synth,
        "--device",
        synth,
        *range_of,
        *held,
    )
    folder = tmp_path / "piano"
    program = jack_server.popen([sys.executable, *command, "-o", str(folder)], stderr=subprocess.PIPE)
    wait_until((folder / TAKES).is_dir, program)
    program.send_signal(signal.SIGHUP)  # as when its terminal is closed
    program.communicate(timeout=PATIENCE)
    assert program.returncode == 128 + signal.SIGHUP
    done = jack_server.run([sys.executable, *command, "-o", str(folder)])
    assert (done.returncode, done.stdout.splitlines()) == (0, [f"2 notes in {folder}"])
    notes = read_bank(folder).notes
    assert [(note.pitch, note.velocity) for note in notes] == [(48, 100), (72, 100)]
    for note in notes:
        steady = note.samples[2000:18_384].astype(float)
        alike = np.fft.irfft(np.abs(np.fft.rfft(steady, 32_768)) ** 2)[:1000]
        alike[:60] = 0  # below a period of 735 Hz
        period = int(np.argmax(alike > 0.9 * alike.max()))
        period += int(np.argmax(alike[period : period + 20]))
        assert round(69 + 12 * np.log2(RATE / period / 440)) == note.pitch
        loud = np.abs(note.samples) > 0.03 * np.abs(note.samples).max()
        assert np.argmax(loud) < 0.005 * RATE
