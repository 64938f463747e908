"""The choice of the view that suits where a session is shown."""

from typing import TextIO

from samplechop.realtime.core.standard_streams import say
from samplechop.realtime.ui.text_views import PlainView, QuietView
from samplechop.realtime.ui.view import View


def choose_view(stream: TextIO | None, quiet: bool) -> View:
    """Pick the view that suits `stream`: warnings when quiet, a live screen on a capable terminal, otherwise lines.

    stream: None where the process was started with none, as services are, or with a closed one.
    """
    if quiet or stream is None:
        return QuietView(say)
    if stream.isatty():
        from samplechop.realtime.ui.views import terminal_view  # rich takes long to be imported

        screen = terminal_view(stream)
        if screen is not None:
            return screen
    return PlainView(stream)
