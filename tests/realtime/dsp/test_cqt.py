import os
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from librosa.core import constantq

from samplechop.realtime.dsp.cqt import F2_HZ, StreamingCQT
from samplechop.realtime.dsp.cqt_plan import plan_cqt, wavelet
from tests.support.command import ROOT

RATE = 44_100
HOP = 256
RECORDINGS = os.environ.get("SAMPLECHOP_AUDIO")

A0, C3, C4 = 27.5, 130.8128, 261.6256
# hop_length, fmin_hz, n_bins, bins_per_octave
DEFAULT = (HOP, F2_HZ, 48, 12)
SETTINGS = [
    DEFAULT,
    (256, C4, 12, 12),
    (256, F2_HZ, 40, 12),
    (256, F2_HZ, 5, 12),
    (512, A0, 84, 12),
    (64, A0, 60, 12),
    (2048, A0, 108, 12),
    (256, F2_HZ, 72, 24),
    (128, C3, 120, 36),
]


def music(seconds: float = 4.0) -> np.ndarray:
    """Decaying chords with overtones, a kick below the range, noise bursts and hiss: float32, (n,)."""
    rng = np.random.default_rng(7)
    time = np.arange(int(seconds * RATE)) / RATE
    sound = 1e-4 * rng.standard_normal(len(time))
    for beat, start in enumerate(np.arange(0, seconds, 0.5)):
        after = np.maximum(time - start, 0)
        decay = np.where(time >= start, np.exp(-4 * after), 0)
        for note in rng.integers(40, 84, 3):
            for overtone in range(1, 7):
                frequency = 440 * 2 ** ((note - 69) / 12) * overtone
                sound += 0.08 / overtone * decay * np.sin(2 * np.pi * frequency * after)
        sound += 0.3 * decay**4 * np.sin(2 * np.pi * 55 * after) * (beat % 2 == 0)
        sound += 0.1 * decay**10 * rng.standard_normal(len(time))
    return (0.5 * sound).astype(np.float32)


def frames_of(cqt: StreamingCQT, blocks: list[np.ndarray]) -> np.ndarray:
    n_bins, hop = cqt._plan.n_bins, cqt._plan.hop_length
    frames = []
    for block in blocks:
        out = np.full((len(block) // hop + 1, n_bins), np.nan, np.float32)
        written = cqt.push(block, out)
        assert np.isnan(out[written:]).all()
        frames.append(out[:written])
    return np.concatenate(frames)


def whole(audio: np.ndarray, setting: tuple = DEFAULT) -> np.ndarray:
    """Give every frame that librosa gives, with the latency fed by silence."""
    cqt = StreamingCQT(RATE, *setting)
    tail = np.zeros(cqt.latency + setting[0], np.float32)
    return frames_of(cqt, [np.concatenate([audio, tail])])[: len(audio) // setting[0] + 1]


def reference(audio: np.ndarray, setting: tuple = DEFAULT) -> np.ndarray:
    hop, fmin, n_bins, per_octave = setting
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        response = librosa.cqt(
            audio, sr=RATE, hop_length=hop, fmin=fmin, n_bins=n_bins, bins_per_octave=per_octave, norm=2, sparsity=0
        )
    # Librosa rounds up what it has left after early downsampling, and may give one frame more than there are hops.
    return np.abs(response).T[: len(audio) // hop + 1]


def quiet_level(audio: np.ndarray, reach: int, n_frames: int) -> np.ndarray:
    """Give the sum of 48 bins below which a frame is near silence, float64, (n_frames,).

    That is 0.05, what noise of -80 dBFS gives, or 100 times the RMS of the audio under the longest kernel, where
    music within the range gives about 1000: below it the bins hold what leaks in from outside their range.
    """
    energy = np.concatenate([[0.0], np.cumsum(audio.astype(np.float64) ** 2)])
    centres = np.arange(n_frames) * HOP
    low, high = np.clip([centres - reach, centres + reach], 0, len(audio))
    return np.maximum(0.05, 100 * np.sqrt((energy[high] - energy[low]) / (2 * reach)))


def interior(n_frames: int, latency_hops: int) -> slice:
    return slice(latency_hops + 1, n_frames - latency_hops - 3)


def test_default_needs_nineteen_hops_of_future() -> None:
    assert StreamingCQT().latency == 19 * 256


def test_a_frame_appears_exactly_when_its_latency_has_been_heard() -> None:
    cqt, out = StreamingCQT(), np.zeros((20, 48), np.float32)
    assert cqt.push(np.zeros(cqt.latency - 1, np.float32), out) == 0
    assert cqt.push(np.zeros(1, np.float32), out) == 1
    assert cqt.push(np.zeros(255, np.float32), out) == 0
    assert cqt.push(np.zeros(1, np.float32), out) == 1


def test_frame_f_is_centred_on_sample_f_times_hop_length() -> None:
    audio = np.zeros(RATE, np.float32)
    audio[60 * HOP] = 1
    sums = whole(audio).sum(1)
    assert sums.argmax() == 60
    np.testing.assert_allclose(sums[50:60], sums[70:60:-1], rtol=0.15)


@pytest.mark.parametrize("setting", SETTINGS)
def test_octaves_run_at_the_rates_librosa_chooses(setting: tuple) -> None:
    hop, fmin, n_bins, per_octave = setting
    frequencies = librosa.cqt_frequencies(n_bins, fmin=fmin, bins_per_octave=per_octave)
    _, cutoff = librosa.filters.wavelet_lengths(freqs=frequencies, sr=RATE)
    n_octaves = -(-n_bins // per_octave)
    early = getattr(constantq, "__early_downsample_count")(RATE / 2, cutoff, hop, n_octaves)
    assert plan_cqt(RATE, *setting).early == early


def test_default_octave_rates_are_5512_to_689_hz() -> None:
    plan = plan_cqt(RATE, *DEFAULT)
    assert [RATE / 2 ** (plan.early + octave) for octave in range(plan.n_octaves)] == [
        5512.5,
        2756.25,
        1378.125,
        689.0625,
    ]


@pytest.mark.parametrize("rate", [5512.5, 689.0625, 44_100])
def test_wavelets_equal_librosas(rate: float) -> None:
    frequencies = 0.2 * rate * 2.0 ** (np.arange(-11, 1) / 12)
    theirs, lengths = librosa.filters.wavelet(freqs=frequencies, sr=rate, norm=2, dtype=np.complex128)
    for kernel, length, frequency in zip(theirs, lengths, frequencies, strict=True):
        ours, start = wavelet(length, frequency / rate)
        centre = len(kernel) // 2
        np.testing.assert_allclose(kernel[centre + start : centre + start + len(ours)], ours, atol=1e-12)
        assert np.count_nonzero(kernel) <= len(ours)


@pytest.mark.parametrize("more", [0, 1, 248, 249, 255])
def test_sum_of_bins_equals_librosas_on_music(more: int) -> None:
    audio = music(5)[: 800 * HOP + more]
    ours, theirs = whole(audio), reference(audio)
    inside = interior(len(theirs), 19)
    error = np.abs(ours.sum(1) / theirs.sum(1) - 1)[inside]
    assert np.median(error) <= 5e-5
    assert np.quantile(error, 0.99) <= 5e-4
    assert error.max() <= 3e-3


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_bin_equals_librosas_in_other_settings(setting: tuple) -> None:
    audio = music()
    ours, theirs = whole(audio, setting), reference(audio, setting)
    assert ours.shape == theirs.shape
    inside = interior(len(theirs), plan_cqt(RATE, *setting).latency_hops)
    difference = np.abs(ours - theirs)[inside]
    assert len(difference) > 10
    assert difference.max() <= 1e-3 * theirs.max()
    assert np.median(np.abs(ours.sum(1) / theirs.sum(1) - 1)[inside]) <= 1e-4


def load(path: Path) -> np.ndarray:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(1)[: 20 * rate]
    return mono if rate == RATE else librosa.resample(mono, orig_sr=rate, target_sr=RATE)


@pytest.mark.recordings
@pytest.mark.skipif(RECORDINGS is None, reason="SAMPLECHOP_AUDIO names no folder of recordings")
def test_sum_of_bins_equals_librosas_on_every_recording() -> None:
    suffixes = {".wav", ".flac", ".ogg", ".mp3"}
    paths = [path for path in sorted(Path(RECORDINGS or "").rglob("*")) if path.suffix.lower() in suffixes]
    pooled = []
    for path in paths:
        audio = load(path)
        if len(audio) < RATE:
            continue
        theirs = reference(audio).sum(1)
        inside = interior(len(theirs), 19)
        quiet = quiet_level(audio, 4352, len(theirs))[inside]
        error, theirs = np.abs(whole(audio).sum(1) - theirs)[inside], theirs[inside]
        loud = theirs > quiet
        assert np.all(error[~loud] <= 1e-2 * quiet[~loud]), path
        if loud.sum() < 20:
            continue
        relative = error[loud] / theirs[loud]
        assert np.median(relative) <= 1e-4, path
        assert np.quantile(relative, 0.99) <= 5e-4, path
        assert relative.max() <= 3e-3, path
        pooled.append(relative)
    assert pooled, f"no recordings in {RECORDINGS}"
    assert np.median(np.concatenate(pooled)) <= 2e-5


AUDIO = music(1.0)
BLOCKWISE = whole(AUDIO)[: (len(AUDIO) - 19 * HOP) // HOP + 1]


@given(st.lists(st.integers(1, 9000), max_size=40))
def test_frames_do_not_depend_on_how_the_audio_is_cut(sizes: list[int]) -> None:
    blocks = np.split(AUDIO, [cut for cut in np.cumsum(sizes) if cut < len(AUDIO)])
    np.testing.assert_array_equal(frames_of(StreamingCQT(), blocks), BLOCKWISE)


@pytest.mark.parametrize("size", [1, 64, 65, 256, 8193])
def test_frames_do_not_depend_on_block_size(size: int) -> None:
    blocks = [AUDIO[start : start + size] for start in range(0, len(AUDIO), size)]
    np.testing.assert_array_equal(frames_of(StreamingCQT(), blocks), BLOCKWISE)


def test_reset_equals_new() -> None:
    cqt = StreamingCQT()
    frames_of(cqt, [music(2)[::-1][:50_001].copy()])
    cqt.reset()
    np.testing.assert_array_equal(frames_of(cqt, [AUDIO]), BLOCKWISE)


def test_two_transforms_do_not_disturb_each_other() -> None:
    one, two = StreamingCQT(), StreamingCQT()
    frames_of(two, [AUDIO[::-1].copy()])
    np.testing.assert_array_equal(frames_of(one, [AUDIO]), BLOCKWISE)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_samples_that_are_not_audio_count_as_silence(bad: float) -> None:
    spoilt, mended = AUDIO.copy(), AUDIO.copy()
    spoilt[10_000:10_007], mended[10_000:10_007] = bad, 0
    np.testing.assert_array_equal(frames_of(StreamingCQT(), [spoilt]), frames_of(StreamingCQT(), [mended]))


def test_silence_gives_zeros() -> None:
    assert not frames_of(StreamingCQT(), [np.zeros(20_000, np.float32)]).any()


def test_block_is_not_changed_and_may_be_read_only() -> None:
    block = AUDIO.copy()
    block.flags.writeable = False
    cqt = StreamingCQT()
    compiled = len(cqt._run.signatures)
    np.testing.assert_array_equal(frames_of(cqt, [block]), BLOCKWISE)
    np.testing.assert_array_equal(block, AUDIO)
    assert len(cqt._run.signatures) == compiled


def test_block_need_not_be_contiguous() -> None:
    stereo = np.stack([AUDIO, AUDIO[::-1]], axis=1)
    np.testing.assert_array_equal(frames_of(StreamingCQT(), [stereo[:, 0]]), BLOCKWISE)


def test_push_does_not_allocate() -> None:
    cqt, block, out = StreamingCQT(), AUDIO[:HOP], np.zeros((2, 48), np.float32)
    cqt.push(block, out)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            cqt.push(block, out)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1000


@pytest.mark.parametrize(
    ("block", "out", "error", "match"),
    [
        (np.zeros(512, np.float32), np.zeros((2, 48), np.float32), ValueError, "at least 3 rows of 48 bins"),
        (np.zeros(256, np.float32), np.zeros((2, 47), np.float32), ValueError, "48 bins"),
        (np.zeros((256, 2), np.float32), np.zeros((2, 48), np.float32), ValueError, "block must have 1 dimension"),
        (np.zeros(256), np.zeros((2, 48), np.float32), TypeError, "block must be a float32 array, got float64"),
        (np.zeros(256, np.float32), np.zeros((48, 2), np.float32).T, ValueError, "out must be C-contiguous"),
    ],
)
def test_push_refuses_what_it_cannot_use(
    block: np.ndarray, out: np.ndarray, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        StreamingCQT().push(block, out)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"hop_length": 100}, "hop_length must be divisible by 8 .* got 100"),
        ({"hop_length": 0}, "hop_length must be in"),
        ({"n_bins": 0}, "n_bins must be in"),
        ({"n_bins": 96}, "too close to the Nyquist frequency"),
        ({"n_bins": 100}, "must stay below the Nyquist frequency"),
        ({"fmin_hz": 0.0}, "fmin_hz must be above 0"),
        ({"bins_per_octave": 0}, "bins_per_octave must be in"),
        ({"sample_rate": 0}, "sample_rate must be above 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        StreamingCQT(**changed)


def test_a_second_process_finds_the_compiled_code_on_disk() -> None:
    program = (
        "from samplechop.realtime.core.compile_cache import ensure_compile_cache\n"
        "ensure_compile_cache()\n"
        "from samplechop.realtime.dsp.cqt import StreamingCQT\n"
        "stats = StreamingCQT()._run.stats\n"
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))"
    )
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["1", "0"]
