"""The detectors on a record. What they find lies in the cache of records afterwards, from where kits are planned.

What strikes is told as it is detected: {"attacks": [[sample, strength, level]]}, as in `found`, with the progress, and
so is how sure the net is in each frame: {"curve": what came since, as `Curve`}.

(harmonic part) ─ chops, beats ─ spectra ─ which sound it is ─ "heard": the kit ─ drums, chords ─ "all heard": lanes
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.offline.studio.state import attack
from samplechop.offline.studio.worker import Message, Tell, by_stage, steps

if TYPE_CHECKING:
    from samplechop.offline.kits.analysis.curve import Curve


ALL_HEARD = "all heard"
"""The last stage."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be heard. record: as its kit's options have it opened, with a cache. harmonic: where its harmonic part
    lies or is to be put, which lives as long as the record is open.
    """

    record: Record
    options: ChopOptions
    harmonic: Path


def hear(task: Task, tell: Tell) -> None:
    """[worker] Run the detectors. Raises UserError, OSError."""
    from samplechop.offline.kits.analysis import candidates, content_detection, detection, tempo_and_key
    from samplechop.offline.kits.analysis.curve import joined
    from samplechop.offline.kits.analysis.record_spectra import spectra
    from samplechop.offline.kits.beside import Beside
    from samplechop.offline.kits.pipeline import wanted
    from samplechop.offline.project.identity import audio_of

    record, options = task.record, task.options
    first, last = candidates.span(record, options)

    def shown(stage: str) -> Callable[[int], object]:
        step = steps(stage, tell)
        return lambda done: step(done, record.length)

    harmonic = record
    if options.harmonic or options.write_harmonic:
        if not task.harmonic.exists():
            # It takes its place when it is whole: a part of it would be taken for all.
            with TemporaryDirectory(dir=task.harmonic.parent) as scratch:
                made = candidates.harmonic_part(record, Path(scratch), shown("taking the harmonic part"))
                made.audio.replace(task.harmonic)
        harmonic = candidates.as_harmonic(record, task.harmonic)
    detected_in = harmonic if options.harmonic else record
    struck: list[list[float]] = []
    drawn: list[Curve] = []

    def told(message: Message) -> None:
        tell(message)
        if struck:
            tell({"attacks": struck.copy()})
            struck.clear()
        if drawn:
            tell({"curve": joined(drawn)})
            drawn.clear()

    detecting = steps("detecting chops", told)
    detection.detect(
        detected_in,
        options,
        first,
        last,
        lambda done: detecting(done, record.length),
        lambda event: struck.append(attack(event.sample, event.strength, event.level or 0.0)),
        drawn.append,
    )
    spectra(detected_in, first, last)
    audio_of(record)
    if options.want != "both":
        cut_from = harmonic if options.write_harmonic else record
        wanted(cut_from, options, first, last, by_stage(tell), Beside())
    tell({"stage": "heard"})
    whole = [(0, record.length)]
    content_detection.detect_hits(record, whole, steps("detecting drums", tell))
    content_detection.detect_chords(record, whole, steps("detecting chords", tell))
    tempo_and_key.key_of_record(record)
    tell({"stage": ALL_HEARD})
