"""What the page shows of a record, as sections of plain data: those that an edit leaves alone are not sent again.

    record      what it is                         pads        the kit: slices on their pads
    project     decisions, what undo takes back    candidates  places it was chosen from
    grid        beats, tempo, key                  kit         options, figures
    messages    sentences for the user             conflicts   decisions that lost their clear place

Positions are samples of the record at its own rate.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from samplechop.offline.kits.core.model import Guess
from samplechop.offline.kits.core.options import ChopOptions
from samplechop.offline.kits.core.record import Record
from samplechop.offline.kits.plan import Plan
from samplechop.offline.kits.remarks import drums_alone
from samplechop.offline.project.conflicts import sentence
from samplechop.offline.project.document import to_document
from samplechop.offline.project.history import History
from samplechop.offline.project.model import Project
from samplechop.offline.studio.shaping import shape_of
from samplechop.offline.studio.wording import in_page_words
from samplechop.realtime.ui.formatting import pad_name

Sections = dict[str, Any]
Columns = list[list[int]]
NONE: Columns = [[], [], []]
SHARES = 10_000
"""Of 1, as whole numbers."""
_DIGITS = 4


def sections(
    record: Record,
    project: Project,
    history: History,
    options: ChopOptions,
    plan: Plan | None,
    messages: tuple[str, ...],
) -> Sections:
    """Give all sections. plan: None until the record was heard once."""
    document = to_document(project)
    for name in ("offer", "conflicts", "held"):
        document.pop(name, None)
    return {
        "record": {
            "name": record.name,
            "file": record.source.name,
            "rate": record.sample_rate,
            "channels": record.channels,
            "length": record.length,
        },
        "project": {**document, "undo": _edit(history.undoable), "redo": _edit(history.redoable)},
        "pads": _pads(plan, options),
        "candidates": _candidates(plan),
        "grid": _grid(plan, project),
        "kit": _kit(plan, options),
        "conflicts": [{"chop": one.chop, "at": one.at, "said": sentence(one, project)} for one in project.conflicts],
        "messages": [
            in_page_words(said, record.source) for said in (*messages, *(plan.found.warnings if plan else ()))
        ],
    }


def _edit(edit: Any) -> str | None:
    """Name an edit for the page: what it does, and to what; None for none."""
    if not isinstance(edit, dict):
        return None
    name, steps = str(edit.get("do")), edit.get("steps")
    if name == "steps" and isinstance(steps, list) and steps:
        names = {str(_edit(step)) for step in steps} - {"hold"}
        decided = {name for name in names if not name.startswith("kit ")}  # an option beside it follows from it
        return ", ".join(sorted(decided or names))
    return f"{name} {edit['option']}" if name == "kit" else name


def _pads(plan: Plan | None, options: ChopOptions) -> list[Sections]:
    """Give the slices in order of time, each with its pad and what was said of it."""
    if plan is None:
        return []
    chops = plan.chops or (None,) * len(plan.pieces)
    found = []
    for piece, note, chop in zip(plan.pieces, plan.notes(options.start_note), chops, strict=True):
        said = asdict(chop) if chop else {}
        found.append(
            {
                "start": piece.start,
                "stop": piece.stop,
                "strength": round(piece.strength, _DIGITS),
                "note": note,
                "pad": pad_name(note),
                "chop": said.get("id"),
                "locked": bool(said.get("locked")),
                **{name: said.get(name) for name in ("origin", "name", "end", "gain_db", "choke", "play", "colour")},
                "pinned": said.get("note") is not None,
            }
        )
    return found


def _candidates(plan: Plan | None) -> Columns:
    """Give what the kit was chosen from."""
    if plan is None or not plan.found.candidates:
        return NONE
    return columns(*(list(each) for each in zip(*plan.found.candidates, strict=True)))


def columns(samples: Sequence[int], strengths: ArrayLike = (), levels: ArrayLike = (), *_: Any) -> Columns:
    """Give attacks for the page, one list for each of sample, strength, and the least density that has it.

    Strengths and levels are whole numbers of SHARES: hours have tens of thousands of attacks, and are told in a third
    of the time.
    """
    return [list(samples), shares(strengths), shares(levels)]


def shares(values: ArrayLike) -> list[int]:
    """Give values 0..1 as whole numbers of SHARES."""
    numbers: list[int] = np.rint(SHARES * np.asarray(values, np.float64)).astype(np.int64).tolist()
    return numbers


def attack(sample: int, strength: float, level: float) -> list[float]:
    """Give one attack alone, as it is told while more are detected: sample, strength, level."""
    return [sample, round(SHARES * strength) / SHARES, round(SHARES * level) / SHARES]


def _grid(plan: Plan | None, project: Project) -> Sections:
    if plan is None:
        return {"beats": [], "tempo": None, "key": project.key}
    beats = [[one.sample, int(one.label or 0)] for one in plan.found.beats]
    return {"beats": beats, "tempo": _guess(plan.found.tempo), "key": project.key}


def _guess(guess: Guess | None) -> Sections | None:
    return asdict(guess) if guess else None


def _kit(plan: Plan | None, options: ChopOptions) -> Sections:
    return {
        "options": {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(options).items()
        },
        "most": options.most,
        "weight": options.weight,
        "found": len(plan.found.candidates) if plan else None,
        "figures": plan.redundancy if plan else {},
        "at_bars": plan.at_bars if plan else None,
        "shape": shape_of(options),
        "alone": drums_alone(plan.found, options, len(plan.pieces)) if plan else 0,
    }
