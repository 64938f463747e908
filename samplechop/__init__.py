"""A live ear for sample-based producers: places to cut, as MIDI notes while a record plays, and as kits.

    from samplechop import detect

    for event in detect("song.flac", detectors=["chops", "drums"]):
        print(event.kind, event.label, event.sample, event.strength)

detect      events of a file or an array, as fast as they can be found
chop        a kit of the best and most different chops of a record
listen      a live session, with a function that is called for each event
Event, Detector, ProcessSpec    what a detector of your own is made of
Kit         what a writer of a format of your own is given
UserError   what all of these raise where you can mend it, in one sentence

realtime runs while audio flows, offline has time: kits and their formats, labels, training, evaluation, the atlas;
models are the released nets. In a checkout these lie at its top level, and here are links to them; a wheel holds them.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samplechop.api import chop, detect, listen
    from samplechop.offline.kits.core.model import Kit
    from samplechop.realtime.core.errors import UserError
    from samplechop.realtime.core.events import Event
    from samplechop.realtime.core.plugin import Detector, ProcessSpec

    __version__: str

__all__ = ["Detector", "Event", "Kit", "ProcessSpec", "UserError", "__version__", "chop", "detect", "listen"]

_MODULES = {
    "Detector": "realtime.core.plugin",
    "Event": "realtime.core.events",
    "Kit": "offline.kits.core.model",
    "ProcessSpec": "realtime.core.plugin",
    "UserError": "realtime.core.errors",
    "chop": "api",
    "detect": "api",
    "listen": "api",
}
"""Where each name is imported from once it is asked for: numba and librosa take their time."""

if not (Path(__file__).parent / "realtime").is_dir():  # a checkout on a system without links, as Windows by default
    __path__.append(str(Path(__file__).parents[1]))


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            value: Any = version("samplechop")
        except PackageNotFoundError:  # a checkout that is not installed
            value = "unknown"
    elif name in _MODULES:
        from samplechop.realtime.core.compile_cache import ensure_compile_cache

        ensure_compile_cache()
        value = getattr(import_module(f"samplechop.{_MODULES[name]}"), name)
    else:
        raise AttributeError(f"module 'samplechop' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
