"""How the server answers: JSON, and in one sentence what the user can mend."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote

from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from samplechop.offline.studio.wording import in_page_words
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError

MOST_MESSAGE = 1 << 20
"""Bytes of a message of the page's."""
Answer = Callable[[Request], Awaitable[Response]]


def told(answer: Answer) -> Answer:
    """Tell what the user can mend in one sentence, with status 400."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except UserError as error:
            return in_json({"error": in_page_words(str(error))}, 400)

    return guarded


def in_json(value: Any, status: int = 200) -> Response:
    """Answer with JSON, in ASCII: names of files may be no text."""
    return Response(as_text(value), status, media_type="application/json")


def as_text(value: Any) -> str:
    """Give a value as JSON."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def parsed(text: str | bytes) -> Any:
    """Read a message. Raises UserError."""
    try:
        return documents.parse_json(text)
    except ValueError as error:
        raise UserError(f"a message is no JSON ({error})") from None


async def posted(request: Request) -> dict[str, Any]:
    """Read what was posted. Raises UserError for what is no object, or too long."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_MESSAGE:
            raise UserError("a message is too long")
    if not isinstance(message := parsed(content), dict):
        raise UserError("a message must be an object")
    return message


def in_bytes(values: NDArray[Any]) -> Response:
    """Answer with an array's values, little-endian."""
    content = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    return Response(content, media_type="application/octet-stream")


def part_asked(request: Request, levels: Sequence[int], what: str) -> tuple[int, int, int]:
    """Read which part of something is asked for: level, from, to. Raises UserError for a level there is not."""
    level, first, last = (number(request, name) for name in ("level", "from", "to"))
    if level not in levels:
        raise UserError(f"there {what} of level {level}")
    return level, first, last


def attached(name: str) -> dict[str, str]:
    """Give the headers of a file that is kept under a name, whatever letters it has."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='', errors='replace')}"}


def number(request: Request, name: str) -> int:
    """Read a whole number that is asked with. Raises UserError."""
    given = request.query_params.get(name, "")
    if not given.isascii() or not given.isdecimal() or len(given) > 15:
        raise UserError(f"{name} must be a whole number, got {given!r:.40}")
    return int(given)
