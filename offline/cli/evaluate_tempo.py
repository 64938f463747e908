"""The command `samplechop evaluate tempo`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from samplechop.offline.cli.evaluate_checks import check_mir_eval, check_writable
from samplechop.realtime.core.options import Option, check, with_options
from samplechop.realtime.detectors.beats.weights import using


@dataclass(frozen=True, slots=True)
class TempoOptions:
    """The options of the evaluation of the tempo."""

    records: Annotated[int, Option("Records to make of each style (default: {default}).", low=1)] = 16
    seed: Annotated[int, Option("Another set of made records (default: {default}).", low=0)] = 1
    ends: Annotated[bool, Option("Make records of the slowest and the fastest tempi, in place of usual ones.")] = False
    performances: Annotated[int, Option("Performances of a groove archive to play (default: {default}).", low=1)] = 48
    tempo: Annotated[str | None, Option("As in samplechop live: x2, /2 or BPM.", metavar="x2|/2|BPM")] = None
    whole: Annotated[bool, Option("Find beats as chop does, which has the whole file; by default as live.")] = False
    weights: Annotated[
        Path | None, Option("Weights that samplechop train tempo wrote, in place of those released.")
    ] = None
    data: Annotated[Path | None, Option("Write all results as JSON (.json).", names=("--json",))] = None
    jobs: Annotated[int, Option("Processes (default: {default}).", low=1)] = 2

    def __post_init__(self) -> None:
        """Raise UserError for a value out of range, or a file that cannot be written."""
        check(self)
        check_writable("--json", self.data, ".json")
        with using(self.weights):
            pass  # read, before long work begins


@with_options(TempoOptions)
def evaluate_tempo(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="Recordings with name.beats.txt beside them, or the Groove MIDI Dataset (default: made records)."
        ),
    ] = None,
    **given: Any,
) -> None:
    """Measure beats and bars: whether the tempo is right, half or double, whether beats go on, and where bars begin.

    \b
    samplechop evaluate tempo                            made records: drum and bass, slow soul, fast punk, waltz, ...
    samplechop evaluate tempo --seed 2                   others of them
    samplechop evaluate tempo --ends                     made records of 40 to 50 BPM, and of 200 to 250
    samplechop evaluate tempo --whole                    as samplechop chop finds beats, in whole files
    samplechop evaluate tempo groove_midi_dataset.zip    people's drumming, of drummers that nothing was fitted to
    samplechop evaluate tempo my-records                 recordings, averaged by subfolder or the name's beginning
    samplechop evaluate tempo --weights mine/tempo.json  what was fitted to your own records, before you put it in place

    Right, half, double: within 4 % of it. Accuracy 1 is the share of right tempi, Accuracy 2 takes half, double, third
    and triple for right, too. F of beats and of downbeats (bars) within 70 ms, over the whole record; CMLt and AMLt:
    beats in a row at the right, at any level; for these and the tempo the first 5 seconds do not count. Slips a minute:
    beats that lie no whole number of periods after the one before; re-phased: those of them that were announced. Late:
    the median time to the first beat. Made records are counted by style and by what happens in them.
    """
    check_mir_eval()
    from samplechop.offline.common.atomic import write_text
    from samplechop.offline.common.process_pool import as_ready
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.common.terminal import print_table
    from samplechop.offline.evaluate import tempo
    from samplechop.offline.lab.synthetic import tempo_evaluation

    options = TempoOptions(**given)
    how = tempo_evaluation.How(options.tempo, options.whole, options.weights)
    calls = tempo_evaluation.calls(source, options.records, options.seed, options.performances, how, options.ends)
    scores: dict[str, list[tempo.TempoScore]] = {}
    everything: list[tempo.TempoScore] = []
    with progress_bars() as progress:
        for done, (groups, score) in enumerate(as_ready(calls, options.jobs), 1):
            for group in groups:
                scores.setdefault(group, []).append(score)
            everything.append(score)
            progress("evaluating", done, len(calls))
    print_table(tempo.table(scores, everything), split=True)
    if options.data is not None:
        results = {group: [asdict(one) for one in some] for group, some in scores.items()}
        write_text(options.data, json.dumps(results, indent=1, allow_nan=False) + "\n")
