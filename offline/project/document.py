"""A project as JSON, of a published schema (docs/project.schema.json): one decision a line, always in the same order.

A project of an older schema is migrated as it is read, by one function for each step between two schemas; one of a
later schema is refused, as what it says more would be lost when it is written.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from samplechop.offline.project import held, values
from samplechop.offline.project.conflicts import standing
from samplechop.offline.project.grid_commands import METERS, MOST_BEATS
from samplechop.offline.project.kit_options import checked
from samplechop.offline.project.model import Audio, Chop, Conflict, Decision, Grid, Offer, Project, Reason, TempoChange
from samplechop.realtime.core.errors import UserError

SCHEMA = 3
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: dict, 2: dict}
"""By the schema of a document: a function that gives that document in the next one.

2 has conflicts beside what 1 has, 3 what is held.
"""

_MOST = 10_000
_CHANNELS = 1024
_RATES = (1, 2**31 - 1)


def to_document(project: Project) -> dict[str, Any]:
    """Give a project as what JSON can hold; what was not said is left out."""
    document: dict[str, Any] = {"schema": SCHEMA, "audio": asdict(project.audio)}
    document["chops"] = [_said(one, Chop("", 0)) for one in project.chops]
    document["deleted"] = list(project.deleted)
    document["grid"] = _said(project.grid, Grid())
    if project.key is not None:
        document["key"] = project.key
    document["kit"] = {name: list(value) if isinstance(value, tuple) else value for name, value in project.kit.items()}
    document["chops_made"] = project.chops_made
    if project.held is not None:
        document["held"] = held.to_document(project.held)
    if project.offer is not None:
        document["offer"] = offer_document(project.offer)
    if project.conflicts:
        document["conflicts"] = [_said(one, Conflict("chop", 0, 0.0), _CONFLICT) for one in project.conflicts]
    return document


def offer_document(offer: Offer) -> dict[str, Any]:
    """Give an offer as what JSON can hold."""
    name, sha256 = offer.model
    return {"model": {"name": name, "sha256": sha256}, "places": [list(place) for place in offer.places]}


def text_of(project: Project) -> str:
    """Give a project as text, so that two programs, or versions of a file, differ only in lines they differ in."""
    rows = [f" {json.dumps(name)}: {_rows(value)}" for name, value in to_document(project).items()]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def digest(project: Project) -> str:
    """Give the SHA-256 of what was decided, in hexadecimal; neither what was offered nor conflicts are part of it."""
    return hashlib.sha256(text_of(replace(project, offer=None, conflicts=())).encode()).hexdigest()


def _rows(value: Any) -> str:
    """Write a list or an object with a line for each item; what is in an item stays on its line."""
    if isinstance(value, dict) and isinstance(value.get("places"), list):  # an offer: a line for each place
        places = ",\n".join(f"   {_line(place)}" for place in value["places"])
        return f'{{\n  "model": {_line(value["model"])},\n  "places": [\n{places}\n  ]\n }}'
    if not isinstance(value, dict | list) or not value:
        return _line(value)
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"  {_line(name)}: {_line(one)}" for name, one in value.items()) + "\n }"
    return "[\n" + ",\n".join(f"  {_line(one)}" for one in value) + "\n ]"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _said(value: Any, nothing: Any, always: frozenset[str] = frozenset({"at"})) -> dict[str, Any]:
    """Give the fields of a dataclass that differ from one that says nothing, in their order, and those of `always`."""
    return {
        field.name: list(one) if isinstance(one, tuple) else one
        for field in fields(value)
        if (one := asdict(value)[field.name]) != getattr(nothing, field.name) or field.name in always
    }


def from_document(
    document: Any,
    schema: int = SCHEMA,
    migrations: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MIGRATIONS,
) -> Project:
    """Read a project, of this schema or an older one. Raises UserError that names what is wrong and where.

    schema, migrations: the one to end with, and how to get there.
    """
    if not isinstance(document, dict):
        raise UserError(f"a project must be an object, got {document!r:.60}")
    given = values.integer(document.get("schema"), "schema", 0, 2**31)
    if given > schema:
        raise UserError(f"it was made by a later samplechop (schema {given}, this one knows {schema}): update this one")
    for older in range(given, schema):
        if older not in migrations:
            raise UserError(f"its schema {older} is older than any that can be read")
        document = migrations[older](document) | {"schema": older + 1}
    return _read(document)


def _read(document: dict[str, Any]) -> Project:
    values.only(document, "a project", _KNOWN, frozenset({"schema", "audio"}))
    audio = _audio(document["audio"])
    length = audio.length
    chops = _list(document.get("chops", []), "chops", _MOST)
    parsed = sorted(
        (_chop(one, f"chops[{index}]", length) for index, one in enumerate(chops)), key=lambda one: (one.at, one.number)
    )
    _unique([one.id for one in parsed], "chops have the id {} twice")
    _unique([one.at for one in parsed], "two chops lie at {}")
    _unique([one.note for one in parsed if one.note is not None], "two chops have the note {}")
    made = values.integer(document.get("chops_made", 0), "chops_made", 0, values.LONGEST)
    key = document.get("key")
    project = Project(
        audio,
        tuple(parsed),
        values.positions(document.get("deleted", []), "deleted", length),
        _grid(document.get("grid", {}), length),
        None if key is None else values.key(key, "key"),
        checked(document.get("kit", {}), "kit"),
        max([made, *(one.number for one in parsed)]),
        None if document.get("offer") is None else offer_of(document["offer"], length),
        tuple(_conflicts(document.get("conflicts", []), length)),
        None if document.get("held") is None else held.from_document(document["held"], "held", length),
    )
    return standing(project)


_KNOWN = frozenset(
    {"schema", "audio", "chops", "deleted", "grid", "key", "kit", "chops_made", "held", "offer", "conflicts"}
)
_CONFLICT = frozenset({"what", "at", "was"})


def _list(value: Any, what: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise UserError(f"{what} must be a list of at most {most}, got {value!r:.60}")
    return value


def _unique(given: list[Any], sentence: str) -> None:
    seen: set[Any] = set()
    for one in given:
        if one in seen:
            raise UserError(sentence.format(one))
        seen.add(one)


def _audio(value: Any) -> Audio:
    names = frozenset(field.name for field in fields(Audio))
    given = values.only(value, "audio", names, names)
    return Audio(
        values.sha256(given["sha256"], "audio.sha256"),
        values.integer(given["sample_rate"], "audio.sample_rate", *_RATES),
        values.integer(given["length"], "audio.length", 1, values.LONGEST),
        values.integer(given["channels"], "audio.channels", 1, _CHANNELS),
        values.text(given["name"], "audio.name", 1000),
    )


_CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    "id": values.chop_id,
    "locked": values.truth,
    "name": values.text,
    "note": values.note,
    "gain_db": values.gain_db,
    "choke": values.choke,
    "play": values.play,
    "colour": values.colour,
}
"""Of what is said of a chop and needs no look at the record."""


def _chop(value: Any, what: str, length: int) -> Chop:
    given = values.only(value, what, frozenset(field.name for field in fields(Chop)), frozenset({"id", "at"}))
    at = values.position(given["at"], f"{what}.at", length)
    found: dict[str, Any] = {"at": at}
    if given.get("origin") is not None:
        found["origin"] = values.position(given["origin"], f"{what}.origin", length)
    if given.get("end") is not None:
        found["end"] = values.end(given["end"], f"{what}.end", at, length)
    for name, check in _CHECKS.items():
        if given.get(name) is not None or name == "id":
            found[name] = check(given[name], f"{what}.{name}")
    return Chop(**found)


def _grid(value: Any, length: int) -> Grid:
    given = values.only(value, "grid", frozenset(field.name for field in fields(Grid)))
    usual = Grid()
    bpm, meter = given.get("bpm"), given.get("beats_per_bar")
    changes = []
    for index, one in enumerate(_list(given.get("changes", []), "grid.changes", values.MOST_PLACES)):
        what = f"grid.changes[{index}]"
        names = frozenset({"at", "bpm"})
        change = values.only(one, what, names, names)
        at = values.position(change["at"], f"{what}.at", length)
        changes.append(TempoChange(at, values.bpm(change["bpm"], f"{what}.bpm")))
    _unique([one.at for one in changes], "grid.changes has two tempos at {}")
    return Grid(
        values.factor(given.get("factor", usual.factor), "grid.factor"),
        None if bpm is None else values.bpm(bpm, "grid.bpm"),
        values.positions(given.get("taps", []), "grid.taps", length),
        values.integer(given.get("shift", 0), "grid.shift", -length, length),
        values.integer(given.get("shift_beats", 0), "grid.shift_beats", -MOST_BEATS, MOST_BEATS),
        values.positions(given.get("ones", []), "grid.ones", length),
        None if meter is None else values.integer(meter, "grid.beats_per_bar", *METERS),
        tuple(sorted(changes, key=lambda one: one.at)),
    )


def offer_of(value: Any, length: int) -> Offer:
    """Read what the machine offered. Raises UserError."""
    names = frozenset({"model", "places"})
    given = values.only(value, "offer", names, names)
    both = frozenset({"name", "sha256"})
    model = values.only(given["model"], "offer.model", both, both)
    places = _list(given["places"], "offer.places", values.MOST_PLACES)
    if any(not isinstance(one, list) or len(one) != 2 for one in places):
        raise UserError("offer.places must be a list of [sample, strength]")
    at = values.positions([one[0] for one in places], "offer.places", length)
    strengths = [values.number(one[1], f"offer.places[{index}]", 0.0, 1.0) for index, one in enumerate(places)]
    name = values.text(model["name"], "offer.model.name")
    return Offer((name, values.sha256(model["sha256"], "offer.model.sha256")), tuple(zip(at, strengths, strict=True)))


def _conflicts(value: Any, length: int) -> Iterator[Conflict]:
    for index, one in enumerate(_list(value, "conflicts", values.MOST_PLACES)):
        what = f"conflicts[{index}]"
        given = values.only(one, what, frozenset(field.name for field in fields(Conflict)), _CONFLICT)
        chop = given.get("chop")
        yield Conflict(
            values.one_of(given["what"], f"{what}.what", Decision),
            values.integer(given["at"], f"{what}.at", 0, length),
            values.number(given["was"], f"{what}.was", 0, values.LONGEST),
            values.one_of(given.get("why", "unheard"), f"{what}.why", Reason),
            None if chop is None else values.chop_id(chop, f"{what}.chop"),
        )
