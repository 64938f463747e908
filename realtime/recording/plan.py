"""From settings to a recorder that is ready to start."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from samplechop import models
from samplechop.realtime.audio.source import Source
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.engine.engine import Engine
from samplechop.realtime.recording.formats import check_format
from samplechop.realtime.recording.history_buffer import Tape
from samplechop.realtime.recording.recorder import Recorder, RecordPlan
from samplechop.realtime.recording.session_folder import check_folder
from samplechop.realtime.recording.session_writer import Facts
from samplechop.realtime.settings import LiveSettings
from samplechop.realtime.taps.keyboard import Keyboard

MOST_BYTES = 2 << 30
"""Of memory to look back into."""


def plan_recorder(settings: LiveSettings, source: Source, engine: Engine, keyboard: Keyboard | None) -> Recorder | None:
    """[main] Check all that can be checked before a session, and take the memory; None where nothing is to be kept.

    Raises UserError.
    """
    keep = settings.keep_to if settings.keep_last is not None else None
    if settings.record is None and keep is None:
        return None
    for folder, option in ((settings.record, "--record"), (keep, "--keep-dir")):
        if folder is not None:
            check_folder(folder, option)
    check_format(settings.record_format, source.sample_rate, source.channels)
    plan = RecordPlan(settings.record, keep, settings.keep_last or 0.0)
    needed = Tape.nbytes(source.sample_rate, source.channels, plan.tape_seconds)
    if needed > MOST_BYTES:
        raise UserError(
            f"--keep-last {plan.keep_seconds:g} needs {needed / 2**30:.1f} GB of memory for {source.channels} channels "
            f"at {source.sample_rate} Hz and may take {MOST_BYTES / 2**30:.0f} GB: keep fewer seconds"
        )
    manifest = models.load(settings.model)
    facts = Facts(
        source.name,
        source.sample_rate,
        source.channels,
        settings.record_format,
        engine.latency,
        {"name": manifest.name, "version": manifest.version, "sha256": manifest.sha256},
        {name: _plain(value) for name, value in asdict(settings).items()},
        {name: engine.latencies[name] for name in sorted(engine.immediate)},
    )
    return Recorder(plan, facts, source, keyboard)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
