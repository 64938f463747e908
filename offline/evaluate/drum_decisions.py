"""What a model decides on drums: which it tells apart, and which it never gives."""

from samplechop import models
from samplechop.models import StreamFeatures
from samplechop.offline.evaluate.peers import PEERS
from samplechop.offline.evaluate.systems import EARLY, parted, title
from samplechop.realtime.detectors.drums.hit_picking import NEVER, DrumDecision


def decision_of(system: str) -> DrumDecision | None:
    """Read how a system chooses hits; None for one that is no model. Raises models.ModelError for one without drums."""
    if system in PEERS or system.startswith("detector:"):
        return None
    model, stage = parted(system)
    manifest = models.load(model)
    record = manifest.decision
    if isinstance(manifest.features, StreamFeatures):
        key, does = ("early", "names no drums at once") if stage == EARLY else ("confirmed", "confirms no drums")
        if key not in record:
            raise models.ModelError(f"model {model!r} {does}: the default, 'chop', does")
        record = record[key]
    return DrumDecision.read(record, f"model {model!r}")


def never_given(system: str) -> list[str]:
    """Say which drums a system never gives, in one sentence for all and one for passages of drums alone."""
    decision = decision_of(system)
    if decision is None:
        return []
    usual = [name for name, one in decision.drums.items() if one.threshold >= NEVER]
    alone = [name for name, one in decision.alone.items() if one.threshold >= NEVER]
    kinds = {
        "": [name for name in usual if name in alone or not decision.alone],
        " where drums alone sound": [name for name in alone if name not in usual],
        " in music": [name for name in usual if name not in alone and decision.alone],
    }
    return [f"{title(system)} never gives {', '.join(names)}{where}" for where, names in kinds.items() if names]
