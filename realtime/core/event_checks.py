"""Which events can be written by every output: what is wrong with one that a plug-in emits."""

import math
import re

from samplechop.realtime.core.events import Event

_KIND = re.compile(r"[A-Za-z0-9_-]+")  # an OSC address, a column and a file name can be made of it


def check_event(event: object, end: int) -> Event:
    """Refuse what no sink could write: give the event back if all is well.

    end: where the processed block ends, in samples. Raises TypeError for what is no event, else ValueError.
    """
    if not isinstance(event, Event):
        raise TypeError(f"detectors emit Event, got {type(event).__name__}")
    if not has_kind(event):
        raise ValueError(f"the kind of an event is made of letters, digits, - and _, got {event.kind!r}")
    if not has_place(event, end):
        raise ValueError(
            f"an event lies at a whole number of samples from 0 to the end of what was processed, {end}, "
            f"got sample {event.sample!r}, emitted {event.emitted!r}"
        )
    if not has_strength(event):
        raise ValueError(f"the strength of an event is a plain number in 0..1, got {event.strength!r}")
    if not has_notes(event):
        got = ", ".join(f"{name} {getattr(event, name)!r}" for name in ("note", "velocity", "notes"))
        raise ValueError(f"notes and velocities are whole numbers in 0..127, got {got}")
    if not has_words(event):
        raise ValueError(
            f"a label is text and a tempo a finite number, got label {event.label!r}, tempo {event.tempo!r}"
        )
    return event


def has_kind(event: Event) -> bool:
    """Say whether the kind can stand in an address."""
    return isinstance(event.kind, str) and _KIND.fullmatch(event.kind) is not None


def has_place(event: Event, end: int) -> bool:
    """Say whether it lies in the stream processed so far, which ends at `end` samples."""
    return is_whole(event.sample) and is_whole(event.emitted) and 0 <= event.sample <= end


def has_strength(event: Event) -> bool:
    """Say whether the strength is a plain number in 0..1."""
    return isinstance(event.strength, (int, float)) and 0 <= event.strength <= 1


def has_notes(event: Event) -> bool:
    """Say whether notes and velocity, where it has any, are what MIDI can carry."""
    if event.notes is None and event.note is None and event.velocity is None:
        return True
    if not isinstance(event.notes, tuple | list | None):
        return False
    numbers = (n for n in (event.note, event.velocity, *(event.notes or ())) if n is not None)
    return all(is_whole(number) and 0 <= number <= 127 for number in numbers)


def has_words(event: Event) -> bool:
    """Say whether label and tempo can be written."""
    label, tempo = event.label, event.tempo
    return (
        (label is None or isinstance(label, str))
        and isinstance(event.rephased, bool)
        and (tempo is None or (isinstance(tempo, (int, float)) and math.isfinite(tempo)))
    )


def is_whole(number: object) -> bool:
    """Say whether it is a whole number, and no truth value."""
    return isinstance(number, int) and not isinstance(number, bool)
