"""Hundreds of hostile files chopped into kits, as a collection: what became of them, and what should not have."""

import tempfile
import time
from pathlib import Path

from samplechop.offline.kits.batch import BUG, DEAD, make_kits
from samplechop.offline.kits.batch_report import Report
from samplechop.offline.kits.options import ChopOptions
from samplechop.offline.kits.pipeline import make_kit
from samplechop.offline.lab.bench.figures import Figure
from samplechop.offline.lab.bench.hostile import write_files

LONGEST = 60.0


def survival(count: int = 500, seed: int = 1, jobs: int = 2) -> list[Figure]:
    """Chop so many hostile files, in so many processes, into all formats, without pictures."""
    with tempfile.TemporaryDirectory() as place:
        files, kits = Path(place, "files"), Path(place, "kits")
        files.mkdir()
        sources = write_files(files, count, seed)
        before = _strays(Path(place))
        began = time.perf_counter()
        report = make_kits(sources, kits, ChopOptions(picture=False), make_kit, jobs)
        seconds = time.perf_counter() - began
        strays = [path for path in _strays(Path(place)) if path not in before and not path.startswith(str(kits))]
    return _figures(report, count, seconds, len(strays))


def _strays(place: Path) -> set[str]:
    return {str(path) for path in [*place.rglob("*"), *Path.cwd().iterdir()]}


def _figures(report: Report, count: int, seconds: float, strays: int) -> list[Figure]:
    bugs = sum(entry.message.startswith(BUG) for entry in report.failed)
    dead = sum(entry.message == DEAD for entry in report.failed)
    longest = max((entry.seconds for entry in [*report.made, *report.failed]), default=0.0)
    told = len(report.made) + len(report.skipped) + len(report.failed)
    return [
        Figure("hostile files", count, ""),
        Figure("chopped as far as they can be read", len(report.made), ""),
        Figure("skipped, the same as another", len(report.skipped), ""),
        Figure("refused in a sentence", len(report.failed) - bugs - dead, ""),
        Figure("told nothing of", count - told, "").with_goal("none", told == count),
        Figure("bugs", bugs, "").with_goal("none", bugs == 0),
        Figure("processes that died", dead, "").with_goal("none", dead == 0),
        Figure("files outside the folder of kits", strays, "").with_goal("none", strays == 0),
        Figure("the longest one took", longest, "s").with_goal(f"at most {LONGEST:g} s", longest <= LONGEST),
        Figure("all of them took", seconds, "s"),
    ]
