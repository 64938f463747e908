"""What became of every record of a collection, kept in SQLite beside the kits, so that a second run does only the rest.

A record is known by the SHA-256 of its bytes, not by its name: files may be renamed and moved. A kit is known by the
record and the options it was made with. Folders are kept relative to the state's, so that the whole can be moved.

The file may come with a folder from anybody: one that is a link, or holds anything but these tables (a view or a
trigger can go on without end), is refused, and so is a row whose folder is not one of this folder's own.
"""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from samplechop.offline.kits.core.options import ChopOptions
from samplechop.realtime.core.errors import UserError

FILE = "chopped.sqlite"
SCHEMA = 1
State = Literal["claimed", "made", "failed"]
"""A kit's folder is claimed before any work begins. A claim that stays tells of a run that was ended: the kit may be
there or not."""

_DIGEST = re.compile(r"[0-9a-f]{64}")

_TABLES = """
CREATE TABLE kits (
    record TEXT NOT NULL, options TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('claimed', 'made', 'failed')),
    folder TEXT NOT NULL UNIQUE, source TEXT NOT NULL, seconds REAL NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (record, options)
) STRICT;
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One kit. record: SHA-256 of the audio. options: their fingerprint. folder: relative to the state's.

    source: where the audio was. seconds: that it took to make. message: why it failed, or what is to be known of it.
    """

    record: str
    options: str
    state: State
    folder: str
    source: str
    seconds: float = 0.0
    message: str = ""


class BatchState:
    """The batch state of one folder of kits; made if it is not there, held by one process at a time.

    Every change is on disk when the call returns. Raises UserError if it cannot be opened, holds something else, or
    another process has it.
    """

    def __init__(self, folder: Path) -> None:
        """Open the batch state of an existing folder."""
        self.path = folder / FILE
        for ending in ("", "-wal", "-shm", "-journal"):
            path = self.path.with_name(FILE + ending)
            if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
                raise UserError(f"the batch state {str(path)!r} is a link or no ordinary file: name another folder")
        try:
            self._base = sqlite3.connect(self.path, timeout=1.0, isolation_level=None)
            # One process at a time: two would give two records the same folder. The lock goes with the process.
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("BEGIN IMMEDIATE")
            version = self._base.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _TABLES.split(";"):
                    self._base.execute(statement)
                self._base.execute(f"PRAGMA user_version = {SCHEMA}")
            holds_ours = version not in (0, SCHEMA) or _schema(self._base) == _own_schema()
            self._base.execute("COMMIT")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if "locked" in str(error):
                raise UserError(
                    f"another samplechop is at work in {str(folder)!r}: let it end, or use another"
                ) from None
            full = isinstance(error, sqlite3.OperationalError)
            way_out = "is the disk full, or read-only?" if full else "delete it, kits stay as they are"
            raise UserError(f"the batch state {str(self.path)!r} cannot be used ({error}): {way_out}") from None
        if version not in (0, SCHEMA):
            self.close()
            raise UserError(
                f"the batch state {str(self.path)!r} is of another version ({version}): name another folder"
            )
        if not holds_ours:
            self.close()
            raise self._damaged("it holds other tables")

    def __enter__(self) -> "BatchState":
        """Give the batch state itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let another process have it."""
        self._base.close()

    def find(self, record: str, options: str) -> Row | None:
        """Give the kit of a record with these options."""
        return next(iter(self._rows("WHERE record = ? AND options = ?", record, options)), None)

    def of_record(self, record: str) -> list[Row]:
        """Give all kits of a record, whatever the options."""
        return self._rows("WHERE record = ? ORDER BY rowid", record)

    def rows(self) -> list[Row]:
        """Give all kits, in the order of their folders."""
        return self._rows("ORDER BY folder")

    def _rows(self, where: str, *values: str) -> list[Row]:
        with self._in_a_sentence():
            rows = [Row(*row) for row in self._base.execute(f"SELECT * FROM kits {where}", values)]
        if wrong := next((row for row in rows if not _is_plain(row)), None):
            raise self._damaged(f"it names the folder {wrong.folder!r:.60}")
        return rows

    def _damaged(self, why: str) -> UserError:
        return UserError(
            f"the batch state {str(self.path)!r} cannot be trusted ({why}): delete it, kits stay as they are"
        )

    def put(self, rows: Iterable[Row]) -> None:
        """Note kits, all or none; each takes the place of the one with its record and options, or in its folder.

        Raises UserError if the disk does not take them.
        """
        with self._in_a_sentence():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                self._base.executemany(
                    "INSERT OR REPLACE INTO kits VALUES (?, ?, ?, ?, ?, ?, ?)", [astuple(row) for row in rows]
                )
                self._base.execute("COMMIT")
            finally:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")

    def record_of(self, files: Iterable[Path]) -> str:
        """Give the SHA-256, in hex, of the bytes of files one after the other.

        A file whose size and time of change are as they were is not read again. Raises OSError, and UserError if the
        batch state cannot be read.
        """
        found = hashlib.sha256()
        for file in files:
            found.update(bytes.fromhex(self._digest(file)))
        return found.hexdigest()

    def _digest(self, file: Path) -> str:
        path, facts = os.fsencode(file.absolute()).hex(), file.stat()
        with self._in_a_sentence():
            known = self._base.execute(
                "SELECT record FROM files WHERE path = ? AND size = ? AND changed_ns = ?",
                (path, facts.st_size, facts.st_mtime_ns),
            ).fetchone()
        if known and _DIGEST.fullmatch(known[0]):
            return str(known[0])
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        with suppress(sqlite3.DatabaseError):  # a full disk: then the file is read again another time
            self._base.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", (path, facts.st_size, facts.st_mtime_ns, digest)
            )
        return digest

    @contextmanager
    def _in_a_sentence(self) -> Iterator[None]:
        """Raise UserError for what the disk does; what only a mistake of ours can cause stays as it is."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"the batch state {str(self.path)!r} cannot be used ({error}): is the disk full, or read-only?"
            ) from None


def _schema(base: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Give kind, name and text of all that a database holds but indices that belong to tables."""
    return sorted(
        (kind, name, " ".join(str(text).split()))
        for kind, name, text in base.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    )


@cache
def _own_schema() -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(":memory:")) as base:
        base.executescript(_TABLES)
        return _schema(base)


def _is_plain(row: Row) -> bool:
    """Say whether a row's folder lies in the folder itself, and its state is one there is."""
    name = row.folder
    return (
        name not in ("", ".", "..")
        and not set("/\\\0") & set(name)
        and len(os.fsencode(name)) < 256
        and row.state in get_args(State)
    )


def fingerprint(options: ChopOptions, model: str = "", project: str = "") -> str:
    """Give the SHA-256, in hex, of everything that decides what is made of a record.

    model: the net's own SHA-256. project: that of what was decided about the record, "" where nothing was.
    """
    given = [asdict(options), model, *([project] if project else [])]
    content = json.dumps(given, sort_keys=True, allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()
