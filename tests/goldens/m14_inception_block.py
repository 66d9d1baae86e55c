"""InceptionBlock, as native code.

Built by kgen 0.1.0 from 14_inception_block.k; edit that, not this.

layer          kind            output                  weights  line
conv2d         Conv2D          (batch, 256, 256, 64)       256     9
conv2d_1       Conv2D          (batch, 256, 256, 64)    36,928    10
conv2d_2       Conv2D          (batch, 256, 256, 64)       256    11
conv2d_3       Conv2D          (batch, 256, 256, 64)   102,464    12
max_pooling2d  MaxPooling2D    (batch, 256, 256, 3)          0    13
conv2d_4       Conv2D          (batch, 256, 256, 64)       256    14
concatenate    Concatenate     (batch, 256, 256, 192)        0    15
total          InceptionBlock                          140,160
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, rows_for
from kgen.runtime.model import Model
from kgen.runtime.spec import Input, Layer, Output, Spec, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    copy_words,
    fill_words,
    full,
    load,
    matrix,
    maximum,
    outer,
    pack,
    share,
    share_block,
    share_rows,
    store,
    store_rows,
    workspace,
    zeros,
)

ROWS_128_BY_4 = rows_for(128, 4)
ROWS_256_BY_2 = rows_for(256, 2)
ROWS_256_BY_4 = rows_for(256, 4)

WEIGHTS = (
    Weight("conv2d/kernel", (1, 1, 3, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (64,), 192, "Zeros", {}),
    Weight("conv2d_1/kernel", (3, 3, 64, 64), 256, "GlorotUniform", {"seed": None}),
    Weight("conv2d_1/bias", (64,), 37120, "Zeros", {}),
    Weight("conv2d_2/kernel", (1, 1, 3, 64), 37184, "GlorotUniform", {"seed": None}),
    Weight("conv2d_2/bias", (64,), 37376, "Zeros", {}),
    Weight("conv2d_3/kernel", (5, 5, 64, 64), 37440, "GlorotUniform", {"seed": None}),
    Weight("conv2d_3/bias", (64,), 139840, "Zeros", {}),
    Weight("conv2d_4/kernel", (1, 1, 3, 64), 139904, "GlorotUniform", {"seed": None}),
    Weight("conv2d_4/bias", (64,), 140096, "Zeros", {}),
)


@kernel
def compute_conv2d(thread, threads, batch, clock, args):
    """Lines 9, 11, 14. 33,554,432 FLOPs a row."""
    image = matrix(args, 0, batch * 65536, 3)
    conv2d_kernel = matrix(args, 1, 3, 64)
    conv2d_bias = matrix(args, 2, 1, 64)
    conv2d = matrix(args, 3, batch * 65536, 64)
    first, last = share_rows(clock, batch, 65536, ROWS, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(3):
                acc = outer(acc, image, i, k, conv2d_kernel, k, j)
            conv2d_tile = maximum(acc + load(conv2d_bias, 0, j, 1, 4), 0.0)
            store_rows(conv2d, i, j, conv2d_tile, last - i)


@kernel
def compute_conv2d_1_kernel_winograd(thread, threads, batch, clock, args):
    """Line 10 of the model. 258,048 FLOPs."""
    conv2d_1_kernel = matrix(args, 0, 576, 64)
    conv2d_1_kernel_winograd = matrix(args, 1, 1024, 64)
    first, last = share(64, 1, thread, threads)
    for k in range(first, last):
        for j in range(0, 64, LANES):
            lines = workspace(192, 16, 16)
            for t in range(3):
                d0 = load(conv2d_1_kernel, t * 64 + k, j, 1, 1)
                d1 = load(conv2d_1_kernel, t * 64 + k + 192, j, 1, 1)
                d2 = load(conv2d_1_kernel, t * 64 + k + 384, j, 1, 1)
                store(lines, t, 0, d0)
                store(lines, t + 3, 0, (d0 + d2 + d1) * 0.5)
                store(lines, t + 6, 0, (d0 + d2 - d1) * 0.5)
                store(lines, t + 9, 0, d2)
            for t in range(4):
                d0 = load(lines, t * 3, 0, 1, 1)
                d1 = load(lines, t * 3 + 1, 0, 1, 1)
                d2 = load(lines, t * 3 + 2, 0, 1, 1)
                store(conv2d_1_kernel_winograd, t * 256 + k, j, d0)
                store(
                    conv2d_1_kernel_winograd, t * 256 + k + 64, j, (d0 + d2 + d1) * 0.5
                )
                store(
                    conv2d_1_kernel_winograd, t * 256 + k + 128, j, (d0 + d2 - d1) * 0.5
                )
                store(conv2d_1_kernel_winograd, t * 256 + k + 192, j, d2)


@kernel
def compute_conv2d_1(thread, threads, batch, clock, args):
    """Line 10 of the model. 2,214,592,512 FLOPs a row."""
    conv2d_1_kernel_winograd = matrix(args, 0, 1024, 64)
    conv2d = matrix(args, 1, batch * 65536, 64)
    conv2d_1_bias = matrix(args, 2, 1, 64)
    conv2d_1 = matrix(args, 3, batch * 65536, 64)
    first, last, left, right = share_block(clock, batch, 256, 2, thread, threads)
    for n in range(first, last):
        for top in range(left, right, 2):
            lines = workspace(66048, 64, 64)
            for p in range(4):
                place = p * 16512
                if top + p >= 1 and top + p < 257:
                    fill_words(lines, place, 64, 0.0)
                    copy_words(
                        lines,
                        place + 64,
                        conv2d,
                        (n * 256 + (top + p - 1)) * 16384,
                        16384,
                    )
                    fill_words(lines, place + 16448, 64, 0.0)
                else:
                    fill_words(lines, place, 16512, 0.0)
            for oy in range(top, min(top + 2, 256), 2):
                columns = workspace(66048, 64, 64)
                squares = workspace(32768, 64, 64)
                products = workspace(32768, 64, 64)
                sums = workspace(65536, 64, 64)
                for ix in range(0, 258, 2):
                    row = (oy - top) * 258 + ix
                    for c in range(0, 64, 2 * LANES):
                        d0 = load(lines, row, c, 2, 2)
                        d1 = load(lines, row + 258, c, 2, 2)
                        d2 = load(lines, row + 516, c, 2, 2)
                        d3 = load(lines, row + 774, c, 2, 2)
                        store(columns, ix, c, d0 - d2)
                        store(columns, ix + 258, c, d1 + d2)
                        store(columns, ix + 516, c, d2 - d1)
                        store(columns, ix + 774, c, d1 - d3)
                for ty in range(4):
                    for tile in range(128):
                        ix = ty * 258 + tile * 2
                        row = tile
                        for c in range(0, 64, 2 * LANES):
                            d0 = load(columns, ix, c, 1, 2)
                            d1 = load(columns, ix + 1, c, 1, 2)
                            d2 = load(columns, ix + 2, c, 1, 2)
                            d3 = load(columns, ix + 3, c, 1, 2)
                            store(squares, row, c, d0 - d2)
                            store(squares, row + 128, c, d1 + d2)
                            store(squares, row + 256, c, d2 - d1)
                            store(squares, row + 384, c, d1 - d3)
                    for j in range(0, 64, 4 * LANES):
                        for tx in range(4):
                            kk = (ty * 4 + tx) * 64
                            for tile in range(0, 128, ROWS_128_BY_4):
                                row = tx * 128 + min(tile, 128 - ROWS_128_BY_4)
                                acc = zeros(ROWS_128_BY_4, 4)
                                for k in range(64):
                                    acc = outer(
                                        acc,
                                        squares,
                                        row,
                                        k,
                                        conv2d_1_kernel_winograd,
                                        kk + k,
                                        j,
                                    )
                                store(products, row, 0, acc)
                        for tile in range(128):
                            row = (ty * 128 + tile) * 2
                            d0 = load(products, tile, 0, 1, 4)
                            d1 = load(products, tile + 128, 0, 1, 4)
                            d2 = load(products, tile + 256, 0, 1, 4)
                            d3 = load(products, tile + 384, 0, 1, 4)
                            store(sums, row, j, d0 + (d1 + d2))
                            store(sums, row + 1, j, (d1 - d2) - d3)
                for j in range(0, 64, 4 * LANES):
                    for side in range(2):
                        way = 1.0 - 2.0 * side
                        for tile in range(0, 256, ROWS_256_BY_4):
                            ox = min(tile, 256 - ROWS_256_BY_4)
                            i = (n * 256 + oy + side) * 256 + ox
                            row = ox
                            d0 = load(sums, row + side * 768, j, ROWS_256_BY_4, 4)
                            d1 = load(sums, row + 256, j, ROWS_256_BY_4, 4)
                            d2 = load(sums, row + 512, j, ROWS_256_BY_4, 4)
                            acc = d1 + way * (d2 + d0)
                            conv2d_1_tile = maximum(
                                acc + load(conv2d_1_bias, 0, j, 1, 4), 0.0
                            )
                            store(conv2d_1, i, j, conv2d_1_tile)


@kernel
def compute_conv2d_3_pad(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    conv2d_3_pad = matrix(args, 0, batch * 67600, 64)
    conv2d_2 = matrix(args, 1, batch * 65536, 64)
    first, last, left, right = share_block(clock, batch, 260, 1, thread, threads)
    for n in range(first, last):
        for p in range(left, right):
            place = (n * 260 + p) * 16640
            if p >= 2 and p <= 257:
                fill_words(conv2d_3_pad, place, 128, 0.0)
                copy_words(
                    conv2d_3_pad,
                    place + 128,
                    conv2d_2,
                    (n * 256 + p - 2) * 16384,
                    16384,
                )
                fill_words(conv2d_3_pad, place + 128 + 16384, 128, 0.0)
            else:
                fill_words(conv2d_3_pad, place, 16640, 0.0)


@kernel
def compute_conv2d_3(thread, threads, batch, clock, args):
    """Line 12 of the model. 13,430,161,408 FLOPs a row."""
    conv2d_3_pad = matrix(args, 0, batch * 67600, 64)
    conv2d_3_kernel = matrix(args, 1, 1600, 64)
    conv2d_3_bias = matrix(args, 2, 1, 64)
    conv2d_3 = matrix(args, 3, batch * 65536, 64)
    first, last, left, right = share_block(clock, batch, 256, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 64, 2 * LANES):
            panel = pack(conv2d_3_kernel, 0, j, 1600, 2)
            for oy in range(left, right):
                for tile in range(0, 256, ROWS_256_BY_2):
                    ox = min(tile, 256 - ROWS_256_BY_2)
                    i = (n * 256 + oy) * 256 + ox
                    acc = zeros(ROWS_256_BY_2, 2)
                    for ty in range(5):
                        row = (n * 260 + oy + ty) * 260 + ox
                        kk = ty * 320
                        for k in range(320):
                            acc = outer(acc, conv2d_3_pad, row, k, panel, kk + k, 0)
                    conv2d_3_tile = maximum(acc + load(conv2d_3_bias, 0, j, 1, 2), 0.0)
                    store(conv2d_3, i, j, conv2d_3_tile)


@kernel
def compute_max_pooling2d(thread, threads, batch, clock, args):
    """Line 13 of the model. 1,769,472 FLOPs a row."""
    image = matrix(args, 0, batch * 65536, 3)
    max_pooling2d = matrix(args, 1, batch * 65536, 3)
    first, last, left, right = share_block(clock, batch, 256, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(256):
                i = (n * 256 + oy) * 256 + ox
                iy_first = oy - 1
                ix_first = ox - 1
                for j in range(0, 3, LANES):
                    acc = full(1, 1, -np.inf)
                    for iy in range(max(iy_first, 0), min(iy_first + 3, 256)):
                        for ix in range(max(ix_first, 0), min(ix_first + 3, 256)):
                            acc = maximum(
                                acc, load(image, (n * 256 + iy) * 256 + ix, j, 1, 1)
                            )
                    store(max_pooling2d, i, j, acc)


@kernel
def compute_concatenate(thread, threads, batch, clock, args):
    """Line 15 of the model."""
    conv2d_1 = matrix(args, 0, batch * 65536, 64)
    conv2d_3 = matrix(args, 1, batch * 65536, 64)
    conv2d_4 = matrix(args, 2, batch * 65536, 64)
    concatenate = matrix(args, 3, batch * 65536, 192)
    first, last = share_rows(clock, batch, 65536, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j, load(conv2d_1, i, j, 1, 4))
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j + 64, load(conv2d_3, i, j, 1, 4))
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j + 128, load(conv2d_4, i, j, 1, 4))


def predict(m):
    """The outputs of one batch."""
    image = m.rows(8520704, 196608)
    conv2d = m.rows(12582912, 4194304)
    conv2d_2 = m.rows(4326400, 4194304)
    conv2d_3_pad = m.rows(0, 4326400)
    conv2d_3 = m.rows(16777216, 4194304)
    max_pooling2d = m.rows(8717312, 196608)
    conv2d_4 = m.rows(20971520, 4194304)
    conv2d_1_kernel_winograd = m.fixed(0, 65536)
    conv2d_1 = m.rows(25165824, 4194304)
    concatenate = m.rows(0, 12582912)
    return [
        m.feed("image", image, 196608),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_conv2d(
            image, m.weight("conv2d_2/kernel"), m.weight("conv2d_2/bias"), conv2d_2
        ),
        compute_conv2d_3_pad(conv2d_3_pad, conv2d_2),
        compute_conv2d_3(
            conv2d_3_pad,
            m.weight("conv2d_3/kernel"),
            m.weight("conv2d_3/bias"),
            conv2d_3,
        ),
        compute_max_pooling2d(image, max_pooling2d),
        compute_conv2d(
            max_pooling2d,
            m.weight("conv2d_4/kernel"),
            m.weight("conv2d_4/bias"),
            conv2d_4,
        ),
        compute_conv2d_1_kernel_winograd(
            m.weight("conv2d_1/kernel"), conv2d_1_kernel_winograd
        ),
        sync,
        compute_conv2d_1(
            conv2d_1_kernel_winograd, conv2d, m.weight("conv2d_1/bias"), conv2d_1
        ),
        compute_concatenate(conv2d_1, conv2d_3, conv2d_4, concatenate),
        m.result("features", concatenate, 12582912),
    ]


SPEC = Spec(
    name="InceptionBlock",
    source="14_inception_block.k",
    version="0.1.0",
    fingerprint="0e26684d55ff7eaf",
    inputs=(Input("image", "float32", (256, 256, 3)),),
    outputs=(Output("features", (256, 256, 192)),),
    targets=(),
    weights=WEIGHTS,
    metrics=(),
    layers=(
        Layer(
            "conv2d",
            "Conv2D",
            (256, 256, 64),
            256,
            33554432,
            9,
            ("conv2d/kernel", "conv2d/bias"),
        ),
        Layer(
            "conv2d_1",
            "Conv2D",
            (256, 256, 64),
            36928,
            4840226816,
            10,
            ("conv2d_1/kernel", "conv2d_1/bias"),
        ),
        Layer(
            "conv2d_2",
            "Conv2D",
            (256, 256, 64),
            256,
            33554432,
            11,
            ("conv2d_2/kernel", "conv2d_2/bias"),
        ),
        Layer(
            "conv2d_3",
            "Conv2D",
            (256, 256, 64),
            102464,
            13430161408,
            12,
            ("conv2d_3/kernel", "conv2d_3/bias"),
        ),
        Layer("max_pooling2d", "MaxPooling2D", (256, 256, 3), 0, 1769472, 13),
        Layer(
            "conv2d_4",
            "Conv2D",
            (256, 256, 64),
            256,
            33554432,
            14,
            ("conv2d_4/kernel", "conv2d_4/bias"),
        ),
        Layer("concatenate", "Concatenate", (256, 256, 192), 0, 0, 15),
    ),
    trainable=140160,
    size=140160,
    feeds=("image",),
    beside=(("conv2d", "conv2d_2"), ("conv2d_2", "conv2d_4")),
)


class InceptionBlock(Model):
    """3x3, 5x5 and pooled features side by side."""

    spec = SPEC
    programs = Programs(
        predict=(Steps(predict, 29360128, 65536, 15747186688, by_tiles=False),)
    )


SOURCE_NAME = "14_inception_block.k"
SOURCE_MAP = {
    "compute_conv2d": (9, 11, 14),
    "compute_conv2d_1_kernel_winograd": (10,),
    "compute_conv2d_1": (10,),
    "compute_conv2d_3_pad": (12,),
    "compute_conv2d_3": (12,),
    "compute_max_pooling2d": (13,),
    "compute_concatenate": (15,),
}
SOURCE = """\
# A block of an inception net: three towers see the same picture at different widths.

param size = 256
param filters = 64

model InceptionBlock:
    \"\"\"3x3, 5x5 and pooled features side by side.\"\"\"
    input image: float32[size, size, 3]
    narrow = image |> Conv2D(filters, 1, padding="same", activation="relu")
        |> Conv2D(filters, 3, padding="same", activation="relu")
    wide = image |> Conv2D(filters, 1, padding="same", activation="relu")
        |> Conv2D(filters, 5, padding="same", activation="relu")
    pooled = image |> MaxPooling2D(3, strides=1, padding="same")
        |> Conv2D(filters, 1, padding="same", activation="relu")
    output features = Concatenate()([narrow, wide, pooled])
"""
