"""A studio that runs, with one made-up record for each file of tests, heard already; a window of it in Chromium."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from tests.support.command import ROOT, program
from tests.support.waiting import PATIENCE, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RATE = 44_100
SECONDS = 10
WINDOW = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark", "reduced_motion": "reduce"}
HEARD = "({ store }) => store.pads.length > 0 && store.found.chords.length > 0 && store.job === null"


@cache
def groove() -> np.ndarray:
    """Give a drum pattern over two chords at 96 bpm: (n, 2), SECONDS long, to be read only."""
    rng, step = np.random.default_rng(1), round(RATE * 60 / 96 / 4)
    time = np.arange(RATE * SECONDS) / RATE
    chords = [(220.0, 261.6, 329.6), (174.6, 220.0, 261.6)]
    sound = np.zeros((len(time), 2))
    for number, begin in enumerate(range(0, len(time), 16 * step)):
        for pitch in chords[number % 2]:
            tone = np.sin(2 * np.pi * pitch * time[: len(time) - begin]) * np.exp(-time[: len(time) - begin] / 1.5)
            sound[begin : begin + 16 * step] += 0.08 * tone[: 16 * step, None]
    decay = time[: 4 * step]
    kick = 0.7 * np.sin(2 * np.pi * (50 * decay + 8 * (1 - np.exp(-decay / 0.02)))) * np.exp(-decay / 0.12)
    snare = 0.5 * rng.standard_normal(len(decay)) * np.exp(-decay / 0.08)
    hat = 0.2 * np.diff(rng.standard_normal(len(decay) + 1)) * np.exp(-decay / 0.02)
    for stroke, places in ((kick, (0, 7, 10)), (snare, (4, 12)), (hat, range(0, 16, 2))):
        for bar in range(0, len(time), 16 * step):
            for place in places:
                at = bar + place * step
                part = sound[at : at + len(stroke)]
                part += stroke[: len(part), None] * rng.uniform(0.8, 1.0)
    sound = 0.9 * sound / np.abs(sound).max()
    sound.flags.writeable = False
    return sound


@dataclass
class Studio:
    """A server that runs. folder: what it has open; files may come. kits: where kits go. address: with the token.

    shown: a file that has what other programs were asked to show, a line each.
    """

    folder: Path
    kits: Path
    shown: Path
    address: str
    process: subprocess.Popen[str]

    def __post_init__(self) -> None:
        """Take the cookie."""
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.get("/?" + self.address.partition("?")[2])

    @property
    def host(self) -> str:
        """Its address, without path and token."""
        return self.address.partition("/?")[0]

    def get(self, path: str) -> bytes:
        """Ask for something as the page does."""
        with self.opener.open(self.host + path) as answer:
            return bytes(answer.read())

    def id_of(self, title: str) -> str:
        """Give the id of a record by its title."""
        items = json.loads(self.get("/api/library"))["items"]
        return str(next(item["id"] for item in items if item["title"] == title))


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Give a studio that has a folder with the record groove.wav open."""
    folder = tmp_path_factory.mktemp("studio")
    soundfile.write(folder / "groove.wav", groove(), RATE, "PCM_16")
    cache, kits = str(tmp_path_factory.mktemp("cache")), tmp_path_factory.mktemp("kits")
    programs = tmp_path_factory.mktemp("programs")
    (opener := programs / "xdg-open").write_text(f'#!/bin/sh\necho "$1" >> {programs / "shown"}\n')
    opener.chmod(0o700)
    running = program(
        *("studio", folder, "--no-browser", "--port", 0, "-o", kits),
        script="tests/support/forked_samplechop.py",
        PYTHONPATH=str(ROOT),
        SAMPLECHOP_CACHE=cache,
        XDG_DATA_HOME=cache,
        PATH=f"{programs}:{os.environ['PATH']}",
    )
    assert running.stdout is not None
    address = running.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), running.communicate()
    yield Studio(folder, kits, programs / "shown", address, running)
    running.terminate()
    running.communicate(timeout=PATIENCE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a test that failed what its page said then."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and page is not None and not page.is_closed():
        from playwright.sync_api import Error

        with suppress(Error):  # of a page that hangs: what is raised here would end all tests
            report.sections.append(("the page", page.locator("body").inner_text(timeout=1000)))
    return report


@pytest.fixture(scope="module")
def record(studio: Studio, request: pytest.FixtureRequest) -> Path:
    """Give a record of this file of tests alone, a copy of groove.wav."""
    path = studio.folder / f"{request.module.__name__.rpartition('.')[2]}.wav"
    shutil.copyfile(studio.folder / "groove.wav", path)
    return path


def open_in(chromium: "Browser", studio: Studio, record: Path, wrong: list[str], **settings: Any) -> "Page":
    """Open a record in a window of its own, and wait until it was heard. wrong: takes the errors of the page."""
    page = chromium.new_context(**(WINDOW | settings)).new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script("if (location.protocol === 'http:') localStorage.setItem('samplechop-hints', 'seen');")
    page.add_init_script("if (location.protocol === 'http:') localStorage.setItem('samplechop-library', 'closed');")
    page.goto(f"{studio.address}&record={studio.id_of(record.stem)}")
    page.evaluate("""async () => {
      window.studio = { ...await import("/page/store.js"), ...await import("/page/view.js"),
                        server: await import("/page/server.js") };
    }""")
    until(page, HEARD, patience=5 * PATIENCE)  # the first that is heard, with all that is compiled for it
    return page


@pytest.fixture
def opened(chromium: "Browser", studio: Studio, record: Path) -> Iterator[Callable[..., "Page"]]:
    """Give what opens the record in a new window with settings of its own."""
    pages: list[Page] = []
    wrong: list[str] = []

    def open_page(**settings: Any) -> "Page":
        pages.append(open_in(chromium, studio, record, wrong, **settings))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def window(chromium: "Browser", studio: Studio, record: Path) -> Iterator["Page"]:
    """Give the window that the tests of a file share."""
    wrong: list[str] = []
    page = open_in(chromium, studio, record, wrong)
    yield page
    page.context.close()
    assert wrong == []


AS_OPENED = """async () => {
  const { store, view, server } = window.studio;
  const { chops, deleted, grid, kit, audio, schema } = store.project;
  if (chops.length + deleted.length + Object.keys(grid).length + Object.keys(kit).length || store.project.key) {
    await server.edit({ do: "replace", project: { schema, audio } });
  }
  document.activeElement?.blur();
  store.select(null);
  store.moveCursor(0);
  store.complain("");
  view.showAll();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


@pytest.fixture
def page(window: "Page") -> "Page":
    """Give the shared window with the record as nothing was decided about it, the whole of it shown."""
    window.mouse.move(2, 2)
    window.evaluate(AS_OPENED)
    return window


def until(page: "Page", condition: str, argument: Any = None, patience: float = PATIENCE) -> None:
    """Wait until a condition on the page's store, view and server holds, such as "({ store }) => store.pads.length".

    Playwright's own wait evaluates text within the page, which the page's policy forbids.
    """
    came = page.evaluate(
        f"""async ([argument, patience]) => {{
          for (const end = performance.now() + 1000 * patience; performance.now() < end;) {{
            if (({condition})(window.studio, argument)) return true;
            await new Promise((done) => setTimeout(done, 10));
          }}
          return false;
        }}""",
        [argument, patience],
    )
    assert came, f"it did not come: {condition}"


def project_of(record: Path) -> dict[str, Any]:
    """Read the project that lies beside a record."""
    wait_until((path := record.with_name(record.stem + ".chops.json")).exists)
    return dict(json.loads(path.read_text(encoding="utf-8")))
