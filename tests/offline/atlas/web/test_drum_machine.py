"""The data set of the Infinite Drum Machine, read as app/Data.js of its page reads it."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from samplechop.offline.atlas.files import read_table
from samplechop.offline.atlas.fingerprints import fingerprint
from samplechop.offline.atlas.map import map_files
from samplechop.offline.atlas.settings import DrumMachineSettings, FingerprintSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.atlas.web.drum_machine import (
    CHUNKS,
    FIRST_CHUNK,
    RATE,
    chunk_sizes,
    drum_machine,
    nearest_first,
)
from samplechop.offline.atlas.web.drum_prototypes import ring_samples, rows_of_drums
from samplechop.offline.synthesis.drums import made_hat, made_kick, made_open
from samplechop.offline.synthesis.snares import made_snare
from samplechop.realtime.core.errors import UserError
from tests.offline.atlas.atlases import nothing, row, sound
from tests.support.command import samplechop

DRUMS = {"kick": made_kick, "snare": made_snare, "hat_closed": made_hat, "hat_open": made_open}
EACH = 5


def drums(folder: Path, named: bool = True) -> Atlas:
    """Make an atlas of drums, made by the crate, and of noises; named: whether their names say what they are."""
    atlas = Atlas.begin(folder, RATE, 2 * RATE)
    names, samples = [], []
    for name, make in DRUMS.items():
        for seed in range(100, 100 + EACH):
            names.append(f"{name}_{seed}" if named else f"x{len(names)}")
            samples.append(np.asarray(make(seed, 0.9, np.random.default_rng(seed)), np.float32)[: 2 * RATE])
    for number in range(EACH):
        names.append(f'noise <{number}> & "loud"' if named else f"x{len(names)}")
        samples.append(sound(number, RATE))
    atlas.append(
        [row(name, len(one), RATE, name.split("_")[0]) for name, one in zip(names, samples, strict=True)], samples
    )
    return atlas


def mapped(atlas: Atlas) -> Atlas:
    fingerprint(atlas, FingerprintSettings(), nothing)
    places = np.random.default_rng(0).random((len(atlas), 2)).astype(np.float32)
    map_files.write_map(atlas, "fingerprints-2d-p30", places)
    map_files.write_colours(atlas, "fingerprints-2d-p30", np.full((len(atlas), 3), 51, np.uint8))
    atlas.note(map_files.STEP, {map_files.DEFAULT: "fingerprints-2d-p30"})
    return atlas


class Page:
    """What app/Data.js does with the data set: importChunk, playSound, chooseFromDrumLike, chooseFromFilteredList."""

    def __init__(self, folder: Path, chunks: int) -> None:
        self.drum_like = json.loads((folder / "meta" / "drum_like.json").read_text())
        self.player: list[np.ndarray] = []
        self.cloud_data: list[list[dict]] = []
        self.chunk_indexes: list[int] = []
        self.local_sound_indexes: list[int] = []
        self.auto_suggest: dict[str, int] = {}
        for chunk in range(chunks):
            samples, self.rate = soundfile.read(folder / "audio" / f"{chunk}.mp3", dtype="float32")
            self.player.append(samples)
            told = json.loads((folder / "meta" / f"{chunk}.json").read_text())
            self.cloud_data.append(told["metaData"])
            self.chunk_indexes += [chunk] * len(told["metaData"])
            self.local_sound_indexes += range(len(told["metaData"]))
            for obj in told["autoSuggest"]:
                for tag in obj:
                    self.auto_suggest[tag] = self.auto_suggest.get(tag, 0) + obj[tag]

    def entry(self, index: int) -> dict:
        return self.cloud_data[self.chunk_indexes[index]][self.local_sound_indexes[index]]

    def play(self, index: int) -> np.ndarray:
        begin = round(self.local_sound_indexes[index] * 0.25 * self.rate)
        return self.player[self.chunk_indexes[index]][begin : begin + round(0.25 * self.rate)]

    def choose(self, track: int, luck: random.Random) -> int | None:
        sound_like = self.drum_like[str(track)]
        available = len(self.chunk_indexes)
        count = next((place for place, index in enumerate(sound_like) if index >= available), len(sound_like))
        return sound_like[luck.randrange(count)] if count else None

    def choose_filtered(self, track: int, found: list[int], luck: random.Random) -> int:
        ordered = sorted(found, key=lambda index: self.entry(index)["analysis"][track])
        return luck.choice(ordered[:20])


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    made = mapped(drums(tmp_path_factory.mktemp("drums") / "atlas"))
    drum_machine(made, DrumMachineSettings(nearest=EACH), nothing)
    return made


@pytest.fixture
def page(atlas: Atlas) -> Page:
    return Page(atlas.folder / "drum-machine", CHUNKS)


def test_the_page_loads_all_chunks_it_asks_for_and_finds_every_sound_once(atlas: Atlas, page: Page) -> None:
    names = {page.entry(index)["name"] for index in range(len(page.chunk_indexes))}
    assert len(page.chunk_indexes) == len(atlas) == len(names)
    assert "noise &lt;1&gt; &amp; &quot;loud&quot;" in names


def test_the_page_plays_each_sound_where_it_looks_for_it(atlas: Atlas, page: Page) -> None:
    by_name = {one.name: place for place, one in enumerate(atlas.sounds)}
    samples = atlas.samples()
    for index in range(len(page.chunk_indexes)):
        name = page.entry(index)["name"]
        if name not in by_name:
            continue
        place = by_name[name]
        wanted = samples[place, : min(atlas.sounds[place].length, 8_000)]
        heard = np.pad(page.play(index), 300)
        lag = int(np.correlate(heard, wanted, "valid").argmax()) - 300 if len(heard) >= len(wanted) else 0
        assert abs(lag) <= 1, name  # a low tone's lag shifts by a sample, as its end is faded
        assert len(page.play(index)) == RATE // 4


def test_every_track_begins_with_its_own_drum(page: Page) -> None:
    luck = random.Random(0)
    for track, drum in enumerate(("hat_open", "hat_closed", "snare", "kick")):
        chosen = [page.entry(page.choose(track, luck))["name"] for _ in range(30)]
        assert sum(name.startswith(drum) for name in chosen) >= 18, (drum, chosen)


def test_the_first_chunk_has_something_for_every_track(atlas: Atlas) -> None:
    first = Page(atlas.folder / "drum-machine", 1)
    assert all(first.choose(track, random.Random(1)) is not None for track in range(4))


def test_a_search_finds_for_each_track_what_is_nearest_to_its_drum(page: Page) -> None:
    everything = list(range(len(page.chunk_indexes)))
    for track, drum in enumerate(("hat_open", "hat_closed", "snare", "kick")):
        nearest = min(everything, key=lambda index: page.entry(index)["analysis"][track])
        assert page.entry(nearest)["name"].startswith(drum)
        assert page.choose_filtered(track, everything, random.Random(0)) in everything


def test_every_entry_has_what_the_page_draws_it_by(page: Page) -> None:
    for index in range(len(page.chunk_indexes)):
        entry = page.entry(index)
        assert set(entry) == {"name", "tags", "coords", "color", "analysis"}
        assert len(entry["coords"]) == 2 and all(0 <= value <= 1 for value in entry["coords"])
        assert entry["color"] == [0.2, 0.2, 0.2]
        assert len(entry["analysis"]) == 4 and all(0 <= value <= 1 for value in entry["analysis"])
        assert entry["tags"] and all(tag == tag.upper() and not any(map(str.isspace, tag)) for tag in entry["tags"])


def test_suggestions_count_the_sounds_of_a_tag(page: Page) -> None:
    assert page.auto_suggest["KICK"] == page.auto_suggest["SNARE"] == EACH
    assert page.auto_suggest["HAT"] == 2 * EACH


def test_the_lists_of_nearest_are_sorted_and_as_long_as_asked(page: Page) -> None:
    for track in range(4):
        like = page.drum_like[str(track)]
        assert like == sorted(set(like)) and len(like) == EACH


def test_the_table_has_the_distances_the_page_gets(atlas: Atlas, page: Page) -> None:
    columns = ("index", "open_hat", "closed_hat", "snare", "kick")
    rows = read_table(atlas.folder / "drum-machine" / "analysis.tsv", columns)
    assert [int(cells[0]) for cells in rows] == list(range(len(atlas)))
    for index, *away in rows:
        assert [float(cell) for cell in away] == pytest.approx(page.entry(int(index))["analysis"], abs=1e-6)


def test_positions_of_three_dimensions_are_the_colours(tmp_path: Path) -> None:
    made = mapped(drums(tmp_path / "atlas"))
    deep = np.random.default_rng(1).random((len(made), 3)).astype(np.float32)
    map_files.write_map(made, "fingerprints-3d-p30", deep)
    drum_machine(made, DrumMachineSettings(), nothing, tmp_path / "data")
    page = Page(tmp_path / "data", 1)
    by_name = {one.name: place for place, one in enumerate(made.sounds)}
    for index in range(EACH):
        entry = page.entry(index)
        if entry["name"] in by_name:
            np.testing.assert_allclose(entry["color"], deep[by_name[entry["name"]]], atol=1e-4)


def test_where_nothing_says_what_is_a_drum_those_samplechop_makes_are_the_measure(tmp_path: Path) -> None:
    made = mapped(drums(tmp_path / "atlas", named=False))
    prototypes = drum_machine(made, DrumMachineSettings(nearest=EACH), nothing)
    assert all("samplechop makes" in one.source for one in prototypes)
    page = Page(made.folder / "drum-machine", CHUNKS)
    kicks = {f"x{number}" for number in range(EACH)}
    assert len({page.entry(index)["name"] for index in page.drum_like["3"]} & kicks) >= 4


def test_a_named_file_is_what_a_drum_is_like(atlas: Atlas, tmp_path: Path) -> None:
    kick = tmp_path / "my kick.wav"
    soundfile.write(kick, np.pad(atlas.samples()[2, : atlas.sounds[2].length], 4_000), RATE, "FLOAT")
    prototypes = drum_machine(atlas, DrumMachineSettings(kick=kick, nearest=1), nothing, tmp_path / "data")
    assert prototypes[0].source == f"like {str(kick)!r}"
    page = Page(tmp_path / "data", 1)
    (nearest,) = page.drum_like["3"]
    assert page.entry(nearest)["name"] == atlas.sounds[2].name
    assert page.entry(nearest)["analysis"][3] == pytest.approx(0, abs=0.02)


def test_hats_are_distinguished_by_name_or_by_their_decay(tmp_path: Path) -> None:
    made = Atlas.begin(tmp_path / "atlas", RATE, RATE)
    lengths = {"hh1": 1_000, "hh2": 2_000, "hh3": 3_000, "hh4": 30_000, "loop_hh": 900}
    made.append([row(name, n, RATE) for name, n in lengths.items()], [sound(n, n) for n in lengths.values()])
    assert [rows_of_drums(made)[role] for role in ("closed hat", "open hat")] == [[0, 1], [3]]
    made.append([row("Open HiHat", 10, RATE), row("cymbal pedal", 10, RATE)], [sound(1, 10)] * 2)
    assert [rows_of_drums(made)[role] for role in ("closed hat", "open hat")] == [[6, 0, 1], [5]]
    assert rows_of_drums(made)["kick"] == []


def test_the_ring_of_a_sound_ends_with_its_energy() -> None:
    assert ring_samples(np.ones(100, np.float32)) == pytest.approx(95, abs=1)
    assert ring_samples(np.zeros(100, np.float32)) == 0
    assert ring_samples(np.zeros(0, np.float32)) == 0


@given(st.integers(1, 300_000))
def test_chunks_hold_every_sound_and_grow(count: int) -> None:
    sizes = chunk_sizes(count)
    assert sum(sizes) == count and len(sizes) == CHUNKS and min(sizes) >= 0
    assert sizes[0] == min(count, FIRST_CHUNK)
    if count > CHUNKS * FIRST_CHUNK:
        assert sizes[:-1] == sorted(sizes[:-1])


@given(st.integers(1, 40).flatmap(lambda n: st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=n, max_size=n)))
def test_the_nearest_of_each_drum_come_first(away: list[tuple[float, ...]]) -> None:
    order = nearest_first(np.array(away))
    assert sorted(order) == list(range(len(away)))
    for drum in range(4):
        best = min(one[drum] for one in away)
        assert min(away[row][drum] for row in order[:4]) == best


def test_what_is_made_is_not_made_again_unless_something_changed(atlas: Atlas, tmp_path: Path) -> None:
    told: list[tuple] = []
    folder = tmp_path / "data"
    drum_machine(atlas, DrumMachineSettings(), nothing, folder)
    drum_machine(atlas, DrumMachineSettings(), lambda *what: told.append(what), folder)
    assert not told
    drum_machine(atlas, DrumMachineSettings(nearest=3), lambda *what: told.append(what), folder)
    assert told


def test_what_is_missing_is_reported_in_a_sentence(tmp_path: Path) -> None:
    bare = drums(tmp_path / "atlas")
    with pytest.raises(UserError, match="there is no map"):
        drum_machine(bare, DrumMachineSettings(), nothing)
    map_files.write_map(bare, "a", np.zeros((len(bare), 2), np.float32))
    map_files.write_colours(bare, "a", np.zeros((len(bare), 3), np.uint8))
    with pytest.raises(UserError, match="fingerprint"):
        drum_machine(bare, DrumMachineSettings(), nothing)


def test_the_command_says_what_drums_are_like_and_refuses_what_is_none(atlas: Atlas, tmp_path: Path) -> None:
    outcome = samplechop("atlas", "drum-machine", atlas.folder, "-o", tmp_path / "data")
    assert outcome.code == 0, outcome.err
    assert "kick: like 5 sounds of the atlas" in outcome.out
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(1000), RATE)
    for wrong, said in ((silent, "silent"), (tmp_path / "no.wav", "there is no file")):
        outcome = samplechop("atlas", "drum-machine", atlas.folder, "-o", tmp_path / "data", "--snare", wrong)
        assert outcome.code == 2 and said in outcome.err
    outcome = samplechop("atlas", "drum-machine", atlas.folder, "--nearest", 0)
    assert outcome.code == 2 and "--nearest must be in 1..10000" in outcome.err
