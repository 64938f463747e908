"""Where numba keeps what it compiles: a temporary folder where nothing else can be written.

numba writes to NUMBA_CACHE_DIR, to __pycache__ beside the module, or to the user's cache folder, whichever is the first
that it can write to, and refuses to import a module where it finds none: a home that is read-only or missing, a
container that runs as any user. What becomes of single files says kept_files.py.
"""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial, wraps
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import platformdirs

from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.import_hooks import Run, around_import, spare_scipy
from samplechop.realtime.core.kept_files import endure_faults, endure_files, endure_places
from samplechop.realtime.core.quick_compiling import (
    leave_garbage,
    linked_overloads,
    quick_options,
    quick_variables,
    remembered_calls,
)

VARIABLE = "NUMBA_CACHE_DIR"
_PACKAGE = Path(__file__).parents[2]
_OURS = __name__.partition(".")[0] + "."
MAKES_ARRAYS = "makes_arrays"
"""The attribute of a function that says whether its compiled code needs what numba makes arrays with."""
_COUNTS = b"NRT_"  # how the names begin of what counts who holds an array
TEMPORARY = "samplechop-numba-"
"""How the names of folders begin in which what is compiled is lost."""

_made: tuple[Path, int] | None = None  # the temporary folder, and the process that made it
_sentence = ""  # what is to be said of it once something is compiled


def ensure_compile_cache() -> None:
    """[main] Give numba a temporary folder if it can keep nothing anywhere else.

    Must be called before numba is imported. Processes that this one starts use the same folder; it is removed when this
    one ends. One sentence on stderr says so when something is compiled.
    Raises UserError if no temporary folder can be made either.
    """
    ease_numba()
    given = os.environ.get(VARIABLE)
    if given and _can_make(Path(given)):
        return
    # The same as numba's for every system. Without a home it is relative: "~/.cache", in any folder.
    user_wide = platformdirs.user_cache_path("numba", appauthor=False)
    usable = user_wide.is_absolute()
    if usable and user_wide.is_dir() and _can_write(user_wide):
        return
    if all(map(_can_write, _beside_modules())) or (usable and _can_make(user_wide)):
        return
    why = f"what is compiled for this processor can be kept neither beside the program nor in {str(user_wide)!r}"
    try:
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY))
    except OSError:
        raise UserError(f"{why}: set {VARIABLE} to a folder that can be written") from None
    global _made, _sentence
    _made = folder, os.getpid()
    _sentence = f"{why}, so that each start takes up to half a minute: set {VARIABLE} to a folder that can be written"
    atexit.register(remove_temporary_cache)
    os.environ[VARIABLE] = str(folder)


def ease_numba() -> None:
    """[main] Have numba, which is not imported yet, begin and end sooner, compile quicker and endure damaged files.

    That is a part of `ensure_compile_cache`; processes that one starts which called that need no more than this.
    """
    # numba leaves so many objects that to look for garbage among them at the end takes a third of a second.
    atexit.register(gc.freeze)
    around_import("numba.core.caching", _tolerant)
    around_import("numba.np.arraymath", spare_scipy)
    around_import("numba.core.targetconfig", quick_options)
    around_import("numba.core.types.functions", remembered_calls)
    around_import("numba.core.typing.templates", linked_overloads)
    around_import("numba.core.ir", quick_variables)


def _tolerant(run: Run, module: ModuleType) -> None:
    run(module)
    endure_files(module.IndexDataCacheFile)
    load_alone(module.Cache)
    endure_faults(module.Cache)
    endure_places(module)
    leave_garbage()
    if _sentence:
        _say_when_compiling()


def load_alone(kept: Any) -> None:
    """Let numba's class of what it keeps, Cache, load functions of ours without all that only compiling needs, and keep
    only what can be loaded so.

    That is a tenth of a later start. What it then compiles, it makes ready for that itself.
    """
    load = kept.load_overload

    @wraps(load)
    def load_overload(self: Any, signature: Any, context: Any) -> Any:
        if not (getattr(self._py_func, "__module__", None) or "").startswith(_OURS):
            return load(self, signature, context)
        from numba.core.runtime import rtsys

        allocates = getattr(self._py_func, MAKES_ARRAYS, True)
        context.refresh = partial(rtsys.initialize, context) if allocates else _nothing
        try:
            return load(self, signature, context)
        finally:
            del context.refresh

    known = kept._index_key

    @wraps(known)
    def index_key(self: Any, signature: Any, codegen: Any) -> Any:
        # numba's own says nothing of how a function is compiled: what an earlier version kept of one whose module did
        # not change since would be taken for it, and end the process where it needs what is not loaded.
        how = getattr(self._py_func, MAKES_ARRAYS, None)
        key = known(self, signature, codegen)
        return key if how is None else (*key, how)

    save = kept.save_overload

    @wraps(save)
    def save_overload(self: Any, signature: Any, compiled: Any) -> None:
        # What makes no arrays is loaded without what numba counts their holders with. Where it calls a function that
        # was compiled before, for one that counts, it does, too: to load it would end the process.
        if getattr(self._py_func, MAKES_ARRAYS, True) or _COUNTS not in compiled.library._get_compiled_object():
            save(self, signature, compiled)

    kept.load_overload, kept._index_key, kept.save_overload = load_overload, index_key, save_overload


def _nothing() -> None:
    """Do nothing."""


def _say_when_compiling() -> None:
    """Have the sentence said when the first function is compiled: not by a command that compiles none."""
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:  # noqa: ARG002 (numba names the argument)
            global _sentence
            text, _sentence = _sentence, ""
            with suppress(OSError, ValueError, AttributeError):  # nobody may be there to read it
                if text:
                    print(f"samplechop: {text}", file=sys.stderr, flush=True)

        def on_end(self, event: Any) -> None:
            """Say nothing when it is over."""

    event.register("numba:compile", Listener())


def anything_kept() -> bool:
    """Say whether anything was compiled and kept before, here or by another command."""
    user_wide = platformdirs.user_cache_path("numba", appauthor=False)
    given = os.environ.get(VARIABLE)
    places = [Path(given)] if given else [_PACKAGE / "realtime", _PACKAGE / "offline", user_wide]
    return any(True for place in places for _ in place.rglob("*.nbi"))


def is_temporary() -> bool:
    """Whether what this process compiles is lost when it ends."""
    return _made is not None


def is_lost() -> bool:
    """Whether what is compiled is lost when this process, or the one that started it, ends."""
    return Path(os.environ.get(VARIABLE, "")).name.startswith(TEMPORARY)


def remove_temporary_cache() -> None:
    """Remove the temporary folder, if this process made one."""
    if _made is not None and _made[1] == os.getpid():
        shutil.rmtree(_made[0], ignore_errors=True)


def _beside_modules() -> Iterator[Path]:
    """Give the folders where Python keeps modules of ours and of librosa compiled."""
    librosa = find_spec("librosa")  # imports nothing
    places: Iterable[Path | str] = librosa.submodule_search_locations or () if librosa is not None else ()
    for package in (_PACKAGE / "realtime", _PACKAGE / "offline", *places):
        for folder, inner, names in os.walk(package):
            inner[:] = [name for name in inner if name != "__pycache__"]
            if any(name.endswith(".py") for name in names):
                compiled = Path(folder, "__pycache__")
                yield compiled if compiled.is_dir() else Path(folder)


def _can_make(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return _can_write(folder)


def _can_write(folder: Path) -> bool:
    """Whether a file can be made there; what the system says about rights is not all that may keep it from that."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True
