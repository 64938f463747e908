"""The commands under `samplechop labels`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.errors import UserError, reason_of
from samplechop.realtime.core.wording import counted

if TYPE_CHECKING:
    from samplechop.offline.labels.formats import Labels

app = typer.Typer(no_args_is_help=True, help="Make, check and convert labels: where records should be cut.")

CLOSE = 0.06
"""Seconds: nearer labels are hardly meant."""
BARE = 20.0
"""Seconds without a label that deserve a word, if ten times the usual distance too."""

ROW_SECONDS = 10.0
MOST_ROWS = 40
COLUMNS = 1400
"""Of the waveform in a row of the picture."""

_Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]
_Audio = Annotated[Path | None, typer.Option("--audio", help="The recording: no label may lie outside it.")]


@app.command("from-taps")
def from_taps(
    taps: Annotated[Path, typer.Argument(help="Your hits: NAME.taps.jsonl from samplechop live --tap.")],
    audio: Annotated[Path, typer.Argument(help="The recording that you tapped to.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Labels to write (default: NAME.txt beside the recording).")
    ] = None,
    bias: Annotated[
        float | None, typer.Option(help="Milliseconds your taps come late, negative for early (default: found out).")
    ] = None,
    force: _Force = False,
) -> None:
    """Make labels of your taps: takes off how late you tap, and puts each tap on its attack.

    \b
    samplechop labels from-taps song.taps.jsonl song.wav
    samplechop labels from-taps song.taps.jsonl song.wav -o mine.mid --bias 35

    Taps with no attack near stay where you hit them, without the lateness, and are named "tap". Double hits count once.

    Nothing is written where a dozen taps or more fit the attacks no better than taps at random: mostly they belong to
    another recording. With --bias they are taken as you say.
    """
    from samplechop.offline.labels import taps as tapping
    from samplechop.offline.labels.files import check_target, write_labels

    if bias is not None and not 1000 * tapping.EARLIEST <= bias <= 1000 * tapping.LATEST:
        raise UserError(
            f"--bias must be in {1000 * tapping.EARLIEST:g}..{1000 * tapping.LATEST:g} milliseconds, got {bias:g}"
        )
    if taps.suffix.lower() != ".jsonl" and audio.suffix.lower() == ".jsonl":
        raise UserError(f"first the taps, then the recording: samplechop labels from-taps {audio} {taps}")
    target = audio.with_suffix(".txt") if output is None else output
    check_target(target, force)
    times = tapping.read_taps(taps)
    attacks, length = tapping.find_attacks(audio)
    placed = tapping.place(times, attacks, length, None if bias is None else bias / 1000)
    lag, by_chance = placed.lag, placed.chance > tapping.CHANCE
    fit = f"{round(100 * placed.chance)} of 100 random tries fit the attacks of {audio.name} as well"
    enough = len(times) - placed.doubles >= tapping.ENOUGH
    if by_chance and enough and bias is None:
        raise UserError(
            f"these taps fit no better than chance, nothing is written: {fit}. Is this the recording you tapped to? If "
            "so, say how many milliseconds late the taps come: they fit best with "
            f"--bias {1000 * tapping.best_lag(times, attacks, length):.0f}"
        )
    write_labels(target, placed.labels, audio=audio, force=force)
    echo(lag.words() if bias is None else f"{bias:g} ms taken off, as you say (± {1000 * lag.spread:.0f} ms)")
    if bias is None and lag.other is not None:
        echo(f"it may be {1000 * lag.other:+.0f} ms as well, as the rhythm is even: look, and give --bias if so")
    if by_chance and enough:
        echo(f"they fit no better than chance: {fit}; see whether this is the recording you tapped to")
    elif by_chance:
        echo(f"too few taps to tell whether they fit better than chance ({tapping.ENOUGH} mostly can): {fit}")
    if lag.spread > tapping.SCATTERED:
        echo("that is uneven: see with samplechop labels show --picture whether the labels lie where you meant")
    count = len(placed.labels.times)
    echo(f"{counted(count, 'label')} in {target}, {count - placed.alone} on an attack")
    if placed.alone:
        echo(f"{placed.alone} with no attack near, left where you tapped")
    if placed.doubles:
        echo(f"{counted(placed.doubles, 'tap')} left out: double hits, or a second one for the same attack")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="Labels of any kind.")],
    audio: Annotated[Path | None, typer.Argument(help="The recording they belong to.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw waveform and labels (.png); needs the recording.")] = None,
) -> None:
    """Look at labels: how many, where, and what may be wrong with them.

    \b
    samplechop labels show song.txt
    samplechop labels show song.txt song.wav --picture song.png
    """
    from samplechop.offline.labels.files import read_labels

    recording = file if audio is None and file.suffix.lower() == ".wav" else audio
    if picture is not None and recording is None:
        raise UserError(f"--picture {str(picture)!r} needs the recording too: samplechop labels show {file} RECORDING")
    found = read_labels(file, recording)
    echo(f"{file}: {found.kind}")
    echo(*_overview(found))
    for warning in _warnings(found, _length(recording)):
        echo(f"! {warning}")
    if picture is not None and recording is not None:
        _draw(found, recording, picture)
        echo(f"picture in {picture}")


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(metavar="IN", help="Labels of any kind.")],
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help=".txt label track, .csv seconds, .mid notes, .jsonl, .wav cue points.")
    ],
    audio: _Audio = None,
    force: _Force = False,
) -> None:
    """Write labels as another kind, by the ending of the name.

    \b
    samplechop labels convert song.mid song.txt             notes of a DAW as an Audacity label track
    samplechop labels convert song.jsonl song.mid           a session's chops as notes
    samplechop labels convert song.txt cut.wav --audio song.wav     a copy of the recording with cue points

    Names are kept by .txt and .wav, rejected places by .txt alone.
    """
    from samplechop.offline.labels.files import read_labels, write_labels

    found = read_labels(file, audio)
    write_labels(output, found, audio=audio, force=force)
    echo(f"{counted(len(found.times), 'label')} in {output}")


@app.command()
def review(
    session: Annotated[Path, typer.Argument(help="What samplechop offered: SESSION.jsonl from --events.")],
    edited: Annotated[Path, typer.Argument(help="What you left of it: labels of any kind.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Label track to write (.txt).")],
    audio: _Audio = None,
    force: _Force = False,
) -> None:
    """Learn from your edit of a session's markers: those you deleted become "reject", kept and added ones stay.

    \b
    samplechop live song.wav --fast --events song.events.jsonl
    samplechop labels convert song.events.jsonl edit.txt        edit these in Audacity, then
    samplechop labels review song.events.jsonl edit.txt -o song.txt
    """
    from samplechop.offline.labels.files import read_review, write_labels

    if output.suffix.lower() != ".txt":
        raise UserError(f"{str(output)!r} cannot keep what you deleted: let the name end in .txt")
    found = read_review(session, edited, audio)
    write_labels(output, found, force=force)
    rejected = counted(len(found.rejected), "rejected place")
    echo(f"{counted(len(found.times), 'label')} and {rejected} in {output}")


def _overview(found: "Labels") -> list[str]:
    import numpy as np

    times = found.times
    if not len(times):
        return ["no labels" + (f", {len(found.rejected)} rejected" if len(found.rejected) else "")]
    lines = [f"{counted(len(times), 'label')}, the first at {times[0]:.3f} s, the last at {times[-1]:.3f} s"]
    if len(times) > 1:
        lines.append(f"usually {np.median(np.diff(times)):.3f} s apart")
    if len(found.rejected):
        lines.append(f"{len(found.rejected)} rejected")
    return lines


def _length(recording: Path | None) -> float | None:
    if recording is None:
        return None
    import soundfile

    return float(soundfile.info(recording).duration)


def _warnings(found: "Labels", length: float | None) -> list[str]:
    """Give a sentence for everything that looks as if it were not meant."""
    import numpy as np

    from samplechop.offline.labels.formats import TAPS

    warnings = []
    times = found.times
    if found.kind == TAPS:
        warnings.append("these are taps as you hit them: samplechop labels from-taps puts them on the attacks")
    gaps = np.diff(times)
    if len(close := np.flatnonzero(gaps < CLOSE)):
        warnings.append(
            f"{len(close)} times two labels are closer than {1000 * CLOSE:.0f} ms, first at {times[close[0]]:.3f} s"
        )
    ends = np.concatenate([[0.0], times, [] if length is None else [length]])
    bare = max(BARE, 10 * float(np.median(gaps)) if len(gaps) else BARE)
    warnings += [
        f"no label from {ends[i]:.1f} s to {ends[i + 1]:.1f} s: training takes that as nothing to chop there"
        for i in np.flatnonzero(np.diff(ends) > bare)
    ]
    return warnings


def _draw(labels: "Labels", audio: Path, path: Path) -> None:
    """Draw the waveform of a recording, row by row, as a PNG; labels are red, rejected places grey and dotted.

    Raises UserError if the recording cannot be read or the picture not written.
    """
    import matplotlib
    import numpy as np

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from samplechop.offline.audio.reading import RATE, read_audio
    from samplechop.offline.common.palette import LABEL_ON_WHITE, REJECTED_ON_WHITE, WAVE_ON_WHITE
    from samplechop.offline.common.paths import check_ending

    check_ending("--picture", path, ".png")
    samples = read_audio(audio)
    length = len(samples) / RATE
    seconds = max(min(ROW_SECONDS, max(length, 1 / RATE)), length / MOST_ROWS)
    rows = max(1, int(np.ceil(length / seconds)))
    figure, axes = pyplot.subplots(rows, 1, figsize=(14, 0.4 + 1.1 * rows), squeeze=False)
    loudest = float(np.abs(samples).max(initial=1e-9))
    for row, axis in enumerate(axes[:, 0]):
        begin, end = row * seconds, (row + 1) * seconds
        part = samples[round(begin * RATE) : round(end * RATE)]
        cells = np.array_split(part, max(1, round(COLUMNS * len(part) / (seconds * RATE))))
        times = begin + np.arange(len(cells)) * seconds / COLUMNS
        low, high = [float(c.min(initial=0.0)) for c in cells], [float(c.max(initial=0.0)) for c in cells]
        axis.fill_between(times, low, high, color=WAVE_ON_WHITE, linewidth=0)
        for places, colour, style in ((labels.times, LABEL_ON_WHITE, "-"), (labels.rejected, REJECTED_ON_WHITE, ":")):
            inside = places[(places >= begin) & (places < end)]
            axis.vlines(inside, -loudest, loudest, colors=colour, linestyles=style, linewidth=1)
        axis.set(xlim=(begin, end), ylim=(-loudest, loudest), yticks=[])
        axis.tick_params(labelsize=7)
    axes[-1, 0].set_xlabel("seconds", fontsize=7)
    figure.suptitle(f"{labels.source.name if labels.source else ''} on {audio.name}", fontsize=9)
    figure.tight_layout()
    try:
        figure.savefig(path, dpi=100)
    except OSError as error:
        raise UserError(f"the picture cannot be written to {str(path)!r}: {reason_of(error)}") from None
    finally:
        pyplot.close(figure)
