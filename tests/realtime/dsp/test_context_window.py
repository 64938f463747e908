import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplechop.realtime.dsp.context_window import ABSOLUTE_FLOOR, RELATIVE_FLOOR, SILENCE, ContextWindow
from samplechop.realtime.dsp.cqt import StreamingCQT

N_BINS, PAST, FUTURE = 48, 30, 30
WIDTH = PAST + 1 + FUTURE
ONE_BAND = ((0, 48),)
FOUR_BANDS = ((0, 12), (12, 24), (24, 48), (40, 41))


def magnitudes(n_frames: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, 0.1, (n_frames, N_BINS)).astype(np.float32)


def windows_of(
    frames: np.ndarray, bands: tuple = ONE_BAND, sizes: tuple | list = (), context: ContextWindow | None = None
) -> tuple[np.ndarray, np.ndarray]:
    context = context or ContextWindow(bands, N_BINS, PAST, FUTURE, max_frames=512)
    windows, flags = [], []
    for part in np.split(frames, [cut for cut in np.cumsum(sizes, dtype=int) if cut < len(frames)]):
        out = np.full((len(part) + 1, context.n_inputs), np.nan, np.float32)
        silent = np.ones(len(part) + 1, np.bool_)
        written = context.push(np.ascontiguousarray(part), len(part), out, silent)
        assert np.isnan(out[written:]).all()
        windows.append(out[:written])
        flags.append(silent[:written])
    return np.concatenate(windows), np.concatenate(flags)


def expected(frames: np.ndarray, bands: tuple) -> np.ndarray:
    sums = np.stack([frames[:, low:high].sum(1, dtype=np.float64) for low, high in bands])
    sums = np.pad(sums, ((0, 0), (PAST, 0)))
    floor = ABSOLUTE_FLOOR * np.mean([high - low for low, high in bands])
    rows = []
    for frame in range(len(frames) - FUTURE):
        window = sums[:, frame : frame + WIDTH].ravel()
        scale = max(window.std(), RELATIVE_FLOOR * window.mean(), floor)
        rows.append((window - window.mean()) / scale)
    return np.array(rows)


@pytest.mark.parametrize("bands", [ONE_BAND, FOUR_BANDS])
def test_windows_are_standardised_band_sums_in_time_order(bands: tuple) -> None:
    frames = magnitudes(200)
    windows, silent = windows_of(frames, bands)
    np.testing.assert_allclose(windows, expected(frames, bands), atol=2e-5)
    assert not silent.any()


def test_the_stream_begins_in_silence() -> None:
    windows, _ = windows_of(magnitudes(FUTURE + 1))
    assert np.all(windows[0, :PAST] == windows[0, 0])
    assert windows[0, PAST:].min() > windows[0, 0]


def test_the_first_window_appears_when_its_future_has_been_heard() -> None:
    assert len(windows_of(magnitudes(FUTURE))[0]) == 0
    assert len(windows_of(magnitudes(FUTURE + 1))[0]) == 1
    assert len(windows_of(magnitudes(FUTURE + 5))[0]) == 5


FRAMES = magnitudes(150)
TOGETHER = windows_of(FRAMES, FOUR_BANDS)[0]


@given(st.lists(st.integers(0, 70), max_size=30))
def test_windows_do_not_depend_on_how_frames_are_split(sizes: list[int]) -> None:
    np.testing.assert_array_equal(windows_of(FRAMES, FOUR_BANDS, sizes)[0], TOGETHER)


def test_a_window_does_not_depend_on_frames_outside_it() -> None:
    loud = np.concatenate([1e4 * magnitudes(100, seed=4), FRAMES])
    np.testing.assert_array_equal(windows_of(loud, FOUR_BANDS)[0][100 + PAST :], TOGETHER[PAST:])


def test_reset_equals_new() -> None:
    context = ContextWindow(FOUR_BANDS, N_BINS, PAST, FUTURE, max_frames=512)
    windows_of(magnitudes(97, seed=5), context=context)
    context.reset()
    np.testing.assert_array_equal(windows_of(FRAMES, context=context)[0], TOGETHER)


def test_a_silent_window_is_flagged_and_zero() -> None:
    frames = np.full((100, N_BINS), 0.9 * SILENCE, np.float32)
    windows, silent = windows_of(frames)
    assert silent.all()
    assert not windows.any()


def test_one_loud_frame_makes_every_window_around_it_heard() -> None:
    frames = np.zeros((200, N_BINS), np.float32)
    frames[100] = 2 * SILENCE
    _, silent = windows_of(frames)
    assert np.array_equal(np.flatnonzero(~silent), np.arange(100 - FUTURE, 100 + PAST + 1))


@pytest.mark.parametrize(("level_db", "is_silent"), [(-84, True), (-76, False)])
def test_white_noise_is_audible_from_about_minus_80_dbfs(level_db: float, is_silent: bool) -> None:
    noise = np.random.default_rng(1).standard_normal(44_100).astype(np.float32) * np.float32(10 ** (level_db / 20))
    out = np.zeros((200, N_BINS), np.float32)
    written = StreamingCQT().push(noise, out)
    _, silent = windows_of(out[:written])
    assert np.all(silent == is_silent)


def test_a_steady_hum_is_not_blown_up_into_noise() -> None:
    wobble = np.random.default_rng(2).standard_normal((200, 1)).astype(np.float32)
    windows, silent = windows_of(0.5 * (1 + 1e-4 * wobble) * np.ones((200, N_BINS), np.float32))
    assert not silent.any()
    assert np.abs(windows[PAST:]).max() < 0.1


def test_what_is_hardly_audible_is_not_blown_up() -> None:
    wobble = np.random.default_rng(2).standard_normal((200, 1)).astype(np.float32)
    windows, _ = windows_of(1.1 * SILENCE * (1 + 0.02 * wobble) * np.ones((200, N_BINS), np.float32))
    assert np.abs(windows[PAST:]).max() < 1


def test_no_window_is_ever_nan_and_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for scale in (0, 1e-30, 1e-6, 1, 1e6):
            windows, _ = windows_of((scale * magnitudes(100)).astype(np.float32), FOUR_BANDS)
            assert np.isfinite(windows).all()


def test_no_context_is_a_window_too() -> None:
    context = ContextWindow(FOUR_BANDS, N_BINS, past=0, future=0, max_frames=8)
    windows, silent = np.zeros((4, 4), np.float32), np.zeros(4, np.bool_)
    assert context.push(FRAMES[:4], 4, windows, silent) == 4
    np.testing.assert_allclose(windows.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(windows.std(1), 1, rtol=1e-5)


@pytest.mark.parametrize("n_frames", [-1, 5, 9])
def test_push_refuses_frames_that_do_not_fit(n_frames: int) -> None:
    context = ContextWindow(ONE_BAND, N_BINS, PAST, FUTURE, max_frames=8)
    rows = 4 if n_frames == 5 else 20
    with pytest.raises(ValueError, match=f"n_frames must be in 0..8 .* got {n_frames}"):
        context.push(magnitudes(20), n_frames, np.zeros((rows, WIDTH), np.float32), np.zeros(rows, np.bool_))


def test_push_refuses_windows_of_another_width() -> None:
    context = ContextWindow(ONE_BAND, N_BINS, PAST, FUTURE, max_frames=8)
    with pytest.raises(ValueError, match="windows \\(of 61\\)"):
        context.push(magnitudes(4), 4, np.zeros((4, 60), np.float32), np.zeros(4, np.bool_))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (((), 48, 30, 30, 1), "at least one band"),
        ((((0, 49),), 48, 30, 30, 1), "bands must lie in 0..48"),
        ((((5, 5),), 48, 30, 30, 1), "hold at least one bin, got 5..5"),
        ((((0, 48),), 48, -1, 30, 1), "past and future"),
        ((((0, 48),), 48, 30, 30, 0), "max_frames must be at least 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(arguments: tuple, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        ContextWindow(*arguments)
