"""What pages are told while a record is heard."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from samplechop.offline.common.array_cache import ArrayCache
from samplechop.offline.studio import worker
from samplechop.offline.studio.file_watch import FileWatch
from samplechop.offline.studio.hub import Hub
from samplechop.offline.studio.kits import Kits
from samplechop.offline.studio.library import Library
from samplechop.offline.studio.viewer import Viewer
from samplechop.offline.studio.worker import Tell, Worker, by_stage
from tests.support.forked import FORKED
from tests.support.records import noise, record


def compiles_at_its_end(tell: Tell) -> None:
    tell({"stage": "all heard"})
    by_stage(tell)("compiling for this processor, once", 24, 24)


def test_a_record_whose_file_is_another_one_is_opened_anew_once_that_is_whole(tmp_path: Path) -> None:
    source = record(tmp_path, noise(44_100, 1)).source

    async def lengths_and_messages() -> tuple[list[int], list[Any]]:
        library = Library([source])
        hub, viewer = Hub(library, Kits(tmp_path), ArrayCache(tmp_path / "cache"), {}), Viewer()
        name, lengths = library.items()[0].id, []
        async with hub.using(name) as one:
            one.viewers.add(viewer)
            for samples in (None, 22_050, 11_025, None):  # the third look finds it as the second left it
                if samples is not None:
                    record(tmp_path, noise(samples, 1))
                await hub.look_again(name, one)
                async with hub.using(name) as now:
                    lengths.append(now.desk.record.length)
            messages = [await viewer.next() for _ in range(viewer.waits)]
        await hub.close()
        return lengths, messages

    assert asyncio.run(lengths_and_messages()) == ([44_100, 44_100, 44_100, 11_025], [{"outdated": True}])


def test_a_file_that_is_gone_and_comes_back_as_it_was_stays_open(tmp_path: Path) -> None:
    source = record(tmp_path, noise(44_100, 1)).source
    watch = FileWatch(source)
    source.rename(away := tmp_path / "away.wav")
    gone = watch.is_another(), watch.is_another(), watch.is_same()
    away.rename(source)
    assert (gone, watch.is_another(), watch.is_another(), watch.is_same()) == (
        (False, False, False),
        False,
        False,
        True,
    )


def test_that_all_was_heard_is_told_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "get_context", lambda _: FORKED)
    source = record(tmp_path, noise(44_100, 1)).source

    async def told() -> list[Any]:
        library = Library([source])
        hub, viewer = Hub(library, Kits(tmp_path), ArrayCache(tmp_path / "cache"), {}), Viewer()
        name = library.items()[0].id
        async with hub.using(name) as one:
            one.viewers.add(viewer)
            task = one.desk.to_hear()
            assert task is not None
            one.uses += 1
            one.desk.was_heard = lambda _: None  # type: ignore[method-assign]  # nothing is heard here
            one.failed = task
            await hub._hear(name, one, task, Worker(compiles_at_its_end))
            messages = [await viewer.next() for _ in range(viewer.waits)]
        await hub.close()
        return [message["job"]["stage"] for message in messages if "job" in message]

    assert asyncio.run(told())[-1] == "all heard"
