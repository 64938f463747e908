"""The pad behind jack/test_taps_jack.py: a JACK client that sends note-ons at given frames, to the sample.

A JSON list of frames to wait for from now, in samples, comes in on a line; the absolute frames go out on one.
"""

import json
import sys
import threading

import jack


def main() -> None:
    client = jack.Client("pad", no_start_server=True)
    out = client.midi_outports.register("out")
    due: list[int] = []
    done = threading.Event()

    def process(frames: int) -> None:
        out.clear_buffer()
        now = client.last_frame_time
        while due and due[0] < now + frames:
            out.write_midi_event(max(0, due.pop(0) - now), (0x99, 36, 100))
            if not due:
                done.set()

    client.set_process_callback(process)
    client.activate()
    client.connect(out, sys.argv[1])
    now = client.frame_time
    frames = [now + wait for wait in json.loads(sys.stdin.readline())]
    due.extend(frames)
    done.wait()
    print(json.dumps(frames), flush=True)
    sys.stdin.readline()
    client.deactivate()
    client.close()


if __name__ == "__main__":
    main()
