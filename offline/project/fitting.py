"""A project on the recording that lies beside it now, which may be another file than the one it was made for."""

from samplechop.offline.kits.core.record import Record
from samplechop.offline.project.identity import audio_of
from samplechop.offline.project.model import Project
from samplechop.realtime.core.errors import UserError

_WITHOUT = ", --no-project chops without"


def fitted(project: Project, record: Record) -> tuple[Project, tuple[str, ...]]:
    """Give a project whose positions are those of a record, with a sentence for each thing to know.

    Another sound of the same rate, as after mastering it anew, is taken as it lies. Raises UserError where the rate is
    another, or decisions lie behind its end.
    """
    was, source = project.audio, repr(str(record.source))
    if was.sha256 in ("", audio_of(record).sha256):
        return project, ()
    if was.sample_rate != record.sample_rate:
        raise UserError(
            f"the project of {source} was made for {was.sample_rate} Hz, it has {record.sample_rate} Hz: samplechop "
            f"project realign brings it there{_WITHOUT}"
        )
    places = [one.at for one in project.chops] + list(project.deleted)
    if places and max(places) >= record.length:
        raise UserError(
            f"the project of {source} has decisions behind its end, it was made for {was.name!r}: samplechop project "
            f"realign brings it to its sound{_WITHOUT}"
        )
    return project, (
        f"{source} is not the sound its project was made for: decisions are taken where they lie, samplechop project "
        "realign brings them to their sound",
    )
