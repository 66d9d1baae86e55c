"""StridedInception, as native code.

Built by kgen 0.1.0 from 21_strided_inception.k; edit that, not this.

layer              kind              output                weights  line
conv2d             Conv2D            (batch, 32, 32, 64)       256    12
conv2d_1           Conv2D            (batch, 64, 64, 64)       256    13
conv2d_2           Conv2D            (batch, 32, 32, 64)    36,928    14
average_pooling2d  AveragePooling2D  (batch, 32, 32, 3)          0    15
conv2d_3           Conv2D            (batch, 32, 32, 64)     1,792    16
conv2d_4           Conv2D            (batch, 64, 64, 64)       256    17
conv2d_5           Conv2D            (batch, 64, 64, 64)    36,928    18
conv2d_6           Conv2D            (batch, 32, 32, 64)    36,928    19
concatenate        Concatenate       (batch, 32, 32, 256)        0    20
total              StridedInception                        113,344
"""

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

ROWS_32_BY_2 = rows_for(32, 2)
ROWS_32_BY_4 = rows_for(32, 4)
ROWS_64_BY_4 = rows_for(64, 4)

WEIGHTS = (
    Weight("conv2d/kernel", (1, 1, 3, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (64,), 192, "Zeros", {}),
    Weight("conv2d_1/kernel", (1, 1, 3, 64), 256, "GlorotUniform", {"seed": None}),
    Weight("conv2d_1/bias", (64,), 448, "Zeros", {}),
    Weight("conv2d_2/kernel", (3, 3, 64, 64), 512, "GlorotUniform", {"seed": None}),
    Weight("conv2d_2/bias", (64,), 37376, "Zeros", {}),
    Weight("conv2d_3/kernel", (3, 3, 3, 64), 37440, "GlorotUniform", {"seed": None}),
    Weight("conv2d_3/bias", (64,), 39168, "Zeros", {}),
    Weight("conv2d_4/kernel", (1, 1, 3, 64), 39232, "GlorotUniform", {"seed": None}),
    Weight("conv2d_4/bias", (64,), 39424, "Zeros", {}),
    Weight("conv2d_5/kernel", (3, 3, 64, 64), 39488, "GlorotUniform", {"seed": None}),
    Weight("conv2d_5/bias", (64,), 76352, "Zeros", {}),
    Weight("conv2d_6/kernel", (3, 3, 64, 64), 76416, "GlorotUniform", {"seed": None}),
    Weight("conv2d_6/bias", (64,), 113280, "Zeros", {}),
)


@kernel
def compute_conv2d(thread, threads, batch, clock, args):
    """Line 12 of the model. 524,288 FLOPs a row."""
    image = matrix(args, 0, batch * 4096, 3, 6)
    conv2d_kernel = matrix(args, 1, 3, 64)
    conv2d_bias = matrix(args, 2, 1, 64)
    conv2d = matrix(args, 3, batch * 1024, 64)
    first, last, left, right = share_block(clock, batch, 32, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 64, 2 * LANES):
            panel = pack(conv2d_kernel, 0, j, 3, 2)
            for oy in range(left, right):
                for tile in range(0, 32, ROWS_32_BY_2):
                    ox = min(tile, 32 - ROWS_32_BY_2)
                    i = (n * 32 + oy) * 32 + ox
                    acc = zeros(ROWS_32_BY_2, 2)
                    place = ((n * 64 + oy * 2) * 64) * 3
                    for k in range(3):
                        acc = outer(acc, image, ox, place + k, panel, k, 0)
                    conv2d_tile = maximum(acc + load(conv2d_bias, 0, j, 1, 2), 0.0)
                    store(conv2d, i, j, conv2d_tile)


@kernel
def compute_conv2d_1(thread, threads, batch, clock, args):
    """Lines 13, 17. 2,097,152 FLOPs a row."""
    image = matrix(args, 0, batch * 4096, 3)
    conv2d_1_kernel = matrix(args, 1, 3, 64)
    conv2d_1_bias = matrix(args, 2, 1, 64)
    conv2d_1 = matrix(args, 3, batch * 4096, 64)
    first, last = share_rows(clock, batch, 4096, ROWS, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(3):
                acc = outer(acc, image, i, k, conv2d_1_kernel, k, j)
            conv2d_1_tile = maximum(acc + load(conv2d_1_bias, 0, j, 1, 4), 0.0)
            store_rows(conv2d_1, i, j, conv2d_1_tile, last - i)


@kernel
def compute_conv2d_2(thread, threads, batch, clock, args):
    """Lines 14, 19. 75,628,544 FLOPs a row."""
    conv2d_1 = matrix(args, 0, batch * 4096, 64)
    conv2d_2_kernel = matrix(args, 1, 576, 64)
    conv2d_2_bias = matrix(args, 2, 1, 64)
    conv2d_2 = matrix(args, 3, batch * 1024, 64)
    first, last, left, right = share_block(clock, batch, 32, 3, thread, threads)
    for n in range(first, last):
        for top in range(left, right, 3):
            lines = workspace(29120, 64, 128)
            for p in range(7):
                place = p * 4160
                if top * 2 + p < 64:
                    copy_words(
                        lines, place, conv2d_1, (n * 64 + (top * 2 + p)) * 4096, 4096
                    )
                    fill_words(lines, place + 4096, 64, 0.0)
                else:
                    fill_words(lines, place, 4160, 0.0)
            for j in range(0, 64, 2 * LANES):
                panel = pack(conv2d_2_kernel, 0, j, 576, 2)
                for oy in range(top, min(top + 3, 32)):
                    for tile in range(0, 32, ROWS_32_BY_2):
                        ox = min(tile, 32 - ROWS_32_BY_2)
                        i = (n * 32 + oy) * 32 + ox
                        acc = zeros(ROWS_32_BY_2, 2)
                        for ty in range(3):
                            place = (((oy - top) * 2 + ty) * 65) * 64
                            kk = ty * 192
                            for k in range(192):
                                acc = outer(acc, lines, ox, place + k, panel, kk + k, 0)
                        conv2d_2_tile = maximum(
                            acc + load(conv2d_2_bias, 0, j, 1, 2), 0.0
                        )
                        store(conv2d_2, i, j, conv2d_2_tile)


@kernel
def compute_average_pooling2d(thread, threads, batch, clock, args):
    """Line 15 of the model. 27,648 FLOPs a row."""
    image = matrix(args, 0, batch * 4096, 3)
    average_pooling2d = matrix(args, 1, batch * 1024, 3)
    first, last, left, right = share_block(clock, batch, 32, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(32):
                i = (n * 32 + oy) * 32 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 3, LANES):
                    acc = full(1, 1, 0.0)
                    for iy in range(iy_first, min(iy_first + 3, 64)):
                        for ix in range(ix_first, min(ix_first + 3, 64)):
                            acc = acc + load(image, (n * 64 + iy) * 64 + ix, j, 1, 1)
                    acc = acc / (
                        (min(iy_first + 3, 64) - iy_first)
                        * (min(ix_first + 3, 64) - ix_first)
                    )
                    store(average_pooling2d, i, j, acc)


@kernel
def compute_conv2d_3(thread, threads, batch, clock, args):
    """Line 16 of the model. 3,670,016 FLOPs a row."""
    average_pooling2d = matrix(args, 0, batch * 1024, 3)
    conv2d_3_kernel = matrix(args, 1, 27, 64)
    conv2d_3_bias = matrix(args, 2, 1, 64)
    conv2d_3 = matrix(args, 3, batch * 1024, 64)
    first, last, left, right = share_block(clock, batch, 32, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(3468, 3, 3)
        for p in range(34):
            place = p * 102
            if p >= 1 and p < 33:
                fill_words(lines, place, 3, 0.0)
                copy_words(
                    lines, place + 3, average_pooling2d, (n * 32 + (p - 1)) * 96, 96
                )
                fill_words(lines, place + 99, 3, 0.0)
            else:
                fill_words(lines, place, 102, 0.0)
        for j in range(0, 64, 2 * LANES):
            panel = pack(conv2d_3_kernel, 0, j, 27, 2)
            for oy in range(left, right):
                for tile in range(0, 32, ROWS_32_BY_2):
                    ox = min(tile, 32 - ROWS_32_BY_2)
                    i = (n * 32 + oy) * 32 + ox
                    acc = zeros(ROWS_32_BY_2, 2)
                    for ty in range(3):
                        row = (oy + ty) * 34 + ox
                        kk = ty * 9
                        for k in range(9):
                            acc = outer(acc, lines, row, k, panel, kk + k, 0)
                    conv2d_3_tile = maximum(acc + load(conv2d_3_bias, 0, j, 1, 2), 0.0)
                    store(conv2d_3, i, j, conv2d_3_tile)


@kernel
def compute_conv2d_5_kernel_winograd(thread, threads, batch, clock, args):
    """Line 18 of the model. 258,048 FLOPs."""
    conv2d_5_kernel = matrix(args, 0, 576, 64)
    conv2d_5_kernel_winograd = matrix(args, 1, 1024, 64)
    first, last = share(64, 1, thread, threads)
    for k in range(first, last):
        for j in range(0, 64, LANES):
            lines = workspace(192, 16, 16)
            for t in range(3):
                d0 = load(conv2d_5_kernel, t * 64 + k, j, 1, 1)
                d1 = load(conv2d_5_kernel, t * 64 + k + 192, j, 1, 1)
                d2 = load(conv2d_5_kernel, t * 64 + k + 384, j, 1, 1)
                store(lines, t, 0, d0)
                store(lines, t + 3, 0, (d0 + d2 + d1) * 0.5)
                store(lines, t + 6, 0, (d0 + d2 - d1) * 0.5)
                store(lines, t + 9, 0, d2)
            for t in range(4):
                d0 = load(lines, t * 3, 0, 1, 1)
                d1 = load(lines, t * 3 + 1, 0, 1, 1)
                d2 = load(lines, t * 3 + 2, 0, 1, 1)
                store(conv2d_5_kernel_winograd, t * 256 + k, j, d0)
                store(
                    conv2d_5_kernel_winograd, t * 256 + k + 64, j, (d0 + d2 + d1) * 0.5
                )
                store(
                    conv2d_5_kernel_winograd, t * 256 + k + 128, j, (d0 + d2 - d1) * 0.5
                )
                store(conv2d_5_kernel_winograd, t * 256 + k + 192, j, d2)


@kernel
def compute_conv2d_5(thread, threads, batch, clock, args):
    """Line 18 of the model. 138,412,032 FLOPs a row."""
    conv2d_5_kernel_winograd = matrix(args, 0, 1024, 64)
    conv2d_4 = matrix(args, 1, batch * 4096, 64)
    conv2d_5_bias = matrix(args, 2, 1, 64)
    conv2d_5 = matrix(args, 3, batch * 4096, 64)
    first, last, left, right = share_block(clock, batch, 64, 4, thread, threads)
    for n in range(first, last):
        for top in range(left, right, 4):
            lines = workspace(25344, 64, 64)
            for p in range(6):
                place = p * 4224
                if top + p >= 1 and top + p < 65:
                    fill_words(lines, place, 64, 0.0)
                    copy_words(
                        lines,
                        place + 64,
                        conv2d_4,
                        (n * 64 + (top + p - 1)) * 4096,
                        4096,
                    )
                    fill_words(lines, place + 4160, 64, 0.0)
                else:
                    fill_words(lines, place, 4224, 0.0)
            for oy in range(top, min(top + 4, 64), 2):
                columns = workspace(16896, 64, 64)
                squares = workspace(8192, 64, 64)
                products = workspace(8192, 64, 64)
                sums = workspace(16384, 64, 64)
                for ix in range(0, 66, 2):
                    row = (oy - top) * 66 + ix
                    for c in range(0, 64, 2 * LANES):
                        d0 = load(lines, row, c, 2, 2)
                        d1 = load(lines, row + 66, c, 2, 2)
                        d2 = load(lines, row + 132, c, 2, 2)
                        d3 = load(lines, row + 198, c, 2, 2)
                        store(columns, ix, c, d0 - d2)
                        store(columns, ix + 66, c, d1 + d2)
                        store(columns, ix + 132, c, d2 - d1)
                        store(columns, ix + 198, c, d1 - d3)
                for ty in range(4):
                    for tile in range(32):
                        ix = ty * 66 + tile * 2
                        row = tile
                        for c in range(0, 64, 2 * LANES):
                            d0 = load(columns, ix, c, 1, 2)
                            d1 = load(columns, ix + 1, c, 1, 2)
                            d2 = load(columns, ix + 2, c, 1, 2)
                            d3 = load(columns, ix + 3, c, 1, 2)
                            store(squares, row, c, d0 - d2)
                            store(squares, row + 32, c, d1 + d2)
                            store(squares, row + 64, c, d2 - d1)
                            store(squares, row + 96, c, d1 - d3)
                    for j in range(0, 64, 4 * LANES):
                        for tx in range(4):
                            kk = (ty * 4 + tx) * 64
                            for tile in range(0, 32, ROWS_32_BY_4):
                                row = tx * 32 + min(tile, 32 - ROWS_32_BY_4)
                                acc = zeros(ROWS_32_BY_4, 4)
                                for k in range(64):
                                    acc = outer(
                                        acc,
                                        squares,
                                        row,
                                        k,
                                        conv2d_5_kernel_winograd,
                                        kk + k,
                                        j,
                                    )
                                store(products, row, 0, acc)
                        for tile in range(32):
                            row = (ty * 32 + tile) * 2
                            d0 = load(products, tile, 0, 1, 4)
                            d1 = load(products, tile + 32, 0, 1, 4)
                            d2 = load(products, tile + 64, 0, 1, 4)
                            d3 = load(products, tile + 96, 0, 1, 4)
                            store(sums, row, j, d0 + (d1 + d2))
                            store(sums, row + 1, j, (d1 - d2) - d3)
                for j in range(0, 64, 4 * LANES):
                    for side in range(2):
                        way = 1.0 - 2.0 * side
                        for tile in range(0, 64, ROWS_64_BY_4):
                            ox = min(tile, 64 - ROWS_64_BY_4)
                            i = (n * 64 + oy + side) * 64 + ox
                            row = ox
                            d0 = load(sums, row + side * 192, j, ROWS_64_BY_4, 4)
                            d1 = load(sums, row + 64, j, ROWS_64_BY_4, 4)
                            d2 = load(sums, row + 128, j, ROWS_64_BY_4, 4)
                            acc = d1 + way * (d2 + d0)
                            conv2d_5_tile = maximum(
                                acc + load(conv2d_5_bias, 0, j, 1, 4), 0.0
                            )
                            store(conv2d_5, i, j, conv2d_5_tile)


@kernel
def compute_concatenate(thread, threads, batch, clock, args):
    """Line 20 of the model."""
    conv2d = matrix(args, 0, batch * 1024, 64)
    conv2d_2 = matrix(args, 1, batch * 1024, 64)
    conv2d_3 = matrix(args, 2, batch * 1024, 64)
    conv2d_6 = matrix(args, 3, batch * 1024, 64)
    concatenate = matrix(args, 4, batch * 1024, 256)
    first, last = share_rows(clock, batch, 1024, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j, load(conv2d, i, j, 1, 4))
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j + 64, load(conv2d_2, i, j, 1, 4))
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j + 128, load(conv2d_3, i, j, 1, 4))
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j + 192, load(conv2d_6, i, j, 1, 4))


def predict(m):
    """The outputs of one batch."""
    image = m.rows(262144, 12288)
    conv2d = m.rows(524288, 65536)
    conv2d_1 = m.rows(0, 262144)
    conv2d_2 = m.rows(589824, 65536)
    average_pooling2d = m.rows(274432, 3072)
    conv2d_3 = m.rows(655360, 65536)
    conv2d_4 = m.rows(0, 262144)
    conv2d_5_kernel_winograd = m.fixed(0, 65536)
    conv2d_5 = m.rows(262144, 262144)
    conv2d_6 = m.rows(720896, 65536)
    concatenate = m.rows(0, 262144)
    return [
        m.feed("image", image, 12288),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_conv2d_1(
            image, m.weight("conv2d_1/kernel"), m.weight("conv2d_1/bias"), conv2d_1
        ),
        compute_conv2d_2(
            conv2d_1, m.weight("conv2d_2/kernel"), m.weight("conv2d_2/bias"), conv2d_2
        ),
        compute_average_pooling2d(image, average_pooling2d),
        sync,
        compute_conv2d_3(
            average_pooling2d,
            m.weight("conv2d_3/kernel"),
            m.weight("conv2d_3/bias"),
            conv2d_3,
        ),
        compute_conv2d_1(
            image, m.weight("conv2d_4/kernel"), m.weight("conv2d_4/bias"), conv2d_4
        ),
        compute_conv2d_5_kernel_winograd(
            m.weight("conv2d_5/kernel"), conv2d_5_kernel_winograd
        ),
        sync,
        compute_conv2d_5(
            conv2d_5_kernel_winograd, conv2d_4, m.weight("conv2d_5/bias"), conv2d_5
        ),
        sync,
        compute_conv2d_2(
            conv2d_5, m.weight("conv2d_6/kernel"), m.weight("conv2d_6/bias"), conv2d_6
        ),
        sync,
        compute_concatenate(conv2d, conv2d_2, conv2d_3, conv2d_6, concatenate),
        m.result("features", concatenate, 262144),
    ]


SPEC = Spec(
    name="StridedInception",
    source="21_strided_inception.k",
    version="0.1.0",
    fingerprint="9f3dc2549fb23ea3",
    inputs=(Input("image", "float32", (64, 64, 3)),),
    outputs=(Output("features", (32, 32, 256)),),
    targets=(),
    weights=WEIGHTS,
    metrics=(),
    layers=(
        Layer(
            "conv2d",
            "Conv2D",
            (32, 32, 64),
            256,
            524288,
            12,
            ("conv2d/kernel", "conv2d/bias"),
        ),
        Layer(
            "conv2d_1",
            "Conv2D",
            (64, 64, 64),
            256,
            2097152,
            13,
            ("conv2d_1/kernel", "conv2d_1/bias"),
        ),
        Layer(
            "conv2d_2",
            "Conv2D",
            (32, 32, 64),
            36928,
            75628544,
            14,
            ("conv2d_2/kernel", "conv2d_2/bias"),
        ),
        Layer("average_pooling2d", "AveragePooling2D", (32, 32, 3), 0, 27648, 15),
        Layer(
            "conv2d_3",
            "Conv2D",
            (32, 32, 64),
            1792,
            3670016,
            16,
            ("conv2d_3/kernel", "conv2d_3/bias"),
        ),
        Layer(
            "conv2d_4",
            "Conv2D",
            (64, 64, 64),
            256,
            2097152,
            17,
            ("conv2d_4/kernel", "conv2d_4/bias"),
        ),
        Layer(
            "conv2d_5",
            "Conv2D",
            (64, 64, 64),
            36928,
            302514176,
            18,
            ("conv2d_5/kernel", "conv2d_5/bias"),
        ),
        Layer(
            "conv2d_6",
            "Conv2D",
            (32, 32, 64),
            36928,
            75628544,
            19,
            ("conv2d_6/kernel", "conv2d_6/bias"),
        ),
        Layer("concatenate", "Concatenate", (32, 32, 256), 0, 0, 20),
    ),
    trainable=113344,
    size=113344,
    feeds=("image",),
    beside=(("conv2d", "conv2d_1"), ("conv2d_1", "conv2d_4"), ("conv2d_2", "conv2d_5")),
)


class StridedInception(Model):
    """Four ways to half the size."""

    spec = SPEC
    programs = Programs(
        predict=(Steps(predict, 786432, 65536, 298085376, by_tiles=False),)
    )


SOURCE_NAME = "21_strided_inception.k"
SOURCE_MAP = {
    "compute_conv2d": (12,),
    "compute_conv2d_1": (13, 17),
    "compute_conv2d_2": (14, 19),
    "compute_average_pooling2d": (15,),
    "compute_conv2d_3": (16,),
    "compute_conv2d_5_kernel_winograd": (18,),
    "compute_conv2d_5": (18,),
    "compute_concatenate": (20,),
}
SOURCE = """\
# An inception block whose branches halve the picture, each in its own way.
#
# With padding="valid" a window that does not fit is left out, the branches end at different
# sizes, and they cannot be put together: `kgen check -D padding=valid` says which do not fit.

param size = 64
param padding = "same"

model StridedInception:
    \"\"\"Four ways to half the size.\"\"\"
    input image: float32[size, size, 3]
    plain = image |> Conv2D(64, 1, strides=2, activation="relu", padding=padding)
    narrow = image |> Conv2D(64, 1, activation="relu", padding=padding)
        |> Conv2D(64, 3, strides=2, activation="relu", padding=padding)
    pooled = image |> AveragePooling2D(3, strides=2, padding=padding)
        |> Conv2D(64, 3, activation="relu", padding=padding)
    deep = image |> Conv2D(64, 1, activation="relu", padding=padding)
        |> Conv2D(64, 3, activation="relu", padding=padding)
        |> Conv2D(64, 3, strides=2, activation="relu", padding=padding)
    output features = Concatenate()([plain, narrow, pooled, deep])
"""
