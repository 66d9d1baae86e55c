"""What a model's file has settled, and attributes therefore cannot change: refused, not ignored."""

from __future__ import annotations

from typing import Any, NoReturn

from kgen.runtime.errors import KgenRuntimeError

_BELOW_PATHS = "weights are in net.weights, by path: net.weights['dense/kernel']"
_COMPILE = (
    "optimizer, loss and metrics are settings of train: in the .k file, and values for its params "
    "are given to kgen.load(path, name=value)"
)
_FILE = "the .k file describes the model; net.save(path) writes its weights and how far it is"
_STEP = "steps are compiled from the .k file: a loss, metric or objective of one's own stands there"
# What there is instead of attributes of Keras's models.
_INSTEAD = {
    f"layers stand in the .k file, and net.summary() lists them; {_BELOW_PATHS}": """
        get_layer layers""",
    "layers stand in the .k file: x |> Dense(64)": "add build call pop",
    "inputs and outputs stand in the .k file, and so do views, view code(x) = h, which give what "
    "is made within: net.code.predict(x)": "input inputs output outputs",
    "net.summary() tells shapes": """
        compute_output_shape compute_output_spec input_shape output_shape""",
    _BELOW_PATHS: """
        non_trainable_variables non_trainable_weights trainable_variables trainable_weights
        variables""",
    "weights are declared in a layer of one's own in the .k file: weight name: float32[3]": """
        add_variable add_weight""",
    "layers and models are frozen in the .k file, with trainable=False": "trainable",
    "in the .k file, add_loss(...) adds to the loss": "add_loss losses",
    _COMPILE: "compile compile_from_config compiled get_compile_config loss",
    "metrics are settings of train: in the .k file; net.metrics_names has their names": """
        add_metric metrics""",
    "figures begin anew with each epoch and each evaluation": "get_metrics_result reset_metrics",
    _STEP: """
        compute_loss compute_metrics make_predict_function make_test_function make_train_function
        predict_step test_step train_step""",
    _FILE: "build_from_config from_config get_build_config get_config to_json",
    "kgen build --standalone writes a module that does not import kgen": "export",
    "kernels are always compiled; NUMBA_DISABLE_JIT=1 runs them in Python": """
        jit_compile run_eagerly""",
    "values are float32 throughout": """
        compute_dtype dtype dtype_policy quantize variable_dtype""",
    "net.predict(x) gives what the model ends in; its argmax(-1) numbers the classes": """
        predict_classes predict_proba""",
    "fit, evaluate and predict take generators": """
        evaluate_generator fit_generator predict_generator""",
}
_REMEDIES = {name: remedy for remedy, names in _INSTEAD.items() for name in names.split()}
# Attributes that are set on a model of Keras's, and would change nothing here.
_SETTINGS = frozenset({"jit_compile", "loss", "metrics", "run_eagerly"})
# What a model has and its parts have not.
_OF_MODELS = frozenset(
    {"evaluate", "fit", "get_weights", "load_weights", "save", "save_weights", "set_weights"}
    | {"summary", "weights"}
)


def check_attribute(model: Any, name: str, value: Any) -> None:
    """Refuses an attribute of a model that would change nothing, or spoil its training.

    Raises:
        KgenRuntimeError: weights, another optimizer, or what is a setting of Keras's models.
    """
    held = vars(model).get(name)
    if name in _SETTINGS and not hasattr(value, "spec"):  # which a view of that name has
        raise KgenRuntimeError(f"{name!r} of {model.name} cannot be set: {_REMEDIES[name]}.")
    if name == "trainable" and isinstance(value, bool):
        raise KgenRuntimeError(
            f"which weights are trained is settled when {model.name} is built: give layers "
            f"trainable=False in {model.spec.source}, and carry weights over with load_weights."
        )
    if name == "weights" and held is not None:
        raise KgenRuntimeError(
            "weights are set by set_weights(...), load_weights(path) or "
            "net.weights['path'] = value."
        )
    if name == "optimizer" and held is not None and not _is_same_rule(held, value):
        raise KgenRuntimeError(
            f"the steps of {held!r} are compiled, and {value!r} makes others: write the optimizer "
            f"in {model.spec.source}. The rate can be set: net.optimizer.learning_rate = 0.01."
        )


def _is_same_rule(held: Any, value: Any) -> bool:
    """Whether two optimizers differ in their learning rates at most."""
    return type(held) is type(value) and bool(held.config == value.config)


def refuse_training(model: Any) -> NoReturn:
    """Says where a model computes as in training, which a call does not.

    Raises:
        KgenRuntimeError: always.
    """
    raise KgenRuntimeError(
        f"{model.name}(x, training=True): a call computes what predict() does. Dropout and the "
        "statistics of batches are at work in fit(), and at all times where the .k file says so: "
        "Dropout(0.5)(x, training=True)."
    )


def refuse_attribute(model: Any, name: str) -> NoReturn:
    """Says what there is in place of an attribute that a model, or a part of one, does not have.

    Raises:
        AttributeError: always.
    """
    found = f"'{type(model).__name__}' object has no attribute {name!r}"
    remedy = _REMEDIES.get(name)
    raise AttributeError(f"{found}: {remedy}." if remedy else found, name=name, obj=model)


def refuse_attribute_of_part(part: Any, whole: str, name: str) -> NoReturn:
    """As `refuse_attribute`, for a view or an inner model, `part` of the model called `whole`.

    Raises:
        AttributeError: always.
    """
    if name in _OF_MODELS:
        raise AttributeError(
            f"{part.name} is a part of {whole} without weights of its own, and has no "
            f"attribute {name!r}: use {whole}'s, where those of an inner model are "
            "below its name, as in net.weights['encoder/dense/kernel'].",
            name=name,
            obj=part,
        )
    refuse_attribute(part, name)
