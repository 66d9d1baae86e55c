"""Rounding bounds of rows gathered by number and of orders; importing adds them to `RULES`.

What only moves elements rounds nothing. Where an order hangs on rounding the places are unsure, and
so is all that is taken by them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from kgen.graph import OPS
from rounding import RULES, Near, Rule, U, _Attrs
from scipy.special import expit


def _of(name: str, *arrays: Any, attrs: _Attrs) -> Any:
    return np.asarray(OPS[name].reference(*arrays, **attrs.known()), np.float64)


def _taken(name: str) -> Rule:
    """Elements of the first input at the places that the second has."""

    def rule(inputs: Any, attrs: _Attrs) -> Near:
        x, places = inputs
        mid = _of(name, x.mid, places.mid, attrs=attrs)
        if places.rad.any():
            return Near(mid, np.full(mid.shape, np.inf))
        return Near(mid, _of(name, x.rad, places.mid, attrs=attrs))

    return rule


def _put(name: str) -> Rule:
    """The first input's elements added up at the places that the second has."""

    def rule(inputs: Any, attrs: _Attrs) -> Near:
        x, places = inputs
        mid = _of(name, x.mid, places.mid, attrs=attrs)
        if places.rad.any():
            return Near(mid, np.full(mid.shape, np.inf))
        terms = _of(name, np.ones(x.mid.shape), places.mid, attrs=attrs)
        rounding = terms * U * _of(name, x.size, places.mid, attrs=attrs)
        return Near(mid, _of(name, x.rad, places.mid, attrs=attrs) + rounding)

    return rule


def _order(inputs: Any, attrs: _Attrs) -> Near:
    (x,) = inputs
    mid = _of("argsort", x.mid, attrs=attrs)
    ordered, rads = np.sort(x.mid, -1), x.rad.max(-1, keepdims=True)
    close = np.any(np.diff(ordered, axis=-1) <= 2 * rads, -1, keepdims=True) & (rads > 0)
    return Near(mid, np.broadcast_to(np.where(close, 1.0, 0.0), mid.shape))


def _running(inputs: Any, attrs: _Attrs) -> Near:
    (x,) = inputs
    terms = x.mid.shape[attrs["axis"]]
    rad = _of("cumsum", x.rad + terms * U * x.size, attrs=attrs)
    return Near(_of("cumsum", x.mid, attrs=attrs), rad)


def _whole(x: Near) -> Near:
    mid = np.trunc(x.mid)
    return Near(mid, np.maximum(np.trunc(x.mid + x.rad) - mid, mid - np.trunc(x.mid - x.rad)))


def _crossentropy(inputs: Any, attrs: _Attrs) -> Near:
    """softplus(x) - x * target: slopes sigmoid(x) - target and -x."""
    x, target = inputs
    mid = _of("sigmoid_crossentropy", x.mid, target.mid, attrs=attrs)
    rad = np.abs(expit(x.mid) - target.mid) * x.rad + x.size * target.rad + x.rad**2
    return Near(mid, rad + 12 * U * (1.0 + x.size * (1.0 + target.size)))


RULES |= {
    "gather_rows": _taken("gather_rows"),
    "take_along": _taken("take_along"),
    "scatter_rows": _put("scatter_rows"),
    "add_along": _put("add_along"),
    "argsort": _order,
    "cumsum": _running,
    "as_int": lambda inputs, attrs: _whole(inputs[0]),
    "sigmoid_crossentropy": _crossentropy,
    "array": lambda inputs, attrs: Near.exact(attrs["numbers"].values),
}
