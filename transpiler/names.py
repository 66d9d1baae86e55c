"""Names: nested namespaces, and the nearest known name to a mistyped one."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from kgen import library, syntax
from kgen.diagnostics import Span, fail
from kgen.layers.registry import FAMILIES, find, names, refused
from kgen.suggest import suggest
from kgen.values import BuildValue, Registered

# Names that users of other tools try: what to do instead.
FOREIGN = {
    "tf": "TensorFlow is no part of the language",
    "np": "NumPy is no part of the language",
    "keras": "names stand by themselves: Dense(64), Adam(1e-3), mean(x), without keras in front",
    "layers": "layers are named directly: Dense(64)",
    "ops": "tensor functions are named directly: mean(x)",
    "K": "tensor functions are named directly: mean(x)",
    "random": "random numbers come from layers: GaussianNoise(1.0)(zeros_like(x), training=True)",
    "y_true": 'a loss is named, loss = "mse"; a formula is one\'s own, loss name(y_true, y_pred):',
    "y_pred": 'a loss is named, loss = "mse"; a formula is one\'s own, loss name(y_true, y_pred):',
    "compile": 'settings of `train:` stand a line each: loss = "mse"',
    "print": "a model file does nothing but describe; kgen summary shows a model",
    "Input": "inputs are declared: input image: float32[784]",
    "Model": "models are declared: model Name:",
    "float32": "an element type stands in a declaration only: input x: float32[10]",
    "int32": "an element type stands in a declaration only: input x: int32[10]",
    "true": "write True",
    "false": "write False",
    "none": "write None",
    "null": "write None",
}
_CALLBACKS = """
    BackupAndRestore CSVLogger EarlyStopping LambdaCallback LearningRateScheduler ModelCheckpoint
    ReduceLROnPlateau TensorBoard TerminateOnNaN
"""
FOREIGN |= dict.fromkeys(
    _CALLBACKS.split(), "callbacks are given to fit(); they are in kgen.runtime.callbacks"
)

# What the language itself builds; see `specials`.
SPECIAL_NAMES = ("Lambda", "Sequential", "add_loss", "gradient", "use_weights")

# What emitted modules import and define for themselves, besides Python's own names.
_TAKEN = """
    Adadelta Adafactor Adagrad Adam AdamW Adamax CosineDecay CosineDecayRestarts Dim
    ExponentialDecay Ftrl HALF_ROWS Input InverseTimeDecay LANES Lamb Layer LayerState Lion Metric
    Model Muon Nadam Optimizer Output PiecewiseConstantDecay PolynomialDecay Programs RMSprop ROWS
    SGD SOURCE SOURCE_MAP SOURCE_NAME Schedule ScheduleFreeAdamW Spec Steps TALL_ROWS Target View
    Weight absolute add_to arccos arccosh arcsin arcsinh arctan arctanh block_max block_min
    block_outer_bfloat16 block_outer_tf32 block_pack block_product block_product_bfloat16
    block_product_t block_product_t_bfloat16 block_product_t_tf32 block_product_tf32 block_sum
    blocks_of_warps cbrt ceil col_max col_min col_sum constant_array copy_words cos cosh dimension
    element erf erfc erfinv exp exp2 expm1 f64vector fill_words first_row floor full i64vector
    imatrix keep_columns keep_rows kernel lane_index lane_sums last_row load load_column load_scalar
    log log10 log1p log2 math matrix maximum minimum normal np numba outer outer_t pack pack_t
    packed_array part_of power prefetch prefetch_write random_key reciprocal rint row_max row_min
    row_sum rows_for rsqrt scalar scratch select set_dimension set_element share share_batch
    share_block share_rows side_by_side sigmoid sign sin sinh sqrt square step_in_call step_index
    store store_column store_rows sync tan tanh tensor_tile tensor_zeros transpose_block uniform
    vectors_for warps workspace zeros
"""
# What a model has at run time, so that no view may be called so.
_OF_MODELS = """
    adapt class_names compile_program count_params device_class engine epoch evaluate fit forward
    get_weights gradients history load load_weights loss metrics_names name optimizer paces predict
    predict_on_batch programs reset_states save save_weights seed set_weights spec states
    stop_training summary test_on_batch train_on_batch warm weights with_batch
"""
MODEL_ATTRIBUTES = frozenset(_OF_MODELS.split())
MODULE_NAMES = frozenset(_TAKEN.split())


@dataclass(eq=False)
class Names:
    """One namespace; what it lacks is looked up in `parent`."""

    parent: Names | None = None
    own: dict[str, BuildValue] = field(default_factory=dict)

    def bind(self, name: str, value: BuildValue) -> None:
        self.own[name] = value

    def find(self, name: str) -> tuple[bool, BuildValue]:
        """Whether a name is bound here or outside, and to what."""
        scope: Names | None = self
        while scope is not None:
            if name in scope.own:
                return True, scope.own[name]
            scope = scope.parent
        return False, None

    def visible(self) -> list[str]:
        """Every bound name, innermost first."""
        found: list[str] = []
        scope: Names | None = self
        while scope is not None:
            found += reversed(scope.own)
            scope = scope.parent
        return found


def registered(name: str) -> Registered | None:
    """The meanings the registry has for a name."""
    found = {family: d for family in FAMILIES if (d := find(family, name)) is not None}
    return Registered(name, found) if found else None


def unknown(name: str, scope: Names, builtins: Iterable[str], span: Span) -> NoReturn:
    """Report a name that means nothing, or nothing here."""
    reasons = {family: reason for family in FAMILIES if (reason := refused(family, name))}
    if reasons and name not in FOREIGN:
        family, reason = next(iter(reasons.items()))
        fail(
            "K0702",
            f"{name} is not part of kgen",
            span,
            label=f"{'an' if family[0] in 'aio' else 'a'} {family} of Keras",
            help=reason,
        )
    if name in library.declared():
        fail(
            "K0201",
            f"`{name}` is in the library, and not in use here",
            span,
            label="unknown name",
            help=f'begin the file with: use "{library.declared()[name]}": {name}',
        )
    known = [*scope.visible(), *builtins]
    for family in FAMILIES:
        known += names(family)
    help = FOREIGN.get(name) or suggest(name, known) or "bind the name before this line"
    fail("K0201", f"nothing is called `{name}`", span, label="unknown name", help=help)


def hidden(node: syntax.Expr, builtins: Iterable[str]) -> str:
    """What to do where a name that is called is a function elsewhere, and here a value; or ""."""
    called = node.function if isinstance(node, syntax.Call | syntax.Pipe) else None
    if not isinstance(called, syntax.Name):
        return ""
    if called.id not in builtins and registered(called.id) is None:
        return ""
    return f"`{called.id}` is bound above, which hides what it was: give that value another name"


def unsupported(what: str, span: Span | None, note: str = "", help: str = "") -> NoReturn:
    """Report a construct that is part of the language and not built yet (never returns)."""
    fail(
        "K0701",
        f"{what} is not supported yet",
        span,
        label="not supported yet",
        notes=[note] if note else (),
        help=help or "`kgen layers` lists what this version supports",
    )


def is_of_module(name: str) -> bool:
    """Whether a definition of this name would hide what its Python module is made with."""
    hidden = name in MODULE_NAMES or hasattr(builtins, name)
    return hidden or name.startswith(("ROWS_", "VECTORS_", "__"))


def check_model_name(declaration: syntax.ModelDef) -> None:
    """Refuse a model whose class would hide what its Python module is made with."""
    name = declaration.name
    if is_of_module(name):
        fail(
            "K0207",
            f"a model cannot be called `{name}`",
            declaration.name_span,
            label="its Python module needs this name",
            help=f"choose another one: {name.strip('_') or 'Small'}Net",
        )
