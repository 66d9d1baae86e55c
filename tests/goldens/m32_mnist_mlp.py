"""MnistMlp, as native code.

Built by kgen 0.1.0 from 32_mnist_mlp.k; edit that, not this.

layer      kind      output        weights  line
dense      Dense     (batch, 512)  401,920    10
dropout    Dropout   (batch, 512)        0    10
dense_1    Dense     (batch, 512)  262,656    11
dropout_1  Dropout   (batch, 512)        0    11
dense_2    Dense     (batch, 10)     5,130    12
total      MnistMlp                669,706
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
    Weight("dense/kernel", (784, 512), 0, "GlorotUniform", {"seed": None}, step=528),
    Weight("dense/bias", (512,), 413952, "Zeros", {}),
    Weight(
        "dense_1/kernel", (512, 512), 414464, "GlorotUniform", {"seed": None}, step=528
    ),
    Weight("dense_1/bias", (512,), 684800, "Zeros", {}),
    Weight("dense_2/kernel", (512, 10), 685312, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (10,), 690432, "Zeros", {}),
)


@kernel
def compute_dropout(thread, threads, batch, clock, args):
    """Line 10 of the model. 804,352 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 512, 528)
    dense_bias = matrix(args, 2, 1, 512)
    dropout = matrix(args, 3, batch, 512)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 512, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dropout, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, image, i, k, dense_kernel, k, j)
                    if stop < 784:
                        store(dropout, i, j, acc)
                        continue
                    dense = maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0)
                    random_uniform = uniform(key[0], key[1], i, j, 512, HALF_ROWS, 4)
                    dropout_tile = select(random_uniform >= 0.2, dense * 1.25, 0.0)
                    store(dropout, i, j, dropout_tile)


@kernel
def compute_dropout_1(thread, threads, batch, clock, args):
    """Line 11 of the model. 525,824 FLOPs a row."""
    dropout = matrix(args, 0, batch, 512)
    dense_1_kernel = matrix(args, 1, 512, 512, 528)
    dense_1_bias = matrix(args, 2, 1, 512)
    dropout_1 = matrix(args, 3, batch, 512)
    key = random_key(clock, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 512, 128):
            stop = min(start + 128, 512)
            for j in range(0, 512, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dropout_1, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, dropout, i, k, dense_1_kernel, k, j)
                    if stop < 512:
                        store(dropout_1, i, j, acc)
                        continue
                    dense_1 = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
                    random_uniform_1 = uniform(key[0], key[1], i, j, 512, HALF_ROWS, 4)
                    dropout_1_greater_equal = random_uniform_1 >= 0.2
                    dropout_1_multiply = dense_1 * 1.25
                    dropout_1_tile = select(
                        dropout_1_greater_equal, dropout_1_multiply, 0.0
                    )
                    store(dropout_1, i, j, dropout_1_tile)


@kernel
def compute_dense_2_add(thread, threads, batch, clock, args):
    """Line 12 of the model. 10,250 FLOPs a row."""
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
    """Lines 12, 15, 16. 346 FLOPs a row."""
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
    """Lines 10, 15, 16. 2 FLOPs a row, 7 FLOPs."""
    digit_loss_multiply_2 = matrix(args, 0, batch, 1)
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
            summed = summed + load(digit_loss_multiply_2, i, j, 1, 1)
            accuracy_min_tile = load(accuracy_min, i, j, 1, 1)
            accuracy_min_1_tile = load(accuracy_min_1, i, j, 1, 1)
            accuracy_equal_2 = accuracy_min_tile == accuracy_min_1_tile
            summed_2 = summed_2 + select(accuracy_equal_2, 1.0, 0.0)
        digit_loss = summed / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        store(multiply, 0, j, digit_loss * batch_size)
        store(accuracy_sum, 0, j, summed_2)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_dense_2_bias(thread, threads, batch, clock, args):
    """Line 12 of the model. 10 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 10)
    d_dense_2_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_2_add, i, j, 1, 1)
        store(d_dense_2_bias, 0, j, summed)


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 11, 12. 10,752 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 10)
    dense_2_kernel = matrix(args, 1, 512, 10)
    dropout_1 = matrix(args, 2, batch, 512)
    d_dense_1_add = matrix(args, 3, batch, 512)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 512, 4 * LANES):
        panel = pack_t(dense_2_kernel, j, 0, 10, 4, 10)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(10):
                acc = outer(acc, d_dense_2_add, i, k, panel, k, 0)
            kept = load(dropout_1, i, j, HALF_ROWS, 4) > 0.0
            store(d_dense_1_add, i, j, select(kept, acc * 1.25, 0.0))


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 10,240 FLOPs a row."""
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
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Lines 10, 11. 1,024 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 512)
    d_dense_add = matrix(args, 1, batch, 512)
    d_dense_1_bias = matrix(args, 2, 1, 512)
    d_dense_bias = matrix(args, 3, 1, 512)
    first, last = share(512, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_1_add, i, j, 1, 4)
            summed_2 = summed_2 + load(d_dense_add, i, j, 1, 4)
        store(d_dense_1_bias, 0, j, summed)
        store(d_dense_bias, 0, j, summed_2)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 10, 11. 524,800 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 512)
    dense_1_kernel = matrix(args, 1, 512, 512, 528)
    dropout = matrix(args, 2, batch, 512)
    d_dense_add = matrix(args, 3, batch, 512)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 128):
        bottom = min(top + 128, last)
        for start in range(0, 512, 128):
            stop = min(start + 128, 512)
            for j in range(0, 512, 4 * LANES):
                panel = pack_t(dense_1_kernel, j, start, 128, 4, stop - start)
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(d_dense_add, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, d_dense_1_add, i, k, panel, k - start, 0)
                    if stop < 512:
                        store(d_dense_add, i, j, acc)
                        continue
                    kept_1 = load(dropout, i, j, HALF_ROWS, 4) > 0.0
                    store(d_dense_add, i, j, select(kept_1, acc * 1.25, 0.0))


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 11 of the model. 524,288 FLOPs a row."""
    dropout = matrix(args, 0, batch, 512)
    d_dense_1_add = matrix(args, 1, batch, 512)
    d_dense_1_kernel = matrix(args, 2, 512, 512, 528)
    first, last = share(512, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 512, 4 * LANES):
            panel = pack(d_dense_1_add, start, j, 128, 4, count)
            for i in range(first, last, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_dense_1_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, dropout, start + k, i, panel, k, 0)
                store(d_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 10 of the model. 802,816 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    d_dense_add = matrix(args, 1, batch, 512)
    d_dense_kernel = matrix(args, 2, 784, 512, 528)
    first, last = share(784, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 512, 4 * LANES):
            panel = pack(d_dense_add, start, j, 128, 4, count)
            for i in range(first, last, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_dense_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, image, start + k, i, panel, k, 0)
                store(d_dense_kernel, i, j, acc)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 8,975,824 FLOPs."""
    velocity = matrix(args, 0, 1, 690448)
    gradients = matrix(args, 1, 1, 690448)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 690448)
    first, last = share(690448, 4 * LANES, thread, threads)
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
def compute_dense(thread, threads, batch, clock, args):
    """Line 10 of the model. 803,840 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 512, 528)
    dense_bias = matrix(args, 2, 1, 512)
    dense = matrix(args, 3, batch, 512)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 512, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dense, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, image, i, k, dense_kernel, k, j)
                    if stop < 784:
                        store(dense, i, j, acc)
                        continue
                    store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 11 of the model. 525,312 FLOPs a row."""
    dense = matrix(args, 0, batch, 512)
    dense_1_kernel = matrix(args, 1, 512, 512, 528)
    dense_1_bias = matrix(args, 2, 1, 512)
    dense_1 = matrix(args, 3, batch, 512)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 512, 128):
            stop = min(start + 128, 512)
            for j in range(0, 512, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dense_1, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
                    if stop < 512:
                        store(dense_1, i, j, acc)
                        continue
                    dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
                    store(dense_1, i, j, dense_1_tile)


@kernel
def compute_accuracy_min_1(thread, threads, batch, clock, args):
    """Lines 12, 15, 16. 306 FLOPs a row."""
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
    """Line 12 of the model. 220 FLOPs a row."""
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
    """Line 10 of the model. 803,840 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 512, 528)
    dense_bias = matrix(args, 2, 1, 512)
    dense = matrix(args, 3, batch, 512)
    first, last, left, right = share_block(
        clock, batch, 512, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(784):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1_few(thread, threads, batch, clock, args):
    """Line 11 of the model. 525,312 FLOPs a row."""
    dense = matrix(args, 0, batch, 512)
    dense_1_kernel = matrix(args, 1, 512, 512, 528)
    dense_1_bias = matrix(args, 2, 1, 512)
    dense_1 = matrix(args, 3, batch, 512)
    first, last, left, right = share_block(
        clock, batch, 512, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(512):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
            store(dense_1, i, j, dense_1_tile)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(0, 784)
    dropout = m.rows(784, 512)
    dropout_1 = m.rows(1296, 512)
    dense_2_add = m.rows(2842, 10)
    digit_target = m.rows(2832, 10)
    digit_sample_weight = m.rows(2862, 1)
    digit_loss_multiply_2 = m.rows(2863, 1)
    accuracy_min = m.rows(2864, 1)
    accuracy_min_1 = m.rows(2865, 1)
    d_dense_2_add = m.rows(2852, 10)
    d_dense_1_add = m.rows(1808, 512)
    d_dense_add = m.rows(2320, 512)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
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
            accuracy_min_1,
            d_dense_2_add,
        ),
        gradient_of_dense_1_add(
            d_dense_2_add, m.weight("dense_2/kernel"), dropout_1, d_dense_1_add
        ),
        gradient_of_dense_add(
            d_dense_1_add, m.weight("dense_1/kernel"), dropout, d_dense_add
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
            d_dense_1_add,
            d_dense_add,
            m.gradient("dense_1/bias"),
            m.gradient("dense/bias"),
        ),
        gradient_of_dense_1_kernel(
            dropout, d_dense_1_add, m.gradient("dense_1/kernel")
        ),
        gradient_of_dense_kernel(image, d_dense_add, m.gradient("dense/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(0, 784)
    dense = m.rows(784, 512)
    dense_1 = m.rows(1296, 512)
    dense_2_add = m.rows(1818, 10)
    digit_target = m.rows(1808, 10)
    digit_sample_weight = m.rows(1828, 1)
    digit_loss_multiply_2 = m.rows(1829, 1)
    accuracy_min = m.rows(1830, 1)
    accuracy_min_1 = m.rows(1831, 1)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2_add(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
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
    dense = m.rows(784, 512)
    dense_1 = m.rows(1296, 512)
    dense_2_add = m.rows(1808, 10)
    dense_2 = m.rows(1818, 10)
    return [
        m.feed("image", image, 784),
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
    image = m.rows(0, 784)
    dense = m.rows(784, 512)
    dense_1 = m.rows(1296, 512)
    dense_2_add = m.rows(1808, 10)
    dense_2 = m.rows(1818, 10)
    return [
        m.feed("image", image, 784),
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
    name="MnistMlp",
    source="32_mnist_mlp.k",
    version="0.1.0",
    fingerprint="d5732f0240a7b410-480c759d00ca431c-09ea087a47328a61",
    inputs=(Input("image", "float32", (784,)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "float32", (10,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "dense", "Dense", (512,), 401920, 803840, 10, ("dense/kernel", "dense/bias")
        ),
        Layer("dropout", "Dropout", (512,), 0, 0, 10),
        Layer(
            "dense_1",
            "Dense",
            (512,),
            262656,
            525312,
            11,
            ("dense_1/kernel", "dense_1/bias"),
        ),
        Layer("dropout_1", "Dropout", (512,), 0, 0, 11),
        Layer(
            "dense_2",
            "Dense",
            (10,),
            5130,
            10250,
            12,
            ("dense_2/kernel", "dense_2/bias"),
        ),
    ),
    trainable=690448,
    size=690448,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class MnistMlp(Model):
    """Two wide hidden layers on flattened digits."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 2866, 0, 3214704), Steps(update, 2866, 0, 0)),
        gradient=(Steps(gradients, 2866, 0, 3214704),),
        evaluate=(Steps(evaluate, 1832, 0, 1339710),),
        predict=(Steps(predict, 1828, 0, 1339622),),
        few=(Steps(predict_few, 1828, 0, 1339622),),
    )


SOURCE_NAME = "32_mnist_mlp.k"
SOURCE_MAP = {
    "compute_dropout": (10,),
    "compute_dropout_1": (11,),
    "compute_dense_2_add": (12,),
    "gradient_of_dense_2_add": (12, 15, 16),
    "compute_figures": (10, 15, 16),
    "gradient_of_dense_2_bias": (12,),
    "gradient_of_dense_1_add": (11, 12),
    "gradient_of_dense_2_kernel": (12,),
    "gradient_of_dense_bias": (10, 11),
    "gradient_of_dense_add": (10, 11),
    "gradient_of_dense_1_kernel": (11,),
    "gradient_of_dense_kernel": (10,),
    "update_weights": (),
    "compute_dense": (10,),
    "compute_dense_1": (11,),
    "compute_accuracy_min_1": (12, 15, 16),
    "compute_dense_2": (12,),
    "compute_dense_few": (10,),
    "compute_dense_1_few": (11,),
}
SOURCE = """\
# The classic for MNIST: images as flat rows scaled to 0..1, labels one-hot,
# trained in batches of 128 with validation data.

param width = 512

model MnistMlp:
    \"\"\"Two wide hidden layers on flattened digits.\"\"\"
    input image: float32[784]
    output digit = image
        |> Dense(width, activation="relu") |> Dropout(0.2)
        |> Dense(width, activation="relu") |> Dropout(0.2)
        |> Dense(10, activation="softmax")
    train:
        optimizer = RMSprop(learning_rate=1e-3)
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""
