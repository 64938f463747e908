"""The step that makes maps, as positions, colours and a plot: sounds that are alike lie near each other.

A map is laid out once. Sounds that come later are placed into it, and those that are there stay, until the atlas has
more than doubled: a map that most of its sounds had no part in would mean little, and is laid out anew. What placing
needs is the training record, one .npz beside the map's .tsv.
"""

import os
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samplechop.offline.atlas.map import map_files, tsne_layout
from samplechop.offline.atlas.map.tsne_layout import Blocks, TrainingRecord, read_blocks
from samplechop.offline.atlas.settings import EmbedSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.common.atomic import replacing
from samplechop.offline.common.palette import BACK, CATEGORIES, FAINT, INK, UNUSED
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def map_name(mode: str, dims: int, perplexity: float) -> str:
    """Give the name of a map, such as fingerprints-2d-p30."""
    return f"{mode}-{dims}d-p{perplexity:g}"


def embed(
    atlas: Atlas, settings: EmbedSettings, progress: Progress, jobs: int | None = None, again: bool = False
) -> list[str]:
    """Make the maps wanted, or place new sounds in them; give sentences for people, such as a perplexity lowered.

    jobs: threads, by default one for each core. again: lay maps out anew, even if that moves sounds.
    Raises UserError if what the maps are made of is not there, damaged, or the disk does not take them.
    """
    if not len(atlas):
        raise UserError(f"the atlas {str(atlas.folder)!r} holds no sounds: samplechop atlas collect adds some")
    blocks = tsne_layout.block_names(atlas, settings.mode)
    origin = tsne_layout.block_origins(atlas, blocks)
    made = atlas.made(map_files.STEP)
    noted: dict[str, Any] = {map_files.DEFAULT: None, map_files.MAPS: {}} | (made[0] if made else {})
    work: _Work | None = None
    for perplexity in settings.perplexities:
        name = map_name(settings.mode, settings.dims, perplexity)
        there = map_files.names(atlas)
        entry = asdict(settings) | {"perplexities": [perplexity], "of": origin, "rows": len(atlas)}
        if not again and name in there and noted[map_files.MAPS].get(name) == entry:
            continue
        if work is None:
            cores = jobs or os.cpu_count() or 1
            work = _Work(atlas, settings, origin, read_blocks(atlas, blocks), progress, cores, again)
        work.make(name, settings.dims, perplexity)
        first = noted[map_files.DEFAULT] if noted[map_files.DEFAULT] in there else name
        noted = {map_files.DEFAULT: first, map_files.MAPS: noted[map_files.MAPS] | {name: entry}}
        atlas.note(map_files.STEP, noted)
    return work.notes if work else []


@dataclass(slots=True)
class _Work:
    """One run: what all maps of it share. origin: how the blocks were made. notes: sentences for people."""

    atlas: Atlas
    settings: EmbedSettings
    origin: dict[str, Any]
    blocks: Blocks
    progress: Progress
    jobs: int
    again: bool
    notes: list[str] = field(default_factory=list)

    def make(self, name: str, dims: int, perplexity: float) -> None:
        """Lay out or complete one map, and write all its files."""
        settings = self.settings
        positions, reference = self._positions(name, dims, perplexity)
        labels = [sound.label for sound in self.atlas.sounds]
        if dims == 3:
            colours = colours_by_position(positions)
        elif settings.colouring == "position":
            colours = colours_by_position(self._in_space(perplexity))
        elif settings.colouring == "k-means":
            colours = colours_by_cluster(reference.basis.apply(self.blocks), settings.clusters, settings.seed)
        else:
            colours = colours_by_label(labels)
        map_files.write_colours(self.atlas, name, colours)
        by_label = dims == 2 and settings.colouring == "class"
        draw_map(map_files.path_of(self.atlas, name, ".png"), name, positions, colours, labels if by_label else None)

    def _in_space(self, perplexity: float) -> NDArray[np.float32]:
        name = map_name(self.settings.mode, 3, perplexity)
        self.make(name, 3, perplexity)
        return map_files.read_map(self.atlas, name)

    def _positions(self, name: str, dims: int, perplexity: float) -> tuple[NDArray[np.float32], TrainingRecord]:
        total = len(self.atlas)
        wanted = {"perplexity": perplexity, "dims": dims, "seed": self.settings.seed, "of": self.origin}
        path = map_files.path_of(self.atlas, name, ".npz")
        before = None if self.again else TrainingRecord.read(path)
        if before is not None and self._is_of_use(before, wanted):
            there = self._there(name, before)
            if len(there) == total:
                return there, before
            self.progress(f"{name}, placing {total - len(there)} new", 0, 1)
            new = before.basis.apply({block: rows[len(there) :] for block, rows in self.blocks.items()})
            placed = tsne_layout.place(new, before.features, before.positions, self.settings.seed)
            positions = np.concatenate([there, before.scaled(placed)])
            map_files.write_map(self.atlas, name, positions)
            self.progress(f"{name}, placing {total - len(there)} new", 1, 1)
            return positions, before
        allowed = tsne_layout.allowed_perplexity(perplexity, total)
        if allowed < perplexity:
            self.notes.append(
                f"{name}: perplexity {perplexity:g} is more than {total} sounds allow, {allowed:.3g} was taken"
            )
        basis = tsne_layout.Basis.of(self.blocks, self.settings.seed)
        coordinates = basis.apply(self.blocks)
        raw = tsne_layout.lay_out(
            coordinates,
            dims,
            allowed,
            self.settings.seed,
            self.jobs,
            lambda done, of: self.progress(name, done, of),
        )
        reference = TrainingRecord.of(wanted, basis, coordinates, raw)
        positions = reference.scaled(raw)
        path.unlink(missing_ok=True)  # it belongs to the positions that are now replaced
        map_files.write_map(self.atlas, name, positions)
        reference.write(path)
        return positions, reference

    def _is_of_use(self, before: TrainingRecord, wanted: dict[str, Any]) -> bool:
        known, total = len(before.positions), len(self.atlas)
        return (
            dict(before.settings) == wanted
            and known <= total
            and (known == total or (known >= tsne_layout.FEWEST and total <= 2 * known))
        )

    def _there(self, name: str, before: TrainingRecord) -> NDArray[np.float32]:
        """Give the positions of the sounds that have one: those laid out, and those placed since, if they are kept."""
        laid_out = before.scaled(before.positions)
        kept = map_files.read_known(self.atlas, name)
        if kept is None or kept.shape[1] != laid_out.shape[1] or len(kept) > len(self.atlas):
            return laid_out
        return kept if np.allclose(kept[: len(laid_out)], laid_out, atol=1e-5) else laid_out


DARKEST = 60
"""Least that a colour by position has of red, green and blue: on the dark ground, black would not be seen."""


def rgb(colour: str) -> NDArray[np.uint8]:
    """Give a colour such as "#57c278" as uint8 (3,)."""
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)


def frequent_labels(labels: Sequence[str]) -> list[str]:
    """Give the labels that get a colour of their own, the most frequent first; no label gets none."""
    counts = Counter(label for label in labels if label)
    return sorted(counts, key=lambda label: (-counts[label], label))[: len(CATEGORIES)]


def colours_by_label(labels: Sequence[str]) -> NDArray[np.uint8]:
    """Colour the most frequent labels, the rest grey: uint8 (n, 3)."""
    paint = dict(zip(frequent_labels(labels), map(rgb, CATEGORIES), strict=False))
    return np.array([paint.get(label, rgb(UNUSED)) for label in labels], np.uint8).reshape(-1, 3)


def colours_by_position(positions: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Take positions in three dimensions, (n, 3), 0..1, for red, green and blue: alike sounds look alike; (n, 3)."""
    return np.round(DARKEST + map_files.stretched(positions) * (255 - DARKEST)).astype(np.uint8)


def colours_by_cluster(features: NDArray[np.float32], clusters: int, seed: int) -> NDArray[np.uint8]:
    """Colour the clusters that k-means finds among features, (n, d), the largest first: uint8 (n, 3)."""
    from sklearn.cluster import KMeans

    different = len(np.unique(features, axis=0))
    found = KMeans(min(clusters, different, len(CATEGORIES)), n_init=4, random_state=seed).fit_predict(features)
    order = np.argsort(-np.bincount(found), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return np.stack([rgb(colour) for colour in CATEGORIES])[place[found]]


WIDTH, HEIGHT, DPI = 12.0, 10.0, 160
"""Inches, and pixels an inch."""
MAP_WIDTH = 0.82
"""Share of the width for the map; the rest is for the legend."""
GLOWING = 3000
"""Sounds from which on their glow would be fog."""
LARGEST, SMALLEST = 90.0, 3.0
"""Area of a point, in square points, for few and for many sounds."""
LONGEST_LABEL = 18


def draw_map(
    path: Path,
    title: str,
    positions: NDArray[np.float32],
    colours: NDArray[np.uint8],
    labels: Sequence[str] | None = None,
) -> None:
    """Write a PNG of positions, (n, 2 or 3), 0..1; the third dimension makes near points large and bright.

    colours: uint8 (n, 3). labels: (n,), named in a legend if the colours stand for them. Raises UserError if the disk
    does not take it.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "font.family": "monospace",
        "font.monospace": ["DejaVu Sans Mono"],
        "text.color": INK,
        "text.parse_math": False,
        "figure.facecolor": BACK,
        "savefig.facecolor": BACK,
    }
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # of a label in Japanese, say
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI)
        axes = figure.add_axes((0.02, 0.02, MAP_WIDTH - 0.02, 0.92))
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        figure.text(0.03, 0.962, title, size=15, weight="bold", va="center")
        figure.text(0.97, 0.962, f"{len(positions):,} sounds", size=11, color=FAINT, va="center", ha="right")
        _points(axes, positions, colours)
        if labels is not None:
            _legend(figure, labels)
        with replacing(path) as part:
            figure.savefig(part, metadata={"Software": None})


def _points(axes: "Axes", positions: NDArray[np.float32], colours: NDArray[np.uint8]) -> None:
    area = float(np.clip(9000 / max(len(positions), 1), SMALLEST, LARGEST))
    in_space = positions.shape[1] == 3
    depth = positions[:, 2] if in_space else np.full(len(positions), 0.6)
    order = np.argsort(depth, kind="stable")
    alpha = 0.65 + 0.3 * depth if in_space else np.full(len(positions), 0.9)
    paint, sizes = np.column_stack([colours / 255, alpha])[order], area * (0.4 + depth)[order]
    x, y = positions[order, :2].T
    if len(positions) < GLOWING:
        axes.scatter(x, y, s=6 * sizes, c=np.column_stack([paint[:, :3], 0.1 * paint[:, 3]]), linewidths=0)
    axes.scatter(x, y, s=sizes, c=paint, linewidths=0)


def _legend(figure: "Figure", labels: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    counts = Counter(labels)
    paint = dict(zip(frequent_labels(labels), CATEGORIES, strict=False))
    shown = [(f"{_short(label)} ({counts[label]:,})", colour) for label, colour in paint.items()]
    others = len(labels) - sum(counts[label] for label in paint)
    if others:
        shown.append((f"{'others' if shown else 'no label'} ({others:,})", UNUSED))
    dots = [Line2D([], [], marker="o", ls="", ms=8, mec="none", mfc=colour, label=text) for text, colour in shown]
    place = (MAP_WIDTH + 0.01, 0.92)
    figure.legend(handles=dots, loc="upper left", bbox_to_anchor=place, fontsize=10, labelcolor=INK, frameon=False)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
