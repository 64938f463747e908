"""Where people say a record should be cut: labels of every kind, read, checked and written.

Beside `name.wav` may lie, and the first found counts: `name.txt` or `name.csv` (seconds with commas or line ends
between them, or an Audacity label track), `name.labels.txt` (the same), `name.mid` or `name.midi` (notes, or markers if
there are none), `name.jsonl` (a session's events, or its taps), `name.json` (the truth of a synthetic record), and last
the cue points in `name.wav` itself.

Labels are taken as complete: training takes every place of the recording that has no label as no chop. Places that
somebody rejected by name (`Labels.rejected`) are the same, stated.
"""

from samplechop.offline.labels.files import labels_beside, read_labels, read_review, write_labels
from samplechop.offline.labels.formats import Labels

__all__ = ["Labels", "labels_beside", "read_labels", "read_review", "write_labels"]
