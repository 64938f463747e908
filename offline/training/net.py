"""The classic net and its fitting."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from offline.training.dataset import Frames
from realtime.errors import UserError

LAYERS = (32, 16, 8, 4)
MOST_EPOCHS = 40


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained net, its loss on the validation windows, and how many epochs it took."""

    model: Any
    validation_loss: float
    epochs: int


def keras() -> Any:
    """Import Keras. Raises UserError if TensorFlow is not installed."""
    try:
        import tensorflow
    except ImportError:
        raise UserError("Training needs TensorFlow: install the extra with pip install 'samplechop[train]'.") from None
    tensorflow.config.experimental.enable_op_determinism()
    return tensorflow.keras


def build(n_inputs: int, seed: int) -> Any:
    """Build n_inputs-32-16-8-4-1: dense, rectified, a sigmoid at the end."""
    layers = keras().layers
    keras().utils.set_random_seed(seed)
    stack = [layers.Input((n_inputs,)), *(layers.Dense(n, activation="relu") for n in LAYERS)]
    return keras().Sequential([*stack, layers.Dense(1, activation="sigmoid")])


def fit(train: Frames, validation: Frames, seed: int) -> Fitted:
    """Fit the net with Adam until the validation loss has not fallen for six epochs, and keep the best weights.

    The same frames and seed give the same net on the same machine.
    """
    k = keras()
    model = build(train.x.shape[1], seed)
    model.compile(optimizer=k.optimizers.Adam(4e-3), loss="binary_crossentropy")
    slower = k.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.4, patience=2)
    stop = k.callbacks.EarlyStopping(monitor="val_loss", patience=6, restore_best_weights=True)
    history = model.fit(
        train.x,
        train.target,
        batch_size=1024,
        epochs=MOST_EPOCHS,
        validation_data=(validation.x, validation.target),
        callbacks=[slower, stop],
        verbose=0,
    )
    losses = history.history["val_loss"]
    return Fitted(model, float(np.min(losses)), len(losses))


def lean(model: Any, logit: float) -> None:
    """Shift the last bias so that probability 0.5 comes where sigmoid(logit) came before."""
    weights, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([weights, bias - np.float32(logit)])
