"""The card of a trained model, NAME.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samplechop.models import Manifest


def write_card(
    manifest: Manifest, path: Path, command: str, data: Mapping[str, Any], hears: str, judged_on: str, evaluate: str
) -> None:
    """Write what a model is, how it was trained, how it scored, and what is not known.

    command: what trained it. data: what it was trained on, by name. hears, judged_on: a line of Markdown each, what the
    model hears and on what its scores were taken. evaluate: the command that judges it, without a folder.
    """
    lines = [
        f"# {manifest.name}",
        "",
        f"{hears} Trained with:",
        "",
        f"    {command}",
        "",
        "## Trained on",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in data.items()),
        "",
        "## Scores",
        "",
        judged_on,
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in manifest.scores.items()),
        "",
        "## Where it fails",
        "",
        f"Not measured yet: run `{evaluate} FOLDER --model {manifest.name}.json` on recordings it has never heard, and",
        "look.",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
