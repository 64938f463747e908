"""The studio's server: on this machine alone, for whoever has the address it prints, until Ctrl-C."""

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import uvicorn

from samplechop.offline.common.array_cache import user_cache
from samplechop.offline.studio.app import application
from samplechop.offline.studio.guard import TOKEN, Guard
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.library import Library
from samplechop.realtime.core.errors import UserError, reason_of

HOST = "127.0.0.1"
_TOKEN_BYTES = 24
_SEARCH = 20
"""Ports after the usual one that are tried where it is taken."""
USUAL_PORT = 8347


def serve(
    opened: Sequence[Path],
    usual: Mapping[str, Any],
    port: int | None,
    host: str,
    tell: Callable[[str], object],
    browser: bool,
) -> None:
    """Serve a page of what is opened until Ctrl-C.

    usual: options of kits, below those of projects. port: None for the first free one from USUAL_PORT on, 0 for any.
    tell: is given the address, token included, when the page can be opened. browser: whether to open it. Raises
    UserError for what cannot be opened, and for an address that cannot be listened at.
    """
    library = Library(opened)
    with closing(_listening(host, port)) as listener:
        port = listener.getsockname()[1]
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        names = [f"{host}:{port}", *([f"localhost:{port}"] if host == HOST else [])]
        guarded = Guard(application(Hub(library, user_cache(), usual)), token, names)
        config = uvicorn.Config(
            guarded, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1, server_header=False
        )
        tell(address := f"http://{names[0]}/?{TOKEN}={token}")
        if browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int | None) -> socket.socket:
    """Listen at an address. Raises UserError."""
    tried = range(USUAL_PORT, USUAL_PORT + _SEARCH) if port is None else (port,)
    for one in tried:
        found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((host, one))
            found.listen()
            return found
        except OSError as error:
            found.close()
            if one == tried[-1]:
                raise UserError(f"nothing can be served at {host}, port {one}: {reason_of(error)}") from None
    raise AssertionError("no port was tried")
