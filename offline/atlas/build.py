"""All steps from collected sounds to the page, in order. Each knows what it has done: a run that was ended goes on."""

from dataclasses import dataclass, field

from samplechop.offline.atlas.features.spectrogram_fingerprints import FingerprintSettings, fingerprint
from samplechop.offline.atlas.features.tempo_and_key import DescribeSettings, describe
from samplechop.offline.atlas.map.grid import MOST, GridSettings, grid
from samplechop.offline.atlas.map.tsne import EmbedSettings, embed
from samplechop.offline.atlas.store.atlas import Atlas
from samplechop.offline.atlas.tags.tag import TagSettings, tag
from samplechop.offline.atlas.web.drum_machine import DrumMachineSettings, drum_machine
from samplechop.offline.atlas.web.page import PageSettings, page
from samplechop.offline.atlas.web.sprites import SpriteSettings, sprites
from samplechop.offline.common.progress import Progress

MODES = ("combined", "fingerprints")
"""The maps of a page: the first is shown first, and the grid is made of it."""


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What people may want otherwise; every step has more settings in a command of its own."""

    tags: TagSettings = field(default_factory=TagSettings)
    seed: int = 1
    perplexity: float = 30.0
    title: str | None = None
    drum_machine: bool = False


def build(atlas: Atlas, settings: BuildSettings, progress: Progress, jobs: int) -> list[str]:
    """Make all that is not made yet of an atlas with sounds; give sentences for people.

    jobs: processes or threads at once. Raises UserError as the steps do.
    """
    notes = []
    fingerprint(atlas, FingerprintSettings(), progress, jobs)
    tag(atlas, settings.tags, progress)
    describe(atlas, DescribeSettings(), progress, jobs)
    for mode in MODES:
        maps = EmbedSettings(mode=mode, perplexities=(settings.perplexity,), seed=settings.seed)
        notes += [sentence for sentence in embed(atlas, maps, progress, jobs) if sentence not in notes]
    if len(atlas) <= MOST:
        grid(atlas, GridSettings(), progress)
    else:
        notes.append(f"no grid was made: one takes at most {MOST:,} sounds, the atlas has {len(atlas):,}")
    sprites(atlas, SpriteSettings(), progress, jobs)
    page(atlas, PageSettings(title=settings.title), progress)
    if settings.drum_machine:
        drum_machine(atlas, DrumMachineSettings(), progress, workers=jobs)
    return notes
