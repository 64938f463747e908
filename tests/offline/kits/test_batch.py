import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplechop import models
from samplechop.offline.kits.batch import make_kits
from samplechop.offline.kits.batch_report import Entry, Report
from samplechop.offline.kits.batch_state import BatchState, Row, fingerprint
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.kit_folder import aside
from samplechop.offline.kits.pipeline import make_kit
from samplechop.realtime.core.errors import UserError
from tests.support.chop_work import ALLOWED_DEATHS, make, make_kit_with_a_death
from tests.support.command import ROOT
from tests.support.signals import RATE, chord, kick, snare
from tests.support.waiting import PATIENCE

OPTIONS = ChopOptions()
FAST = ChopOptions(formats=("sfz",), picture=False)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "kits"


def records(folder: Path, **texts: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.wav" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    return paths


def many(folder: Path, count: int) -> list[Path]:
    return records(folder, **{f"song{number}": f"song {number}" for number in range(count)})


def names(entries) -> list[str]:
    return [entry.source.stem for entry in entries]


def made_in(out: Path) -> list[str]:
    """The kits in order of name, and the order of making: every source once."""
    kits = sorted(path.parent.name for path in out.glob("*/kit.json"))
    assert sorted(Path(line).stem for line in (out / "log").read_text().splitlines()) == kits
    return kits


def nothing_unfinished(out: Path) -> bool:
    return not [path for path in out.iterdir() if path.name.startswith(".")]


def test_every_source_becomes_a_kit_in_a_folder_of_its_own(tmp_path, out):
    report = make_kits(many(tmp_path, 5), out, OPTIONS, make, jobs=2)
    assert names(report.made) == made_in(out) == [f"song{number}" for number in range(5)]
    assert not report.failed and not report.skipped and not report.interrupted
    assert nothing_unfinished(out)


def test_a_second_run_makes_nothing_again(tmp_path, out):
    sources = many(tmp_path, 3)
    make_kits(sources, out, OPTIONS, make)
    report = make_kits(sources, out, OPTIONS, make)
    assert names(report.skipped) == ["song0", "song1", "song2"] == made_in(out)
    assert not report.made


def test_renamed_files_are_known_by_their_content(tmp_path, out):
    (source,) = many(tmp_path, 1)
    make_kits([source], out, OPTIONS, make)
    report = make_kits([source.rename(tmp_path / "renamed.wav")], out, OPTIONS, make)
    assert report.skipped[0].folder == out / "song0"


def test_a_kit_that_was_deleted_is_made_again(tmp_path, out):
    sources = many(tmp_path, 2)
    make_kits(sources, out, OPTIONS, make)
    shutil.rmtree(out / "song1")
    report = make_kits(sources, out, OPTIONS, make)
    assert names(report.made) == ["song1"] and names(report.skipped) == ["song0"]


def test_failures_are_reported_one_by_one_and_tried_again(tmp_path, out):
    sources = records(tmp_path, a="good", b="bad", c="bug", d="fine")
    report = make_kits(sources, out, OPTIONS, make, jobs=2)
    assert names(report.made) == ["a", "d"] and names(report.failed) == ["b", "c"]
    assert report.failed[0].message == "'b.wav' is bad"
    assert "KeyError('a mistake')" in report.failed[1].message
    sources[1].write_text("mended")
    assert names(make_kits(sources, out, OPTIONS, make).made) == ["b"]


def test_a_source_that_kills_its_worker_is_the_only_one_that_fails(tmp_path, out):
    sources = records(tmp_path, a="1", b="deadly", c="3", d="4", e="5")
    report = make_kits(sources, out, OPTIONS, make, jobs=2)
    assert names(report.failed) == ["b"] and "died" in report.failed[0].message
    assert names(report.made) == ["a", "c", "d", "e"]
    assert sorted(path.parent.name for path in out.glob("*/kit.json")) == ["a", "c", "d", "e"]
    assert nothing_unfinished(out)


def test_sources_of_one_name_get_folders_of_their_own_that_stay(tmp_path, out):
    sources = [*records(tmp_path / "x", song="1"), *records(tmp_path / "y", song="2"), *records(tmp_path, Song="3")]
    make_kits(sources, out, OPTIONS, make)
    first = {path.parent.name: path.read_text() for path in out.glob("*/text")}
    assert len(first) == 3 and first["song"] == "1" and first["y_song"] == "2"
    make_kits(sources[::-1], out, OPTIONS, make, force=True)
    assert {path.parent.name: path.read_text() for path in out.glob("*/text")} == first


def test_sources_with_the_same_content_become_one_kit(tmp_path, out):
    report = make_kits(records(tmp_path, a="same", b="same"), out, OPTIONS, make)
    assert names(report.made) == ["a"] and names(report.skipped) == ["b"]
    assert report.skipped[0].message == f"the same as {str(tmp_path / 'a.wav')!r}"


def test_other_options_do_not_overwrite_without_force(tmp_path, out):
    sources = many(tmp_path, 1)
    make_kits(sources, out, OPTIONS, make)
    refused = make_kits(sources, out, ChopOptions(count=8), make)
    assert "--force" in refused.failed[0].message
    assert names(make_kits(sources, out, ChopOptions(count=8), make, force=True).made) == ["song0"]
    assert names(make_kits(sources, out, ChopOptions(count=8), make).skipped) == ["song0"]


def test_another_net_under_the_same_name_counts_as_another_option(tmp_path, out):
    sources = many(tmp_path, 1)
    make_kits(sources, out, OPTIONS, make, model="before")
    assert names(make_kits(sources, out, OPTIONS, make, model="before").skipped) == ["song0"]
    assert names(make_kits(sources, out, OPTIONS, make, model="after", force=True).made) == ["song0"]


def test_a_kit_that_somebody_else_made_is_not_overwritten(tmp_path, out):
    sources = many(tmp_path, 1)
    out.mkdir()
    make(sources[0], out / "song0", OPTIONS, False)
    assert names(make_kits(sources, out, OPTIONS, make).failed) == ["song0"]


def claimed(source: Path, out: Path, options: ChopOptions, model: str = "") -> None:
    """Leave the batch state as a run leaves it that was ended while it chopped."""
    out.mkdir(exist_ok=True)
    with BatchState(out) as state:
        record = state.record_of([source])
        state.put([Row(record, fingerprint(options, model), "claimed", source.stem, str(source))])


def test_a_kit_made_by_hand_after_a_run_was_ended_is_not_overwritten(tmp_path, out):
    (source,) = many(tmp_path, 1)
    claimed(source, out, OPTIONS)
    make(source, out / "song0", ChopOptions(count=8), False)
    before = (out / "song0" / "kit.json").read_text()
    for _ in range(2):
        report = make_kits([source], out, OPTIONS, make)
        assert names(report.failed) == ["song0"] and "is there already" in report.failed[0].message
        assert (out / "song0" / "kit.json").read_text() == before
    assert names(make_kits([source], out, OPTIONS, make, force=True).made) == ["song0"]


def test_a_kit_of_another_record_is_not_taken_for_the_one_that_was_begun(tmp_path, out):
    (source, other) = many(tmp_path, 2)
    claimed(source, out, OPTIONS)
    make(other, out / "song0", OPTIONS, False)
    assert names(make_kits([source], out, OPTIONS, make).failed) == ["song0"]


def test_a_kit_that_was_made_when_the_run_was_ended_counts_as_made(tmp_path, out):
    (source,) = many(tmp_path, 1)
    claimed(source, out, OPTIONS)
    make(source, out / "song0", OPTIONS, False)
    assert names(make_kits([source], out, OPTIONS, make).made) == ["song0"] == made_in(out)
    assert names(make_kits([source], out, OPTIONS, make).skipped) == ["song0"]


def test_a_kit_made_by_hand_while_the_collection_is_chopped_is_not_overwritten(tmp_path, out):
    (source,) = many(tmp_path, 1)

    def meanwhile(what: str, done: int, of: int) -> None:
        del done, of
        if what == "looking":
            make(source, out / "song0", ChopOptions(count=8), False)

    report = make_kits([source], out, OPTIONS, make, progress=meanwhile)
    assert names(report.failed) == ["song0"]


def test_a_real_kit_is_known_by_its_manifest(tmp_path, out):
    source, options = real_records(tmp_path)[0], replace(FAST, lock=(0.5,))
    net = models.load(options.model).sha256
    claimed(source, out, options, net)
    made = make_kit(source, out / source.stem, options)
    before = made.files[0].stat().st_ino
    assert names(make_kits([source], out, options, make_kit, model=net).made) == [source.stem]
    assert made.files[0].stat().st_ino == before


def test_a_kit_whose_replacement_was_cut_short_is_there_again(tmp_path, out):
    sources = many(tmp_path, 2)
    make_kits(sources, out, OPTIONS, make)
    (out / "song0").rename(aside(out / "song0"))
    assert names(make_kits(sources, out, OPTIONS, make).skipped) == ["song0", "song1"] == made_in(out)
    assert nothing_unfinished(out)


def test_nothing_sweeps_a_kit_away_while_it_is_being_replaced(tmp_path, out):
    (source,) = many(tmp_path, 1)
    make_kits([source], out, OPTIONS, make)

    def midway(what: str, done: int, of: int) -> None:
        del done, of
        if what == "chopping":
            (out / "song0").rename(aside(out / "song0"))

    make_kits([source], out, OPTIONS, make, force=True, progress=midway)
    assert (aside(out / "song0") / "kit.json").is_file()


def test_a_disk_that_is_full_is_told_in_a_sentence(tmp_path, out):
    sources = many(tmp_path, 2)

    def fills(what: str, done: int, of: int) -> None:
        del what, done, of
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(UserError, match=r"chopped.sqlite' cannot be used .* is the disk full"):
            make_kits(sources, out, OPTIONS, make, progress=fills)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(make_kits(sources, out, OPTIONS, make).made) == ["song0", "song1"]


def test_what_the_disk_refuses_beside_the_batch_state_is_told_in_a_sentence(tmp_path, out, monkeypatch):
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("samplechop.offline.common.process_pool.ProcessPoolExecutor", no_room)
    with pytest.raises(UserError, match="cannot go on: No space left"):
        make_kits(many(tmp_path, 1), out, OPTIONS, make)


def test_what_cannot_be_read_fails_alone(tmp_path, out):
    sources = [*many(tmp_path, 1), tmp_path / "missing.wav"]
    os.mkfifo(tmp_path / "pipe.wav")
    report = make_kits([*sources, tmp_path / "pipe.wav"], out, OPTIONS, make)
    assert names(report.made) == ["song0"] and names(report.failed) == ["missing", "pipe"]


def test_warnings_of_kits_are_in_the_report(tmp_path, out):
    report = make_kits(records(tmp_path, a="loud", b="soft", c="bad"), out, OPTIONS, make)
    *told, failed, sums = report.lines()
    assert told == [f"{str(tmp_path / 'a.wav')!r}: it is loud"]
    assert failed == f"failed: {str(tmp_path / 'c.wav')!r}: 'c.wav' is bad"
    assert sums == "2 made, 0 skipped, 1 failed"


def test_a_kit_that_was_made_is_a_line_with_what_it_is(tmp_path, out):
    report = Report(made=[Entry(tmp_path / "a.wav", out / "a", "one; two", 1.0, "16 slices, 92 bpm")])
    assert list(report.lines()) == [
        f"a.wav: 16 slices, 92 bpm, in {out / 'a'} (one; two)",
        "1 made, 0 skipped, 0 failed",
    ]


def test_progress_is_told_from_first_to_last(tmp_path, out):
    told = []
    make_kits(many(tmp_path, 3), out, OPTIONS, make, progress=lambda *step: told.append(step))
    assert told[-3:] == [("chopping", 1, 3), ("chopping", 2, 3), ("chopping", 3, 3)]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        make_kits([], tmp_path / "file" / "kits", OPTIONS, make)


def test_an_interrupted_run_says_so_and_can_be_resumed(tmp_path, out):
    sources = many(tmp_path, 6)
    script = f"""
        import sys
        from pathlib import Path
        from samplechop.offline.kits.batch import make_kits
        from samplechop.offline.kits.core.options import ChopOptions
        from tests.support.chop_work import make_the_first

        def told(what, done, of):
            print(what, done, flush=True)

        sources = [Path(path) for path in sys.argv[1:]]
        report = make_kits(sources, Path({str(out)!r}), ChopOptions(), make_the_first, jobs=2, progress=told)
        sys.exit(130 if report.interrupted else 0)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, sources)]
    with subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        while process.stdout.readline().strip() not in (b"chopping 1", b""):
            pass
        os.killpg(process.pid, signal.SIGINT)
        complaints = process.communicate(timeout=PATIENCE)[1].decode()
    assert process.returncode == 130, complaints
    assert "Traceback" not in complaints
    assert [path.parent.name for path in out.glob("*/kit.json")] == ["song0"] and nothing_unfinished(out)
    report = make_kits(sources, out, OPTIONS, make, jobs=2)
    assert names(report.skipped) == ["song0"] and names(report.made) == [f"song{number}" for number in range(1, 6)]
    assert len(made_in(out)) == 6


@pytest.fixture
def cluster():
    """Give a cluster of two workers; one that dies is replaced, mostly: so that no test has what another one left."""
    distributed = pytest.importorskip("distributed")
    import dask

    # By default a source is given up after four deaths, for each of which a worker is started.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": ALLOWED_DEATHS}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as made,
    ):
        yield made
        # A worker that is not started yet cannot be ended, says distributed: then all that follows has its threads.
        with distributed.Client(made) as client, suppress(TimeoutError):
            client.wait_for_workers(2, timeout=20)


def real_records(folder: Path) -> list[Path]:
    rng = np.random.default_rng(3)
    paths = [folder / f"song{number}.wav" for number in range(5)]
    for path in paths:
        hits = np.concatenate([kick(rng), snare(rng), kick(rng), chord(rng.uniform(100, 400), 0.5)])
        soundfile.write(path, hits / 2, RATE)
    return paths


def all_made_and_whole(report: Report, out: Path) -> bool:
    assert names(report.made) == [f"song{number}" for number in range(5)]
    assert sorted(path.parent.name for path in out.glob("*/kit.json")) == names(report.made)
    for entry in report.made:
        slices = sorted((entry.folder / "slices").iterdir())
        parts = np.concatenate([soundfile.read(path, dtype="int16")[0] for path in slices])
        np.testing.assert_array_equal(parts, soundfile.read(entry.source, dtype="int16")[0])
    return (out / "died").exists() and nothing_unfinished(out)


def test_a_cluster_loses_nothing_and_doubles_nothing_when_a_worker_is_killed(cluster, tmp_path, out):
    sources = real_records(tmp_path)
    net = models.load(FAST.model).sha256
    report = make_kits(sources, out, FAST, make_kit_with_a_death, scheduler=cluster.scheduler_address, model=net)
    assert all_made_and_whole(report, out)
    assert made_in(out) == names(report.made)


def test_processes_lose_nothing_and_double_nothing_when_one_is_killed(tmp_path, out):
    # By its net, too, a kit is known again that was whole when its process was killed with the other one's.
    net = models.load(FAST.model).sha256
    report = make_kits(real_records(tmp_path), out, FAST, make_kit_with_a_death, jobs=2, model=net)
    assert all_made_and_whole(report, out)


def test_a_source_that_kills_every_worker_of_a_cluster_is_the_only_one_that_fails(cluster, tmp_path, out):
    sources = records(tmp_path, a="1", b="deadly", c="3", d="4")
    report = make_kits(sources, out, OPTIONS, make, scheduler=cluster.scheduler_address)
    assert names(report.failed) == ["b"] and names(report.made) == ["a", "c", "d"]
    assert nothing_unfinished(out)


def test_a_source_whose_workers_died_beside_another_one_is_tried_alone(cluster, tmp_path, out):
    sources = records(tmp_path, a="deadly", b="unlucky")
    report = make_kits(sources, out, OPTIONS, make, scheduler=cluster.scheduler_address)
    assert names(report.failed) == ["a"] and names(report.made) == ["b"]


def test_a_scheduler_that_is_not_there_is_refused(tmp_path, out, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("samplechop.offline.common.process_pool.CONNECT_SECONDS", 0.5)
    with pytest.raises(UserError, match=r"no Dask scheduler can be reached at 'tcp://127.0.0.1:1'"):
        make_kits(many(tmp_path, 1), out, OPTIONS, make, scheduler="tcp://127.0.0.1:1")


def test_without_dask_one_sentence_says_what_to_install(tmp_path, out, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"pip install .*\[dask\]'"):
        make_kits(many(tmp_path, 1), out, OPTIONS, make, scheduler="tcp://127.0.0.1:1")


def test_songs_that_differ_in_their_ending_alone_have_it_in_the_folder_of_the_later_one(tmp_path, out):
    (tmp_path / "other").mkdir()
    sources = [tmp_path / "song.m4a", tmp_path / "song.mp3", tmp_path / "other" / "song.mp3", tmp_path / "夜.flac"]
    for path in sources:
        path.write_text(str(path))
    report = make_kits(sources, out, OPTIONS, make)
    assert [entry.folder.name for entry in report.made] == ["song", "song_mp3", "other_song", "夜"]
