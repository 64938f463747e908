"""The program: how it begins, and that it ends at once and leaves nothing behind."""

import signal
import socket
from contextlib import closing, suppress
from pathlib import Path

import pytest
import soundfile

from samplechop.offline.studio.server import USUAL_PORT, names_of
from tests.offline.studio.conftest import RATE, groove
from tests.support.command import samplechop
from tests.support.studio_client import Client, studio
from tests.support.waiting import PATIENCE, wait_until


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a record that takes the detectors a while."""
    path = tmp_path_factory.mktemp("records") / "long.wav"
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(20):
            file.write(groove())
    return path


def children(process: int) -> list[int]:
    """Give the processes that a process has started and that are there."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = place.read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if int(parent) == process and state != "Z":
            found.append(int(place.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_it_ends_at_once_and_leaves_no_worker(record: Path, tmp_path: Path, name: str) -> None:
    asks = getattr(signal, name)
    with studio("--port", 0, record, cache=tmp_path / "cache") as (address, running):
        client = Client(address)
        with client.looking(client.id_of("long")) as page:
            page.until(lambda message: "job" in message)  # a worker is at work, and a socket open
            wait_until(lambda: children(running.pid))
            workers = children(running.pid)
            for _ in range(2):  # as of a hasty user, and of a terminal that closes
                running.send_signal(asks)
            out, err = running.communicate(timeout=PATIENCE)
        assert running.returncode == 128 + asks
        assert (out.strip(), err.strip()) == ("", "the studio is open at this address until Ctrl-C")
        wait_until(lambda: not any(Path(f"/proc/{one}").exists() for one in workers))
    assert [path.name for path in record.parent.iterdir()] == ["long.wav"]


def test_a_hearing_goes_on_when_the_page_is_gone_until_another_record_waits(record: Path, tmp_path: Path) -> None:
    other = record.with_name("other.wav")
    soundfile.write(other, groove(), RATE)
    with studio("--port", 0, record, other, cache=tmp_path / "cache") as (address, running):
        client = Client(address)
        with client.looking(client.id_of("long")) as page:
            page.until(lambda message: "job" in message)
            wait_until(lambda: any(map(_hears, children(running.pid))))
            (worker,) = [one for one in children(running.pid) if _hears(one)]
        with client.looking(client.id_of("other")) as page:
            page.heard()
            assert worker not in children(running.pid)
    other.unlink()


def _hears(process: int) -> bool:
    with suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def test_the_token_stands_in_no_log_and_in_no_list_of_processes(record: Path, tmp_path: Path) -> None:
    with studio("--port", 0, record, cache=tmp_path / "cache") as (address, running):
        token = address.partition("token=")[2]
        client = Client(address)
        assert client.get("/api/library")[0] == 200
        assert client.ask(f"/?token={token}x")[0] == 403
        assert token not in Path(f"/proc/{running.pid}/cmdline").read_text()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=PATIENCE)
    assert token not in out + err


def test_a_port_that_is_taken_is_said(record: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        done = samplechop("studio", record, "--no-browser", "--port", port)
    assert done.code == 2
    assert f"port {port}" in done.err


def test_a_second_studio_takes_another_port(record: Path, tmp_path: Path) -> None:
    with (
        studio(record, cache=tmp_path) as (one, _),
        studio(record, cache=tmp_path) as (other, _),
    ):
        ports = [int(address.partition("/?")[0].rpartition(":")[2]) for address in (one, other)]
        assert USUAL_PORT <= ports[0] < ports[1]
        clients = [Client(one), Client(other)]
        assert [client.get("/api/library")[0] for client in clients] == [200, 200]
        assert clients[0].ask("/api/library", Cookie=clients[1].cookie)[0] == 403


@pytest.mark.parametrize("name", ["nothing.wav", "notes.txt", "named-so.wav"])
def test_what_is_no_audio_is_said(tmp_path: Path, name: str) -> None:
    for made in ("notes.txt", "named-so.wav"):
        (tmp_path / made).write_text("no audio")
    done = samplechop("studio", tmp_path / name, "--no-browser", "--port", 0)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert name in done.err


def test_a_folder_without_audio_is_said(tmp_path: Path) -> None:
    done = samplechop("studio", tmp_path, "--no-browser")
    assert done.code == 2
    assert "there is no audio" in done.err


def test_names_that_may_be_asked_for_are_those_of_the_address() -> None:
    assert names_of("127.0.0.1", 8347) == ["127.0.0.1:8347", "localhost:8347"]
    assert names_of("::1", 8347) == ["[::1]:8347"]
    assert names_of("127.0.0.1", 80) == ["127.0.0.1:80", "localhost:80", "127.0.0.1", "localhost"]
    assert names_of("0.0.0.0", 8347)[0] == f"{socket.gethostname()}:8347"
