"""The studio's server: on this machine alone, for whoever has the address it prints, until Ctrl-C."""

import gc
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from starlette.applications import Starlette

from samplechop.offline.common.array_cache import ArrayCache, user_cache
from samplechop.offline.studio.answers import MOST_MESSAGE
from samplechop.offline.studio.early import early
from samplechop.offline.studio.glimpse import Glimpse
from samplechop.offline.studio.guard import TOKEN, TOKEN_BYTES, Guard
from samplechop.offline.studio.library import Library
from samplechop.realtime.core.ends import end_held
from samplechop.realtime.core.errors import UserError, reason_of

HOST = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::")
"""Addresses that stand for all of this machine's."""
_SEARCH = 20
"""Ports after the usual one that are tried where it is taken."""
USUAL_PORT = 8347
_HTTP_PORT = 80


def serve(
    opened: Sequence[Path],
    output: Path,
    usual: Mapping[str, Any],
    port: int | None,
    host: str,
    tell: Callable[[str], object],
    browser: bool,
) -> None:
    """Serve a page of what is opened until Ctrl-C.

    output: folder that kits go to. usual: options of kits, below those of projects. port: None for the first free one
    from USUAL_PORT on, 0 for any. tell: is given the address, token included, when the page can be opened. browser:
    whether to open it. Raises UserError for what cannot be opened, and for an address that cannot be listened at.
    """
    library = Library(opened)
    with ExitStack() as open_:
        listener = open_.enter_context(listening(host, port))
        cache = open_.enter_context(working_cache())
        names = names_of(host, listener.getsockname()[1])
        token = secrets.token_urlsafe(TOKEN_BYTES)
        glimpse = Glimpse(library, cache, usual)
        guarded = Guard(early(lambda: _made(library, output, cache, usual), glimpse), token, names)
        tell(f"http://{names[0]}/?{TOKEN}={token}")
        if browser:
            address = f"http://{names[0]}/?{TOKEN}={guarded.token_for_once()}"
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        import uvicorn

        class Server(uvicorn.Server):
            @contextmanager
            def capture_signals(self) -> Iterator[None]:
                """Begin the end at the first signal; those that follow soon change nothing."""
                with end_held(self._end):
                    yield

            def _end(self) -> None:
                self.force_exit, self.should_exit = self.should_exit, True

        config = uvicorn.Config(
            guarded,
            log_config=None,  # an address may hold the token
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=MOST_MESSAGE,
            ws_per_message_deflate=False,  # between programs of one machine it only takes time
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        Server(config).run(sockets=[listener])


def _made(library: Library, output: Path, cache: ArrayCache, usual: Mapping[str, Any]) -> Starlette:
    """[any thread] Import what detects, and make what answers for the records."""
    from samplechop.offline.studio.app import application
    from samplechop.offline.studio.hub import Hub
    from samplechop.offline.studio.kits import Kits

    made = application(Hub(library, Kits(output), cache, usual))
    gc.freeze()  # what was imported stays: each time it were looked through, a slider would stand still for 70 ms
    return made


def names_of(host: str, port: int) -> list[str]:
    """Give the names a browser may ask for under, as in the header Host; the first one is told.

    No more than these: a page elsewhere can have its own name lead here.
    """
    hosts = [socket.gethostname(), *_own_addresses(), HOST] if host in EVERYWHERE else [host]
    if host in (HOST, *EVERYWHERE):
        hosts.append("localhost")
    hosts = [f"[{one}]" if ":" in one else one for one in dict.fromkeys(hosts)]
    return [f"{one}:{port}" for one in hosts] + (hosts if port == _HTTP_PORT else [])


def _own_addresses() -> list[str]:
    with suppress(OSError):
        return [str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None, proto=socket.IPPROTO_TCP)]
    return []


@contextmanager
def working_cache() -> Iterator[ArrayCache]:
    """Give this user's cache, or, where that takes nothing, one that goes with this: pads are made of what it has."""
    cache, tried = user_cache(), {"tried": np.zeros(1)}
    cache.arrays("the studio", lambda: tried)
    if cache.kept("the studio") is not None:
        yield cache
        return
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield ArrayCache(Path(folder))


def listening(host: str, port: int | None) -> socket.socket:
    """Listen at an address. Raises UserError."""
    tried = range(USUAL_PORT, USUAL_PORT + _SEARCH) if port is None else (port,)
    for one in tried:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # The protocol is named, else asyncio leaves Nagle's algorithm on, and each answer waits 40 ms for the browser.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # Windows would let two programs have one port by it
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((host, one))
            found.listen(128)  # from now on a browser may come, and nobody else can have the port
            return found
        except OSError as error:
            found.close()
            if one == tried[-1]:
                raise UserError(f"nothing can be served at {host}, port {one}: {reason_of(error)}") from None
    raise AssertionError("no port was tried")
