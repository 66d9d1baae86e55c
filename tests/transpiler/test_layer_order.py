"""Which layers of one class a graph leaves without an order."""

from __future__ import annotations

from textwrap import indent

import pytest
from kgen.compiler import elaborate_text
from kgen.layer_order import beside

CHAIN = """
input x: float32[6, 4]
h = x |> LSTM(4, return_sequences=True) |> LSTM(4, return_sequences=True)
h = h |> BatchNormalization() |> Dense(4) |> Dropout(0.2) |> Dense(4) |> BatchNormalization()
h = MultiHeadAttention(2, 4)(h, h)
h = MultiHeadAttention(2, 4)(h, h)
h = h + (h |> Dense(4))
h = h |> Bidirectional(GRU(2, return_sequences=True))
output y = h |> Bidirectional(GRU(2, return_sequences=True)) |> PReLU() |> PReLU()
"""
SHARED = """
input a: float32[4]
input b: float32[4]
d = Dense(4)
output y = Dense(4)(d(a)) + d(b)
"""
SIDES = """
input x: float32[4]
output y = (x |> Dense(4)) + (x |> Dense(4)) + (x |> Dense(4, use_bias=False))
"""
TABLES = """
input a: int32[5]
input b: int32[5]
output y = (a |> Embedding(9, 4)) + (b |> Embedding(9, 4, name="other"))
"""
INNER = """
input x: float32[4]
one = Sequential([Dense(4), Dense(4)])
output y = x |> one |> Sequential([Dense(4), Dense(4)])
"""
TURNED = """
input x: float32[4]
d = Dense(4)
output y = d(x) + Dense(4)(d(x)) + Dense(4)(x)
"""
DECODER = """
input a: float32[6, 4]
input b: float32[5, 4]
s, h, c = LSTM(4, return_sequences=True, return_state=True)(a)
d = LSTM(4, return_sequences=True)(b, initial_state=[h, c])
output y = MultiHeadAttention(2, 4)(d, MultiHeadAttention(2, 4)(s, s))
"""
TWICE = """
input a: float32[4]
input b: float32[4]
d = Dense(4)
e = Dense(4)
output y = e(d(a)) + e(b)
"""


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        (CHAIN, ()),
        (SHARED, ()),
        (SIDES, (("dense", "dense_1"),)),
        (TABLES, (("embedding", "other"),)),
        (INNER, (("one", "sequential"),)),
        (TURNED, (("dense", "dense_1"),)),
        (DECODER, ()),
        (TWICE, (("d", "e"),)),
    ],
)
def test_pairs(body: str, pairs: tuple[tuple[str, str], ...]) -> None:
    (model,) = elaborate_text(f"model M:\n{indent(body, '    ')}", "m.k", {})
    assert beside(model) == pairs
