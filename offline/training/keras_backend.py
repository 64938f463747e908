"""The one place that imports TensorFlow."""

import os
from functools import cache
from typing import Any

from samplechop.realtime.core.errors import UserError


@cache
def tensorflow() -> Any:
    """Import TensorFlow, and have it compute the same every time. Raises UserError if it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what it says about processors helps nobody here
    try:
        import tensorflow as imported
    except ImportError:
        raise UserError("Training needs TensorFlow: install the extra with pip install 'samplechop[train]'.") from None
    imported.config.experimental.enable_op_determinism()
    return imported


def keras() -> Any:
    """Give Keras. Raises UserError if TensorFlow is not installed."""
    return tensorflow().keras
