"""Kits and atlases of what was opened: found wherever they lie in it and nowhere else; whose record a kit is of."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.kits.core.record_cache import record_cache
from samplechop.offline.studio.atlases import GENERATOR
from samplechop.offline.studio.library import Library
from samplechop.offline.studio.shelf import Shelf, sources
from samplechop.realtime.core.errors import UserError
from tests.offline.studio.conftest import RATE, Studio
from tests.support.studio_client import Client

PNG = b"\x89PNG\r\n\x1a\n"


def kit(folder: Path, source: Path | None = None, **told: object) -> Path:
    """Make a folder that is a kit as far as anybody can see."""
    (folder / "slices").mkdir(parents=True)
    (folder / "drawn.png").write_bytes(PNG)
    if source is not None:
        mark = hashlib.sha256(source.read_bytes()).hexdigest()
        told["source"] = {"name": source.name, "bytes": source.stat().st_size, "sha256": mark}
    files = [{"file": "drawn.png", "bytes": len(PNG)}]
    (folder / "kit.json").write_text(json.dumps({"slices": [{}, {}], "files": files, **told}))
    return folder


def wav(path: Path, level: float = 0.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full(100, level), RATE)
    return path


def test_kits_are_found_wherever_they_lie_in_what_was_opened(tmp_path: Path) -> None:
    opened, kits, outside = tmp_path / "opened", tmp_path / "kits", tmp_path / "outside"
    wav(opened / "a.wav")
    here = [kit(opened / "deep" / "er" / "one"), kit(opened / "two"), kit(kits / "three")]
    kit(opened / ".hidden" / "four")
    kit(opened / "two" / "slices" / "inside")
    kit(outside / "five")
    (opened / "link").symlink_to(outside)
    shelf = Shelf([opened, opened / "deep"], kits)
    assert [one.path for one in shelf.look()[0]] == here
    assert [one.folder for one in shelf.look()[0]] == ["opened/deep/er", "opened", "kits"]


def test_a_kit_that_went_is_given_no_more(tmp_path: Path) -> None:
    place = kit(tmp_path / "one")
    shelf = Shelf([], tmp_path)
    ((found,), _) = shelf.look()
    assert shelf.picture(found.id) == place / "drawn.png"
    shutil.rmtree(place)
    with pytest.raises(UserError, match="no such kit"):
        shelf.picture(found.id)


def test_a_picture_lies_in_its_kit(tmp_path: Path) -> None:
    place, other = kit(tmp_path / "one"), tmp_path / "other.png"
    other.write_bytes(PNG)
    (place / "drawn.png").unlink()
    (place / "drawn.png").symlink_to(other)
    shelf = Shelf([], tmp_path)
    ((found,), _) = shelf.look()
    with pytest.raises(UserError, match="no picture"):
        shelf.picture(found.id)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"slices": 1, "files": [1, {}], "source": [], "tempo": "x"}', "[" * 99]
)
def test_a_manifest_may_say_anything(tmp_path: Path, text: str) -> None:
    (kit(tmp_path / "one") / "kit.json").write_text(text)
    ((found,), _) = Shelf([], tmp_path).look()
    assert (found.facts.slices, found.facts.tempo, found.facts.has_picture) == (0, "", False)


def test_a_kit_is_of_the_record_whose_content_it_names(tmp_path: Path) -> None:
    one, other, cache = wav(tmp_path / "one.wav", 0.1), wav(tmp_path / "other.wav", 0.2), ArrayCache(tmp_path / "cache")
    kit(tmp_path / "kits" / "a", one)
    one.rename(renamed := tmp_path / "renamed.wav")
    other.rename(one)  # it has the size and the name that the kit tells of
    library, shelf = Library([tmp_path]), Shelf([tmp_path], tmp_path / "kits")
    names = {item.id: item.path.name for item in library.items()}

    def source() -> str | None:
        found = sources(shelf.look()[0], library.items(), cache)
        return next((names[record] for record in found.values()), None)

    assert source() == "one.wav"  # nobody has read it yet
    record_cache(cache, one, RATE, 1, 100, "auto")
    assert source() is None
    record_cache(cache, renamed, RATE, 1, 100, "auto")
    assert source() == "renamed.wav"


def atlas(folder: Path, head: str = GENERATOR.decode()) -> Path:
    """Make an atlas of seven sounds as far as anybody can see."""
    (folder / "page" / "data").mkdir(parents=True)
    (folder / "page" / "data" / "sounds.js").write_text("takeSounds({})")
    (folder / "page" / "index.html").write_text(f"<!doctype html>\n<head>{head}</head>")
    (folder / "atlas.json").write_text('{"rows": 7}')
    return folder / "page"


def test_the_page_that_is_made_now_tells_of_its_generator() -> None:
    assert GENERATOR in resources.files("samplechop.offline.atlas.web").joinpath("index.html").read_bytes()[:1000]


def test_atlases_are_found_older_ones_too_and_other_pages_are_not(tmp_path: Path) -> None:
    new, old = atlas(tmp_path / "opened" / "a"), atlas(tmp_path / "opened" / "b", "<title>Atlas</title>")
    copied = new.parent.parent / "c"
    shutil.copytree(new, copied)
    atlas(tmp_path / "opened" / "d", "<title>Holiday</title>")
    outside = atlas(tmp_path / "outside")
    (tmp_path / "opened" / "link").symlink_to(outside.parent)
    (linked := tmp_path / "opened" / "linked").mkdir()
    (linked / "index.html").symlink_to(outside / "index.html")
    shelf = Shelf([tmp_path / "opened"], tmp_path / "kits")
    _, atlases = shelf.look()
    assert [(one.path, one.facts.title, one.facts.sounds) for one in atlases] == [
        *((new, "a", 7), (old, "b", 7), (copied, "c", 0))
    ]
    assert shelf.atlas(atlases[0].id) == new / "index.html"
    (new / "index.html").unlink()
    (new / "index.html").symlink_to(outside / "index.html")
    with pytest.raises(UserError, match="no such atlas"):
        shelf.atlas(atlases[0].id)


@pytest.fixture
def made(studio: Studio) -> Iterator[Path]:
    """Give a kit of the record groove, beside it."""
    tempo = {"value": "96", "confidence": 1.0, "other": ""}
    yield kit(studio.folder / "sets" / "verse", studio.folder / "groove.wav", tempo=tempo, key=None)
    shutil.rmtree(studio.folder / "sets")


@pytest.mark.usefixtures("made")
def test_the_page_is_told_of_kits_and_given_their_pictures(studio: Studio) -> None:
    client = Client(studio.address)
    record = client.id_of("groove")
    (found,) = [one for one in client.json("/api/shelf")["kits"] if one["title"] == "verse"]
    told = {"slices": 2, "tempo": "96", "key": "", "source": "groove.wav", "record": record, "picture": True}
    assert found.items() >= told.items()
    assert client.get(f"/api/shelf/picture?kit={found['id']}") == (200, PNG)
    assert client.get(f"/api/kit?kit={found['id']}")[0] == 200
    assert client.get("/api/shelf/picture?kit=../verse")[0] == 400
