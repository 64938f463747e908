"""Real one-shots and loops: from files to a map, a grid, spritesheets and the drum machine's data set."""

import json
import os
from pathlib import Path

import pytest
import soundfile

from samplechop.offline.atlas.collect.collect import CollectSettings, collect
from samplechop.offline.atlas.features.spectrogram_fingerprints import FingerprintSettings, fingerprint
from samplechop.offline.atlas.map.grid import GridSettings, grid
from samplechop.offline.atlas.map.tsne import EmbedSettings, embed
from samplechop.offline.atlas.store.atlas import Atlas
from samplechop.offline.atlas.web.drum_machine import DrumMachineSettings, drum_machine
from samplechop.offline.atlas.web.sprites import SpriteSettings, read_index, sprites
from tests.offline.atlas.atlases import lag, nothing

RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")
CALLED = {"bd": "kick", "sn": "snare", "hat": "hat"}
"""What the names of the recordings begin with, and what they are."""


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    folder = tmp_path_factory.mktemp("real") / "atlas"
    paths = [path for path in sorted(Path(RECORDINGS or "").rglob("*.flac")) if soundfile.info(path).duration <= 10]
    collect(folder, paths, CollectSettings(), nothing)
    made = Atlas(folder)
    fingerprint(made, FingerprintSettings(), nothing)
    embed(made, EmbedSettings(), nothing)
    grid(made, GridSettings(), nothing)
    return made


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
def test_every_sound_is_in_the_sheets_where_their_index_says(atlas: Atlas) -> None:
    sprites(atlas, SpriteSettings(), nothing, 1)
    parts, places = read_index(atlas)
    decoded = [soundfile.read(part, dtype="float32")[0] for part in parts]
    exact = 0
    for one, samples, (part, offset, _) in zip(atlas.sounds, atlas.samples(), places, strict=True):
        exact += lag(decoded[part], round(offset * atlas.rate), samples[: min(one.length, 2_000)], 200) == 0
    assert exact >= 0.9 * len(atlas)  # low tones are alike a few samples later
    index = json.loads((atlas.folder / "sprites" / "image.json").read_text())
    corners = {(sheet, x, y) for _, _, sheet, x, y in index["sounds"]}
    assert len(corners) == len(atlas)


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
def test_the_drum_machine_begins_with_drums(atlas: Atlas) -> None:
    drum_machine(atlas, DrumMachineSettings(nearest=8), nothing)
    folder = atlas.folder / "drum-machine" / "meta"
    like = json.loads((folder / "drum_like.json").read_text())
    told = [one for chunk in range(2) for one in json.loads((folder / f"{chunk}.json").read_text())["metaData"]]
    for track, drum, least in (("3", "kick", 7), ("2", "snare", 4), ("1", "hat", 6)):
        names = [told[index]["name"] for index in like[track]]
        of_drum = [name for name in names if drum in name or CALLED.get(name.split("_")[0]) == drum]
        of_drum += [
            name for name in names if (drum == "kick" and "bass" in name) or (drum == "hat" and "cymbal" in name)
        ]
        assert len(set(of_drum)) >= least, (drum, names)
