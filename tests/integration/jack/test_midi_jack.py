"""Notes over a real MIDI system: a program sends through a virtual port, an independent client writes down."""

import sys
from itertools import pairwise

import pytest

from samplechop.offline.lab.bench.jack_server import JackServer
from tests.support.waiting import PATIENCE

pytestmark = [
    pytest.mark.jack,
    # rtmidi asks its own libjack, and ALSA first where there is a sequencer; these tests are about JACK.
    pytest.mark.usefixtures("jack_server", "only_jack"),
]

NOTES = 100
GAP = 600
LATENCY = 12_544

SENDING = f"""
import sys, time
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.ports import open_output
from samplechop.realtime.midi.sender import MidiSender

class Clock:
    def time_of(self, position):
        return zero + position / 44100

sender = MidiSender(open_output("virtual", client_name="sender"), Clock(), {LATENCY}, 44100, 1, gate_seconds=0.005)
print("open", flush=True)
sys.stdin.readline()
zero = time.perf_counter()
for k in reversed(range({NOTES})):
    sender.send(Event("chop", k * {GAP}, k * {GAP}, 1.0, note=k, velocity=k + 1))
sender.start()
while sender.counters.sent < {NOTES}:
    time.sleep(0.01)
sender.stop()
print(sender.counters.sent, sender.counters.dropped, flush=True)
"""


def test_notes_arrive_at_an_independent_client_each_with_its_end_and_in_order(jack_server: JackServer) -> None:
    program = jack_server.popen([sys.executable, "-c", SENDING], stdin=-1, stdout=-1)
    with program, jack_server.client() as client:
        assert program.stdin and program.stdout
        assert program.stdout.readline() == "open\n"
        client.capture_midi(client.wait_for_port("^sender:")[0])
        client.now()
        said, _ = program.communicate("go\n", timeout=PATIENCE)
        client.wait_until(client.now() + 4 * jack_server.block_size)
        report = client.report()
    ons = [data[1] for _, data in report.midi if data[0] == 0x90]
    offs = [data[1] for _, data in report.midi if data[0] == 0x80]
    assert said.split() == [str(NOTES), "0"]
    assert ons == sorted(set(ons)) and offs == sorted(set(offs))
    assert all(data[2] == data[1] + 1 for _, data in report.midi if data[0] == 0x90)
    assert all(first <= second for (first, _), (second, _) in pairwise(report.midi))
    if not report.xruns and not report.skipped:  # a lost cycle takes its messages with it
        assert ons == offs == list(range(NOTES))
        assert report.midi[-1][1] == bytes((0xB0, 123, 0))


FINDING = """
import sys
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.midi.ports import list_ports, open_output
print(list_ports())
port = open_output("midi_in")
port.send(bytes((0x90, 60, 100)))
print(port.name, port.is_there())
try:
    open_output("no such port")
except UserError as error:
    print(error)
sys.stdin.readline()
print(port.is_there(), flush=True)
"""


def test_a_port_of_another_program_is_listed_opened_and_missed_when_gone(jack_server: JackServer) -> None:
    with jack_server.client("daw") as client:
        program = jack_server.popen([sys.executable, "-u", "-c", FINDING], stdin=-1, stdout=-1)
        assert program.stdin and program.stdout
        listed, opened, unknown = (program.stdout.readline().strip() for _ in range(3))
        client.wait_until(client.now() + 4 * jack_server.block_size)
        midi = client.report().midi
    said, _ = program.communicate("gone\n", timeout=PATIENCE)
    program.wait()
    assert "daw:midi_in" in listed
    assert opened == "daw:midi_in True"
    assert "'no such port'" in unknown and "daw:midi_in" in unknown
    assert [data for _, data in midi] == [bytes((0x90, 60, 100))]
    assert said == "False\n"


def test_without_any_midi_system_there_is_one_sentence_and_no_noise(jack_server: JackServer) -> None:
    program = (
        "import os; os.environ['JACK_DEFAULT_SERVER'] = 'there-is-no-such-server'\n"
        "from samplechop.realtime.core.errors import UserError\n"
        "from samplechop.realtime.midi.ports import open_output\n"
        "try:\n    open_output('virtual')\n"
        "except UserError as error:\n    print(error)\n"
    )
    done = jack_server.run([sys.executable, "-c", program])
    assert done.stdout.startswith("--midi-port virtual: no MIDI system answers on this machine (tried ")
    assert (done.stdout.count("\n"), done.stderr, done.returncode) == (1, "", 0)


SURVIVING = """
import os, sys, time
from samplechop.realtime.core.events import Event
from samplechop.realtime.midi.ports import open_output
from samplechop.realtime.midi.sender import MidiSender

class Clock:
    def time_of(self, position):
        return position / 44100

tries = []

def reopen():
    tries.append(1)
    return open_output("virtual")

sender = MidiSender(open_output("virtual"), Clock(), 0, 44100, 1, reopen=reopen)
sender.start()

def play_until(condition):
    while not condition():
        sender.send(Event("chop", round(time.perf_counter() * 44100), 0, 1.0, note=60, velocity=100))
        time.sleep(0.001)
    print("so it is", flush=True)

play_until(lambda: sender.counters.sent > 0)
play_until(lambda: not sender.connected)
play_until(lambda: len(tries) > 1 and sender.counters.dropped)
play_until(lambda: sender.connected)
sender.stop()
print("stopped", flush=True)
"""


def test_a_server_that_dies_is_survived_and_found_again_when_it_is_back() -> None:
    with JackServer() as server:
        program = server.popen([sys.executable, "-c", SURVIVING], stdout=-1, stderr=-3)
        assert program.stdout
        assert program.stdout.readline() == "so it is\n"
        server.kill()
        assert [program.stdout.readline() for _ in range(2)] == ["so it is\n"] * 2
        server.start()
        rest, _ = program.communicate(timeout=PATIENCE)
    assert (rest, program.returncode) == ("so it is\nstopped\n", 0)
