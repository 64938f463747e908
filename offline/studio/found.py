"""All that was detected in a record, for the lanes of the page: attacks and their curve, drums, chords, key."""

import zlib
from typing import Any

from samplechop.offline.kits.analysis import candidates, content_detection, detection, tempo_and_key
from samplechop.offline.kits.analysis.curve import Curve
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.state import attack
from samplechop.realtime.core.events import DRUMS
from samplechop.realtime.detectors.harmony.harte import shorthand

GROWING = "growing"
"""Names a curve that is being drawn."""
_DIGITS = 3


def facts_of(curve: Curve, name: str) -> dict[str, Any]:
    """Tell of a curve what its values are drawn by. name: of these values, others have another."""
    return {"name": name, "frames": len(curve.values), "at": curve.at, "hop": curve.hop}


def found(desk: Desk) -> dict[str, Any]:
    """Give what is known by now; lists are empty until it was heard. Positions are samples.

    attacks: [sample, strength, the least density that has it]. drums: [sample, name, weight 0..1]. chords: [sample,
    name], each until the next, "" for none. key: None where it is not clear. curve: as `facts_of`, or None; its values
    are asked for by range. Raises UserError.
    """
    options = desk.options()
    record = desk.detected_in(options)
    known: dict[str, Any] = {"attacks": [], "drums": [], "chords": [], "key": None, "curve": None}
    if record.cache is None:
        return known
    heard = detection.kept(record.cache, options, *candidates.span(record, options))
    if heard is not None:
        struck = heard.heard
        rows = sorted(zip(struck.samples.tolist(), struck.strengths.tolist(), struck.levels.tolist(), strict=True))
        known["attacks"] = [attack(*row) for row in rows]
        if heard.curve is not None:
            known["curve"] = facts_of(heard.curve, f"{zlib.crc32(heard.curve.values.tobytes()):08x}")
    key = tempo_and_key.kept_key(desk.record_of(options))
    known["key"] = key.value if key else None
    hits, chords = content_detection.kept(desk.record_of(options))
    if hits is not None:
        struck_at = zip(hits.samples.tolist(), hits.drums.tolist(), hits.weights.tolist(), strict=True)
        known["drums"] = [[at, DRUMS[drum], round(weight, _DIGITS)] for at, drum, weight in struck_at]
    if chords is not None:
        sounding = zip(chords.samples.tolist(), chords.numbers.tolist(), strict=True)
        names = [shorthand(label) for label in chords.labels]
        known["chords"] = [[at, names[one] if one >= 0 else ""] for at, one in sounding]
    return known
