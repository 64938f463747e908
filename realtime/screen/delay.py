"""The track delay: how late notes come, and what a producer does about it."""

import textwrap

from rich.cells import cell_len

from realtime.gauges import Row
from realtime.names import printable
from realtime.screen.parts import rule
from realtime.status import Snapshot


def delay_words(snapshot: Snapshot) -> tuple[str, str, str]:
    """Say the latency as what a producer enters in the DAW: the delay, the same in samples, and what to do with it."""
    late = _milliseconds(snapshot.latency, snapshot)
    samples = f"{snapshot.latency:,} samples at {snapshot.sample_rate:,} Hz"
    what = "Chops" if snapshot.latencies else "Notes"  # notes that come sooner must not be shifted so far
    return f"−{late}", samples, f"{what} come {late} late: give the MIDI track this delay."


def sooner_words(snapshot: Snapshot) -> list[str]:
    """Say how late the notes of each detector come that do not wait for the others, such as "drums 21.3 ms"."""
    return [f"{printable(name)} {_milliseconds(late, snapshot)}" for name, late in snapshot.latencies.items()]


def delay_rows(snapshot: Snapshot, width: int) -> list[Row]:
    """Show the track delay and what to do with it; detectors with one of their own stand beside it or below."""
    delay, samples, what = delay_words(snapshot)
    sooner = " · ".join(sooner_words(snapshot))
    room = width - len(delay) - 4
    tellings = [f"{samples}   {sooner}", f"{samples.partition(' at ')[0]}   {sooner}"] if sooner else []
    beside = next((one for one in tellings if cell_len(one) <= room), "")
    below = [] if beside or not sooner else textwrap.wrap(f"Sooner: {sooner}", width)
    beside = beside or (samples if len(samples) <= room else samples.partition(" at ")[0])
    rows: list[Row] = [rule("Track delay", "", width), [(f" {delay} ", "bold reverse"), (f"  {beside}", "")]]
    return rows + [[(line, "")] for line in [*textwrap.wrap(what, width), *below]]


def _milliseconds(samples: int, snapshot: Snapshot) -> str:
    return f"{1000 * samples / snapshot.sample_rate:.1f} ms"
