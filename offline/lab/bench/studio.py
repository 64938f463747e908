"""How fast the studio is with a long record, in Chromium: until its waveform and flags are there, while it is moved.

The record is made by rule, stereo, and heard by a studio with an empty cache; then the studio is started anew. The
browser runs already, as that of a user does, draws without a graphics card, and is found as in `atlas_page`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from samplechop.offline.lab.bench import Figure, atlas_page
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RATE = 44_100
TEMPO = 100
SECONDS = 3.0
"""How long it pans, and zooms."""
STARTS = 3
"""Of which the quickest counts, the one least disturbed by what else runs."""
PATIENCE = 3600.0
_DRAWN = "performance.getEntriesByName('waveform and flags').length > 0"
_HEARD = """(async () => {
  const { store } = await import("/page/store.js");
  return store.pads.length > 0 && store.found.chords.length > 0 && store.job === null;
})()"""
_STREAMED = """(async () => (await import("/page/store.js")).store.found.attacks.length > 0)()"""
_FRAMES = """async ([what, seconds]) => {
  const { view } = await import("/page/view.js");
  const from = performance.now();
  let frames = 0, longest = 0, last = from;
  return new Promise((done) => {
    const step = () => {
      const now = performance.now(), passed = now - from;
      longest = Math.max(longest, now - last);
      last = now;
      if (passed > 1000 * seconds) return done({ frames: frames * 1000 / passed, longest });
      frames += 1;
      if (what === "pan") view.pan(12 * view.scale * Math.cos(passed / 400));
      else view.zoom(Math.exp(0.12 * Math.cos(passed / 700)), view.width / 2 + 300 * Math.sin(passed / 900));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
}"""

_TURNED = {"density": (0.3, 0.4, 0.5), "count": (20, 24, 30), "diversity": (0.3, 0.4, 0.6)}
"""Values that sliders are turned to, of which the quickest counts."""
_PREVIEW = """async ([option, value]) => {
  const { store } = await import("/page/store.js");
  const slider = document.querySelector(`input[data-option="${option}"]`);
  const from = performance.now();
  const shown = new Promise((done) => store.addEventListener("kit", done, { once: true }));
  slider.valueAsNumber = value;
  slider.dispatchEvent(new Event("input"));
  await shown;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - from;
}"""


def figures(minutes: float = 90.0) -> Iterator[Figure]:
    """Make a record so long and measure. Raises UserError as `atlas_page.browser` does."""
    with tempfile.TemporaryDirectory() as scratch, atlas_page.browser() as browser:
        folder = Path(scratch)
        record = make_record(folder / "long.wav", minutes)
        name = f"{minutes:g} minutes: "
        with _studio(record, folder / "cache") as (begun, address):
            page = _opened(browser, address)
            _until(page, _STREAMED)
            yield Figure(name + "first hearing, command to first attacks", time.time() - begun, "s")
            _until(page, _HEARD)
            yield Figure(name + "first hearing, all of it", time.time() - begun, "s")
            page.close()
        started = []
        for _ in range(STARTS):
            with _studio(record, folder / "cache") as (begun, address):
                page = _opened(browser, address)
                _until(page, _DRAWN)
                started.append(page.evaluate(_MARKED) / 1000 - begun)
                if len(started) == STARTS:
                    yield Figure(name + "command to waveform with flags", min(started), "s").at_most(2)
                    yield from _moved(page, name)
                page.close()


_MARKED = "performance.timeOrigin + performance.getEntriesByName('waveform and flags')[0].startTime"


def _moved(page: "Page", name: str) -> Iterator[Figure]:
    _until(page, _HEARD)
    for what in ("pan", "zoom"):
        page.evaluate(_FRAMES, [what, 1.0])  # until everything is compiled, and the levels are there
    for what in ("pan", "zoom"):
        moved: dict[str, Any] = page.evaluate(_FRAMES, [what, SECONDS])
        yield Figure(name + what, moved["frames"], "frames/s").at_least(59)
        yield Figure(name + what + ", longest frame", moved["longest"], "ms")
    for option, values in _TURNED.items():
        shown = [page.evaluate(_PREVIEW, [option, value]) for value in values]
        yield Figure(name + f"{option} turned to kit drawn", min(shown), "ms").at_most(100)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")
    yield Figure(name + "heap of the tab's scripts", heap["usedSize"] / 1e6, "MB").at_most(300)
    yield Figure(name + "typed arrays of the tab", heap.get("backingStorageSize", 0) / 1e6, "MB")
    if (whole := _resident(page)) is not None:
        yield Figure(name + "the tab's whole process", whole / 1e6, "MB").at_most(300)


def _resident(page: "Page") -> float | None:
    """Give the bytes of the process that draws the page, its share of what others have too; None without /proc."""
    browser = page.context.browser
    assert browser is not None
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    found = []
    for process in processes:
        place = Path(f"/proc/{process['id']}/smaps_rollup")
        if process["type"] == "renderer" and place.exists():
            share = next(line for line in place.read_text().splitlines() if line.startswith("Pss:"))
            found.append(1024 * float(share.split()[1]))
    return max(found, default=None)


def make_record(path: Path, minutes: float) -> Path:
    """Write a stereo recording of drums and chords by rule, with rests: 16 bits."""
    rng, beat = np.random.default_rng(1), RATE * 60 // TEMPO
    at = np.arange(beat) / RATE
    kick = 0.8 * np.sin(2 * np.pi * (50 * at + 4 * (1 - np.exp(-at / 0.03)))) * np.exp(-at / 0.1)
    snare = 0.3 * rng.standard_normal(beat) * np.exp(-at / 0.06)
    hat = 0.15 * np.diff(rng.standard_normal(beat + 1)) * np.exp(-at / 0.015)
    long = round(60 * minutes * RATE)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        number = 0
        while file.frames < long:
            root = 110 * 2 ** ((0, 5, 7, 3)[number // 8 % 4] / 12)
            chord = sum(np.sin(2 * np.pi * root * ratio * at) for ratio in (1, 1.26, 1.5)) * np.exp(-1.2 * at)
            sound = kick if number % 2 == 0 else snare
            late = np.roll(hat, beat // 2) * (rng.random() < 0.8)
            loud = (0.5, 0.8, 1.0, 0.3)[number // 64 % 4]
            both = np.stack([sound + 0.06 * chord + late, sound + 0.05 * chord + 0.5 * late], axis=1)
            file.write(np.clip(0.7 * loud * both, -1, 1)[: long - file.frames])
            number += 1
    return path


@contextmanager
def _studio(record: Path, cache: Path) -> Iterator[tuple[float, str]]:
    """Start a studio; give when, in seconds since the epoch, and its address."""
    begun = time.time()
    running = subprocess.Popen(
        [sys.executable, "-m", "samplechop", "studio", str(record), "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "SAMPLECHOP_CACHE": str(cache)},
    )
    assert running.stdout is not None
    try:
        address = running.stdout.readline().strip()
        if not address:
            raise UserError("the studio did not begin: try samplechop studio --demo")
        yield begun, address
    finally:
        running.terminate()
        running.wait()


def _opened(browser: "Browser", address: str) -> "Page":
    width, height = atlas_page.WINDOW
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    return page


def _until(page: "Page", condition: str) -> None:
    """Wait for what a script says. The page's policy forbids Playwright's own way, which evaluates text there."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(condition):
        if time.monotonic() > end:
            raise UserError(f"the page did not come so far in {PATIENCE:g} seconds")
        time.sleep(0.02)
