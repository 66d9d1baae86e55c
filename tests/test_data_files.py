"""Tables and images from files, and what is said about those that do not fit."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from kgen.commands.datafiles import read_data
from kgen.runtime.errors import DataError

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
Image = pytest.importorskip("PIL.Image")

RNG = np.random.default_rng(0)


def spec(input_shape: tuple[int | None, ...], **target: Any) -> SimpleNamespace:
    """A model with one input `x`, and a target `y` if its facts are given."""
    facts = {"output": "y", "dtype": "int32", "shape": (), "classes": 3} | target
    return SimpleNamespace(
        inputs=[SimpleNamespace(name="x", dtype="float32", shape=input_shape)],
        targets=[SimpleNamespace(**facts)],
    )


def write(path: Path, columns: Mapping[str, Any]) -> None:
    parquet.write_table(arrow.table(dict(columns)), path)


def test_parquet_columns_are_those_of_csv(tmp_path: Path) -> None:
    x, y = RNG.standard_normal((5, 4)), np.arange(5) % 3
    columns = {f"x_{i}": x[:, i] for i in range(4)}
    write(tmp_path / "t.parquet", {**columns, "y": y, "spare": np.zeros(5, bool)})
    data = read_data([str(tmp_path / "t.parquet")], spec((4,)))
    assert data.train is not None and data.ignored == ("spare",)
    np.testing.assert_array_equal(data.train.inputs["x"], x)
    np.testing.assert_array_equal(data.train.targets["y"], y)


@pytest.mark.parametrize("fixed", [False, True])
def test_parquet_lists_are_arrays(fixed: bool, tmp_path: Path) -> None:
    x, y = RNG.standard_normal((5, 2, 3)).astype(np.float32), np.arange(5) % 3
    kind = arrow.list_(arrow.list_(arrow.float32(), *([3] if fixed else [])))
    write(tmp_path / "t.parquet", {"x": arrow.array(x.tolist(), kind), "y": y})
    data = read_data([str(tmp_path / "t.parquet")], spec((2, 3)))
    assert data.train is not None
    np.testing.assert_array_equal(data.train.inputs["x"], x)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (["a", "b"], "type string"),
        ([1.0, None], "gaps"),
        ([[1.0], [1.0, 2.0]], "differ in length"),
        ([[1.0, None], [1.0, 2.0]], "gaps"),
        ([], "no rows"),
    ],
)
def test_parquet_columns_that_are_no_numbers(column: Any, words: str, tmp_path: Path) -> None:
    write(tmp_path / "t.parquet", {"x": column})
    with pytest.raises(DataError, match=words) as caught:
        read_data([str(tmp_path / "t.parquet")], spec((2,)), targets=False)
    assert "t.parquet" in str(caught.value)


def test_damaged_parquet(tmp_path: Path) -> None:
    write(tmp_path / "t.parquet", {"x": np.arange(100.0)})
    whole = (tmp_path / "t.parquet").read_bytes()
    for damaged in (b"", whole[:50], whole[:-5], b"PAR1" + bytes(200) + b"PAR1"):
        (tmp_path / "t.parquet").write_bytes(damaged)
        with pytest.raises(DataError, match="damaged or no Parquet"):
            read_data([str(tmp_path / "t.parquet")], spec((1,)), targets=False)


def draw(folder: Path, name: str, pixels: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / name)


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Two of each of three classes, with another file among them; and their pixels."""
    pixels = RNG.integers(0, 256, (6, 4, 5, 3), np.uint8)
    for place, kind in enumerate(("bird", "cat", "dog")):
        for number in range(2):
            draw(tmp_path / "p" / kind, f"{number}.png", pixels[2 * place + number])
    (tmp_path / "p" / "cat" / "notes.txt").write_text("no image")
    return tmp_path / "p", pixels


def test_folders_are_classes(pictures: tuple[Path, np.ndarray]) -> None:
    folder, pixels = pictures
    labels = np.array([0, 0, 1, 1, 2, 2])
    part = read_data([str(folder)], spec((4, 5, 3))).train
    assert part is not None
    np.testing.assert_array_equal(part.inputs["x"], pixels.astype(np.float32))
    np.testing.assert_array_equal(part.targets["y"], labels)
    one_hot = spec((4, 5, 3), dtype="float32", shape=(3,), classes=None)
    part = read_data([str(folder)], one_hot).train
    assert part is not None
    np.testing.assert_array_equal(part.targets["y"], np.eye(3)[labels])


def test_folders_that_are_held_out(pictures: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder, pixels = pictures
    (tmp_path / "both").mkdir()
    folder.rename(tmp_path / "both" / "train")
    for kind in ("bird", "cat", "dog"):
        draw(tmp_path / "both" / "test" / kind, "a.png", pixels[0])
    data = read_data([str(tmp_path / "both")], spec((4, 5, 3)))
    assert data.train is not None and data.held_out is not None
    assert (data.train.rows, data.held_out.rows) == (6, 3)


def test_images_get_the_size_and_channels_of_the_input(
    pictures: tuple[Path, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = pictures
    part = read_data([str(folder)], spec((8, 10, 1))).train
    assert part is not None and part.inputs["x"].shape == (6, 8, 10, 1)
    assert "resized 6 of 6 images" in capsys.readouterr().err
    part = read_data([str(folder)], spec((None, None, 4))).train
    assert part is not None and part.inputs["x"].shape == (6, 4, 5, 4)
    assert (part.inputs["x"][..., 3] == 255).all()


def test_images_without_folders_are_predicted(tmp_path: Path) -> None:
    draw(tmp_path / "some", "b.png", np.zeros((4, 5, 3), np.uint8))
    draw(tmp_path / "some", "a.png", np.ones((4, 5, 3), np.uint8))
    part = read_data([str(tmp_path / "some")], spec((4, 5, 3)), targets=False).train
    assert part is not None
    np.testing.assert_array_equal(part.inputs["x"].max((1, 2, 3)), [1, 0])
    with pytest.raises(DataError, match="lack 'y'"):
        read_data([str(tmp_path / "some")], spec((4, 5, 3)))


def test_images_that_do_not_fit(pictures: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder, pixels = pictures
    cases = [
        (spec((4,)), "one input of shape"),
        (spec((4, 5, 2)), "1, 3 or 4"),
        (spec((4, 5, 3), classes=4), "3 classes .bird, cat, dog."),
        (spec((4, 5, 3), dtype="float32", shape=(1,), classes=None), "but target 'y' 2"),
    ]
    for wanted, words in cases:
        with pytest.raises(DataError, match=words):
            read_data([str(folder)], wanted)
    draw(folder / "dog", "2.png", pixels[0][:3])
    with pytest.raises(DataError, match="agree"):
        read_data([str(folder)], spec((None, 5, 3)))
    (folder / "dog" / "2.png").write_bytes(b"\x89PNG nothing more")
    with pytest.raises(DataError, match=r"2\.png is damaged"):
        read_data([str(folder)], spec((4, 5, 3)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no images"):
        read_data([str(tmp_path / "empty")], spec((4, 5, 3)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        ("<u2", "a.png"),
        ("<u2", "a.tif"),
        (">u2", "a.tif"),
        ("i4", "a.tif"),
        ("f4", "a.tiff"),
    ],
)
def test_images_of_more_than_eight_bits(
    dtype: str, name: str, channels: int, tmp_path: Path
) -> None:
    draw(tmp_path / "deep", name, np.full((4, 5), 300, dtype))
    with pytest.raises(DataError, match=rf"{name} has pixels of more than 8 bits.*\.npz"):
        read_data([str(tmp_path / "deep")], spec((4, 5, channels)), targets=False)


def test_hidden_files_and_folders(pictures: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder, pixels = pictures
    draw(folder / ".thumbnails", "0.png", pixels[0])
    draw(folder / "cat" / ".old" / "deeper", "0.png", pixels[0])
    draw(folder / "cat", ".0.png", pixels[0])
    draw(folder, ".0.png", pixels[0])
    home = tmp_path / ".data" / "both"
    home.mkdir(parents=True)
    folder.rename(home / "train")
    shutil.copytree(home / "train", home / "test")
    (home / ".git").mkdir()
    data = read_data([str(home)], spec((4, 5, 3)))
    assert data.train is not None and data.held_out is not None
    for part in (data.train, data.held_out):
        np.testing.assert_array_equal(part.inputs["x"], pixels.astype(np.float32))
        np.testing.assert_array_equal(part.targets["y"], [0, 0, 1, 1, 2, 2])


def test_what_would_not_be_used(pictures: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder, pixels = pictures
    both = tmp_path / "both"
    for part in ("train", "test", "validation", "more"):
        shutil.copytree(folder, both / part)
    with pytest.raises(
        DataError, match=r"beside them more, validation, .*--validation-data FOLDER"
    ):
        read_data([str(both)], spec((4, 5, 3)))
    shutil.rmtree(both / "more")
    shutil.rmtree(both / "validation")
    for place in (both / "train", both / "test", both):
        draw(place, "0.png", pixels[0])
        with pytest.raises(DataError, match=r"0\.png is an image beside the folders") as caught:
            read_data([str(both)], spec((4, 5, 3)))
        assert str(place / "0.png") in str(caught.value)
        (place / "0.png").unlink()
    assert read_data([str(both)], spec((4, 5, 3))).held_out is not None
