"""KeptSize and Projected, as native code.

Built by kgen 0.1.0 from 22_residuals.k; edit that, not this.

layer     kind      output              weights  line
conv2d    Conv2D    (batch, 32, 32, 3)      228    11
conv2d_1  Conv2D    (batch, 32, 32, 3)      228    11
conv2d_2  Conv2D    (batch, 32, 32, 3)      228    11
add       Add       (batch, 32, 32, 3)        0    12
total     KeptSize                          684

layer          kind          output               weights  line
conv2d         Conv2D        (batch, 28, 28, 16)    1,216    17
conv2d_1       Conv2D        (batch, 24, 24, 16)    6,416    17
conv2d_2       Conv2D        (batch, 22, 22, 16)    2,320    17
max_pooling2d  MaxPooling2D  (batch, 11, 11, 16)        0    17
conv2d_3       Conv2D        (batch, 11, 11, 16)       64    18
add            Add           (batch, 11, 11, 16)        0    19
total          Projected                           10,016
"""

import numpy as np
from kgen.runtime.kernels import kernel
from kgen.runtime.memory import Programs, Steps, rows_for
from kgen.runtime.model import Model
from kgen.runtime.spec import Input, Layer, Output, Spec, Weight
from kgen.runtime.tiles import (
    LANES,
    copy_words,
    fill_words,
    full,
    load,
    matrix,
    maximum,
    outer,
    share_block,
    store,
    workspace,
    zeros,
)

ROWS_11_BY_1 = rows_for(11, 1)
ROWS_22_BY_1 = rows_for(22, 1)
ROWS_24_BY_1 = rows_for(24, 1)
ROWS_28_BY_1 = rows_for(28, 1)
ROWS_32_BY_1 = rows_for(32, 1)

KEPT_SIZE_WEIGHTS = (
    Weight("conv2d/kernel", (5, 5, 3, 3), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (3,), 240, "Zeros", {}),
    Weight("conv2d_1/kernel", (5, 5, 3, 3), 256, "GlorotUniform", {"seed": None}),
    Weight("conv2d_1/bias", (3,), 496, "Zeros", {}),
    Weight("conv2d_2/kernel", (5, 5, 3, 3), 512, "GlorotUniform", {"seed": None}),
    Weight("conv2d_2/bias", (3,), 752, "Zeros", {}),
)

PROJECTED_WEIGHTS = (
    Weight("conv2d/kernel", (5, 5, 3, 16), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (16,), 1200, "Zeros", {}),
    Weight("conv2d_1/kernel", (5, 5, 16, 16), 1216, "GlorotUniform", {"seed": None}),
    Weight("conv2d_1/bias", (16,), 7616, "Zeros", {}),
    Weight("conv2d_2/kernel", (3, 3, 16, 16), 7632, "GlorotUniform", {"seed": None}),
    Weight("conv2d_2/bias", (16,), 9936, "Zeros", {}),
    Weight("conv2d_3/kernel", (1, 1, 3, 16), 9952, "GlorotUniform", {"seed": None}),
    Weight("conv2d_3/bias", (16,), 10000, "Zeros", {}),
)


@kernel
def compute_conv2d(thread, threads, batch, clock, args):
    """Line 11 of the model. 463,872 FLOPs a row."""
    image = matrix(args, 0, batch * 1024, 3)
    conv2d_kernel = matrix(args, 1, 75, 3)
    conv2d_bias = matrix(args, 2, 1, 3)
    conv2d = matrix(args, 3, batch * 1024, 3)
    first, last, left, right = share_block(clock, batch, 32, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(3888, 3, 3)
        for p in range(36):
            place = p * 108
            if p >= 2 and p < 34:
                fill_words(lines, place, 6, 0.0)
                copy_words(lines, place + 6, image, (n * 32 + (p - 2)) * 96, 96)
                fill_words(lines, place + 102, 6, 0.0)
            else:
                fill_words(lines, place, 108, 0.0)
        for j in range(0, 3, LANES):
            for oy in range(left, right):
                for tile in range(0, 32, ROWS_32_BY_1):
                    ox = min(tile, 32 - ROWS_32_BY_1)
                    i = (n * 32 + oy) * 32 + ox
                    acc = zeros(ROWS_32_BY_1, 1)
                    for ty in range(5):
                        row = (oy + ty) * 36 + ox
                        kk = ty * 15
                        for k in range(3):
                            acc = outer(acc, lines, row, k, conv2d_kernel, kk + k, j)
                            acc = outer(
                                acc, lines, row, k + 3, conv2d_kernel, kk + k + 3, j
                            )
                            acc = outer(
                                acc, lines, row, k + 6, conv2d_kernel, kk + k + 6, j
                            )
                            acc = outer(
                                acc, lines, row, k + 9, conv2d_kernel, kk + k + 9, j
                            )
                            acc = outer(
                                acc, lines, row, k + 12, conv2d_kernel, kk + k + 12, j
                            )
                    store(conv2d, i, j, acc + load(conv2d_bias, 0, j, 1, 1))


@kernel
def compute_add(thread, threads, batch, clock, args):
    """Lines 11, 12. 466,944 FLOPs a row."""
    conv2d_1 = matrix(args, 0, batch * 1024, 3)
    conv2d_2_kernel = matrix(args, 1, 75, 3)
    conv2d_2_bias = matrix(args, 2, 1, 3)
    image = matrix(args, 3, batch * 1024, 3)
    add = matrix(args, 4, batch * 1024, 3)
    first, last, left, right = share_block(clock, batch, 32, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(3888, 3, 3)
        for p in range(36):
            place = p * 108
            if p >= 2 and p < 34:
                fill_words(lines, place, 6, 0.0)
                copy_words(lines, place + 6, conv2d_1, (n * 32 + (p - 2)) * 96, 96)
                fill_words(lines, place + 102, 6, 0.0)
            else:
                fill_words(lines, place, 108, 0.0)
        for j in range(0, 3, LANES):
            for oy in range(left, right):
                for tile in range(0, 32, ROWS_32_BY_1):
                    ox = min(tile, 32 - ROWS_32_BY_1)
                    i = (n * 32 + oy) * 32 + ox
                    acc = zeros(ROWS_32_BY_1, 1)
                    for ty in range(5):
                        row = (oy + ty) * 36 + ox
                        kk = ty * 15
                        for k in range(3):
                            acc = outer(acc, lines, row, k, conv2d_2_kernel, kk + k, j)
                            acc = outer(
                                acc, lines, row, k + 3, conv2d_2_kernel, kk + k + 3, j
                            )
                            acc = outer(
                                acc, lines, row, k + 6, conv2d_2_kernel, kk + k + 6, j
                            )
                            acc = outer(
                                acc, lines, row, k + 9, conv2d_2_kernel, kk + k + 9, j
                            )
                            acc = outer(
                                acc, lines, row, k + 12, conv2d_2_kernel, kk + k + 12, j
                            )
                    conv2d_2 = acc + load(conv2d_2_bias, 0, j, 1, 1)
                    store(add, i, j, conv2d_2 + load(image, i, j, ROWS_32_BY_1, 1))


@kernel
def compute_conv2d_2(thread, threads, batch, clock, args):
    """Line 17 of the model. 1,894,144 FLOPs a row."""
    image = matrix(args, 0, batch * 1024, 3)
    conv2d_kernel = matrix(args, 1, 75, 16)
    conv2d_bias = matrix(args, 2, 1, 16)
    conv2d = matrix(args, 3, batch * 784, 16)
    first, last, left, right = share_block(clock, batch, 28, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 16, LANES):
            for oy in range(left, right):
                for tile in range(0, 28, ROWS_28_BY_1):
                    ox = min(tile, 28 - ROWS_28_BY_1)
                    i = (n * 28 + oy) * 28 + ox
                    acc = zeros(ROWS_28_BY_1, 1)
                    for ty in range(5):
                        row = (n * 32 + oy + ty) * 32 + ox
                        kk = ty * 15
                        for k in range(3):
                            acc = outer(acc, image, row, k, conv2d_kernel, kk + k, j)
                            acc = outer(
                                acc, image, row, k + 3, conv2d_kernel, kk + k + 3, j
                            )
                            acc = outer(
                                acc, image, row, k + 6, conv2d_kernel, kk + k + 6, j
                            )
                            acc = outer(
                                acc, image, row, k + 9, conv2d_kernel, kk + k + 9, j
                            )
                            acc = outer(
                                acc, image, row, k + 12, conv2d_kernel, kk + k + 12, j
                            )
                    store(conv2d, i, j, acc + load(conv2d_bias, 0, j, 1, 1))


@kernel
def compute_conv2d_1(thread, threads, batch, clock, args):
    """Line 17 of the model. 7,382,016 FLOPs a row."""
    conv2d = matrix(args, 0, batch * 784, 16)
    conv2d_1_kernel = matrix(args, 1, 400, 16)
    conv2d_1_bias = matrix(args, 2, 1, 16)
    conv2d_1 = matrix(args, 3, batch * 576, 16)
    first, last, left, right = share_block(clock, batch, 24, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 16, LANES):
            for oy in range(left, right):
                for tile in range(0, 24, ROWS_24_BY_1):
                    ox = min(tile, 24 - ROWS_24_BY_1)
                    i = (n * 24 + oy) * 24 + ox
                    acc = zeros(ROWS_24_BY_1, 1)
                    for ty in range(5):
                        row = (n * 28 + oy + ty) * 28 + ox
                        kk = ty * 80
                        for k in range(16):
                            acc = outer(acc, conv2d, row, k, conv2d_1_kernel, kk + k, j)
                            acc = outer(
                                acc,
                                conv2d,
                                row,
                                k + 16,
                                conv2d_1_kernel,
                                kk + k + 16,
                                j,
                            )
                            acc = outer(
                                acc,
                                conv2d,
                                row,
                                k + 32,
                                conv2d_1_kernel,
                                kk + k + 32,
                                j,
                            )
                            acc = outer(
                                acc,
                                conv2d,
                                row,
                                k + 48,
                                conv2d_1_kernel,
                                kk + k + 48,
                                j,
                            )
                            acc = outer(
                                acc,
                                conv2d,
                                row,
                                k + 64,
                                conv2d_1_kernel,
                                kk + k + 64,
                                j,
                            )
                    store(conv2d_1, i, j, acc + load(conv2d_1_bias, 0, j, 1, 1))


@kernel
def compute_conv2d_2_2(thread, threads, batch, clock, args):
    """Line 17 of the model. 2,238,016 FLOPs a row."""
    conv2d_1 = matrix(args, 0, batch * 576, 16)
    conv2d_2_kernel = matrix(args, 1, 144, 16)
    conv2d_2_bias = matrix(args, 2, 1, 16)
    conv2d_2 = matrix(args, 3, batch * 484, 16)
    first, last, left, right = share_block(clock, batch, 22, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 16, LANES):
            for oy in range(left, right):
                for tile in range(0, 22, ROWS_22_BY_1):
                    ox = min(tile, 22 - ROWS_22_BY_1)
                    i = (n * 22 + oy) * 22 + ox
                    acc = zeros(ROWS_22_BY_1, 1)
                    for ty in range(3):
                        row = (n * 24 + oy + ty) * 24 + ox
                        kk = ty * 48
                        for k in range(16):
                            acc = outer(
                                acc, conv2d_1, row, k, conv2d_2_kernel, kk + k, j
                            )
                            acc = outer(
                                acc,
                                conv2d_1,
                                row,
                                k + 16,
                                conv2d_2_kernel,
                                kk + k + 16,
                                j,
                            )
                            acc = outer(
                                acc,
                                conv2d_1,
                                row,
                                k + 32,
                                conv2d_2_kernel,
                                kk + k + 32,
                                j,
                            )
                    store(conv2d_2, i, j, acc + load(conv2d_2_bias, 0, j, 1, 1))


@kernel
def compute_max_pooling2d(thread, threads, batch, clock, args):
    """Line 17 of the model. 7,744 FLOPs a row."""
    conv2d_2 = matrix(args, 0, batch * 484, 16)
    max_pooling2d = matrix(args, 1, batch * 121, 16)
    first, last, left, right = share_block(clock, batch, 11, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(11):
                i = (n * 11 + oy) * 11 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 16, LANES):
                    acc = full(1, 1, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc, load(conv2d_2, (n * 22 + iy) * 22 + ix, j, 1, 1)
                            )
                    store(max_pooling2d, i, j, acc)


@kernel
def compute_add_2(thread, threads, batch, clock, args):
    """Lines 18, 19. 15,488 FLOPs a row."""
    image = matrix(args, 0, batch * 1024, 3, 9)
    conv2d_3_kernel = matrix(args, 1, 3, 16)
    conv2d_3_bias = matrix(args, 2, 1, 16)
    max_pooling2d = matrix(args, 3, batch * 121, 16)
    add = matrix(args, 4, batch * 121, 16)
    first, last, left, right = share_block(clock, batch, 11, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 16, LANES):
            for oy in range(left, right):
                for tile in range(0, 11, ROWS_11_BY_1):
                    ox = min(tile, 11 - ROWS_11_BY_1)
                    i = (n * 11 + oy) * 11 + ox
                    acc = zeros(ROWS_11_BY_1, 1)
                    place = ((n * 32 + oy * 3) * 32) * 3
                    for k in range(3):
                        acc = outer(acc, image, ox, place + k, conv2d_3_kernel, k, j)
                    conv2d_3 = acc + load(conv2d_3_bias, 0, j, 1, 1)
                    add_tile = load(max_pooling2d, i, j, ROWS_11_BY_1, 1) + conv2d_3
                    store(add, i, j, add_tile)


def kept_size_predict(m):
    """The outputs of one batch."""
    image = m.rows(0, 3072)
    conv2d = m.rows(3072, 3072)
    conv2d_1 = m.rows(6144, 3072)
    add = m.rows(9216, 3072)
    return [
        m.feed("image", image, 3072),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_conv2d(
            conv2d, m.weight("conv2d_1/kernel"), m.weight("conv2d_1/bias"), conv2d_1
        ),
        compute_add(
            conv2d_1, m.weight("conv2d_2/kernel"), m.weight("conv2d_2/bias"), image, add
        ),
        m.result("y", add, 3072),
    ]


KEPT_SIZE_SPEC = Spec(
    name="KeptSize",
    source="22_residuals.k",
    version="0.1.0",
    fingerprint="0db657fa718e9b57",
    inputs=(Input("image", "float32", (32, 32, 3)),),
    outputs=(Output("y", (32, 32, 3)),),
    targets=(),
    weights=KEPT_SIZE_WEIGHTS,
    metrics=(),
    layers=(
        Layer(
            "conv2d",
            "Conv2D",
            (32, 32, 3),
            228,
            463872,
            11,
            ("conv2d/kernel", "conv2d/bias"),
        ),
        Layer(
            "conv2d_1",
            "Conv2D",
            (32, 32, 3),
            228,
            463872,
            11,
            ("conv2d_1/kernel", "conv2d_1/bias"),
        ),
        Layer(
            "conv2d_2",
            "Conv2D",
            (32, 32, 3),
            228,
            463872,
            11,
            ("conv2d_2/kernel", "conv2d_2/bias"),
        ),
        Layer("add", "Add", (32, 32, 3), 0, 3072, 12),
    ),
    trainable=768,
    size=768,
    feeds=("image",),
)


class KeptSize(Model):
    """Three convolutions, and their input added."""

    spec = KEPT_SIZE_SPEC
    programs = Programs(
        predict=(Steps(kept_size_predict, 12288, 0, 1394688, lot=40, by_tiles=False),)
    )


def projected_predict(m):
    """The outputs of one batch."""
    image = m.rows(29504, 3072)
    conv2d = m.rows(0, 12544)
    conv2d_1 = m.rows(12544, 9216)
    conv2d_2 = m.rows(21760, 7744)
    max_pooling2d = m.rows(32576, 1936)
    add = m.rows(34512, 1936)
    return [
        m.feed("image", image, 3072),
        compute_conv2d_2(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_conv2d_1(
            conv2d, m.weight("conv2d_1/kernel"), m.weight("conv2d_1/bias"), conv2d_1
        ),
        compute_conv2d_2_2(
            conv2d_1, m.weight("conv2d_2/kernel"), m.weight("conv2d_2/bias"), conv2d_2
        ),
        compute_max_pooling2d(conv2d_2, max_pooling2d),
        compute_add_2(
            image,
            m.weight("conv2d_3/kernel"),
            m.weight("conv2d_3/bias"),
            max_pooling2d,
            add,
        ),
        m.result("y", add, 1936),
    ]


PROJECTED_SPEC = Spec(
    name="Projected",
    source="22_residuals.k",
    version="0.1.0",
    fingerprint="cedb75632fb47354",
    inputs=(Input("image", "float32", (32, 32, 3)),),
    outputs=(Output("y", (11, 11, 16)),),
    targets=(),
    weights=PROJECTED_WEIGHTS,
    metrics=(),
    layers=(
        Layer(
            "conv2d",
            "Conv2D",
            (28, 28, 16),
            1216,
            1894144,
            17,
            ("conv2d/kernel", "conv2d/bias"),
        ),
        Layer(
            "conv2d_1",
            "Conv2D",
            (24, 24, 16),
            6416,
            7382016,
            17,
            ("conv2d_1/kernel", "conv2d_1/bias"),
        ),
        Layer(
            "conv2d_2",
            "Conv2D",
            (22, 22, 16),
            2320,
            2238016,
            17,
            ("conv2d_2/kernel", "conv2d_2/bias"),
        ),
        Layer("max_pooling2d", "MaxPooling2D", (11, 11, 16), 0, 7744, 17),
        Layer(
            "conv2d_3",
            "Conv2D",
            (11, 11, 16),
            64,
            13552,
            18,
            ("conv2d_3/kernel", "conv2d_3/bias"),
        ),
        Layer("add", "Add", (11, 11, 16), 0, 1936, 19),
    ),
    trainable=10016,
    size=10016,
    feeds=("image",),
)


class Projected(Model):
    """Convolutions that shrink, and a projection of their input added."""

    spec = PROJECTED_SPEC
    programs = Programs(
        predict=(Steps(projected_predict, 36448, 0, 11537408, lot=8, by_tiles=False),)
    )


SOURCE_NAME = "22_residuals.k"
SOURCE_MAP = {
    "compute_conv2d": (11,),
    "compute_add": (11, 12),
    "compute_conv2d_2": (17,),
    "compute_conv2d_1": (17,),
    "compute_conv2d_2_2": (17,),
    "compute_max_pooling2d": (17,),
    "compute_add_2": (18, 19),
}
SOURCE = """\
# Residual connections in two forms: one keeps the size, so that the input can be added as it is;
# the other shrinks the picture, and a 1x1 convolution with strides brings the input to that size.

param size = 32

model KeptSize:
    \"\"\"Three convolutions, and their input added.\"\"\"
    input image: float32[size, size, 3]
    x = image
    for _ in range(3):
        x = x |> Conv2D(3, 5, padding="same")
    output y = Add()([x, image])

model Projected:
    \"\"\"Convolutions that shrink, and a projection of their input added.\"\"\"
    input image: float32[size, size, 3]
    x = image |> Conv2D(16, 5) |> Conv2D(16, 5) |> Conv2D(16, 3) |> MaxPooling2D(2)
    projection = image |> Conv2D(16, 1, strides=3)
    output y = Add()([x, projection])
"""
