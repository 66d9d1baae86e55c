"""Search, as native code.

Built by kgen 0.1.0 from 34_search.k; edit that, not this.

layer          kind          output              weights  line
conv2d         Conv2D        (batch, 26, 26, 8)       80    16
conv2d_1       Conv2D        (batch, 24, 24, 8)      584    16
max_pooling2d  MaxPooling2D  (batch, 12, 12, 8)        0    17
dropout        Dropout       (batch, 12, 12, 8)        0    17
flatten        Flatten       (batch, 1152)             0    17
dense          Dense         (batch, 32)          36,896    19
dropout_1      Dropout       (batch, 32)               0    20
dense_1        Dense         (batch, 10)             330    20
total          Search                             37,890
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, rows_for, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import Adadelta
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    copy_words,
    element,
    exp,
    fill_words,
    full,
    imatrix,
    keep_columns,
    lane_index,
    load,
    load_column,
    load_scalar,
    log,
    matrix,
    maximum,
    outer,
    outer_t,
    pack_t,
    prefetch_write,
    random_key,
    row_max,
    row_min,
    row_sum,
    select,
    set_element,
    share,
    share_batch,
    share_block,
    sqrt,
    square,
    store,
    store_column,
    store_rows,
    uniform,
    workspace,
    zeros,
)

VECTORS_10 = vectors_for(10)
ROWS_3_BY_1 = rows_for(3, 1)
ROWS_8_BY_3 = rows_for(8, 3)
ROWS_24_BY_1 = rows_for(24, 1)
ROWS_26_BY_1 = rows_for(26, 1)

WEIGHTS = (
    Weight("conv2d/kernel", (3, 3, 1, 8), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (8,), 80, "Zeros", {}),
    Weight("conv2d_1/kernel", (3, 3, 8, 8), 96, "GlorotUniform", {"seed": None}),
    Weight("conv2d_1/bias", (8,), 672, "Zeros", {}),
    Weight("dense/kernel", (1152, 32), 688, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (32,), 37552, "Zeros", {}),
    Weight("dense_1/kernel", (32, 10), 37584, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (10,), 37904, "Zeros", {}),
)


@kernel
def compute_conv2d(thread, threads, batch, clock, args):
    """Line 16 of the model. 108,160 FLOPs a row."""
    image = matrix(args, 0, batch * 784, 1)
    conv2d_kernel = matrix(args, 1, 9, 8)
    conv2d_bias = matrix(args, 2, 1, 8)
    conv2d = matrix(args, 3, batch * 676, 8)
    first, last, left, right = share_block(clock, batch, 26, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 8, LANES):
            for oy in range(left, right):
                for tile in range(0, 26, ROWS_26_BY_1):
                    ox = min(tile, 26 - ROWS_26_BY_1)
                    i = (n * 26 + oy) * 26 + ox
                    acc = zeros(ROWS_26_BY_1, 1)
                    for ty in range(3):
                        row = (n * 28 + oy + ty) * 28 + ox
                        kk = ty * 3
                        for k in range(1):
                            acc = outer(acc, image, row, k, conv2d_kernel, kk + k, j)
                            acc = outer(
                                acc, image, row, k + 1, conv2d_kernel, kk + k + 1, j
                            )
                            acc = outer(
                                acc, image, row, k + 2, conv2d_kernel, kk + k + 2, j
                            )
                    conv2d_tile = maximum(acc + load(conv2d_bias, 0, j, 1, 1), 0.0)
                    store(conv2d, i, j, conv2d_tile)


@kernel
def compute_conv2d_1(thread, threads, batch, clock, args):
    """Line 16 of the model. 672,768 FLOPs a row."""
    conv2d = matrix(args, 0, batch * 676, 8)
    conv2d_1_kernel = matrix(args, 1, 72, 8)
    conv2d_1_bias = matrix(args, 2, 1, 8)
    conv2d_1 = matrix(args, 3, batch * 576, 8)
    first, last, left, right = share_block(clock, batch, 24, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 8, LANES):
            for oy in range(left, right):
                for tile in range(0, 24, ROWS_24_BY_1):
                    ox = min(tile, 24 - ROWS_24_BY_1)
                    i = (n * 24 + oy) * 24 + ox
                    acc = zeros(ROWS_24_BY_1, 1)
                    for ty in range(3):
                        row = (n * 26 + oy + ty) * 26 + ox
                        kk = ty * 24
                        for k in range(8):
                            acc = outer(acc, conv2d, row, k, conv2d_1_kernel, kk + k, j)
                            acc = outer(
                                acc, conv2d, row, k + 8, conv2d_1_kernel, kk + k + 8, j
                            )
                            acc = outer(
                                acc,
                                conv2d,
                                row,
                                k + 16,
                                conv2d_1_kernel,
                                kk + k + 16,
                                j,
                            )
                    conv2d_1_tile = maximum(acc + load(conv2d_1_bias, 0, j, 1, 1), 0.0)
                    store(conv2d_1, i, j, conv2d_1_tile)


@kernel
def compute_dropout(thread, threads, batch, clock, args):
    """Line 17 of the model. 5,760 FLOPs a row."""
    conv2d_1 = matrix(args, 0, batch * 576, 8)
    dropout = matrix(args, 1, batch * 144, 8)
    key = random_key(clock, 0)
    first, last, left, right = share_block(clock, batch, 12, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(12):
                i = (n * 12 + oy) * 12 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 8, LANES):
                    acc = full(1, 1, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc, load(conv2d_1, (n * 24 + iy) * 24 + ix, j, 1, 1)
                            )
                    random_uniform = uniform(key[0], key[1], i, j, 8, 1, 1)
                    dropout_tile = select(random_uniform >= 0.25, acc * 1.3333334, 0.0)
                    store(dropout, i, j, dropout_tile)


@kernel
def compute_dropout_1(thread, threads, batch, clock, args):
    """Lines 19, 20. 73,824 FLOPs a row."""
    dropout = matrix(args, 0, batch, 1152)
    dense_kernel = matrix(args, 1, 1152, 32)
    dense_bias = matrix(args, 2, 1, 32)
    dropout_1 = matrix(args, 3, batch, 32)
    key = random_key(clock, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1152):
                acc = outer(acc, dropout, i, k, dense_kernel, k, j)
            dense = maximum(acc + load(dense_bias, 0, j, 1, 2), 0.0)
            random_uniform_1 = uniform(key[0], key[1], i, j, 32, ROWS, 2)
            dropout_1_greater_equal = random_uniform_1 >= 0.5
            dropout_1_tile = select(dropout_1_greater_equal, dense * 2.0, 0.0)
            store_rows(dropout_1, i, j, dropout_1_tile, last - i)


@kernel
def compute_dense_1_add(thread, threads, batch, clock, args):
    """Line 20 of the model. 650 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 32, 10)
    dense_1_bias = matrix(args, 2, 1, 10)
    dense_1_add = matrix(args, 3, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(32):
                acc = outer(acc, dropout_1, i, k, dense_1_kernel, k, j)
            dense_1_add_tile = acc + load(dense_1_bias, 0, j, 1, 1)
            store_rows(dense_1_add, i, j, dense_1_add_tile, last - i)


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 20, 23, 24. 326 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 10)
    digit_target = imatrix(args, 1, batch, 1)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    d_dense_1_add = matrix(args, 5, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_add_tile = load(dense_1_add, i, 0, 2, VECTORS_10)
        dense_1_max = row_max(keep_columns(dense_1_add_tile, 0, 10, -np.inf))
        dense_1_subtract = dense_1_add_tile - dense_1_max
        dense_1_exp = exp(dense_1_subtract)
        dense_1_sum = row_sum(keep_columns(dense_1_exp, 0, 10, 0.0))
        dense_1 = dense_1_exp / dense_1_sum
        digit_loss_log_softmax = dense_1_subtract - log(dense_1_sum)
        index = lane_index(0, VECTORS_10)
        digit_loss_equal = index == load_column(digit_target, i, 2)
        digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
        digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile, 0, last - i)
        accuracy_max = row_max(keep_columns(dense_1, 0, 10, -np.inf))
        accuracy_where = select(dense_1 == accuracy_max, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile, 0, last - i)
        d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
        negative = -d_digit_loss_negative_1
        d_digit_loss_log_softmax = negative * digit_loss_as_float_1
        d_digit_loss_sum_1_1 = row_sum(
            keep_columns(d_digit_loss_log_softmax, 0, 10, 0.0)
        )
        d_digit_loss_multiply_8 = dense_1 * d_digit_loss_sum_1_1
        d_dense_1_add_tile = d_digit_loss_log_softmax - d_digit_loss_multiply_8
        store_rows(d_dense_1_add, i, 0, d_dense_1_add_tile, last - i)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 16, 23, 24. 2 FLOPs a row, 7 FLOPs."""
    digit_loss_multiply_2 = matrix(args, 0, batch, 1)
    digit_target = imatrix(args, 1, batch, 1)
    accuracy_min = matrix(args, 2, batch, 1)
    multiply = matrix(args, 3, 1, 1)
    accuracy_sum = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    copy_1 = matrix(args, 6, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(digit_loss_multiply_2, i, j, 1, 1)
            digit_loss_as_float = load(digit_target, i, j, 1, 1)
            accuracy_min_tile = load(accuracy_min, i, j, 1, 1)
            accuracy_equal_1 = digit_loss_as_float == accuracy_min_tile
            summed_2 = summed_2 + select(accuracy_equal_1, 1.0, 0.0)
        digit_loss = summed / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        store(multiply, 0, j, digit_loss * batch_size)
        store(accuracy_sum, 0, j, summed_2)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_dense_1_bias(thread, threads, batch, clock, args):
    """Line 20 of the model. 10 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 10)
    d_dense_1_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_1_add, i, j, 1, 1)
        store(d_dense_1_bias, 0, j, summed)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 19, 20. 672 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 10)
    dense_1_kernel = matrix(args, 1, 32, 10)
    dropout_1 = matrix(args, 2, batch, 32)
    d_dense_add = matrix(args, 3, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 10, 2, 10)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(10):
                acc = outer(acc, d_dense_1_add, i, k, panel, k, 0)
            kept = load(dropout_1, i, j, ROWS, 2) > 0.0
            d_dense_add_tile = select(kept, acc * 2.0, 0.0)
            store_rows(d_dense_add, i, j, d_dense_add_tile, last - i)


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 20 of the model. 640 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 32)
    d_dense_1_add = matrix(args, 1, batch, 10)
    d_dense_1_kernel = matrix(args, 2, 32, 10)
    first, last = share(32, ROWS, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dropout_1, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Line 19 of the model. 32 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 32)
    d_dense_bias = matrix(args, 1, 1, 32)
    first, last = share(32, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        summed = full(1, 2, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_add, i, j, 1, 2)
        store(d_dense_bias, 0, j, summed)


@kernel
def gradient_of_flatten_dot(thread, threads, batch, clock, args):
    """Line 19 of the model. 73,728 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 32)
    dense_kernel = matrix(args, 1, 1152, 32)
    d_flatten_dot = matrix(args, 2, batch, 1152)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 1152, 4 * LANES):
        panel = pack_t(dense_kernel, j, 0, 32, 4, 32)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(32):
                acc = outer(acc, d_dense_add, i, k, panel, k, 0)
            store_rows(d_flatten_dot, i, j, acc, last - i)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 19 of the model. 73,728 FLOPs a row."""
    dropout = matrix(args, 0, batch, 1152)
    d_dense_add = matrix(args, 1, batch, 32)
    d_dense_kernel = matrix(args, 2, 1152, 32)
    first, last = share(1152, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch):
                acc = outer_t(acc, dropout, k, i, d_dense_add, k, j)
            store(d_dense_kernel, i, j, acc)


@kernel
def gradient_of_max_pooling2d_pool_where(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    conv2d_1 = matrix(args, 0, batch * 576, 8)
    d_max_pooling2d_pool_where = matrix(args, 1, batch * 144, 8)
    first, last, left, right = share_block(clock, batch, 12, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(12):
                i = (n * 12 + oy) * 12 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 8, LANES):
                    best = full(1, 1, -np.inf)
                    acc = full(1, 1, 0)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            part = load(conv2d_1, (n * 24 + iy) * 24 + ix, j, 1, 1)
                            found = part > best
                            acc = select(
                                found, (iy - iy_first) * 2 + (ix - ix_first), acc
                            )
                            best = select(found, part, best)
                    store(d_max_pooling2d_pool_where, i, j, acc)


@kernel
def gradient_of_max_pooling2d_1(thread, threads, batch, clock, args):
    """Line 16 of the model. 1,152 FLOPs a row."""
    dropout = matrix(args, 0, batch, 1152)
    d_flatten_dot = matrix(args, 1, batch, 1152)
    d_max_pooling2d_1 = matrix(args, 2, batch, 1152)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 1152, 4 * LANES):
            kept_2 = load(dropout, i, j, 1, 4) > 0.0
            multiply_2 = load(d_flatten_dot, i, j, 1, 4) * 1.3333334
            store(d_max_pooling2d_1, i, j, select(kept_2, multiply_2, 0.0))


@kernel
def gradient_of_conv2d_1_add(thread, threads, batch, clock, args):
    """Line 16 of the model."""
    d_max_pooling2d_1 = matrix(args, 0, batch * 144, 8)
    d_max_pooling2d_pool_where = matrix(args, 1, batch * 144, 8)
    d_conv2d_1_add = matrix(args, 2, batch * 576, 8)
    first, last, left, right = share_block(clock, batch, 12, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(12):
                i = (n * 12 + oy) * 12 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 8, LANES):
                    best = load(d_max_pooling2d_1, i, j, 1, 1)
                    found = load(d_max_pooling2d_pool_where, i, j, 1, 1)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            store(
                                d_conv2d_1_add,
                                (n * 24 + iy) * 24 + ix,
                                j,
                                select(
                                    found == (iy - iy_first) * 2 + (ix - ix_first),
                                    best,
                                    0.0,
                                ),
                            )


@kernel
def gradient_of_conv2d_1_bias_sum(thread, threads, batch, clock, args):
    """Line 16 of the model. 4,608 FLOPs a row."""
    d_conv2d_1_add = matrix(args, 0, batch * 576, 8)
    d_conv2d_1_bias_sum = matrix(args, 1, batch, 8)
    first, last = share_batch(clock, batch, thread, threads)
    for o in range(first, last):
        for j in range(0, 8, LANES):
            summed = full(1, 1, 0.0)
            for i in range(576):
                summed = summed + load(d_conv2d_1_add, o * 576 + i, j, 1, 1)
            store(d_conv2d_1_bias_sum, o, j, summed)


@kernel
def gradient_of_conv2d_bias_sum_1(thread, threads, batch, clock, args):
    """Line 16 of the model. 16 FLOPs a row."""
    d_conv2d_1_bias_sum = matrix(args, 0, batch, 8)
    d_conv2d_bias_sum = matrix(args, 1, batch, 8)
    d_conv2d_1_bias_sum_1 = matrix(args, 2, 1, 8)
    d_conv2d_bias_sum_1 = matrix(args, 3, 1, 8)
    first, last = share(8, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(d_conv2d_1_bias_sum, i, j, 1, 1)
            summed_2 = summed_2 + load(d_conv2d_bias_sum, i, j, 1, 1)
        store(d_conv2d_1_bias_sum_1, 0, j, summed)
        store(d_conv2d_bias_sum_1, 0, j, summed_2)


@kernel
def gradient_of_conv2d_1_turn(thread, threads, batch, clock, args):
    """Line 16 of the model."""
    conv2d_1_kernel = matrix(args, 0, 72, 8)
    d_conv2d_1_turn = matrix(args, 1, 72, 8)
    first, last = share(72, 16, thread, threads)
    for i in range(first, last):
        row = (8 - i // 8) * 8
        for j in range(8):
            set_element(d_conv2d_1_turn, row + j, i % 8, element(conv2d_1_kernel, i, j))


@kernel
def gradient_of_conv2d_add(thread, threads, batch, clock, args):
    """Line 16 of the model. 784,160 FLOPs a row."""
    d_conv2d_1_add = matrix(args, 0, batch * 576, 8)
    d_conv2d_1_turn = matrix(args, 1, 72, 8)
    conv2d = matrix(args, 2, batch * 676, 8)
    d_conv2d_add = matrix(args, 3, batch * 676, 8)
    first, last, left, right = share_block(clock, batch, 26, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(6272, 8, 8)
        for p in range(28):
            place = p * 224
            if p >= 2 and p < 26:
                fill_words(lines, place, 16, 0.0)
                copy_words(
                    lines, place + 16, d_conv2d_1_add, (n * 24 + (p - 2)) * 192, 192
                )
                fill_words(lines, place + 208, 16, 0.0)
            else:
                fill_words(lines, place, 224, 0.0)
        for j in range(0, 8, LANES):
            for oy in range(left, right):
                for tile in range(0, 26, ROWS_26_BY_1):
                    ox = min(tile, 26 - ROWS_26_BY_1)
                    i = (n * 26 + oy) * 26 + ox
                    acc = zeros(ROWS_26_BY_1, 1)
                    for ty in range(3):
                        row = (oy + ty) * 28 + ox
                        kk = ty * 24
                        for k in range(8):
                            acc = outer(acc, lines, row, k, d_conv2d_1_turn, kk + k, j)
                            acc = outer(
                                acc, lines, row, k + 8, d_conv2d_1_turn, kk + k + 8, j
                            )
                            acc = outer(
                                acc, lines, row, k + 16, d_conv2d_1_turn, kk + k + 16, j
                            )
                    d_conv2d_greater = load(conv2d, i, j, ROWS_26_BY_1, 1) > 0.0
                    store(d_conv2d_add, i, j, select(d_conv2d_greater, acc, 0.0))


@kernel
def gradient_of_conv2d_1_kernel_parts(thread, threads, batch, clock, args):
    """Line 16 of the model. 663,552 FLOPs a row."""
    d_conv2d_1_add = matrix(args, 0, batch * 576, 8)
    d_conv2d_1_kernel_parts = matrix(args, 1, threads * 72, 8)
    conv2d = matrix(args, 2, batch * 676, 8)
    first, last = share_batch(clock, batch, thread, threads)
    fill_words(d_conv2d_1_kernel_parts, thread * 576, 576, 0.0)
    for j in range(0, 8, LANES):
        for start in range(first * 24, last * 24, 5):
            count = min(5, last * 24 - start)
            for t in range(3 * -(-8 // ROWS_8_BY_3)):
                tap = t // (-(-8 // ROWS_8_BY_3))
                m = t % (-(-8 // ROWS_8_BY_3)) * ROWS_8_BY_3
                ty = tap
                acc_0 = load(
                    d_conv2d_1_kernel_parts,
                    thread * 72 + tap * 24 + m,
                    j,
                    ROWS_8_BY_3,
                    1,
                )
                acc_1 = load(
                    d_conv2d_1_kernel_parts,
                    thread * 72 + tap * 24 + 8 + m,
                    j,
                    ROWS_8_BY_3,
                    1,
                )
                acc_2 = load(
                    d_conv2d_1_kernel_parts,
                    thread * 72 + tap * 24 + 16 + m,
                    j,
                    ROWS_8_BY_3,
                    1,
                )
                for q in range(start, start + count):
                    n = q // 24
                    oy = q % 24
                    row = (n * 26 + oy + ty) * 26
                    for ox in range(2):
                        acc_0 = outer_t(
                            acc_0, conv2d, row + ox, m, d_conv2d_1_add, q * 24 + ox, j
                        )
                    for ox in range(1, 2):
                        acc_1 = outer_t(
                            acc_1,
                            conv2d,
                            row + ox,
                            m,
                            d_conv2d_1_add,
                            q * 24 + ox - 1,
                            j,
                        )
                    for ox in range(24, 25):
                        acc_1 = outer_t(
                            acc_1,
                            conv2d,
                            row + ox,
                            m,
                            d_conv2d_1_add,
                            q * 24 + ox - 1,
                            j,
                        )
                    for ox in range(24, 26):
                        acc_2 = outer_t(
                            acc_2,
                            conv2d,
                            row + ox,
                            m,
                            d_conv2d_1_add,
                            q * 24 + ox - 2,
                            j,
                        )
                    for ox in range(2, 24):
                        acc_0 = outer_t(
                            acc_0, conv2d, row + ox, m, d_conv2d_1_add, q * 24 + ox, j
                        )
                        acc_1 = outer_t(
                            acc_1,
                            conv2d,
                            row + ox,
                            m,
                            d_conv2d_1_add,
                            q * 24 + ox - 1,
                            j,
                        )
                        acc_2 = outer_t(
                            acc_2,
                            conv2d,
                            row + ox,
                            m,
                            d_conv2d_1_add,
                            q * 24 + ox - 2,
                            j,
                        )
                store_rows(
                    d_conv2d_1_kernel_parts, thread * 72 + tap * 24 + m, j, acc_0, 8 - m
                )
                store_rows(
                    d_conv2d_1_kernel_parts,
                    thread * 72 + tap * 24 + 8 + m,
                    j,
                    acc_1,
                    8 - m,
                )
                store_rows(
                    d_conv2d_1_kernel_parts,
                    thread * 72 + tap * 24 + 16 + m,
                    j,
                    acc_2,
                    8 - m,
                )


@kernel
def gradient_of_conv2d_1_kernel(thread, threads, batch, clock, args):
    """Line 16 of the model. 576 FLOPs."""
    d_conv2d_1_kernel_parts = matrix(args, 0, threads, 576)
    d_conv2d_1_kernel = matrix(args, 1, 1, 576)
    first, last = share(576, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_conv2d_1_kernel_parts, i, j, 1, 4)
        store(d_conv2d_1_kernel, 0, j, summed)


@kernel
def gradient_of_conv2d_bias_sum(thread, threads, batch, clock, args):
    """Line 16 of the model. 5,408 FLOPs a row."""
    d_conv2d_add = matrix(args, 0, batch * 676, 8)
    d_conv2d_bias_sum = matrix(args, 1, batch, 8)
    first, last = share_batch(clock, batch, thread, threads)
    for o in range(first, last):
        for j in range(0, 8, LANES):
            summed = full(1, 1, 0.0)
            for i in range(676):
                summed = summed + load(d_conv2d_add, o * 676 + i, j, 1, 1)
            store(d_conv2d_bias_sum, o, j, summed)


@kernel
def gradient_of_conv2d_kernel_parts(thread, threads, batch, clock, args):
    """Line 16 of the model. 97,344 FLOPs a row."""
    d_conv2d_add = matrix(args, 0, batch * 676, 8)
    d_conv2d_kernel_parts = matrix(args, 1, threads * 9, 8)
    image = matrix(args, 2, batch * 784, 1)
    first, last = share_batch(clock, batch, thread, threads)
    fill_words(d_conv2d_kernel_parts, thread * 72, 72, 0.0)
    for j in range(0, 8, LANES):
        for start in range(first * 26, last * 26, 4):
            count = min(4, last * 26 - start)
            for t in range(-(-3 // ROWS_3_BY_1)):
                m = t * ROWS_3_BY_1
                acc_0 = load(d_conv2d_kernel_parts, thread * 9 + m, j, ROWS_3_BY_1, 1)
                acc_1 = load(
                    d_conv2d_kernel_parts, thread * 9 + 3 + m, j, ROWS_3_BY_1, 1
                )
                acc_2 = load(
                    d_conv2d_kernel_parts, thread * 9 + 6 + m, j, ROWS_3_BY_1, 1
                )
                for q in range(start, start + count):
                    n = q // 26
                    oy = q % 26
                    row_0 = (n * 28 + oy) * 28
                    row_1 = (n * 28 + oy + 1) * 28
                    row_2 = (n * 28 + oy + 2) * 28
                    for ox in range(26):
                        acc_0 = outer_t(
                            acc_0, image, row_0 + ox, m, d_conv2d_add, q * 26 + ox, j
                        )
                        acc_1 = outer_t(
                            acc_1, image, row_1 + ox, m, d_conv2d_add, q * 26 + ox, j
                        )
                        acc_2 = outer_t(
                            acc_2, image, row_2 + ox, m, d_conv2d_add, q * 26 + ox, j
                        )
                store_rows(d_conv2d_kernel_parts, thread * 9 + m, j, acc_0, 3 - m)
                store_rows(d_conv2d_kernel_parts, thread * 9 + 3 + m, j, acc_1, 3 - m)
                store_rows(d_conv2d_kernel_parts, thread * 9 + 6 + m, j, acc_2, 3 - m)


@kernel
def gradient_of_conv2d_kernel(thread, threads, batch, clock, args):
    """Line 16 of the model. 72 FLOPs."""
    d_conv2d_kernel_parts = matrix(args, 0, threads, 72)
    d_conv2d_kernel = matrix(args, 1, 1, 72)
    first, last = share(72, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_conv2d_kernel_parts, i, j, 1, 4)
        store(d_conv2d_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 834,240 FLOPs."""
    accumulated_grad = matrix(args, 0, 1, 37920)
    gradients = matrix(args, 1, 1, 37920)
    accumulated_delta_var = matrix(args, 2, 1, 37920)
    weights = matrix(args, 3, 1, 37920)
    learning_rate = matrix(args, 4, 1, 1)
    first, last = share(37920, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        prefetch_write(accumulated_grad, 0, j + 16 * LANES, 1, 4)
        prefetch_write(accumulated_delta_var, 0, j + 16 * LANES, 1, 4)
        prefetch_write(weights, 0, j + 16 * LANES, 1, 4)
        gradients_tile = load(gradients, 0, j, 1, 4)
        multiply_1 = 0.05 * square(gradients_tile)
        add_tile = (0.95 * load(accumulated_grad, 0, j, 1, 4)) + multiply_1
        store(accumulated_grad, 0, j, add_tile)
        accumulated_delta_var_tile = load(accumulated_delta_var, 0, j, 1, 4)
        sqrt_ = sqrt(accumulated_delta_var_tile + 1e-07)
        divide = (sqrt_ * gradients_tile) / sqrt(add_tile + 1e-07)
        multiply_4 = 0.05 * square(divide)
        add_3_tile = (0.95 * accumulated_delta_var_tile) + multiply_4
        store(accumulated_delta_var, 0, j, add_3_tile)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        multiply_5 = learning_rate_2 * divide
        store(weights, 0, j, load(weights, 0, j, 1, 4) - multiply_5)


@kernel
def compute_max_pooling2d(thread, threads, batch, clock, args):
    """Line 17 of the model. 4,608 FLOPs a row."""
    conv2d_1 = matrix(args, 0, batch * 576, 8)
    max_pooling2d = matrix(args, 1, batch * 144, 8)
    first, last, left, right = share_block(clock, batch, 12, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(12):
                i = (n * 12 + oy) * 12 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 8, LANES):
                    acc = full(1, 1, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc, load(conv2d_1, (n * 24 + iy) * 24 + ix, j, 1, 1)
                            )
                    store(max_pooling2d, i, j, acc)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 19 of the model. 73,792 FLOPs a row."""
    max_pooling2d = matrix(args, 0, batch, 1152)
    dense_kernel = matrix(args, 1, 1152, 32)
    dense_bias = matrix(args, 2, 1, 32)
    dense = matrix(args, 3, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1152):
                acc = outer(acc, max_pooling2d, i, k, dense_kernel, k, j)
            dense_tile = maximum(acc + load(dense_bias, 0, j, 1, 2), 0.0)
            store_rows(dense, i, j, dense_tile, last - i)


@kernel
def compute_accuracy_min(thread, threads, batch, clock, args):
    """Lines 20, 23, 24. 286 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 10)
    digit_target = imatrix(args, 1, batch, 1)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_add_tile = load(dense_1_add, i, 0, 2, VECTORS_10)
        dense_1_max = row_max(keep_columns(dense_1_add_tile, 0, 10, -np.inf))
        dense_1_subtract = dense_1_add_tile - dense_1_max
        dense_1_exp = exp(dense_1_subtract)
        dense_1_sum = row_sum(keep_columns(dense_1_exp, 0, 10, 0.0))
        dense_1 = dense_1_exp / dense_1_sum
        digit_loss_log_softmax = dense_1_subtract - log(dense_1_sum)
        index = lane_index(0, VECTORS_10)
        digit_loss_equal = index == load_column(digit_target, i, 2)
        digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
        digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile, 0, last - i)
        accuracy_max = row_max(keep_columns(dense_1, 0, 10, -np.inf))
        accuracy_where = select(dense_1 == accuracy_max, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile, 0, last - i)


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 20 of the model. 220 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 10)
    dense_1 = matrix(args, 1, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_add_tile = load(dense_1_add, i, 0, 2, VECTORS_10)
        dense_1_max = row_max(keep_columns(dense_1_add_tile, 0, 10, -np.inf))
        dense_1_exp = exp(dense_1_add_tile - dense_1_max)
        dense_1_sum = row_sum(keep_columns(dense_1_exp, 0, 10, 0.0))
        store_rows(dense_1, i, 0, dense_1_exp / dense_1_sum, last - i)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(20032, 784)
    conv2d = m.rows(0, 5408)
    conv2d_1 = m.rows(5408, 4608)
    dropout = m.rows(15424, 1152)
    dropout_1 = m.rows(20816, 32)
    dense_1_add = m.rows(10016, 10)
    digit_target = m.rows(20898, 1)
    digit_sample_weight = m.rows(10026, 1)
    digit_loss_multiply_2 = m.rows(20899, 1)
    accuracy_min = m.rows(20900, 1)
    d_dense_1_add = m.rows(20880, 10)
    d_dense_add = m.rows(20848, 32)
    d_flatten_dot = m.rows(16576, 1152)
    d_max_pooling2d_pool_where = m.rows(17728, 1152)
    d_max_pooling2d_1 = m.rows(18880, 1152)
    d_conv2d_1_add = m.rows(10816, 4608)
    d_conv2d_1_bias_sum = m.rows(20890, 8)
    d_conv2d_1_kernel_parts = m.parts(576)
    d_conv2d_1_turn = m.fixed(0, 576)
    d_conv2d_add = m.rows(5408, 5408)
    d_conv2d_bias_sum = m.rows(16576, 8)
    d_conv2d_kernel_parts = m.parts(72)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_conv2d_1(
            conv2d, m.weight("conv2d_1/kernel"), m.weight("conv2d_1/bias"), conv2d_1
        ),
        compute_dropout(conv2d_1, dropout),
        compute_dropout_1(
            dropout, m.weight("dense/kernel"), m.weight("dense/bias"), dropout_1
        ),
        compute_dense_1_add(
            dropout_1, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        gradient_of_dense_1_add(
            dense_1_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            d_dense_1_add,
        ),
        gradient_of_dense_add(
            d_dense_1_add, m.weight("dense_1/kernel"), dropout_1, d_dense_add
        ),
        gradient_of_flatten_dot(d_dense_add, m.weight("dense/kernel"), d_flatten_dot),
        gradient_of_max_pooling2d_pool_where(conv2d_1, d_max_pooling2d_pool_where),
        gradient_of_max_pooling2d_1(dropout, d_flatten_dot, d_max_pooling2d_1),
        gradient_of_conv2d_1_add(
            d_max_pooling2d_1, d_max_pooling2d_pool_where, d_conv2d_1_add
        ),
        gradient_of_conv2d_1_bias_sum(d_conv2d_1_add, d_conv2d_1_bias_sum),
        gradient_of_conv2d_1_kernel_parts(
            d_conv2d_1_add, d_conv2d_1_kernel_parts, conv2d
        ),
        gradient_of_conv2d_1_turn(m.weight("conv2d_1/kernel"), d_conv2d_1_turn),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            digit_target,
            accuracy_min,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_conv2d_add(d_conv2d_1_add, d_conv2d_1_turn, conv2d, d_conv2d_add),
        gradient_of_conv2d_bias_sum(d_conv2d_add, d_conv2d_bias_sum),
        gradient_of_conv2d_kernel_parts(d_conv2d_add, d_conv2d_kernel_parts, image),
        gradient_of_dense_1_bias(d_dense_1_add, m.gradient("dense_1/bias")),
        gradient_of_dense_1_kernel(
            dropout_1, d_dense_1_add, m.gradient("dense_1/kernel")
        ),
        gradient_of_dense_bias(d_dense_add, m.gradient("dense/bias")),
        gradient_of_dense_kernel(dropout, d_dense_add, m.gradient("dense/kernel")),
        gradient_of_conv2d_1_kernel(
            d_conv2d_1_kernel_parts, m.gradient("conv2d_1/kernel")
        ),
        sync,
        gradient_of_conv2d_bias_sum_1(
            d_conv2d_1_bias_sum,
            d_conv2d_bias_sum,
            m.gradient("conv2d_1/bias"),
            m.gradient("conv2d/bias"),
        ),
        gradient_of_conv2d_kernel(d_conv2d_kernel_parts, m.gradient("conv2d/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(
            m.slot("accumulated_grad"),
            m.gradients(),
            m.slot("accumulated_delta_var"),
            m.weights(),
            m.scalar(0),
        ),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(11168, 784)
    conv2d = m.rows(0, 5408)
    conv2d_1 = m.rows(5408, 4608)
    max_pooling2d = m.rows(10016, 1152)
    dense = m.rows(11952, 32)
    dense_1_add = m.rows(11984, 10)
    digit_target = m.rows(11994, 1)
    digit_sample_weight = m.rows(11995, 1)
    digit_loss_multiply_2 = m.rows(11996, 1)
    accuracy_min = m.rows(11997, 1)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_conv2d_1(
            conv2d, m.weight("conv2d_1/kernel"), m.weight("conv2d_1/bias"), conv2d_1
        ),
        compute_max_pooling2d(conv2d_1, max_pooling2d),
        compute_dense(
            max_pooling2d, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1_add(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        compute_accuracy_min(
            dense_1_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
        ),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            digit_target,
            accuracy_min,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
    ]


def predict(m):
    """The outputs of one batch."""
    image = m.rows(11168, 784)
    conv2d = m.rows(0, 5408)
    conv2d_1 = m.rows(5408, 4608)
    max_pooling2d = m.rows(10016, 1152)
    dense = m.rows(11952, 32)
    dense_1_add = m.rows(11984, 10)
    dense_1 = m.rows(11994, 10)
    return [
        m.feed("image", image, 784),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_conv2d_1(
            conv2d, m.weight("conv2d_1/kernel"), m.weight("conv2d_1/bias"), conv2d_1
        ),
        compute_max_pooling2d(conv2d_1, max_pooling2d),
        compute_dense(
            max_pooling2d, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1_add(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        compute_dense_1(dense_1_add, dense_1),
        m.result("digit", dense_1, 10),
    ]


SPEC = Spec(
    name="Search",
    source="34_search.k",
    version="0.1.0",
    fingerprint="f3c91540f756d246-10dfbb180e10fda8-b7cbc58adc2144f7",
    inputs=(Input("image", "float32", (28, 28, 1)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "int32", (), 10),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "conv2d",
            "Conv2D",
            (26, 26, 8),
            80,
            108160,
            16,
            ("conv2d/kernel", "conv2d/bias"),
        ),
        Layer(
            "conv2d_1",
            "Conv2D",
            (24, 24, 8),
            584,
            672768,
            16,
            ("conv2d_1/kernel", "conv2d_1/bias"),
        ),
        Layer("max_pooling2d", "MaxPooling2D", (12, 12, 8), 0, 4608, 17),
        Layer("dropout", "Dropout", (12, 12, 8), 0, 0, 17),
        Layer("flatten", "Flatten", (1152,), 0, 0, 17),
        Layer(
            "dense", "Dense", (32,), 36896, 73792, 19, ("dense/kernel", "dense/bias")
        ),
        Layer("dropout_1", "Dropout", (32,), 0, 0, 20),
        Layer(
            "dense_1", "Dense", (10,), 330, 650, 20, ("dense_1/kernel", "dense_1/bias")
        ),
    ),
    trainable=37920,
    size=37920,
    slots={"accumulated_grad": 0.0, "accumulated_delta_var": 0.0},
    optimizer=Adadelta(learning_rate=1.0),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class Search(Model):
    """Digits; the hidden layers are as many as `dense_sizes` has numbers."""

    spec = SPEC
    programs = Programs(
        train=(
            Steps(gradients, 20901, 576, 2566540, by_tiles=False),
            Steps(update, 20901, 576, 0, by_tiles=False),
        ),
        gradient=(Steps(gradients, 20901, 576, 2566540, by_tiles=False),),
        evaluate=(Steps(evaluate, 11998, 0, 860266, by_tiles=False),),
        predict=(Steps(predict, 12004, 0, 860198, lot=40, by_tiles=False),),
    )


SOURCE_NAME = "34_search.k"
SOURCE_MAP = {
    "compute_conv2d": (16,),
    "compute_conv2d_1": (16,),
    "compute_dropout": (17,),
    "compute_dropout_1": (19, 20),
    "compute_dense_1_add": (20,),
    "gradient_of_dense_1_add": (20, 23, 24),
    "compute_figures": (16, 23, 24),
    "gradient_of_dense_1_bias": (20,),
    "gradient_of_dense_add": (19, 20),
    "gradient_of_dense_1_kernel": (20,),
    "gradient_of_dense_bias": (19,),
    "gradient_of_flatten_dot": (19,),
    "gradient_of_dense_kernel": (19,),
    "gradient_of_max_pooling2d_pool_where": (17,),
    "gradient_of_max_pooling2d_1": (16,),
    "gradient_of_conv2d_1_add": (16,),
    "gradient_of_conv2d_1_bias_sum": (16,),
    "gradient_of_conv2d_bias_sum_1": (16,),
    "gradient_of_conv2d_1_turn": (16,),
    "gradient_of_conv2d_add": (16,),
    "gradient_of_conv2d_1_kernel_parts": (16,),
    "gradient_of_conv2d_1_kernel": (16,),
    "gradient_of_conv2d_bias_sum": (16,),
    "gradient_of_conv2d_kernel_parts": (16,),
    "gradient_of_conv2d_kernel": (16,),
    "update_weights": (),
    "compute_max_pooling2d": (17,),
    "compute_dense": (19,),
    "compute_accuracy_min": (20, 23, 24),
    "compute_dense_1": (20,),
}
SOURCE = """\
# A convnet whose shape is a matter of parameters, for scikit-learn to search among: search.py
# hands this file to GridSearchCV.

param size = 28
param dense_sizes = [32]
param filters = 8
param kernel = 3
param pool = 2
param rate = 0.25

model Search:
    \"\"\"Digits; the hidden layers are as many as `dense_sizes` has numbers.\"\"\"
    input image: float32[size, size, 1]
    x = image
    for _ in range(2):
        x = x |> Conv2D(filters, kernel, activation="relu")
    x = x |> MaxPooling2D(pool) |> Dropout(rate) |> Flatten()
    for units in dense_sizes:
        x = x |> Dense(units, activation="relu")
    output digit = x |> Dropout(2 * rate) |> Dense(10, activation="softmax")
    train:
        optimizer = Adadelta(learning_rate=1.0)
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
