"""Trains the model that exercise F serves, and writes all that is derived from it.

scikit-learn and onnx are needed only here, so they are no dependencies of this project. In an
environment of their own, from the root of the repository::

    python -m venv /tmp/digits
    /tmp/digits/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 onnx==1.23.2 pillow==13.0.0
    /tmp/digits/bin/python tests/model/train.py

The data are the 1,797 digits of ``sklearn.datasets.load_digits``, which come with scikit-learn:
8 × 8 pixels from 0 to 16, here as gray levels from 0 (black) to 255, as a PNG file holds them. One quarter
is held out: the model never sees it, and ``tests/test_model.py`` asserts its accuracy on it.

Written are ``app/digits.onnx`` and ``app/digits.npz`` (the same weights, for numpy), both again
under ``solutions/``; ``tests/model/heldout.npz``; ``tests/model/card.json``, which says what they came from;
and twenty of the held-out images as PNG files beside exercise F's kata.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import sklearn
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

ROOT = Path(__file__).resolve().parents[2]
APPS = (ROOT / "app", ROOT / "solutions" / "app")
IMAGES = ROOT / "katas" / "phase1_5_sync_async" / "images"
SEED = 20
HIDDEN = (128, 64)
HELD_OUT = 0.25
IMAGES_PER_LABEL = 2


def network(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """The ONNX graph: for each layer a matrix product with its bias, ReLU between layers, softmax at the end."""
    layers = len(weights) // 2
    nodes, name = [], "pixels"
    for number in range(layers):
        out = f"layer{number}"
        nodes.append(helper.make_node("Gemm", [name, f"w{number}", f"b{number}"], [out]))
        name = out
        if number < layers - 1:
            nodes.append(helper.make_node("Relu", [out], [f"relu{number}"]))
            name = f"relu{number}"
    nodes.append(helper.make_node("Softmax", [name], ["probabilities"], axis=1))
    rows = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["rows", 64])
    probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", 10])
    graph = helper.make_graph(nodes, "digits", [rows], [probabilities], [numpy_helper.from_array(w, n) for n, w in weights.items()])
    # Opset and format are older than onnxruntime needs, so that it may be older too.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="serving-katas")
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Trains, measures and writes."""
    digits = load_digits()
    gray = np.rint(digits.images * 255 / 16).astype(np.uint8)
    rows = (gray.reshape(len(gray), 64) / 255).astype(np.float32)
    seen, held_out = train_test_split(np.arange(len(rows)), test_size=HELD_OUT, random_state=SEED, stratify=digits.target)
    trained = MLPClassifier(HIDDEN, alpha=0.01, max_iter=400, random_state=SEED).fit(rows[seen], digits.target[seen])
    accuracy = trained.score(rows[held_out], digits.target[held_out])

    weights = {}
    for number, (matrix, bias) in enumerate(zip(trained.coefs_, trained.intercepts_, strict=True)):
        weights[f"w{number}"] = matrix.astype(np.float32)
        weights[f"b{number}"] = bias.astype(np.float32)
    model = network(weights).SerializeToString()
    for app in APPS:
        (app / "digits.onnx").write_bytes(model)
        np.savez_compressed(app / "digits.npz", **weights)
    labels = digits.target[held_out].astype(np.uint8)
    np.savez_compressed(Path(__file__).with_name("heldout.npz"), images=gray[held_out], labels=labels)

    IMAGES.mkdir(exist_ok=True)
    for label in range(10):
        for number, index in enumerate(held_out[labels == label][:IMAGES_PER_LABEL], 1):
            Image.fromarray(gray[index]).save(IMAGES / f"{label}-{number}.png", optimize=True)

    card = {
        "data": "sklearn.datasets.load_digits", "seed": SEED, "hidden": HIDDEN, "held_out": len(held_out), "accuracy": round(accuracy, 4),
        "sha256": hashlib.sha256(model).hexdigest(),
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "onnx": onnx.__version__},
    }
    Path(__file__).with_name("card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(f"{accuracy:.1%} of {len(held_out)} held-out digits are right; the model has {len(model):,} bytes")


if __name__ == "__main__":
    main()
