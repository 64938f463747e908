"""One net: windows in, probabilities out, through whichever TFLite runtime works here."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import Manifest, ModelError
from realtime.errors import UserError
from realtime.quiet import silence

# The maintained package first. tflite_runtime imports under numpy 2 and then dies when an interpreter is made,
# so only making one tells whether it works.
WIDE_BATCH = 64
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


class Scorer:
    """The net of one manifest.

    However many windows come at a time, each gets the same score, bit for bit, as it would alone: the runtime computes
    every row of a batch alike. This is what makes a live run, one window at a time, equal to a file run.
    """

    def __init__(self, manifest: Manifest, most: int) -> None:
        """[main] Open the model for up to `most` windows at a time, and run it once.

        Raises ModelError if its tensors are not the manifest's.
        """
        where = f"model {str(manifest.path)!r}"
        self._batch = 1 if most <= 2 else WIDE_BATCH
        self._net, self.runtime = open_interpreter(manifest.path.read_bytes(), self._batch, where)
        inputs, outputs = self._net.get_input_details(), self._net.get_output_details()
        n_inputs = int(np.prod(inputs[0]["shape"][1:]))
        if len(inputs) != 1 or n_inputs != manifest.features.n_inputs or inputs[0]["dtype"] is not np.float32:
            raise ModelError(
                f"{where} takes {n_inputs} numbers of {inputs[0]['dtype'].__name__}, its manifest names "
                f"{manifest.features.n_inputs} of float32"
            )
        if len(outputs) != 1 or outputs[0]["shape"].tolist() != [self._batch, 1]:
            raise ModelError(f"{where} must give one probability per window, not shape {outputs[0]['shape'].tolist()}")
        self._in, self._out = inputs[0]["index"], outputs[0]["index"]
        self._rows: NDArray[np.float32] = np.zeros(inputs[0]["shape"], np.float32)
        self._run(self._rows)

    def _run(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        self._net.set_tensor(self._in, rows)
        self._net.invoke()
        scores: NDArray[np.float32] = self._net.get_tensor(self._out)
        return scores[:, 0]

    def score(self, windows: NDArray[np.float32], silent: NDArray[np.bool_], out: NDArray[np.float32]) -> None:
        """[analysis] Score standardised windows; silent ones score 0.

        windows: float32, (n, n_inputs). silent: bool, (n,). out: float32, (n,), receives probabilities 0..1.
        """
        batch = self._batch
        for first in range(0, len(windows), batch):
            some = windows[first : first + batch]
            if len(some) < batch:
                self._rows[: len(some)] = some
                out[first:] = self._run(self._rows)[: len(some)]
            else:
                out[first : first + batch] = self._run(some)
        if True in silent.tolist():  # quicker than silent.any() for the few frames of a live block
            out[silent] = 0.0
