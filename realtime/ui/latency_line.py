"""The track delay: how late notes come, and what a producer does about it."""

import textwrap

from rich.cells import cell_len

from samplechop.realtime.ui.formatting import printable
from samplechop.realtime.ui.meters import Row
from samplechop.realtime.ui.parts import rule
from samplechop.realtime.ui.snapshot import Snapshot


def delay_words(snapshot: Snapshot) -> tuple[str, str, str, str]:
    """Say the latency as a title, the value, the same in samples, and a sentence that says what to do with it.

    Over a MIDI port notes leave that late, and the value is what a producer enters in the DAW.
    """
    late = _milliseconds(snapshot.latency, snapshot)
    samples = f"{snapshot.latency:,} samples at {snapshot.sample_rate:,} Hz"
    if snapshot.latencies and set(snapshot.detectors) <= set(snapshot.latencies):  # none waits for the others
        advice = "Each has a delay of its own: give it to the MIDI track it plays on."
        return "Track delay" if snapshot.port else "Latency", f"{'−' * snapshot.port}{late}", samples, advice
    what = "Chops" if snapshot.latencies else "Notes"  # notes of others must not be shifted so far
    if not snapshot.port:
        return "Latency", late, samples, f"Chops are told {late} late."
    return "Track delay", f"−{late}", samples, f"{what} come {late} late: give the MIDI track this delay."


def own_words(snapshot: Snapshot) -> list[str]:
    """Say how late each detector is that does not wait for the others, such as "drums 21.3 ms late"."""
    return [f"{printable(name)} {_milliseconds(late, snapshot)} late" for name, late in snapshot.latencies.items()]


def delay_rows(snapshot: Snapshot, width: int) -> list[Row]:
    """Show the track delay and what to do with it; detectors with one of their own stand beside it or below.

    Nothing is late, and no row shown, where a file runs as fast as it can.
    """
    if not snapshot.realtime:
        return []
    title, delay, samples, what = delay_words(snapshot)
    own = " · ".join(own_words(snapshot))
    room = width - len(delay) - 4
    tellings = [f"{samples}   {own}", f"{samples.partition(' at ')[0]}   {own}"] if own else []
    beside = next((one for one in tellings if cell_len(one) <= room), "")
    below = [] if beside or not own else textwrap.wrap(own, width)
    beside = beside or (samples if len(samples) <= room else samples.partition(" at ")[0])
    rows: list[Row] = [rule(title, "", width), [(f" {delay} ", "bold reverse"), (f"  {beside}", "")]]
    return rows + [[(line, "")] for line in [*textwrap.wrap(what, width), *below]]


def _milliseconds(samples: int, snapshot: Snapshot) -> str:
    return f"{1000 * samples / snapshot.sample_rate:.1f} ms"
