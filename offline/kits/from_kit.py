"""Decisions from a kit that was made before: its places, on the pads where they lie, and the settings it was made with.

The machine chose them, and somebody who opens the kit again wants them as they are: each slice is a chop with its note,
and with the name and all else that a project had said of it. Where the record's project says otherwise, it stands, and
that is told.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from samplechop.offline.kits.core import naming
from samplechop.offline.kits.core.model import MANIFEST, Content, Guess
from samplechop.offline.kits.core.options import NOTES, ChopOptions
from samplechop.offline.kits.core.record import audio_files
from samplechop.offline.kits.core.tempo_map import Stretch, TempoMap, tempi
from samplechop.offline.kits.decided import NEAR_SECONDS, is_deleted
from samplechop.offline.project import document, values
from samplechop.offline.project.kit_options import value_of, with_option
from samplechop.offline.project.model import Chop, Offer, Project
from samplechop.realtime.core import documents
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.detectors.beats.metrical_level import wanted_tempo

SCHEMA = 1
"""Of kits."""
Command = dict[str, Any]
_SAID = {"choke": values.choke, "play": values.play, "colour": values.colour, "gain_db": values.gain_db}
"""What a project says of a slice, and a kit keeps."""


def read_kit(path: Path) -> Mapping[str, Any]:
    """Read what a kit says of itself. path: its folder, or its kit.json. Raises UserError for what is no kit."""
    file = path / MANIFEST if path.is_dir() else path
    try:
        kit = documents.read_json(file, follow_links=False)
    except FileNotFoundError:
        raise UserError(f"{str(path)!r} is no kit: there is no {str(file)!r}") from None
    except OSError as error:
        raise UserError(f"{str(file)!r} cannot be read: {reason_of(error)}") from None
    except ValueError as error:
        raise UserError(f"{str(file)!r} is no {MANIFEST} of a kit ({error})") from None
    match kit:
        case {"schema": int(schema)} if schema > SCHEMA:
            raise UserError(f"{str(file)!r} was made by a later samplechop: update this one")
        case {"model": {"name": ""}}:
            raise UserError(f"{str(path)!r} is a kit of listed sounds, not of one record")
        case {"schema": int(), "record": dict(), "source": dict(), "settings": dict(), "slices": list()}:
            return kit
    raise UserError(f"{str(file)!r} is no {MANIFEST} of a kit: it lacks its record, settings or slices")


def command_of(kit: Mapping[str, Any], source: Path, project: Project) -> tuple[Command | None, tuple[str, ...]]:
    """Give the command that brings a kit into the project of its record, and a sentence for each thing to know.

    None where the kit says nothing that the project does not. Raises UserError for a kit of another record, or one with
    values that no kit has.
    """
    told = [*_other_file(kit, source, project)]
    steps: list[Command] = []
    _settings(kit["settings"], project, steps, told)
    _slices(kit, project, steps, told)
    return ({"do": "steps", "steps": steps} if steps else None), tuple(told)


def offer_of(kit: Mapping[str, Any], project: Project) -> Offer | None:
    """Give what the machine offered where a kit was made, None where it does not say so alone of the whole record."""
    record, length = kit["record"], project.audio.length
    if kit.get("project") or (record.get("first"), record.get("last")) != (0, length):
        return None
    try:
        places = {one["sample"]: one["strength"] for one in kit["candidates"]}
        return document.offer_of(
            {"model": kit["model"], "places": [list(one) for one in sorted(places.items())]}, length
        )
    except (KeyError, TypeError, UserError):
        return None


def _other_file(kit: Mapping[str, Any], source: Path, project: Project) -> Iterator[str]:
    """Say where the record is another file than the kit's; raise UserError where it cannot be the same record."""
    audio, record = project.audio, kit["record"]
    made_of = record.get("sample_rate"), record.get("length"), record.get("channels")
    if made_of != (audio.sample_rate, audio.length, audio.channels):
        raise UserError(
            f"the kit was made of another record than {str(source)!r}, which has {audio.length} samples at "
            f"{audio.sample_rate} Hz, not {made_of[1]!r:.40} at {made_of[0]!r:.40}"
        )
    (file,) = audio_files(source)
    try:
        with file.open("rb") as opened:
            same = hashlib.file_digest(opened, "sha256").hexdigest() == kit["source"].get("sha256")
    except OSError as error:
        raise UserError(f"{str(file)!r} cannot be read: {reason_of(error)}") from None
    if not same:
        yield f"{str(source)!r} is not byte for byte the file the kit was made of: places are taken as they lie"


def _settings(settings: Mapping[str, Any], project: Project, steps: list[Command], told: list[str]) -> None:
    """Take the settings that are not the usual ones, in an order in which each goes with those before it."""
    usual = json.loads(json.dumps(asdict(ChopOptions())))
    kit, wanted = dict(project.kit), {}
    for name, value in settings.items():
        if name == "lock" or value is None or (name in usual and value == usual[name]):
            continue
        if name == "tempo":
            _tempo(value, project, steps, told)
            continue
        try:
            given = value_of(name, value, f"settings.{name}")
        except UserError as error:
            told.append(f"a setting of the kit is left out: {error}")
            continue
        if name not in project.kit:
            wanted[name] = value
        elif project.kit[name] != given:
            told.append(f"the project's {name} stands, {project.kit[name]!r:.40}; the kit's was {given!r:.40}")
    fault: UserError | None = None
    while wanted:
        for name, value in wanted.items():
            try:
                kit = with_option(kit, name, value)
            except UserError as error:
                fault = error
                continue
            steps.append({"do": "kit", "option": name, "value": value})
            break
        else:
            told.append(f"settings of the kit are left out, {', '.join(wanted)}: {fault}")
            return
        del wanted[name]


def _tempo(value: Any, project: Project, steps: list[Command], told: list[str]) -> None:
    """Take what --tempo said: octaves are corrections of the grid, about how many beats a minute is none."""
    octave = wanted_tempo(value).octave if isinstance(value, str) else 0
    if not octave:
        told.append(f"the kit's --tempo {value!r:.40} is left out: correct the grid")
    elif project.grid.factor == 1.0 and project.grid.bpm is None:
        steps.append({"do": "tempo", "factor": 2.0**octave})


def _slices(kit: Mapping[str, Any], project: Project, steps: list[Command], told: list[str]) -> None:
    rate, length, slices = project.audio.sample_rate, project.audio.length, kit["slices"]
    if len(slices) > NOTES:
        raise UserError(f"a kit has at most {NOTES} slices, this one {len(slices)}")
    near = round(NEAR_SECONDS * rate)
    starts: list[int] = []
    for index, one in enumerate(slices):
        start = one.get("start") if isinstance(one, dict) else None
        starts.append(values.position(start, f"slices[{index}].start", length))
    titles = _titles(kit, starts, project)
    locked = _locked(kit["settings"].get("lock"), rate)
    taken = {chop.note for chop in project.chops} - {None}
    for index, (one, at, title) in enumerate(zip(slices, starts, titles, strict=True)):
        what = f"slices[{index}]"
        there = _there(project, at, near)
        if there is None and is_deleted(at, project, rate):
            told.append(f"the slice at {at / rate:.3f} s is left out: somebody deleted that place")
            continue
        if there is not None and there.at != at:
            told.append(f"the slice at {at / rate:.3f} s is {there.id}, which stays at {there.at / rate:.3f} s")
        said = {name: check(one[name], f"{what}.{name}") for name, check in _SAID.items() if one.get(name) is not None}
        if title:
            said["name"] = title
        note = values.note(one.get("note"), f"{what}.note")
        if there is not None and there.note is not None:
            pass  # it has its pad
        elif note in taken:
            told.append(f"note {note} is another chop's: the slice at {at / rate:.3f} s gets the next free one")
        else:
            said["note"] = note
            taken.add(note)
        if there is None and ("note" not in said or any(abs(at - place) < near for place in locked)):
            said["locked"] = True
        meant = {"at": at} if there is None else {"chop": there.id}
        for name, value in said.items():
            if there is None or getattr(there, name) is None:
                steps.append(_step(name, value) | meant)


def _step(name: str, value: Any) -> Command:
    if name == "locked":
        return {"do": "lock"}
    return {"do": _COMMANDS.get(name, name), name: value}


_COMMANDS = {"note": "pad", "gain_db": "gain"}


def _there(project: Project, at: int, near: int) -> Chop | None:
    """Give the chop that a slice is: one that lies there, or was moved from there."""
    same = [chop for chop in project.chops if min(abs(at - chop.at), abs(at - _origin(chop))) < near]
    return min(same, key=lambda chop: abs(at - chop.at)) if same else None


def _origin(chop: Chop) -> int:
    return chop.at if chop.origin is None else chop.origin


def _locked(lock: Any, rate: int) -> list[int]:
    """Give the samples that --lock named; a kit without any has none."""
    times = lock if isinstance(lock, list) else []
    return [round(time * rate) for time in times if isinstance(time, int | float) and abs(time) < values.LONGEST / rate]


def _titles(kit: Mapping[str, Any], starts: Sequence[int], project: Project) -> list[str]:
    """Give the names that slices had from a project, "" for those that had none: what stands behind the template's."""
    slices, settings, none = kit["slices"], kit["settings"], [""] * len(starts)
    template = settings.get("template")
    if not kit.get("project") or not isinstance(template, str) or "{name}" in template:
        return none
    contents = [one.get("content") for one in slices]
    try:
        usual = naming.names(
            template,
            starts,
            [float(one["strength"]) for one in slices],
            [int(one["note"]) for one in slices],
            project.audio.sample_rate,
            project.audio.length,
            str(kit.get("name", "")),
            _tempi(kit, project.audio.sample_rate),
            _guess(kit.get("key")),
            [Content(chord=one.get("chord"), drum=one.get("drum")) for one in contents],
            start_note=int(settings["start_note"]),
        )
        return [_behind(name, str(one["name"])) for name, one in zip(usual, slices, strict=True)]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, UserError):
        return none  # what is no kit of ours has no names of ours


def _behind(usual: str, name: str) -> str:
    title = name.removeprefix(f"{usual}_")
    return title if title != name and title.isprintable() else ""


def _tempi(kit: Mapping[str, Any], rate: int) -> list[float]:
    """Give the tempo that each slice was named with; kits of before had one of all."""
    tempo, stretches = _guess(kit.get("tempo")), (kit.get("tempo_map") or {}).get("stretches")
    timeline = TempoMap(rate, tuple(Stretch(**one) for one in stretches)) if stretches else None
    return tempi(
        float(tempo.value) if tempo else None, timeline, [(one["start"], one["stop"]) for one in kit["slices"]]
    )


def _guess(value: Any) -> Guess | None:
    return None if value is None else Guess(value["value"], value["confidence"], value["other"])
