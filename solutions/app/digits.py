"""The model that exercise F serves: which digit a small picture shows.

Given complete. A neural network of three layers, trained on the 8 × 8 pictures of
``sklearn.datasets.load_digits``; it names 97 of 100 digits that it has never seen.
`tests/model/train.py` has made ``digits.onnx``, and ``digits.npz``, which holds the same weights for
computers for which onnxruntime has no package.

A picture takes two steps, and both compute: `preprocess` unpacks and scales it, `infer` runs the model.
Both may be called from several threads at once.
"""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MODEL = Path(__file__).with_name("digits.onnx")
WEIGHTS = Path(__file__).with_name("digits.npz")

Rows = NDArray[np.float32]


def preprocess(png: bytes) -> Rows:
    """The 64 pixels of a PNG file, row by row, from 0 (black) to 1 (white); a larger picture is scaled down.

    Raises ``ValueError`` when ``png`` is no such file, or only a part of one.
    """
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as image:
            small = image.convert("L").resize((8, 8), Image.Resampling.BOX)
    except Exception as error:  # Pillow has a dozen ways to say it, none of them shared
        raise ValueError("this is no PNG file") from error
    return (np.asarray(small, dtype=np.float32) / 255).reshape(64)


def infer(pixels: Rows) -> tuple[int, float]:
    """The digit that ``pixels`` show, and how sure the model is of it, from 0 to 1.

    Loads the model first, when this process hasn't yet.
    """
    row = np.asarray(pixels, dtype=np.float32).reshape(1, 64)
    probabilities = _model()(row)[0]
    label = int(probabilities.argmax())
    return label, float(probabilities[label])


def load() -> None:
    """Loads the model, so that the first `infer` of this process needn't: what a pool's initializer is for.

    A process that was forked from one that had loaded it must not use it: start processes with "spawn".
    """
    _model()


@cache
def _model() -> Callable[[Rows], Rows]:
    """The model as a function from rows of 64 pixels to rows of 10 probabilities."""
    try:
        import onnxruntime  # only now: a service that is asked for no digit starts without it
    except ImportError:
        return _by_numpy()
    options = onnxruntime.SessionOptions()
    # Threads of its own for each call would fight with those of the calls beside it for the same CPUs.
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])
    return lambda rows: np.asarray(session.run(None, {"pixels": rows})[0])


def _by_numpy() -> Callable[[Rows], Rows]:
    """The same by numpy alone."""
    with np.load(WEIGHTS) as stored:
        layers = [(stored[f"w{number}"], stored[f"b{number}"]) for number in range(len(stored.files) // 2)]

    def run(rows: Rows) -> Rows:
        *hidden, (last, bias) = layers
        for weights, biases in hidden:
            rows = np.maximum(rows @ weights + biases, 0)  # ReLU
        scores = rows @ last + bias
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))  # softmax
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    return run
