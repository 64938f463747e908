"""The command `samplechop atlas describe`."""

from pathlib import Path
from typing import Annotated

import typer


def describe(
    folder: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas, made with samplechop atlas collect.")],
    least_seconds: Annotated[float, typer.Option(help="Shorter sounds have neither tempo nor key.")] = 1.5,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one for each core).")] = None,
) -> None:
    """Tell tempo and key of every sound that has one, in music.tsv.

    \b
    samplechop atlas describe atlas
    """
    import joblib

    from samplechop.offline.atlas.features import tempo_and_key as describing
    from samplechop.offline.atlas.store.atlas import Atlas
    from samplechop.offline.atlas.store.files import read_table
    from samplechop.offline.common.progress import progress_bars

    atlas = Atlas(folder)
    settings = describing.DescribeSettings(least_seconds)
    with atlas.held(), progress_bars() as progress:
        describing.describe(atlas, settings, progress, jobs or joblib.cpu_count())
    rows = read_table(folder / describing.TABLE, describing.COLUMNS)
    with_tempo, with_key = (sum(bool(row[column]) for row in rows) for column in (1, 2))
    typer.echo(f"{with_tempo} of {len(rows)} sounds have a tempo, {with_key} a key")
