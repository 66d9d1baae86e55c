"""Binding arguments: what is accepted, and what each mistake is told."""

from __future__ import annotations

from typing import Any

import pytest
from harness import make
from kgen.graph import Builder, TensorType
from kgen.layers import registry
from kgen.layers.registry import ArgumentProblem, Bound


def meanings(name: str) -> list[registry.Definition]:
    found = [registry.find(family, name) for family in registry.FAMILIES]
    return [definition for definition in found if definition is not None]


def refused(family: str, name: str, *args: Any, **kwargs: Any) -> ArgumentProblem:
    with pytest.raises(ArgumentProblem) as caught:
        make(family, name, *args, **kwargs)
    return caught.value


def test_defaults_are_members_already() -> None:
    arguments = make("layer", "Dense", 64, "relu").arguments
    assert arguments["units"] == 64
    assert arguments["activation"].family == "activation"
    assert arguments["kernel_initializer"].name == "GlorotUniform"
    assert arguments["use_bias"] is True


@pytest.mark.parametrize(
    ("args", "kwargs", "argument", "message"),
    [
        ((), {}, None, "needs units"),
        ((0,), {}, 0, "units: expected a positive integer, found 0"),
        ((2.5,), {}, 0, "positive integer, found 2.5"),
        ((True,), {}, 0, "positive integer, found True"),
        (("8",), {}, 0, "positive integer, found '8'"),
        ((3,), {"units": 3}, "units", "given units twice"),
        ((3,), {"actvation": "relu"}, "actvation", "no argument actvation"),
        ((3,), {"activation": "relo"}, "activation", "no activation is called 'relo'"),
        ((3,), {"activation": 3}, "activation", "expected an activation"),
        ((3,), {"use_bias": 1}, "use_bias", "expected True or False, found 1"),
        ((3,), {"kernel_initializer": None}, "kernel_initializer", "expected an initializer"),
        ((3,), {"kernel_regularizer": "l3"}, "kernel_regularizer", "no regularizer is called"),
        ((3,) * 40, {}, 16, "takes 16 arguments, found 40"),
    ],
)
def test_mistakes(args: Any, kwargs: Any, argument: Any, message: str) -> None:
    problem = refused("layer", "Dense", *args, **kwargs)
    assert message in problem.message
    assert problem.argument == argument
    assert not problem.unsupported


@pytest.mark.parametrize(
    ("family", "name", "kwargs", "argument"),
    [
        ("layer", "Dense", {"units": 3, "lora_rank": 4}, "lora_rank"),
        ("layer", "Dense", {"units": 3, "dtype": "float16"}, "dtype"),
        ("layer", "BatchNormalization", {"synchronized": True}, "synchronized"),
    ],
)
def test_what_keras_has_and_kgen_not_yet(
    family: str, name: str, kwargs: Any, argument: str
) -> None:
    problem = refused(family, name, **kwargs)
    assert problem.unsupported
    assert problem.argument == argument


@pytest.mark.parametrize(
    ("family", "name", "kwargs"),
    [
        ("layer", "Dropout", {"rate": 1.5}),
        ("layer", "Dropout", {"rate": float("nan")}),
        ("layer", "GaussianDropout", {"rate": 1.0}),
        ("layer", "Reshape", {"target_shape": 3}),
        ("layer", "ReLU", {"negative_slope": -1.0}),
        ("initializer", "VarianceScaling", {"scale": 0.0}),
        ("initializer", "VarianceScaling", {"mode": "fan"}),
        ("initializer", "GlorotUniform", {"seed": -1}),
        ("initializer", "Constant", {"value": [[1.0], [2.0, 3.0]]}),
        ("optimizer", "SGD", {"learning_rate": -1.0}),
        ("optimizer", "SGD", {"learning_rate": "fast"}),
        ("optimizer", "Adam", {"beta_1": 1.0}),
        ("schedule", "ExponentialDecay", {"decay_steps": 0}),
        ("loss", "MeanSquaredError", {"reduction": "none"}),
        ("metric", "Precision", {"thresholds": [0.5, 1.5]}),
        ("optimizer", "Muon", {"exclude_layers": ["("]}),
        ("optimizer", "SGD", {"gradient_accumulation_steps": 1}),
    ],
)
def test_out_of_range(family: str, name: str, kwargs: Any) -> None:
    problem = refused(family, name, **kwargs)
    assert problem.argument in kwargs
    assert "expected" in problem.message or "no schedule" in problem.message


def test_did_you_mean() -> None:
    assert refused("layer", "Dense", 3, activation="Relu").help == "did you mean relu?"
    assert refused("layer", "Dense", 3, unit=3).help == "did you mean units?"
    assert registry.suggest("Dens", registry.names("layer")) == "did you mean Dense?"
    assert registry.suggest("adamm", registry.names("optimizer")) == "did you mean Adam?"


@pytest.mark.parametrize(
    ("family", "name", "kwargs", "help"),
    [
        ("layer", "Dense", {"units": 3, "input_shape": (8,)}, "inputs are declared"),
        ("layer", "Embedding", {"input_dim": 3, "output_dim": 2, "input_length": 4}, "declared"),
        ("optimizer", "Adam", {"lr": 0.1}, "did you mean learning_rate?"),
        ("optimizer", "SGD", {"decay": 0.1}, "give a schedule"),
    ],
)
def test_arguments_of_former_days(family: str, name: str, kwargs: Any, help: str) -> None:
    assert help in refused(family, name, **kwargs).help


def test_optimizers_go_by_lower_case() -> None:
    for name in ("adam", "rmsprop", "sgd", "Adam"):
        definition = registry.find("optimizer", name)
        assert definition is not None
        assert definition.name.lower() == name.lower()
    assert registry.find("layer", "dense") is None


def test_construct_takes_the_family_the_place_wants() -> None:
    """`Identity` is a layer and an initializer, `BinaryCrossentropy` a loss and a metric."""
    constructed = registry.construct(meanings("Identity"), [], {"gain": 2.0})
    assert constructed is not None
    assert constructed.family == "initializer"
    plain = registry.construct(meanings("Identity"), [], {})
    assert plain is not None
    assert plain.family == "layer"
    dense = make("layer", "Dense", 3, kernel_initializer=plain)
    assert dense.arguments["kernel_initializer"].family == "initializer"
    metric = registry.adapt(make("loss", "BinaryCrossentropy", from_logits=True), "metric")
    assert metric is not None
    assert metric.arguments["from_logits"] is True


def test_layers_as_activations() -> None:
    slope = make("layer", "LeakyReLU", 0.1)
    assert make("layer", "Dense", 3, activation=slope).arguments["activation"] is slope
    problem = refused("layer", "Dense", 3, activation=make("layer", "Dense", 3))
    assert "expected an activation" in problem.message


def test_bound_prints_as_written() -> None:
    assert str(make("regularizer", "L2", 0.5)) == "L2(l2=0.5)"
    assert str(make("layer", "Dense", 3, kernel_regularizer=make("regularizer", "l1"))) == (
        "Dense(units=3, kernel_regularizer=L1())"
    )


def test_tensors_are_no_numbers() -> None:
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (3,)))
        assert "found a tensor float32[3]" in refused("layer", "Dense", x).message
        assert isinstance(make("function", "relu", x), Bound)
        assert "expected a tensor" in refused("function", "relu", 3.0).message


def test_every_parameter_refuses_nonsense() -> None:
    """No argument of any declaration takes an arbitrary object."""
    for family in registry.FAMILIES:
        for definition in registry.definitions(family):
            for param in definition.params:
                with pytest.raises(ArgumentProblem):
                    param.kind.check(object())
