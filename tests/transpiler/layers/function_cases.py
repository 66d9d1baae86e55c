"""Calls of tensor functions that Keras has too: name, tensors, further arguments."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

RNG = np.random.default_rng(11)


def u(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return RNG.uniform(low, high, shape).astype(np.float32)


def i(*shape: int, low: int = 0, high: int = 5) -> np.ndarray:
    return RNG.integers(low, high, shape).astype(np.int32)


class Case(NamedTuple):
    """`grad` tells whether derivatives are compared, `fixed` tensors have no batch."""

    name: str
    tensors: tuple[Any, ...]
    options: Mapping[str, Any] = MappingProxyType({})
    grad: bool = True
    fixed: bool = False


def _elementwise() -> list[Case]:
    inside = ("arccos", "arcsin", "arctanh", "erfinv")
    positive = ("log", "log10", "log1p", "log2", "rsqrt", "sqrt", "cbrt")
    plain = """
        absolute arcsinh arctan cos cosh deg2rad erf erfc exp exp2 expm1 negative
        rad2deg reciprocal sin sinc sinh square tan sigmoid tanh relu relu6 silu softplus softsign
        elu selu celu leaky_relu hard_sigmoid hard_silu hard_tanh log_sigmoid squareplus
        soft_shrink hard_shrink tanh_shrink sparse_plus sparse_sigmoid
    """
    cases = [Case(name, (u(3, 5, low=-0.8, high=0.8),)) for name in inside]
    cases += [Case(name, (u(3, 5, low=0.2),)) for name in positive]
    cases += [Case("arccosh", (u(3, 5, low=1.2, high=5.0),))]
    cases += [Case(name, (u(3, 5),)) for name in plain.split()]
    steps = "ceil floor trunc sign round isfinite isinf isnan isneginf isposinf logical_not"
    odd = np.array([[0.5, -1.5, np.inf], [-np.inf, np.nan, 2.0]], np.float32)
    cases += [Case(name, (odd,), grad=False) for name in steps.split()]
    cases += [Case(name, (i(3, 4, low=-3),), grad=False) for name in ("absolute", "sign", "square")]
    cases += [
        Case("round", (u(3, 5),), {"decimals": 2}, False),
        Case("nan_to_num", (odd,), {}, False),
        Case("nan_to_num", (odd,), {"nan": 1.0, "posinf": 2.0, "neginf": -2.0}, False),
        Case("clip", (u(3, 5), -1.0, 0.5)),
        Case("cast", (u(3, 5),), {"dtype": "int32"}, False),
        Case("cast", (u(3, 5),), {"dtype": "bool"}, False),
        Case("cast", (i(3, 5),), {"dtype": "float32"}, False),
        Case("gelu", (u(3, 5),)),
        Case("gelu", (u(3, 5),), {"approximate": False}),
        Case("glu", (u(3, 6),)),
        Case("threshold", (u(3, 5), 0.3, -1.0)),
        Case("softmax", (u(3, 2, 5),), {"axis": 1}),
        Case("log_softmax", (u(3, 2, 5),)),
    ]
    return cases


def _pairs() -> list[Case]:
    both = "arctan2 hypot logaddexp logaddexp2 maximum minimum add subtract multiply fmax fmin"
    cases = [Case(name, (u(3, 5), u(3, 5))) for name in both.split()]
    cases += [Case(name, (u(3, 1, 5), u(3, 4, 1))) for name in ("add", "divide_no_nan", "divide")]
    cases += [Case("power", (u(3, 5, low=0.3), u(3, 5)))]
    steps = "equal not_equal less less_equal greater greater_equal logical_and logical_or"
    cases += [Case(n, (i(3, 5), i(3, 5)), grad=False) for n in f"{steps} logical_xor".split()]
    cases += [
        Case(n, (i(3, 5, low=-9, high=9), i(3, 5, low=1)), grad=False)
        for n in ("floor_divide", "mod", "fmod", "add", "multiply", "maximum", "divide")
    ]
    zeros = np.array([[1.0, 0.0, -2.0]], np.float32)
    cases += [
        Case("floor_divide", (u(3, 5), u(3, 5, low=0.3)), {}, False),
        Case("mod", (u(3, 5), u(3, 5, low=0.3)), {}, False),
        Case("divide_no_nan", (np.ones((1, 3), np.float32), zeros)),
        Case("heaviside", (zeros, np.full((1, 3), 0.5, np.float32)), {}, False),
        Case("isclose", (u(3, 5), u(3, 5)), {"rtol": 0.5}, False),
        Case("where", (i(3, 5, high=2), u(3, 5), u(3, 5))),
        Case("ldexp", (u(3, 5), i(3, 5)), {}, False),
    ]
    return cases


def _reductions() -> list[Case]:
    cases = []
    for name in ("sum", "mean", "max", "min", "var", "std", "logsumexp", "prod", "median", "norm"):
        cases += [Case(name, (u(3, 4, 5),), {"axis": 1})]
        cases += [Case(name, (u(3, 4, 5),), {"axis": -1, "keepdims": True})]
        cases += [Case(name, (u(3, 4, 5),), {"axis": (1, 2)})] if name != "median" else []
    zeros = u(2, 6)
    zeros[0, 2] = zeros[1, 0] = zeros[1, 4] = 0.0
    gaps = u(3, 6)
    gaps[0, 1] = gaps[2, 3] = np.nan
    cases += [Case("prod", (zeros,), {"axis": 1}), Case("cumprod", (zeros,), {"axis": 1})]
    for name in ("nansum", "nanmean", "nanmax", "nanmin", "nanprod", "nanvar", "nanstd"):
        cases += [Case(name, (gaps,), {"axis": 1}, False)]
    cases += [Case("nanmedian", (gaps,), {"axis": 1, "keepdims": True}, False)]
    for method in ("linear", "lower", "higher", "midpoint", "nearest"):
        cases += [Case("nanquantile", (gaps, 0.3), {"axis": 1, "method": method}, False)]
    cases += [Case("nanpercentile", (gaps, 80.0), {"axis": 1}, False)]
    cases += [Case(n, (gaps,), {"axis": 1}, False) for n in ("nancumsum", "nancumprod")]
    cases += [Case(n, (gaps,), {"axis": 1}, False) for n in ("nanargmax", "nanargmin")]
    cases += [
        Case("sum", (i(3, 4),), {"axis": 1}, False),
        Case("max", (i(3, 4),), {"axis": 1}, False),
        Case("any", (i(3, 4, high=2),), {"axis": 1}, False),
        Case("all", (i(3, 4, high=2),), {"axis": 1, "keepdims": True}, False),
        Case("count_nonzero", (i(3, 4, high=2),), {"axis": 1}, False),
        Case("argmax", (u(3, 7),), {"axis": -1}, False),
        Case("argmin", (u(3, 7, 2),), {"axis": 1, "keepdims": True}, False),
        Case("norm", (u(3, 7),), {"axis": 1, "ord": 1}),
        Case("norm", (u(3, 7),), {"axis": 1, "ord": np.inf}),
        Case("norm", (u(3, 7),), {"axis": 1, "ord": 0}, False),
        Case("moments", (u(3, 4, 5),), {"axes": (1, 2)}),
        Case("average", (u(3, 4),), {"axis": 1}),
        Case("average", (u(3, 4),), {"axis": 1, "weights": [0.1, 0.2, 0.3, 0.5]}),
        Case("quantile", (u(3, 7), 0.3), {"axis": 1}),
        Case("quantile", (u(3, 7), 0.4), {"axis": 1, "method": "nearest"}),
        Case("quantile", (u(3, 4), 0.5), {"axis": 1, "method": "nearest"}),
        Case("percentile", (u(3, 8), 25), {"axis": 1, "keepdims": True}),
        Case("ptp", (u(3, 7),), {"axis": 1}),
        Case("allclose", (u(3, 7), u(3, 7)), {}, False),
        Case("psnr", (u(3, 7), u(3, 7)), {"max_val": 2.0}),
    ]
    return cases


def _shapes() -> list[Case]:
    x = (u(3, 4, 5),)
    return [
        Case("concatenate", ([u(3, 2, 5), u(3, 4, 5)],), {"axis": 1}),
        Case("append", (u(3, 2), u(3, 4)), {"axis": 1}),
        Case("stack", ([u(3, 5), u(3, 5)],), {"axis": 1}),
        Case("hstack", ([u(3, 2), u(3, 4)],)),
        Case("dstack", ([u(3, 2), u(3, 2)],)),
        Case("split", (u(3, 6),), {"indices_or_sections": 3, "axis": 1}),
        Case("split", (u(3, 6),), {"indices_or_sections": (1, 4), "axis": 1}),
        Case("array_split", (u(3, 7),), {"indices_or_sections": 3, "axis": 1}),
        Case("unstack", (u(3, 4, 2),), {"axis": 1}),
        Case("reshape", x, {"newshape": (-1, 20)}),
        Case("reshape", x, {"newshape": (-1, 2, 10)}),
        Case("expand_dims", x, {"axis": (1, -1)}),
        Case("squeeze", (u(3, 1, 5, 1),), {"axis": (1, 3)}),
        Case("transpose", x, {"axes": (0, 2, 1)}),
        Case("moveaxis", x, {"source": (1, 2), "destination": (2, 1)}),
        Case("swapaxes", x, {"axis1": 1, "axis2": -1}),
        Case("broadcast_to", (u(3, 1, 5),), {"shape": (3, 4, 5)}),
        Case("flip", x, {"axis": 1}),
        Case("flip", x, {"axis": (1, 2)}),
        Case("fliplr", x),
        Case("rot90", x, {"k": 1, "axes": (1, 2)}),
        Case("rot90", x, {"k": 3, "axes": (1, 2)}),
        Case("rot90", x, {"k": 2, "axes": (1, 2)}),
        Case("roll", x, {"shift": 2, "axis": 1}),
        Case("roll", x, {"shift": (1, -2), "axis": (1, 2)}),
        Case("tile", (u(3, 2),), {"repeats": (1, 3)}),
        Case("repeat", (u(3, 2),), {"repeats": 3, "axis": 1}),
        Case("repeat", (u(3, 2),), {"repeats": np.array([2, 3]), "axis": 1}),
        Case("pad", x, {"pad_width": ((0, 0), (1, 2), (0, 1))}),
        Case("pad", x, {"pad_width": ((0, 0), (1, 2), (0, 1)), "constant_values": 2.0}),
        Case("pad", x, {"pad_width": ((0, 0), (2, 1), (0, 3)), "mode": "reflect"}),
        Case("pad", x, {"pad_width": ((0, 0), (2, 1), (0, 3)), "mode": "symmetric"}),
        Case("slice", x, {"start_indices": (0, 1, 2), "shape": (3, 2, 3)}),
        Case("slice_update", (u(3, 4), (0, 1), u(3, 2))),
        Case("diff", x, {"n": 2, "axis": 1}),
        Case("trapezoid", x, {"axis": 1, "dx": 0.5}),
        Case("tril", x, {"k": 1}),
        Case("triu", x, {"k": -1}),
        Case("diagonal", x, {"offset": 1, "axis1": 1, "axis2": 2}),
        Case("diagonal", x, {"offset": -2, "axis1": 1, "axis2": 2}),
        Case("trace", x, {"axis1": 1, "axis2": 2}),
        Case("zeros_like", x, {}, False),
        Case("ones_like", (i(3, 4),), {}, False),
        Case("full_like", x, {"fill_value": 2.5}, False),
        Case("one_hot", (i(3, 4, high=6),), {"num_classes": 5}, False),
        Case("one_hot", (i(3, 4),), {"num_classes": 5, "axis": 1}, False),
        Case("multi_hot", (i(3, 4),), {"num_classes": 5}, False),
        Case("depth_to_space", (u(2, 2, 3, 8),), {"block_size": 2}),
        Case("space_to_depth", (u(2, 4, 6, 2),), {"block_size": 2}),
    ]


def _orders() -> list[Case]:
    ties = np.array([[3, 1, 2, 1, 3], [0, 0, 0, 0, 0]], np.float32)
    places = i(3, 2, high=4)
    return [
        Case("sort", (u(3, 17),)),
        Case("sort", (u(3, 5, 2),), {"axis": 1}),
        Case("argsort", (ties,), {}, False),
        Case("argsort", (u(2, 5, 3),), {"axis": 1}, False),
        Case("top_k", (u(3, 9),), {"k": 4}),
        Case("in_top_k", (i(4, high=5), u(4, 5)), {"k": 2}, False),
        Case("take", (u(3, 5, 2), [3, 0, -1]), {"axis": 1}),
        Case("take", (u(3, 5, 2), [[3, 0], [1, 1]]), {"axis": 1}),
        Case("take_along_axis", (u(3, 4), places), {"axis": 1}),
        Case("take_along_axis", (u(3, 4, 2), i(3, 2, 1, high=4)), {"axis": 1}),
        Case("cumsum", (u(3, 17),), {"axis": 1}),
        Case("cumsum", (u(3, 4, 5),), {"axis": 1}),
        Case("cumprod", (u(3, 7),), {"axis": 1}),
        Case("digitize", (u(3, 7), [-1.0, 0.0, 0.5]), {}, False),
        Case("isin", (i(3, 4), [1, 3]), {}, False),
        Case("segment_sum", (u(6, 3), np.array([0, 2, 2, 1, 0, 2], np.int32)), {"num_segments": 4}),
    ]


def _products() -> list[Case]:
    return [
        Case("matmul", (u(3, 4, 5), u(3, 5, 2))),
        Case("matmul", (u(3, 2, 4, 5), u(3, 2, 5, 3))),
        Case("matmul", (u(3, 2, 4, 5), u(3, 1, 5, 3))),
        Case("tensordot", (u(3, 4, 5), u(3, 4, 5)), {"axes": 3}),
        Case("einsum", ("bij,bjk->bik", u(3, 4, 5), u(3, 5, 2))),
        Case("einsum", ("bij,bkj->bik", u(3, 4, 5), u(3, 2, 5))),
        Case("einsum", ("btnh,bsnh->bnts", u(2, 3, 2, 4), u(2, 5, 2, 4))),
        Case("einsum", ("bnts,bsnh->btnh", u(2, 2, 3, 5), u(2, 5, 2, 4))),
        Case("einsum", ("bi,bi->b", u(3, 4), u(3, 4))),
        Case("einsum", ("bi,bj->bij", u(3, 4), u(3, 2))),
        Case("einsum", ("b...i,b...i->b...", u(3, 2, 4), u(3, 2, 4))),
        Case("einsum", ("bij->bj", u(3, 4, 5))),
        Case("einsum", ("bij->bji", u(3, 4, 5))),
        Case("vdot", (u(3, 4), u(3, 4))),
        Case("cross", (u(4, 3), u(4, 3))),
        Case("normalize", (u(3, 4, 5),), {"axis": 1}),
        Case("normalize", (u(3, 4, 5),), {"axis": -1, "order": 1}),
        Case("layer_normalization", (u(3, 4, 5),), {"epsilon": 1e-3}),
        Case("rms_normalization", (u(3, 4, 5),), {"epsilon": 1e-3}),
    ]


def _more() -> list[Case]:
    shares = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]], np.float32)
    hot = np.array([[0, 1, 0], [1, 0, 0]], np.float32)
    return [
        Case("angle", (u(3, 5),), {}, False),
        Case("signbit", (np.array([[0.0, -0.0, 2.0, -1.0]], np.float32),), {}, False),
        Case("unravel_index", (i(4, high=23),), {"shape": (2, 3, 4)}, False),
        Case("scatter", (i(6, 1), u(6, 3)), {"shape": (5, 3)}, True),
        Case("extract_sequences", (u(2, 9),), {"sequence_length": 4, "sequence_stride": 2}),
        Case("binary_crossentropy", (hot, shares), {}, False),
        Case("binary_crossentropy", (hot, u(2, 3)), {"from_logits": True}, False),
        Case("categorical_crossentropy", (hot, shares), {}, False),
        Case("categorical_crossentropy", (hot, u(2, 3)), {"from_logits": True}, False),
        Case("sparse_categorical_crossentropy", (i(2, high=3), shares)),
        Case("sparse_categorical_crossentropy", (i(2, high=3), u(2, 3)), {"from_logits": True}),
        Case("dot_product_attention", (u(2, 3, 2, 4), u(2, 5, 2, 4), u(2, 5, 2, 4))),
        Case("dot_product_attention", tuple(u(2, 4, 2, 3) for _ in range(3)), {"is_causal": True}),
    ]


def _windows() -> list[Case]:
    image = (u(2, 7, 6, 3),)
    columns = {"output_size": 5, "kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 0)}
    both = ("adaptive_average_pool", "adaptive_max_pool")
    return [
        *(Case(name, image, {"output_size": (3, 4)}) for name in both),
        *(Case(name, image, {"output_size": 9}) for name in both),
        *(
            Case(name, (u(2, 3, 10),), {"output_size": 4, "data_format": "channels_first"})
            for name in both
        ),
        *(Case(name, (u(1, 4, 6, 5, 2),), {"output_size": (2, 4, 5)}) for name in both),
        Case("unfold", (u(2, 3, 7, 6),), {"kernel_size": 3}),
        Case(
            "unfold",
            (u(2, 2, 7, 6),),
            {"kernel_size": (2, 3), "dilation": (1, 2), "padding": (1, 0), "stride": (2, 1)},
        ),
        Case("fold", (u(2, 12, 12),), columns),
        Case("fold", (u(1, 8, 9),), {"output_size": 6, "kernel_size": 2, "stride": 2}),
        Case("fold", (u(1, 4, 4),), {"output_size": 4, "kernel_size": 2, "dilation": 2}),
    ]


def _fixed() -> list[Case]:
    """Tensors without a batch, and those made of numbers."""

    def made(name: str, *given: Any, **options: Any) -> Case:
        return Case(name, given, options, False, True)

    def of(name: str, *given: Any, **options: Any) -> Case:
        return Case(name, given, options, True, True)

    return [
        made("arange", 7),
        made("arange", 1, 3, 0.5),
        made("array", [[1, 2], [3, 4]]),
        made("array", [1.5, 2.0]),
        *(made(name, 7) for name in ("bartlett", "blackman", "hamming", "hanning", "identity")),
        made("kaiser", 7, 5.0),
        made("eye", 3, 4, 1),
        made("tri", 3, 4, -1),
        made("full", (2, 3), 1.5),
        made("ones", (2, 3)),
        made("zeros", (2, 3), dtype="int32"),
        made("linspace", 0.0, 1.0, 7),
        made("logspace", 0.0, 2.0, 5),
        made("geomspace", 1.0, 8.0, 4),
        made("searchsorted", np.array([0.0, 1.0, 2.0], np.float32), u(5)),
        made("searchsorted", np.array([0.0, 1.0, 2.0], np.float32), u(5), side="right"),
        made("isreal", u(3)),
        made("imag", u(3)),
        of("conjugate", u(3)),
        of("copy", u(3)),
        of("diag", u(4), 1),
        of("diag", u(4, 4), -1),
        of("diagflat", u(2, 3)),
        of("hsplit", u(4, 6), 2),
        of("vsplit", u(4, 6), 2),
        of("dsplit", u(2, 3, 4), 2),
        of("flipud", u(4, 3)),
        of("get_item", u(4, 3), -1),
        of("inner", u(3, 4), u(2, 4)),
        of("outer", u(3, 4), u(2)),
        of("kron", u(2, 3), u(4, 2)),
        of("meshgrid", u(3), u(4)),
        of("meshgrid", u(3), u(4), indexing="ij"),
        of("ravel", u(3, 4)),
        of("vander", u(4), 3),
        of("vstack", [u(2, 3), u(1, 3)]),
        of("dot", u(3, 4), u(4, 2)),
        of("cdist", u(3, 4), u(2, 4)),
        of("corrcoef", u(3, 6)),
        made("select", [i(3, 4, high=2), i(3, 4, high=2)], [u(3, 4), u(3, 4)], u(3, 4)),
        of("batch_normalization", u(3, 4), u(4), u(4, low=0.3), axis=-1),
        *(
            of("correlate", *pair, mode=mode)
            for mode in ("valid", "same", "full")
            for pair in ((u(7), u(3)), (u(2), u(5)), (u(4), u(4)))
        ),
        made("correlate", i(5), i(2), mode="full"),
        made("saturate_cast", u(3), dtype="int32"),
    ]


CASES = [
    *_elementwise(),
    *_pairs(),
    *_reductions(),
    *_shapes(),
    *_orders(),
    *_products(),
    *_more(),
    *_windows(),
    *_fixed(),
]
