"""A record that was shown before is shown before what detects is imported."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio import hearing
from samplechop.offline.studio.desk import Desk
from samplechop.offline.studio.early import early
from samplechop.offline.studio.glimpse import SHOWN, Glimpse
from samplechop.offline.studio.library import Library
from samplechop.offline.studio.remembered import recall, remember
from tests.offline.studio.conftest import RATE, groove
from tests.support.waiting import PATIENCE


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ArrayCache:
    return ArrayCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def desk(tmp_path: Path, cache: ArrayCache) -> Iterator[Desk]:
    """Give a record that was heard, shown and left."""
    path = tmp_path / "record.wav"
    soundfile.write(path, groove()[: 5 * RATE], RATE, "PCM_16")
    one = Desk(path, cache, {})
    if (task := one.to_hear()) is not None:
        hearing.hear(task, lambda _: None)
    one.peaks(64, 0, 1)
    remember(one, cache, {})
    yield one
    one.close()


def asked(app: Starlette, kind: str, path: str, query: str = "") -> tuple[Any, asyncio.Queue[Message]]:
    """Ask an application; give the task that answers, which is to be kept, and what it sends."""
    sent: asyncio.Queue[Message] = asyncio.Queue()
    opening = [{"type": f"{kind}.connect"}]

    async def receive() -> Message:
        return opening.pop() if opening else await asyncio.Event().wait()  # type: ignore[return-value]

    scope = {"type": kind, "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    return asyncio.create_task(app(scope, receive, sent.put)), sent


def test_a_record_is_shown_as_it_was_until_all_is_imported(desk: Desk, cache: ArrayCache) -> None:
    library, imported = Library([desk.path]), threading.Event()
    name = library.items()[0].id

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(sorted(socket.scope[SHOWN]))

    def make() -> Starlette:
        imported.wait()
        return Starlette(routes=[WebSocketRoute("/api/live", live)])

    async def seen() -> list[Any]:
        app = early(make, Glimpse(library, cache, {}))
        async with app.router.lifespan_context(app):
            try:
                tasks, queues = zip(
                    asked(app, "http", "/api/library"),
                    asked(app, "http", "/api/peaks", f"record={name}&level=64&from=0&to=6400"),
                    asked(app, "websocket", "/api/live", f"record={name}"),
                    strict=True,
                )
                async with asyncio.timeout(PATIENCE):  # what waits for the import would wait for ever
                    found = [(await sent.get(), await sent.get())[1] for sent in queues]
            finally:
                imported.set()
            after = await queues[-1].get()
            await asyncio.gather(*tasks)
            return [*found, after]

    items, pairs, state, after = asyncio.run(seen())
    assert json.loads(items["body"])["items"][0]["id"] == name
    assert np.array_equal(np.frombuffer(pairs["body"], "<i2").reshape(-1, 2, 2), desk.peaks(64, 0, 6400))
    assert json.loads(state["text"])["state"] == json.loads(json.dumps(desk.state()))
    assert json.loads(after["text"]) == sorted(desk.state())


def test_what_was_shown_is_not_shown_once_anything_is_another(desk: Desk, cache: ArrayCache) -> None:
    path = desk.path
    shown = recall(path, cache, {})
    assert shown is not None
    assert shown.length == desk.record.length
    assert recall(path, cache, {"count": 4}) is None
    desk.edit([{"do": "add", "at": 1000}])
    remember(desk, cache, {})  # not while it is edited
    assert recall(path, cache, {}) is None
    desk.release()
    remember(desk, cache, {})
    again = recall(path, cache, {})
    assert again is not None
    assert again.sections["project"]["undo"] == "add"
    path.touch()
    assert recall(path, cache, {}) is None
