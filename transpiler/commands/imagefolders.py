"""Folders of images to arrays: a folder for each class, as Keras's utilities read them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kgen.commands.options import say
from kgen.runtime.errors import DataError, MissingPackageError

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
# Modes of pillow by the number of channels.
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# Its modes, up to a `;`, of more than 8 bits a channel; converting them would clip.
DEEP = ("I", "F")


def read_images(
    folder: Path, spec: Any, targets: bool = True, classes: Sequence[str] | None = None
) -> tuple[dict[str, np.ndarray], tuple[str, ...] | None]:
    """Pixels from 0 to 255 for the model's input, and the classes for its target; their names.

    A folder `train` and a folder `test` inside hold the rows to train on and those held out. In
    each of them, or in `folder` itself, the folders are the classes, numbered as `classes` are, or
    else in the order of their names; a folder without any holds images to predict. Images of other
    sizes are resized. Names that begin with a dot are passed over.

    Without `targets`, folders may be called anything.

    Raises:
        DataError: the model takes no images or has other classes, something lies where it would
            not be used, or a file is damaged or has more than 8 bits a channel.
        MissingPackageError: pillow is not installed.
    """
    shape = _shape_of_images(folder, spec)
    parts = {"": folder}
    inside = _folders(folder)
    if {"train", "test"} <= set(inside):
        others = [name for name in inside if name not in ("train", "test")]
        if others:
            raise DataError(
                f"{folder} has train and test, and beside them {', '.join(others)}, which would "
                "not be used. Move that elsewhere; data to validate with are given by themselves: "
                "--validation-data FOLDER."
            )
        parts = {"": folder / "train", "test_": folder / "test"}
    target = spec.targets[0] if targets and spec.targets else None
    arrays: dict[str, np.ndarray] = {}
    for prefix, part in parts.items():
        names = _folders(part)
        files = list(_files(part, names))
        if not files:
            raise DataError(f"{part} has no images; known are {', '.join(ENDINGS)}.")
        arrays[prefix + spec.inputs[0].name] = _read(folder, [file for _, file in files], shape)
        if names and target is not None:
            classes = tuple(classes or names)
            numbers = _numbers(part, names, classes)
            places = np.array([numbers[place] for place, _ in files])
            arrays[prefix + target.output] = _labels(folder, target, places, classes)
    if target is None or classes is None:
        return arrays, None
    listed = ", ".join(f"{number} {name}" for number, name in enumerate(classes))
    say(f"classes of {folder}: {listed}")
    return arrays, tuple(classes)


def _numbers(folder: Path, names: Sequence[str], classes: Sequence[str]) -> list[int]:
    """The numbers of the classes that folders are called after."""
    unknown = [name for name in names if name not in classes]
    if unknown:
        raise DataError(
            f"{folder} has folders that no class of the training data is called: "
            f"{', '.join(unknown)}. Those classes are {', '.join(classes)}."
        )
    return [classes.index(name) for name in names]


def _shape_of_images(folder: Path, spec: Any) -> tuple[int | None, int | None, int]:
    shape = spec.inputs[0].shape
    if len(spec.inputs) != 1 or len(shape) != 3 or shape[2] not in MODES:
        listed = ", ".join(f"'{item.name}' of shape {item.shape}" for item in spec.inputs)
        raise DataError(
            f"{folder} is a folder, which is read as images, for a model with one input of shape "
            f"(height, width, channels), 1, 3 or 4 of them; this model has {listed}."
        )
    if len(spec.targets) > 1:
        raise DataError(f"{folder} has a class for each image, but the model several targets.")
    return shape[0], shape[1], shape[2]


def _folders(folder: Path) -> list[str]:
    """Names of the folders inside.

    Raises:
        DataError: images lie beside them.
    """
    entries = sorted(entry for entry in folder.iterdir() if not _hidden(entry.name))
    names = [entry.name for entry in entries if entry.is_dir()]
    loose = next((entry for entry in entries if _is_image(entry)), None)
    if names and loose is not None:
        raise DataError(
            f"{loose} is an image beside the folders {', '.join(names)}, and would not be used; "
            "move it into one of them, or elsewhere."
        )
    return names


def _hidden(name: str) -> bool:
    return name.startswith(".")


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS and file.is_file()


def _files(folder: Path, names: Sequence[str]) -> Iterator[tuple[int, Path]]:
    """Images in the order of their names, each with the number of its class."""
    for place, part in enumerate([folder / name for name in names] or [folder]):
        for file in sorted(part.rglob("*")):
            if _is_image(file) and not any(map(_hidden, file.relative_to(part).parts)):
                yield place, file


def _read(
    folder: Path, files: Sequence[Path], shape: tuple[int | None, int | None, int]
) -> np.ndarray:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingPackageError(
            f"reading {folder} needs the package pillow: pip install 'kgen-compiler[data]'."
        ) from error
    images: list[np.ndarray] = []
    resized = 0
    for file in files:
        try:
            with warnings.catch_warnings(), Image.open(file) as opened:
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                if opened.mode.partition(";")[0] in DEEP:
                    raise DataError(
                        f"{file} has pixels of more than 8 bits. Save it with 8 bits a channel, or "
                        "give the data as .npz."
                    )
                image = opened.convert(MODES[shape[2]])
        except DataError:
            raise
        except Exception as error:  # pillow's readers raise whatever damage makes them raise
            raise DataError(f"{file} is damaged or no image ({error}).") from error
        height, width = shape[0] or image.height, shape[1] or image.width
        if (image.height, image.width) != (height, width):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
            resized += 1
        images.append(np.asarray(image, np.float32).reshape(height, width, shape[2]))
        if images[-1].shape != images[0].shape:
            raise DataError(
                f"{file} is {height} x {width}, {files[0]} {images[0].shape[0]} x "
                f"{images[0].shape[1]}: images for an open size must agree in it."
            )
    if resized:
        say(f"resized {resized} of {len(files)} images of {folder} to {height} x {width}")
    return np.stack(images)


def _labels(folder: Path, target: Any, numbers: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Class numbers, or rows with a one at their place, as the target has it."""
    if target.dtype == "int32":
        known = target.classes
    elif target.shape in ((), (1,)):
        known = 2
    else:
        known = target.shape[-1]
    if known is not None and known != len(names):
        raise DataError(
            f"{folder} has {len(names)} classes ({', '.join(names)}), but target "
            f"'{target.output}' {known}."
        )
    one_hot = target.dtype != "int32" and target.shape not in ((), (1,))
    return np.eye(len(names), dtype=np.float32)[numbers] if one_hot else numbers
