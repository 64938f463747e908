"""Real one-shots and loops: from files to a map, a grid, spritesheets and the drum machine's data set."""

import json
import os
import re
from pathlib import Path

import pytest
import soundfile

from samplechop.offline.atlas.collect.collect import collect
from samplechop.offline.atlas.fingerprints import fingerprint
from samplechop.offline.atlas.map.map_files import grid
from samplechop.offline.atlas.map.tsne import embed
from samplechop.offline.atlas.settings import (
    CollectSettings,
    DrumMachineSettings,
    EmbedSettings,
    FingerprintSettings,
    GridSettings,
    SpriteSettings,
)
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web.drum_machine import drum_machine
from samplechop.offline.atlas.web.sprites import read_index, sprites
from tests.offline.atlas.atlases import likeness, nothing

RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")
WORDS = {"kick": ("kick", "bass", "bd"), "snare": ("snare", "sn", "sd"), "hat": ("hat", "hh", "cymbal")}
"""What the names of recordings hold, between digits and signs, where they are of a drum."""


def is_called(name: str, drum: str) -> bool:
    return any(word in WORDS[drum] for word in re.split(r"[^a-z]+", name.lower()))


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
    parts, places, _ = read_index(atlas)
    decoded = [soundfile.read(part, dtype="float32")[0] for part in parts]
    for one, samples, (part, offset, _) in zip(atlas.sounds, atlas.samples(), places, strict=True):
        near = likeness(decoded[part], round(offset * atlas.rate), samples[: min(one.length, 2_000)], 200)
        assert near[200] >= 0.9 * near.max(), one.name  # low tones are alike a few samples later
    index = json.loads((atlas.folder / "sprites" / "image.json").read_text())
    corners = {(sheet, x, y) for _, _, sheet, x, y in index["sounds"]}
    assert len(corners) == len(atlas)


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
def test_the_drum_machine_begins_with_drums(atlas: Atlas) -> None:
    drum_machine(atlas, DrumMachineSettings(nearest=8), nothing)
    folder = atlas.folder / "drum-machine" / "meta"
    like = json.loads((folder / "drum_like.json").read_text())
    order = sorted(folder.glob("[0-9]*.json"), key=lambda path: int(path.stem))
    told = [one["name"] for path in order for one in json.loads(path.read_text())["metaData"]]
    for track, drum in (("3", "kick"), ("2", "snare"), ("1", "hat")):
        there = sum(is_called(name, drum) for name in told) / len(told)
        first = [told[index] for index in like[track]]
        share = sum(is_called(name, drum) for name in first) / len(first)
        print(f"{drum}: {share:.0%} of the first {len(first)}, {there:.0%} of all {len(told)}")
        if there * len(told) >= len(first):  # a folder may hold too few of them, or call them something else
            assert share >= min(1.5 * there, 0.5), (drum, first)
