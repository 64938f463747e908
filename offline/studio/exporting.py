"""A kit made of a record as samplechop chop makes it, in a process of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio.wording import in_page_words
from samplechop.offline.studio.worker import Tell, by_stage


@dataclass(frozen=True, slots=True)
class Order:
    """A kit that is wanted. formats: None for those of the record's project, else as usual. replace: a kit there.

    usual: options of kits, below those of the project.
    """

    source: Path
    folder: Path
    formats: tuple[str, ...] | None
    replace: bool
    usual: Mapping[str, Any]
    cache: ArrayCache


def export(order: Order, tell: Tell) -> None:
    """[worker] Make a kit. Raises UserError, OSError."""
    from samplechop.offline.kits.pipeline import make_kit
    from samplechop.offline.kits.with_project import prepared

    given = {} if order.formats is None else {"formats": order.formats}
    project, options = prepared(order.source, given, order.usual)
    made = make_kit(
        order.source, order.folder, options, order.replace, by_stage(tell), cache=order.cache, project=project
    )
    tell(
        {
            "stage": "exported",
            "folder": str(order.folder),
            "slices": len(made.kit.slices),
            "formats": list(made.formats),
            "files": [path.relative_to(order.folder).as_posix() for path in made.files],
            "warnings": [in_page_words(said, order.source) for said in made.warnings],
        }
    )
