"""Colours, filters and erasing against Keras: given what is drawn, the images are the same."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest
from harness import EPS, CallFailure, PlainScope, build, make, open_batch
from kgen import ops
from kgen.graph import Builder
from kgen.interpret import interpret
from kgen.layers.registry import ArgumentProblem
from kgen.passes.differentiate import gradients

rng = np.random.default_rng(17)


def images(*shape: int) -> np.ndarray:
    return rng.uniform(0.0, 255.0, shape).astype(np.float32)


def transformed(name: str, x: np.ndarray, **arguments: Any) -> np.ndarray:
    built = build(make("layer", name, **arguments), [x], training=True)
    return np.asarray(built([x], {})[built.output])


def theirs(name: str, x: Any, **arguments: Any) -> Any:
    return getattr(keras.layers, name)(**arguments)(x, training=True)


IMAGES = images(3, 6, 9, 3)
SMALL = IMAGES / 255.0
FIRST = np.ascontiguousarray(np.moveaxis(IMAGES, -1, 1))
FLAT = np.where(np.arange(3) == 1, np.float32(7.0), IMAGES)
WHOLE = np.floor(images(5, 7, 6, 3))
UNIT: dict[str, Any] = {"value_range": (0, 1)}
FORMAT: dict[str, Any] = {"data_format": "channels_first"}
# One number instead of a range, and certainty instead of chances: nothing is left to be drawn.
GIVEN: list[tuple[str, np.ndarray, dict[str, Any]]] = [
    ("RandomSaturation", IMAGES, {"factor": (0.3, 0.3)}),
    ("RandomSaturation", SMALL, {"factor": (0.8, 0.8), **UNIT}),
    ("RandomSaturation", FIRST, {"factor": (-0.2, -0.2), **FORMAT}),
    ("RandomHue", IMAGES, {"factor": 0.0}),
    ("RandomHue", FIRST, {"factor": 0.0, **FORMAT}),
    ("RandomGrayscale", IMAGES, {"factor": 1.0}),
    ("RandomGrayscale", FIRST, {"factor": 1.0, **FORMAT}),
    ("RandomGrayscale", IMAGES[..., :1], {"factor": 1.0}),
    ("RandomGrayscale", IMAGES, {"factor": 0.0}),
    ("RandomColorDegeneration", IMAGES, {"factor": (0.3, 0.3)}),
    ("RandomColorDegeneration", FIRST, {"factor": (-0.4, -0.4), **FORMAT}),
    ("RandomInvert", IMAGES, {"factor": (1.0, 1.0)}),
    ("RandomInvert", IMAGES, {"factor": 0.0}),
    ("RandomPosterization", WHOLE, {"factor": (3, 3)}),
    ("RandomPosterization", IMAGES, {"factor": (8, 8)}),
    ("RandomPosterization", SMALL, {"factor": (1, 1), **UNIT}),
    ("Solarization", IMAGES, {}),
    ("Solarization", SMALL, dict(UNIT)),
    ("AutoContrast", FLAT, {}),
    ("AutoContrast", SMALL * 0.7, dict(UNIT)),
    ("Equalization", WHOLE, {}),
    ("Equalization", FLAT, {"bins": 100}),
    ("Equalization", FIRST, dict(FORMAT)),
    ("RandomSharpness", IMAGES, {"factor": (0.2, 0.2)}),
    ("RandomSharpness", FIRST, {"factor": (0.9, 0.9), **FORMAT}),
    ("RandomGaussianBlur", IMAGES, {"factor": (1.0, 1.0), "sigma": (0.7, 0.7)}),
    ("RandomGaussianBlur", IMAGES, {"factor": (1, 1), "kernel_size": (5, 3), "sigma": (0.9, 0.9)}),
    ("RandomGaussianBlur", FIRST, {"factor": (1, 1), "sigma": (0.5, 0.5), **FORMAT}),
    ("RandomShear", IMAGES, {"x_factor": 0.0}),
    (
        "RandomColorJitter",
        IMAGES,
        {"brightness_factor": (0.1, 0.1), "saturation_factor": (0.3, 0.3), "hue_factor": 0.0},
    ),
    ("RandomErasing", IMAGES, {"factor": (1, 1), "scale": (1, 1), "fill_value": 300}),
    ("RandomErasing", IMAGES, {"factor": 0.0}),
]


def handful(cases: list[Any], every: int) -> list[Any]:
    """All cases, most of which are slow tests: Keras compiles each of its operations."""
    return [
        pytest.param(*case, marks=pytest.mark.slow) if place % every else case
        for place, case in enumerate(cases)
    ]


@pytest.mark.parametrize(("name", "x", "arguments"), handful(GIVEN, 4))
def test_given_what_is_drawn(name: str, x: np.ndarray, arguments: dict[str, Any]) -> None:
    """To the roundings of a few dozen operations on values up to the largest."""
    found, expected = transformed(name, x, **arguments), np.asarray(theirs(name, x, **arguments))
    assert found.shape == expected.shape
    size = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=32 * EPS * size)


EITHER: list[tuple[str, dict[str, Any]]] = [
    ("RandomHue", {"factor": (0.4, 0.4)}),
    ("RandomShear", {"x_factor": (0.3, 0.3), "y_factor": (0.17, 0.17)}),
    ("RandomShear", {"x_factor": (0.31, 0.31), "fill_mode": "constant", "fill_value": 3.0}),
    ("RandomShear", {"y_factor": (0.27, 0.27), "interpolation": "nearest", "fill_mode": "wrap"}),
]


@pytest.mark.parametrize(("name", "arguments"), handful(EITHER, 3))
def test_one_way_or_the_other(name: str, arguments: dict[str, Any]) -> None:
    """Only the direction is drawn: each image is one of the two that Keras makes of it."""
    many = np.broadcast_to(IMAGES[:1], (40, *IMAGES.shape[1:])).copy()
    expected = np.unique(np.asarray(theirs(name, many, **arguments)), axis=0)
    found = transformed(name, many, **arguments)
    assert len(expected) == 2 and not np.array_equal(*expected)
    apart = np.abs(found[:, None] - expected[None]).max((2, 3, 4))
    assert (apart.min(1) < 4000 * EPS * 255.0).all()
    assert 8 < (apart.argmin(1) == 0).sum() < 32


def plain(count: int = 400) -> np.ndarray:
    return np.broadcast_to(images(1, 5, 4, 3), (count, 5, 4, 3)).copy()


def test_chances() -> None:
    """Binomial numbers of 400 images within five standard deviations of what is expected."""
    x = plain()
    for name, arguments, chance in (
        ("RandomGrayscale", {"factor": 0.3}, 0.3),
        ("RandomInvert", {"factor": (0.2, 0.2)}, 0.2),
        ("RandomInvert", {"factor": 1.0}, 0.5),
        ("RandomGaussianBlur", {"factor": 0.6}, 0.3),
        ("RandomErasing", {"factor": (0.7, 0.7), "scale": (0.5, 1.0), "fill_value": 9.0}, 0.7),
    ):
        changed = (transformed(name, x, **arguments) != x).any((1, 2, 3)).sum()
        spread = 5 * (400 * chance * (1 - chance)) ** 0.5
        assert abs(changed - 400 * chance) < spread, (name, changed)


def test_draws_fill_their_range() -> None:
    x = plain()
    grey = transformed("RandomGrayscale", x, factor=1.0)
    wide = {"value_range": [-1e4, 1e4]}
    for name, span in (("RandomColorDegeneration", (-0.5, 0.5)), ("RandomSharpness", (0.0, 0.5))):
        y = transformed(name, x, factor=0.5, **wide)
        if name == "RandomSharpness":
            smooth = transformed(name, x, factor=0.0, **wide)
            part = 0.5 - 0.5 * ((y - x) / (smooth - x))[:, 2, 2, 0]
        else:
            part = ((y - x) / (grey - x))[:, 2, 2, 0]
        low, high = span
        assert low - 1e-3 <= part.min() < low + 0.02 and high - 0.02 < part.max() <= high + 1e-3
        assert abs(part.mean() - sum(span) / 2) < 5 * (high - low) / np.sqrt(12 * 400)
    levels = np.arange(256, dtype=np.float32).reshape(1, 16, 16, 1).repeat(60, 0)
    coarse = transformed("RandomPosterization", levels, factor=(2, 5))
    steps = {tuple(np.unique(np.diff(np.unique(image)))) for image in coarse}
    assert steps == {(64.0,), (32.0,), (16.0,)}


def test_solarization_draws_between_unlike_ends() -> None:
    """As in Keras: the lower factor counts as it is, the upper one 255 times."""
    x = np.broadcast_to(np.arange(256, dtype=np.float32).reshape(1, 16, 16, 1), (300, 16, 16, 1))
    y = transformed("Solarization", x.copy(), threshold_factor=(0.5, 0.5))
    kept = (y == x).reshape(300, -1)
    thresholds = kept.argmin(1)
    assert thresholds.min() <= 4 and 122 < thresholds.max() <= 128
    flipped = np.arange(256) >= thresholds[:, None]
    levels = np.arange(256)
    assert np.array_equal(y.reshape(300, -1), np.where(flipped, 255 - levels, levels))


def test_erased_parts_are_rectangles() -> None:
    x = np.broadcast_to(images(1, 20, 30, 2), (300, 20, 30, 2)).copy()
    y = transformed("RandomErasing", x, factor=(1, 1), scale=(0.1, 0.5), fill_value=-5.0)
    erased = (y == 0.0).all(-1)  # the filling is held to the range of values
    assert np.array_equal(np.where(erased[..., None], 0.0, x), y)
    rows, cols = erased.any(2), erased.any(1)
    assert np.array_equal(erased, rows[:, :, None] & cols[:, None, :])
    for line, size in ((rows, 20), (cols, 30)):
        counts = line.sum(1)
        assert (np.diff(line.astype(int), axis=1) == 1).sum(1).max() <= 1
        low, high = np.sqrt(0.1) * size, np.sqrt(0.5) * size
        assert low - 1 <= counts.min() < low + 1 and high - 1.5 < counts.max() <= high + 1
        assert line.any(0)[1:].all()
    whole = transformed("RandomErasing", IMAGES, factor=(1, 1), scale=(1, 1), fill_value=[1, 2, 3])
    assert (whole == [1.0, 2.0, 3.0]).all()
    noise = transformed("RandomErasing", x, factor=(1, 1), scale=(1, 1))
    assert noise.min() == 0.0 and noise.max() == 255.0 and 0.4 < (noise == 0.0).mean() < 0.6


SLOPES: list[tuple[str, dict[str, Any]]] = [
    ("RandomSharpness", {"factor": (0.3, 0.3)}),
    ("RandomColorDegeneration", {"factor": (0.3, 0.3)}),
    ("RandomSaturation", {"factor": (0.3, 0.3)}),
    ("RandomHue", {"factor": 0.0}),
    ("RandomGaussianBlur", {"factor": (1, 1), "sigma": (0.7, 0.7)}),
    ("AutoContrast", {}),
    ("Solarization", {}),
]


@pytest.mark.parametrize(("name", "arguments"), handful(SLOPES, 4))
def test_gradients(name: str, arguments: dict[str, Any]) -> None:
    x, c = IMAGES, rng.uniform(-1, 1, IMAGES.shape).astype(np.float32)
    bound = make("layer", name, **arguments)
    with Builder() as builder:
        values = [builder.input(key, open_batch(x)) for key in "xc"]
        y = bound.definition.apply(PlainScope(builder, True), values[0], **bound.arguments)
        (slope,) = gradients(ops.sum(y * values[1]), values[:1])
        graph = builder.graph("g", {"slope": slope})
    found = np.asarray(interpret(graph, {"x": x, "c": c})[slope])
    layer = getattr(keras.layers, name)(**arguments)
    expected = np.asarray(jax.grad(lambda v: (layer(v, training=True) * c).sum())(x))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1000 * EPS * np.abs(expected).max())


NEEDING = dict.fromkeys(
    ("RandomHue", "RandomSaturation", "RandomColorDegeneration", "RandomSharpness"), 0.3
) | {"RandomPosterization": 4}
RANDOM = sorted({name for name, _, _ in GIVEN} - {"AutoContrast"})


@pytest.mark.parametrize("name", RANDOM)
def test_nothing_changes_outside_training(name: str) -> None:
    arguments = {} if name not in NEEDING else {"factor": NEEDING[name]}
    built = build(make("layer", name, **arguments), [IMAGES])
    assert np.array_equal(built([IMAGES], {})[built.output], IMAGES)


def test_refusals() -> None:
    for name, arguments, words in (
        ("RandomHue", {"factor": -0.1}, "a number from 0 to 1"),
        ("RandomPosterization", {"factor": 2.5}, "an integer from 1 to 8"),
        ("RandomGaussianBlur", {"kernel_size": 4}, "an odd positive integer"),
        ("RandomErasing", {"fill_value": [1, 2]}, "one for each of three channels"),
        ("Solarization", {"threshold_factor": 2.0}, "a number from 0 to 1"),
    ):
        with pytest.raises(ArgumentProblem, match=words):
            make("layer", name, **arguments)
    for name in ("RandomHue", "RandomColorDegeneration"):
        with pytest.raises(CallFailure, match="red, green and blue"):
            build(make("layer", name, factor=0.1), [images(2, 3, 3, 2)], training=True)
    with pytest.raises(CallFailure, match="height, width"):
        build(make("layer", "AutoContrast"), [images(2, 3)], training=True)
