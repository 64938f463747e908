"""Chromium decodes the audio sprites so that every sound begins to the sample where the index says."""

import base64

import numpy as np
import pytest

from samplechop.offline.atlas.settings import SpriteSettings
from samplechop.offline.atlas.web.sprites import read_index, sprites
from tests.offline.atlas.atlases import RATE, lag, make_atlas, nothing, sound

LENGTHS = [3_000, 9_000, 500, 12_000, 2_205]
DECODE = """async ([data, rate]) => {
    const bytes = Uint8Array.from(atob(data), sign => sign.charCodeAt(0));
    const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes.buffer);
    const found = new Uint8Array(decoded.getChannelData(0).buffer);
    return btoa(Array.from(found, byte => String.fromCharCode(byte)).join(""));
}"""


@pytest.mark.parametrize("format", ["mp3", "ogg", "wav"])
def test_sounds_begin_to_the_sample_where_the_index_says(chromium, tmp_path, format) -> None:
    atlas = make_atlas(tmp_path / "atlas", LENGTHS)
    sprites(atlas, SpriteSettings(format=format, part_seconds=0), nothing)
    (part,), places, _ = read_index(atlas)
    page = chromium.new_page()
    try:
        answer = page.evaluate(DECODE, [base64.b64encode(part.read_bytes()).decode(), RATE])
    finally:
        page.close()
    decoded = np.frombuffer(base64.b64decode(answer), np.float32)
    lags = [lag(decoded, round(at * RATE), sound(number, LENGTHS[number])) for number, (_, at, _) in enumerate(places)]
    assert lags == [0] * len(LENGTHS)
