"""The choice on real recordings: less repetition than by chance, hardly less probability."""

import os
from pathlib import Path

import pytest

from samplechop.offline.lab.bench.kit import redundancies

RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")
LEAST_SECONDS = 60


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
def test_kits_of_whole_songs_hardly_repeat_themselves_and_are_nearly_as_likely() -> None:
    import soundfile

    suffixes = {".wav", ".flac", ".ogg"}
    paths = [path for path in sorted(Path(RECORDINGS or "").rglob("*")) if path.suffix.lower() in suffixes]
    songs = [path for path in paths if soundfile.info(path).duration >= LEAST_SECONDS]
    if len(songs) < 2:
        pytest.skip("not two songs among the recordings")
    figures = {figure.name: figure.value for figure in redundancies(songs)}
    assert figures["all: repeats, kit"] <= 0.55 * figures["all: repeats, random"] <= figures["all: repeats, strongest"]
    assert figures["all: repeats, kit"] <= 0.25
    assert figures["all: distance to the nearest, kit"] > 1 > figures["all: distance to the nearest, strongest"]
    # What the difference costs: of two songs alone more than of the seven records in docs/kits.md, 2.5 %.
    assert figures["all: probability lost"] <= 7.5
