"""What programs compiled is run by tests, and nothing that tests compiled by programs."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.command import ROOT

MODULE = """
from samplechop.realtime.core.entry_functions import entry

def above(numbers):
    return numbers[0] + 1

above = entry("float64(float64[::1])")(above)
"""
PROGRAM = """
from samplechop.realtime.core.compile_cache import ensure_compile_cache
ensure_compile_cache()
import above_of_test, above_of_program
for module in (above_of_test, above_of_program):
    print(sum(module.above.stats.cache_hits.values()))
"""


def test_tests_find_what_programs_compiled_and_programs_nothing_of_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("above_of_test", "above_of_program"):
        (tmp_path / f"{name}.py").write_text(MODULE)
    assert not import_module("above_of_test").above.stats.cache_hits
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", PROGRAM]
    program = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert program.stdout.split() == ["0", "0"]
    assert import_module("above_of_program").above.stats.cache_hits
