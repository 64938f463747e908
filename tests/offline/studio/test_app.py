"""What the server answers, on a studio that runs."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from samplechop.offline.studio.peaks import LEVELS
from tests.offline.studio.conftest import RATE, Studio, project_of
from tests.support.command import samplechop
from tests.support.studio_client import Client, Socket
from tests.support.waiting import wait_until

THREE = json.dumps({"do": "kit", "option": "count", "value": 3})


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
        while socket.state["project"]["undo"]:
            socket.send(edits=[{"do": "undo"}])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/colours.css", "text/css; charset=utf-8"),
        ("/page/style.css", "text/css; charset=utf-8"),
        ("/page/start.js", "text/javascript; charset=utf-8"),
    ],
)
def test_the_page_is_given(client: Client, path: str, kind: str) -> None:
    status, headers, body = client.ask(path, Cookie=client.cookie)
    assert (status, headers["content-type"]) == (200, kind)
    assert body


@pytest.mark.parametrize(
    "path",
    [
        "/page/../app.py",
        "/page/..%2fapp.py",
        "/page/%2e%2e%2fapp.py",
        "/page/..%5capp.py",
        "/page//etc/passwd",
        "/page/__init__.py",
        "/page/",
        "/etc/passwd",
        "/api",
        "/api/nothing",
        "/groove.wav",
    ],
)
def test_no_path_leads_out_of_the_page(client: Client, path: str) -> None:
    assert client.get(path)[0] == 404
    assert client.ask(path)[0] == 403


@pytest.mark.parametrize("record", ["", "groove", "../groove.wav", "0" * 12, "/etc/passwd"])
@pytest.mark.parametrize("what", ["project", "found", "peaks", "curve", "audio", "slice", "tags"])
def test_records_are_known_by_their_ids_alone(client: Client, what: str, record: str) -> None:
    status, body = client.get(f"/api/{what}?record={quote(record)}&level=64&from=0&to=9&note=36&slices=0-9")
    assert status == 400
    assert json.loads(body) == {"error": "there is no such record in what was opened"}


def test_no_path_of_this_machine_is_told(client: Client, studio: Studio, name: str) -> None:
    for path in ("library", f"project?record={name}", f"found?record={name}"):
        assert str(studio.folder.parent) not in client.get(f"/api/{path}")[1].decode()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_is_read_is_not_written(client: Client, name: str, method: str) -> None:
    headers = {"Cookie": client.cookie, "Origin": f"http://{client.host}"}
    assert client.ask(f"/api/project?record={name}", method, **headers)[0] == 405


@pytest.mark.parametrize("slices", ["", "9", "9-3", "0-9,", "0-999999999", "-1-5", ",".join(["0-9"] * 129)])
def test_no_tag_is_given_of_what_is_no_slice(client: Client, name: str, slices: str) -> None:
    assert client.get(f"/api/tags?record={name}&slices={slices}")[0] == 400


@pytest.mark.parametrize("level", LEVELS)
def test_peaks_are_the_lowest_and_highest_samples(client: Client, name: str, record: Path, level: int) -> None:
    samples = soundfile.read(record, dtype="int16", always_2d=True)[0]
    first, last = 3 * RATE, 5 * RATE + 77
    body = client.get(f"/api/peaks?record={name}&level={level}&from={first}&to={last}")[1]
    begin, end = first // level * level, -(-last // level) * level
    parts = [samples[at : at + level] for at in range(begin, min(end, len(samples)), level)]
    expected = [np.stack([one.min(0), one.max(0)], -1) for one in parts]
    assert np.array_equal(np.frombuffer(body, "<i2").reshape(-1, 2, 2), expected)


@pytest.mark.usefixtures("page")
def test_the_curve_is_given_by_range_and_in_the_highest_of_every_so_many_frames(client: Client, name: str) -> None:
    frames = client.json(f"/api/found?record={name}")["curve"]["frames"]

    def curve(level: int, first: int, last: int) -> np.ndarray:
        body = client.get(f"/api/curve?record={name}&level={level}&from={first}&to={last}")[1]
        return np.frombuffer(body, np.uint8)

    every = curve(1, 0, frames + 99)
    assert len(every) == frames and every.max() > 200
    assert np.array_equal(curve(1, 50, 60), every[50:60])
    expected = [every[at : at + 16].max() for at in range(32, frames, 16)]
    assert curve(16, 40, frames).tolist() == expected
    assert client.get(f"/api/curve?record={name}&level=3&from=0&to=9")[0] == 400


def test_audio_is_the_record(client: Client, name: str, record: Path) -> None:
    body = client.get(f"/api/audio?record={name}&from=1234&to=45678")[1]
    played, rate = soundfile.read(io.BytesIO(body), dtype="int16", always_2d=True)
    assert rate == RATE
    assert np.array_equal(played, soundfile.read(record, dtype="int16", always_2d=True)[0][1234:45678])


@pytest.mark.parametrize(
    "query",
    ["level=65&from=0&to=9", "level=64&from=-1&to=9", "level=64&from=0", "level=64&from=1e3&to=2000", "level=²&from=0"],
)
def test_numbers_that_are_none_are_refused(client: Client, name: str, query: str) -> None:
    status, body = client.get(f"/api/peaks?record={name}&{quote(query, safe='=&')}")
    assert (status, list(json.loads(body))) == (400, ["error"])


@pytest.mark.parametrize(("first", "last"), [(5, 5), (10**12, 10**12 + 5), (0, 61 * RATE)])
def test_parts_that_are_none_are_refused(client: Client, name: str, first: int, last: int) -> None:
    got = client.get(f"/api/audio?record={name}&from={first}&to={last}")
    assert got[0] == 400 or last == 61 * RATE  # the record is shorter: it ends there


def test_an_edit_is_what_the_command_does(record: Path, page: Socket, studio: Studio) -> None:
    at = page.state["pads"][2]["start"]
    edits: list[dict[str, Any]] = [
        {"do": "lock", "at": at},
        {"do": "steps", "steps": [{"do": "add", "at": 5000}, {"do": "name", "at": 5000, "name": "mine"}]},
        {"do": "kit", "option": "count", "value": 9},
        {"do": "undo"},
    ]
    for edit in edits:
        assert "error" not in page.send(edits=[edit])
    other = studio.folder.parent / "by-command" / record.name
    other.parent.mkdir()
    shutil.copyfile(record, other)
    done = samplechop("project", "set", other, *map(json.dumps, edits))
    assert done.code == 0, done.err
    ours, theirs = (project_of(path) for path in (record, other))
    assert ours.pop("offer") is not None  # of what was detected, which the other did not ask for
    theirs.pop("offer", None)
    assert ours.pop("held")["slices"]  # of the kit that is shown here
    assert ours == theirs


def test_two_pages_of_a_record_stay_alike(client: Client, name: str, page: Socket) -> None:
    with client.looking(name) as other:
        other.heard()
        page.send(edits=[{"do": "kit", "option": "count", "value": 5}])
        other.until(lambda message: len(message.get("state", {}).get("pads", ())) == 5)
        assert "error" not in other.send(edits=[{"do": "lock", "at": page.state["pads"][0]["start"]}])
        page.until(lambda message: any(pad["locked"] for pad in message.get("state", {}).get("pads", ())))
        assert other.state["pads"] == page.state["pads"]
        assert other.state["project"] == page.state["project"]


def test_an_edit_that_changes_nothing_that_is_shown_sends_no_section_again(page: Socket) -> None:
    page.send(edits=[{"do": "name", "at": page.state["pads"][0]["start"], "name": "one"}])
    page.opened.send(
        json.dumps({"id": 99, "edits": [{"do": "name", "at": page.state["pads"][0]["start"], "name": "two"}]})
    )
    seen = page.until(lambda message: "state" in message)["state"]
    assert set(seen) == {"project", "pads"}
    page.until(lambda message: message.get("id") == 99)


def test_another_program_is_told_and_may_edit_when_the_page_is_gone(
    client: Client, record: Path, name: str, page: Socket
) -> None:
    page.send(edits=[{"do": "kit", "option": "count", "value": 5}])
    refused = samplechop("project", "set", record, THREE)
    assert refused.code == 2
    assert "being edited by another program" in refused.err
    page.send(edits=[{"do": "undo"}])
    page.opened.close()
    wait_until(lambda: samplechop("project", "set", record, THREE).code == 0)
    with client.looking(name) as again:
        again.heard()
        assert len(again.state["pads"]) == 3
        assert samplechop("project", "undo", record).code == 0  # the page looks, and does nothing yet
        again.until(lambda message: len(message.get("state", {}).get("pads", ())) > 3)
    page.state["project"]["undo"] = None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"id": 1, "edits": []}',
        '{"id": 1, "edits": "all"}',
        '{"id": 1, "edits": [null]}',
        '{"id": 1, "edits": [{"do": "nothing"}]}',
        '{"id": 1, "preview": [{"do": "move", "chop": "c999", "to": 1}]}',
        '{"id": {"a": 1}, "edits": [NaN]}',
        "[" * 5000,
    ],
    ids=lambda text: text[:40],
)
def test_messages_that_are_none_are_answered(page: Socket, text: str) -> None:
    page.opened.send(text)
    assert page.until(lambda message: "id" in message)["error"]


def test_bytes_are_no_message(page: Socket) -> None:
    page.opened.send(b"\x00\xff")
    assert page.until(lambda message: "id" in message)["error"]


def test_a_message_that_is_too_long_ends_the_socket_alone(client: Client, name: str, page: Socket) -> None:
    from websockets.exceptions import ConnectionClosed

    with client.looking(name) as other, pytest.raises(ConnectionClosed):
        other.opened.send("x" * (2 << 20))
        other.until(dict.clear)
    assert "state" in page.send(preview=[])


def test_a_slice_is_named_as_its_record_is(client: Client, studio: Studio, record: Path) -> None:
    shutil.copyfile(record, named := studio.folder / "Größe 大.wav")
    name = client.id_of(named.stem)
    with client.looking(name) as socket:
        socket.heard()
        note = socket.state["pads"][0]["note"]
    status, headers, _ = client.ask(f"/api/slice?record={name}&note={note}", Cookie=client.cookie)
    assert status == 200
    assert headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    named.unlink()


def test_what_is_no_audio_is_said_to_its_page(client: Client, studio: Studio) -> None:
    (broken := studio.folder / "broken.wav").write_bytes(b"RIFF of nothing")
    name = client.id_of("broken")
    with client.looking(name) as socket:
        assert "cannot be read as audio" in socket.receive()["error"]
    status, body = client.get(f"/api/project?record={name}")
    assert status == 400
    assert "cannot be read as audio" in json.loads(body)["error"]
    broken.unlink()


def test_a_file_that_is_gone_is_said_and_the_studio_goes_on(client: Client, studio: Studio, record: Path) -> None:
    shutil.copyfile(record, gone := studio.folder / "gone.wav")
    name = client.id_of("gone")
    with client.looking(name) as socket:
        socket.heard()
        gone.unlink()
        status, body = client.get(f"/api/audio?record={name}&from=0&to=99")
        assert status == 400
        assert "gone.wav" in json.loads(body)["error"]
        assert "error" in socket.send(edits=[{"do": "add", "at": 99}])
    assert client.get("/api/library")[0] == 200


def test_nothing_is_written_beside_a_record_that_is_only_looked_at(client: Client, studio: Studio) -> None:
    shutil.copyfile(studio.folder / "groove.wav", looked := studio.folder / "looked.wav")
    name = client.id_of("looked")
    with client.looking(name) as socket:
        socket.heard()
        socket.send(preview=[{"do": "add", "at": 5000}])
        client.get(f"/api/peaks?record={name}&level=64&from=0&to=1000")
    assert [path.name for path in studio.folder.iterdir() if path.name.startswith("looked")] == ["looked.wav"]
    looked.unlink()
