"""Places of a record that sound like one of its slices, by what a kit's chops are compared by."""

from typing import Any

import numpy as np

from samplechop.offline.kits.analysis import candidates, descriptors
from samplechop.offline.kits.analysis.record_spectra import spectra
from samplechop.offline.studio.desk import Desk
from samplechop.realtime.core.errors import UserError

MOST = 12
_DIGITS = 3


def similar(desk: Desk, start: int) -> list[dict[str, Any]]:
    """Give the places most like the slice that begins at a sample, the nearest first: {start, stop, likeness 0..1}.

    Raises UserError before the record was heard, and where no slice begins.
    """
    options = desk.options()
    if not desk.is_heard(options):
        raise UserError("nothing is alike before the record was heard")
    plan, record = desk.plan(), desk.detected_in(options)
    piece = next((one for one in plan.pieces if one.start == start), None)
    if piece is None:
        raise UserError(f"no slice begins at sample {start}")
    first, last = candidates.span(record, options)
    places = {one.sample for one in plan.found.candidates} | {one.start for one in plan.pieces}
    starts = np.array(sorted(places), np.int64)
    stops = np.append(starts[1:], last)
    longest = max(piece.stop - piece.start, 1)
    stops = np.minimum(stops, starts + longest)
    index = int(np.searchsorted(starts, start))
    stops[index] = piece.stop
    described = descriptors.describe_in(spectra(record, first, last), starts, stops, options.compare)
    vectors = described.compared
    others = np.flatnonzero(np.arange(len(starts)) != index)
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    likeness = units @ units[index]
    nearest = others[np.argsort(-likeness[others], kind="stable")][:MOST]
    return [
        {"start": int(starts[one]), "stop": int(stops[one]), "likeness": round(float(likeness[one]), _DIGITS)}
        for one in nearest
    ]
