"""All steps from collected sounds to the page, in order. Each knows what it has done: a run that was ended goes on."""

from dataclasses import dataclass, field

from offline.atlas.assignment import MOST
from offline.atlas.describe import DescribeSettings, describe
from offline.atlas.drum_machine import DrumMachineSettings, drum_machine
from offline.atlas.embed import EmbedSettings, embed
from offline.atlas.fingerprints import FingerprintSettings, fingerprint
from offline.atlas.folder import Atlas
from offline.atlas.grid import GridSettings, grid
from offline.atlas.page import PageSettings, page
from offline.atlas.sprites import SpriteSettings, sprites
from offline.atlas.tags import TagSettings, tag
from offline.progress import Told

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


def build(atlas: Atlas, settings: BuildSettings, told: Told, jobs: int) -> list[str]:
    """Make all that is not made yet of an atlas with sounds; give sentences for people.

    jobs: processes or threads at once. Raises UserError as the steps do.
    """
    said = []
    fingerprint(atlas, FingerprintSettings(), told, jobs)
    tag(atlas, settings.tags, told)
    describe(atlas, DescribeSettings(), told, jobs)
    for mode in MODES:
        maps = EmbedSettings(mode=mode, perplexities=(settings.perplexity,), seed=settings.seed)
        said += [sentence for sentence in embed(atlas, maps, told, jobs) if sentence not in said]
    if len(atlas) <= MOST:
        grid(atlas, GridSettings(), told)
    else:
        said.append(f"no grid was made: one takes at most {MOST:,} sounds, the atlas has {len(atlas):,}")
    sprites(atlas, SpriteSettings(), told, jobs)
    page(atlas, PageSettings(title=settings.title), told)
    if settings.drum_machine:
        drum_machine(atlas, DrumMachineSettings(), told, workers=jobs)
    return said
