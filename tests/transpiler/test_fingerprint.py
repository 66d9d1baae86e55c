"""What a checkpoint knows its model by: the same where the same is computed, and only there."""

from __future__ import annotations

import re

import pytest
from kgen.compiler import compile_text, elaborate_text
from kgen.fingerprint import fingerprint
from kgen.targets import TARGETS

MODEL = """\
model A:
    dim length >= 4
    input x: float32[length, 6]
    input z: float32[4]
    h = x |> LSTM(5, name="reader") |> Dense(8, activation="relu", name="hidden") |> Dropout(0.2)
    g = z |> Dense(8, name="beside", kernel_constraint=MaxNorm(2.0)) |> BatchNormalization()
    output y = h + g |> Dense(3, activation="softmax", name="last")
    train:
        optimizer = Adam(1e-3, beta_1=0.9)
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""


def parts(text: str, path: str = "a.k") -> list[str]:
    (model,) = elaborate_text(text, path)
    return fingerprint(model).split("-")


def changed(*pairs: tuple[str, str]) -> str:
    text = MODEL
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    "text",
    [
        MODEL.replace("model A", "# a comment\n\nmodel A"),
        changed(("model A", "model Other")),
        changed(("length", "words")),
        changed(("length >= 4", "length <= 90")),
        changed((" z: ", " second: "), ("= z |>", "= second |>")),
        changed(("output y", "output answer")),
        changed(("h = ", "code = "), ("= h +", "= code +")),
        changed(("1e-3", "5e-4"), ('["accuracy"]', '["accuracy", "mse"]')),
        changed(("    train:", "    view part(z) = g\n    train:")),
        changed(("    train:", "    unused = x * 2.0\n    train:")),
    ],
)
def test_what_does_not_matter(text: str) -> None:
    assert parts(text, "elsewhere/b.k") == parts(MODEL)


@pytest.mark.parametrize(
    ("text", "differ"),
    [
        (changed(("relu", "tanh")), [True, True, False]),
        (changed(("LSTM(5", 'LSTM(5, recurrent_activation="tanh"')), [True, True, False]),
        (changed(("LSTM(5", "LSTM(5, go_backwards=True")), [True, True, False]),
        (changed(("h + g", "h * g")), [True, True, False]),
        (changed(("h + g", "h + g * 2.0")), [True, True, False]),
        (changed(("Dropout(0.2)", "Dropout(0.3)")), [False, True, False]),
        (changed(("BatchNormalization()", "BatchNormalization(momentum=0.5)")), [0, 1, 0]),
        (changed(("categorical_crossentropy", "mse")), [False, True, False]),
        (changed(("beta_1=0.9", "beta_1=0.8")), [False, False, True]),
        (changed(("MaxNorm(2.0)", "MaxNorm(3.0)")), [False, False, True]),
        (changed(("Adam(1e-3, beta_1=0.9)", "SGD(1e-3)")), [False, False, True]),
        (changed(('name="hidden"', 'name="hidden", trainable=False')), [1, 1, 0]),
    ],
)
def test_what_matters(text: str, differ: list[bool]) -> None:
    both = zip(parts(text), parts(MODEL), strict=True)
    assert [one != other for one, other in both] == [bool(part) for part in differ]


def test_swapped_weights_matter() -> None:
    text = "model A:\n    input x: float32[4]\n    output y = x |> {} |> {}\n"
    one, other = 'Dense(4, name="a")', 'Dense(4, name="b")'
    assert parts(text.format(one, other)) != parts(text.format(other, one))


def test_without_outputs_the_views_matter() -> None:
    text = "model A:\n    input x: float32[4]\n    h = x |> Dense(4)\n    view v(x) = {}(h)\n"
    assert parts(text.format("relu")) != parts(text.format("tanh"))


def test_targets_and_runs_agree() -> None:
    found = {
        re.findall(r'fingerprint="([0-9a-f-]+)"', compile_text(MODEL, "a.k", target=one).text)[0]
        for one in TARGETS.values()
    }
    assert found == {"-".join(parts(MODEL))}
