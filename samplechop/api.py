"""The functions of samplechop's public face: detect, listen, chop. Import them from samplechop itself."""

import io
import tempfile
import warnings
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from operator import attrgetter
from os import PathLike
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import soundfile
from numpy.typing import ArrayLike

from samplechop.offline.kits.core.model import Kit
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import Event
from samplechop.realtime.session import Session
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.ui.snapshot import Summary

_RATES, _MOST_CHANNELS = (4_000, 384_000), 64


def detect(
    audio: str | PathLike[str] | ArrayLike,
    sample_rate: int | None = None,
    detectors: Iterable[str] = ("chops",),
    **settings: Any,
) -> list[Event]:
    """Find the events of a recording, as fast as they can be found; those that `samplechop live FILE --fast` finds.

    audio: the path of a file that libsndfile reads, or samples: float, (n,) or (n, channels), full scale ±1.
    sample_rate: of samples, in Hz, 4000..384000; a file has its own.
    detectors: those to run: any of "chops", "beats", "drums", "harmony", and names of plug-ins that are installed.
    settings: as the options of `samplechop live` without their dashes, such as threshold=0.4, min_gap=0.2,
        model="chop-61"; what the settings file says does not count.

    Gives events in the order of their places; positions are samples of the recording at its own rate. What was
    left out (a file that ends early, a detector that was switched off) is reported through `warnings`.
    Raises UserError for audio, detectors or settings that cannot be used, TypeError for settings nobody knows.
    """
    events: list[Event] = []
    with ExitStack() as stack:
        if isinstance(audio, str | PathLike):
            if sample_rate is not None:
                raise UserError(f"sample_rate is for samples; {str(audio)!r} is a file and has its own")
            path = Path(audio)
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="samplechop"))
            path = _written(audio, sample_rate, Path(folder))
        if _run(_settings(detectors, settings), path, True, events.append).interrupted:
            raise KeyboardInterrupt
    return sorted(events, key=attrgetter("sample"))


def listen(
    on_event: Callable[[Event], object],
    device: str | None = None,
    detectors: Iterable[str] = ("chops",),
    duration: float | None = None,
    file: str | PathLike[str] | None = None,
    **settings: Any,
) -> Summary:
    """Run a live session, and call `on_event` with each event, in this thread, as it is detected.

    device: the input's name, part of it, or its number; the system's own if None.
    detectors, settings: as for `detect`; also midi_port="virtual", osc="localhost:9000", record="sessions" and all else
        that `samplechop live` can do.
    duration: seconds of input after which it ends; without one, a file ends it, Ctrl-C, or an exception of `on_event`,
        which is raised here once all is closed.
    file: audio that plays the turntable in real time, in place of a device.

    Events come in the order in which they are detected, each `latency` samples after its place at most. Gives what the
    session came to: events by kind, seconds, xruns, folders that were recorded, whether Ctrl-C ended it.
    Raises UserError where something cannot be opened or used, TypeError for settings nobody knows.
    """
    chosen = _settings(detectors, settings | {"device": device, "duration": duration})
    return _run(chosen, None if file is None else Path(file), False, on_event)


def chop(
    record: str | PathLike[str],
    out: str | PathLike[str] = "kits",
    *,
    force: bool = False,
    project: bool = True,
    labels: str | PathLike[str] | None = None,
    cache: bool = True,
    **options: Any,
) -> Kit:
    """Make a kit of the best and most different chops of a record, byte for byte that of `samplechop chop`.

    record: an audio file, or the folder of a recorded session. out: the folder in which the kit's own, named after the
    record, appears whole or not at all. force: whether a kit that is there already is replaced.
    project: whether what was decided about the record counts, in the project beside it. labels: a file of places to
        cut at, of any kind that `samplechop labels` reads.
    cache: whether what is found in the record is kept, for later kits of it here and by the command.
    options: those of `samplechop chop`, such as count=8, max_length="4beats", formats=["default", "op1"]; milliseconds
        are pre_roll_ms, snap_ms, fade_ms, tail_ms.

    Gives the kit: its slices with their places, strengths and files, tempo, key, all places found. What one should know
    of it is reported through `warnings`.
    Raises UserError for a record or options that cannot be used, TypeError for options nobody knows.
    """
    from samplechop.offline.common.array_cache import user_cache
    from samplechop.offline.export import ExportWarning
    from samplechop.offline.kits.core.naming import safe
    from samplechop.offline.kits.core.record import title
    from samplechop.offline.kits.with_project import make_kit_of, prepared

    for name in ("lock", "formats"):
        if options.get(name) is not None:
            options[name] = tuple(options[name])
        else:
            options.pop(name, None)
    source = Path(record)
    decided, chosen = prepared(source, options, {}, project, None if labels is None else Path(labels))
    folder, kept = Path(out) / safe(title(source)), user_cache() if cache else None
    outcome = make_kit_of(source, folder, chosen, force, cache=kept, project=decided)
    for text in outcome.warnings:
        warnings.warn(text, ExportWarning, stacklevel=2)
    return outcome.kit


def _settings(detectors: Iterable[str], settings: dict[str, Any]) -> LiveSettings:
    names = [detectors] if isinstance(detectors, str) else list(detectors)
    paths = {name for name, hint in get_type_hints(LiveSettings).items() if hint == Path | None}
    given: dict[str, Any] = {
        name: Path(value) if name in paths and value else value for name, value in settings.items()
    }
    return LiveSettings(**{"quiet": True, **given, "detect": ",".join(names)})


def _written(samples: ArrayLike, sample_rate: int | None, folder: Path) -> Path:
    """Write samples as a file, bit for bit, so that they run through what files run through. Raises UserError."""
    array = np.asarray(samples)
    if array.dtype.kind != "f":
        raise UserError(f"samples must be floats, full scale ±1, got {array.dtype}: divide integers by their range")
    if array.ndim not in (1, 2) or not array.size or (array.ndim == 2 and array.shape[1] > _MOST_CHANNELS):
        raise UserError(f"samples must be (n,) or (n, channels), 1 to {_MOST_CHANNELS} channels, got {array.shape}")
    low, high = _RATES
    if sample_rate is None or not low <= sample_rate <= high:
        raise UserError(f"samples need their sample_rate, {low}..{high} Hz, got {sample_rate}")
    path = folder / "samples.wav"
    soundfile.write(path, array.astype(np.float32), sample_rate, subtype="FLOAT")
    return path


def _run(settings: LiveSettings, path: Path | None, fast: bool, on_event: Callable[[Event], object]) -> Summary:
    summary = Session.open(settings, path, fast, io.StringIO(), on_event).run()
    for text in summary.warnings:
        warnings.warn(text, stacklevel=3)
    return summary
