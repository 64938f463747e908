"""Nets through whichever TFLite runtime works here: a row of numbers in, a row of numbers out."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samplechop.models import Features, Manifest, ModelError
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.standard_streams import silence

WIDE = 64
FEW = 8
"""From so many windows on, one call for WIDE of them is quicker than one call for each."""

# The maintained package first. tflite_runtime imports under numpy 2 and then dies when an interpreter is made,
# so only making one shows whether it works.
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")


def open_interpreter(content: bytes, batch: int, where: str) -> tuple[Any, str]:
    """Make an interpreter for `batch` rows with the first runtime that can; give it and its package's name.

    Raises ModelError if the content is no model for a batch of rows, UserError if no runtime works.
    """
    failures = []
    for name in RUNTIMES:
        package = name.split(".")[0]
        try:
            make = importlib.import_module(name).Interpreter
        except ImportError as error:
            failures.append(f"{package}: {error}")
            continue
        try:
            with silence():  # the runtime reports its choice of kernels on stderr
                interpreter = make(model_content=content, num_threads=1)
                tensor = interpreter.get_input_details()[0]
                interpreter.resize_tensor_input(tensor["index"], [batch, *tensor["shape"][1:]])
                interpreter.allocate_tensors()
        except ValueError as error:
            raise ModelError(f"{where} is not a TFLite model: {str(error).splitlines()[0]}") from None
        except (RuntimeError, SystemError, AttributeError) as error:
            failures.append(f"{package}: {error}")
            continue
        return interpreter, package
    raise UserError(
        "no TFLite runtime works here (" + "; ".join(failures) + "): pip install ai-edge-litert, "
        "or tflite-runtime together with numpy < 2"
    )


class Net:
    """A .tflite with one input and one output, for a fixed number of rows.

    runtime: the package it runs in. interpreter: what runs it.
    """

    def __init__(self, path: Path, n_inputs: int, n_outputs: int, batch: int = 1) -> None:
        """[main] Open it and run it once. Raises ModelError if a row is not n_inputs numbers to n_outputs."""
        self._path, self._where = path, f"model {str(path)!r}"
        where = self._where
        self.interpreter, self.runtime = open_interpreter(path.read_bytes(), batch, where)
        inputs, outputs = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        kind, *found = inputs[0]["dtype"], *(int(np.prod(one[0]["shape"][1:])) for one in (inputs, outputs))
        if found != [n_inputs, n_outputs] or kind is not np.float32 or len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(
                f"{where} takes and gives {found} numbers of {kind.__name__}, "
                f"its manifest says {[n_inputs, n_outputs]} of float32"
            )
        self._in, self._out = inputs[0]["index"], outputs[0]["index"]
        self.run(np.zeros(inputs[0]["shape"], np.float32))

    def run(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """[analysis] Give the net's output, float32 (batch, n_outputs), of rows, float32 (batch, n_inputs)."""
        self.interpreter.set_tensor(self._in, rows)
        self.interpreter.invoke()
        result: NDArray[np.float32] = self.interpreter.get_tensor(self._out)
        return result

    def signature(self, name: str, n_inputs: int, n_outputs: int) -> Callable[[NDArray[np.float32]], Any] | None:
        """[main] Give what runs another signature of the file once: float32 (1, n_inputs) in, (1, n_outputs) out.

        None if it has none of that name. Raises ModelError if it is of other numbers.
        """
        if name not in self.interpreter.get_signature_list():
            return None
        # Of an interpreter of its own: one that has given away a runner refuses to be run itself.
        interpreter, _ = open_interpreter(self._path.read_bytes(), 1, self._where)
        with silence():
            runner = interpreter.get_signature_runner(name)
        found = []
        for details in (runner.get_input_details(), runner.get_output_details()):
            ((tensor, one),) = details.items()
            found.append((tensor, [*map(int, one["shape"])]))
        (given, _), (wanted, _) = found
        if [shape for _, shape in found] != [[1, n_inputs], [1, n_outputs]]:
            raise ModelError(f"{self._where}: its signature {name!r} takes and gives {found}, not what a step does")

        def run(rows: NDArray[np.float32]) -> Any:
            return runner(**{given: rows})[wanted]

        with silence():
            run(np.zeros((1, n_inputs), np.float32))
        return run


class Scorer:
    """The net of one manifest.

    However many windows come at a time, each gets the same score, bit for bit, as it would alone: the runtime computes
    every row of a batch alike. This is what makes a live run, one window at a time, equal to a file run.
    """

    def __init__(self, manifest: Manifest, most: int) -> None:
        """[main] Open the model for up to `most` windows at a time, and run it once.

        Raises ModelError if its tensors are not the manifest's.
        """
        features = manifest.features
        if not isinstance(features, Features):
            raise ModelError(f"model {str(manifest.path)!r} takes a stream, not windows")
        self._single = Net(manifest.path, features.n_inputs, 1)
        self._wide = Net(manifest.path, features.n_inputs, 1, WIDE) if most >= FEW else None
        self._rows: NDArray[np.float32] = np.zeros((WIDE, features.n_inputs), np.float32)

    def score(self, windows: NDArray[np.float32], silent: NDArray[np.bool_], out: NDArray[np.float32]) -> None:
        """[analysis] Score standardised windows; silent ones score 0.

        windows: float32, (n, n_inputs). silent: bool, (n,). out: float32, (n,), receives probabilities 0..1.
        """
        first, n = 0, len(windows)
        while self._wide is not None and n - first >= FEW:
            some = windows[first : first + WIDE]
            if len(some) < WIDE:
                self._rows[: len(some)] = some
                out[first:] = self._wide.run(self._rows)[: len(some), 0]
            else:
                out[first : first + WIDE] = self._wide.run(some)[:, 0]
            first += len(some)
        for i in range(first, n):
            out[i] = self._single.run(windows if n == 1 else windows[i : i + 1])[0, 0]
        if True in silent.tolist():  # quicker than silent.any() for the few frames of a live block
            out[silent] = 0.0
