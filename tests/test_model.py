"""The digits model: its accuracy on digits that it has never seen, by onnxruntime and by numpy."""

import hashlib
import importlib.util
import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from dojo.workspace import ROOT, SOLUTIONS

HERE = Path(__file__).with_name("model")
CARD = json.loads((HERE / "card.json").read_text(encoding="utf-8"))
IMAGES = sorted((ROOT / "katas" / "phase1_5_sync_async" / "images").glob("*.png"))
GIVEN = ("digits.py", "digits.onnx", "digits.npz")


def module() -> ModuleType:
    """``solutions/app/digits.py``, new, and without the package around it."""
    spec = importlib.util.spec_from_file_location("digits_under_test", SOLUTIONS / "app" / "digits.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it is where onnxruntime isn't installed."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    return module()


@pytest.fixture(scope="session")
def held_out() -> tuple[np.ndarray, np.ndarray]:
    """450 pictures that the training never saw, as gray levels, and their labels."""
    with np.load(HERE / "heldout.npz") as stored:
        return stored["images"], stored["labels"]


def png(image: np.ndarray) -> bytes:
    """``image`` as a PNG file."""
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_accuracy_with_onnxruntime(held_out: tuple[np.ndarray, np.ndarray]) -> None:
    """The whole way, from a PNG file to a label: 97 % are right, and as many as the training's record says."""
    pytest.importorskip("onnxruntime")
    digits = module()
    images, labels = held_out

    named = [digits.infer(digits.preprocess(png(image)))[0] for image in images]

    right = float(np.mean(np.array(named) == labels))
    assert right >= 0.97
    assert CARD["accuracy"] == pytest.approx(right, abs=0.0025)
    assert CARD["held_out"] == len(labels)


def test_accuracy_with_numpy(held_out: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where onnxruntime isn't installed, as many are right."""
    digits = without_onnxruntime(monkeypatch)
    images, labels = held_out

    named = [digits.infer(digits.preprocess(png(image)))[0] for image in images]

    assert np.mean(np.array(named) == labels) >= 0.97


def test_both_ways_agree(held_out: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    """onnxruntime and numpy give the same ten probabilities for each picture, and they add up to 1."""
    pytest.importorskip("onnxruntime")
    by_onnxruntime = module()._model()
    by_numpy = without_onnxruntime(monkeypatch)._model()
    rows = (held_out[0].reshape(-1, 64) / 255).astype(np.float32)

    one, other = by_onnxruntime(rows), by_numpy(rows)

    assert (len(rows), 10) == one.shape == other.shape
    np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(one.sum(axis=1), 1, atol=1e-5)


def test_numpy_is_used_only_without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two tests above have really looked at two ways."""
    pytest.importorskip("onnxruntime")

    assert "_by_numpy" not in module()._model().__qualname__
    assert "_by_numpy" in without_onnxruntime(monkeypatch)._model().__qualname__


def test_importing_it_loads_no_model() -> None:
    """A service that is asked for no digit starts without onnxruntime."""
    seen = subprocess.run([sys.executable, "-c", "import sys, app.digits; print('onnxruntime' in sys.modules)"],
                          cwd=SOLUTIONS, capture_output=True, text=True, check=True)

    assert "False" == seen.stdout.strip()


@pytest.mark.parametrize("kind", ["empty", "text", "half", "jpeg", "damaged"])
def test_what_is_no_png_file_is_a_value_error(kind: str) -> None:
    """Whatever Pillow finds wrong, ``preprocess`` says ValueError."""
    good = IMAGES[0].read_bytes()
    jpeg = BytesIO()
    Image.new("L", (8, 8)).save(jpeg, "JPEG")
    data = {"empty": b"", "text": b"<html>no</html>", "half": good[: len(good) // 2], "jpeg": jpeg.getvalue(),
            "damaged": good[:60] + bytes(20) + good[80:]}[kind]

    with pytest.raises(ValueError, match="no PNG file"):
        module().preprocess(data)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1", "P", "I;16"])
def test_a_larger_picture_is_scaled_down(mode: str) -> None:
    """64 pixels from 0 to 1 come of any PNG file."""
    file = BytesIO()
    Image.new(mode, (31, 17)).save(file, "PNG")

    pixels = module().preprocess(file.getvalue())

    assert (64,) == pixels.shape
    assert np.float32 == pixels.dtype
    assert 0 <= pixels.min() <= pixels.max() <= 1


def test_the_kata_s_images_are_held_out_digits(held_out: tuple[np.ndarray, np.ndarray]) -> None:
    """Twenty of the held-out digits, two of each, none twice; each file's name begins with its label."""
    known = {image.tobytes(): label for image, label in zip(*held_out, strict=True)}
    pictures = {file: np.asarray(Image.open(file)).tobytes() for file in IMAGES}

    assert 20 == len(set(pictures.values()))
    for file, pixels in pictures.items():
        assert int(file.name[0]) == known[pixels], file.name


def test_the_model_is_the_one_that_was_trained() -> None:
    """The file's checksum stands in the training's record; it is small, and equal in both trees."""
    model = (SOLUTIONS / "app" / "digits.onnx").read_bytes()

    assert CARD["sha256"] == hashlib.sha256(model).hexdigest()
    assert len(model) < 400_000
    for name in GIVEN:
        assert (ROOT / "app" / name).read_bytes() == (SOLUTIONS / "app" / name).read_bytes(), name


def test_the_record_names_the_script_s_seed_and_sizes() -> None:
    """``card.json`` was written by the script as it stands now."""
    script = (HERE / "train.py").read_text(encoding="utf-8")

    assert f"SEED = {CARD['seed']}\n" in script
    assert f"HIDDEN = ({', '.join(map(str, CARD['hidden']))})\n" in script
    for package, version in CARD["versions"].items():
        assert f"{package}=={version}" in script
