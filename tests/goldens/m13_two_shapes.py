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
    ROWS,
    copy_words,
    fill_words,
    load,
    matrix,
    outer,
    pack,
    share,
    store,
    zeros,
)

ROWS_32_BY_1 = rows_for(32, 1)
ROWS_64_BY_1 = rows_for(64, 1)

WEIGHTS = (
    Weight("filters/kernel", (3, 3, 3, 16), 0, "GlorotUniform", {"seed": None}),
    Weight("filters/bias", (16,), 432, "Zeros", {}),
)


@kernel
def compute_filters_pad(thread, threads, batch, clock, args):
    """Line 11 of the model."""
    filters_pad = matrix(args, 0, batch * 1156, 3)
    thumbnail = matrix(args, 1, batch * 1024, 3)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for p in range(34):
            place = (n * 34 + p) * 102
            if p >= 1 and p <= 32:
                fill_words(filters_pad, place, 3, 0.0)
                copy_words(filters_pad, place + 3, thumbnail, (n * 32 + p - 1) * 96, 96)
                fill_words(filters_pad, place + 3 + 96, 3, 0.0)
            else:
                fill_words(filters_pad, place, 102, 0.0)


@kernel
def compute_filters(thread, threads, batch, clock, args):
    """Line 11 of the model. 901,120 FLOPs a row."""
    filters_kernel = matrix(args, 0, 27, 16)
    filters_pad = matrix(args, 1, batch * 1156, 3)
    filters_bias = matrix(args, 2, 1, 16)
    filters = matrix(args, 3, batch * 1024, 16)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for j in range(0, 16, LANES):
            panel = pack(filters_kernel, 0, j, 27, 1)
            for oy in range(32):
                for tile in range(0, 32, ROWS_32_BY_1):
                    ox = min(tile, 32 - ROWS_32_BY_1)
                    i = (n * 32 + oy) * 32 + ox
                    acc = zeros(ROWS_32_BY_1, 1)
                    for ty in range(3):
                        row = (n * 34 + oy + ty) * 34 + ox
                        kk = ty * 9
                        for k in range(9):
                            acc = outer(acc, filters_pad, row, k, panel, kk + k, 0)
                    store(filters, i, j, acc + load(filters_bias, 0, j, 1, 1))


@kernel
def compute_filters_pad_1(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    filters_pad_1 = matrix(args, 0, batch * 4356, 3)
    picture = matrix(args, 1, batch * 4096, 3)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for p in range(66):
            place = (n * 66 + p) * 198
            if p >= 1 and p <= 64:
                fill_words(filters_pad_1, place, 3, 0.0)
                copy_words(
                    filters_pad_1, place + 3, picture, (n * 64 + p - 1) * 192, 192
                )
                fill_words(filters_pad_1, place + 3 + 192, 3, 0.0)
            else:
                fill_words(filters_pad_1, place, 198, 0.0)


@kernel
def compute_filters_1(thread, threads, batch, clock, args):
    """Line 12 of the model. 3,604,480 FLOPs a row."""
    filters_kernel = matrix(args, 0, 27, 16)
    filters_pad_1 = matrix(args, 1, batch * 4356, 3)
    filters_bias = matrix(args, 2, 1, 16)
    filters_1 = matrix(args, 3, batch * 4096, 16)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for j in range(0, 16, LANES):
            panel = pack(filters_kernel, 0, j, 27, 1)
            for oy in range(64):
                for tile in range(0, 64, ROWS_64_BY_1):
                    ox = min(tile, 64 - ROWS_64_BY_1)
                    i = (n * 64 + oy) * 64 + ox
                    acc = zeros(ROWS_64_BY_1, 1)
                    for ty in range(3):
                        row = (n * 66 + oy + ty) * 66 + ox
                        kk = ty * 9
                        for k in range(9):
                            acc = outer(acc, filters_pad_1, row, k, panel, kk + k, 0)
                    store(filters_1, i, j, acc + load(filters_bias, 0, j, 1, 1))


def predict(m):
    """The outputs of one batch."""
    filters_pad = m.rows(107276, 3468)
    thumbnail = m.rows(110744, 3072)
    filters = m.rows(65536, 16384)
    filters_pad_1 = m.rows(81920, 13068)
    picture = m.rows(94988, 12288)
    filters_1 = m.rows(0, 65536)
    return [
        m.feed("thumbnail", thumbnail, 3072),
        m.feed("picture", picture, 12288),
        compute_filters_pad(filters_pad, thumbnail),
        compute_filters(
            m.weight("filters/kernel"),
            filters_pad,
            m.weight("filters/bias"),
            filters,
        ),
        compute_filters_pad_1(filters_pad_1, picture),
        compute_filters_1(
            m.weight("filters/kernel"),
            filters_pad_1,
            m.weight("filters/bias"),
            filters_1,
        ),
        m.result("near", filters, 16384),
        m.result("far", filters_1, 65536),
    ]


SPEC = Spec(
    name="TwoShapes",
    source="13_two_shapes.k",
    version="0.1.0",
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
    programs = Programs(predict=(Steps(predict, 113816, 0, 4505600),))


SOURCE_NAME = "13_two_shapes.k"
SOURCE_MAP = {
    "compute_filters_pad": (11,),
    "compute_filters": (11,),
    "compute_filters_pad_1": (12,),
    "compute_filters_1": (12,),
}
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
