"""Classifier and Film, as native code.

Built by kgen 0.1.0 from 10_model_over_time.k; edit that, not this.

layer    kind        output       weights  line
dense    Dense       (batch, 64)   50,240     7
dense_1  Dense       (batch, 64)    4,160     7
dense_2  Dense       (batch, 10)      650     8
total    Classifier                55,050

layer                                kind             output                   weights  line
time_distributed                     TimeDistributed  (batch, 20, 10)                0    13
time_distributed/classifier/dense    Dense            (batch, batch * 20, 64)   50,240     7
time_distributed/classifier/dense_1  Dense            (batch, batch * 20, 64)    4,160     7
time_distributed/classifier/dense_2  Dense            (batch, batch * 20, 10)      650     8
total                                Film                                       55,050
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
    imatrix,
    keep_columns,
    lane_index,
    load,
    load_column,
    load_scalar,
    log,
    matrix,
    maximum,
    minimum,
    outer,
    outer_t,
    prefetch_write,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_batch,
    share_rows,
    sqrt,
    square,
    store,
    store_column,
    store_rows,
    transpose_block,
    zeros,
)

VECTORS_10 = vectors_for(10)
VECTORS_20 = vectors_for(20)

CLASSIFIER_WEIGHTS = (
    Weight("dense/kernel", (784, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (64,), 50176, "Zeros", {}),
    Weight("dense_1/kernel", (64, 64), 50240, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (64,), 54336, "Zeros", {}),
    Weight("dense_2/kernel", (64, 10), 54400, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (10,), 55040, "Zeros", {}),
)

FILM_WEIGHTS = (
    Weight(
        "time_distributed/classifier/dense/kernel",
        (784, 64),
        0,
        "GlorotUniform",
        {"seed": None},
    ),
    Weight("time_distributed/classifier/dense/bias", (64,), 50176, "Zeros", {}),
    Weight(
        "time_distributed/classifier/dense_1/kernel",
        (64, 64),
        50240,
        "GlorotUniform",
        {"seed": None},
    ),
    Weight("time_distributed/classifier/dense_1/bias", (64,), 54336, "Zeros", {}),
    Weight(
        "time_distributed/classifier/dense_2/kernel",
        (64, 10),
        54400,
        "GlorotUniform",
        {"seed": None},
    ),
    Weight("time_distributed/classifier/dense_2/bias", (10,), 55040, "Zeros", {}),
)


@kernel
def compute_dense(thread, threads, batch, clock, args):
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
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 7 of the model. 8,320 FLOPs a row."""
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
def compute_dense_2_add(thread, threads, batch, clock, args):
    """Line 8 of the model. 1,290 FLOPs a row."""
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
def compute_dense_2(thread, threads, batch, clock, args):
    """Line 8 of the model. 220 FLOPs a row."""
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
    """Line 7 of the model. 8,320 FLOPs a row."""
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


@kernel
def compute_time_distributed_classifier_dense(thread, threads, batch, clock, args):
    """Line 7 of the model. 2,009,600 FLOPs."""
    images = matrix(args, 0, batch * 20, 784)
    time_distributed_classifier_dense_kernel = matrix(args, 1, 784, 64)
    time_distributed_classifier_dense_bias = matrix(args, 2, 1, 64)
    time_distributed_classifier_dense = matrix(args, 3, batch * 20, 64)
    first, last = share(batch * 20, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(784):
                acc = outer(
                    acc, images, i, k, time_distributed_classifier_dense_kernel, k, j
                )
            time_distributed_classifier_dense_bias_tile = load(
                time_distributed_classifier_dense_bias, 0, j, 1, 2
            )
            time_distributed_classifier_dense_add = (
                acc + time_distributed_classifier_dense_bias_tile
            )
            time_distributed_classifier_dense_tile = maximum(
                time_distributed_classifier_dense_add, 0.0
            )
            store(
                time_distributed_classifier_dense,
                i,
                j,
                time_distributed_classifier_dense_tile,
            )


@kernel
def compute_time_distributed_classifier_dense_1(thread, threads, batch, clock, args):
    """Line 7 of the model. 166,400 FLOPs."""
    time_distributed_classifier_dense = matrix(args, 0, batch * 20, 64)
    time_distributed_classifier_dense_1_kernel = matrix(args, 1, 64, 64)
    time_distributed_classifier_dense_1_bias = matrix(args, 2, 1, 64)
    time_distributed_classifier_dense_1 = matrix(args, 3, batch * 20, 64)
    first, last = share(batch * 20, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(
                    acc,
                    time_distributed_classifier_dense,
                    i,
                    k,
                    time_distributed_classifier_dense_1_kernel,
                    k,
                    j,
                )
            time_distributed_classifier_dense_1_bias_tile = load(
                time_distributed_classifier_dense_1_bias, 0, j, 1, 2
            )
            time_distributed_classifier_dense_1_add = (
                acc + time_distributed_classifier_dense_1_bias_tile
            )
            time_distributed_classifier_dense_1_tile = maximum(
                time_distributed_classifier_dense_1_add, 0.0
            )
            store(
                time_distributed_classifier_dense_1,
                i,
                j,
                time_distributed_classifier_dense_1_tile,
            )


@kernel
def compute_time_distributed_classifier_dense_2_add(
    thread, threads, batch, clock, args
):
    """Line 8 of the model. 25,800 FLOPs."""
    time_distributed_classifier_dense_1 = matrix(args, 0, batch * 20, 64)
    time_distributed_classifier_dense_2_kernel = matrix(args, 1, 64, 10)
    time_distributed_classifier_dense_2_bias = matrix(args, 2, 1, 10)
    time_distributed_classifier_dense_2_add = matrix(args, 3, batch * 20, 10)
    first, last = share(batch * 20, ROWS, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(64):
                acc = outer(
                    acc,
                    time_distributed_classifier_dense_1,
                    i,
                    k,
                    time_distributed_classifier_dense_2_kernel,
                    k,
                    j,
                )
            time_distributed_classifier_dense_2_bias_tile = load(
                time_distributed_classifier_dense_2_bias, 0, j, 1, 1
            )
            time_distributed_classifier_dense_2_add_tile = (
                acc + time_distributed_classifier_dense_2_bias_tile
            )
            store(
                time_distributed_classifier_dense_2_add,
                i,
                j,
                time_distributed_classifier_dense_2_add_tile,
            )


@kernel
def compute_time_distributed_classifier_dense_2(thread, threads, batch, clock, args):
    """Line 8 of the model. 4,400 FLOPs."""
    time_distributed_classifier_dense_2_add = matrix(args, 0, batch * 20, 10)
    time_distributed_classifier_dense_2 = matrix(args, 1, batch * 20, 10)
    first, last = share(batch * 20, ROWS, thread, threads)
    for i in range(first, last):
        time_distributed_classifier_dense_2_add_tile = load(
            time_distributed_classifier_dense_2_add, i, 0, 1, VECTORS_10
        )
        time_distributed_classifier_dense_2_max = row_max(
            keep_columns(time_distributed_classifier_dense_2_add_tile, 0, 10, -np.inf)
        )
        time_distributed_classifier_dense_2_subtract = (
            time_distributed_classifier_dense_2_add_tile
            - time_distributed_classifier_dense_2_max
        )
        time_distributed_classifier_dense_2_exp = exp(
            time_distributed_classifier_dense_2_subtract
        )
        time_distributed_classifier_dense_2_sum = row_sum(
            keep_columns(time_distributed_classifier_dense_2_exp, 0, 10, 0.0)
        )
        time_distributed_classifier_dense_2_tile = (
            time_distributed_classifier_dense_2_exp
            / time_distributed_classifier_dense_2_sum
        )
        store(
            time_distributed_classifier_dense_2,
            i,
            0,
            time_distributed_classifier_dense_2_tile,
        )


@kernel
def gradient_of_time_distributed_1(thread, threads, batch, clock, args):
    """Lines 16, 17. 9,020 FLOPs a row."""
    time_distributed_classifier_dense_2 = matrix(args, 0, batch * 20, 10)
    digits_target = imatrix(args, 1, batch * 20, 1)
    digits_sample_weight = matrix(args, 2, batch * 20, 1)
    digits_loss_multiply_2 = matrix(args, 3, batch * 20, 1)
    accuracy_min = matrix(args, 4, batch * 20, 1)
    d_time_distributed_1 = matrix(args, 5, batch * 20, 10)
    first, last = share_rows(clock, batch, 20, ROWS, thread, threads)
    for i in range(first, last, 2):
        time_distributed_classifier_dense_2_tile = load(
            time_distributed_classifier_dense_2, i, 0, 2, VECTORS_10
        )
        digits_loss_sum = row_sum(
            keep_columns(time_distributed_classifier_dense_2_tile, 0, 10, 0.0)
        )
        digits_loss_divide = time_distributed_classifier_dense_2_tile / digits_loss_sum
        digits_loss_maximum = maximum(digits_loss_divide, 1e-07)
        digits_loss_minimum = minimum(digits_loss_maximum, 0.9999999)
        digits_loss_log = log(digits_loss_minimum)
        index = lane_index(0, VECTORS_10)
        digits_loss_equal = index == load_column(digits_target, i, 2)
        digits_loss_as_float_1 = select(digits_loss_equal, 1.0, 0.0)
        digits_loss_multiply = digits_loss_as_float_1 * digits_loss_log
        digits_loss_sum_1 = row_sum(keep_columns(digits_loss_multiply, 0, 10, 0.0))
        digits_loss_negative = -digits_loss_sum_1
        digits_sample_weight_tile = load_column(digits_sample_weight, i, 2)
        digits_loss_multiply_2_tile = digits_loss_negative * digits_sample_weight_tile
        store_column(
            digits_loss_multiply_2, i, digits_loss_multiply_2_tile, 0, last - i
        )
        accuracy_max = row_max(
            keep_columns(time_distributed_classifier_dense_2_tile, 0, 10, -np.inf)
        )
        accuracy_equal = time_distributed_classifier_dense_2_tile == accuracy_max
        accuracy_where = select(accuracy_equal, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile, 0, last - i)
        d_digits_loss_sum_3 = 1.0 / (full(1, 1, batch) * 20.0)
        d_digits_loss_negative_1 = d_digits_loss_sum_3 * digits_sample_weight_tile
        negative = -d_digits_loss_negative_1
        d_digits_loss_log = negative * digits_loss_as_float_1
        d_digits_loss_divide_2 = 1.0 / digits_loss_minimum
        d_digits_loss_minimum = d_digits_loss_log * d_digits_loss_divide_2
        d_digits_loss_less = digits_loss_maximum < 0.9999999
        d_digits_loss_equal = digits_loss_maximum == 0.9999999
        d_digits_loss_where = select(d_digits_loss_equal, 0.5, 0.0)
        d_digits_loss_where_1 = select(d_digits_loss_less, 1.0, d_digits_loss_where)
        d_digits_loss_maximum = d_digits_loss_minimum * d_digits_loss_where_1
        d_digits_loss_greater = digits_loss_divide > 1e-07
        d_digits_loss_equal_1 = digits_loss_divide == 1e-07
        d_digits_loss_where_2 = select(d_digits_loss_equal_1, 0.5, 0.0)
        d_digits_loss_where_3 = select(
            d_digits_loss_greater, 1.0, d_digits_loss_where_2
        )
        d_digits_loss_divide_3 = d_digits_loss_maximum * d_digits_loss_where_3
        d_time_distributed = d_digits_loss_divide_3 / digits_loss_sum
        d_digits_loss_multiply_15 = d_digits_loss_divide_3 * digits_loss_divide
        d_digits_loss_divide_5 = d_digits_loss_multiply_15 / digits_loss_sum
        d_digits_loss_negative_2 = -d_digits_loss_divide_5
        d_digits_loss_sum_5 = row_sum(
            keep_columns(d_digits_loss_negative_2, 0, 10, 0.0)
        )
        d_time_distributed_1_tile = d_time_distributed + d_digits_loss_sum_5
        store_rows(d_time_distributed_1, i, 0, d_time_distributed_1_tile, last - i)


@kernel
def compute_accuracy_sum(thread, threads, batch, clock, args):
    """Lines 16, 17. 40 FLOPs a row."""
    digits_loss_multiply_2 = matrix(args, 0, batch, 20)
    digits_loss_sum_2 = matrix(args, 1, batch, 1)
    digits_target = imatrix(args, 2, batch, 20)
    accuracy_min = matrix(args, 3, batch, 20)
    accuracy_sum = matrix(args, 4, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        digits_loss_multiply_2_tile = load(digits_loss_multiply_2, i, 0, 2, VECTORS_20)
        digits_loss_sum_2_tile = row_sum(
            keep_columns(digits_loss_multiply_2_tile, 0, 20, 0.0)
        )
        store_column(digits_loss_sum_2, i, digits_loss_sum_2_tile, 0, last - i)
        digits_loss_as_float = load(digits_target, i, 0, 2, VECTORS_20)
        accuracy_min_tile = load(accuracy_min, i, 0, 2, VECTORS_20)
        accuracy_equal_1 = digits_loss_as_float == accuracy_min_tile
        accuracy_as_float_1 = select(accuracy_equal_1, 1.0, 0.0)
        accuracy_sum_tile = row_sum(keep_columns(accuracy_as_float_1, 0, 20, 0.0))
        store_column(accuracy_sum, i, accuracy_sum_tile, 0, last - i)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 7, 16, 17. 2 FLOPs a row, 3 FLOPs."""
    digits_loss_sum_2 = matrix(args, 0, batch, 1)
    accuracy_sum = matrix(args, 1, batch, 1)
    multiply = matrix(args, 2, 1, 1)
    accuracy_sum_1 = matrix(args, 3, 1, 1)
    accuracy_multiply = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(digits_loss_sum_2, i, j, 1, 1)
            summed_2 = summed_2 + load(accuracy_sum, i, j, 1, 1)
        digits_loss = summed / (full(1, 1, batch) * 20.0)
        batch_size = full(1, 1, batch)
        store(multiply, 0, j, digits_loss * batch_size)
        store(accuracy_sum_1, 0, j, summed_2)
        store(accuracy_multiply, 0, j, full(1, 1, batch) * 20.0)
        store(copy, 0, j, batch_size)


@kernel
def gradient_of_time_distributed_classifier_dense_2_add(
    thread, threads, batch, clock, args
):
    """Line 8 of the model. 800 FLOPs."""
    d_time_distributed_1 = matrix(args, 0, batch * 20, 10)
    time_distributed_classifier_dense_2 = matrix(args, 1, batch * 20, 10)
    d_time_distributed_classifier_dense_2_add = matrix(args, 2, batch * 20, 10)
    first, last = share(batch * 20, ROWS, thread, threads)
    for i in range(first, last):
        d_time_distributed_1_tile = load(d_time_distributed_1, i, 0, 1, VECTORS_10)
        time_distributed_classifier_dense_2_tile = load(
            time_distributed_classifier_dense_2, i, 0, 1, VECTORS_10
        )
        d_time_distributed_classifier_dense_2_multiply = (
            d_time_distributed_1_tile * time_distributed_classifier_dense_2_tile
        )
        d_time_distributed_classifier_dense_2_sum = row_sum(
            keep_columns(d_time_distributed_classifier_dense_2_multiply, 0, 10, 0.0)
        )
        d_time_distributed_classifier_dense_2_subtract = (
            d_time_distributed_1_tile - d_time_distributed_classifier_dense_2_sum
        )
        d_time_distributed_classifier_dense_2_add_tile = (
            time_distributed_classifier_dense_2_tile
            * d_time_distributed_classifier_dense_2_subtract
        )
        store(
            d_time_distributed_classifier_dense_2_add,
            i,
            0,
            d_time_distributed_classifier_dense_2_add_tile,
        )


@kernel
def gradient_of_time_distributed_classifier_dense_2_bias(
    thread, threads, batch, clock, args
):
    """Line 8 of the model. 200 FLOPs."""
    d_time_distributed_classifier_dense_2_add = matrix(args, 0, batch * 20, 10)
    d_time_distributed_classifier_dense_2_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch * 20):
            d_time_distributed_classifier_dense_2_add_tile = load(
                d_time_distributed_classifier_dense_2_add, i, j, 1, 1
            )
            summed = summed + d_time_distributed_classifier_dense_2_add_tile
        store(d_time_distributed_classifier_dense_2_bias, 0, j, summed)


@kernel
def transpose_time_distributed_classifier_dense_2_kernel(
    thread, threads, batch, clock, args
):
    """Line 8 of the model."""
    time_distributed_classifier_dense_2_kernel = matrix(args, 0, 64, 10)
    d_time_distributed_classifier_dense_1_transpose = matrix(args, 1, 10, 64)
    first, last = share(64, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 10, LANES):
            transpose_block(
                time_distributed_classifier_dense_2_kernel,
                i,
                j,
                d_time_distributed_classifier_dense_1_transpose,
            )


@kernel
def gradient_of_time_distributed_classifier_dense_1_add(
    thread, threads, batch, clock, args
):
    """Lines 7, 8. 26,880 FLOPs."""
    d_time_distributed_classifier_dense_2_add = matrix(args, 0, batch * 20, 10)
    d_time_distributed_classifier_dense_1_transpose = matrix(args, 1, 10, 64)
    time_distributed_classifier_dense_1 = matrix(args, 2, batch * 20, 64)
    d_time_distributed_classifier_dense_1_add = matrix(args, 3, batch * 20, 64)
    first, last = share(batch * 20, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(10):
                acc = outer(
                    acc,
                    d_time_distributed_classifier_dense_2_add,
                    i,
                    k,
                    d_time_distributed_classifier_dense_1_transpose,
                    k,
                    j,
                )
            time_distributed_classifier_dense_1_tile = load(
                time_distributed_classifier_dense_1, i, j, ROWS, 2
            )
            d_time_distributed_classifier_dense_1_greater = (
                time_distributed_classifier_dense_1_tile > 0.0
            )
            d_time_distributed_classifier_dense_1_add_tile = select(
                d_time_distributed_classifier_dense_1_greater, acc, 0.0
            )
            store(
                d_time_distributed_classifier_dense_1_add,
                i,
                j,
                d_time_distributed_classifier_dense_1_add_tile,
            )


@kernel
def gradient_of_time_distributed_classifier_dense_2_kernel(
    thread, threads, batch, clock, args
):
    """Line 8 of the model. 25,600 FLOPs."""
    time_distributed_classifier_dense_1 = matrix(args, 0, batch * 20, 64)
    d_time_distributed_classifier_dense_2_add = matrix(args, 1, batch * 20, 10)
    d_time_distributed_classifier_dense_2_kernel = matrix(args, 2, 64, 10)
    first, last = share(64, ROWS, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch * 20):
                acc = outer_t(
                    acc,
                    time_distributed_classifier_dense_1,
                    k,
                    i,
                    d_time_distributed_classifier_dense_2_add,
                    k,
                    j,
                )
            store(d_time_distributed_classifier_dense_2_kernel, i, j, acc)


@kernel
def gradient_of_time_distributed_classifier_dense_bias(
    thread, threads, batch, clock, args
):
    """Line 7 of the model. 2,560 FLOPs."""
    d_time_distributed_classifier_dense_1_add = matrix(args, 0, batch * 20, 64)
    d_time_distributed_classifier_dense_add = matrix(args, 1, batch * 20, 64)
    d_time_distributed_classifier_dense_1_bias = matrix(args, 2, 1, 64)
    d_time_distributed_classifier_dense_bias = matrix(args, 3, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(batch * 20):
            d_time_distributed_classifier_dense_1_add_tile = load(
                d_time_distributed_classifier_dense_1_add, i, j, 1, 4
            )
            summed = summed + d_time_distributed_classifier_dense_1_add_tile
            d_time_distributed_classifier_dense_add_tile = load(
                d_time_distributed_classifier_dense_add, i, j, 1, 4
            )
            summed_2 = summed_2 + d_time_distributed_classifier_dense_add_tile
        store(d_time_distributed_classifier_dense_1_bias, 0, j, summed)
        store(d_time_distributed_classifier_dense_bias, 0, j, summed_2)


@kernel
def transpose_time_distributed_classifier_dense_1_kernel(
    thread, threads, batch, clock, args
):
    """Line 7 of the model."""
    time_distributed_classifier_dense_1_kernel = matrix(args, 0, 64, 64)
    d_time_distributed_classifier_dense_transpose = matrix(args, 1, 64, 64)
    first, last = share(64, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 64, LANES):
            transpose_block(
                time_distributed_classifier_dense_1_kernel,
                i,
                j,
                d_time_distributed_classifier_dense_transpose,
            )


@kernel
def gradient_of_time_distributed_classifier_dense_add(
    thread, threads, batch, clock, args
):
    """Line 7 of the model. 165,120 FLOPs."""
    d_time_distributed_classifier_dense_1_add = matrix(args, 0, batch * 20, 64)
    d_time_distributed_classifier_dense_transpose = matrix(args, 1, 64, 64)
    time_distributed_classifier_dense = matrix(args, 2, batch * 20, 64)
    d_time_distributed_classifier_dense_add = matrix(args, 3, batch * 20, 64)
    first, last = share(batch * 20, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(
                    acc,
                    d_time_distributed_classifier_dense_1_add,
                    i,
                    k,
                    d_time_distributed_classifier_dense_transpose,
                    k,
                    j,
                )
            time_distributed_classifier_dense_tile = load(
                time_distributed_classifier_dense, i, j, ROWS, 2
            )
            d_time_distributed_classifier_dense_greater = (
                time_distributed_classifier_dense_tile > 0.0
            )
            d_time_distributed_classifier_dense_add_tile = select(
                d_time_distributed_classifier_dense_greater, acc, 0.0
            )
            store(
                d_time_distributed_classifier_dense_add,
                i,
                j,
                d_time_distributed_classifier_dense_add_tile,
            )


@kernel
def gradient_of_time_distributed_classifier_dense_1_kernel(
    thread, threads, batch, clock, args
):
    """Line 7 of the model. 163,840 FLOPs."""
    time_distributed_classifier_dense = matrix(args, 0, batch * 20, 64)
    d_time_distributed_classifier_dense_1_add = matrix(args, 1, batch * 20, 64)
    d_time_distributed_classifier_dense_1_kernel = matrix(args, 2, 64, 64)
    first, last = share(64, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch * 20):
                acc = outer_t(
                    acc,
                    time_distributed_classifier_dense,
                    k,
                    i,
                    d_time_distributed_classifier_dense_1_add,
                    k,
                    j,
                )
            store(d_time_distributed_classifier_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_time_distributed_classifier_dense_kernel(
    thread, threads, batch, clock, args
):
    """Line 7 of the model. 2,007,040 FLOPs."""
    images = matrix(args, 0, batch * 20, 784)
    d_time_distributed_classifier_dense_add = matrix(args, 1, batch * 20, 64)
    d_time_distributed_classifier_dense_kernel = matrix(args, 2, 784, 64)
    first, last = share(784, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch * 20):
                acc = outer_t(
                    acc, images, k, i, d_time_distributed_classifier_dense_add, k, j
                )
            store(d_time_distributed_classifier_dense_kernel, i, j, acc)


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
def compute_time_distributed_classifier_dense_3(thread, threads, batch, clock, args):
    """Line 7 of the model. 2,009,600 FLOPs."""
    images = matrix(args, 0, batch * 20, 784)
    time_distributed_classifier_dense_kernel = matrix(args, 1, 784, 64)
    time_distributed_classifier_dense_bias = matrix(args, 2, 1, 64)
    time_distributed_classifier_dense = matrix(args, 3, batch * 20, 64)
    first, last = share(batch * 20, ROWS, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(784):
                acc = outer(
                    acc, images, i, k, time_distributed_classifier_dense_kernel, k, j
                )
            time_distributed_classifier_dense_bias_tile = load(
                time_distributed_classifier_dense_bias, 0, j, 1, 4
            )
            time_distributed_classifier_dense_add = (
                acc + time_distributed_classifier_dense_bias_tile
            )
            time_distributed_classifier_dense_tile = maximum(
                time_distributed_classifier_dense_add, 0.0
            )
            store(
                time_distributed_classifier_dense,
                i,
                j,
                time_distributed_classifier_dense_tile,
            )


@kernel
def compute_time_distributed_classifier_dense_1_2(thread, threads, batch, clock, args):
    """Line 7 of the model. 166,400 FLOPs."""
    time_distributed_classifier_dense = matrix(args, 0, batch * 20, 64)
    time_distributed_classifier_dense_1_kernel = matrix(args, 1, 64, 64)
    time_distributed_classifier_dense_1_bias = matrix(args, 2, 1, 64)
    time_distributed_classifier_dense_1 = matrix(args, 3, batch * 20, 64)
    first, last = share(batch * 20, ROWS, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(64):
                acc = outer(
                    acc,
                    time_distributed_classifier_dense,
                    i,
                    k,
                    time_distributed_classifier_dense_1_kernel,
                    k,
                    j,
                )
            time_distributed_classifier_dense_1_bias_tile = load(
                time_distributed_classifier_dense_1_bias, 0, j, 1, 4
            )
            time_distributed_classifier_dense_1_add = (
                acc + time_distributed_classifier_dense_1_bias_tile
            )
            time_distributed_classifier_dense_1_tile = maximum(
                time_distributed_classifier_dense_1_add, 0.0
            )
            store(
                time_distributed_classifier_dense_1,
                i,
                j,
                time_distributed_classifier_dense_1_tile,
            )


@kernel
def compute_accuracy_min(thread, threads, batch, clock, args):
    """Lines 16, 17. 4,820 FLOPs a row."""
    time_distributed_classifier_dense_2 = matrix(args, 0, batch * 20, 10)
    digits_target = imatrix(args, 1, batch * 20, 1)
    digits_sample_weight = matrix(args, 2, batch * 20, 1)
    digits_loss_multiply_2 = matrix(args, 3, batch * 20, 1)
    accuracy_min = matrix(args, 4, batch * 20, 1)
    first, last = share_rows(clock, batch, 20, ROWS, thread, threads)
    for i in range(first, last, 2):
        time_distributed_classifier_dense_2_tile = load(
            time_distributed_classifier_dense_2, i, 0, 2, VECTORS_10
        )
        digits_loss_sum = row_sum(
            keep_columns(time_distributed_classifier_dense_2_tile, 0, 10, 0.0)
        )
        digits_loss_divide = time_distributed_classifier_dense_2_tile / digits_loss_sum
        digits_loss_maximum = maximum(digits_loss_divide, 1e-07)
        digits_loss_log = log(minimum(digits_loss_maximum, 0.9999999))
        index = lane_index(0, VECTORS_10)
        digits_loss_equal = index == load_column(digits_target, i, 2)
        digits_loss_as_float_1 = select(digits_loss_equal, 1.0, 0.0)
        digits_loss_multiply = digits_loss_as_float_1 * digits_loss_log
        digits_loss_sum_1 = row_sum(keep_columns(digits_loss_multiply, 0, 10, 0.0))
        digits_loss_negative = -digits_loss_sum_1
        digits_sample_weight_tile = load_column(digits_sample_weight, i, 2)
        digits_loss_multiply_2_tile = digits_loss_negative * digits_sample_weight_tile
        store_column(
            digits_loss_multiply_2, i, digits_loss_multiply_2_tile, 0, last - i
        )
        accuracy_max = row_max(
            keep_columns(time_distributed_classifier_dense_2_tile, 0, 10, -np.inf)
        )
        accuracy_equal = time_distributed_classifier_dense_2_tile == accuracy_max
        accuracy_where = select(accuracy_equal, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile, 0, last - i)


def classifier_predict(m):
    """The outputs of one batch."""
    image = m.rows(0, 784)
    dense = m.rows(784, 64)
    dense_1 = m.rows(848, 64)
    dense_2_add = m.rows(912, 10)
    dense_2 = m.rows(922, 10)
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


def classifier_predict_few(m):
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
        compute_dense_2(dense_2_add, dense_2),
        m.result("digit", dense_2, 10),
    ]


CLASSIFIER_SPEC = Spec(
    name="Classifier",
    source="10_model_over_time.k",
    version="0.1.0",
    fingerprint="7280092b0679eece",
    inputs=(Input("image", "float32", (784,)),),
    outputs=(Output("digit", (10,)),),
    targets=(),
    weights=CLASSIFIER_WEIGHTS,
    metrics=(),
    layers=(
        Layer(
            "dense", "Dense", (64,), 50240, 100480, 7, ("dense/kernel", "dense/bias")
        ),
        Layer(
            "dense_1", "Dense", (64,), 4160, 8320, 7, ("dense_1/kernel", "dense_1/bias")
        ),
        Layer(
            "dense_2", "Dense", (10,), 650, 1290, 8, ("dense_2/kernel", "dense_2/bias")
        ),
    ),
    trainable=55056,
    size=55056,
    feeds=("image",),
)


class Classifier(Model):
    """784 inputs, two hidden layers, ten classes."""

    spec = CLASSIFIER_SPEC
    programs = Programs(
        predict=(Steps(classifier_predict, 932, 0, 110310),),
        few=(Steps(classifier_predict_few, 932, 0, 110310),),
    )


def film_gradients(m):
    """Forward, loss and backward of one batch of training."""
    images = m.rows(0, 15680)
    time_distributed_classifier_dense = m.rows(15680, 1280)
    d_time_distributed_classifier_dense_1_transpose = m.fixed(4096, 640)
    d_time_distributed_classifier_dense_transpose = m.fixed(0, 4096)
    time_distributed_classifier_dense_1 = m.rows(16960, 1280)
    time_distributed_classifier_dense_2_add = m.rows(18240, 200)
    time_distributed_classifier_dense_2 = m.rows(18440, 200)
    digits_target = m.rows(18640, 20)
    digits_sample_weight = m.rows(18660, 20)
    digits_loss_multiply_2 = m.rows(18680, 20)
    accuracy_min = m.rows(18700, 20)
    d_time_distributed_1 = m.rows(18240, 200)
    digits_loss_sum_2 = m.rows(18720, 1)
    accuracy_sum = m.rows(18721, 1)
    d_time_distributed_classifier_dense_2_add = m.rows(19520, 200)
    d_time_distributed_classifier_dense_1_add = m.rows(18240, 1280)
    d_time_distributed_classifier_dense_add = m.rows(16960, 1280)
    return [
        m.feed("images", images, 15680),
        m.feed("digits_target", digits_target, 20),
        m.feed("digits_sample_weight", digits_sample_weight, 20),
        sync,
        compute_time_distributed_classifier_dense(
            images,
            m.weight("time_distributed/classifier/dense/kernel"),
            m.weight("time_distributed/classifier/dense/bias"),
            time_distributed_classifier_dense,
        ),
        transpose_time_distributed_classifier_dense_2_kernel(
            m.weight("time_distributed/classifier/dense_2/kernel"),
            d_time_distributed_classifier_dense_1_transpose,
        ),
        transpose_time_distributed_classifier_dense_1_kernel(
            m.weight("time_distributed/classifier/dense_1/kernel"),
            d_time_distributed_classifier_dense_transpose,
        ),
        sync,
        compute_time_distributed_classifier_dense_1(
            time_distributed_classifier_dense,
            m.weight("time_distributed/classifier/dense_1/kernel"),
            m.weight("time_distributed/classifier/dense_1/bias"),
            time_distributed_classifier_dense_1,
        ),
        sync,
        compute_time_distributed_classifier_dense_2_add(
            time_distributed_classifier_dense_1,
            m.weight("time_distributed/classifier/dense_2/kernel"),
            m.weight("time_distributed/classifier/dense_2/bias"),
            time_distributed_classifier_dense_2_add,
        ),
        sync,
        compute_time_distributed_classifier_dense_2(
            time_distributed_classifier_dense_2_add, time_distributed_classifier_dense_2
        ),
        sync,
        gradient_of_time_distributed_1(
            time_distributed_classifier_dense_2,
            digits_target,
            digits_sample_weight,
            digits_loss_multiply_2,
            accuracy_min,
            d_time_distributed_1,
        ),
        compute_accuracy_sum(
            digits_loss_multiply_2,
            digits_loss_sum_2,
            digits_target,
            accuracy_min,
            accuracy_sum,
        ),
        sync,
        compute_figures(
            digits_loss_sum_2,
            accuracy_sum,
            m.figure(0),
            m.figure(2),
            m.figure(3),
            m.figure(1),
        ),
        gradient_of_time_distributed_classifier_dense_2_add(
            d_time_distributed_1,
            time_distributed_classifier_dense_2,
            d_time_distributed_classifier_dense_2_add,
        ),
        sync,
        gradient_of_time_distributed_classifier_dense_2_bias(
            d_time_distributed_classifier_dense_2_add,
            m.gradient("time_distributed/classifier/dense_2/bias"),
        ),
        gradient_of_time_distributed_classifier_dense_1_add(
            d_time_distributed_classifier_dense_2_add,
            d_time_distributed_classifier_dense_1_transpose,
            time_distributed_classifier_dense_1,
            d_time_distributed_classifier_dense_1_add,
        ),
        gradient_of_time_distributed_classifier_dense_2_kernel(
            time_distributed_classifier_dense_1,
            d_time_distributed_classifier_dense_2_add,
            m.gradient("time_distributed/classifier/dense_2/kernel"),
        ),
        sync,
        gradient_of_time_distributed_classifier_dense_add(
            d_time_distributed_classifier_dense_1_add,
            d_time_distributed_classifier_dense_transpose,
            time_distributed_classifier_dense,
            d_time_distributed_classifier_dense_add,
        ),
        gradient_of_time_distributed_classifier_dense_1_kernel(
            time_distributed_classifier_dense,
            d_time_distributed_classifier_dense_1_add,
            m.gradient("time_distributed/classifier/dense_1/kernel"),
        ),
        sync,
        gradient_of_time_distributed_classifier_dense_bias(
            d_time_distributed_classifier_dense_1_add,
            d_time_distributed_classifier_dense_add,
            m.gradient("time_distributed/classifier/dense_1/bias"),
            m.gradient("time_distributed/classifier/dense/bias"),
        ),
        gradient_of_time_distributed_classifier_dense_kernel(
            images,
            d_time_distributed_classifier_dense_add,
            m.gradient("time_distributed/classifier/dense/kernel"),
        ),
    ]


def film_update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def film_evaluate(m):
    """Loss and metrics of one batch."""
    images = m.rows(0, 15680)
    time_distributed_classifier_dense = m.rows(15680, 1280)
    time_distributed_classifier_dense_1 = m.rows(0, 1280)
    time_distributed_classifier_dense_2_add = m.rows(1280, 200)
    time_distributed_classifier_dense_2 = m.rows(0, 200)
    digits_target = m.rows(16960, 20)
    digits_sample_weight = m.rows(16980, 20)
    digits_loss_multiply_2 = m.rows(200, 20)
    accuracy_min = m.rows(220, 20)
    digits_loss_sum_2 = m.rows(240, 1)
    accuracy_sum = m.rows(241, 1)
    return [
        m.feed("images", images, 15680),
        m.feed("digits_target", digits_target, 20),
        m.feed("digits_sample_weight", digits_sample_weight, 20),
        sync,
        compute_time_distributed_classifier_dense_3(
            images,
            m.weight("time_distributed/classifier/dense/kernel"),
            m.weight("time_distributed/classifier/dense/bias"),
            time_distributed_classifier_dense,
        ),
        sync,
        compute_time_distributed_classifier_dense_1_2(
            time_distributed_classifier_dense,
            m.weight("time_distributed/classifier/dense_1/kernel"),
            m.weight("time_distributed/classifier/dense_1/bias"),
            time_distributed_classifier_dense_1,
        ),
        sync,
        compute_time_distributed_classifier_dense_2_add(
            time_distributed_classifier_dense_1,
            m.weight("time_distributed/classifier/dense_2/kernel"),
            m.weight("time_distributed/classifier/dense_2/bias"),
            time_distributed_classifier_dense_2_add,
        ),
        sync,
        compute_time_distributed_classifier_dense_2(
            time_distributed_classifier_dense_2_add, time_distributed_classifier_dense_2
        ),
        sync,
        compute_accuracy_min(
            time_distributed_classifier_dense_2,
            digits_target,
            digits_sample_weight,
            digits_loss_multiply_2,
            accuracy_min,
        ),
        compute_accuracy_sum(
            digits_loss_multiply_2,
            digits_loss_sum_2,
            digits_target,
            accuracy_min,
            accuracy_sum,
        ),
        sync,
        compute_figures(
            digits_loss_sum_2,
            accuracy_sum,
            m.figure(0),
            m.figure(2),
            m.figure(3),
            m.figure(1),
        ),
    ]


def film_predict(m):
    """The outputs of one batch."""
    images = m.rows(0, 15680)
    time_distributed_classifier_dense = m.rows(15680, 1280)
    time_distributed_classifier_dense_1 = m.rows(0, 1280)
    time_distributed_classifier_dense_2_add = m.rows(1280, 200)
    time_distributed_classifier_dense_2 = m.rows(0, 200)
    return [
        m.feed("images", images, 15680),
        sync,
        compute_time_distributed_classifier_dense_3(
            images,
            m.weight("time_distributed/classifier/dense/kernel"),
            m.weight("time_distributed/classifier/dense/bias"),
            time_distributed_classifier_dense,
        ),
        sync,
        compute_time_distributed_classifier_dense_1_2(
            time_distributed_classifier_dense,
            m.weight("time_distributed/classifier/dense_1/kernel"),
            m.weight("time_distributed/classifier/dense_1/bias"),
            time_distributed_classifier_dense_1,
        ),
        sync,
        compute_time_distributed_classifier_dense_2_add(
            time_distributed_classifier_dense_1,
            m.weight("time_distributed/classifier/dense_2/kernel"),
            m.weight("time_distributed/classifier/dense_2/bias"),
            time_distributed_classifier_dense_2_add,
        ),
        sync,
        compute_time_distributed_classifier_dense_2(
            time_distributed_classifier_dense_2_add, time_distributed_classifier_dense_2
        ),
        sync,
        m.result("digits", time_distributed_classifier_dense_2, 200),
    ]


FILM_SPEC = Spec(
    name="Film",
    source="10_model_over_time.k",
    version="0.1.0",
    fingerprint="fd2381bdf3387023-8aeb5dae92d0ff54-09ea087a47328a61",
    inputs=(Input("images", "float32", (20, 784)),),
    outputs=(Output("digits", (20, 10)),),
    targets=(Target("digits", "int32", (20,), 10, (), (20,)),),
    weights=FILM_WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer("time_distributed", "TimeDistributed", (20, 10), 0, 0, 13),
        Layer(
            "time_distributed/classifier/dense",
            "Dense",
            (None, 64),
            50240,
            0,
            7,
            (
                "time_distributed/classifier/dense/kernel",
                "time_distributed/classifier/dense/bias",
            ),
        ),
        Layer(
            "time_distributed/classifier/dense_1",
            "Dense",
            (None, 64),
            4160,
            0,
            7,
            (
                "time_distributed/classifier/dense_1/kernel",
                "time_distributed/classifier/dense_1/bias",
            ),
        ),
        Layer(
            "time_distributed/classifier/dense_2",
            "Dense",
            (None, 10),
            650,
            0,
            8,
            (
                "time_distributed/classifier/dense_2/kernel",
                "time_distributed/classifier/dense_2/bias",
            ),
        ),
    ),
    trainable=55056,
    size=55056,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("images", "digits_target", "digits_sample_weight"),
)


class Film(Model):
    """The class of every picture."""

    spec = FILM_SPEC
    programs = Programs(
        train=(
            Steps(film_gradients, 19720, 4736, 9062, by_tiles=False),
            Steps(film_update, 19720, 4736, 0, by_tiles=False),
        ),
        gradient=(Steps(film_gradients, 19720, 4736, 9062, by_tiles=False),),
        evaluate=(Steps(film_evaluate, 17000, 0, 4862, by_tiles=False),),
        predict=(Steps(film_predict, 16960, 0, 0, by_tiles=False),),
    )


SOURCE_NAME = "10_model_over_time.k"
SOURCE_MAP = {
    "compute_dense": (7,),
    "compute_dense_1": (7,),
    "compute_dense_2_add": (8,),
    "compute_dense_2": (8,),
    "compute_dense_few": (7,),
    "compute_dense_1_few": (7,),
    "compute_time_distributed_classifier_dense": (7,),
    "compute_time_distributed_classifier_dense_1": (7,),
    "compute_time_distributed_classifier_dense_2_add": (8,),
    "compute_time_distributed_classifier_dense_2": (8,),
    "gradient_of_time_distributed_1": (16, 17),
    "compute_accuracy_sum": (16, 17),
    "compute_figures": (7, 16, 17),
    "gradient_of_time_distributed_classifier_dense_2_add": (8,),
    "gradient_of_time_distributed_classifier_dense_2_bias": (8,),
    "transpose_time_distributed_classifier_dense_2_kernel": (8,),
    "gradient_of_time_distributed_classifier_dense_1_add": (7, 8),
    "gradient_of_time_distributed_classifier_dense_2_kernel": (8,),
    "gradient_of_time_distributed_classifier_dense_bias": (7,),
    "transpose_time_distributed_classifier_dense_1_kernel": (7,),
    "gradient_of_time_distributed_classifier_dense_add": (7,),
    "gradient_of_time_distributed_classifier_dense_1_kernel": (7,),
    "gradient_of_time_distributed_classifier_dense_kernel": (7,),
    "update_weights": (),
    "compute_time_distributed_classifier_dense_3": (7,),
    "compute_time_distributed_classifier_dense_1_2": (7,),
    "compute_accuracy_min": (16, 17),
}
SOURCE = """\
# A classifier of pictures applied to each of the 20 pictures of a film.
# The film's weights are the classifier's own.

model Classifier:
    \"\"\"784 inputs, two hidden layers, ten classes.\"\"\"
    input image: float32[784]
    h = image |> Dense(64, activation="relu") |> Dense(64, activation="relu")
    output digit = h |> Dense(10, activation="softmax")

model Film:
    \"\"\"The class of every picture.\"\"\"
    input images: float32[20, 784]
    output digits = images |> TimeDistributed(Classifier())
    train:
        optimizer = "rmsprop"
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
