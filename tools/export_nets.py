"""Write the .tflite of streaming models anew from their weights, NAME.npz: what the net says stays the same.

    python tools/export_nets.py models/chop.json models/drums.json

Their manifests get the new checksums and are otherwise left as they are.
"""

import argparse
import hashlib
import json
from pathlib import Path

from samplechop import models
from samplechop.models import DrumFeatures, StreamFeatures
from samplechop.offline.common.atomic import write_bytes, write_text
from samplechop.offline.training.streaming import start_from


def export(path: Path) -> None:
    """Write the model of one manifest anew. Raises UserError or ModelError where that cannot be done."""
    features = models.load(str(path)).features
    start = start_from(str(path), DrumFeatures if isinstance(features, DrumFeatures) else StreamFeatures)
    step, early = start.shape.steps(start.members)
    record = json.loads(path.read_text(encoding="utf-8"))
    for entry, stage in ((record, step), (record["features"].get("early"), early)):
        if stage is not None:
            content = stage.to_tflite()
            write_bytes(path.with_name(entry["file"]), content)
            entry["sha256"] = hashlib.sha256(content).hexdigest()
    write_text(path, json.dumps(record, indent=2) + "\n")
    models.load(str(path))


def main() -> None:
    """Write each model that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifests", type=Path, nargs="+")
    for path in parser.parse_args().manifests:
        export(path)


if __name__ == "__main__":
    main()
