"""The one place that imports TensorFlow."""

import os
from functools import cache
from importlib.util import find_spec
from typing import Any

from samplechop.realtime.core.errors import UserError

MISSING = "training needs TensorFlow: install the extra with pip install 'samplechop[train]'"


def check_extra() -> None:
    """Refuse to begin hours of work that could not be ended. Raises UserError if TensorFlow is not installed."""
    if find_spec("tensorflow") is None:
        raise UserError(MISSING)


@cache
def tensorflow() -> Any:
    """Import TensorFlow, and have it compute the same every time. Raises UserError if it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what it says about processors helps nobody here
    try:
        import tensorflow as imported
    except ImportError:
        raise UserError(MISSING) from None
    imported.config.experimental.enable_op_determinism()
    return imported


def keras() -> Any:
    """Give Keras. Raises UserError if TensorFlow is not installed."""
    return tensorflow().keras
