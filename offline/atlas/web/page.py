"""The page: a folder with the map, the sounds and the programme to play them, which any browser opens from disk.

    page/index.html           and our own style and scripts, as they lie in offline/atlas/web/
    page/colours.css          the colours of samplechop.offline.common.palette
    page/library/             bokeh-gl.min.js, from the installed Bokeh, with its licence: it draws the points
    page/data/, page/audio/   see samplechop.offline.atlas.web.page_data

Nothing in it names its place, so the folder can be copied, sent or put on a web server as it is; the paths of the
sounds' own files, which the kit list needs, are in it.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.settings import PageSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web import page_data, sprites
from samplechop.offline.common import palette
from samplechop.offline.common.atomic import PART
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError, install_extra, reason_of

STEP, FOLDER = "page", "page"
LIBRARY = "bokeh-gl.min.js"
_COLOURS = "-colours.tsv"
_NEEDS = ("embed", "grid", "fingerprint", "tags", "describe", "sprites")
_NOTICE = """{library} is part of Bokeh {version}, whose licence follows. It contains regl, which draws the points:
Copyright (c) 2016 Mikola Lysenko, MIT licence, https://github.com/regl-project/regl

"""


def page(atlas: Atlas, settings: PageSettings, progress: Progress) -> None:
    """Write the page of an atlas, whole or not at all.

    Raises UserError if the atlas has no map or no sprites yet, one of its files is damaged, Bokeh is not installed, or
    the disk is full.
    """
    noted = asdict(settings) | {"of": _mark(atlas)}
    if atlas.is_made(STEP, noted) and (atlas.folder / FOLDER / "index.html").exists():
        return
    title = settings.title if settings.title is not None else atlas.folder.resolve().name
    flat, colourings = _maps(atlas, settings.map), _colourings(atlas)
    known = page_data.sounds(atlas, title, list(flat), colourings)
    with _folder(atlas.folder / FOLDER) as folder:
        for file in _web().iterdir():
            if file.name.endswith((".html", ".css", ".js")):
                (folder / file.name).write_bytes(file.read_bytes())
        (folder / "colours.css").write_text(palette.css(), encoding="utf-8")
        _copy_library(folder / "library")
        for name in ("data", "audio"):
            (folder / name).mkdir()
        _write(folder / "data/sounds.js", page_data.call("takeSounds", known))
        for number, places in enumerate(flat.values()):
            script = page_data.call("takeMap", number, page_data.column(places, "f4"))
            _write(folder / f"data/map-{number}.js", script)
        for number, name in enumerate(colourings):
            colours = page_data.column(map_files.read_colours(atlas, name), "u1")
            _write(folder / f"data/colours-{number}.js", page_data.call("takeColours", number, colours))
        prints = page_data.prints_of(atlas)
        if prints is not None:
            small = page_data.small_prints(prints)
            script = page_data.call("takePrints", *small.shape[1:], page_data.column(small, "u1"))
            _write(folder / "data/prints.js", script)
        _write_audio(atlas, prints, folder / "audio", progress)
    atlas.note(STEP, noted)


def _web() -> Traversable:
    return resources.files("samplechop.offline.atlas.web")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")


def _write_audio(atlas: Atlas, prints: NDArray[np.float32] | None, folder: Path, progress: Progress) -> None:
    parts, places, _ = sprites.read_index(atlas)
    rows: list[list[int]] = [[] for _ in parts]
    for row, (part, _, _) in enumerate(places):
        rows[part].append(row)
    for number, (audio, inside) in enumerate(zip(parts, rows, strict=True)):
        _write(folder / f"{number}.js", page_data.call("takePart", number, page_data.audio_part(audio, inside, prints)))
        progress("page", number + 1, len(parts))


def _maps(atlas: Atlas, first: str | None) -> dict[str, NDArray[np.float32]]:
    """Give x and y of every map that is flat, float32 (n, 2), by name, the one to begin with first."""
    there = map_files.names(atlas)
    first = map_files.default_map(atlas) if first is None else first
    if first not in there:
        raise UserError(f"there is no map {first!r} in {str(atlas.folder)!r}: it has {', '.join(there)}")
    places = {name: map_files.read_map(atlas, name) for name in sorted(there, key=lambda name: name != first)}
    return {name: each[:, :2] for name, each in places.items() if each.shape[1] == 2 or name == first}


def _colourings(atlas: Atlas) -> list[str]:
    """Give the names of the maps that have colours."""
    files = (atlas.folder / map_files.FOLDER).glob(f"[!.]*{_COLOURS}")
    return sorted(path.name.removesuffix(_COLOURS) for path in files)


def _mark(atlas: Atlas) -> str:
    """Give a mark of everything the page is made of."""
    made = hashlib.sha256(repr([atlas.made(step) for step in _NEEDS]).encode())
    for path in sorted((atlas.folder / map_files.FOLDER).glob("[!.]*.tsv")):
        about = path.stat()
        made.update(repr((path.name, about.st_size, about.st_mtime_ns)).encode())
    for file in sorted(_web().iterdir(), key=lambda file: file.name):
        if file.is_file():
            made.update(file.read_bytes())
    made.update(palette.css().encode() + _library_version().encode())
    return made.hexdigest()[:16]


def _library_version() -> str:
    try:
        return metadata.version("bokeh")
    except metadata.PackageNotFoundError:
        raise UserError(f"the page needs Bokeh to draw its map: {install_extra('atlas')}") from None


def _copy_library(folder: Path) -> None:
    """Copy the script that draws, out of the installed Bokeh, with its licence."""
    version = _library_version()
    bokeh = resources.files("bokeh")
    script = bokeh.joinpath("server", "static", "js", LIBRARY).read_text("utf-8")
    check_library(script, version)
    folder.mkdir()
    (folder / LIBRARY).write_text(script, encoding="utf-8")
    notice = _NOTICE.format(library=LIBRARY, version=version)
    (folder / "LICENSE.txt").write_text(notice + bokeh.joinpath("LICENSE.txt").read_text("utf-8"), encoding="utf-8")


def check_library(script: str, version: str) -> None:
    """Check that regl is the one module of a bokeh-gl.min.js that is not Bokeh's own, as web/library.js takes it.

    Raises UserError if it is not.
    """
    modules = re.findall(r"^(\d+): function _\(", script, re.MULTILINE)
    own = re.findall(r'"models/glyphs/webgl/[^"]*":(\d+)', script)
    if len(set(modules) - set(own)) != 1 or "createREGL" not in script:
        raise UserError(f"the page cannot be drawn with Bokeh {version}, but with another: {install_extra('atlas')}")


@contextmanager
def _folder(final: Path) -> Iterator[Path]:
    """Give an empty folder, which takes the place of `final` if all goes well, and of which nothing stays if not."""
    part = final.with_name(f"{PART}{final.name}")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        shutil.rmtree(final, ignore_errors=True)
        part.replace(final)
    except OSError as error:
        raise UserError(f"{str(final)!r} cannot be written ({reason_of(error)}): is the disk full?") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
