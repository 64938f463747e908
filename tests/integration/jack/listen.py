"""The program behind tests/integration/jack/test_audio_jack.py: listens through a DeviceSource until its input ends."""

import json
import sys
import threading

import numpy as np

from samplechop.realtime.core.compile_cache import ensure_compile_cache

ensure_compile_cache()  # before numba is imported, as programs do: what they compiled is found

from samplechop.realtime.audio.device_source import DeviceSource, PlayedFileSource  # noqa: E402


def say(happening: str, **more: object) -> None:
    print(json.dumps({"happening": happening, **more}), flush=True)


def report_status(source: DeviceSource | PlayedFileSource, done: threading.Event) -> None:
    while not done.wait(0.02):
        if source.state.startswith("waiting"):
            say("status", text=source.state)
            return


def main() -> None:
    options = json.loads(sys.argv[2])
    delay = options.pop("delay", 0)
    source = PlayedFileSource(**options) if "path" in options else DeviceSource(**options)
    source.align(delay)
    source.start()
    done = threading.Event()
    finished = threading.Event()

    def stop_at_end_of_input() -> None:
        sys.stdin.read()
        source.stop()
        finished.set()

    threading.Thread(target=stop_at_end_of_input, daemon=True).start()
    threading.Thread(target=report_status, args=(source, done), daemon=True).start()
    samples, starts, gaps, times = [], [], [], []
    while (chunk := source.read()) is not None:
        samples.append(chunk.samples.copy())
        starts.append(chunk.start)
        gaps.append(chunk.gap)
        times.append(source.time_of(chunk.start))
        if len(samples) == 20:
            say("started")
        if chunk.gap:
            say("gap", gap=chunk.gap)
    done.set()
    say("ended")
    finished.wait()
    counters = source.counters()
    lost = sum(xrun.lost for xrun in counters.xruns)
    np.savez(
        sys.argv[1],
        samples=np.concatenate(samples),
        starts=starts,
        lengths=[len(block) for block in samples],
        gaps=gaps,
        times=times,
        counters=[
            counters.input_overflows + (lost > 0),
            counters.output_underflows,
            counters.lost_frames - lost,
            counters.gaps,
        ],
    )
    say("finished")


if __name__ == "__main__":
    main()
