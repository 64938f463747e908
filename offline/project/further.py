"""Nudges of one cut are one step of undo: a move, an end or an option that goes further than the step before.

    {"do": "move", "chop": "c17", "to": 134832}
    {"do": "move", "chop": "c17", "to": 134876, "further": true}    the two are a move to 134876

The step then is one edit from where the cut lay first, so that what it passed on its way is as it was. Where the step
before is about anything else, `further` says nothing.
"""

from typing import Any

from samplechop.offline.project.commands import target
from samplechop.offline.project.model import Project

_VALUE = {"move": "to", "end": "end", "kit": "value"}
"""What a step that goes further says anew, by commands that can."""


def joined(before: Project, step: Any, now: Project, edit: Any) -> Any:
    """Give the edit of `before` that a step and another edit are together; None where they are two.

    step: the last one, which made `now` of `before`. edit: one that can be done now.
    """
    alone, last = _alone(edit), _alone(step)
    name = alone["do"]
    if name not in _VALUE or alone.get("further") is not True or last["do"] != name:
        return None
    options = alone.get("option"), last.get("option")
    if options[0] != options[1] or (name != "kit" and target(before, last).id != target(now, alone).id):
        return None
    longer = {**last, _VALUE[name]: alone[_VALUE[name]]}
    return longer if step is last else {**step, "steps": [*step["steps"][:-1], longer]}


def _alone(edit: Any) -> Any:
    """Give a command that stands behind what is held of the kit by itself."""
    match edit:
        case {"do": "steps", "steps": [{"do": "hold"}, one]}:
            return one
    return edit
