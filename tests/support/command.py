"""Running the command line, inside this process or as a program of its own."""

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from samplechop.offline.cli.main import main
from samplechop.realtime.core.compile_notice import COMPILING

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


def samplechop(*arguments: object) -> Outcome:
    """Call the command in this process; what it prints is caught, but not that it compiles: who comes first does."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["samplechop", *map(str, arguments)]
    with mock.patch.object(sys, "argv", argv), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
            lines = err.getvalue().splitlines(keepends=True)
            return Outcome(code, out.getvalue(), "".join(line for line in lines if COMPILING not in line))
    raise AssertionError("the command must end with an exit code")


def program(
    *arguments: object, script: str = "run_live.py", stdin: int | None = None, **environment: str
) -> subprocess.Popen[str]:
    """Start the program; its stdout and stderr can be read."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / script), *map(str, arguments)],
        env={**os.environ, **environment},
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
