"""DigitVision and SameDigit, as native code.

Built by kgen 0.1.0 from 16_same_digit.k; edit that, not this.

layer          kind          output               weights  line
conv2d         Conv2D        (batch, 25, 25, 64)      640     9
conv2d_1       Conv2D        (batch, 23, 23, 64)   36,928     9
max_pooling2d  MaxPooling2D  (batch, 11, 11, 64)        0     9
flatten        Flatten       (batch, 7744)              0    10
total          DigitVision                         37,568

layer                 kind          output               weights  line
vision/conv2d         Conv2D        (batch, 25, 25, 64)      640     9
vision/conv2d_1       Conv2D        (batch, 23, 23, 64)   36,928     9
vision/max_pooling2d  MaxPooling2D  (batch, 11, 11, 64)        0     9
vision/flatten        Flatten       (batch, 7744)              0    10
concatenate           Concatenate   (batch, 15488)             0    17
dense                 Dense         (batch, 1)            15,489    17
total                 SameDigit                           53,057
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, rows_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, View, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    absolute,
    copy_words,
    exp,
    fill_words,
    full,
    load,
    load_scalar,
    log1p,
    matrix,
    maximum,
    outer,
    outer_t,
    pack,
    pack_t,
    prefetch_write,
    row_sum,
    select,
    share,
    share_batch,
    share_block,
    sigmoid,
    sqrt,
    square,
    store,
    store_rows,
    transpose_block,
    workspace,
    zeros,
)

ROWS_3_BY_4 = rows_for(3, 4)
ROWS_23_BY_2 = rows_for(23, 2)
ROWS_25_BY_2 = rows_for(25, 2)
ROWS_192_BY_2 = rows_for(192, 2)

DIGIT_VISION_WEIGHTS = (
    Weight("conv2d/kernel", (3, 3, 1, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (64,), 576, "Zeros", {}),
    Weight("conv2d_1/kernel", (3, 3, 64, 64), 640, "GlorotUniform", {"seed": None}),
    Weight("conv2d_1/bias", (64,), 37504, "Zeros", {}),
)

SAME_DIGIT_WEIGHTS = (
    Weight("vision/conv2d/kernel", (3, 3, 1, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("vision/conv2d/bias", (64,), 576, "Zeros", {}),
    Weight(
        "vision/conv2d_1/kernel", (3, 3, 64, 64), 640, "GlorotUniform", {"seed": None}
    ),
    Weight("vision/conv2d_1/bias", (64,), 37504, "Zeros", {}),
    Weight("dense/kernel", (15488, 1), 37568, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (1,), 53056, "Zeros", {}),
)


@kernel
def compute_conv2d(thread, threads, batch, clock, args):
    """Line 9 of the model. 760,000 FLOPs a row."""
    digit = matrix(args, 0, batch * 729, 1)
    conv2d_kernel = matrix(args, 1, 9, 64)
    conv2d_bias = matrix(args, 2, 1, 64)
    conv2d = matrix(args, 3, batch * 625, 64)
    first, last, left, right = share_block(clock, batch, 25, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 64, 2 * LANES):
            panel = pack(conv2d_kernel, 0, j, 9, 2)
            for oy in range(left, right):
                for tile in range(0, 25, ROWS_25_BY_2):
                    ox = min(tile, 25 - ROWS_25_BY_2)
                    i = (n * 25 + oy) * 25 + ox
                    acc = zeros(ROWS_25_BY_2, 2)
                    for ty in range(3):
                        row = (n * 27 + oy + ty) * 27 + ox
                        kk = ty * 3
                        for k in range(3):
                            acc = outer(acc, digit, row, k, panel, kk + k, 0)
                    store(conv2d, i, j, acc + load(conv2d_bias, 0, j, 1, 2))


@kernel
def compute_conv2d_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 39,035,968 FLOPs a row."""
    conv2d = matrix(args, 0, batch * 625, 64)
    conv2d_1_kernel = matrix(args, 1, 576, 64)
    conv2d_1_bias = matrix(args, 2, 1, 64)
    conv2d_1 = matrix(args, 3, batch * 529, 64)
    first, last, left, right = share_block(clock, batch, 23, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 64, 2 * LANES):
            panel = pack(conv2d_1_kernel, 0, j, 576, 2)
            for oy in range(left, right):
                for tile in range(0, 23, ROWS_23_BY_2):
                    ox = min(tile, 23 - ROWS_23_BY_2)
                    i = (n * 23 + oy) * 23 + ox
                    acc = zeros(ROWS_23_BY_2, 2)
                    for ty in range(3):
                        row = (n * 25 + oy + ty) * 25 + ox
                        kk = ty * 192
                        for k in range(192):
                            acc = outer(acc, conv2d, row, k, panel, kk + k, 0)
                    store(conv2d_1, i, j, acc + load(conv2d_1_bias, 0, j, 1, 2))


@kernel
def compute_max_pooling2d(thread, threads, batch, clock, args):
    """Line 9 of the model. 30,976 FLOPs a row."""
    conv2d_1 = matrix(args, 0, batch * 529, 64)
    max_pooling2d = matrix(args, 1, batch * 121, 64)
    first, last, left, right = share_block(clock, batch, 11, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(11):
                i = (n * 11 + oy) * 11 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    acc = full(1, 4, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc, load(conv2d_1, (n * 23 + iy) * 23 + ix, j, 1, 4)
                            )
                    store(max_pooling2d, i, j, acc)


@kernel
def compute_concatenate(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    vision_max_pooling2d = matrix(args, 0, batch, 7744)
    vision_max_pooling2d_1 = matrix(args, 1, batch, 7744)
    concatenate = matrix(args, 2, batch, 15488)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 7744, 4 * LANES):
            store(concatenate, i, j, load(vision_max_pooling2d, i, j, 1, 4))
        for j in range(0, 7744, 4 * LANES):
            store(concatenate, i, j + 7744, load(vision_max_pooling2d_1, i, j, 1, 4))


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 17, 20. 31,038 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 15488)
    dense_kernel = matrix(args, 1, 1, 15488)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    same_target = matrix(args, 4, batch, 1)
    same_sample_weight = matrix(args, 5, batch, 1)
    same_loss_multiply_1 = matrix(args, 6, batch, 1)
    d_dense_add = matrix(args, 7, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 15488, LANES):
            rows = load(concatenate, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_add = acc + load(dense_bias, 0, 0, 1, 1)
        dense_tile = sigmoid(dense_add)
        store_rows(dense, i, 0, dense_tile, last - i)
        same_loss_log1p = log1p(exp(-absolute(dense_add)))
        same_loss_as_float = select(dense_add > 0.0, 1.0, 0.0)
        same_target_tile = load(same_target, i, 0, ROWS, 1)
        same_loss_subtract = same_loss_as_float - same_target_tile
        same_loss_multiply = same_loss_subtract * dense_add
        same_loss_sigmoid_crossentropy = same_loss_log1p + same_loss_multiply
        same_sample_weight_tile = load(same_sample_weight, i, 0, ROWS, 1)
        same_loss_multiply_1_tile = (
            same_loss_sigmoid_crossentropy * same_sample_weight_tile
        )
        store_rows(same_loss_multiply_1, i, 0, same_loss_multiply_1_tile, last - i)
        d_same_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_reshape = d_same_loss_sum_2 * same_sample_weight_tile
        d_dense_add_tile = d_reshape * (dense_tile - same_target_tile)
        store_rows(d_dense_add, i, 0, d_dense_add_tile, last - i)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Line 20 of the model. 1 FLOPs a row, 5 FLOPs."""
    same_loss_multiply_1 = matrix(args, 0, batch, 1)
    multiply = matrix(args, 1, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(same_loss_multiply_1, i, j, 1, 1)
        same_loss = summed / full(1, 1, batch)
        store(multiply, 0, j, same_loss * full(1, 1, batch))


@kernel
def compute_copy_1(thread, threads, batch, clock, args):
    """Lines 9, 17, 21. 2 FLOPs a row, 2 FLOPs."""
    same_target = matrix(args, 0, batch, 1)
    dense = matrix(args, 1, batch, 1)
    d_dense_add = matrix(args, 2, batch, 1)
    accuracy_sum_1 = matrix(args, 3, 1, 1)
    d_dense_bias = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    copy_1 = matrix(args, 6, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            accuracy_as_float = select(load(dense, i, j, 1, 1) > 0.5, 1.0, 0.0)
            accuracy_equal = load(same_target, i, j, 1, 1) == accuracy_as_float
            summed = summed + select(accuracy_equal, 1.0, 0.0)
            summed_2 = summed_2 + load(d_dense_add, i, j, 1, 1)
        store(accuracy_sum_1, 0, j, summed)
        store(d_dense_bias, 0, j, summed_2)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_concatenate_dot(thread, threads, batch, clock, args):
    """Line 17 of the model. 30,976 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 1)
    dense_kernel = matrix(args, 1, 15488, 1)
    d_concatenate_dot = matrix(args, 2, batch, 15488)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 15488, 4 * LANES):
        panel = pack_t(dense_kernel, j, 0, 1, 4, 1)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(1):
                acc = outer(acc, d_dense_add, i, k, panel, k, 0)
            store_rows(d_concatenate_dot, i, j, acc, last - i)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 17 of the model. 30,976 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 15488)
    d_dense_add = matrix(args, 1, batch, 1)
    d_dense_kernel_parts = matrix(args, 2, threads * 15488, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(0, 15488, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, concatenate, k, i, d_dense_add, k, j)
            store(d_dense_kernel_parts, thread * 15488 + i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 17 of the model. 15,488 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 15488)
    d_dense_kernel = matrix(args, 1, 1, 15488)
    first, last = share(15488, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, summed)


@kernel
def gradient_of_vision_flatten(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    d_concatenate_dot = matrix(args, 0, batch, 15488)
    d_vision_flatten = matrix(args, 1, batch, 7744)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 7744, 4 * LANES):
            store(d_vision_flatten, i, j, load(d_concatenate_dot, i, j, 1, 4))


@kernel
def gradient_of_vision_flatten_1(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    d_concatenate_dot = matrix(args, 0, batch, 15488)
    d_vision_flatten_1 = matrix(args, 1, batch, 7744)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 7744, 4 * LANES):
            store(d_vision_flatten_1, i, j, load(d_concatenate_dot, i, j + 7744, 1, 4))


@kernel
def gradient_of_vision_max_pooling2d_1_pool_where(thread, threads, batch, clock, args):
    """Line 9 of the model."""
    vision_conv2d_1_1 = matrix(args, 0, batch * 529, 64)
    d_vision_max_pooling2d_1_pool_where = matrix(args, 1, batch * 121, 64)
    first, last, left, right = share_block(clock, batch, 11, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(11):
                i = (n * 11 + oy) * 11 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    best = full(1, 4, -np.inf)
                    acc = full(1, 4, 0)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            part = load(
                                vision_conv2d_1_1, (n * 23 + iy) * 23 + ix, j, 1, 4
                            )
                            found = part > best
                            acc = select(
                                found, (iy - iy_first) * 2 + (ix - ix_first), acc
                            )
                            best = select(found, part, best)
                    store(d_vision_max_pooling2d_1_pool_where, i, j, acc)


@kernel
def gradient_of_vision_conv2d_1_1(thread, threads, batch, clock, args):
    """Line 9 of the model."""
    d_vision_flatten_1 = matrix(args, 0, batch * 121, 64)
    d_vision_max_pooling2d_1_pool_where = matrix(args, 1, batch * 121, 64)
    d_vision_conv2d_1_1 = matrix(args, 2, batch * 529, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for n in range(first, last):
        fill_words(d_vision_conv2d_1_1, n * 33856, 33856, 0.0)
        for oy in range(11):
            for ox in range(11):
                i = (n * 11 + oy) * 11 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    best = load(d_vision_flatten_1, i, j, 1, 4)
                    found = load(d_vision_max_pooling2d_1_pool_where, i, j, 1, 4)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            store(
                                d_vision_conv2d_1_1,
                                (n * 23 + iy) * 23 + ix,
                                j,
                                select(
                                    found == (iy - iy_first) * 2 + (ix - ix_first),
                                    best,
                                    0.0,
                                ),
                            )


@kernel
def gradient_of_vision_conv2d_1_sum(thread, threads, batch, clock, args):
    """Line 9 of the model. 67,712 FLOPs a row."""
    d_vision_conv2d_1_1 = matrix(args, 0, batch * 529, 64)
    d_vision_conv2d_1 = matrix(args, 1, batch * 529, 64)
    d_vision_conv2d_1_bias_sum = matrix(args, 2, batch, 64)
    d_vision_conv2d_1_sum = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for o in range(first, last):
        for j in range(0, 64, 4 * LANES):
            summed = full(1, 4, 0.0)
            summed_2 = full(1, 4, 0.0)
            for i in range(529):
                summed = summed + load(d_vision_conv2d_1_1, o * 529 + i, j, 1, 4)
                summed_2 = summed_2 + load(d_vision_conv2d_1, o * 529 + i, j, 1, 4)
            store(d_vision_conv2d_1_bias_sum, o, j, summed)
            store(d_vision_conv2d_1_sum, o, j, summed_2)


@kernel
def gradient_of_vision_conv2d_bias_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 256 FLOPs a row, 128 FLOPs."""
    d_vision_conv2d_1_bias_sum = matrix(args, 0, batch, 64)
    d_vision_conv2d_bias_sum = matrix(args, 1, batch, 64)
    d_vision_conv2d_1_sum = matrix(args, 2, batch, 64)
    d_vision_conv2d_sum = matrix(args, 3, batch, 64)
    d_vision_conv2d_1_bias_1 = matrix(args, 4, 1, 64)
    d_vision_conv2d_bias_1 = matrix(args, 5, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        summed_3 = full(1, 4, 0.0)
        summed_4 = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_vision_conv2d_1_bias_sum, i, j, 1, 4)
            summed_2 = summed_2 + load(d_vision_conv2d_bias_sum, i, j, 1, 4)
            summed_3 = summed_3 + load(d_vision_conv2d_1_sum, i, j, 1, 4)
            summed_4 = summed_4 + load(d_vision_conv2d_sum, i, j, 1, 4)
        store(d_vision_conv2d_1_bias_1, 0, j, summed + summed_3)
        store(d_vision_conv2d_bias_1, 0, j, summed_2 + summed_4)


@kernel
def gradient_of_vision_conv2d_1_turn(thread, threads, batch, clock, args):
    """Line 9 of the model."""
    vision_conv2d_1_kernel = matrix(args, 0, 576, 64)
    d_vision_conv2d_1_turn = matrix(args, 1, 576, 64)
    first, last = share(576, LANES, thread, threads)
    for i in range(first, last, LANES):
        row = (8 - i // 64) * 64
        for j in range(0, 64, LANES):
            transpose_block(
                vision_conv2d_1_kernel, i, j, d_vision_conv2d_1_turn, row + j, i % 64
            )


@kernel
def gradient_of_vision_conv2d_2_conv(thread, threads, batch, clock, args):
    """Line 9 of the model. 46,080,000 FLOPs a row."""
    d_vision_conv2d_1_1 = matrix(args, 0, batch * 529, 64)
    d_vision_conv2d_1_turn = matrix(args, 1, 576, 64)
    d_vision_conv2d_2_conv = matrix(args, 2, batch * 625, 64)
    first, last, left, right = share_block(clock, batch, 25, 13, thread, threads)
    for n in range(first, last):
        for top in range(left, right, 13):
            lines = workspace(25920, 64, 64)
            for p in range(15):
                place = p * 1728
                if top + p >= 2 and top + p < 25:
                    fill_words(lines, place, 128, 0.0)
                    copy_words(
                        lines,
                        place + 128,
                        d_vision_conv2d_1_1,
                        (n * 23 + (top + p - 2)) * 1472,
                        1472,
                    )
                    fill_words(lines, place + 1600, 128, 0.0)
                else:
                    fill_words(lines, place, 1728, 0.0)
            for j in range(0, 64, 2 * LANES):
                panel = pack(d_vision_conv2d_1_turn, 0, j, 576, 2)
                for oy in range(top, min(top + 13, 25)):
                    for tile in range(0, 25, ROWS_25_BY_2):
                        ox = min(tile, 25 - ROWS_25_BY_2)
                        i = (n * 25 + oy) * 25 + ox
                        acc = zeros(ROWS_25_BY_2, 2)
                        for ty in range(3):
                            row = ((oy - top) + ty) * 27 + ox
                            kk = ty * 192
                            for k in range(192):
                                acc = outer(acc, lines, row, k, panel, kk + k, 0)
                        store(d_vision_conv2d_2_conv, i, j, acc)


@kernel
def gradient_of_vision_conv2d_1_kernel_parts(thread, threads, batch, clock, args):
    """Line 9 of the model. 39,002,112 FLOPs a row."""
    d_vision_conv2d_1_1 = matrix(args, 0, batch * 529, 64)
    d_vision_conv2d_1_kernel_parts = matrix(args, 1, threads * 576, 64)
    vision_conv2d_2 = matrix(args, 2, batch * 625, 64)
    first, last = share_batch(clock, batch, thread, threads)
    fill_words(d_vision_conv2d_1_kernel_parts, thread * 36864, 36864, 0.0)
    for j in range(0, 64, 2 * LANES):
        for start in range(first * 23, last * 23, 5):
            count = min(5, last * 23 - start)
            panel = pack(d_vision_conv2d_1_1, start * 23, j, 115, 2, count * 23)
            for t in range(3 * -(-192 // ROWS_192_BY_2)):
                tap = t // (-(-192 // ROWS_192_BY_2))
                m = t % (-(-192 // ROWS_192_BY_2)) * ROWS_192_BY_2
                ty = tap
                acc = load(
                    d_vision_conv2d_1_kernel_parts,
                    thread * 576 + tap * 192 + m,
                    j,
                    ROWS_192_BY_2,
                    2,
                )
                for q in range(start, start + count):
                    n = q // 23
                    oy = q % 23
                    row = (n * 25 + oy + ty) * 25
                    for ox in range(23):
                        acc = outer_t(
                            acc,
                            vision_conv2d_2,
                            row + ox,
                            m,
                            panel,
                            (q - start) * 23 + ox,
                            0,
                        )
                store_rows(
                    d_vision_conv2d_1_kernel_parts,
                    thread * 576 + tap * 192 + m,
                    j,
                    acc,
                    192 - m,
                )


@kernel
def gradient_of_vision_conv2d_1_kernel_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 110,592 FLOPs."""
    d_vision_conv2d_1_kernel_parts = matrix(args, 0, threads, 36864)
    d_vision_conv2d_1_conv_filter_1_parts = matrix(args, 1, threads, 36864)
    d_vision_conv2d_1_kernel_1 = matrix(args, 2, 1, 36864)
    first, last = share(36864, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_vision_conv2d_1_kernel_parts, i, j, 1, 4)
            d_vision_conv2d_1_conv_filter_1_parts_tile = load(
                d_vision_conv2d_1_conv_filter_1_parts, i, j, 1, 4
            )
            summed_2 = summed_2 + d_vision_conv2d_1_conv_filter_1_parts_tile
        store(d_vision_conv2d_1_kernel_1, 0, j, summed + summed_2)


@kernel
def gradient_of_vision_conv2d_sum(thread, threads, batch, clock, args):
    """Line 9 of the model. 80,000 FLOPs a row."""
    d_vision_conv2d_2_conv = matrix(args, 0, batch * 625, 64)
    d_vision_conv2d_conv = matrix(args, 1, batch * 625, 64)
    d_vision_conv2d_bias_sum = matrix(args, 2, batch, 64)
    d_vision_conv2d_sum = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for o in range(first, last):
        for j in range(0, 64, 4 * LANES):
            summed = full(1, 4, 0.0)
            summed_2 = full(1, 4, 0.0)
            for i in range(625):
                summed = summed + load(d_vision_conv2d_2_conv, o * 625 + i, j, 1, 4)
                d_vision_conv2d_conv_tile = load(
                    d_vision_conv2d_conv, o * 625 + i, j, 1, 4
                )
                summed_2 = summed_2 + d_vision_conv2d_conv_tile
            store(d_vision_conv2d_bias_sum, o, j, summed)
            store(d_vision_conv2d_sum, o, j, summed_2)


@kernel
def gradient_of_vision_conv2d_kernel_parts(thread, threads, batch, clock, args):
    """Line 9 of the model. 720,000 FLOPs a row."""
    d_vision_conv2d_2_conv = matrix(args, 0, batch * 625, 64)
    d_vision_conv2d_kernel_parts = matrix(args, 1, threads * 9, 64)
    second = matrix(args, 2, batch * 729, 1)
    first, last = share_batch(clock, batch, thread, threads)
    fill_words(d_vision_conv2d_kernel_parts, thread * 576, 576, 0.0)
    for j in range(0, 64, 4 * LANES):
        for start in range(first * 25, last * 25, 5):
            count = min(5, last * 25 - start)
            for t in range(3 * -(-3 // ROWS_3_BY_4)):
                tap = t // (-(-3 // ROWS_3_BY_4))
                m = t % (-(-3 // ROWS_3_BY_4)) * ROWS_3_BY_4
                ty = tap
                acc = load(
                    d_vision_conv2d_kernel_parts,
                    thread * 9 + tap * 3 + m,
                    j,
                    ROWS_3_BY_4,
                    4,
                )
                for q in range(start, start + count):
                    n = q // 25
                    oy = q % 25
                    row = (n * 27 + oy + ty) * 27
                    for ox in range(25):
                        acc = outer_t(
                            acc,
                            second,
                            row + ox,
                            m,
                            d_vision_conv2d_2_conv,
                            q * 25 + ox,
                            j,
                        )
                store_rows(
                    d_vision_conv2d_kernel_parts,
                    thread * 9 + tap * 3 + m,
                    j,
                    acc,
                    3 - m,
                )


@kernel
def gradient_of_vision_conv2d_kernel_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 1,728 FLOPs."""
    d_vision_conv2d_kernel_parts = matrix(args, 0, threads, 576)
    d_vision_conv2d_conv_filter_1_parts = matrix(args, 1, threads, 576)
    d_vision_conv2d_kernel_1 = matrix(args, 2, 1, 576)
    first, last = share(576, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_vision_conv2d_kernel_parts, i, j, 1, 4)
            d_vision_conv2d_conv_filter_1_parts_tile = load(
                d_vision_conv2d_conv_filter_1_parts, i, j, 1, 4
            )
            summed_2 = summed_2 + d_vision_conv2d_conv_filter_1_parts_tile
        store(d_vision_conv2d_kernel_1, 0, j, summed + summed_2)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 689,936 FLOPs."""
    velocity = matrix(args, 0, 1, 53072)
    gradients = matrix(args, 1, 1, 53072)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 53072)
    first, last = share(53072, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        prefetch_write(velocity, 0, j + 16 * LANES, 1, 4)
        prefetch_write(weights, 0, j + 16 * LANES, 1, 4)
        gradients_tile = load(gradients, 0, j, 1, 4)
        multiply_1 = 0.1 * square(gradients_tile)
        add_tile = (0.9 * load(velocity, 0, j, 1, 4)) + multiply_1
        store(velocity, 0, j, add_tile)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        divide = (learning_rate_2 * gradients_tile) / sqrt(add_tile + 1e-07)
        store(weights, 0, j, load(weights, 0, j, 1, 4) - divide)


@kernel
def compute_same_loss_multiply_1(thread, threads, batch, clock, args):
    """Lines 17, 20. 31,036 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 15488)
    dense_kernel = matrix(args, 1, 1, 15488)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    same_target = matrix(args, 4, batch, 1)
    same_sample_weight = matrix(args, 5, batch, 1)
    same_loss_multiply_1 = matrix(args, 6, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 15488, LANES):
            rows = load(concatenate, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_add = acc + load(dense_bias, 0, 0, 1, 1)
        store_rows(dense, i, 0, sigmoid(dense_add), last - i)
        same_loss_log1p = log1p(exp(-absolute(dense_add)))
        same_loss_as_float = select(dense_add > 0.0, 1.0, 0.0)
        same_target_tile = load(same_target, i, 0, ROWS, 1)
        same_loss_subtract = same_loss_as_float - same_target_tile
        same_loss_multiply = same_loss_subtract * dense_add
        same_loss_sigmoid_crossentropy = same_loss_log1p + same_loss_multiply
        same_sample_weight_tile = load(same_sample_weight, i, 0, ROWS, 1)
        same_loss_multiply_1_tile = (
            same_loss_sigmoid_crossentropy * same_sample_weight_tile
        )
        store_rows(same_loss_multiply_1, i, 0, same_loss_multiply_1_tile, last - i)


@kernel
def compute_figures_2(thread, threads, batch, clock, args):
    """Line 21 of the model. 1 FLOPs a row, 2 FLOPs."""
    same_target = matrix(args, 0, batch, 1)
    dense = matrix(args, 1, batch, 1)
    accuracy_sum_1 = matrix(args, 2, 1, 1)
    copy = matrix(args, 3, 1, 1)
    copy_1 = matrix(args, 4, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            accuracy_as_float = select(load(dense, i, j, 1, 1) > 0.5, 1.0, 0.0)
            accuracy_equal = load(same_target, i, j, 1, 1) == accuracy_as_float
            summed = summed + select(accuracy_equal, 1.0, 0.0)
        store(accuracy_sum_1, 0, j, summed)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 17 of the model. 30,997 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 15488)
    dense_kernel = matrix(args, 1, 1, 15488)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 15488, LANES):
            rows = load(concatenate, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_tile = sigmoid(acc + load(dense_bias, 0, 0, 1, 1))
        store_rows(dense, i, 0, dense_tile, last - i)


def digit_vision_predict(m):
    """The outputs of one batch."""
    digit = m.rows(81600, 729)
    conv2d = m.rows(0, 40000)
    conv2d_1 = m.rows(40000, 33856)
    max_pooling2d = m.rows(73856, 7744)
    return [
        m.feed("digit", digit, 729),
        compute_conv2d(
            digit, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_conv2d_1(
            conv2d, m.weight("conv2d_1/kernel"), m.weight("conv2d_1/bias"), conv2d_1
        ),
        compute_max_pooling2d(conv2d_1, max_pooling2d),
        m.result("features", max_pooling2d, 7744),
    ]


DIGIT_VISION_SPEC = Spec(
    name="DigitVision",
    source="16_same_digit.k",
    version="0.1.0",
    fingerprint="57920a5517aedbd7",
    inputs=(Input("digit", "float32", (27, 27, 1)),),
    outputs=(Output("features", (7744,)),),
    targets=(),
    weights=DIGIT_VISION_WEIGHTS,
    metrics=(),
    layers=(
        Layer(
            "conv2d",
            "Conv2D",
            (25, 25, 64),
            640,
            760000,
            9,
            ("conv2d/kernel", "conv2d/bias"),
        ),
        Layer(
            "conv2d_1",
            "Conv2D",
            (23, 23, 64),
            36928,
            39035968,
            9,
            ("conv2d_1/kernel", "conv2d_1/bias"),
        ),
        Layer("max_pooling2d", "MaxPooling2D", (11, 11, 64), 0, 30976, 9),
        Layer("flatten", "Flatten", (7744,), 0, 0, 10),
    ),
    trainable=37568,
    size=37568,
    feeds=("digit",),
)


class DigitVision(Model):
    """A digit as a row of features."""

    spec = DIGIT_VISION_SPEC
    programs = Programs(
        predict=(Steps(digit_vision_predict, 82329, 0, 39826944, by_tiles=False),)
    )


def same_digit_gradients(m):
    """Forward, loss and backward of one batch of training."""
    first = m.rows(163200, 729)
    vision_conv2d = m.rows(0, 40000)
    vision_conv2d_1 = m.rows(40000, 33856)
    vision_max_pooling2d = m.rows(113856, 7744)
    d_vision_max_pooling2d_pool_where = m.rows(147712, 7744)
    second = m.rows(163929, 729)
    vision_conv2d_2 = m.rows(40000, 40000)
    vision_conv2d_1_1 = m.rows(80000, 33856)
    vision_max_pooling2d_1 = m.rows(121600, 7744)
    d_vision_max_pooling2d_1_pool_where = m.rows(129344, 7744)
    concatenate = m.rows(80000, 15488)
    dense = m.rows(95488, 1)
    same_target = m.rows(137088, 1)
    same_sample_weight = m.rows(137089, 1)
    same_loss_multiply_1 = m.rows(95489, 1)
    d_dense_add = m.rows(95490, 1)
    d_dense_kernel_parts = m.parts(15488)
    d_concatenate_dot = m.rows(80000, 15488)
    d_vision_flatten = m.rows(155456, 7744)
    d_vision_flatten_1 = m.rows(113856, 7744)
    d_vision_conv2d_1_1 = m.rows(80000, 33856)
    d_vision_conv2d_1_kernel_parts = m.parts(36864)
    d_vision_conv2d_1_turn = m.fixed(0, 36864)
    d_vision_conv2d_2_conv = m.rows(40000, 40000)
    d_vision_conv2d_kernel_parts = m.parts(576)
    d_vision_conv2d_1 = m.rows(113856, 33856)
    d_vision_conv2d_1_conv_filter_1_parts = m.parts(36864)
    d_vision_conv2d_1_bias_sum = m.rows(164658, 64)
    d_vision_conv2d_1_sum = m.rows(164722, 64)
    d_vision_conv2d_conv = m.rows(0, 40000)
    d_vision_conv2d_bias_sum = m.rows(80000, 64)
    d_vision_conv2d_sum = m.rows(80064, 64)
    d_vision_conv2d_conv_filter_1_parts = m.parts(576)
    return [
        m.feed("first", first, 729),
        m.feed("second", second, 729),
        m.feed("same_target", same_target, 1),
        m.feed("same_sample_weight", same_sample_weight, 1),
        compute_conv2d(
            first,
            m.weight("vision/conv2d/kernel"),
            m.weight("vision/conv2d/bias"),
            vision_conv2d,
        ),
        compute_conv2d_1(
            vision_conv2d,
            m.weight("vision/conv2d_1/kernel"),
            m.weight("vision/conv2d_1/bias"),
            vision_conv2d_1,
        ),
        compute_max_pooling2d(vision_conv2d_1, vision_max_pooling2d),
        gradient_of_vision_max_pooling2d_1_pool_where(
            vision_conv2d_1, d_vision_max_pooling2d_pool_where
        ),
        sync,
        compute_conv2d(
            second,
            m.weight("vision/conv2d/kernel"),
            m.weight("vision/conv2d/bias"),
            vision_conv2d_2,
        ),
        compute_conv2d_1(
            vision_conv2d_2,
            m.weight("vision/conv2d_1/kernel"),
            m.weight("vision/conv2d_1/bias"),
            vision_conv2d_1_1,
        ),
        compute_max_pooling2d(vision_conv2d_1_1, vision_max_pooling2d_1),
        gradient_of_vision_max_pooling2d_1_pool_where(
            vision_conv2d_1_1, d_vision_max_pooling2d_1_pool_where
        ),
        sync,
        compute_concatenate(vision_max_pooling2d, vision_max_pooling2d_1, concatenate),
        gradient_of_dense_add(
            concatenate,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
            same_target,
            same_sample_weight,
            same_loss_multiply_1,
            d_dense_add,
        ),
        gradient_of_dense_kernel_parts(concatenate, d_dense_add, d_dense_kernel_parts),
        sync,
        compute_copy_1(
            same_target,
            dense,
            d_dense_add,
            m.figure(2),
            m.gradient("dense/bias"),
            m.figure(1),
            m.figure(3),
        ),
        compute_figures(same_loss_multiply_1, m.figure(0)),
        gradient_of_concatenate_dot(
            d_dense_add, m.weight("dense/kernel"), d_concatenate_dot
        ),
        gradient_of_dense_kernel(d_dense_kernel_parts, m.gradient("dense/kernel")),
        gradient_of_vision_flatten(d_concatenate_dot, d_vision_flatten),
        gradient_of_vision_flatten_1(d_concatenate_dot, d_vision_flatten_1),
        sync,
        gradient_of_vision_conv2d_1_1(
            d_vision_flatten_1, d_vision_max_pooling2d_1_pool_where, d_vision_conv2d_1_1
        ),
        gradient_of_vision_conv2d_1_kernel_parts(
            d_vision_conv2d_1_1, d_vision_conv2d_1_kernel_parts, vision_conv2d_2
        ),
        gradient_of_vision_conv2d_1_turn(
            m.weight("vision/conv2d_1/kernel"), d_vision_conv2d_1_turn
        ),
        sync,
        gradient_of_vision_conv2d_2_conv(
            d_vision_conv2d_1_1, d_vision_conv2d_1_turn, d_vision_conv2d_2_conv
        ),
        gradient_of_vision_conv2d_kernel_parts(
            d_vision_conv2d_2_conv, d_vision_conv2d_kernel_parts, second
        ),
        gradient_of_vision_conv2d_1_1(
            d_vision_flatten, d_vision_max_pooling2d_pool_where, d_vision_conv2d_1
        ),
        gradient_of_vision_conv2d_1_kernel_parts(
            d_vision_conv2d_1, d_vision_conv2d_1_conv_filter_1_parts, vision_conv2d
        ),
        gradient_of_vision_conv2d_1_sum(
            d_vision_conv2d_1_1,
            d_vision_conv2d_1,
            d_vision_conv2d_1_bias_sum,
            d_vision_conv2d_1_sum,
        ),
        sync,
        gradient_of_vision_conv2d_1_kernel_1(
            d_vision_conv2d_1_kernel_parts,
            d_vision_conv2d_1_conv_filter_1_parts,
            m.gradient("vision/conv2d_1/kernel"),
        ),
        gradient_of_vision_conv2d_2_conv(
            d_vision_conv2d_1, d_vision_conv2d_1_turn, d_vision_conv2d_conv
        ),
        gradient_of_vision_conv2d_sum(
            d_vision_conv2d_2_conv,
            d_vision_conv2d_conv,
            d_vision_conv2d_bias_sum,
            d_vision_conv2d_sum,
        ),
        gradient_of_vision_conv2d_kernel_parts(
            d_vision_conv2d_conv, d_vision_conv2d_conv_filter_1_parts, first
        ),
        sync,
        gradient_of_vision_conv2d_bias_1(
            d_vision_conv2d_1_bias_sum,
            d_vision_conv2d_bias_sum,
            d_vision_conv2d_1_sum,
            d_vision_conv2d_sum,
            m.gradient("vision/conv2d_1/bias"),
            m.gradient("vision/conv2d/bias"),
        ),
        gradient_of_vision_conv2d_kernel_1(
            d_vision_conv2d_kernel_parts,
            d_vision_conv2d_conv_filter_1_parts,
            m.gradient("vision/conv2d/kernel"),
        ),
    ]


def same_digit_update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def same_digit_evaluate(m):
    """Loss and metrics of one batch."""
    first = m.rows(178688, 729)
    vision_conv2d = m.rows(0, 40000)
    vision_conv2d_1 = m.rows(80000, 33856)
    vision_max_pooling2d = m.rows(163200, 7744)
    second = m.rows(179417, 729)
    vision_conv2d_2 = m.rows(40000, 40000)
    vision_conv2d_1_1 = m.rows(113856, 33856)
    vision_max_pooling2d_1 = m.rows(170944, 7744)
    concatenate = m.rows(147712, 15488)
    dense = m.rows(180148, 1)
    same_target = m.rows(180146, 1)
    same_sample_weight = m.rows(180147, 1)
    same_loss_multiply_1 = m.rows(180149, 1)
    return [
        m.feed("first", first, 729),
        m.feed("second", second, 729),
        m.feed("same_target", same_target, 1),
        m.feed("same_sample_weight", same_sample_weight, 1),
        compute_conv2d(
            first,
            m.weight("vision/conv2d/kernel"),
            m.weight("vision/conv2d/bias"),
            vision_conv2d,
        ),
        compute_conv2d_1(
            vision_conv2d,
            m.weight("vision/conv2d_1/kernel"),
            m.weight("vision/conv2d_1/bias"),
            vision_conv2d_1,
        ),
        compute_max_pooling2d(vision_conv2d_1, vision_max_pooling2d),
        compute_conv2d(
            second,
            m.weight("vision/conv2d/kernel"),
            m.weight("vision/conv2d/bias"),
            vision_conv2d_2,
        ),
        compute_conv2d_1(
            vision_conv2d_2,
            m.weight("vision/conv2d_1/kernel"),
            m.weight("vision/conv2d_1/bias"),
            vision_conv2d_1_1,
        ),
        compute_max_pooling2d(vision_conv2d_1_1, vision_max_pooling2d_1),
        compute_concatenate(vision_max_pooling2d, vision_max_pooling2d_1, concatenate),
        compute_same_loss_multiply_1(
            concatenate,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
            same_target,
            same_sample_weight,
            same_loss_multiply_1,
        ),
        sync,
        compute_figures(same_loss_multiply_1, m.figure(0)),
        compute_figures_2(same_target, dense, m.figure(2), m.figure(1), m.figure(3)),
    ]


def same_digit_predict(m):
    """The outputs of one batch."""
    first = m.rows(178688, 729)
    vision_conv2d = m.rows(0, 40000)
    vision_conv2d_1 = m.rows(80000, 33856)
    vision_max_pooling2d = m.rows(163200, 7744)
    second = m.rows(179417, 729)
    vision_conv2d_2 = m.rows(40000, 40000)
    vision_conv2d_1_1 = m.rows(113856, 33856)
    vision_max_pooling2d_1 = m.rows(170944, 7744)
    concatenate = m.rows(147712, 15488)
    dense = m.rows(180146, 1)
    return [
        m.feed("first", first, 729),
        m.feed("second", second, 729),
        compute_conv2d(
            first,
            m.weight("vision/conv2d/kernel"),
            m.weight("vision/conv2d/bias"),
            vision_conv2d,
        ),
        compute_conv2d_1(
            vision_conv2d,
            m.weight("vision/conv2d_1/kernel"),
            m.weight("vision/conv2d_1/bias"),
            vision_conv2d_1,
        ),
        compute_max_pooling2d(vision_conv2d_1, vision_max_pooling2d),
        compute_conv2d(
            second,
            m.weight("vision/conv2d/kernel"),
            m.weight("vision/conv2d/bias"),
            vision_conv2d_2,
        ),
        compute_conv2d_1(
            vision_conv2d_2,
            m.weight("vision/conv2d_1/kernel"),
            m.weight("vision/conv2d_1/bias"),
            vision_conv2d_1_1,
        ),
        compute_max_pooling2d(vision_conv2d_1_1, vision_max_pooling2d_1),
        compute_concatenate(vision_max_pooling2d, vision_max_pooling2d_1, concatenate),
        compute_dense(
            concatenate, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        m.result("same", dense, 1),
    ]


def same_digit_vision(m):
    """The view `vision` of one batch."""
    first = m.rows(81600, 729)
    vision_conv2d = m.rows(0, 40000)
    vision_conv2d_1 = m.rows(40000, 33856)
    vision_max_pooling2d = m.rows(73856, 7744)
    return [
        m.feed("first", first, 729),
        compute_conv2d(
            first,
            m.weight("vision/conv2d/kernel"),
            m.weight("vision/conv2d/bias"),
            vision_conv2d,
        ),
        compute_conv2d_1(
            vision_conv2d,
            m.weight("vision/conv2d_1/kernel"),
            m.weight("vision/conv2d_1/bias"),
            vision_conv2d_1,
        ),
        compute_max_pooling2d(vision_conv2d_1, vision_max_pooling2d),
        m.result("features", vision_max_pooling2d, 7744),
    ]


SAME_DIGIT_SPEC = Spec(
    name="SameDigit",
    source="16_same_digit.k",
    version="0.1.0",
    fingerprint="55a810214ba467ec-e8d55d584bb945c5-09ea087a47328a61",
    inputs=(
        Input("first", "float32", (27, 27, 1)),
        Input("second", "float32", (27, 27, 1)),
    ),
    outputs=(Output("same", (1,)),),
    targets=(Target("same", "float32", (1,)),),
    weights=SAME_DIGIT_WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "vision/conv2d",
            "Conv2D",
            (25, 25, 64),
            640,
            0,
            9,
            ("vision/conv2d/kernel", "vision/conv2d/bias"),
        ),
        Layer(
            "vision/conv2d_1",
            "Conv2D",
            (23, 23, 64),
            36928,
            0,
            9,
            ("vision/conv2d_1/kernel", "vision/conv2d_1/bias"),
        ),
        Layer("vision/max_pooling2d", "MaxPooling2D", (11, 11, 64), 0, 0, 9),
        Layer("vision/flatten", "Flatten", (7744,), 0, 0, 10),
        Layer("concatenate", "Concatenate", (15488,), 0, 0, 17),
        Layer("dense", "Dense", (1,), 15489, 30997, 17, ("dense/kernel", "dense/bias")),
    ),
    trainable=53072,
    size=53072,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("first", "second", "same_target", "same_sample_weight"),
    views=(
        View(
            "vision",
            (Input("digit", "float32", (27, 27, 1)),),
            (Output("features", (7744,)),),
            ("first",),
        ),
    ),
)


class SameDigit(Model):
    """Whether two digits are the same."""

    spec = SAME_DIGIT_SPEC
    programs = Programs(
        train=(
            Steps(same_digit_gradients, 164786, 36864, 251499073, by_tiles=False),
            Steps(same_digit_update, 164786, 36864, 0, by_tiles=False),
        ),
        gradient=(
            Steps(same_digit_gradients, 164786, 36864, 251499073, by_tiles=False),
        ),
        evaluate=(Steps(same_digit_evaluate, 180150, 0, 79684926, by_tiles=False),),
        predict=(Steps(same_digit_predict, 180147, 0, 79684885, by_tiles=False),),
        views={
            "vision": (Steps(same_digit_vision, 82329, 0, 39826944, by_tiles=False),),
        },
    )


SOURCE_NAME = "16_same_digit.k"
SOURCE_MAP = {
    "compute_conv2d": (9,),
    "compute_conv2d_1": (9,),
    "compute_max_pooling2d": (9,),
    "compute_concatenate": (17,),
    "gradient_of_dense_add": (17, 20),
    "compute_figures": (20,),
    "compute_copy_1": (9, 17, 21),
    "gradient_of_concatenate_dot": (17,),
    "gradient_of_dense_kernel_parts": (17,),
    "gradient_of_dense_kernel": (17,),
    "gradient_of_vision_flatten": (17,),
    "gradient_of_vision_flatten_1": (17,),
    "gradient_of_vision_max_pooling2d_1_pool_where": (9,),
    "gradient_of_vision_conv2d_1_1": (9,),
    "gradient_of_vision_conv2d_1_sum": (9,),
    "gradient_of_vision_conv2d_bias_1": (9,),
    "gradient_of_vision_conv2d_1_turn": (9,),
    "gradient_of_vision_conv2d_2_conv": (9,),
    "gradient_of_vision_conv2d_1_kernel_parts": (9,),
    "gradient_of_vision_conv2d_1_kernel_1": (9,),
    "gradient_of_vision_conv2d_sum": (9,),
    "gradient_of_vision_conv2d_kernel_parts": (9,),
    "gradient_of_vision_conv2d_kernel_1": (9,),
    "update_weights": (),
    "compute_same_loss_multiply_1": (17, 20),
    "compute_figures_2": (21,),
    "compute_dense": (17,),
}
SOURCE = """\
# Do two pictures show the same digit? One model looks at both, with the same weights.

param size = 27
param filters = 64

model DigitVision(size=27, filters=64):
    \"\"\"A digit as a row of features.\"\"\"
    input digit: float32[size, size, 1]
    output features = digit |> Conv2D(filters, 3) |> Conv2D(filters, 3) |> MaxPooling2D(2)
        |> Flatten()

model SameDigit:
    \"\"\"Whether two digits are the same.\"\"\"
    input first: float32[size, size, 1]
    input second: float32[size, size, 1]
    vision = DigitVision(size, filters)
    output same = Concatenate()([vision(first), vision(second)]) |> Dense(1, activation="sigmoid")
    train:
        optimizer = "rmsprop"
        loss = "binary_crossentropy"
        metrics = ["accuracy"]
"""
