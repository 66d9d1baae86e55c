"""Digits, as native code.

Built by kgen 0.1.0 from digits.k; edit that, not this.

layer      kind     output        weights  line
dense      Dense    (batch, 128)    8,320    13
dropout    Dropout  (batch, 128)        0    13
dense_1    Dense    (batch, 128)   16,512    14
dropout_1  Dropout  (batch, 128)        0    14
dense_2    Dense    (batch, 10)     1,290    15
total      Digits                  26,122
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import Adam
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    exp,
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
    Weight("dense/kernel", (64, 128), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (128,), 8192, "Zeros", {}),
    Weight("dense_1/kernel", (128, 128), 8320, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (128,), 24704, "Zeros", {}),
    Weight("dense_2/kernel", (128, 10), 24832, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (10,), 26112, "Zeros", {}),
)


@kernel
def compute_dropout(thread, threads, batch, clock, args):
    """Line 13 of the model. 16,768 FLOPs a row."""
    image = matrix(args, 0, batch, 64)
    dense_kernel = matrix(args, 1, 64, 128)
    dense_bias = matrix(args, 2, 1, 128)
    dropout = matrix(args, 3, batch, 128)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            dense = maximum(acc + load(dense_bias, 0, j, 1, 2), 0.0)
            random_uniform = uniform(key[0], key[1], i, j, 128, ROWS, 2)
            dropout_tile = select(random_uniform >= 0.2, dense * 1.25, 0.0)
            store(dropout, i, j, dropout_tile)


@kernel
def compute_dropout_1(thread, threads, batch, clock, args):
    """Line 14 of the model. 33,152 FLOPs a row."""
    dropout = matrix(args, 0, batch, 128)
    dense_1_kernel = matrix(args, 1, 128, 128)
    dense_1_bias = matrix(args, 2, 1, 128)
    dropout_1 = matrix(args, 3, batch, 128)
    key = random_key(clock, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack(dense_1_kernel, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, dropout, i, k, panel, k, 0)
            dense_1 = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
            random_uniform_1 = uniform(key[0], key[1], i, j, 128, HALF_ROWS, 4)
            dropout_1_greater_equal = random_uniform_1 >= 0.2
            dropout_1_multiply = dense_1 * 1.25
            dropout_1_tile = select(dropout_1_greater_equal, dropout_1_multiply, 0.0)
            store(dropout_1, i, j, dropout_1_tile)


@kernel
def compute_dense_2_add(thread, threads, batch, clock, args):
    """Line 15 of the model. 2,570 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 128)
    dense_2_kernel = matrix(args, 1, 128, 10)
    dense_2_bias = matrix(args, 2, 1, 10)
    dense_2_add = matrix(args, 3, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(128):
                acc = outer(acc, dropout_1, i, k, dense_2_kernel, k, j)
            store(dense_2_add, i, j, acc + load(dense_2_bias, 0, j, 1, 1))


@kernel
def gradient_of_dense_2_add(thread, threads, batch, clock, args):
    """Lines 15, 18, 19. 326 FLOPs a row."""
    dense_2_add = matrix(args, 0, batch, 10)
    digit_target = imatrix(args, 1, batch, 1)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    d_dense_2_add = matrix(args, 5, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_2_add_tile = load(dense_2_add, i, 0, 2, VECTORS_10)
        dense_2_max = row_max(keep_columns(dense_2_add_tile, 0, 10, -np.inf))
        dense_2_subtract = dense_2_add_tile - dense_2_max
        dense_2_exp = exp(dense_2_subtract)
        dense_2_sum = row_sum(keep_columns(dense_2_exp, 0, 10, 0.0))
        dense_2 = dense_2_exp / dense_2_sum
        digit_loss_log_softmax = dense_2_subtract - log(dense_2_sum)
        index = lane_index(0, VECTORS_10)
        digit_loss_equal = index == load_column(digit_target, i, 2)
        digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
        digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(dense_2, 0, 10, -np.inf))
        accuracy_where = select(dense_2 == accuracy_max, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
        negative = -d_digit_loss_negative_1
        d_digit_loss_log_softmax = negative * digit_loss_as_float_1
        d_digit_loss_sum_1_1 = row_sum(
            keep_columns(d_digit_loss_log_softmax, 0, 10, 0.0)
        )
        d_digit_loss_multiply_8 = dense_2 * d_digit_loss_sum_1_1
        d_dense_2_add_tile = d_digit_loss_log_softmax - d_digit_loss_multiply_8
        store(d_dense_2_add, i, 0, d_dense_2_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 13, 18, 19. 2 FLOPs a row, 7 FLOPs."""
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
def gradient_of_dense_2_bias_parts(thread, threads, batch, clock, args):
    """Line 15 of the model. 10 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 10)
    d_dense_2_bias_parts = matrix(args, 1, threads, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        acc = zeros(1, 1)
        for i in range(first, last):
            acc = acc + load(d_dense_2_add, i, j, 1, 1)
        store(d_dense_2_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_2_bias(thread, threads, batch, clock, args):
    """Line 15 of the model. 10 FLOPs."""
    d_dense_2_bias_parts = matrix(args, 0, threads, 10)
    d_dense_2_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_2_bias_parts, i, j, 1, 1)
        store(d_dense_2_bias, 0, j, summed)


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 14, 15. 2,688 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 10)
    dense_2_kernel = matrix(args, 1, 128, 10)
    dropout_1 = matrix(args, 2, batch, 128)
    d_dense_1_add = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack_t(dense_2_kernel, j, 0, 10, 4, 10)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(10):
                acc = outer(acc, d_dense_2_add, i, k, panel, k, 0)
            kept = load(dropout_1, i, j, HALF_ROWS, 4) > 0.0
            store(d_dense_1_add, i, j, select(kept, acc * 1.25, 0.0))


@kernel
def gradient_of_dense_2_kernel_parts(thread, threads, batch, clock, args):
    """Line 15 of the model. 2,560 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 128)
    d_dense_2_add = matrix(args, 1, batch, 10)
    d_dense_2_kernel_parts = matrix(args, 2, threads * 128, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(0, 128, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, dropout_1, k, i, d_dense_2_add, k, j)
            store(d_dense_2_kernel_parts, thread * 128 + i, j, acc)


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 15 of the model. 1,280 FLOPs."""
    d_dense_2_kernel_parts = matrix(args, 0, threads, 1280)
    d_dense_2_kernel = matrix(args, 1, 1, 1280)
    first, last = share(1280, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_2_kernel_parts, i, j, 1, 4)
        store(d_dense_2_kernel, 0, j, summed)


@kernel
def gradient_of_dense_1_bias_parts(thread, threads, batch, clock, args):
    """Lines 13, 14. 128 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 128)
    d_dense_1_bias_parts = matrix(args, 1, threads, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        acc = zeros(1, 4)
        for i in range(first, last):
            acc = acc + load(d_dense_1_add, i, j, 1, 4)
        store(d_dense_1_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Lines 13, 14. 256 FLOPs."""
    d_dense_1_bias_parts = matrix(args, 0, threads, 128)
    d_dense_bias_parts = matrix(args, 1, threads, 128)
    d_dense_1_bias = matrix(args, 2, 1, 128)
    d_dense_bias = matrix(args, 3, 1, 128)
    first, last = share(128, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_bias_parts, i, j, 1, 4)
            summed_2 = summed_2 + load(d_dense_bias_parts, i, j, 1, 4)
        store(d_dense_1_bias, 0, j, summed)
        store(d_dense_bias, 0, j, summed_2)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 13, 14. 32,896 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 128)
    dense_1_kernel = matrix(args, 1, 128, 128)
    dropout = matrix(args, 2, batch, 128)
    d_dense_add = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 128, 4, 128)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, d_dense_1_add, i, k, panel, k, 0)
            kept_1 = load(dropout, i, j, HALF_ROWS, 4) > 0.0
            store(d_dense_add, i, j, select(kept_1, acc * 1.25, 0.0))


@kernel
def gradient_of_dense_1_kernel_parts(thread, threads, batch, clock, args):
    """Line 14 of the model. 32,768 FLOPs a row."""
    dropout = matrix(args, 0, batch, 128)
    d_dense_1_add = matrix(args, 1, batch, 128)
    d_dense_1_kernel_parts = matrix(args, 2, threads * 128, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 2 * LANES):
        for i in range(0, 128, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, dropout, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel_parts, thread * 128 + i, j, acc)


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 14 of the model. 16,384 FLOPs."""
    d_dense_1_kernel_parts = matrix(args, 0, threads, 16384)
    d_dense_1_kernel = matrix(args, 1, 1, 16384)
    first, last = share(16384, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_kernel_parts, i, j, 1, 4)
        store(d_dense_1_kernel, 0, j, summed)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 13 of the model. 16,384 FLOPs a row."""
    image = matrix(args, 0, batch, 64)
    d_dense_add = matrix(args, 1, batch, 128)
    d_dense_kernel_parts = matrix(args, 2, threads * 64, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 2 * LANES):
        for i in range(0, 64, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, image, k, i, d_dense_add, k, j)
            store(d_dense_kernel_parts, thread * 64 + i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 13 of the model. 8,192 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 8192)
    d_dense_kernel = matrix(args, 1, 1, 8192)
    first, last = share(8192, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 418,048 FLOPs."""
    gradients = matrix(args, 0, 1, 26128)
    momentum = matrix(args, 1, 1, 26128)
    velocity = matrix(args, 2, 1, 26128)
    alpha = matrix(args, 3, 1, 1)
    weights = matrix(args, 4, 1, 26128)
    first, last = share(26128, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        prefetch_write(momentum, 0, j + 16 * LANES, 1, 4)
        prefetch_write(velocity, 0, j + 16 * LANES, 1, 4)
        prefetch_write(weights, 0, j + 16 * LANES, 1, 4)
        gradients_tile = load(gradients, 0, j, 1, 4)
        momentum_tile = load(momentum, 0, j, 1, 4)
        add_tile = momentum_tile + ((gradients_tile - momentum_tile) * 0.1)
        store(momentum, 0, j, add_tile)
        velocity_tile = load(velocity, 0, j, 1, 4)
        multiply_1 = (square(gradients_tile) - velocity_tile) * 0.001
        add_1_tile = velocity_tile + multiply_1
        store(velocity, 0, j, add_1_tile)
        alpha_2 = load_scalar(alpha, 0, 0)
        divide = (add_tile * alpha_2) / (sqrt(add_1_tile) + 1e-07)
        store(weights, 0, j, load(weights, 0, j, 1, 4) - divide)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 13 of the model. 16,640 FLOPs a row."""
    image = matrix(args, 0, batch, 64)
    dense_kernel = matrix(args, 1, 64, 128)
    dense_bias = matrix(args, 2, 1, 128)
    dense = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(64):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 14 of the model. 33,024 FLOPs a row."""
    dense = matrix(args, 0, batch, 128)
    dense_1_kernel = matrix(args, 1, 128, 128)
    dense_1_bias = matrix(args, 2, 1, 128)
    dense_1 = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack(dense_1_kernel, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, dense, i, k, panel, k, 0)
            dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
            store(dense_1, i, j, dense_1_tile)


@kernel
def compute_accuracy_min(thread, threads, batch, clock, args):
    """Lines 15, 18, 19. 286 FLOPs a row."""
    dense_2_add = matrix(args, 0, batch, 10)
    digit_target = imatrix(args, 1, batch, 1)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_2_add_tile = load(dense_2_add, i, 0, 2, VECTORS_10)
        dense_2_max = row_max(keep_columns(dense_2_add_tile, 0, 10, -np.inf))
        dense_2_subtract = dense_2_add_tile - dense_2_max
        dense_2_exp = exp(dense_2_subtract)
        dense_2_sum = row_sum(keep_columns(dense_2_exp, 0, 10, 0.0))
        dense_2 = dense_2_exp / dense_2_sum
        digit_loss_log_softmax = dense_2_subtract - log(dense_2_sum)
        index = lane_index(0, VECTORS_10)
        digit_loss_equal = index == load_column(digit_target, i, 2)
        digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
        digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(dense_2, 0, 10, -np.inf))
        accuracy_where = select(dense_2 == accuracy_max, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)


@kernel
def compute_dense_2(thread, threads, batch, clock, args):
    """Line 15 of the model. 220 FLOPs a row."""
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
    """Line 13 of the model. 16,640 FLOPs a row."""
    image = matrix(args, 0, batch, 64)
    dense_kernel = matrix(args, 1, 64, 128)
    dense_bias = matrix(args, 2, 1, 128)
    dense = matrix(args, 3, batch, 128)
    first, last, left, right = share_block(
        clock, batch, 128, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(64):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1_few(thread, threads, batch, clock, args):
    """Line 14 of the model. 33,024 FLOPs a row."""
    dense = matrix(args, 0, batch, 128)
    dense_1_kernel = matrix(args, 1, 128, 128)
    dense_1_bias = matrix(args, 2, 1, 128)
    dense_1 = matrix(args, 3, batch, 128)
    first, last, left, right = share_block(
        clock, batch, 128, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(128):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
            store(dense_1, i, j, dense_1_tile)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(512, 64)
    dropout = m.rows(0, 128)
    dropout_1 = m.rows(128, 128)
    dense_2_add = m.rows(576, 10)
    digit_target = m.rows(596, 1)
    digit_sample_weight = m.rows(597, 1)
    digit_loss_multiply_2 = m.rows(598, 1)
    accuracy_min = m.rows(599, 1)
    d_dense_2_add = m.rows(586, 10)
    d_dense_2_bias_parts = m.parts(10)
    d_dense_1_add = m.rows(256, 128)
    d_dense_2_kernel_parts = m.parts(1280)
    d_dense_1_bias_parts = m.parts(128)
    d_dense_add = m.rows(384, 128)
    d_dense_1_kernel_parts = m.parts(16384)
    d_dense_bias_parts = m.parts(128)
    d_dense_kernel_parts = m.parts(8192)
    return [
        m.feed("image", image, 64),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_dropout(
            image, m.weight("dense/kernel"), m.weight("dense/bias"), dropout
        ),
        compute_dropout_1(
            dropout, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dropout_1
        ),
        compute_dense_2_add(
            dropout_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        gradient_of_dense_2_add(
            dense_2_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            d_dense_2_add,
        ),
        gradient_of_dense_2_bias_parts(d_dense_2_add, d_dense_2_bias_parts),
        gradient_of_dense_1_add(
            d_dense_2_add, m.weight("dense_2/kernel"), dropout_1, d_dense_1_add
        ),
        gradient_of_dense_2_kernel_parts(
            dropout_1, d_dense_2_add, d_dense_2_kernel_parts
        ),
        gradient_of_dense_1_bias_parts(d_dense_1_add, d_dense_1_bias_parts),
        gradient_of_dense_add(
            d_dense_1_add, m.weight("dense_1/kernel"), dropout, d_dense_add
        ),
        gradient_of_dense_1_kernel_parts(
            dropout, d_dense_1_add, d_dense_1_kernel_parts
        ),
        gradient_of_dense_1_bias_parts(d_dense_add, d_dense_bias_parts),
        gradient_of_dense_kernel_parts(image, d_dense_add, d_dense_kernel_parts),
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
        gradient_of_dense_2_bias(d_dense_2_bias_parts, m.gradient("dense_2/bias")),
        gradient_of_dense_2_kernel(
            d_dense_2_kernel_parts, m.gradient("dense_2/kernel")
        ),
        gradient_of_dense_bias(
            d_dense_1_bias_parts,
            d_dense_bias_parts,
            m.gradient("dense_1/bias"),
            m.gradient("dense/bias"),
        ),
        gradient_of_dense_1_kernel(
            d_dense_1_kernel_parts, m.gradient("dense_1/kernel")
        ),
        gradient_of_dense_kernel(d_dense_kernel_parts, m.gradient("dense/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(
            m.gradients(),
            m.slot("momentum"),
            m.slot("velocity"),
            m.scalar(0),
            m.weights(),
        ),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(256, 64)
    dense = m.rows(0, 128)
    dense_1 = m.rows(128, 128)
    dense_2_add = m.rows(320, 10)
    digit_target = m.rows(330, 1)
    digit_sample_weight = m.rows(331, 1)
    digit_loss_multiply_2 = m.rows(332, 1)
    accuracy_min = m.rows(333, 1)
    return [
        m.feed("image", image, 64),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2_add(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        compute_accuracy_min(
            dense_2_add,
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
    image = m.rows(256, 64)
    dense = m.rows(0, 128)
    dense_1 = m.rows(128, 128)
    dense_2_add = m.rows(320, 10)
    dense_2 = m.rows(330, 10)
    return [
        m.feed("image", image, 64),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2_add(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        compute_dense_2(dense_2_add, dense_2),
        m.result("digit", dense_2, 10),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    image = m.rows(256, 64)
    dense = m.rows(0, 128)
    dense_1 = m.rows(128, 128)
    dense_2_add = m.rows(320, 10)
    dense_2 = m.rows(330, 10)
    return [
        m.feed("image", image, 64),
        compute_dense_few(
            image, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1_few(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2_add(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        compute_dense_2(dense_2_add, dense_2),
        m.result("digit", dense_2, 10),
    ]


SPEC = Spec(
    name="Digits",
    source="digits.k",
    version="0.1.0",
    fingerprint="5f81885481999d1c-b666c574b82c269d-50e701833f86dca4",
    inputs=(Input("image", "float32", (64,)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "int32", (), 10),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "dense", "Dense", (128,), 8320, 16640, 13, ("dense/kernel", "dense/bias")
        ),
        Layer("dropout", "Dropout", (128,), 0, 0, 13),
        Layer(
            "dense_1",
            "Dense",
            (128,),
            16512,
            33024,
            14,
            ("dense_1/kernel", "dense_1/bias"),
        ),
        Layer("dropout_1", "Dropout", (128,), 0, 0, 14),
        Layer(
            "dense_2",
            "Dense",
            (10,),
            1290,
            2570,
            15,
            ("dense_2/kernel", "dense_2/bias"),
        ),
    ),
    trainable=26128,
    size=26128,
    slots={"momentum": 0.0, "velocity": 0.0},
    optimizer=Adam(learning_rate=0.002),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class Digits(Model):
    """Two hidden layers with dropout; ten classes from integer labels."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 600, 0, 140380), Steps(update, 600, 0, 0)),
        gradient=(Steps(gradients, 600, 0, 140380),),
        evaluate=(Steps(evaluate, 334, 0, 52522),),
        predict=(Steps(predict, 340, 0, 52454),),
        few=(Steps(predict_few, 340, 0, 52454),),
    )


SOURCE_NAME = "digits.k"
SOURCE_MAP = {
    "compute_dropout": (13,),
    "compute_dropout_1": (14,),
    "compute_dense_2_add": (15,),
    "gradient_of_dense_2_add": (15, 18, 19),
    "compute_figures": (13, 18, 19),
    "gradient_of_dense_2_bias_parts": (15,),
    "gradient_of_dense_2_bias": (15,),
    "gradient_of_dense_1_add": (14, 15),
    "gradient_of_dense_2_kernel_parts": (15,),
    "gradient_of_dense_2_kernel": (15,),
    "gradient_of_dense_1_bias_parts": (13, 14),
    "gradient_of_dense_bias": (13, 14),
    "gradient_of_dense_add": (13, 14),
    "gradient_of_dense_1_kernel_parts": (14,),
    "gradient_of_dense_1_kernel": (14,),
    "gradient_of_dense_kernel_parts": (13,),
    "gradient_of_dense_kernel": (13,),
    "update_weights": (),
    "compute_dense": (13,),
    "compute_dense_1": (14,),
    "compute_accuracy_min": (15, 18, 19),
    "compute_dense_2": (15,),
    "compute_dense_few": (13,),
    "compute_dense_1_few": (14,),
}
SOURCE = """\
# The README's classifier: handwritten digits of 8x8 pixels, as flat rows.
#
#     kgen train examples/digits.k --data examples/data/digits.npz --epochs 30
#
# `param` values can be changed from the command line: -D width=256

param width = 128

model Digits:
    \"\"\"Two hidden layers with dropout; ten classes from integer labels.\"\"\"
    input image: float32[64]
    output digit = image
        |> Dense(width, activation="relu") |> Dropout(0.2)
        |> Dense(width, activation="relu") |> Dropout(0.2)
        |> Dense(10, activation="softmax")
    train:
        optimizer = Adam(learning_rate=2e-3)
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
