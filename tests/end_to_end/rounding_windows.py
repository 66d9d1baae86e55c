"""Rounding bounds of convolutions, pools and copies; importing this adds them to `RULES`.

A convolution is a sum of as many products as a window has cells and channels: bounded as `dot` is,
with the op's own reference in float64 for each part. Copies round nothing. A maximum is one of the
elements; where two of a window are closer than rounding, any of them may be the one found.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from kgen.graph import OPS
from rounding import RULES, Near, Rule, U, _Attrs


def _of(name: str, *arrays: Any, **attrs: Any) -> Any:
    return OPS[name].reference(*(np.asarray(a, np.float64) for a in arrays), **attrs)


def _bilinear(name: str) -> Rule:
    """Sums of products of two inputs."""

    def rule(inputs: Any, attrs: _Attrs) -> Near:
        a, b = inputs
        ones = _of(name, np.ones(a.mid.shape), np.ones(b.mid.shape), **attrs.known())
        rad = _of(name, np.abs(a.mid), b.rad, **attrs.known()) + _of(
            name, a.rad, b.size, **attrs.known()
        )
        rad = rad + ones * U * _of(name, a.size, b.size, **attrs.known())
        return Near(_of(name, a.mid, b.mid, **attrs.known()), rad)

    return rule


def _copied(name: str) -> Rule:
    def rule(inputs: Any, attrs: _Attrs) -> Near:
        (x,) = inputs
        given = attrs.known()
        mid = _of(name, x.mid, **given)
        if "value" in given:
            given["value"] = 0.0
        return Near(mid, _of(name, x.rad, **given))

    return rule


def _pool(inputs: Any, attrs: _Attrs) -> Near:
    (x,) = inputs
    kind = attrs["kind"]
    given = attrs.known()
    mid = _of("pool", x.mid, **given)
    if kind == "max":
        over = _of("pool", x.mid + x.rad, **given) - mid
        under = mid - _of("pool", x.mid - x.rad, **given)
        return Near(mid, np.maximum(over, under))
    terms = prod(attrs["window"])
    return Near(mid, _of("pool", x.rad + (terms + 3) * U * x.size, **given))


def _spread(inputs: Any, attrs: _Attrs) -> Near:
    (grad,) = inputs
    terms = prod(attrs["window"])
    size = _of("spread", grad.rad + (terms + 3) * U * grad.size, **attrs.known())
    return Near(_of("spread", grad.mid, **attrs.known()), size)


def _where(inputs: Any, attrs: _Attrs) -> Near:
    """Unsure (rad 1) where another element of the window could be the largest."""
    (x,) = inputs
    mid = _of("pool_where", x.mid, **attrs.known()).astype(np.float64)
    sums = {**attrs.known(), "kind": "sum"}
    largest = {**attrs.known(), "kind": "max"}
    floor = _of("pool", x.mid - x.rad, **largest)
    rivals = np.zeros(mid.shape)
    for tap in range(prod(attrs["window"])):
        upper = _of("pick", x.mid + x.rad, np.full(mid.shape, tap), **attrs.known())
        real = _of("pick", np.ones(x.mid.shape), np.full(mid.shape, tap), **attrs.known()) > 0
        rivals += real & (upper >= floor)
    exact = _of("pool", x.rad, **sums) == 0
    return Near(mid, np.where((rivals > 1) & ~exact, 1.0, 0.0))


def _unpool(inputs: Any, attrs: _Attrs) -> Near:
    values, where = inputs
    mid = _of("unpool", values.mid, where.mid, **attrs.known())
    terms = prod(attrs["window"])
    sure = _of("unpool", values.rad + terms * U * values.size, where.mid, **attrs.known())
    # Where the place is unsure, any cell of the window may have the value or not.
    doubt = np.where(where.rad > 0, values.size, 0.0)
    return Near(mid, sure + _of("spread", doubt, kind="sum", **attrs.known()))


def _pick(inputs: Any, attrs: _Attrs) -> Near:
    x, where = inputs
    wide = np.where(where.rad > 0, _of("pool", np.abs(x.mid), kind="sum", **attrs.known()), 0.0)
    rad = _of("pick", x.rad, where.mid, **attrs.known()) + wide
    return Near(_of("pick", x.mid, where.mid, **attrs.known()), rad)


def _array(inputs: Any, attrs: _Attrs) -> Near:
    """Numbers known at build time, which float32 rounds."""
    mid = attrs["numbers"].values.astype(np.float64)
    return Near(mid, U * np.abs(mid))


RULES.setdefault("array", _array)
RULES.update(
    {
        **{
            name: _bilinear(name)
            for name in (
                "conv",
                "conv_filter",
                "conv_transpose",
                "depthwise",
                "depthwise_filter",
                "filter_parts",
                "filter_slices",
            )
        },
        **{name: _copied(name) for name in ("pad", "slice", "repeat", "turn")},
        "pool": _pool,
        "spread": _spread,
        "pool_where": _where,
        "unpool": _unpool,
        "pick": _pick,
    }
)
