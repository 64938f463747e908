"""What a page asks a studio, without a page: requests and the socket of a record."""

import http.client
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

from tests.support.command import program
from tests.support.waiting import PATIENCE


class Client:
    """A browser that was given the address. cookie: what it was given for the token."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host = parts.netloc
        _, headers, _ = self.ask(f"/?{parts.query}")
        self.cookie = headers["set-cookie"].partition(";")[0]

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask with these headers alone; give status, headers and body."""
        with closing(http.client.HTTPConnection(self.host, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask as the page does."""
        status, _, body = self.ask(path, Cookie=self.cookie)
        return status, body

    def json(self, path: str) -> Any:
        """Ask for facts."""
        return json.loads(self.get(path)[1])

    def post(self, path: str, value: Any) -> tuple[int, Any]:
        """Have something done, as the page does."""
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}", "Content-Type": "application/json"}
        status, _, body = self.ask(path, "POST", json.dumps(value).encode(), **headers)
        return status, json.loads(body)

    def id_of(self, title: str) -> str:
        """Give the id of a record by its title."""
        return str(next(item["id"] for item in self.json("/api/library")["items"] if item["title"] == title))

    @contextmanager
    def looking(self, record: str) -> Iterator["Socket"]:
        """Open the socket of a record."""
        headers = {"Cookie": self.cookie}
        address = f"ws://{self.host}/api/live?record={record}"
        with connect(address, origin=f"http://{self.host}", additional_headers=headers) as opened:  # type: ignore[arg-type]
            yield Socket(opened)


class Socket:
    """The socket of a page. state: sections as they were sent last. job: the last one."""

    def __init__(self, opened: ClientConnection) -> None:
        self.opened, self.state, self._number = opened, dict[str, Any](), 0

    def receive(self) -> dict[str, Any]:
        """Wait for a message, and take in what it says."""
        message = json.loads(self.opened.recv(PATIENCE))
        if "id" not in message:
            self.state.update(message.get("state", {}))
        return dict(message)

    def until(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait for a message."""
        while not condition(message := self.receive()):
            pass
        return message

    def heard(self) -> None:
        """Wait until there are pads."""
        while not self.state.get("pads"):
            self.receive()

    def send(self, **message: Any) -> dict[str, Any]:
        """Send a message; give the answer."""
        self._number += 1
        self.opened.send(json.dumps({"id": self._number, **message}))
        return self.until(lambda answer: answer.get("id") == self._number)


@contextmanager
def studio(*arguments: object, cache: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run a studio of its own; give its address, token included, and its process."""
    running = program(
        *("studio", "--no-browser", *arguments), script="samplechop/__main__.py", SAMPLECHOP_CACHE=str(cache)
    )
    try:
        assert running.stdout is not None
        yield running.stdout.readline().strip(), running
    finally:
        running.kill()
        running.communicate()
