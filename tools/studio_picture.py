"""A picture of the studio for the README and docs/studio.md: `python -m tools.studio_picture OUT.png`."""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

from PIL import Image

from samplechop.offline.lab.bench import atlas_page
from samplechop.realtime.cli import DEMO

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTH, HEIGHT = 1400, 860
COLOURS = 240
PATIENCE = 600
"""Seconds until the record was heard: on a machine that never did, the detectors are compiled before."""
HEARD = """async () => {
  const { store } = await import("/page/store.js");
  return store.pads.length > 7 && store.found.chords.length > 0 && !store.job;
}"""
DECISIONS = """async () => {
  const [{ store }, server] = await Promise.all([import("/page/store.js"), import("/page/server.js")]);
  const { rate } = store.record, [first, , third, fourth] = store.pads, late = store.pads[10] ?? store.pads.at(-1);
  await server.edit({ do: "name", at: first.start, name: "intro" });
  await server.edit({ do: "lock", at: fourth.start });
  await server.edit({ do: "name", at: late.start, name: "break" });
  await server.edit({ do: "lock", at: late.start });
  await server.edit({ do: "play", at: late.start, play: "loop" });
  await server.edit({ do: "move", at: third.start, to: third.start + Math.round(0.012 * rate) });
  const chosen = store.pads.find((pad) => pad.name === "break");
  store.moveCursor(chosen.start);
  store.select(chosen.start);
  document.activeElement?.blur();
  await new Promise((done) => setTimeout(done, 600));
}"""


@contextmanager
def studio(record: Path) -> Iterator[str]:
    """Run the studio with a record; gives its address."""
    command = [sys.executable, "-m", "samplechop", "studio", str(record), "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            assert running.stdout is not None
            yield running.stdout.readline().strip()
        finally:
            running.terminate()


def decided(page: "Page") -> Image.Image:
    """Make some decisions on the page of a record, once it was heard, and give its picture."""
    page.evaluate("localStorage.setItem('samplechop-hints', 'seen')")
    page.reload()
    for _ in range(PATIENCE * 10):
        if page.evaluate(HEARD):
            break
        page.wait_for_timeout(100)
    page.evaluate(DECISIONS)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main(arguments: Sequence[str]) -> int:
    """Open the demo as `samplechop studio --demo` does, and write its picture in few colours to the path given."""
    if len(arguments) != 1:
        print("usage: python -m tools.studio_picture OUT.png", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        record = Path(copyfile(DEMO, Path(scratch, DEMO.name)))
        with studio(record) as address, atlas_page.browser() as browser:
            page = browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark", reduced_motion="reduce"
            )
            page.goto(address)
            picture = decided(page)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(arguments[0], optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
