"""Names of classes, from the folders that a model was trained on to what it predicts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import kgen
import numpy as np
import pytest
from kgen.runtime.errors import WeightError
from safetensors.numpy import load_file, save_file

from tests.test_cli import cache
from tests.test_cli import kgen as run

Image = pytest.importorskip("PIL.Image")

__all__ = ["cache"]
CLASSES = ("bird", "cat", "dog")
MODEL = """\
model Kinds:
    input image: float32[2, 2, 1]
    output kind = image |> Rescaling(0.01) |> Flatten() |> Dense(3, activation="softmax")
    train:
        optimizer = Adam(0.1)
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""


def draw(folder: Path, names: tuple[str, ...]) -> None:
    """Two images for each class, which one pixel tells."""
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(2):
            pixels = np.full((2, 2), number, np.uint8)
            pixels.reshape(-1)[CLASSES.index(name) if name in CLASSES else 3] = 200
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on a folder of images, and other folders."""
    folder = tmp_path_factory.mktemp("some kinds")
    (folder / "kinds.k").write_text(MODEL)
    draw(folder / "all", CLASSES)
    draw(folder / "two", CLASSES[1:])
    draw(folder / "wolves", ("cat", "wolf"))
    done = run("train", "kinds.k", "--data", "all", "--epochs", 60, "-q", cwd=folder)
    assert done.returncode == 0 and "0 bird, 1 cat, 2 dog" in done.stderr, done.stderr
    return folder


USE = ["kinds.k", "--weights", "kinds.safetensors", "--data"]


def test_validation_is_numbered_as_training_is(kinds: Path) -> None:
    common = ["train", "kinds.k", "--data", "all", "-q", "--epochs", 60, "-o", "validated"]
    done = run(*common, "--validation-data", "two", cwd=kinds)
    assert done.returncode == 0, done.stderr
    assert "classes of two: 0 bird, 1 cat, 2 dog" in done.stderr
    history = json.loads((kinds / "validated" / "kinds.history.json").read_text())
    assert history["val_accuracy"][-1] == 1.0
    done = run(*common, "--validation-data", "wolves", cwd=kinds)
    assert done.returncode == 1
    assert "no class of the training data is called: wolf." in done.stderr
    assert "bird, cat, dog" in done.stderr


def test_held_out_folders_may_lack_classes(kinds: Path, tmp_path: Path) -> None:
    shutil.copytree(kinds / "all", tmp_path / "train")
    shutil.copytree(kinds / "two", tmp_path / "test")
    words = ["train", "kinds.k", "--data", tmp_path, "--epochs", 60, "-q", "--json", "-o", "both"]
    done = run(*words, cwd=kinds)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["held_out"]["accuracy"] == 1.0
    (tmp_path / "test" / "dog").rename(tmp_path / "test" / "god")
    done = run(*words, cwd=kinds)
    assert done.returncode == 1 and "is called: god." in done.stderr


def test_weights_know_their_classes(kinds: Path) -> None:
    done = run("evaluate", *USE, "two", "--json", cwd=kinds)
    assert json.loads(done.stdout)["accuracy"] == 1.0
    done = run("evaluate", *USE, "wolves", cwd=kinds)
    assert done.returncode == 1 and "is called: wolf." in done.stderr


def test_predictions_name_classes(kinds: Path, tmp_path: Path) -> None:
    # Folders of images to predict may be called anything.
    (kinds / "wolves" / "wolf").rename(kinds / "wolves" / "dog?")
    shutil.copy(kinds / "all" / "dog" / "0.png", kinds / "wolves" / "dog?" / "0.png")
    done = run("predict", *USE, "wolves", cwd=kinds)
    (kinds / "wolves" / "dog?").rename(kinds / "wolves" / "wolf")
    header, *rows = done.stdout.splitlines()
    assert header == "kind_0,kind_1,kind_2,kind_class"
    assert [row.split(",")[3] for row in rows][:3] == ["cat", "cat", "dog"]
    assert run("predict", *USE, "two", "-o", "out.npz", cwd=kinds).returncode == 0
    with np.load(kinds / "out.npz") as arrays:
        assert arrays.files == ["kind"]


def test_a_run_goes_on_with_the_same_classes(kinds: Path, tmp_path: Path) -> None:
    draw(tmp_path / "others", ("ape", "bird", "cat"))
    common = ["train", "kinds.k", "-q", "-o", tmp_path, "--checkpoint", tmp_path / "run"]
    assert run(*common, "--data", "all", "--epochs", 1, cwd=kinds).returncode == 0
    more = ["--epochs", 2, "--resume"]
    done = run(*common, "--data", tmp_path / "others", *more, cwd=kinds)
    assert done.returncode == 1 and "had classes ['bird', 'cat', 'dog']" in done.stderr
    assert run(*common, "--data", "all", *more, cwd=kinds).returncode == 0
    net = kgen.load(kinds / "kinds.k").Kinds.load(tmp_path / "kinds.safetensors")
    assert net.epoch == 2 and net.class_names == CLASSES


def test_names_go_with_weights(kinds: Path, tmp_path: Path) -> None:
    module: Any = kgen.load(kinds / "kinds.k")
    net = module.Kinds(seed=0)
    assert net.class_names is None
    net.load_weights(kinds / "kinds.safetensors")
    assert net.class_names == CLASSES
    net.save_weights(tmp_path / "weights.safetensors")
    other = module.Kinds(seed=1)
    other.load_weights(tmp_path / "weights.safetensors")
    assert other.class_names == CLASSES
    tensors = load_file(tmp_path / "weights.safetensors")
    save_file(tensors, tmp_path / "bare.safetensors")
    other.load_weights(tmp_path / "bare.safetensors")
    assert other.class_names is None
    for text in ("{", "[1, 2]", '"cat"'):
        save_file(tensors, tmp_path / "odd.safetensors", {"class_names": text})
        before = net.get_weights()
        with pytest.raises(WeightError, match="unusable metadata"):
            net.load_weights(tmp_path / "odd.safetensors")
        assert net.class_names == CLASSES
        np.testing.assert_array_equal(before[0], net.get_weights()[0])


def test_classes_that_no_file_tells(kinds: Path, tmp_path: Path) -> None:
    """Weights trained on arrays: folders are numbered by their names, if there are enough."""
    np.savez(tmp_path / "data.npz", image=np.zeros((3, 2, 2, 1), np.float32), kind=np.arange(3))
    words = ["train", "kinds.k", "--data", tmp_path / "data.npz", "--epochs", 1, "-o", tmp_path]
    assert run(*words, cwd=kinds).returncode == 0
    use = ["kinds.k", "--weights", tmp_path / "kinds.safetensors", "--data"]
    done = run("evaluate", *use, "all", cwd=kinds)
    assert done.returncode == 0 and "classes of all: 0 bird, 1 cat, 2 dog" in done.stderr
    done = run("evaluate", *use, "two", cwd=kinds)
    assert done.returncode == 1 and "two has 2 classes (cat, dog)" in done.stderr
    assert run("predict", *use, "two", cwd=kinds).stdout.startswith("kind_0,kind_1,kind_2\n")
