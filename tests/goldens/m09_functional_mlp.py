"""FunctionalMlp, as native code.

Built by kgen 0.1.0 from 09_functional_mlp.k; edit that, not this.

layer    kind           output       weights  line
dense    Dense          (batch, 64)   50,240     7
dense_1  Dense          (batch, 64)    4,160     8
dense_2  Dense          (batch, 10)      650     9
total    FunctionalMlp                55,050
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
    pack_t,
    prefetch_write,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_batch,
    sqrt,
    square,
    store,
    store_column,
    zeros,
)

VECTORS_10 = vectors_for(10)

WEIGHTS = (
    Weight("dense/kernel", (784, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (64,), 50176, "Zeros", {}),
    Weight("dense_1/kernel", (64, 64), 50240, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (64,), 54336, "Zeros", {}),
    Weight("dense_2/kernel", (64, 10), 54400, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (10,), 55040, "Zeros", {}),
)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 7 of the model. 100,480 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dense = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(784):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 2), 0.0))


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 8 of the model. 8,320 FLOPs a row."""
    dense = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dense_1_bias = matrix(args, 2, 1, 64)
    dense_1 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 2), 0.0)
            store(dense_1, i, j, dense_1_tile)


@kernel
def compute_dense_2_add(thread, threads, batch, clock, args):
    """Line 9 of the model. 1,290 FLOPs a row."""
    dense_1 = matrix(args, 0, batch, 64)
    dense_2_kernel = matrix(args, 1, 64, 10)
    dense_2_bias = matrix(args, 2, 1, 10)
    dense_2_add = matrix(args, 3, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(64):
                acc = outer(acc, dense_1, i, k, dense_2_kernel, k, j)
            store(dense_2_add, i, j, acc + load(dense_2_bias, 0, j, 1, 1))


@kernel
def gradient_of_dense_2_add(thread, threads, batch, clock, args):
    """Lines 9, 12, 13. 346 FLOPs a row."""
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
    """Lines 7, 12, 13. 2 FLOPs a row, 7 FLOPs."""
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
    """Line 9 of the model. 10 FLOPs a row."""
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
    """Lines 8, 9. 1,344 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 10)
    dense_2_kernel = matrix(args, 1, 64, 10)
    dense_1 = matrix(args, 2, batch, 64)
    d_dense_1_add = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack_t(dense_2_kernel, j, 0, 10, 2, 10)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(10):
                acc = outer(acc, d_dense_2_add, i, k, panel, k, 0)
            d_dense_1_greater = load(dense_1, i, j, ROWS, 2) > 0.0
            store(d_dense_1_add, i, j, select(d_dense_1_greater, acc, 0.0))


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 9 of the model. 1,280 FLOPs a row."""
    dense_1 = matrix(args, 0, batch, 64)
    d_dense_2_add = matrix(args, 1, batch, 10)
    d_dense_2_kernel = matrix(args, 2, 64, 10)
    first, last = share(64, ROWS, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dense_1, k, i, d_dense_2_add, k, j)
            store(d_dense_2_kernel, i, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Lines 7, 8. 128 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 64)
    d_dense_add = matrix(args, 1, batch, 64)
    d_dense_1_bias = matrix(args, 2, 1, 64)
    d_dense_bias = matrix(args, 3, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
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
    """Lines 7, 8. 8,256 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dense = matrix(args, 2, batch, 64)
    d_dense_add = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 64, 2, 64)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, d_dense_1_add, i, k, panel, k, 0)
            d_dense_greater = load(dense, i, j, ROWS, 2) > 0.0
            store(d_dense_add, i, j, select(d_dense_greater, acc, 0.0))


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 8 of the model. 8,192 FLOPs a row."""
    dense = matrix(args, 0, batch, 64)
    d_dense_1_add = matrix(args, 1, batch, 64)
    d_dense_1_kernel = matrix(args, 2, 64, 64)
    first, last = share(64, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch):
                acc = outer_t(acc, dense, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 7 of the model. 100,352 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    d_dense_add = matrix(args, 1, batch, 64)
    d_dense_kernel = matrix(args, 2, 784, 64)
    first, last = share(784, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch):
                acc = outer_t(acc, image, k, i, d_dense_add, k, j)
            store(d_dense_kernel, i, j, acc)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 715,728 FLOPs."""
    velocity = matrix(args, 0, 1, 55056)
    gradients = matrix(args, 1, 1, 55056)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 55056)
    first, last = share(55056, 4 * LANES, thread, threads)
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
def compute_dense_2(thread, threads, batch, clock, args):
    """Line 7 of the model. 100,480 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dense = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(784):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1_2(thread, threads, batch, clock, args):
    """Line 8 of the model. 8,320 FLOPs a row."""
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
    """Lines 9, 12, 13. 306 FLOPs a row."""
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
def compute_dense_2_2(thread, threads, batch, clock, args):
    """Line 9 of the model. 220 FLOPs a row."""
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
    """Line 7 of the model. 100,480 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dense = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(784):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1_few(thread, threads, batch, clock, args):
    """Line 8 of the model. 8,320 FLOPs a row."""
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
    image = m.rows(0, 784)
    dense = m.rows(784, 64)
    dense_1 = m.rows(848, 64)
    dense_2_add = m.rows(1050, 10)
    digit_target = m.rows(1040, 10)
    digit_sample_weight = m.rows(1070, 1)
    digit_loss_multiply_2 = m.rows(1071, 1)
    accuracy_min = m.rows(1072, 1)
    accuracy_min_1 = m.rows(1073, 1)
    d_dense_2_add = m.rows(1060, 10)
    d_dense_1_add = m.rows(912, 64)
    d_dense_add = m.rows(976, 64)
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
            d_dense_2_add, m.weight("dense_2/kernel"), dense_1, d_dense_1_add
        ),
        gradient_of_dense_add(
            d_dense_1_add, m.weight("dense_1/kernel"), dense, d_dense_add
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
            dense_1, d_dense_2_add, m.gradient("dense_2/kernel")
        ),
        gradient_of_dense_bias(
            d_dense_1_add,
            d_dense_add,
            m.gradient("dense_1/bias"),
            m.gradient("dense/bias"),
        ),
        gradient_of_dense_1_kernel(dense, d_dense_1_add, m.gradient("dense_1/kernel")),
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
    dense = m.rows(784, 64)
    dense_1 = m.rows(848, 64)
    dense_2_add = m.rows(922, 10)
    digit_target = m.rows(912, 10)
    digit_sample_weight = m.rows(932, 1)
    digit_loss_multiply_2 = m.rows(933, 1)
    accuracy_min = m.rows(934, 1)
    accuracy_min_1 = m.rows(935, 1)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_dense_2(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1_2(
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
    dense = m.rows(784, 64)
    dense_1 = m.rows(848, 64)
    dense_2_add = m.rows(912, 10)
    dense_2 = m.rows(922, 10)
    return [
        m.feed("image", image, 784),
        compute_dense_2(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1_2(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2_add(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2_add
        ),
        compute_dense_2_2(dense_2_add, dense_2),
        m.result("digit", dense_2, 10),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    image = m.rows(0, 784)
    dense = m.rows(784, 64)
    dense_1 = m.rows(848, 64)
    dense_2_add = m.rows(912, 10)
    dense_2 = m.rows(922, 10)
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
        compute_dense_2_2(dense_2_add, dense_2),
        m.result("digit", dense_2, 10),
    ]


SPEC = Spec(
    name="FunctionalMlp",
    source="09_functional_mlp.k",
    version="0.1.0",
    fingerprint="7280092b0679eece-c4f92919f6a78980-09ea087a47328a61",
    inputs=(Input("image", "float32", (784,)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "float32", (10,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "dense", "Dense", (64,), 50240, 100480, 7, ("dense/kernel", "dense/bias")
        ),
        Layer(
            "dense_1", "Dense", (64,), 4160, 8320, 8, ("dense_1/kernel", "dense_1/bias")
        ),
        Layer(
            "dense_2", "Dense", (10,), 650, 1290, 9, ("dense_2/kernel", "dense_2/bias")
        ),
    ),
    trainable=55056,
    size=55056,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class FunctionalMlp(Model):
    """784 inputs, two hidden layers, ten classes."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 1074, 0, 230000), Steps(update, 1074, 0, 0)),
        gradient=(Steps(gradients, 1074, 0, 230000),),
        evaluate=(Steps(evaluate, 936, 0, 110398),),
        predict=(Steps(predict, 932, 0, 110310),),
        few=(Steps(predict_few, 932, 0, 110310),),
    )


SOURCE_NAME = "09_functional_mlp.k"
SOURCE_MAP = {
    "compute_dense": (7,),
    "compute_dense_1": (8,),
    "compute_dense_2_add": (9,),
    "gradient_of_dense_2_add": (9, 12, 13),
    "compute_figures": (7, 12, 13),
    "gradient_of_dense_2_bias": (9,),
    "gradient_of_dense_1_add": (8, 9),
    "gradient_of_dense_2_kernel": (9,),
    "gradient_of_dense_bias": (7, 8),
    "gradient_of_dense_add": (7, 8),
    "gradient_of_dense_1_kernel": (8,),
    "gradient_of_dense_kernel": (7,),
    "update_weights": (),
    "compute_dense_2": (7,),
    "compute_dense_1_2": (8,),
    "compute_accuracy_min_1": (9, 12, 13),
    "compute_dense_2_2": (9,),
    "compute_dense_few": (7,),
    "compute_dense_1_few": (8,),
}
SOURCE = """\
# Keras's own spelling: a layer is constructed, then applied to a tensor.
# `x |> Dense(64)` means the same as `Dense(64)(x)`.

model FunctionalMlp:
    \"\"\"784 inputs, two hidden layers, ten classes.\"\"\"
    input image: float32[784]
    x = Dense(64, activation="relu")(image)
    x = Dense(64, activation="relu")(x)
    output digit = Dense(10, activation="softmax")(x)
    train:
        optimizer = "rmsprop"
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""
