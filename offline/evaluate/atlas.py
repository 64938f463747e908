"""What of an atlas brings sounds of one class together: each kind of fingerprint, labels, encodings, all combined.

Beside them stands the recipe of the notebooks that this began with: magnitudes of a short-time Fourier transform of
1024 samples every 256, means of ten bins at a time, the first 32 x 32 of those, each scaled 0..1 (K. McDonald, "Audio
Notebooks", 2016).

Of each sound of a class with enough members, its k nearest among all others (leave-one-out, Euclidean): the share of
them that are of its class, and whether most of them are (of classes that are equally frequent, that of the nearest).
Sounds of small classes are not evaluated, but they are among the neighbours, where they count as wrong.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from samplechop.offline.atlas import fingerprints
from samplechop.offline.atlas.files import STATE
from samplechop.offline.atlas.map import tsne_layout
from samplechop.offline.atlas.map.tsne_layout import nearest
from samplechop.offline.atlas.store import Atlas, read_rows
from samplechop.offline.common.progress import Progress
from samplechop.realtime.core.errors import UserError

OLD, COMBINED = "old recipe", "combined"
OLD_FFT, OLD_HOP, OLD_BINS, OLD_SIDE = 1024, 256, 10, 32
PERPLEXITY = 30.0
GAIN = 0.05
"""By which the map of all combined is to be above that of fingerprints."""


NEIGHBOURS = 5
FEWEST = NEIGHBOURS + 1
"""Members with which a class can agree with all of its neighbours."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """share: of neighbours that are of the sound's class, 0..1. majority: share of sounds whose class most have."""

    share: float
    majority: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One way to compare sounds. space: agreement among its features. map: in its maps, the mean over the seeds."""

    name: str
    space: Agreement
    map: Agreement


@contextmanager
def opened(path: Path, progress: Progress, jobs: int) -> Iterator[Atlas]:
    """Open an atlas, or a folder of sounds as a temporary one, with tags where a net of sounds is there.

    Raises UserError if there is no sound in it.
    """
    from samplechop.offline.atlas.collect.collect import collect
    from samplechop.offline.atlas.settings import CollectSettings, TagSettings
    from samplechop.offline.atlas.tags import open_model, tag

    if (path / STATE).exists():
        yield Atlas(path)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "atlas")
        collect(folder, [path], CollectSettings(), progress, jobs)
        atlas = Atlas(folder)
        try:
            open_model(TagSettings().model)
        except UserError:
            yield atlas  # fingerprints can be evaluated without the net
            return
        tag(atlas, TagSettings(), progress)
        yield atlas


def compare(atlas: Atlas, seeds: int, progress: Progress, jobs: int) -> Iterator[Comparison]:
    """Measure every way to compare the sounds of an atlas, which stays as it is. seeds: maps made of each.

    Raises UserError if no class has enough members.
    """
    labels = [sound.label for sound in atlas.sounds]
    if not of_large_classes(labels).any():
        raise UserError(f"no class in {str(atlas.folder)!r} has {FEWEST} sounds: name them CLASS_NAME.wav")
    ways = list(_ways(atlas, jobs))
    for done, (name, blocks) in enumerate(ways):
        progress("comparing", done, len(ways))
        found = tsne_layout.Basis.of(blocks, 0).apply(blocks)
        perplexity = tsne_layout.allowed_perplexity(PERPLEXITY, len(found))
        maps = [
            agreement(tsne_layout.lay_out(found, 2, perplexity, seed, jobs, lambda _done, _of: None), labels)
            for seed in range(1, seeds + 1)
        ]
        mean = Agreement(float(np.mean([one.share for one in maps])), float(np.mean([one.majority for one in maps])))
        yield Comparison(name, agreement(found, labels), mean)
    progress("comparing", len(ways), len(ways))


def _ways(atlas: Atlas, jobs: int) -> Iterator[tuple[str, tsne_layout.Blocks]]:
    samples = atlas.samples()
    yield OLD, {OLD: old_recipe(samples)}
    found = {}
    for kind in fingerprints.KINDS:
        made = fingerprints.fingerprints_of(samples, atlas.rate, fingerprints.FingerprintSettings(kind), jobs)
        found[kind] = np.concatenate(list(made)).reshape(len(atlas), -1)
        yield f"fingerprints, {kind}", {"fingerprints": found[kind]}
    own = {
        name: read_rows(atlas, file, tsne_layout.TAGS_COMMAND)
        for name, (file, _, _) in tsne_layout.BLOCKS.items()
        if name != "fingerprints" and (atlas.folder / file).exists()
    }
    for name, block in own.items():
        yield name, {name: block}
    if own:
        yield COMBINED, {"fingerprints": found[fingerprints.KINDS[0]], **own}


def old_recipe(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give fingerprints as the notebooks had them: float32 (n, 1024), 0..1, of sounds, float32 (n, samples)."""
    import librosa

    length = OLD_FFT + OLD_SIDE * OLD_HOP
    out = np.zeros((len(samples), OLD_SIDE, OLD_SIDE), np.float32)
    for row, sound in enumerate(samples):
        start = np.pad(sound[:length], (0, max(0, length - len(sound))))
        size = np.abs(librosa.stft(start, n_fft=OLD_FFT, hop_length=OLD_HOP))
        size = size[: OLD_SIDE * OLD_BINS, :OLD_SIDE].reshape(OLD_SIDE, OLD_BINS, OLD_SIDE).mean(axis=1)
        size -= size.min()
        out[row] = size / (size.max() or 1)
    return out.reshape(len(samples), -1)


def goals(found: Mapping[str, Comparison]) -> list[tuple[str, bool]]:
    """Say which goals the shares in the maps reach: (goal, reached)."""
    old = found[OLD].map.share
    below = [name for name, one in found.items() if one.map.share < old]
    said = [("none is below the old recipe" if not below else f"below the old recipe: {', '.join(below)}", not below)]
    if COMBINED in found:
        gain = found[COMBINED].map.share - found[f"fingerprints, {fingerprints.KINDS[0]}"].map.share
        said.append((f"combined is {gain:+.3f} above fingerprints, wanted {GAIN:+.2f}", gain >= GAIN))
    return said


def of_large_classes(labels: Sequence[str]) -> NDArray[np.bool_]:
    """Say for each sound whether its class has FEWEST members, bool (n,). A sound without label is of no class."""
    counts = Counter(labels)
    return np.array([bool(label) and counts[label] >= FEWEST for label in labels], bool)


def agreement(points: NDArray[np.floating], labels: Sequence[str]) -> Agreement:
    """Evaluate points, (n, d), by the classes of their neighbours. Raises ValueError if there are none."""
    wanted = np.flatnonzero(of_large_classes(labels))
    if not len(wanted):
        raise ValueError(f"no class has {FEWEST} members")
    near = neighbours(points)
    shares, majorities = [], []
    for row in wanted.tolist():
        classes = [labels[other] for other in near[row].tolist()]
        shares.append(classes.count(labels[row]) / len(classes))
        majorities.append(Counter(classes).most_common(1)[0][0] == labels[row])  # of equals, that met first
    return Agreement(float(np.mean(shares)), float(np.mean(majorities)))


def neighbours(points: NDArray[np.floating]) -> NDArray[np.int64]:
    """Give the NEIGHBOURS nearest others of each point, nearest first: int64 (n, NEIGHBOURS); n above NEIGHBOURS."""
    found = nearest(points, points, NEIGHBOURS + 1)[0]
    # A point is its own nearest, unless others are just as near: whichever came last then goes.
    own = found == np.arange(len(points))[:, None]
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(points), NEIGHBOURS)


def table(found: Iterable[Comparison], title: str) -> Table:
    """Give the shares of each way to look at the sounds as a table."""
    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    made.add_column("5 nearest neighbours")
    for column in ("map: agreeing", "map: majority", "features: agreeing", "features: majority"):
        made.add_column(column, justify="right")
    for one in found:
        values = (one.map.share, one.map.majority, one.space.share, one.space.majority)
        made.add_row(one.name, *(f"{value:.3f}" for value in values))
    return made
