"""Which sound a project belongs to: read through once, for as long as the file stays as it is."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.core.record import Record, open_record
from samplechop.offline.project.identity import audio_of, known_sound

SOUND = np.random.default_rng(3).integers(-9_000, 9_000, (5_000, 2)).astype(np.int16)


def written(path: Path, sound: np.ndarray) -> Record:
    soundfile.write(path, sound, 44_100, subtype="PCM_16")
    return open_record(path, path.parent).with_cache(ArrayCache(path.parent / "cache"))


def test_a_flac_is_the_same_sound_as_a_wav(tmp_path: Path) -> None:
    one, other = written(tmp_path / "song.wav", SOUND), written(tmp_path / "song.flac", SOUND)
    assert audio_of(one).sha256 == audio_of(other).sha256


def test_a_file_that_stays_as_it_is_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = written(tmp_path / "song.wav", SOUND)
    assert record.cache is not None
    assert known_sound(record.cache) == ""
    found = audio_of(record)
    assert known_sound(record.cache) == found.sha256
    with monkeypatch.context() as patched:
        patched.setattr(Record, "blocks", lambda *_, **__: pytest.fail("it was decoded again"))
        assert audio_of(record) == found
    assert audio_of(written(tmp_path / "song.wav", SOUND[::-1])).sha256 != found.sha256
