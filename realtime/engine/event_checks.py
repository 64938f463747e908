"""Checks of what a detector emits, while it is there to be named: plug-ins are written by strangers."""

import math
import re

from samplechop.models import ModelError
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.core.plugin import Detector, ProcessSpec

_KIND = re.compile(r"[A-Za-z0-9_-]+")  # an OSC address, a column and a file name can be made of it


def prepare(name: str, detector: Detector, spec: ProcessSpec) -> None:
    """[main] Prepare a detector. Raises UserError, naming it, if it fails or states no latency; ModelError."""
    try:
        detector.prepare(spec)
        latency = detector.latency
    except (UserError, ModelError):
        raise
    except Exception as error:  # whatever goes wrong in a plug-in, the user needs to know in which
        raise UserError(f"detector {name!r} cannot be prepared: {type(error).__name__}: {error}") from error
    if not _is_whole(latency):
        raise UserError(f"detector {name!r} must have a whole number of samples as its latency, got {latency!r}")


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
    return _is_whole(event.sample) and _is_whole(event.emitted) and 0 <= event.sample <= end


def has_strength(event: Event) -> bool:
    """Say whether the strength is a plain number in 0..1."""
    return isinstance(event.strength, int | float) and 0 <= event.strength <= 1


def has_notes(event: Event) -> bool:
    """Say whether notes and velocity, where it has any, are what MIDI can carry."""
    if not isinstance(event.notes, tuple | list | None):
        return False
    numbers = (n for n in (event.note, event.velocity, *(event.notes or ())) if n is not None)
    return all(_is_whole(number) and 0 <= number <= 127 for number in numbers)


def has_words(event: Event) -> bool:
    """Say whether label and tempo can be written."""
    tempo = event.tempo
    return isinstance(event.label, str | None) and (
        tempo is None or (isinstance(tempo, int | float) and math.isfinite(tempo))
    )


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
