"""Whether TensorFlow traces what it runs again and again, as trainings do outside tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from samplechop.offline.training.keras_models import tensorflow


@contextmanager
def tracing(on: bool) -> Iterator[None]:
    """Trace a function when it is called first, or run it as it stands: a few steps take less time than tracing one."""
    config = tensorflow().config
    before = config.functions_run_eagerly()
    config.run_functions_eagerly(not on)
    yield
    config.run_functions_eagerly(before)
