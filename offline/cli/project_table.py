"""What a project says, as it is printed."""

import json
from typing import Any

from rich.table import Table

from samplechop.offline.common.terminal import echo, print_table
from samplechop.offline.project.conflicts import sentence
from samplechop.offline.project.document import to_document
from samplechop.offline.project.model import Project


def show_project(project: Project) -> None:
    """Print what was decided: a line for each chop, then the rest."""
    audio = project.audio
    seconds = audio.length / audio.sample_rate
    echo(f"{audio.name}: {len(project.chops)} chops, {len(project.deleted)} places deleted, {seconds:.1f} s")
    if project.chops:
        table = Table("chop", "at", "sample", "note", "what", box=None)
        for chop in project.chops:
            was = [] if chop.origin is None else [] if chop.origin == chop.at else [f"moved from {chop.origin}"]
            about = [f"{name} {value}" for name in _ABOUT if (value := getattr(chop, name)) is not None]
            words = [*(["added"] if chop.origin is None else was), *(["locked"] if chop.locked else []), *about]
            note = "" if chop.note is None else str(chop.note)
            table.add_row(chop.id, f"{chop.at / audio.sample_rate:.3f} s", str(chop.at), note, ", ".join(words))
        print_table(table)
    document = to_document(project)
    for name in ("deleted", "grid", "key", "kit"):
        if document.get(name):
            echo(f"{name}: {json.dumps(document[name], ensure_ascii=False)}")
    for conflict in project.conflicts:
        echo(f"conflict: {sentence(conflict, project)}")
    if project.conflicts:
        echo(
            '"settle 12.5" (samplechop project set) says that what is kept there lies well, "settle all" that all does'
        )


def edit_words(edit: Any) -> str:
    """Give an edit in one line that a terminal has room for."""
    text = json.dumps(edit, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


_ABOUT = ("name", "end", "gain_db", "choke", "play", "colour")
_LONGEST = 100
