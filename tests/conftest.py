"""What the whole suite shares: its parallel workers, the numba caches they use, how hard hypothesis tries, fixtures."""

import gc
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from samplechop.offline.common import process_pool
from samplechop.offline.lab.bench.jack_server import JackServer, missing, realtime_is_allowed
from tests.support import kept_code as kept_code
from tests.support.command import ROOT
from tests.support.forked import FORKED

# `pytest --hypothesis-profile thorough` looks further. How long an example takes is the machine's affair.
settings.register_profile("quick", deadline=None, max_examples=20, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

JACK = ("tests/integration/jack/", "tests/realtime/midi/test_ports.py")
TRAINING = (
    *("tests/offline/cli/test_train.py", "tests/offline/lab/test_devset.py"),
    *("tests/offline/lab/synthetic/test_build.py", "tests/offline/training/", "tests/offline/cli/test_drums.py"),
    *("tests/offline/atlas/test_tags.py", "tests/offline/lab/test_search.py", "tests/offline/lab/test_releases.py"),
    *("tests/contract/test_walk_through.py", "tests/realtime/detectors/drums/"),
    "tests/realtime/nets/test_temporal_net.py",
)
"""What asks for the crate of tests/offline/conftest.py or imports TensorFlow: each takes a process some seconds."""
STUDIO = ("tests/offline/studio/",)
"""What looks at one studio that runs: its record is heard once."""
MAP = ("tests/offline/atlas/web/",)
"""What looks at an atlas's page."""
GROUPS = {"jack": JACK, "studio": STUDIO, "training": TRAINING, "map": MAP}
"""What runs on one worker each, in the order in which they begin: the longest first."""
WARM = pytest.StashKey[Path]()
"""The numba cache that every worker begins with a copy of."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Take a process more than cores for the whole suite, as one of them waits for sessions; for a part none.

    Each takes some seconds to collect all tests and to import what they need.
    """
    whole = config.args == config.getini("testpaths")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 1 if whole and cores > 1 else 0


def pytest_configure(config: pytest.Config) -> None:
    # Without it every worker would rewrite the asserts of all tests, and every program that they start compile all of
    # samplechop's source: half of a second of its start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Ignored in a shell's background, and under nohup; every child would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Whoever runs the tests may have settings of their own.
    os.environ["XDG_CONFIG_HOME"] = tempfile.gettempdir() + "/no settings of samplechop"
    os.environ["SAMPLECHOP_CACHE"] = os.devnull + "/none"
    if hasattr(config, "workerinput"):
        # Two processes that compile the same function at once would write the same files.
        folder = tempfile.TemporaryDirectory(prefix="samplechop-numba-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        os.environ["NUMBA_CACHE_DIR"] = shutil.copytree(config.workerinput["numba"], folder.name, dirs_exist_ok=True)
    elif config.getoption("tx", None) and not config.option.collectonly:
        # Threads of its own in each worker would wait for a core of another's, and burn that of their own meanwhile.
        for name in ("OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, "1")
        folder = Path(config.cache.mkdir("numba"))
        command = [sys.executable, "-m", "tests.support.warm_numba"]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"NUMBA_CACHE_DIR": str(folder)}, check=True)
        config.stash[WARM] = folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """[controller] Tell a worker that is about to start where the warm cache is."""
    node.workerinput["numba"] = str(node.config.stash[WARM])


def group(nodeid: str) -> str:
    """Say what runs on one worker: a file, whose fixtures are shared, or all of a group."""
    path = nodeid.partition("::")[0]
    for name, places in GROUPS.items():
        if path.startswith(places):
            return name
    return path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: the sessions in real time, which mostly wait, and the training of nets."""
    items.sort(key=lambda item: (*GROUPS, group(item.nodeid)).index(group(item.nodeid)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Leave aside what the tests themselves are made of wherever Python looks for garbage: it stays to the end.

    And look for it less often: what tests import and share grows to so much that to look through all takes long.
    """
    gc.disable()
    try:
        _import_from_elsewhere(session.config)
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(20_000, 50, 100)


def _import_from_elsewhere(config: pytest.Config) -> None:
    """Have each worker begin to import at another file, so that what pytest compiles for all is compiled by one."""
    if not hasattr(config, "workerinput") or config.args != config.getini("testpaths"):
        return
    files = sorted(ROOT.glob("tests/**/test_*.py"))
    number, workers = int(config.workerinput["workerid"].removeprefix("gw")), config.workerinput["workercount"]
    begin = number * len(files) // workers
    for path in (*files[begin:], *files[:begin]):
        with suppress(Exception, pytest.skip.Exception):  # pytest says it when it comes to the file
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


@pytest.fixture(autouse=True, scope="session")
def forked_workers() -> Iterator[None]:
    """Have the workers of pools begin at once, where the system can fork; `spawned_workers` has them as users have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_pool, "get_context", lambda _: FORKED)
        yield


@pytest.fixture(scope="module")
def spawned_workers() -> Iterator[None]:
    """Have the workers of pools start as they do outside tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_pool, "get_context", multiprocessing.get_context)
        yield


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """Have trainings of a few steps run them as they stand; skip where TensorFlow is missing."""
    pytest.importorskip("tensorflow")
    from tests.support.tracing import tracing

    with tracing(False):
        yield


@pytest.fixture(scope="session")
def jack_server() -> Iterator[JackServer]:
    """Give a JACK dummy server at 44 100 Hz, 256 samples a block; this process and its children see it and no other."""
    reason = missing(portaudio=True)
    if reason is not None:
        pytest.skip(reason)
    # As musicians set up their machines, where that is allowed: then other work beside it costs no cycles.
    with JackServer(realtime=realtime_is_allowed()) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment().items():
            patch.setitem(os.environ, name, value)
        yield server


@pytest.fixture
def only_jack() -> None:
    """Skip where rtmidi's virtual ports would not be on JACK."""
    import rtmidi

    try:
        rtmidi.MidiOut(rtmidi.API_LINUX_ALSA)
    except OSError:
        return
    pytest.skip("an ALSA sequencer is there and takes the virtual port")


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Give a terminal's two ends as file descriptors: ours, where we type, and the program's."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that puts a package on the path as an installer would, with these entry points."""

    def put(entry_points: str) -> None:
        info = tmp_path / "thirdparty-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thirdparty\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)
        monkeypatch.syspath_prepend(tmp_path)

    return put
