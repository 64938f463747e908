"""What is done as numba is imported, tried by processes that have not imported it."""

import subprocess
import sys

from tests.support.command import ROOT

PROGRAM = """
import sys
from samplechop.realtime.core.compile_cache import ensure_compile_cache
ensure_compile_cache()
import samplechop.realtime.dsp.downmix
print("scipy.linalg" in sys.modules)
from numba.np import arraymath, linalg
print(arraymath._HAVE_BLAS)
linalg.ensure_blas()
print("scipy.linalg" in sys.modules)
"""


def test_kernels_are_loaded_without_scipy_which_numba_imports_where_it_multiplies_matrices() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
