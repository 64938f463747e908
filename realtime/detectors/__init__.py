"""The detectors, a folder each: a plain table, and what third parties add through the group `samplechop.detectors`.

An entry point names a factory that takes no arguments and gives a `samplechop.realtime.core.plugin.Detector`:

    [project.entry-points."samplechop.detectors"]
    claps = "my_package.claps:ClapDetector"
"""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from inspect import getattr_static
from typing import cast

from samplechop.realtime.core.errors import UserError, close_word
from samplechop.realtime.core.plug_ins import plug_ins
from samplechop.realtime.core.plugin import Detector

GROUP = "samplechop.detectors"
MEMBERS = ("latency", "prepare", "reset", "process")
CHOPS = "chops"
"""What people call the detector `chop`."""


def _in_this_folder(place: str) -> Callable[[], Detector]:
    """Give the factory of a class that is imported when the first one is made, as loading numba takes its time."""
    return lambda: cast(Detector, EntryPoint("", f"{__name__}.{place}", GROUP).load()())


BUILT_IN = {
    "beats": _in_this_folder("beats.detector:BeatDetector"),
    "chop": _in_this_folder("chop.detector:ChopDetector"),
    "confirmed": _in_this_folder("drums.confirmed:ConfirmedDrumDetector"),
    "drums": _in_this_folder("drums.detector:DrumDetector"),
    "harmony": _in_this_folder("harmony.detector:HarmonyDetector"),
}


def names() -> list[str]:
    """Name every detector that can be made here."""
    return sorted({*BUILT_IN, *(point.name for point in plug_ins(GROUP))})


def make(name: str) -> Detector:
    """Make a detector with its default settings. Raises UserError for a name nobody knows or a plug-in that fails."""
    if built_in := BUILT_IN.get("chop" if name == CHOPS else name):
        return built_in()
    for point in plug_ins(GROUP):
        if point.name != name:
            continue
        try:
            made: Detector = point.load()()
        except Exception as error:  # a stranger's code runs here, and may fail in any way
            raise UserError(f"detector {name!r} ({point.value}) cannot be loaded: {error}") from error
        # Looked up, not asked for: a latency may be known only once the detector is prepared.
        missing = [member for member in MEMBERS if getattr_static(made, member, None) is None]
        if missing:
            raise UserError(f"detector {name!r} ({point.value}) lacks {', '.join(missing)}")
        return made
    there = sorted(CHOPS if known == "chop" else known for known in names())
    raise UserError(f"no detector {name!r}{close_word(name, there)}: there are {', '.join(there)}")
