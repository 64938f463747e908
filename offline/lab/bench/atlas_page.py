"""How fast the page of an atlas is, in Chromium: until the points are there, while they move, until a sound begins.

The browser is the system's, found by name or by the environment variable SAMPLECHOP_CHROMIUM, driven by Playwright.
It has no window and draws without a graphics card, with SwiftShader on the processor: whatever it reaches, a browser
with a card surpasses.
"""

import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samplechop.offline.atlas import fingerprints
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.settings import PageSettings, SpriteSettings
from samplechop.offline.atlas.store import Atlas, Sound
from samplechop.offline.atlas.web import sprites
from samplechop.offline.atlas.web.page import page
from samplechop.offline.common.arrays import write_array
from samplechop.offline.common.progress import silent
from samplechop.offline.lab.bench import Figure
from samplechop.realtime.core.errors import UserError, install_extra

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OVERRIDE = "SAMPLECHOP_CHROMIUM"
_LEFT_OUT = (
    # The list of the address bar: two pages of the browser's own in every window, though nobody types an address.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    # Playwright's own choice, in whose place this one counts.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
)
ARGUMENTS = ("--enable-unsafe-swiftshader", f"--disable-features={','.join(_LEFT_OUT)}")
"""WebGL on the processor, which Chromium else refuses without a graphics card, and windows without what no page needs:
to open and close one takes half the time. Its own choice of all the rest is by far the fastest."""
WINDOW = (1280, 800)
SECONDS = 3.0
"""How long it pans, and zooms."""
HOVERS = 12

_FRAMES = """([what, seconds]) => new Promise((done) => {
  const camera = samplechop.camera, from = performance.now(), drawn = samplechop.drawing.drawn;
  const [x, y, scale] = [camera.x, camera.y, camera.scale];
  let frames = 0, last = from, longest = 0;
  const step = (now) => {
    const passed = performance.now() - from;
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (passed > 1000 * seconds) {
      camera.set(x, y, scale);
      const drawings = (samplechop.drawing.drawn - drawn) * 1000 / passed;
      return done({ frames: frames * 1000 / passed, longest, drawings });
    }
    frames++;
    if (what === "pan") camera.panBy(6 * Math.cos(passed / 300), 4 * Math.sin(passed / 300));
    else camera.zoomAt(camera.width / 2, camera.height / 2, Math.exp(0.03 * Math.cos(passed / 400)));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
_SPY = """
  window.begun = [];
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (...heard) {
    window.begun.push({ at: performance.now(), heard, buffer: this.buffer });
    return start.apply(this, heard);
  };
  addEventListener("pointermove", (event) => { window.pointed = event.timeStamp; }, true);
"""
"""Notes when which part of the audio begins, and when the pointer moved last."""
_NEIGHBOURS = """(most) => {
  const rows = [samplechop.current];
  for (let at = 0; at < most; at++) rows.push(samplechop.near.towards(rows.at(-1), at % 4 < 2 ? 1 : -1, at % 3 - 1));
  return rows.slice(1).filter((row) => row >= 0); }"""


@dataclass(frozen=True, slots=True)
class PageSpeed:
    """first_paint: seconds from opening the page until its points are on the screen. pan, zoom: frames a second, the
    picture following the hand; pan_longest, zoom_longest: the longest frame, ms. redraws: how often a second all points
    were drawn anew meanwhile, rather than the last picture moved. hover: ms from the pointer's move until the sound was
    begun, the median of HOVERS sounds on view; hover_longest: the longest of them. cold: the same for a sound far from
    where the pointer was.
    """

    first_paint: float
    pan: float
    pan_longest: float
    zoom: float
    zoom_longest: float
    redraws: float
    hover: float
    hover_longest: float
    cold: float


def figures(count: int = 20_000) -> Iterator[Figure]:
    """Make a page of so many sounds and measure it. Raises UserError as `browser` does."""
    if chromium() is None:
        raise UserError(f"no Chromium was found: install it, or name its program in {OVERRIDE}")
    with tempfile.TemporaryDirectory() as folder:
        speed = measure(make_page(Path(folder) / "atlas", count))
    name = f"page of {count:,} sounds: "
    yield Figure(name + "first paint", speed.first_paint, "s").at_most(3)
    yield Figure(name + "pan", speed.pan, "frames/s").at_least(30)
    yield Figure(name + "zoom", speed.zoom, "frames/s").at_least(30)
    yield Figure(name + "all points drawn anew meanwhile", speed.redraws, "times/s")
    yield Figure(name + "pointing to sound", speed.hover, "ms").at_most(50)
    yield Figure(name + "pointing to sound, far from where the pointer was", speed.cold, "ms")


def make_page(folder: Path, count: int) -> Path:
    """Make an atlas of short noises in clusters, and its page; give its index.html."""
    random = np.random.default_rng(1)
    rate, longest = 22_050, 3_000
    noises = random.uniform(-1, 1, (64, longest)).astype(np.float32) * np.exp(-np.arange(longest) / 600)
    lengths = random.integers(1_000, longest, count)
    atlas = Atlas.begin(folder, rate, longest)
    rows = [
        Sound(f"sound {row}", f"/sounds/{row}.wav", 0.0, length / rate, length, 1.0, f"class {row % 15}", f"{row % 4}",
              0.2, 1e3, 1e3, 2e3, 0.5, 1e3)
        for row, length in enumerate(lengths.tolist())
    ]  # fmt: skip
    atlas.append(rows, (noises[row % 64, :length].astype(np.float32) for row, length in enumerate(lengths.tolist())))
    centres = random.uniform(0.15, 0.85, (15, 2))[np.arange(count) % 15]
    places = np.clip(centres + 0.05 * random.standard_normal((count, 2)), 0, 1)
    map_files.write_map(atlas, "made", places.astype(np.float32))
    atlas.note(map_files.STEP, {map_files.DEFAULT: "made"})
    write_array(folder / fingerprints.FILE, random.random((count, 16, 16), np.float32))
    atlas.note(fingerprints.STEP, {})
    sprites.sprites(atlas, SpriteSettings(), silent)
    page(atlas, PageSettings(), silent)
    return folder / "page" / "index.html"


def chromium() -> Path | None:
    """Give the browser's program; None if there is none."""
    found = os.environ.get(OVERRIDE) or shutil.which("chromium") or shutil.which("chromium-browser")
    return Path(found) if found else None


@contextmanager
def browser() -> Iterator["Browser"]:
    """Give a running Chromium without a window. Raises UserError if it, or Playwright, is not installed."""
    program = chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise UserError(f"measuring the page needs Playwright: {install_extra('test')}") from None
    if program is None:
        raise UserError(f"no Chromium was found: install it, or name its program in {OVERRIDE}")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield running
        finally:
            running.close()


def open_page(opened: "Page", index: Path) -> None:
    """Open the page of an atlas from disk, and wait until its points are on the screen. index: its index.html."""
    opened.add_init_script(_SPY)
    opened.goto(index.resolve().as_uri())
    opened.wait_for_function("performance.getEntriesByName('painted').length")


def measure(index: Path) -> PageSpeed:
    """Measure a page. index: its index.html. Raises UserError as `browser` does."""
    with browser() as running:
        opened = running.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
        open_page(opened, index)
        first_paint = opened.evaluate("performance.getEntriesByName('painted')[0].startTime") / 1000
        opened.wait_for_timeout(500)
        opened.evaluate(_FRAMES, ["pan", 0.5])  # until everything is compiled
        pan = opened.evaluate(_FRAMES, ["pan", SECONDS])
        zoom = opened.evaluate(_FRAMES, ["zoom", SECONDS])
        hovers, cold = _hovers(opened)
    return PageSpeed(
        first_paint=first_paint,
        pan=pan["frames"],
        pan_longest=pan["longest"],
        zoom=zoom["frames"],
        zoom_longest=zoom["longest"],
        redraws=(pan["drawings"] + zoom["drawings"]) / 2,
        hover=statistics.median(hovers),
        hover_longest=max(hovers),
        cold=statistics.median(cold),
    )


def _hovers(opened: "Page") -> tuple[list[float], list[float]]:
    """Point at sounds: give the ms until each began, first of those near the one before, then of those far from it."""
    opened.mouse.click(*spot(opened, opened.evaluate("samplechop.near.at(700, 400, 1e9)")))
    opened.wait_for_timeout(1500)
    near = opened.evaluate(_NEIGHBOURS, HOVERS)
    count = opened.evaluate("samplechop.count")
    far = [(count * place) // HOVERS for place in range(HOVERS)]
    return [_hover(opened, row) for row in near], [_hover(opened, row) for row in far]


def spot(opened: "Page", row: int) -> tuple[float, float]:
    """Give where a sound's point is on the screen, pixels."""
    spot: list[float] = opened.evaluate(
        """(row) => { const { camera, drawing } = samplechop;
          return [camera.left(drawing.places[2 * row]), camera.top(drawing.places[2 * row + 1])]; }""",
        row,
    )
    return spot[0], spot[1]


def _hover(opened: "Page", row: int) -> float:
    opened.wait_for_timeout(200)
    before: int = opened.evaluate("window.begun.length")
    left, top = spot(opened, row)
    opened.mouse.move(left, top)
    opened.wait_for_function("(before) => window.begun.length > before", arg=before)
    passed: Any = opened.evaluate("window.begun.at(-1).at - window.pointed")
    return float(passed)
