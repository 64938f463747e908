"""The commands `samplechop drums`: labelled drums from MIDI files, tracks, four-to-the-floor music, and by hand."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samplechop.offline.common.terminal import echo
from samplechop.realtime.core.errors import UserError, check_extra

if TYPE_CHECKING:
    from samplechop.offline.audio.reading import Sound
    from samplechop.offline.labels.drum_labels import DrumLabels

app = typer.Typer(
    no_args_is_help=True,
    help="Make recordings with known drums, each NAME.flac beside NAME.drums.json, for samplechop train drums.",
)
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to; what is there already is not made again.")]
Tracks = Annotated[list[Path], typer.Argument(metavar="AUDIO...", help="Audio files, or folders of them.")]


@app.command("render")
def render(
    midi: Annotated[list[Path], typer.Argument(metavar="MIDI...", help="MIDI files, or folders of them.")],
    out: Out,
    soundfont: Annotated[
        list[Path] | None, typer.Option(help="A .sf2 file with drum kits; again for more (default: the system's).")
    ] = None,
    part: Annotated[str, typer.Option(help="band: all that plays; drums: drums alone; both: one of each.")] = "both",
    versions: Annotated[int, typer.Option(min=1, max=50, help="Of each file, with other kits and programs.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other kits and programs.")] = 0,
) -> None:
    """Render MIDI files with FluidSynth: channel 10 says what was struck, when and how hard.

    \b
    samplechop drums render ~/midi -o mine/rendered
    samplechop drums render ~/midi -o mine/rendered --soundfont one.sf2 --soundfont two.sf2 --versions 3

    Tempo changes, velocities, volume and expression count. Soundfont, kit and programs are drawn by chance. Percussion
    that is no drum of the kit (congas, shakers) sounds, but has no label. Files without drums are skipped.
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.drum_datasets import MIDI, files_in
    from samplechop.offline.lab.drum_datasets.from_midi import rendered
    from samplechop.offline.lab.synthetic.build import instruments

    if part not in ("band", "drums", "both"):
        raise UserError(f"--part must be band, drums or both, got {part!r}.")
    files = files_in(midi, MIDI, "MIDI file")
    fonts = [instruments(font) for font in soundfont] if soundfont else [instruments(None)]
    parts = {"band": (True,), "drums": (False,), "both": (True, False)}[part]
    with progress_bars() as progress:
        done, passed = rendered(files, fonts, parts, versions, seed, out, lambda n, of: progress("MIDI files", n, of))
    _report(done, passed, out)


@app.command("from-tracks")
def from_tracks(
    audio: Tracks,
    out: Out,
    net: Annotated[Path, typer.Option(help="The net that names drums, made by samplechop drums clips.")],
    demucs: Annotated[
        Path | None, typer.Option(help="Folder of demucs models you have, to take the drums out first.")
    ] = None,
    demucs_model: Annotated[str, typer.Option(help="Which of them.")] = "htdemucs",
) -> None:
    """Label whole tracks: find the attacks, name the drums of each where that is sure.

    \b
    samplechop drums from-tracks ~/music -o mine/tracks --net mine/clips.json
    samplechop drums from-tracks ~/music -o mine/tracks --net mine/clips.json --demucs ~/demucs-models

    What is not sure is left open, so that training neither asks for it nor denies it. Nothing is downloaded. Expect
    little: on synthetic music, a net trained on four hours of synthetic music named half of the kicks, a third of the
    snares and no hats; nine in ten of its labels were right.
    """
    from samplechop.offline.lab.drum_datasets import from_tracks
    from samplechop.offline.lab.drum_datasets.clip_classifier import open_net

    if demucs is not None:
        from_tracks.check_demucs(demucs)
    namer = open_net(net)

    def labelled(path: Path) -> "tuple[Sound, DrumLabels]":
        samples = from_tracks.read_track(path)
        drums = samples if demucs is None else from_tracks.drum_stem(path, demucs, demucs_model)
        return samples, from_tracks.label_clips(drums, namer)

    _each(audio, out, labelled)


@app.command("four-on-the-floor")
def four_on_the_floor(audio: Tracks, out: Out) -> None:
    """Label house, techno and disco by their pulse: a kick on every beat, a snare or clap on two and four.

    \b
    samplechop drums four-on-the-floor ~/techno -o mine/four

    Only where the recording agrees: nearly every beat must have an attack in the kick's band, every second one in the
    snare's. All else, and all other drums, are left open.
    """
    from samplechop.offline.lab.drum_datasets.from_tracks import beats_of, label_four_on_the_floor, read_track

    def labelled(path: Path) -> "tuple[Sound, DrumLabels]":
        samples = read_track(path)
        return samples, label_four_on_the_floor(samples, beats_of(samples))

    _each(audio, out, labelled)


@app.command("by-hand")
def by_hand(
    audio: Annotated[Path, typer.Argument(metavar="AUDIO", help="The recording.")],
    midi: Annotated[Path, typer.Argument(metavar="MIDI", help="The DAW's track of its drums, in time with it.")],
    out: Out,
    offset: Annotated[float, typer.Option(help="Seconds by which the notes come later than in the file.")] = 0.0,
    only: Annotated[str, typer.Option(help="Drums the track has every hit of, as in kick,snare (default: all).")] = "",
) -> None:
    """Take labels made by hand in a DAW: its MIDI track, exported in time with the audio.

    \b
    samplechop drums by-hand song.wav song.mid -o mine/hand
    samplechop drums by-hand song.wav song.mid -o mine/hand --offset -0.012 --only kick,snare

    Notes are General MIDI's, on channel 10 or, if that is empty, any. It reports how many notes lie on an attack and by
    how much they are off.
    """
    from samplechop.offline.lab.drum_datasets import check_apart, write_pair
    from samplechop.offline.lab.drum_datasets.from_midi import drums_in, fit, labels_of
    from samplechop.offline.lab.drum_datasets.from_tracks import read_track
    from samplechop.offline.labels.midi import read_song
    from samplechop.realtime.core.events import DRUMS

    known = frozenset(name.strip() for name in only.split(",") if name.strip()) or frozenset(DRUMS)
    if not known <= set(DRUMS):
        raise UserError(f"--only must be some of {','.join(DRUMS)}, got {only!r}.")
    if not abs(offset) <= 3600:
        raise UserError(f"--offset must be seconds within an hour, got {offset:g}.")
    check_apart(out, [audio.stem], [audio])
    samples = read_track(audio)
    struck = drums_in(read_song(midi), offset, len(samples) / 44_100)
    if not struck:
        raise UserError(f"No note of {str(midi)!r} lies inside {str(audio)!r}: give another --offset.")
    write_pair(out, audio.stem, samples, labels_of(samples, struck, known))
    found = fit(samples, struck)
    echo(f"{len(struck)} hits in {out / audio.stem}.drums.json")
    echo(
        f"{100 * found.on_attack:.0f} % lie within 15 ms of an attack; attacks come {1000 * found.off:+.0f} ms "
        f"after their notes, give or take {1000 * found.spread:.0f} ms"
    )
    if abs(found.off) > 0.008 and found.spread < 0.02:
        echo(f"a better fit: --offset {offset + found.off:.3f}", err=True)


@app.command("shreds", hidden=True)  # the former name
@app.command("clips")
def clips(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Recordings with drum labels, or synthetic training sets.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The net to write, such as mine/clips.")],
    steps: Annotated[int, typer.Option(min=10, help="Batches of 128 clips to learn from.")] = 1500,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and recordings give the same net.")] = 1,
) -> None:
    """Train the net that names the drums at an attack, for from-tracks, on recordings with known drums.

    \b
    samplechop crate build -o crate --minutes 240 --sounds ~/packs     make labelled music of your sample packs
    samplechop drums clips crate mine/hand -o mine/clips              train on it, and on what you labelled
    samplechop drums from-tracks ~/music -o mine/tracks --net mine/clips.json

    A fifth of the recordings is not learned from: on these it chooses from which probability each drum is named, so
    that it is right 93 times in 100. Printed for each drum: how many there are, how often the net is right at one
    half, the share of them named, how often a named one is there, and the same for those denied.
    """
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.drum_datasets.clip_classifier import ClipTask, clips_of
    from samplechop.offline.training.keras_models import model_path
    from samplechop.offline.training.loop import Options, Run

    check_extra("train", "training", "tensorflow", "sklearn")
    out = model_path(out, "mine/clips")
    options = Options(steps=steps, rate=2e-3, seed=seed, check_every=max(1, steps // 10))
    with progress_bars() as progress:
        run = Run("clips", out, out.parent, "", progress)
        made = run.fit(ClipTask(clips_of(folders, progress)), options, {"seed": seed, "steps": steps})
    echo(f"{out}.json")
    for name, score in made.scores.items():
        echo(f"{name:7s} " + ", ".join(f"{what} {value:g}" for what, value in score.items()))


def _each(audio: Sequence[Path], out: Path, labelled: "Callable[[Path], tuple[Sound, DrumLabels]]") -> None:
    """Label one file after the other; what cannot be read is reported and skipped, unless it is the only one."""
    from samplechop.offline.common.progress import progress_bars
    from samplechop.offline.lab.drum_datasets import AUDIO, check_apart, files_in, is_written, name_of, write_pair

    files = files_in(audio, AUDIO, "audio file")
    taken: set[str] = set()
    names = [name_of(path, taken) for path in files]
    check_apart(out, [name for name in names if not is_written(out, name)], files)
    passed: list[str] = []
    with progress_bars() as progress:
        for number, (path, name) in enumerate(zip(files, names, strict=True), 1):
            if not is_written(out, name):
                try:
                    samples, labels = labelled(path)
                except UserError as error:
                    if len(files) == 1:
                        raise
                    passed.append(str(error))
                    continue
                write_pair(out, name, samples, labels)
                sure = len(labels.events)
                echo(f"{name}: {sure} hits, {len(labels.unsure)} places left open", err=True)
            progress("tracks", number, len(files))
    _report(len(files) - len(passed), passed, out)


def _report(done: int, passed: Sequence[str], out: Path) -> None:
    for why in passed:
        echo(f"skipped: {why}", err=True)
    echo(f"{done} recordings in {out}")
