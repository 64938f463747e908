"""Where the project of a record lies: beside the audio, also in a session's folder, or with the user's settings.

    song.flac    song.chops.json           the project
                 song.chops.journal.jsonl  its edits
                 song.chops.sound.npz      what finds its places in another file, see `realign`

Where nothing can be written beside the audio, both lie in the folder projects of the settings, named after the file and
its path. What is there already is taken from where it is, beside the audio first.
"""

import hashlib
import os
from pathlib import Path

import platformdirs

from samplechop.offline.common.paths import beside
from samplechop.offline.kits.core.record import audio_files

PROJECT, JOURNAL, SOUND = ".chops.json", ".chops.journal.jsonl", ".chops.sound.npz"
Stamp = tuple[int, int, int]


def find(source: Path) -> Path | None:
    """Find the project of an audio file or a session; None if it has none. Raises UserError for what is neither."""
    (audio,) = audio_files(source)
    if (there := beside(audio, (PROJECT,))) is not None:
        return there
    if (journal := beside(audio, (JOURNAL,))) is not None:  # the project itself went: its edits say what it was
        return project_of(journal)
    away = _away(audio)
    return away if away.is_file() or journal_of(away).is_file() else None


def place_for(source: Path) -> Path:
    """Give the path of the project of an audio file or a session, which need not be there yet.

    Raises UserError for what is neither.
    """
    (audio,) = audio_files(source)
    there = find(source)
    if there is not None:
        return there
    return audio.with_name(audio.stem + PROJECT) if os.access(audio.parent, os.W_OK | os.X_OK) else _away(audio)


def journal_of(project: Path) -> Path:
    """Give the path of a project's journal."""
    return project.with_name(project.name.removesuffix(PROJECT) + JOURNAL)


def sound_of(project: Path) -> Path:
    """Give the path of what is kept of the sound a project was made for."""
    return project.with_name(project.name.removesuffix(PROJECT) + SOUND)


def project_of(journal: Path) -> Path:
    """Give the path of the project whose journal this is."""
    return journal.with_name(journal.name.removesuffix(JOURNAL) + PROJECT)


def _away(audio: Path) -> Path:
    mark = hashlib.sha256(os.fsencode(os.path.realpath(audio))).hexdigest()[:16]
    folder = platformdirs.user_config_path("samplechop", appauthor=False) / "projects"
    return folder / f"{audio.stem[:80]}-{mark}{PROJECT}"


def stamps(source: Path) -> tuple[Stamp | None, ...]:
    """Give what tells whether the files of a project are as they were. Raises UserError as `find`."""
    there = find(source)
    return () if there is None else (stamp_of(there), stamp_of(journal_of(there)))


def stamp_of(path: Path) -> Stamp | None:
    """Give what tells whether a file is as it was; None where it is gone."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino
