"""TwoShapes, as native code.

Built by kgen 0.1.0 from 13_two_shapes.k; edit that, not this.

layer    kind       output               weights  line
filters  Conv2D     (batch, 32, 32, 16)      448    10
total    TwoShapes                           448
"""

from kgen.runtime.kernels import kernel
from kgen.runtime.memory import Programs, Steps, rows_for
from kgen.runtime.model import Model
from kgen.runtime.spec import Input, Layer, Output, Spec, Weight
from kgen.runtime.tiles import (
    LANES,
    copy_words,
    fill_words,
    load,
    matrix,
    outer,
    share_block,
    store,
    workspace,
    zeros,
)

ROWS_32_BY_1 = rows_for(32, 1)
ROWS_64_BY_1 = rows_for(64, 1)

WEIGHTS = (
    Weight("filters/kernel", (3, 3, 3, 16), 0, "GlorotUniform", {"seed": None}),
    Weight("filters/bias", (16,), 432, "Zeros", {}),
)


@kernel
def compute_filters(thread, threads, batch, clock, args):
    """Line 11 of the model. 901,120 FLOPs a row."""
    thumbnail = matrix(args, 0, batch * 1024, 3)
    filters_kernel = matrix(args, 1, 27, 16)
    filters_bias = matrix(args, 2, 1, 16)
    filters = matrix(args, 3, batch * 1024, 16)
    first, last, left, right = share_block(clock, batch, 32, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(3468, 3, 3)
        for p in range(34):
            place = p * 102
            if p >= 1 and p < 33:
                fill_words(lines, place, 3, 0.0)
                copy_words(lines, place + 3, thumbnail, (n * 32 + (p - 1)) * 96, 96)
                fill_words(lines, place + 99, 3, 0.0)
            else:
                fill_words(lines, place, 102, 0.0)
        for j in range(0, 16, LANES):
            for oy in range(left, right):
                for tile in range(0, 32, ROWS_32_BY_1):
                    ox = min(tile, 32 - ROWS_32_BY_1)
                    i = (n * 32 + oy) * 32 + ox
                    acc = zeros(ROWS_32_BY_1, 1)
                    for ty in range(3):
                        row = (oy + ty) * 34 + ox
                        kk = ty * 9
                        for k in range(3):
                            acc = outer(acc, lines, row, k, filters_kernel, kk + k, j)
                            acc = outer(
                                acc, lines, row, k + 3, filters_kernel, kk + k + 3, j
                            )
                            acc = outer(
                                acc, lines, row, k + 6, filters_kernel, kk + k + 6, j
                            )
                    store(filters, i, j, acc + load(filters_bias, 0, j, 1, 1))


@kernel
def compute_filters_1(thread, threads, batch, clock, args):
    """Line 12 of the model. 3,604,480 FLOPs a row."""
    picture = matrix(args, 0, batch * 4096, 3)
    filters_kernel = matrix(args, 1, 27, 16)
    filters_bias = matrix(args, 2, 1, 16)
    filters_1 = matrix(args, 3, batch * 4096, 16)
    first, last, left, right = share_block(clock, batch, 64, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(13068, 3, 3)
        for p in range(66):
            place = p * 198
            if p >= 1 and p < 65:
                fill_words(lines, place, 3, 0.0)
                copy_words(lines, place + 3, picture, (n * 64 + (p - 1)) * 192, 192)
                fill_words(lines, place + 195, 3, 0.0)
            else:
                fill_words(lines, place, 198, 0.0)
        for j in range(0, 16, LANES):
            for oy in range(left, right):
                for tile in range(0, 64, ROWS_64_BY_1):
                    ox = min(tile, 64 - ROWS_64_BY_1)
                    i = (n * 64 + oy) * 64 + ox
                    acc = zeros(ROWS_64_BY_1, 1)
                    for ty in range(3):
                        row = (oy + ty) * 66 + ox
                        kk = ty * 9
                        for k in range(3):
                            acc = outer(acc, lines, row, k, filters_kernel, kk + k, j)
                            acc = outer(
                                acc, lines, row, k + 3, filters_kernel, kk + k + 3, j
                            )
                            acc = outer(
                                acc, lines, row, k + 6, filters_kernel, kk + k + 6, j
                            )
                    store(filters_1, i, j, acc + load(filters_bias, 0, j, 1, 1))


def predict(m):
    """The outputs of one batch."""
    thumbnail = m.rows(94208, 3072)
    filters = m.rows(65536, 16384)
    picture = m.rows(81920, 12288)
    filters_1 = m.rows(0, 65536)
    return [
        m.feed("thumbnail", thumbnail, 3072),
        m.feed("picture", picture, 12288),
        compute_filters(
            thumbnail, m.weight("filters/kernel"), m.weight("filters/bias"), filters
        ),
        compute_filters_1(
            picture, m.weight("filters/kernel"), m.weight("filters/bias"), filters_1
        ),
        m.result("near", filters, 16384),
        m.result("far", filters_1, 65536),
    ]


SPEC = Spec(
    name="TwoShapes",
    source="13_two_shapes.k",
    version="0.1.0",
    fingerprint="c861c4e63ae41f74",
    inputs=(
        Input("thumbnail", "float32", (32, 32, 3)),
        Input("picture", "float32", (64, 64, 3)),
    ),
    outputs=(Output("near", (32, 32, 16)), Output("far", (64, 64, 16))),
    targets=(),
    weights=WEIGHTS,
    metrics=(),
    layers=(
        Layer(
            "filters",
            "Conv2D",
            (32, 32, 16),
            448,
            4505600,
            10,
            ("filters/kernel", "filters/bias"),
        ),
    ),
    trainable=448,
    size=448,
    feeds=("thumbnail", "picture"),
)


class TwoShapes(Model):
    """The same filters over small and large pictures."""

    spec = SPEC
    programs = Programs(predict=(Steps(predict, 97280, 0, 4505600, by_tiles=False),))


SOURCE_NAME = "13_two_shapes.k"
SOURCE_MAP = {"compute_filters": (11,), "compute_filters_1": (12,)}
SOURCE = """\
# One layer applied to pictures of two sizes: its weights are the same, its outputs' shapes are not.

param small = 32
param large = 64

model TwoShapes:
    \"\"\"The same filters over small and large pictures.\"\"\"
    input thumbnail: float32[small, small, 3]
    input picture: float32[large, large, 3]
    filters = Conv2D(16, 3, padding="same")
    output near = filters(thumbnail)
    output far = filters(picture)
"""
