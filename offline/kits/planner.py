"""Plans kits of one record, one after another, as sliders are turned: what is the same for the next is kept."""

from dataclasses import fields
from typing import Any

from samplechop import models
from samplechop.offline.common.progress import silent
from samplechop.offline.kits.analysis import detection_facts
from samplechop.offline.kits.analysis.content_detection import DetectedContent
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.plan import Choice, Plan, choice, plan_of
from samplechop.offline.project.model import Project

AFTERWARDS = frozenset(("diversity", "candidates", "distance", "reroll", "min_gap"))
"""Options that say what is chosen, and nothing of what there is to choose from."""
_BESIDE = AFTERWARDS | {"count"}


class Planner:
    """Plans what `planned` does, in less time where little is another."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._last: tuple[list[Any], Record, DetectedContent | None, Choice] | None = None

    def choice(
        self,
        record: Record,
        options: ChopOptions,
        first: int,
        last: int,
        detected: DetectedContent | None = None,
        project: Project | None = None,
    ) -> Choice:
        """Give what there is to choose from, as `plan.choice`."""
        said = [getattr(options, one.name) for one in fields(options) if one.name not in _BESIDE]
        places = (project.chops, project.deleted, project.grid) if project else None
        key = [first, last, said, places, detection_facts.facts_of(models.load(options.model), options, first, last)]
        if self._last is not None and self._last[:2] == (key, record) and self._last[2] is detected:
            known = self._last[3]
            if options.most in known.counts:
                return known.with_count(options, first, last)
        made = choice(record, options, first, last, silent, detected, project)
        self._last = key, record, detected, made
        return made

    def planned(
        self,
        record: Record,
        options: ChopOptions,
        first: int,
        last: int,
        detected: DetectedContent | None = None,
        project: Project | None = None,
    ) -> Plan:
        """Choose, as `plan.planned`."""
        among = self.choice(record, options, first, last, detected, project)
        return plan_of(among, record, options, first, last, project)
