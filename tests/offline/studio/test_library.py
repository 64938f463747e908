"""What was opened, with pictures, and what sounds alike in it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio import library
from samplechop.offline.studio.pictures import COLUMNS, picture
from samplechop.realtime.core.errors import UserError
from tests.offline.studio.conftest import RATE, Studio
from tests.support.studio_client import Client


@pytest.fixture(scope="module")
def client(studio: Studio) -> Client:
    return Client(studio.address)


def test_a_record_is_there_while_the_library_is_looked_at_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, np.ones(9), RATE)
    one = library.Library([tmp_path])
    before, make, seen = one.items(), library._item, list[library.Item]()

    def made(path: Path, opened: list[Path]) -> library.Item:
        seen.extend(one.item(item.id) for item in before)  # as another thread would
        return make(path, opened)

    monkeypatch.setattr(library, "_item", made)
    assert one.look() == before and seen == [*before, *before]


def test_a_folder_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    for name in ("a.wav", "b.flac"):
        (tmp_path / name).write_bytes(b"no audio")
    with pytest.raises(UserError, match=r"none of 2 files .* '[^']*a\.wav' cannot be read"):
        library.Library([tmp_path])
    soundfile.write(tmp_path / "c.wav", np.ones(9), RATE)
    assert len(library.Library([tmp_path]).items()) == 3


@pytest.mark.parametrize("content", [b"", b"no audio", b"RIFF\x24\x00\x00\x00WAVE"])
def test_a_file_that_holds_no_audio_has_a_fault(tmp_path: Path, content: bytes) -> None:
    (path := tmp_path / "broken.wav").write_bytes(content)
    fault = library.fault_of(path)
    assert fault is not None and "broken.wav" in fault


def test_a_recording_that_was_broken_off_has_none(tmp_path: Path) -> None:
    soundfile.write(path := tmp_path / "broken off.wav", np.ones(9), RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(4) + whole[8:40] + bytes(4) + whole[44:])
    assert library.fault_of(path) is None


def test_a_picture_is_as_loud_as_its_record(tmp_path: Path) -> None:
    path, cache = tmp_path / "rising.wav", ArrayCache(tmp_path / "cache")
    samples = np.repeat(np.arange(COLUMNS) / COLUMNS, RATE // 2)
    soundfile.write(path, samples, RATE)
    heights, seconds = picture(path, cache)
    assert seconds == COLUMNS / 2
    assert np.abs(heights - 255 * np.arange(COLUMNS) / COLUMNS).max() <= 1
    assert np.array_equal(picture(path, cache)[0], heights)


@pytest.mark.parametrize("content", [b"", b"no audio", b"RIFF\xff\xff\xff\xffWAVE"])
def test_what_is_no_audio_has_no_picture(tmp_path: Path, content: bytes) -> None:
    (path := tmp_path / "broken.wav").write_bytes(content)
    heights, seconds = picture(path, ArrayCache(tmp_path / "cache"))
    assert (len(heights), seconds) == (0, None)


def test_a_record_of_one_sample_has_a_picture(tmp_path: Path) -> None:
    soundfile.write(path := tmp_path / "short.wav", np.ones(1), RATE)
    assert len(picture(path, ArrayCache(tmp_path / "cache"))[0]) == COLUMNS


def test_records_that_come_and_go_are_seen(client: Client, studio: Studio) -> None:
    (studio.folder / "new").mkdir()
    soundfile.write(new := studio.folder / "new" / "another.wav", np.zeros(1000), RATE)
    (item,) = [one for one in client.json("/api/library")["items"] if one["title"] == "another"]
    assert (item["project"], item["session"]) == (False, False)
    assert client.json(f"/api/picture?record={item['id']}")["heights"] == [0] * COLUMNS
    new.unlink()
    assert all(one["title"] != "another" for one in client.json("/api/library")["items"])
    assert client.get(f"/api/picture?record={item['id']}")[0] == 400


def test_a_file_that_cannot_be_read_says_why_before_it_is_opened(client: Client, studio: Studio) -> None:
    (path := studio.folder / "unreadable.wav").write_bytes(b"no audio")
    told = client.json(f"/api/picture?record={client.id_of('unreadable')}")
    path.unlink()
    assert (told["heights"], told["seconds"]) == ([], None)
    assert told["fault"].startswith("the record cannot be read as audio")


def test_what_sounds_like_a_slice_is_found(client: Client, record: Path) -> None:
    name = client.id_of(record.stem)
    with client.looking(name) as page:
        page.heard()
        start, stop = (page.state["pads"][1][name] for name in ("start", "stop"))
        places = client.json(f"/api/similar?record={name}&at={start}")["places"]
        known = {*page.state["candidates"][0]} | {one["start"] for one in page.state["pads"]}
    assert 0 < len(places) <= 12
    starts = sorted(one["start"] for one in places)
    assert set(starts) <= known and not any(start <= one < stop for one in starts)
    assert np.diff(starts).min(initial=RATE) >= (stop - start) / 2  # no two of them are nearly one place
    likeness = [one["likeness"] for one in places]
    assert likeness == sorted(likeness, reverse=True)
    assert all(0 <= one <= 1 for one in likeness)


def test_where_no_slice_begins_nothing_is_alike(client: Client, record: Path) -> None:
    status, said = client.get(f"/api/similar?record={client.id_of(record.stem)}&at=7")
    assert status == 400
    assert b"no slice begins" in said


def test_a_slice_of_a_copy_is_the_most_alike_of_those_in_other_records(
    client: Client, studio: Studio, record: Path
) -> None:
    soundfile.write(studio.folder / "unheard.wav", np.zeros(1000), RATE)
    original, copy = client.id_of("groove"), client.id_of(record.stem)
    for name in (original, copy):
        with client.looking(name) as page:
            page.heard()
            start = page.state["pads"][1]["start"]
    status, body = client.get(f"/api/similar/elsewhere?record={copy}&at={start}")
    found = [json.loads(line) for line in body.splitlines()]
    (studio.folder / "unheard.wav").unlink()
    count = found[-1]["of"]
    assert (status, [one["done"] for one in found]) == (200, list(range(1, count + 1)))
    assert found[-1]["unheard"] >= 1
    best = found[-1]["places"][0]
    assert {name: best[name] for name in ("start", "likeness", "rate")} == {"start": start, "likeness": 1, "rate": RATE}
    assert all(one["record"] != copy for one in found[-1]["places"])


def test_elsewhere_nothing_is_alike_what_is_no_slice(client: Client, record: Path) -> None:
    assert client.get(f"/api/similar/elsewhere?record={client.id_of(record.stem)}&at=7")[0] == 400
