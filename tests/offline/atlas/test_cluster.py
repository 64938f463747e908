"""Steps of an atlas done by the worker of a Dask cluster, which is reached as one on another machine is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop.offline.atlas import fingerprints
from samplechop.offline.atlas.collect.collect import collect
from samplechop.offline.atlas.fingerprints import fingerprint, read_fingerprints
from samplechop.offline.atlas.settings import CollectSettings, FingerprintSettings
from samplechop.offline.atlas.store import Atlas
from samplechop.offline.common import process_pool
from tests.offline.atlas.atlases import RATE, make_atlas, nothing, sound

SMALL = FingerprintSettings(bands=8, frames=4, first_seconds=0.1)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Give the address of a scheduler that has one worker, in this process."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address=None, silence_logs=50
    ) as made:
        yield made.scheduler_address


def test_sounds_are_collected_in_order_and_what_cannot_be_used_is_named(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate("abc"):
        soundfile.write(f"{name}.wav", sound(number, 4000), RATE)
    Path("b.wav").write_bytes(b"no sound")
    report = collect(
        Path("atlas"), [Path("a.wav"), Path("b.wav"), Path("c.wav")], CollectSettings(), nothing, 2, scheduler=scheduler
    )
    assert [one.name for one in Atlas(Path("atlas")).sounds] == ["a", "c"]
    assert len(report.left_out) == 1 and "b.wav" in report.left_out[0]


def test_fingerprints_are_those_of_one_machine(scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "PART", 2 * fingerprints.BATCH)
    atlas = make_atlas(tmp_path / "atlas", [3000] * 70)
    expected = np.concatenate(list(fingerprints.fingerprints_of(atlas.samples(), RATE, SMALL)))
    fingerprint(atlas, SMALL, nothing, scheduler=scheduler)
    np.testing.assert_array_equal(read_fingerprints(atlas), expected)


def test_a_worker_takes_turns_at_what_numba_keeps(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core.caching import IndexDataCacheFile

    monkeypatch.setattr(IndexDataCacheFile, "load", lambda _: None)  # as numba's own, which knows of no others
    assert list(process_pool.on_cluster([int], scheduler)) == [(0, 0)]
    assert hasattr(IndexDataCacheFile.load, "in_turn")
