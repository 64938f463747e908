"""Faults of each kind that `samplechop bench faults` knows, as a program meets them: a few that take a moment."""

import sys

import pytest

from samplechop.offline.lab.faults import table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals, terminals and processes are those of Linux")
NAMES = (
    "signal: SIGTERM then SIGHUP then SIGINT",
    "signal: SIGHUP, ignored from the start",
    "signal: SIGKILL, float",
    "terminal: closed with keys (--keep-last)",
    "terminal: stopped by Ctrl-S with keys (--keep-last), then SIGTERM",
    "terminal: none: standard input, output, error closed",
    "pipe: the reader of the events leaves",
    "pipe: the reader of the events stands still, SIGINT",
    "pipe: the only reader leaves",
    "disk: full, --record-format flac",
)


@pytest.fixture(scope="module")
def results() -> dict[str, table.Result]:
    """Give what came of the scenarios, by name: they mostly wait, so that several run at once."""
    chosen = [one for one in table.all_scenarios() if str(one) in NAMES]
    return {str(result.scenario): result for result in table.run(chosen, at_once=4)}


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_leaves_what_is_expected(results: dict[str, table.Result], name: str) -> None:
    result = results[name]
    assert result.held, f"{result.scenario.expected}: {result.instead}"
