"""What the machine offered where a person decides, noted in the project once: decisions are learned from beside it.

Nothing is detected for it: it is what a kit is just made of, or what is kept of a kit made before.
"""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from samplechop import models
from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.analysis.detection_facts import KIND, facts_of
from samplechop.offline.kits.core.record import audio_files, recorded_channel
from samplechop.offline.kits.core.record_cache import record_cache
from samplechop.offline.project.document import offer_document
from samplechop.offline.project.history import History
from samplechop.offline.project.identity import known_sound
from samplechop.offline.project.kit_options import chop_options
from samplechop.offline.project.model import Offer, Project
from samplechop.offline.project.places import find
from samplechop.offline.project.store import Editor, editing, read_project
from samplechop.offline.project.values import MOST_PLACES
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from samplechop.offline.kits.analysis.candidates import Found

_DIGITS = 4
"""Of a strength."""


def offer_of(found: "Found") -> Offer:
    """Give what was found as what is offered."""
    return Offer(found.model, tuple((one.sample, round(one.strength, _DIGITS)) for one in found.offered))


def kept(source: Path, project: Project, cache: ArrayCache) -> Offer | None:
    """Give what was found before in the record of a project, by the project's options; None where it is not kept.

    The record is neither decoded nor heard: where nobody did so before, nothing is known of it.
    """
    audio, options = project.audio, chop_options(project, {})
    channel = options.channel or recorded_channel(source) or "auto"
    with suppress(OSError, UserError):
        (file,) = audio_files(source)
        known = record_cache(cache, file, audio.sample_rate, audio.channels, audio.length, channel)
        if audio.sha256 not in ("", known_sound(known)):
            return None
        found_in = known.altered("harmonic") if options.harmonic else known
        if found_in.kept(KIND, facts_of(models.load(options.model), options, 0, audio.length)) is None:
            return None
        from samplechop.offline.kits.analysis import candidates, detection  # which bring all that detects

        detected = detection.kept(found_in, options, 0, audio.length)
        return None if detected is None else offer_of(candidates.found_of(detected, options, audio.sample_rate))
    return None


def note(edited: Editor | History, offer: Offer | None) -> None:
    """Note in a project that is being edited what was offered, unless that is known. It is no edit of the person's."""
    if offer is not None and edited.project.offer is None and len(offer.places) <= MOST_PLACES:
        edited.do({"do": "offer", "offer": offer_document(offer)})


def note_beside(source: Path, offer: Offer | None) -> None:
    """Note in the project of a record, if it has one, what a kit was made of.

    No kit fails by it: what another program edits, or where nothing can be written, stays as it is.
    """
    with suppress(UserError):
        path = find(source)
        project = None if offer is None or path is None else read_project(path)
        if path is not None and project is not None and project.offer is None:
            with editing(path) as editor:
                note(editor, offer)
