"""The detectors there are: a plain table, and what third parties add through the group `samplechop.detectors`.

An entry point names a factory that takes no arguments and gives a `samplechop.realtime.core.plugin.Detector`:

    [project.entry-points."samplechop.detectors"]
    claps = "my_package.claps:ClapDetector"
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from inspect import getattr_static

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.plugin import Detector
from samplechop.realtime.detectors.beats.detector import BeatDetector
from samplechop.realtime.detectors.chop.detector import ChopDetector
from samplechop.realtime.detectors.drums.detector import DrumDetector
from samplechop.realtime.detectors.harmony.detector import HarmonyDetector

GROUP = "samplechop.detectors"
MEMBERS = ("latency", "prepare", "reset", "process")
CHOPS = "chops"
"""What people call the detector `chop`."""
BUILT_IN: dict[str, Callable[[], Detector]] = {
    "beats": BeatDetector,
    "chop": ChopDetector,
    "drums": DrumDetector,
    "harmony": HarmonyDetector,
}


def names() -> list[str]:
    """Name every detector that can be made here."""
    return sorted(BUILT_IN | {point.name: None for point in entry_points(group=GROUP)})


def make(name: str) -> Detector:
    """Make a detector with its default settings. Raises UserError for a name nobody knows or a plug-in that fails."""
    built_in = BUILT_IN.get("chop" if name == CHOPS else name)
    if built_in is not None:
        return built_in()
    for point in entry_points(group=GROUP):
        if point.name == name:
            try:
                made = point.load()()
            except Exception as error:  # a stranger's code runs here, and may fail in any way
                raise UserError(f"detector {name!r} ({point.value}) cannot be loaded: {error}") from error
            # Looked up, not asked for: a latency may be known only once the detector is prepared.
            missing = [member for member in MEMBERS if getattr_static(made, member, None) is None]
            if missing:
                raise UserError(f"detector {name!r} ({point.value}) lacks {', '.join(missing)}")
            found: Detector = made
            return found
    there = sorted(CHOPS if known == "chop" else known for known in names())
    raise UserError(f"no detector {name!r}: there are {', '.join(there)}")
