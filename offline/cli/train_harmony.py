"""The command `samplechop train harmony`."""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.common.progress import progress_bars
from samplechop.offline.training.checks import check_extra, check_writable, checked_out
from samplechop.realtime.core.errors import UserError

INPUTS = ("cqt", "spectrum")


def train_harmony(
    banks: Annotated[
        list[Path] | None, typer.Argument(metavar="[BANK...]", help="Banks of notes, or folders of banks.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The model to write, such as mine/harmony.")] = Path(),
    soundfont: Annotated[
        list[Path] | None, typer.Option(help="General MIDI .sf2; again for more (default: the system's).")
    ] = None,
    only_banks: Annotated[bool, typer.Option("--only-banks", help="Learn from BANK... only, no soundfont.")] = False,
    sounds: Annotated[list[Path] | None, typer.Option(help="Folder with real drums; again for more.")] = None,
    made: Annotated[int, typer.Option(min=0, help="Instruments made by rule to add.")] = 60,
    examples: Annotated[int, typer.Option(min=1000, help="Frames to learn from.")] = 105_000,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, sounds and machine give the same model.")] = 1,
    hears: Annotated[str, typer.Option("--input", help="cqt, or spectrum to compare with.")] = "cqt",
    work: Annotated[
        Path | None, typer.Option(help="Where sounds and examples are kept (default: NAME-features beside the model).")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that mix.")] = 2,
) -> None:
    """Train a harmony model on chords mixed from single notes of many instruments.

    \b
    samplechop train harmony -o mine/harmony                 soundfonts, and instruments made by rule
    samplechop train harmony my-synth my-piano -o mine/harmony   and your own banks

    Every note is detuned, mixed, strummed, cut, put in rooms, under drums and on worn records. Some instruments are
    never learned from and tell how well it does. Writes NAME.tflite, NAME.json, NAME.md and NAME-report/loss.png.
    """
    from samplechop.offline.synthesis import soundfonts
    from samplechop.offline.training.loop import Options
    from samplechop.offline.training.tasks import harmony_examples as making
    from samplechop.offline.training.tasks import harmony_figures, harmony_library, harmony_model

    began = time.perf_counter()
    if hears not in INPUTS:
        raise UserError(f"--input must be cqt or spectrum, got {hears!r}")
    if only_banks and not banks:
        raise UserError("--only-banks needs banks to learn from: name at least one")
    check_extra()
    out = checked_out(out, "mine/harmony")
    check_writable("--out", out, out.parent)
    kept = work or out.with_name(out.name + "-features")
    if work is not None:
        check_writable("--work", work, work)
    found = [] if only_banks else soundfonts.find(soundfont or [])
    with progress_bars() as told:
        harmony_library.prepare(
            kept / "library",
            banks or [],
            found,
            sounds or [],
            made,
            jobs,
            lambda done, of: told("gathering sounds", done, of),
        )
        both = making.prepare(
            kept / hears,
            kept / "library",
            hears,
            examples,
            max(1000, examples // 10),
            seed,
            jobs,
            lambda done, of: told("mixing and listening", done, of),
        )
        used = harmony_library.load(kept / "library").instruments
        facts = {
            "instruments": sum(not one.held_out for one in used),
            "instruments_held_out": sum(one.held_out for one in used),
            "soundfonts": [font.stem for font in found],
            "frames": len(both[0].x),
            "frames_held_out": len(both[1].x),
            "seed": seed,
            "steps": steps,
        }
        trained = harmony_model.train(
            both,
            out,
            hears,
            Options(steps=steps, rate=2.5e-3, seed=seed, check_every=250, patience=12),
            facts,
            lambda step, loss: told(f"training, loss {loss:.3f}", step, steps),
        )
    harmony_figures.write(trained, both[1], "samplechop train " + shlex.join(sys.argv[2:]), out)
    scores = trained.manifest.scores
    typer.echo(
        f"{trained.manifest.path.with_suffix('.json')} in {time.perf_counter() - began:.0f} s: pitch-class F "
        f"{scores['pitch_class_f']:.3f} of single frames, {scores['pitch_class_f_of_a_mix']:.3f} of six together"
    )
