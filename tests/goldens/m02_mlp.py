"""Mlp, as native code.

Built by kgen 0.1.0 from 02_mlp.k; edit that, not this.

layer      kind     output       weights  line
dense      Dense    (batch, 64)    1,344     8
dropout    Dropout  (batch, 64)        0     8
dense_1    Dense    (batch, 64)    4,160     9
dropout_1  Dropout  (batch, 64)        0     9
dense_2    Dense    (batch, 10)      650    10
total      Mlp                     6,154
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import SGD
from kgen.runtime.schedules import InverseTimeDecay
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
    pack_t,
    prefetch_write,
    random_key,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_batch,
    store,
    store_column,
    store_rows,
    uniform,
    zeros,
)

VECTORS_10 = vectors_for(10)

WEIGHTS = (
    Weight("dense/kernel", (20, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (64,), 1280, "Zeros", {}),
    Weight("dense_1/kernel", (64, 64), 1344, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (64,), 5440, "Zeros", {}),
    Weight("dense_2/kernel", (64, 10), 5504, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (10,), 6144, "Zeros", {}),
)


@kernel
def compute_dropout(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,752 FLOPs a row."""
    features = matrix(args, 0, batch, 20)
    dense_kernel = matrix(args, 1, 20, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dropout = matrix(args, 3, batch, 64)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(20):
                acc = outer(acc, features, i, k, dense_kernel, k, j)
            dense = maximum(acc + load(dense_bias, 0, j, 1, 2), 0.0)
            random_uniform = uniform(key[0], key[1], i, j, 64, ROWS, 2)
            dropout_tile = select(random_uniform >= 0.5, dense * 2.0, 0.0)
            store(dropout, i, j, dropout_tile)


@kernel
def compute_dropout_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 8,384 FLOPs a row."""
    dropout = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dense_1_bias = matrix(args, 2, 1, 64)
    dropout_1 = matrix(args, 3, batch, 64)
    key = random_key(clock, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, dropout, i, k, dense_1_kernel, k, j)
            dense_1 = maximum(acc + load(dense_1_bias, 0, j, 1, 2), 0.0)
            random_uniform_1 = uniform(key[0], key[1], i, j, 64, ROWS, 2)
            dropout_1_greater_equal = random_uniform_1 >= 0.5
            dropout_1_tile = select(dropout_1_greater_equal, dense_1 * 2.0, 0.0)
            store(dropout_1, i, j, dropout_1_tile)


@kernel
def compute_dense_2_add(thread, threads, batch, clock, args):
    """Line 10 of the model. 1,290 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 64)
    dense_2_kernel = matrix(args, 1, 64, 10)
    dense_2_bias = matrix(args, 2, 1, 10)
    dense_2_add = matrix(args, 3, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(64):
                acc = outer(acc, dropout_1, i, k, dense_2_kernel, k, j)
            store(dense_2_add, i, j, acc + load(dense_2_bias, 0, j, 1, 1))


@kernel
def gradient_of_dense_2_add(thread, threads, batch, clock, args):
    """Lines 10, 17, 18. 346 FLOPs a row."""
    dense_2_add = matrix(args, 0, batch, 10)
    label_target = matrix(args, 1, batch, 10)
    label_sample_weight = matrix(args, 2, batch, 1)
    label_loss_multiply_2 = matrix(args, 3, batch, 1)
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
        label_loss_log_softmax = dense_2_subtract - log(dense_2_sum)
        label_target_tile = load(label_target, i, 0, 2, VECTORS_10)
        label_loss_multiply = label_target_tile * label_loss_log_softmax
        label_loss_sum_1 = row_sum(keep_columns(label_loss_multiply, 0, 10, 0.0))
        label_loss_negative = -label_loss_sum_1
        label_sample_weight_tile = load_column(label_sample_weight, i, 2)
        label_loss_multiply_2_tile = label_loss_negative * label_sample_weight_tile
        store_column(label_loss_multiply_2, i, label_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(label_target_tile, 0, 10, -np.inf))
        accuracy_equal = label_target_tile == accuracy_max
        index = lane_index(0, VECTORS_10)
        accuracy_where = select(accuracy_equal, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        accuracy_max_1 = row_max(keep_columns(dense_2, 0, 10, -np.inf))
        accuracy_where_1 = select(dense_2 == accuracy_max_1, index, 10.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 10, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)
        d_label_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_label_loss_negative_1 = d_label_loss_sum_2 * label_sample_weight_tile
        negative = -d_label_loss_negative_1
        d_label_loss_log_softmax = negative * label_target_tile
        d_label_loss_sum_1_1 = row_sum(
            keep_columns(d_label_loss_log_softmax, 0, 10, 0.0)
        )
        d_label_loss_multiply_8 = dense_2 * d_label_loss_sum_1_1
        d_dense_2_add_tile = d_label_loss_log_softmax - d_label_loss_multiply_8
        store(d_dense_2_add, i, 0, d_dense_2_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 8, 17, 18. 2 FLOPs a row, 7 FLOPs."""
    label_loss_multiply_2 = matrix(args, 0, batch, 1)
    accuracy_min = matrix(args, 1, batch, 1)
    accuracy_min_1 = matrix(args, 2, batch, 1)
    multiply = matrix(args, 3, 1, 1)
    accuracy_sum = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    copy_1 = matrix(args, 6, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(label_loss_multiply_2, i, j, 1, 1)
            accuracy_min_tile = load(accuracy_min, i, j, 1, 1)
            accuracy_min_1_tile = load(accuracy_min_1, i, j, 1, 1)
            accuracy_equal_2 = accuracy_min_tile == accuracy_min_1_tile
            summed_2 = summed_2 + select(accuracy_equal_2, 1.0, 0.0)
        label_loss = summed / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        store(multiply, 0, j, label_loss * batch_size)
        store(accuracy_sum, 0, j, summed_2)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_dense_2_bias_parts(thread, threads, batch, clock, args):
    """Line 10 of the model. 10 FLOPs a row."""
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
    """Line 10 of the model. 10 FLOPs."""
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
    """Lines 9, 10. 1,344 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 10)
    dense_2_kernel = matrix(args, 1, 64, 10)
    dropout_1 = matrix(args, 2, batch, 64)
    d_dense_1_add = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack_t(dense_2_kernel, j, 0, 10, 2, 10)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(10):
                acc = outer(acc, d_dense_2_add, i, k, panel, k, 0)
            kept = load(dropout_1, i, j, ROWS, 2) > 0.0
            store(d_dense_1_add, i, j, select(kept, acc * 2.0, 0.0))


@kernel
def gradient_of_dense_2_kernel_parts(thread, threads, batch, clock, args):
    """Line 10 of the model. 1,280 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 64)
    d_dense_2_add = matrix(args, 1, batch, 10)
    d_dense_2_kernel_parts = matrix(args, 2, threads * 64, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(0, 64, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, dropout_1, k, i, d_dense_2_add, k, j)
            store(d_dense_2_kernel_parts, thread * 64 + i, j, acc)


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 10 of the model. 640 FLOPs."""
    d_dense_2_kernel_parts = matrix(args, 0, threads, 640)
    d_dense_2_kernel = matrix(args, 1, 1, 640)
    first, last = share(640, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_2_kernel_parts, i, j, 1, 4)
        store(d_dense_2_kernel, 0, j, summed)


@kernel
def gradient_of_dense_1_bias_parts(thread, threads, batch, clock, args):
    """Lines 8, 9. 64 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 64)
    d_dense_1_bias_parts = matrix(args, 1, threads, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        acc = zeros(1, 4)
        for i in range(first, last):
            acc = acc + load(d_dense_1_add, i, j, 1, 4)
        store(d_dense_1_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Lines 8, 9. 128 FLOPs."""
    d_dense_1_bias_parts = matrix(args, 0, threads, 64)
    d_dense_bias_parts = matrix(args, 1, threads, 64)
    d_dense_1_bias = matrix(args, 2, 1, 64)
    d_dense_bias = matrix(args, 3, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
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
    """Lines 8, 9. 8,256 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dropout = matrix(args, 2, batch, 64)
    d_dense_add = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 64, 2, 64)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, d_dense_1_add, i, k, panel, k, 0)
            kept_1 = load(dropout, i, j, ROWS, 2) > 0.0
            store(d_dense_add, i, j, select(kept_1, acc * 2.0, 0.0))


@kernel
def gradient_of_dense_1_kernel_parts(thread, threads, batch, clock, args):
    """Line 9 of the model. 8,192 FLOPs a row."""
    dropout = matrix(args, 0, batch, 64)
    d_dense_1_add = matrix(args, 1, batch, 64)
    d_dense_1_kernel_parts = matrix(args, 2, threads * 64, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(0, 64, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, dropout, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel_parts, thread * 64 + i, j, acc)


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 9 of the model. 4,096 FLOPs."""
    d_dense_1_kernel_parts = matrix(args, 0, threads, 4096)
    d_dense_1_kernel = matrix(args, 1, 1, 4096)
    first, last = share(4096, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_kernel_parts, i, j, 1, 4)
        store(d_dense_1_kernel, 0, j, summed)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,560 FLOPs a row."""
    features = matrix(args, 0, batch, 20)
    d_dense_add = matrix(args, 1, batch, 64)
    d_dense_kernel_parts = matrix(args, 2, threads * 20, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(0, 20, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, features, k, i, d_dense_add, k, j)
            store_rows(d_dense_kernel_parts, thread * 20 + i, j, acc, 20 - i)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 8 of the model. 1,280 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 1280)
    d_dense_kernel = matrix(args, 1, 1, 1280)
    first, last = share(1280, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 18,480 FLOPs."""
    momentum = matrix(args, 0, 1, 6160)
    gradients = matrix(args, 1, 1, 6160)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 6160)
    first, last = share(6160, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        prefetch_write(momentum, 0, j + 16 * LANES, 1, 4)
        prefetch_write(weights, 0, j + 16 * LANES, 1, 4)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        multiply = load(gradients, 0, j, 1, 4) * learning_rate_2
        subtract_tile = (load(momentum, 0, j, 1, 4) * 0.9) - multiply
        store(momentum, 0, j, subtract_tile)
        weights_tile = load(weights, 0, j, 1, 4)
        add_tile = weights_tile + ((subtract_tile * 0.9) - multiply)
        store(weights, 0, j, add_tile)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,688 FLOPs a row."""
    features = matrix(args, 0, batch, 20)
    dense_kernel = matrix(args, 1, 20, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dense = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(20):
                acc = outer(acc, features, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 8,320 FLOPs a row."""
    dense = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dense_1_bias = matrix(args, 2, 1, 64)
    dense_1 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(64):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
            store(dense_1, i, j, dense_1_tile)


@kernel
def compute_accuracy_min_1(thread, threads, batch, clock, args):
    """Lines 10, 17, 18. 306 FLOPs a row."""
    dense_2_add = matrix(args, 0, batch, 10)
    label_target = matrix(args, 1, batch, 10)
    label_sample_weight = matrix(args, 2, batch, 1)
    label_loss_multiply_2 = matrix(args, 3, batch, 1)
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
        label_loss_log_softmax = dense_2_subtract - log(dense_2_sum)
        label_target_tile = load(label_target, i, 0, 2, VECTORS_10)
        label_loss_multiply = label_target_tile * label_loss_log_softmax
        label_loss_sum_1 = row_sum(keep_columns(label_loss_multiply, 0, 10, 0.0))
        label_loss_negative = -label_loss_sum_1
        label_sample_weight_tile = load_column(label_sample_weight, i, 2)
        label_loss_multiply_2_tile = label_loss_negative * label_sample_weight_tile
        store_column(label_loss_multiply_2, i, label_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(label_target_tile, 0, 10, -np.inf))
        accuracy_equal = label_target_tile == accuracy_max
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
    """Line 10 of the model. 220 FLOPs a row."""
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
    """Line 8 of the model. 2,688 FLOPs a row."""
    features = matrix(args, 0, batch, 20)
    dense_kernel = matrix(args, 1, 20, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dense = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(20):
                acc = outer(acc, features, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1_few(thread, threads, batch, clock, args):
    """Line 9 of the model. 8,320 FLOPs a row."""
    dense = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dense_1_bias = matrix(args, 2, 1, 64)
    dense_1 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(64):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
            store(dense_1, i, j, dense_1_tile)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    features = m.rows(256, 20)
    dropout = m.rows(0, 64)
    dropout_1 = m.rows(64, 64)
    dense_2_add = m.rows(286, 10)
    label_target = m.rows(276, 10)
    label_sample_weight = m.rows(306, 1)
    label_loss_multiply_2 = m.rows(307, 1)
    accuracy_min = m.rows(308, 1)
    accuracy_min_1 = m.rows(309, 1)
    d_dense_2_add = m.rows(296, 10)
    d_dense_2_bias_parts = m.parts(10)
    d_dense_1_add = m.rows(128, 64)
    d_dense_2_kernel_parts = m.parts(640)
    d_dense_1_bias_parts = m.parts(64)
    d_dense_add = m.rows(192, 64)
    d_dense_1_kernel_parts = m.parts(4096)
    d_dense_bias_parts = m.parts(64)
    d_dense_kernel_parts = m.parts(1280)
    return [
        m.feed("features", features, 20),
        m.feed("label_target", label_target, 10),
        m.feed("label_sample_weight", label_sample_weight, 1),
        compute_dropout(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dropout
        ),
        compute_dropout_1(
            dropout, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dropout_1
        ),
        compute_dense_2_add(
            dropout_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        gradient_of_dense_2_add(
            dense_2_add,
            label_target,
            label_sample_weight,
            label_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
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
        gradient_of_dense_kernel_parts(features, d_dense_add, d_dense_kernel_parts),
        sync,
        compute_figures(
            label_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
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
        update_weights(m.slot("momentum"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    features = m.rows(128, 20)
    dense = m.rows(0, 64)
    dense_1 = m.rows(64, 64)
    dense_2_add = m.rows(158, 10)
    label_target = m.rows(148, 10)
    label_sample_weight = m.rows(168, 1)
    label_loss_multiply_2 = m.rows(169, 1)
    accuracy_min = m.rows(170, 1)
    accuracy_min_1 = m.rows(171, 1)
    return [
        m.feed("features", features, 20),
        m.feed("label_target", label_target, 10),
        m.feed("label_sample_weight", label_sample_weight, 1),
        compute_dense(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2_add(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        compute_accuracy_min_1(
            dense_2_add,
            label_target,
            label_sample_weight,
            label_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
        ),
        sync,
        compute_figures(
            label_loss_multiply_2,
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
    features = m.rows(128, 20)
    dense = m.rows(0, 64)
    dense_1 = m.rows(64, 64)
    dense_2_add = m.rows(148, 10)
    dense_2 = m.rows(158, 10)
    return [
        m.feed("features", features, 20),
        compute_dense(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2_add(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        compute_dense_2(dense_2_add, dense_2),
        m.result("label", dense_2, 10),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    features = m.rows(128, 20)
    dense = m.rows(0, 64)
    dense_1 = m.rows(64, 64)
    dense_2_add = m.rows(148, 10)
    dense_2 = m.rows(158, 10)
    return [
        m.feed("features", features, 20),
        compute_dense_few(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1_few(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2_add(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        compute_dense_2(dense_2_add, dense_2),
        m.result("label", dense_2, 10),
    ]


SPEC = Spec(
    name="Mlp",
    source="02_mlp.k",
    version="0.1.0",
    fingerprint="18dea8e953176349-8904a7bd7f939e1b-fb19cc48a2b50e56",
    inputs=(Input("features", "float32", (20,)),),
    outputs=(Output("label", (10,)),),
    targets=(Target("label", "float32", (10,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer("dense", "Dense", (64,), 1344, 2688, 8, ("dense/kernel", "dense/bias")),
        Layer("dropout", "Dropout", (64,), 0, 0, 8),
        Layer(
            "dense_1", "Dense", (64,), 4160, 8320, 9, ("dense_1/kernel", "dense_1/bias")
        ),
        Layer("dropout_1", "Dropout", (64,), 0, 0, 9),
        Layer(
            "dense_2", "Dense", (10,), 650, 1290, 10, ("dense_2/kernel", "dense_2/bias")
        ),
    ),
    trainable=6160,
    size=6160,
    slots={"momentum": 0.0},
    optimizer=SGD(
        learning_rate=InverseTimeDecay(
            initial_learning_rate=0.01, decay_steps=1, decay_rate=1e-06
        ),
        momentum=0.9,
        nesterov=True,
    ),
    totals=4,
    feeds=("features", "label_target", "label_sample_weight"),
)


class Mlp(Model):
    """Twenty features to ten classes."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 310, 0, 34544), Steps(update, 310, 0, 0)),
        gradient=(Steps(gradients, 310, 0, 34544),),
        evaluate=(Steps(evaluate, 172, 0, 12606),),
        predict=(Steps(predict, 168, 0, 12518),),
        few=(Steps(predict_few, 168, 0, 12518),),
    )


SOURCE_NAME = "02_mlp.k"
SOURCE_MAP = {
    "compute_dropout": (8,),
    "compute_dropout_1": (9,),
    "compute_dense_2_add": (10,),
    "gradient_of_dense_2_add": (10, 17, 18),
    "compute_figures": (8, 17, 18),
    "gradient_of_dense_2_bias_parts": (10,),
    "gradient_of_dense_2_bias": (10,),
    "gradient_of_dense_1_add": (9, 10),
    "gradient_of_dense_2_kernel_parts": (10,),
    "gradient_of_dense_2_kernel": (10,),
    "gradient_of_dense_1_bias_parts": (8, 9),
    "gradient_of_dense_bias": (8, 9),
    "gradient_of_dense_add": (8, 9),
    "gradient_of_dense_1_kernel_parts": (9,),
    "gradient_of_dense_1_kernel": (9,),
    "gradient_of_dense_kernel_parts": (8,),
    "gradient_of_dense_kernel": (8,),
    "update_weights": (),
    "compute_dense": (8,),
    "compute_dense_1": (9,),
    "compute_accuracy_min_1": (10, 17, 18),
    "compute_dense_2": (10,),
    "compute_dense_few": (8,),
    "compute_dense_1_few": (9,),
}
SOURCE = """\
# Many classes: dropout, and Nesterov momentum with a decaying learning rate.
# The schedule is Keras 2's `decay=1e-6`: 0.01 / (1 + 1e-6 * step).

model Mlp:
    \"\"\"Twenty features to ten classes.\"\"\"
    input features: float32[20]
    output label = features
        |> Dense(64, activation="relu") |> Dropout(0.5)
        |> Dense(64, activation="relu") |> Dropout(0.5)
        |> Dense(10, activation="softmax")
    train:
        optimizer = SGD(
            learning_rate=InverseTimeDecay(0.01, decay_steps=1, decay_rate=1e-6),
            momentum=0.9,
            nesterov=True,
        )
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""
