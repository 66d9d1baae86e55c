"""AntirectifierMlp, as native code.

Built by kgen 0.1.0 from 27_antirectifier.k; edit that, not this.

layer            kind              output        weights  line
dense            Dense             (batch, 256)  200,960    17
antirectifier    Antirectifier     (batch, 512)        0    17
dropout          Dropout           (batch, 512)        0    17
dense_1          Dense             (batch, 256)  131,328    18
antirectifier_1  Antirectifier     (batch, 512)        0    18
dropout_1        Dropout           (batch, 512)        0    18
dense_2          Dense             (batch, 10)     5,130    19
total            AntirectifierMlp                337,418
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    exp,
    full,
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
    pack,
    pack_t,
    prefetch_write,
    random_key,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_batch,
    share_block,
    sqrt,
    square,
    store,
    store_column,
    uniform,
    zeros,
)

VECTORS_10 = vectors_for(10)

WEIGHTS = (
    Weight("dense/kernel", (784, 256), 0, "GlorotUniform", {"seed": None}, step=272),
    Weight("dense/bias", (256,), 213248, "Zeros", {}),
    Weight(
        "dense_1/kernel", (512, 256), 213504, "GlorotUniform", {"seed": None}, step=272
    ),
    Weight("dense_1/bias", (256,), 352768, "Zeros", {}),
    Weight("dense_2/kernel", (512, 10), 353024, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (10,), 358144, "Zeros", {}),
)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 17 of the model. 401,664 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 256, 272)
    dense_bias = matrix(args, 2, 1, 256)
    dense = matrix(args, 3, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 256, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dense, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, image, i, k, dense_kernel, k, j)
                    if stop < 784:
                        store(dense, i, j, acc)
                        continue
                    store(dense, i, j, acc + load(dense_bias, 0, j, 1, 4))


@kernel
def gradient_of_antirectifier_where_3(thread, threads, batch, clock, args):
    """Lines 9, 10, 11. 1,551 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    antirectifier_x = matrix(args, 1, batch, 256)
    antirectifier_rsqrt = matrix(args, 2, batch, 1)
    d_antirectifier_divide = matrix(args, 3, batch, 1)
    d_antirectifier_where_3 = matrix(args, 4, batch, 1)
    antirectifier_relu = matrix(args, 5, batch, 256)
    antirectifier_relu_1 = matrix(args, 6, batch, 256)
    antirectifier_concatenate = matrix(args, 7, batch, 256, 512)
    antirectifier_concatenate_2 = matrix(args, 8, batch, 256, 512)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        summed = full(1, 4, 0.0)
        for j in range(0, 256, 4 * LANES):
            summed = summed + load(dense, i, j, 1, 4)
        antirectifier_sum = row_sum(summed)
        summed_2 = full(1, 4, 0.0)
        for j in range(0, 256, 4 * LANES):
            multiply = antirectifier_sum * 0.00390625
            antirectifier_x_tile = load(dense, i, j, 1, 4) - multiply
            store(antirectifier_x, i, j, antirectifier_x_tile)
            summed_2 = summed_2 + square(antirectifier_x_tile)
        antirectifier_sum_1 = row_sum(summed_2)
        antirectifier_maximum = maximum(antirectifier_sum_1, 1e-14)
        antirectifier_rsqrt_tile = 1.0 / sqrt(antirectifier_maximum)
        store_column(antirectifier_rsqrt, i, antirectifier_rsqrt_tile)
        d_antirectifier_multiply_5 = -0.5 * antirectifier_rsqrt_tile
        d_antirectifier_divide_tile = d_antirectifier_multiply_5 / antirectifier_maximum
        store_column(d_antirectifier_divide, i, d_antirectifier_divide_tile)
        d_antirectifier_greater_2 = antirectifier_sum_1 > 1e-14
        d_antirectifier_equal = antirectifier_sum_1 == 1e-14
        d_antirectifier_where_2 = select(d_antirectifier_equal, 0.5, 0.0)
        d_antirectifier_where_3_tile = select(
            d_antirectifier_greater_2, 1.0, d_antirectifier_where_2
        )
        store_column(d_antirectifier_where_3, i, d_antirectifier_where_3_tile)
        for j in range(0, 256, 4 * LANES):
            antirectifier_x_tile_2 = load(antirectifier_x, i, j, 1, 4)
            antirectifier_multiply = antirectifier_x_tile_2 * antirectifier_rsqrt_tile
            antirectifier_relu_tile = maximum(antirectifier_multiply, 0.0)
            store(antirectifier_relu, i, j, antirectifier_relu_tile)
            antirectifier_relu_1_tile = maximum(-antirectifier_multiply, 0.0)
            store(antirectifier_relu_1, i, j, antirectifier_relu_1_tile)
            store(antirectifier_concatenate, i, j, antirectifier_relu_tile)
            store(antirectifier_concatenate_2, i, j, antirectifier_relu_1_tile)


@kernel
def compute_dropout(thread, threads, batch, clock, args):
    """Line 17 of the model. 512 FLOPs a row."""
    antirectifier_concatenate = matrix(args, 0, batch, 512)
    dropout = matrix(args, 1, batch, 512)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 512, 4 * LANES):
            random_uniform = uniform(key[0], key[1], i, j, 512, 1, 4)
            antirectifier_concatenate_tile = load(antirectifier_concatenate, i, j, 1, 4)
            dropout_multiply = antirectifier_concatenate_tile * 1.1111112
            dropout_tile = select(random_uniform >= 0.1, dropout_multiply, 0.0)
            store(dropout, i, j, dropout_tile)


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 18 of the model. 262,400 FLOPs a row."""
    dropout = matrix(args, 0, batch, 512)
    dense_1_kernel = matrix(args, 1, 512, 256, 272)
    dense_1_bias = matrix(args, 2, 1, 256)
    dense_1 = matrix(args, 3, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 512, 128):
            stop = min(start + 128, 512)
            for j in range(0, 256, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dense_1, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, dropout, i, k, dense_1_kernel, k, j)
                    if stop < 512:
                        store(dense_1, i, j, acc)
                        continue
                    store(dense_1, i, j, acc + load(dense_1_bias, 0, j, 1, 4))


@kernel
def compute_dropout_1(thread, threads, batch, clock, args):
    """Line 18 of the model. 512 FLOPs a row."""
    antirectifier_1_concatenate = matrix(args, 0, batch, 512)
    dropout_1 = matrix(args, 1, batch, 512)
    key = random_key(clock, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 512, 4 * LANES):
            random_uniform_1 = uniform(key[0], key[1], i, j, 512, 1, 4)
            dropout_1_greater_equal = random_uniform_1 >= 0.1
            antirectifier_1_concatenate_tile = load(
                antirectifier_1_concatenate, i, j, 1, 4
            )
            dropout_1_multiply = antirectifier_1_concatenate_tile * 1.1111112
            dropout_1_tile = select(dropout_1_greater_equal, dropout_1_multiply, 0.0)
            store(dropout_1, i, j, dropout_1_tile)


@kernel
def compute_dense_2_add(thread, threads, batch, clock, args):
    """Line 19 of the model. 10,250 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 512)
    dense_2_kernel = matrix(args, 1, 512, 10)
    dense_2_bias = matrix(args, 2, 1, 10)
    dense_2_add = matrix(args, 3, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(512):
                acc = outer(acc, dropout_1, i, k, dense_2_kernel, k, j)
            store(dense_2_add, i, j, acc + load(dense_2_bias, 0, j, 1, 1))


@kernel
def gradient_of_dense_2_add(thread, threads, batch, clock, args):
    """Lines 19, 22, 23. 346 FLOPs a row."""
    dense_2_add = matrix(args, 0, batch, 10)
    digit_target = matrix(args, 1, batch, 10)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    accuracy_min_1 = matrix(args, 5, batch, 1)
    d_dense_2_add = matrix(args, 6, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_2_add_tile = load(dense_2_add, i, 0, 2, VECTORS_10)
        dense_2_max = row_max(keep_columns(dense_2_add_tile, 0, 10, -np.inf))
        dense_2_subtract = dense_2_add_tile - dense_2_max
        dense_2_exp = exp(dense_2_subtract)
        dense_2_sum = row_sum(keep_columns(dense_2_exp, 0, 10, 0.0))
        dense_2 = dense_2_exp / dense_2_sum
        digit_loss_log_softmax = dense_2_subtract - log(dense_2_sum)
        digit_target_tile = load(digit_target, i, 0, 2, VECTORS_10)
        digit_loss_multiply = digit_target_tile * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(digit_target_tile, 0, 10, -np.inf))
        accuracy_equal = digit_target_tile == accuracy_max
        index = lane_index(0, VECTORS_10)
        accuracy_where = select(accuracy_equal, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        accuracy_max_1 = row_max(keep_columns(dense_2, 0, 10, -np.inf))
        accuracy_where_1 = select(dense_2 == accuracy_max_1, index, 10.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 10, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)
        d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
        negative = -d_digit_loss_negative_1
        d_digit_loss_log_softmax = negative * digit_target_tile
        d_digit_loss_sum_1_1 = row_sum(
            keep_columns(d_digit_loss_log_softmax, 0, 10, 0.0)
        )
        d_digit_loss_multiply_8 = dense_2 * d_digit_loss_sum_1_1
        d_dense_2_add_tile = d_digit_loss_log_softmax - d_digit_loss_multiply_8
        store(d_dense_2_add, i, 0, d_dense_2_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 17, 22, 23. 2 FLOPs a row, 7 FLOPs."""
    digit_loss_multiply_2 = matrix(args, 0, batch, 1)
    accuracy_min = matrix(args, 1, batch, 1)
    accuracy_min_1 = matrix(args, 2, batch, 1)
    multiply_2 = matrix(args, 3, 1, 1)
    accuracy_sum = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    copy_1 = matrix(args, 6, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(digit_loss_multiply_2, i, j, 1, 1)
            accuracy_min_tile = load(accuracy_min, i, j, 1, 1)
            accuracy_min_1_tile = load(accuracy_min_1, i, j, 1, 1)
            accuracy_equal_2 = accuracy_min_tile == accuracy_min_1_tile
            summed_2 = summed_2 + select(accuracy_equal_2, 1.0, 0.0)
        digit_loss = summed / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        store(multiply_2, 0, j, digit_loss * batch_size)
        store(accuracy_sum, 0, j, summed_2)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_dense_2_bias(thread, threads, batch, clock, args):
    """Line 19 of the model. 10 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 10)
    d_dense_2_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_2_add, i, j, 1, 1)
        store(d_dense_2_bias, 0, j, summed)


@kernel
def gradient_of_antirectifier_1_concatenate(thread, threads, batch, clock, args):
    """Lines 18, 19. 11,264 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 10)
    dense_2_kernel = matrix(args, 1, 512, 10)
    d_antirectifier_1_concatenate = matrix(args, 2, batch, 512)
    key = random_key(clock, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 512, 4 * LANES):
        panel = pack_t(dense_2_kernel, j, 0, 10, 4, 10)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(10):
                acc = outer(acc, d_dense_2_add, i, k, panel, k, 0)
            random_uniform_1 = uniform(key[0], key[1], i, j, 512, HALF_ROWS, 4)
            d_dropout_1_multiply = select(random_uniform_1 >= 0.1, acc, 0.0)
            d_antirectifier_1_concatenate_tile = d_dropout_1_multiply * 1.1111112
            store(
                d_antirectifier_1_concatenate, i, j, d_antirectifier_1_concatenate_tile
            )


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 19 of the model. 10,240 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 512)
    d_dense_2_add = matrix(args, 1, batch, 10)
    d_dense_2_kernel = matrix(args, 2, 512, 10)
    first, last = share(512, ROWS, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dropout_1, k, i, d_dense_2_add, k, j)
            store(d_dense_2_kernel, i, j, acc)


@kernel
def gradient_of_dense_1(thread, threads, batch, clock, args):
    """Lines 9, 10, 11. 2,562 FLOPs a row."""
    antirectifier_1_relu_1 = matrix(args, 0, batch, 256)
    d_antirectifier_1_concatenate = matrix(args, 1, batch, 256, 512)
    antirectifier_1_relu = matrix(args, 2, batch, 256)
    d_antirectifier_1_concatenate_2 = matrix(args, 3, batch, 256, 512)
    antirectifier_1_x = matrix(args, 4, batch, 256)
    d_antirectifier_1_divide = matrix(args, 5, batch, 1)
    d_antirectifier_1_where_3 = matrix(args, 6, batch, 1)
    antirectifier_1_rsqrt = matrix(args, 7, batch, 1)
    d_dense_1 = matrix(args, 8, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        summed = full(1, 4, 0.0)
        for j in range(0, 256, 4 * LANES):
            antirectifier_1_relu_1_tile = load(antirectifier_1_relu_1, i, j, 1, 4)
            d_antirectifier_1_greater = antirectifier_1_relu_1_tile > 0.0
            d_antirectifier_1_relu_1 = load(d_antirectifier_1_concatenate, i, j, 1, 4)
            d_antirectifier_1_negative = select(
                d_antirectifier_1_greater, d_antirectifier_1_relu_1, 0.0
            )
            negative_1 = -d_antirectifier_1_negative
            antirectifier_1_relu_tile = load(antirectifier_1_relu, i, j, 1, 4)
            d_antirectifier_1_greater_1 = antirectifier_1_relu_tile > 0.0
            d_antirectifier_1_relu = load(d_antirectifier_1_concatenate_2, i, j, 1, 4)
            d_antirectifier_1_where_1 = select(
                d_antirectifier_1_greater_1, d_antirectifier_1_relu, 0.0
            )
            d_antirectifier_1_multiply_2 = negative_1 + d_antirectifier_1_where_1
            antirectifier_1_x_tile = load(antirectifier_1_x, i, j, 1, 4)
            d_antirectifier_1_multiply_4 = (
                d_antirectifier_1_multiply_2 * antirectifier_1_x_tile
            )
            summed = summed + d_antirectifier_1_multiply_4
        d_antirectifier_1_rsqrt = row_sum(summed)
        d_antirectifier_1_divide_tile = load_column(d_antirectifier_1_divide, i, 1)
        d_antirectifier_1_maximum = (
            d_antirectifier_1_rsqrt * d_antirectifier_1_divide_tile
        )
        d_antirectifier_1_where_3_tile = load_column(d_antirectifier_1_where_3, i, 1)
        d_antirectifier_1_sum_1_1 = (
            d_antirectifier_1_maximum * d_antirectifier_1_where_3_tile
        )
        summed_2 = full(1, 4, 0.0)
        for j in range(0, 256, 4 * LANES):
            antirectifier_1_relu_1_tile_2 = load(antirectifier_1_relu_1, i, j, 1, 4)
            d_antirectifier_1_greater_2 = antirectifier_1_relu_1_tile_2 > 0.0
            d_antirectifier_1_relu_1_2 = load(d_antirectifier_1_concatenate, i, j, 1, 4)
            d_antirectifier_1_negative_2 = select(
                d_antirectifier_1_greater_2, d_antirectifier_1_relu_1_2, 0.0
            )
            negative_1_2 = -d_antirectifier_1_negative_2
            antirectifier_1_relu_tile_2 = load(antirectifier_1_relu, i, j, 1, 4)
            d_antirectifier_1_greater_1_2 = antirectifier_1_relu_tile_2 > 0.0
            d_antirectifier_1_relu_2 = load(d_antirectifier_1_concatenate_2, i, j, 1, 4)
            d_antirectifier_1_where_1_2 = select(
                d_antirectifier_1_greater_1_2, d_antirectifier_1_relu_2, 0.0
            )
            d_antirectifier_1_multiply_2_2 = negative_1_2 + d_antirectifier_1_where_1_2
            antirectifier_1_rsqrt_tile = load_column(antirectifier_1_rsqrt, i, 1)
            d_antirectifier_1_x = (
                d_antirectifier_1_multiply_2_2 * antirectifier_1_rsqrt_tile
            )
            antirectifier_1_x_tile_2 = load(antirectifier_1_x, i, j, 1, 4)
            d_antirectifier_1_multiply_9 = 2.0 * antirectifier_1_x_tile_2
            d_antirectifier_1_multiply_10 = (
                d_antirectifier_1_sum_1_1 * d_antirectifier_1_multiply_9
            )
            d_antirectifier_1_x_1 = d_antirectifier_1_x + d_antirectifier_1_multiply_10
            summed_2 = summed_2 + (-d_antirectifier_1_x_1)
        d_multiply_1 = row_sum(summed_2)
        for j in range(0, 256, 4 * LANES):
            antirectifier_1_relu_1_tile_3 = load(antirectifier_1_relu_1, i, j, 1, 4)
            d_antirectifier_1_greater_3 = antirectifier_1_relu_1_tile_3 > 0.0
            d_antirectifier_1_relu_1_3 = load(d_antirectifier_1_concatenate, i, j, 1, 4)
            d_antirectifier_1_negative_3 = select(
                d_antirectifier_1_greater_3, d_antirectifier_1_relu_1_3, 0.0
            )
            negative_1_3 = -d_antirectifier_1_negative_3
            antirectifier_1_relu_tile_3 = load(antirectifier_1_relu, i, j, 1, 4)
            d_antirectifier_1_greater_1_3 = antirectifier_1_relu_tile_3 > 0.0
            d_antirectifier_1_relu_3 = load(d_antirectifier_1_concatenate_2, i, j, 1, 4)
            d_antirectifier_1_where_1_3 = select(
                d_antirectifier_1_greater_1_3, d_antirectifier_1_relu_3, 0.0
            )
            d_antirectifier_1_multiply_2_3 = negative_1_3 + d_antirectifier_1_where_1_3
            antirectifier_1_rsqrt_tile_2 = load_column(antirectifier_1_rsqrt, i, 1)
            d_antirectifier_1_x_2 = (
                d_antirectifier_1_multiply_2_3 * antirectifier_1_rsqrt_tile_2
            )
            antirectifier_1_x_tile_3 = load(antirectifier_1_x, i, j, 1, 4)
            d_antirectifier_1_multiply_9_2 = 2.0 * antirectifier_1_x_tile_3
            d_antirectifier_1_multiply_10_2 = (
                d_antirectifier_1_sum_1_1 * d_antirectifier_1_multiply_9_2
            )
            d_antirectifier_1_x_1_2 = (
                d_antirectifier_1_x_2 + d_antirectifier_1_multiply_10_2
            )
            d_antirectifier_1_sum_2 = d_multiply_1 * 0.00390625
            d_dense_1_tile = d_antirectifier_1_x_1_2 + d_antirectifier_1_sum_2
            store(d_dense_1, i, j, d_dense_1_tile)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Lines 17, 18. 512 FLOPs a row."""
    d_dense_1 = matrix(args, 0, batch, 256)
    d_dense = matrix(args, 1, batch, 256)
    d_dense_1_bias = matrix(args, 2, 1, 256)
    d_dense_bias = matrix(args, 3, 1, 256)
    first, last = share(256, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_1, i, j, 1, 4)
            summed_2 = summed_2 + load(d_dense, i, j, 1, 4)
        store(d_dense_1_bias, 0, j, summed)
        store(d_dense_bias, 0, j, summed_2)


@kernel
def gradient_of_antirectifier_concatenate(thread, threads, batch, clock, args):
    """Lines 17, 18. 263,168 FLOPs a row."""
    d_dense_1 = matrix(args, 0, batch, 256)
    dense_1_kernel = matrix(args, 1, 512, 256, 272)
    d_antirectifier_concatenate = matrix(args, 2, batch, 512)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 128):
        bottom = min(top + 128, last)
        for start in range(0, 256, 128):
            stop = min(start + 128, 256)
            for j in range(0, 512, 4 * LANES):
                panel = pack_t(dense_1_kernel, j, start, 128, 4, stop - start)
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(d_antirectifier_concatenate, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, d_dense_1, i, k, panel, k - start, 0)
                    if stop < 256:
                        store(d_antirectifier_concatenate, i, j, acc)
                        continue
                    random_uniform = uniform(key[0], key[1], i, j, 512, HALF_ROWS, 4)
                    d_dropout_multiply = select(random_uniform >= 0.1, acc, 0.0)
                    d_antirectifier_concatenate_tile = d_dropout_multiply * 1.1111112
                    store(
                        d_antirectifier_concatenate,
                        i,
                        j,
                        d_antirectifier_concatenate_tile,
                    )


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 18 of the model. 262,144 FLOPs a row."""
    dropout = matrix(args, 0, batch, 512)
    d_dense_1 = matrix(args, 1, batch, 256)
    d_dense_1_kernel = matrix(args, 2, 512, 256, 272)
    first, last = share(512, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 256, 4 * LANES):
            panel = pack(d_dense_1, start, j, 128, 4, count)
            for i in range(first, last, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_dense_1_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, dropout, start + k, i, panel, k, 0)
                store(d_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 17 of the model. 401,408 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    d_dense = matrix(args, 1, batch, 256)
    d_dense_kernel = matrix(args, 2, 784, 256, 272)
    first, last = share(784, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 256, 4 * LANES):
            panel = pack(d_dense, start, j, 128, 4, count)
            for i in range(first, last, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_dense_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, image, start + k, i, panel, k, 0)
                store(d_dense_kernel, i, j, acc)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 4,656,080 FLOPs."""
    velocity = matrix(args, 0, 1, 358160)
    gradients = matrix(args, 1, 1, 358160)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 358160)
    first, last = share(358160, 4 * LANES, thread, threads)
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
def compute_antirectifier_concatenate(thread, threads, batch, clock, args):
    """Lines 9, 10, 11. 1,546 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    antirectifier_concatenate = matrix(args, 1, batch, 256, 512)
    antirectifier_concatenate_2 = matrix(args, 2, batch, 256, 512)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        summed = full(1, 4, 0.0)
        for j in range(0, 256, 4 * LANES):
            summed = summed + load(dense, i, j, 1, 4)
        antirectifier_sum = row_sum(summed)
        summed_2 = full(1, 4, 0.0)
        for j in range(0, 256, 4 * LANES):
            multiply = antirectifier_sum * 0.00390625
            antirectifier_x = load(dense, i, j, 1, 4) - multiply
            summed_2 = summed_2 + square(antirectifier_x)
        antirectifier_sum_1 = row_sum(summed_2)
        antirectifier_maximum = maximum(antirectifier_sum_1, 1e-14)
        antirectifier_rsqrt = 1.0 / sqrt(antirectifier_maximum)
        for j in range(0, 256, 4 * LANES):
            multiply_2 = antirectifier_sum * 0.00390625
            antirectifier_x_2 = load(dense, i, j, 1, 4) - multiply_2
            antirectifier_multiply = antirectifier_x_2 * antirectifier_rsqrt
            antirectifier_relu = maximum(antirectifier_multiply, 0.0)
            store(antirectifier_concatenate, i, j, antirectifier_relu)
            antirectifier_relu_1 = maximum(-antirectifier_multiply, 0.0)
            store(antirectifier_concatenate_2, i, j, antirectifier_relu_1)


@kernel
def compute_accuracy_min_1(thread, threads, batch, clock, args):
    """Lines 19, 22, 23. 306 FLOPs a row."""
    dense_2_add = matrix(args, 0, batch, 10)
    digit_target = matrix(args, 1, batch, 10)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    accuracy_min_1 = matrix(args, 5, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_2_add_tile = load(dense_2_add, i, 0, 2, VECTORS_10)
        dense_2_max = row_max(keep_columns(dense_2_add_tile, 0, 10, -np.inf))
        dense_2_subtract = dense_2_add_tile - dense_2_max
        dense_2_exp = exp(dense_2_subtract)
        dense_2_sum = row_sum(keep_columns(dense_2_exp, 0, 10, 0.0))
        dense_2 = dense_2_exp / dense_2_sum
        digit_loss_log_softmax = dense_2_subtract - log(dense_2_sum)
        digit_target_tile = load(digit_target, i, 0, 2, VECTORS_10)
        digit_loss_multiply = digit_target_tile * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(digit_target_tile, 0, 10, -np.inf))
        accuracy_equal = digit_target_tile == accuracy_max
        index = lane_index(0, VECTORS_10)
        accuracy_where = select(accuracy_equal, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        accuracy_max_1 = row_max(keep_columns(dense_2, 0, 10, -np.inf))
        accuracy_where_1 = select(dense_2 == accuracy_max_1, index, 10.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 10, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)


@kernel
def compute_dense_2(thread, threads, batch, clock, args):
    """Line 19 of the model. 220 FLOPs a row."""
    dense_2_add = matrix(args, 0, batch, 10)
    dense_2 = matrix(args, 1, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_2_add_tile = load(dense_2_add, i, 0, 2, VECTORS_10)
        dense_2_max = row_max(keep_columns(dense_2_add_tile, 0, 10, -np.inf))
        dense_2_exp = exp(dense_2_add_tile - dense_2_max)
        dense_2_sum = row_sum(keep_columns(dense_2_exp, 0, 10, 0.0))
        store(dense_2, i, 0, dense_2_exp / dense_2_sum)


@kernel
def compute_dense_few(thread, threads, batch, clock, args):
    """Line 17 of the model. 401,664 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 256, 272)
    dense_bias = matrix(args, 2, 1, 256)
    dense = matrix(args, 3, batch, 256)
    first, last, left, right = share_block(
        clock, batch, 256, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(784):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, acc + load(dense_bias, 0, j, 1, 4))


@kernel
def compute_dense_1_few(thread, threads, batch, clock, args):
    """Line 18 of the model. 262,400 FLOPs a row."""
    antirectifier_concatenate = matrix(args, 0, batch, 512)
    dense_1_kernel = matrix(args, 1, 512, 256, 272)
    dense_1_bias = matrix(args, 2, 1, 256)
    dense_1 = matrix(args, 3, batch, 256)
    first, last, left, right = share_block(
        clock, batch, 256, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(512):
                acc = outer(acc, antirectifier_concatenate, i, k, dense_1_kernel, k, j)
            store(dense_1, i, j, acc + load(dense_1_bias, 0, j, 1, 4))


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(0, 784)
    dense = m.rows(3856, 256)
    antirectifier_x = m.rows(4112, 256)
    antirectifier_rsqrt = m.rows(6447, 1)
    d_antirectifier_divide = m.rows(6448, 1)
    d_antirectifier_where_3 = m.rows(6449, 1)
    antirectifier_relu = m.rows(4368, 256)
    antirectifier_relu_1 = m.rows(4624, 256)
    antirectifier_concatenate = m.rows(784, 512)
    dropout = m.rows(1296, 512)
    dense_1 = m.rows(4880, 256)
    antirectifier_1_x = m.rows(5136, 256)
    antirectifier_1_rsqrt = m.rows(6450, 1)
    d_antirectifier_1_divide = m.rows(6451, 1)
    d_antirectifier_1_where_3 = m.rows(6452, 1)
    antirectifier_1_relu = m.rows(5392, 256)
    antirectifier_1_relu_1 = m.rows(5648, 256)
    antirectifier_1_concatenate = m.rows(1808, 512)
    dropout_1 = m.rows(2320, 512)
    dense_2_add = m.rows(6426, 10)
    digit_target = m.rows(6416, 10)
    digit_sample_weight = m.rows(6446, 1)
    digit_loss_multiply_2 = m.rows(6453, 1)
    accuracy_min = m.rows(6454, 1)
    accuracy_min_1 = m.rows(6455, 1)
    d_dense_2_add = m.rows(6436, 10)
    d_antirectifier_1_concatenate = m.rows(2832, 512)
    d_dense_1 = m.rows(5904, 256)
    d_antirectifier_concatenate = m.rows(3344, 512)
    d_dense = m.rows(6160, 256)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        gradient_of_antirectifier_where_3(
            dense,
            antirectifier_x,
            antirectifier_rsqrt,
            d_antirectifier_divide,
            d_antirectifier_where_3,
            antirectifier_relu,
            antirectifier_relu_1,
            antirectifier_concatenate,
            antirectifier_concatenate.at(256),
        ),
        compute_dropout(antirectifier_concatenate, dropout),
        compute_dense_1(
            dropout, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        gradient_of_antirectifier_where_3(
            dense_1,
            antirectifier_1_x,
            antirectifier_1_rsqrt,
            d_antirectifier_1_divide,
            d_antirectifier_1_where_3,
            antirectifier_1_relu,
            antirectifier_1_relu_1,
            antirectifier_1_concatenate,
            antirectifier_1_concatenate.at(256),
        ),
        compute_dropout_1(antirectifier_1_concatenate, dropout_1),
        compute_dense_2_add(
            dropout_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        gradient_of_dense_2_add(
            dense_2_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
            d_dense_2_add,
        ),
        gradient_of_antirectifier_1_concatenate(
            d_dense_2_add, m.weight("dense_2/kernel"), d_antirectifier_1_concatenate
        ),
        gradient_of_dense_1(
            antirectifier_1_relu_1,
            d_antirectifier_1_concatenate.at(256),
            antirectifier_1_relu,
            d_antirectifier_1_concatenate,
            antirectifier_1_x,
            d_antirectifier_1_divide,
            d_antirectifier_1_where_3,
            antirectifier_1_rsqrt,
            d_dense_1,
        ),
        gradient_of_antirectifier_concatenate(
            d_dense_1, m.weight("dense_1/kernel"), d_antirectifier_concatenate
        ),
        gradient_of_dense_1(
            antirectifier_relu_1,
            d_antirectifier_concatenate.at(256),
            antirectifier_relu,
            d_antirectifier_concatenate,
            antirectifier_x,
            d_antirectifier_divide,
            d_antirectifier_where_3,
            antirectifier_rsqrt,
            d_dense,
        ),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_dense_2_bias(d_dense_2_add, m.gradient("dense_2/bias")),
        gradient_of_dense_2_kernel(
            dropout_1, d_dense_2_add, m.gradient("dense_2/kernel")
        ),
        gradient_of_dense_bias(
            d_dense_1, d_dense, m.gradient("dense_1/bias"), m.gradient("dense/bias")
        ),
        gradient_of_dense_1_kernel(dropout, d_dense_1, m.gradient("dense_1/kernel")),
        gradient_of_dense_kernel(image, d_dense, m.gradient("dense/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(0, 784)
    dense = m.rows(1808, 256)
    antirectifier_concatenate = m.rows(784, 512)
    dense_1 = m.rows(2064, 256)
    antirectifier_1_concatenate = m.rows(1296, 512)
    dense_2_add = m.rows(2330, 10)
    digit_target = m.rows(2320, 10)
    digit_sample_weight = m.rows(2340, 1)
    digit_loss_multiply_2 = m.rows(2341, 1)
    accuracy_min = m.rows(2342, 1)
    accuracy_min_1 = m.rows(2343, 1)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_antirectifier_concatenate(
            dense, antirectifier_concatenate, antirectifier_concatenate.at(256)
        ),
        compute_dense_1(
            antirectifier_concatenate,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
        ),
        compute_antirectifier_concatenate(
            dense_1, antirectifier_1_concatenate, antirectifier_1_concatenate.at(256)
        ),
        compute_dense_2_add(
            antirectifier_1_concatenate,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_2_add,
        ),
        compute_accuracy_min_1(
            dense_2_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
        ),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
    ]


def predict(m):
    """The outputs of one batch."""
    image = m.rows(0, 784)
    dense = m.rows(1808, 256)
    antirectifier_concatenate = m.rows(784, 512)
    dense_1 = m.rows(2064, 256)
    antirectifier_1_concatenate = m.rows(1296, 512)
    dense_2_add = m.rows(2320, 10)
    dense_2 = m.rows(2330, 10)
    return [
        m.feed("image", image, 784),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_antirectifier_concatenate(
            dense, antirectifier_concatenate, antirectifier_concatenate.at(256)
        ),
        compute_dense_1(
            antirectifier_concatenate,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
        ),
        compute_antirectifier_concatenate(
            dense_1, antirectifier_1_concatenate, antirectifier_1_concatenate.at(256)
        ),
        compute_dense_2_add(
            antirectifier_1_concatenate,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_2_add,
        ),
        compute_dense_2(dense_2_add, dense_2),
        m.result("digit", dense_2, 10),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    image = m.rows(0, 784)
    dense = m.rows(1808, 256)
    antirectifier_concatenate = m.rows(784, 512)
    dense_1 = m.rows(2064, 256)
    antirectifier_1_concatenate = m.rows(1296, 512)
    dense_2_add = m.rows(2320, 10)
    dense_2 = m.rows(2330, 10)
    return [
        m.feed("image", image, 784),
        compute_dense_few(
            image, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_antirectifier_concatenate(
            dense, antirectifier_concatenate, antirectifier_concatenate.at(256)
        ),
        compute_dense_1_few(
            antirectifier_concatenate,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
        ),
        compute_antirectifier_concatenate(
            dense_1, antirectifier_1_concatenate, antirectifier_1_concatenate.at(256)
        ),
        compute_dense_2_add(
            antirectifier_1_concatenate,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_2_add,
        ),
        compute_dense_2(dense_2_add, dense_2),
        m.result("digit", dense_2, 10),
    ]


SPEC = Spec(
    name="AntirectifierMlp",
    source="27_antirectifier.k",
    version="0.1.0",
    fingerprint="7b182969d8ecb5b9-f6b4e1e71c0bf9e6-09ea087a47328a61",
    inputs=(Input("image", "float32", (784,)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "float32", (10,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "dense", "Dense", (256,), 200960, 401664, 17, ("dense/kernel", "dense/bias")
        ),
        Layer("antirectifier", "Antirectifier", (512,), 0, 2063, 17),
        Layer("dropout", "Dropout", (512,), 0, 0, 17),
        Layer(
            "dense_1",
            "Dense",
            (256,),
            131328,
            262400,
            18,
            ("dense_1/kernel", "dense_1/bias"),
        ),
        Layer("antirectifier_1", "Antirectifier", (512,), 0, 2063, 18),
        Layer("dropout_1", "Dropout", (512,), 0, 0, 18),
        Layer(
            "dense_2",
            "Dense",
            (10,),
            5130,
            10250,
            19,
            ("dense_2/kernel", "dense_2/bias"),
        ),
    ),
    trainable=358160,
    size=358160,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class AntirectifierMlp(Model):
    """Digits through two hidden layers."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 6456, 0, 1632658), Steps(update, 6456, 0, 0)),
        gradient=(Steps(gradients, 6456, 0, 1632658),),
        evaluate=(Steps(evaluate, 2344, 0, 677714),),
        predict=(Steps(predict, 2340, 0, 677626),),
        few=(Steps(predict_few, 2340, 0, 677626),),
    )


SOURCE_NAME = "27_antirectifier.k"
SOURCE_MAP = {
    "compute_dense": (17,),
    "gradient_of_antirectifier_where_3": (9, 10, 11),
    "compute_dropout": (17,),
    "compute_dense_1": (18,),
    "compute_dropout_1": (18,),
    "compute_dense_2_add": (19,),
    "gradient_of_dense_2_add": (19, 22, 23),
    "compute_figures": (17, 22, 23),
    "gradient_of_dense_2_bias": (19,),
    "gradient_of_antirectifier_1_concatenate": (18, 19),
    "gradient_of_dense_2_kernel": (19,),
    "gradient_of_dense_1": (9, 10, 11),
    "gradient_of_dense_bias": (17, 18),
    "gradient_of_antirectifier_concatenate": (17, 18),
    "gradient_of_dense_1_kernel": (18,),
    "gradient_of_dense_kernel": (17,),
    "update_weights": (),
    "compute_antirectifier_concatenate": (9, 10, 11),
    "compute_accuracy_min_1": (19, 22, 23),
    "compute_dense_2": (19,),
    "compute_dense_few": (17,),
    "compute_dense_1_few": (18,),
}
SOURCE = """\
# A layer of one's own: where relu throws away what is negative, the antirectifier keeps both
# halves side by side, so that its output is twice as wide as its input.

param width = 256
param rate = 0.1

layer Antirectifier()(x):
    \"\"\"[relu(n), relu(-n)] of the centred and normalised input n.\"\"\"
    x = x - mean(x, axis=-1, keepdims=True)
    x = normalize(x, axis=-1)
    return concatenate([relu(x), relu(-x)], axis=-1)

model AntirectifierMlp:
    \"\"\"Digits through two hidden layers.\"\"\"
    input image: float32[784]
    output digit = image
        |> Dense(width) |> Antirectifier() |> Dropout(rate)
        |> Dense(width) |> Antirectifier() |> Dropout(rate)
        |> Dense(10, activation="softmax")
    train:
        optimizer = "rmsprop"
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""
