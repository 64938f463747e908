"""The project that a record is chopped with: the one beside it, and labels as decisions above it."""

from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from samplechop.offline.common.array_cache import ArrayCache, user_cache
from samplechop.offline.common.progress import Progress, silent
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import open_record
from samplechop.offline.project.document import digest
from samplechop.offline.project.from_labels import read_decisions, with_labels
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.kit_options import chop_options
from samplechop.offline.project.model import Project
from samplechop.offline.project.store import project_of

if TYPE_CHECKING:
    from samplechop.offline.kits.pipeline import Outcome


def make_kit_beside(source: Path, folder: Path, options: ChopOptions, force: bool) -> "Outcome":
    """Make a kit with what the project beside a record says. options: of the kit, those of the project among them."""
    return make_kit_of(source, folder, options, force, project=project_of(source))


def make_kit_of(
    source: Path,
    folder: Path,
    options: ChopOptions,
    force: bool = False,
    progress: Progress = silent,
    second_process: Executor | None = None,
    cache: ArrayCache | None = None,
    project: Project | None = None,
) -> "Outcome":
    """Make a kit as `pipeline.make_kit`, and note in the project beside the record what it was made of.

    project: what was decided, of `prepared`; with none, nothing is noted.
    """
    from samplechop.offline.kits.offered import note_beside  # both bring all that detects
    from samplechop.offline.kits.pipeline import make_kit

    outcome = make_kit(source, folder, options, force, progress, second_process, cache, project)
    if project is not None:
        note_beside(source, outcome.offer)
    return outcome


def decided(source: Path, given: Mapping[str, Any], usual: Mapping[str, Any]) -> tuple[ChopOptions, str]:
    """Give what `batch.Decide` gives; given, usual: as of `prepared`. Raises UserError."""
    project, options = prepared(source, given, usual)
    return options, digest(project) if project else ""


def begun(source: Path) -> Project:
    """Give the project of a record, or an empty one where it has none, which takes reading it through once.

    Raises UserError for a project or a record that cannot be read.
    """
    if (there := project_of(source)) is not None:
        return there
    with TemporaryDirectory() as scratch:
        return Project(audio_of(open_record(source, Path(scratch)).with_cache(user_cache())))


def prepared(
    source: Path,
    given: Mapping[str, Any],
    usual: Mapping[str, Any],
    use_project: bool = True,
    labels: Path | None = None,
) -> tuple[Project | None, ChopOptions]:
    """Give the decisions about a record, and the options of its kit.

    given: options that are said now, above the project's; usual: below them. use_project: whether the one beside the
    record counts. labels: of any kind, taken as decisions above it. Raises UserError.
    """
    project = project_of(source) if use_project else None
    if labels is not None:
        project = project or Project(begun(source).audio)
        project = with_labels(project, read_decisions(labels, project))
    return project, chop_options(project, given, usual)
