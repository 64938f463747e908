"""The pad behind jack/test_taps_jack.py: a JACK client that sends note-ons at given frames, to the sample.

JSON lists of [frames to wait for from now, velocity] come in, one a line; when all of a list were sent, a list of the
absolute frames goes out.
"""

import json
import sys
import threading

import jack


def main() -> None:
    client = jack.Client("pad", no_start_server=True)
    out = client.midi_outports.register("out")
    due: list[tuple[int, int]] = []
    done = threading.Event()

    def process(frames: int) -> None:
        out.clear_buffer()
        now = client.last_frame_time
        while due and due[0][0] < now + frames:
            frame, velocity = due.pop(0)
            out.write_midi_event(max(0, frame - now), (0x99, 36, velocity))
            if not due:
                done.set()

    client.set_process_callback(process)
    client.activate()
    client.connect(out, sys.argv[1])
    for line in sys.stdin:
        now = client.frame_time
        hits = [(now + wait, velocity) for wait, velocity in json.loads(line)]
        done.clear()
        due.extend(hits)
        done.wait()
        print(json.dumps([frame for frame, _ in hits]), flush=True)
    client.deactivate()
    client.close()


if __name__ == "__main__":
    main()
