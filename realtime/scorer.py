"""One net: windows in, probabilities out, through whichever TFLite runtime works here."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import Manifest, ModelError
from realtime.errors import UserError

# The maintained package first. tflite_runtime imports under numpy 2 and then dies when an interpreter is made,
# so only making one tells whether it works.
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")


def open_interpreter(content: bytes, where: str) -> tuple[Any, str]:
    """Make an interpreter for a .tflite file's content with the first runtime that can; give it and its package's name.

    Raises ModelError if the content is no model, UserError if no runtime works.
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
            interpreter = make(model_content=content, num_threads=1)
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
    """The net of one manifest, called with the batch size it was converted with.

    The batch never varies, so a window's score does not depend on how many others arrived with it: this is what makes
    a live run, one window at a time, equal to a file run bit for bit.
    """

    def __init__(self, manifest: Manifest) -> None:
        """[main] Open the model and run it once. Raises ModelError if its tensors are not the manifest's."""
        where = f"model {str(manifest.path)!r}"
        self._net, self.runtime = open_interpreter(manifest.path.read_bytes(), where)
        inputs, outputs = self._net.get_input_details(), self._net.get_output_details()
        shape = tuple(int(n) for n in inputs[0]["shape"])
        self._batch = shape[0]
        n_inputs = int(np.prod(shape[1:]))
        if len(inputs) != 1 or n_inputs != manifest.features.n_inputs or inputs[0]["dtype"] is not np.float32:
            raise ModelError(
                f"{where} takes {n_inputs} numbers of {inputs[0]['dtype'].__name__}, its manifest names "
                f"{manifest.features.n_inputs} of float32"
            )
        if len(outputs) != 1 or int(np.prod(outputs[0]["shape"])) != self._batch:
            raise ModelError(
                f"{where} must give one probability per window, gives shape {outputs[0]['shape'].tolist()}"
            )
        self._in, self._out = inputs[0]["index"], outputs[0]["index"]
        self._rows: NDArray[np.float32] = np.zeros((self._batch, n_inputs), np.float32)
        self._tensor = self._rows.reshape(shape)
        self._run()

    def _run(self) -> NDArray[np.float32]:
        self._net.set_tensor(self._in, self._tensor)
        self._net.invoke()
        scores: NDArray[np.float32] = self._net.get_tensor(self._out)
        return scores.reshape(self._batch)

    def score(self, windows: NDArray[np.float32], silent: NDArray[np.bool_], out: NDArray[np.float32]) -> None:
        """[analysis] Score standardised windows; silent ones score 0.

        windows: float32, (n, n_inputs). silent: bool, (n,). out: float32, (n,), receives probabilities 0..1.
        """
        for first in range(0, len(windows), self._batch):
            some = windows[first : first + self._batch]
            self._rows[: len(some)] = some
            out[first : first + len(some)] = self._run()[: len(some)]
        np.copyto(out, 0.0, where=silent)
