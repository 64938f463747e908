"""A kit exported from the page is the one samplechop chop makes, lies where it is said, and takes nobody's place."""

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from samplechop.offline.export import FORMATS
from samplechop.offline.studio.handing_over import show
from samplechop.offline.studio.wording import in_page_words
from samplechop.realtime.core.errors import UserError
from tests.offline.studio.conftest import Studio
from tests.support.command import samplechop
from tests.support.studio_client import Client, Socket
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def client(studio: Studio) -> Client:
    return Client(studio.address)


@pytest.fixture(scope="module")
def name(record: Path, client: Client) -> str:
    return client.id_of(record.stem)


@pytest.fixture
def page(client: Client, name: str) -> Iterator[Socket]:
    with client.looking(name) as socket:
        socket.heard()
        yield socket


def exported(client: Client, page: Socket, name: str, place: str, **how: object) -> dict:
    """Export, and wait for what comes of it."""
    status, begun = client.post("/api/export", {"record": name, "place": place, **how})
    assert (status, begun["kit"]) == (202, place), begun
    ends = page.until(lambda message: ended(message, begun["number"]))
    return dict(ends["export"])


def ended(message: dict, number: int) -> bool:
    job = message.get("export", {})
    return job.get("number") == number and "done" not in job


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def kit(client: Client, studio: Studio, name: str) -> Path:
    """Give a kit that was exported, after decisions."""
    with client.looking(name) as page:
        page.heard()
        page.send(
            edits=[{"do": "lock", "at": page.state["pads"][1]["start"]}, {"do": "kit", "option": "count", "value": 5}]
        )
        done = exported(client, page, name, "exported")
    assert done["stage"] == "exported", done
    assert (done["slices"], done["folder"]) == (5, str(studio.kits / "exported"))
    return studio.kits / "exported"


def test_it_is_the_kit_of_the_command_byte_for_byte(kit: Path, record: Path, tmp_path: Path) -> None:
    done = samplechop("chop", record, "-o", tmp_path)
    assert done.code == 0, done.err
    ours, theirs = content(kit), content(tmp_path / record.stem)
    assert ours == theirs
    assert len(ours) > 10


def test_a_kit_that_is_there_is_not_replaced_unasked(
    client: Client, page: Socket, name: str, kit: Path, studio: Studio
) -> None:
    before = content(kit)
    status, said = client.post("/api/export", {"record": name, "place": "exported"})
    assert (status, said) == (409, {"taken": "exported", "free": "exported-2"})
    assert content(kit) == before
    assert exported(client, page, name, "exported", replace=True, formats=["sfz"])["formats"] == ["sfz", "json"]
    assert set(content(kit)) < set(before)
    assert exported(client, page, name, said["free"])["stage"] == "exported"
    assert (studio.kits / "exported-2" / "kit.json").exists()


def test_what_is_no_kit_is_not_replaced_at_all(client: Client, page: Socket, name: str, studio: Studio) -> None:
    (mine := studio.kits / "mine").mkdir(parents=True)
    (mine / "letter.txt").write_text("mine")
    assert client.post("/api/export", {"record": name, "place": "mine"})[0] == 409
    assert "no kit" in exported(client, page, name, "mine", replace=True)["error"]
    assert content(mine) == {"letter.txt": b"mine"}


def test_a_page_shows_an_export_before_its_process_has_begun(client: Client, page: Socket, name: str) -> None:
    number = client.post("/api/export", {"record": name, "place": "begun"})[1]["number"]
    client.post("/api/export/stop", {"record": name})
    first = page.until(lambda message: message.get("export", {}).get("number") == number)["export"]
    assert (first["stage"], first["done"]) == ("preparing", 0)
    page.until(lambda message: ended(message, number))


def test_an_export_can_be_stopped_and_leaves_nothing(client: Client, page: Socket, name: str, studio: Studio) -> None:
    number = client.post("/api/export", {"record": name, "place": "stopped"})[1]["number"]
    status, said = client.post("/api/export", {"record": name, "place": "another"})
    assert status == 400 and "is being made" in said["error"]
    client.post("/api/export/stop", {"record": name})
    ends = page.until(lambda message: ended(message, number))["export"]
    # What was whole already when it was stopped is there.
    left = ["stopped"] if ends["stage"] == "exported" else []
    assert [path.name for path in studio.kits.iterdir() if "stopped" in path.name] == left


@pytest.mark.parametrize("place", ["", "..", ".", "../x", "a/b", "/tmp/x", ".hidden", "a\\b", "x" * 300])
def test_a_kit_goes_nowhere_else(client: Client, name: str, place: str) -> None:
    status, said = client.post("/api/export", {"record": name, "place": place})
    assert status == 400 and list(said) == ["error"]


@pytest.mark.parametrize("formats", ["sfz", [1], ["nothing"], [["sfz"]], {"sfz": 1}])
def test_formats_that_are_none_are_refused(client: Client, name: str, formats: object) -> None:
    status, said = client.post("/api/export", {"record": name, "place": "none", "formats": formats})
    assert status == 400 and list(said) == ["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"no", b"{}", b"x" * (2 << 20)], ids=len)
def test_what_is_posted_must_be_an_export(client: Client, body: bytes) -> None:
    headers = {"Cookie": client.cookie, "Origin": f"http://{client.host}"}
    status, _, said = client.ask("/api/export", "POST", body, **headers)
    assert status == 400 and list(json.loads(said)) == ["error"]


def test_formats_say_what_opens_them(client: Client, name: str, studio: Studio) -> None:
    said = client.json(f"/api/formats?record={name}")
    assert {one["name"]: one["opens_in"] for one in said["formats"]}.items() >= {
        one.name: one.opens_in for one in FORMATS
    }.items()
    assert said["folder"] == str(studio.kits)


def test_the_files_of_a_kit_can_be_dragged_out(client: Client, kit: Path) -> None:
    status, body = client.get("/api/kit?name=exported")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(body)) as made:
        assert {name: made.read(name) for name in made.namelist()} == {
            f"exported/{name}": value for name, value in content(kit).items()
        }
    assert client.get("/api/kit/file?name=exported&file=kit.json") == (200, (kit / "kit.json").read_bytes())


@pytest.mark.parametrize(
    "query",
    ["name=exported&file=../../groove.wav", "name=..&file=groove.wav", "name=exported&file=", "name=&file=kit.json"],
)
def test_no_other_file_is_given(client: Client, kit: Path, query: str) -> None:
    assert kit.exists()
    assert client.get(f"/api/kit/file?{quote(query, safe='=&')}")[0] == 400
    assert client.get("/api/kit?name=" + quote("../studio0"))[0] == 400


def test_a_file_that_is_not_of_the_kit_is_not_given(client: Client, kit: Path) -> None:
    (kit / "letter.txt").write_text("mine")
    (kit / "link.wav").symlink_to(kit.parent.parent / "groove.wav")
    for file in ("letter.txt", "link.wav"):
        assert client.get(f"/api/kit/file?name=exported&file={file}")[0] == 400


def test_a_kit_is_shown_in_the_file_manager(kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tmp_path / "shown"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no file manager"):
        show(kit, "file manager")
    manager = tmp_path / "xdg-open"
    manager.write_text(f'#!/bin/sh\nprintf %s "$1" > {shown}.part\n/bin/mv {shown}.part {shown}\n')
    manager.chmod(0o700)
    show(kit, "file manager")
    wait_until(shown.exists)
    assert shown.read_text() == os.fspath(kit)


def test_where_no_file_manager_opens_the_place_is_told(
    kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (manager := tmp_path / "xdg-open").write_text("#!/bin/sh\nexit 3\n")
    manager.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=re.escape(str(kit))):
        show(kit, "file manager")


@pytest.mark.parametrize(
    "said",
    [
        "'/records/a.wav' is drums alone with 44 hits; --count 44 gives each a pad",
        "no chop was found in '/records/a.wav', so it is one slice; a lower --threshold finds more",
        "1.0 of 9.0 s lie on no pad; --until chosen has the whole record on pads",
        "'/records/a.wav' gave 3 of 9 slices: it has no more attacks at least --min-gap apart",
        "'/records/a.wav' has no clear tempo, so --bars changed nothing",
        "--lock and the beginning are 3 slices, --count leaves room for 2",
        "Hydrogen: a pad plays its slice to the end, --play gate is nothing it can say",
    ],
)
def test_the_page_names_no_option_of_the_command_line(said: str) -> None:
    words = in_page_words(said, Path("/records/a.wav"))
    assert "--" not in words and "/records" not in words and len(words) > 20


@pytest.mark.parametrize("name", ["..", "nothing", "mine/..", ""])
def test_nothing_but_a_kit_is_shown(client: Client, name: str) -> None:
    assert client.post("/api/reveal", {"name": name})[0] == 400
    assert client.post("/api/reveal", {"kit": name})[0] == 400
