"""The commands under `samplechop crate` and `devset`: synthetic training sets, and recordings to evaluate models on."""

from pathlib import Path
from typing import Annotated

import typer

from samplechop.offline.common.terminal import echo

crate = typer.Typer(no_args_is_help=True, help="Make synthetic training sets (crates): records with all their labels.")
devset = typer.Typer(no_args_is_help=True, help="Make recordings to evaluate models on.")


Soundfonts = Annotated[
    list[Path] | None, typer.Option(help="General MIDI .sf2; again for more (default: the system's).")
]


@crate.command("build")
def build_crate(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the training set.")],
    minutes: Annotated[float, typer.Option(min=0.1, help="How much music.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another set.")] = 0,
    sounds: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of one-shots and loops; again for more (default: Sonic Pi's, when installed)."),
    ] = None,
    grooves: Annotated[
        Path | None, typer.Option(help="The Groove MIDI Dataset, zip or folder: drums that people have played.")
    ] = None,
    songs: Annotated[
        Path | None, typer.Option(help="Songs to drum over: NAME_mix.flac, NAME_drums.flac, NAME.drums.json.")
    ] = None,
    soundfont: Annotated[Path | None, typer.Option(help="General MIDI .sf2 (default: the system's).")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one per CPU).")] = None,
    max_gb: Annotated[float, typer.Option("--max-gb", min=0.01, help="Refuse to write more than this.")] = 8.0,
) -> None:
    """Compose, play and augment a synthetic training set: each NAME.flac beside NAME.json with its labels.

    \b
    A chop is
      a kick or snare with accent;
      in a passage of drums alone, every stroke;
      the first strike of a new chord;
      the first attack of a bar or section, or after 0.4 s of rest;
      where no drums play, every clear attack (6 dB within 40 ms);
      the start of a one-shot or loop.
    Left open is what is inaudible (less than 1 dB within 40 ms).

    \b
    samplechop crate build -o crate --minutes 60
    samplechop crate build -o crate --minutes 120 --sounds ~/drums --grooves groove_midi_dataset.zip
    """
    from samplechop.offline.audio.one_shots import USUAL_FOLDER
    from samplechop.offline.common.process_pool import cores
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.synthetic import build as making

    folders = list(sounds) if sounds else [USUAL_FOLDER] if USUAL_FOLDER.is_dir() else []
    with progress_bars() as progress:
        given = output, minutes, seed, folders, soundfont, jobs or cores(), max_gb, grooves, songs
        for done, wanted in making.build(*given):
            progress("records", done, wanted)
    echo(f"{wanted} records in {output}")


@crate.command()
def producer(
    training_set: Annotated[
        Path, typer.Argument(metavar="CRATE", help="A training set, made with samplechop crate build.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the labelled records.")],
    rule: Annotated[str, typer.Option(help="snares: every loud snare; bars: what is struck on a bar's first beat.")],
    count: Annotated[int, typer.Option(min=1, help="How many records.")] = 10,
    skip: Annotated[int, typer.Option(min=0, help="Pass over so many first, to get others.")] = 0,
    projects: Annotated[
        bool, typer.Option("--projects", help="Edit what the released model offers, in projects; no labels.")
    ] = False,
) -> None:
    """Label some synthetic records as a producer with a taste of his own would, to see a model learn it.

    \b
    samplechop crate producer crate -o taste --rule bars
    samplechop crate producer crate -o other --rule bars --skip 10
    samplechop train taste -o mine/taste --from chop
    samplechop evaluate other --model chop --model mine/taste.json
    samplechop crate producer crate -o edited --rule bars --projects
    samplechop train chop --from-projects edited -o mine/edited --from chop
    """
    from samplechop.offline.lab.synthetic.producer import label

    found = label(training_set, output, rule, count, skip, projects)
    echo(f"{found} records in {output}")


@crate.command()
def sounds(
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder for the sounds.")],
    soundfont: Soundfonts = None,
    folder: Annotated[
        list[Path] | None, typer.Option("--sounds", help="Folder of one-shots, loops and kits; again for more.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other notes and loops.")] = 0,
    share: Annotated[float, typer.Option(min=0.001, max=1.0, help="Make so much of it only, for a trial.")] = 1.0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: one per CPU).")] = None,
) -> None:
    """Make single sounds and loops that say what they are, to train a net of sounds on.

    \b
    samplechop crate sounds -o said --soundfont gm.sf2 --sounds ~/drums
    samplechop atlas collect said -o said-atlas
    samplechop train tags said-atlas --metadata said -o mine/sounds

    Of soundfonts all instruments and drums; of folders what a name says; synthesizers and drums made by rule; loops of
    all these. Each PACK/sounds.json lists its sounds with their tags.
    """
    from samplechop.offline.common.process_pool import cores
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.synthetic import tagged_sounds
    from samplechop.offline.synthesis import soundfonts

    with progress_bars() as progress:
        for done, wanted in tagged_sounds.build(
            output, soundfonts.find_soundfonts(soundfont or []), folder or [], seed, jobs or cores(), share
        ):
            progress("making sounds", done, wanted)
    echo(f"{sum(1 for _ in output.rglob('*.flac'))} sounds in {output}")


@devset.command("build")
def build_devset(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the recordings.")],
    music: Annotated[Path, typer.Option(help="Folder of real music with reference times.")],
    sounds: Annotated[list[Path], typer.Option(help="Folder of real one-shots and loops; again for more.")],
    grooves: Annotated[
        Path | None, typer.Option(help="The Groove MIDI Dataset, zip or folder: drums that people have played.")
    ] = None,
    songs: Annotated[Path | None, typer.Option(help="Songs: NAME_mix.flac, NAME_drums.flac, NAME.drums.json.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another set.")] = 0,
    count: Annotated[int, typer.Option(min=4, max=1000, help="How many recordings.")] = 50,
    soundfont: Annotated[Path | None, typer.Option(help="General MIDI .sf2 (default: the system's).")] = None,
) -> None:
    """Make a development set: real drums, loops and hits that no training set uses, with known positions.

    \b
    breaks  a few bars of a person's drums alone, half of them worn: every audible stroke is a place to cut
    stems   drums alone, of real one-shots and of hits cut from real loops
    mixes   the same under real music without drums, or a band, by the local signal-to-noise ratio of kick and snare
    meters  3/4, 6/8, 12/8 and 4/4 at 60 to 230 beats a minute that drift
    songs   real songs, whole and their drums alone
    plays   two plays of one record: another speed, dust, wow
    loops   real loops, round and round, with their reference times
    hits    single notes and chords of real instruments

    Drummers, sounds and instruments are those that no training set uses. Without --grooves there are no breaks, and
    drummers of the synthetic styles play; without --songs there are no songs. What is there already is kept.

    \b
    samplechop devset build -o devset --music my-music --sounds my-drums --grooves groove_midi_dataset.zip
    samplechop evaluate devset
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.devset import build as making
    from samplechop.offline.lab.devset.sources import Places

    places = Places(tuple(sounds), music, grooves, songs)
    with progress_bars() as progress:
        for done, wanted in making.build(output, places, seed, count, soundfont):
            progress("recordings", done, wanted)
    echo(f"{wanted} recordings in {output}")


@devset.command()
def harmony(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the recordings.")],
    soundfont: Soundfonts = None,
    sounds: Annotated[list[Path] | None, typer.Option(help="Folder with real drums; again for more.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another set.")] = 0,
    count: Annotated[int, typer.Option(min=5, max=1000, help="How many recordings.")] = 40,
) -> None:
    """Make held chords of instruments that no harmony model was trained on, and write down which they are.

    \b
    plain    8 to 16 chords of 2 to 4 s each on one instrument
    drums    the same under drums, as loud as the chords
    vinyl    the same from a worn record
    notes    single notes and bare fifths
    nothing  drums alone, surface noise alone

    \b
    samplechop devset harmony -o chords --sounds my-drums
    samplechop evaluate harmony chords
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.devset import harmony as making

    with progress_bars() as progress:
        for done in making.build(output, soundfont or [], sounds or [], seed, count):
            progress("recordings", done, count)
    echo(f"{done} recordings in {output}")
