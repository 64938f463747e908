"""All that was detected in a record, for the lanes of the page: attacks and their curve, drums, chords, key."""

import zlib
from dataclasses import asdict
from typing import Any

import numpy as np

from samplechop.offline.kits.analysis import candidates, content_detection, detection, tempo_and_key
from samplechop.offline.kits.analysis.attacks import Attacks
from samplechop.offline.kits.analysis.curve import Curve
from samplechop.offline.kits.plan import AS_DETECTED
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.state import NONE, columns, shares
from samplechop.realtime.core.errors import ModelError, UserError
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.detectors.harmony.harte import shorthand

GROWING = "growing"
"""Names a curve that is being drawn."""


def facts_of(curve: Curve, name: str) -> dict[str, Any]:
    """Tell of a curve what its values are drawn by. name: of these values, others have another."""
    return {"name": name, "frames": len(curve.values), "at": curve.at, "hop": curve.hop}


def found(desk: Desk) -> dict[str, Any]:
    """Give what is known by now; lists are empty until it was heard. Positions are samples.

    attacks: `state.columns`, with levels by the beats, corrected ones where a person did. drums: one list for each of
    sample, number of the name in "drum names", weight. chords: sample, number of the name in "chord names", each until
    the next. key: a `Guess`, None where it is not clear. curve: as `facts_of`, or None; its values are asked for by
    range. Raises UserError.
    """
    options = desk.options()
    record = desk.detected_in(options)
    known: dict[str, Any] = {"attacks": NONE, "drums": NONE, "drum names": DRUMS, "chords": NONE[:2], "chord names": []}
    known |= {"key": None, "curve": None}
    if record.cache is None:
        return known
    heard = detection.kept(record.cache, options, *candidates.span(record, options))
    if heard is not None:
        struck = _on_grid(desk, heard.heard)
        order = np.lexsort((struck.levels, struck.strengths, struck.samples))
        known["attacks"] = columns(struck.samples[order].tolist(), struck.strengths[order], struck.levels[order])
        if heard.curve is not None:
            known["curve"] = facts_of(heard.curve, f"{zlib.crc32(heard.curve.values.tobytes()):08x}")
    key = tempo_and_key.kept_key(desk.record_of(options))
    known["key"] = asdict(key) if key else None
    hits, chords = content_detection.kept(desk.record_of(options))
    if hits is not None:
        known["drums"] = [hits.samples.tolist(), hits.drums.tolist(), shares(hits.weights)]
    if chords is not None:
        known["chords"] = [chords.samples.tolist(), chords.numbers.tolist()]
        known["chord names"] = [*map(shorthand, chords.labels), ""]  # the last one is that of no chord, -1
    return known


def _on_grid(desk: Desk, struck: Attacks) -> Attacks:
    """Give attacks with their levels as the kit has them, once it can be planned: by beats that were corrected."""
    options = desk.options()
    if desk.history.project.grid == AS_DETECTED or not desk.is_heard(options):
        return struck
    try:
        planned = desk.plan().found
    except (UserError, ModelError, OSError):  # the state says why
        return struck
    return candidates.on_dial(struck, planned, options, desk.record.sample_rate)
