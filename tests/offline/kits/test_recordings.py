"""The choice on real recordings: less repetition, hardly less probability."""

import os
from pathlib import Path

import numpy as np
import pytest

from samplechop.offline.lab.bench import Figure
from samplechop.offline.lab.bench.kit import redundancies

RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")
LEAST_SECONDS = 60
WANTED = ("duplicate rate, kit", "probability lost", "MFCC similarity lowered")


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
def test_kits_of_whole_songs_hardly_repeat_themselves_and_are_nearly_as_likely() -> None:
    import soundfile

    suffixes = {".wav", ".flac", ".ogg"}
    paths = [path for path in sorted(Path(RECORDINGS or "").rglob("*")) if path.suffix.lower() in suffixes]
    songs = [path for path in paths if soundfile.info(path).duration >= LEAST_SECONDS]
    if not songs:
        pytest.skip("no songs among the recordings")
    judged: dict[str, list[Figure]] = {name: [] for name in WANTED}
    for path in songs:
        for figure in redundancies(path):
            name = figure.name.split(": ")[1]
            if name in judged:
                judged[name].append(figure)
    repeated, lost, lowered = (np.mean([figure.value for figure in judged[name]]) for name in WANTED)
    assert repeated <= 0.25
    assert lost <= 5
    assert lowered >= 30
