"""RowsAsTime, as native code.

Built by kgen 0.1.0 from 43_rows_as_time.k; edit that, not this.

layer  kind        output       weights  line
lstm   LSTM        (batch, 30)    7,080     6
dense  Dense       (batch, 10)      310     8
total  RowsAsTime                 7,390
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
    outer,
    outer_t,
    pack_t,
    prefetch,
    prefetch_write,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_batch,
    share_rows,
    sigmoid,
    sqrt,
    square,
    store,
    store_column,
    store_rows,
    tanh,
    transpose_block,
    zeros,
)

VECTORS_10 = vectors_for(10)
VECTORS_30 = vectors_for(30)

WEIGHTS = (
    Weight("lstm/lstm_cell/kernel", (28, 120), 0, "GlorotUniform", {"seed": None}),
    Weight(
        "lstm/lstm_cell/recurrent_kernel",
        (30, 120),
        3360,
        "Orthogonal",
        {"gain": 1.0, "seed": None},
    ),
    Weight(
        "lstm/lstm_cell/bias",
        (120,),
        6960,
        "UnitForgetBias",
        {"kind": "Zeros", "arguments": {}},
    ),
    Weight(
        "dense/kernel",
        (30, 10),
        7088,
        "RandomNormal",
        {"mean": 0.0, "stddev": 0.01, "seed": None},
    ),
    Weight("dense/bias", (10,), 7392, "Zeros", {}),
)


@kernel
def compute_lstm_start(thread, threads, batch, clock, args):
    """Line 6 of the model. 30 FLOPs a row."""
    lstm_start = matrix(args, 0, batch, 30)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        store(lstm_start, i, 0, full(1, 1, 0.0) + zeros(2, VECTORS_30))


@kernel
def compute_lstm_add(thread, threads, batch, clock, args):
    """Line 6 of the model. 191,520 FLOPs a row."""
    image = matrix(args, 0, batch * 28, 28)
    lstm_lstm_cell_kernel = matrix(args, 1, 28, 120)
    lstm_lstm_cell_bias = matrix(args, 2, 1, 120)
    lstm_add = matrix(args, 3, batch * 28, 120)
    first, last = share_rows(clock, batch, 28, ROWS, thread, threads)
    for j in range(0, 120, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(28):
                acc = outer(acc, image, i, k, lstm_lstm_cell_kernel, k, j)
            store(lstm_add, i, j, acc + load(lstm_lstm_cell_bias, 0, j, 1, 2))


@kernel
def compute_lstm_add_2(thread, threads, batch, clock, args):
    """Line 6 of the model. 7,320 FLOPs a row."""
    lstm_start_before = matrix(args, 0, batch, 30)
    lstm_lstm_cell_recurrent_kernel = matrix(args, 1, 30, 120)
    lstm_add_step = matrix(args, 2, batch, 120, 3360)
    lstm_add = matrix(args, 3, batch, 120)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 120, 2 * LANES):
        for i in range(first, last, ROWS):
            prefetch(lstm_add_step, i, j, ROWS, 2)
            acc = zeros(ROWS, 2)
            for k in range(30):
                acc = outer(
                    acc, lstm_start_before, i, k, lstm_lstm_cell_recurrent_kernel, k, j
                )
            store(lstm_add, i, j, load(lstm_add_step, i, j, ROWS, 2) + acc)


@kernel
def compute_copy_1(thread, threads, batch, clock, args):
    """Line 6 of the model. 3,180 FLOPs a row."""
    lstm_add = matrix(args, 0, batch, 30, 120)
    lstm_sigmoid = matrix(args, 1, batch, 30)
    lstm_start_1_before = matrix(args, 2, batch, 30)
    lstm_add_2 = matrix(args, 3, batch, 30, 120)
    lstm_sigmoid_1 = matrix(args, 4, batch, 30)
    lstm_add_3 = matrix(args, 5, batch, 30, 120)
    lstm_tanh = matrix(args, 6, batch, 30)
    lstm_add_1 = matrix(args, 7, batch, 30)
    lstm_add_4 = matrix(args, 8, batch, 30, 120)
    lstm_sigmoid_2 = matrix(args, 9, batch, 30)
    lstm_tanh_1 = matrix(args, 10, batch, 30)
    lstm_multiply_2 = matrix(args, 11, batch, 30)
    copy = matrix(args, 12, batch, 30)
    lstm_start_before = matrix(args, 13, batch, 30)
    copy_1 = matrix(args, 14, batch, 30, 840)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        lstm_sigmoid_tile = sigmoid(load(lstm_add, i, 0, 2, VECTORS_30))
        store(lstm_sigmoid, i, 0, lstm_sigmoid_tile)
        lstm_start_1_before_tile = load(lstm_start_1_before, i, 0, 2, VECTORS_30)
        lstm_multiply = lstm_sigmoid_tile * lstm_start_1_before_tile
        lstm_sigmoid_1_tile = sigmoid(load(lstm_add_2, i, 0, 2, VECTORS_30))
        store(lstm_sigmoid_1, i, 0, lstm_sigmoid_1_tile)
        lstm_tanh_tile = tanh(load(lstm_add_3, i, 0, 2, VECTORS_30))
        store(lstm_tanh, i, 0, lstm_tanh_tile)
        lstm_multiply_1 = lstm_sigmoid_1_tile * lstm_tanh_tile
        lstm_add_1_tile = lstm_multiply + lstm_multiply_1
        store(lstm_add_1, i, 0, lstm_add_1_tile)
        lstm_sigmoid_2_tile = sigmoid(load(lstm_add_4, i, 0, 2, VECTORS_30))
        store(lstm_sigmoid_2, i, 0, lstm_sigmoid_2_tile)
        lstm_tanh_1_tile = tanh(lstm_add_1_tile)
        store(lstm_tanh_1, i, 0, lstm_tanh_1_tile)
        store(lstm_multiply_2, i, 0, lstm_sigmoid_2_tile * lstm_tanh_1_tile)
        store(copy, i, 0, lstm_start_1_before_tile)
        store(copy_1, i, 0, load(lstm_start_before, i, 0, 2, VECTORS_30))


@kernel
def compute_dense_add(thread, threads, batch, clock, args):
    """Line 8 of the model. 610 FLOPs a row."""
    lstm = matrix(args, 0, batch, 30)
    dense_kernel = matrix(args, 1, 30, 10)
    dense_bias = matrix(args, 2, 1, 10)
    dense_add = matrix(args, 3, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(30):
                acc = outer(acc, lstm, i, k, dense_kernel, k, j)
            store(dense_add, i, j, acc + load(dense_bias, 0, j, 1, 1))


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 8, 11, 12. 326 FLOPs a row."""
    dense_add = matrix(args, 0, batch, 10)
    digit_target = imatrix(args, 1, batch, 1)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    d_dense_add = matrix(args, 5, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_add_tile = load(dense_add, i, 0, 2, VECTORS_10)
        dense_max = row_max(keep_columns(dense_add_tile, 0, 10, -np.inf))
        dense_subtract = dense_add_tile - dense_max
        dense_exp = exp(dense_subtract)
        dense_sum = row_sum(keep_columns(dense_exp, 0, 10, 0.0))
        dense = dense_exp / dense_sum
        digit_loss_log_softmax = dense_subtract - log(dense_sum)
        index = lane_index(0, VECTORS_10)
        digit_loss_equal = index == load_column(digit_target, i, 2)
        digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
        digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(dense, 0, 10, -np.inf))
        accuracy_where = select(dense == accuracy_max, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
        negative = -d_digit_loss_negative_1
        d_digit_loss_log_softmax = negative * digit_loss_as_float_1
        d_digit_loss_sum_1_1 = row_sum(
            keep_columns(d_digit_loss_log_softmax, 0, 10, 0.0)
        )
        d_digit_loss_multiply_8 = dense * d_digit_loss_sum_1_1
        d_dense_add_tile = d_digit_loss_log_softmax - d_digit_loss_multiply_8
        store(d_dense_add, i, 0, d_dense_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 6, 11, 12. 2 FLOPs a row, 7 FLOPs."""
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
def gradient_of_dense_bias_parts(thread, threads, batch, clock, args):
    """Line 8 of the model. 10 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 10)
    d_dense_bias_parts = matrix(args, 1, threads, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        acc = zeros(1, 1)
        for i in range(first, last):
            acc = acc + load(d_dense_add, i, j, 1, 1)
        store(d_dense_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Line 8 of the model. 10 FLOPs."""
    d_dense_bias_parts = matrix(args, 0, threads, 10)
    d_dense_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_bias_parts, i, j, 1, 1)
        store(d_dense_bias, 0, j, summed)


@kernel
def gradient_of_lstm_dot(thread, threads, batch, clock, args):
    """Line 8 of the model. 600 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 10)
    dense_kernel = matrix(args, 1, 30, 10)
    d_lstm_dot = matrix(args, 2, batch, 30)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 30, 2 * LANES):
        panel = pack_t(dense_kernel, j, 0, 10, 2, 10)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(10):
                acc = outer(acc, d_dense_add, i, k, panel, k, 0)
            store(d_lstm_dot, i, j, acc)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 8 of the model. 600 FLOPs a row."""
    lstm = matrix(args, 0, batch, 30)
    d_dense_add = matrix(args, 1, batch, 10)
    d_dense_kernel_parts = matrix(args, 2, threads * 30, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(0, 30, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, lstm, k, i, d_dense_add, k, j)
            store_rows(d_dense_kernel_parts, thread * 30 + i, j, acc, 30 - i)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 8 of the model. 300 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 300)
    d_dense_kernel = matrix(args, 1, 1, 300)
    first, last = share(300, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, summed)


@kernel
def transpose_lstm_lstm_cell_recurrent_kernel(thread, threads, batch, clock, args):
    """Line 6 of the model."""
    lstm_lstm_cell_recurrent_kernel = matrix(args, 0, 30, 120)
    d_lstm_start_before_1_transpose = matrix(args, 1, 120, 30)
    first, last = share(30, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 120, LANES):
            transpose_block(
                lstm_lstm_cell_recurrent_kernel, i, j, d_lstm_start_before_1_transpose
            )


@kernel
def compute_concatenate_2(thread, threads, batch, clock, args):
    """Line 6 of the model. 450 FLOPs a row."""
    d_lstm_start_before = matrix(args, 0, batch, 30)
    lstm_tanh_1 = matrix(args, 1, batch, 30)
    lstm_sigmoid_2 = matrix(args, 2, batch, 30)
    d_lstm_start_1_before = matrix(args, 3, batch, 30)
    lstm_tanh = matrix(args, 4, batch, 30)
    lstm_sigmoid_1 = matrix(args, 5, batch, 30)
    lstm_start_1_before = matrix(args, 6, batch, 30)
    lstm_sigmoid = matrix(args, 7, batch, 30)
    d_lstm_start_1_before_1 = matrix(args, 8, batch, 30)
    concatenate_2 = matrix(args, 9, batch, 30, 3360)
    concatenate_2_2 = matrix(args, 10, batch, 30, 3360)
    concatenate_2_3 = matrix(args, 11, batch, 30, 3360)
    concatenate_2_4 = matrix(args, 12, batch, 30, 3360)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        d_lstm_start_before_tile = load(d_lstm_start_before, i, 0, 2, VECTORS_30)
        lstm_tanh_1_tile = load(lstm_tanh_1, i, 0, 2, VECTORS_30)
        d_lstm_sigmoid_2 = d_lstm_start_before_tile * lstm_tanh_1_tile
        lstm_sigmoid_2_tile = load(lstm_sigmoid_2, i, 0, 2, VECTORS_30)
        d_lstm_tanh_1 = d_lstm_start_before_tile * lstm_sigmoid_2_tile
        d_lstm_multiply_2 = d_lstm_tanh_1 * (1.0 - square(lstm_tanh_1_tile))
        d_lstm_start_1_before_tile = load(d_lstm_start_1_before, i, 0, 2, VECTORS_30)
        d_lstm_add_1 = d_lstm_start_1_before_tile + d_lstm_multiply_2
        d_lstm_subtract_1 = 1.0 - lstm_sigmoid_2_tile
        d_lstm_multiply_3 = lstm_sigmoid_2_tile * d_lstm_subtract_1
        d_lstm_slice_axis_3 = d_lstm_sigmoid_2 * d_lstm_multiply_3
        lstm_tanh_tile = load(lstm_tanh, i, 0, 2, VECTORS_30)
        d_lstm_sigmoid_1 = d_lstm_add_1 * lstm_tanh_tile
        lstm_sigmoid_1_tile = load(lstm_sigmoid_1, i, 0, 2, VECTORS_30)
        d_lstm_tanh = d_lstm_add_1 * lstm_sigmoid_1_tile
        d_lstm_slice_axis_2 = d_lstm_tanh * (1.0 - square(lstm_tanh_tile))
        d_lstm_subtract_3 = 1.0 - lstm_sigmoid_1_tile
        d_lstm_multiply_8 = lstm_sigmoid_1_tile * d_lstm_subtract_3
        d_lstm_slice_axis = d_lstm_sigmoid_1 * d_lstm_multiply_8
        lstm_start_1_before_tile = load(lstm_start_1_before, i, 0, 2, VECTORS_30)
        d_lstm_sigmoid = d_lstm_add_1 * lstm_start_1_before_tile
        lstm_sigmoid_tile = load(lstm_sigmoid, i, 0, 2, VECTORS_30)
        d_lstm_start_1_before_1_tile = d_lstm_add_1 * lstm_sigmoid_tile
        store(d_lstm_start_1_before_1, i, 0, d_lstm_start_1_before_1_tile)
        d_lstm_multiply_12 = lstm_sigmoid_tile * (1.0 - lstm_sigmoid_tile)
        d_lstm_slice_axis_1 = d_lstm_sigmoid * d_lstm_multiply_12
        store(concatenate_2, i, 0, d_lstm_slice_axis)
        store(concatenate_2_2, i, 0, d_lstm_slice_axis_1)
        store(concatenate_2_3, i, 0, d_lstm_slice_axis_2)
        store(concatenate_2_4, i, 0, d_lstm_slice_axis_3)


@kernel
def gradient_of_lstm_start_before_1_dot(thread, threads, batch, clock, args):
    """Line 6 of the model. 7,200 FLOPs a row."""
    concatenate_2 = matrix(args, 0, batch, 120, 3360)
    d_lstm_start_before_1_transpose = matrix(args, 1, 120, 30)
    d_lstm_start_before_1_dot = matrix(args, 2, batch, 30)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 30, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(120):
                acc = outer(
                    acc, concatenate_2, i, k, d_lstm_start_before_1_transpose, k, j
                )
            store(d_lstm_start_before_1_dot, i, j, acc)


@kernel
def gradient_of_lstm_lstm_cell_recurrent_kernel_parts(
    thread, threads, batch, clock, args
):
    """Line 6 of the model. 201,600 FLOPs a row."""
    d_lstm_scan_output_10 = matrix(args, 0, batch * 28, 30)
    d_lstm_add = matrix(args, 1, batch * 28, 120)
    d_lstm_lstm_cell_recurrent_kernel_parts = matrix(args, 2, threads * 30, 120)
    first, last = share_rows(clock, batch, 28, ROWS, thread, threads)
    for j in range(0, 120, 2 * LANES):
        for i in range(0, 30, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, d_lstm_scan_output_10, k, i, d_lstm_add, k, j)
            store_rows(
                d_lstm_lstm_cell_recurrent_kernel_parts, thread * 30 + i, j, acc, 30 - i
            )


@kernel
def gradient_of_lstm_lstm_cell_recurrent_kernel(thread, threads, batch, clock, args):
    """Line 6 of the model. 3,600 FLOPs."""
    d_lstm_lstm_cell_recurrent_kernel_parts = matrix(args, 0, threads, 3600)
    d_lstm_lstm_cell_recurrent_kernel = matrix(args, 1, 1, 3600)
    first, last = share(3600, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            d_lstm_lstm_cell_recurrent_kernel_parts_tile = load(
                d_lstm_lstm_cell_recurrent_kernel_parts, i, j, 1, 4
            )
            summed = summed + d_lstm_lstm_cell_recurrent_kernel_parts_tile
        store(d_lstm_lstm_cell_recurrent_kernel, 0, j, summed)


@kernel
def gradient_of_lstm_lstm_cell_bias_sum(thread, threads, batch, clock, args):
    """Line 6 of the model. 3,360 FLOPs a row."""
    d_lstm_add = matrix(args, 0, batch * 28, 120)
    d_lstm_lstm_cell_bias_sum = matrix(args, 1, batch, 120)
    first, last = share_batch(clock, batch, thread, threads)
    for o in range(first, last):
        for j in range(0, 120, 4 * LANES):
            summed = full(1, 4, 0.0)
            for i in range(28):
                summed = summed + load(d_lstm_add, o * 28 + i, j, 1, 4)
            store(d_lstm_lstm_cell_bias_sum, o, j, summed)


@kernel
def gradient_of_lstm_lstm_cell_bias_sum_1(thread, threads, batch, clock, args):
    """Line 6 of the model. 120 FLOPs a row."""
    d_lstm_lstm_cell_bias_sum = matrix(args, 0, batch, 120)
    d_lstm_lstm_cell_bias_sum_1 = matrix(args, 1, 1, 120)
    first, last = share(120, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_lstm_lstm_cell_bias_sum, i, j, 1, 4)
        store(d_lstm_lstm_cell_bias_sum_1, 0, j, summed)


@kernel
def gradient_of_lstm_lstm_cell_kernel_parts(thread, threads, batch, clock, args):
    """Line 6 of the model. 188,160 FLOPs a row."""
    image = matrix(args, 0, batch * 28, 28)
    d_lstm_add = matrix(args, 1, batch * 28, 120)
    d_lstm_lstm_cell_kernel_parts = matrix(args, 2, threads * 28, 120)
    first, last = share_rows(clock, batch, 28, ROWS, thread, threads)
    for j in range(0, 120, 2 * LANES):
        for i in range(0, 28, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, image, k, i, d_lstm_add, k, j)
            store_rows(d_lstm_lstm_cell_kernel_parts, thread * 28 + i, j, acc, 28 - i)


@kernel
def gradient_of_lstm_lstm_cell_kernel(thread, threads, batch, clock, args):
    """Line 6 of the model. 3,360 FLOPs."""
    d_lstm_lstm_cell_kernel_parts = matrix(args, 0, threads, 3360)
    d_lstm_lstm_cell_kernel = matrix(args, 1, 1, 3360)
    first, last = share(3360, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_lstm_lstm_cell_kernel_parts, i, j, 1, 4)
        store(d_lstm_lstm_cell_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 118,528 FLOPs."""
    gradients = matrix(args, 0, 1, 7408)
    momentum = matrix(args, 1, 1, 7408)
    velocity = matrix(args, 2, 1, 7408)
    alpha = matrix(args, 3, 1, 1)
    weights = matrix(args, 4, 1, 7408)
    first, last = share(7408, 4 * LANES, thread, threads)
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
def compute_lstm_add_3(thread, threads, batch, clock, args):
    """Line 6 of the model. 191,520 FLOPs a row."""
    image = matrix(args, 0, batch * 28, 28)
    lstm_lstm_cell_kernel = matrix(args, 1, 28, 120)
    lstm_lstm_cell_bias = matrix(args, 2, 1, 120)
    lstm_add = matrix(args, 3, batch * 28, 120)
    first, last = share_rows(clock, batch, 28, ROWS, thread, threads)
    for j in range(0, 120, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(28):
                acc = outer(acc, image, i, k, lstm_lstm_cell_kernel, k, j)
            store(lstm_add, i, j, acc + load(lstm_lstm_cell_bias, 0, j, 1, 4))


@kernel
def compute_lstm_add_4(thread, threads, batch, clock, args):
    """Line 6 of the model. 7,320 FLOPs a row."""
    lstm_start_before = matrix(args, 0, batch, 30)
    lstm_lstm_cell_recurrent_kernel = matrix(args, 1, 30, 120)
    lstm_add_step = matrix(args, 2, batch, 120, 3360)
    lstm_add = matrix(args, 3, batch, 120)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 120, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            prefetch(lstm_add_step, i, j, HALF_ROWS, 4)
            acc = zeros(HALF_ROWS, 4)
            for k in range(30):
                acc = outer(
                    acc, lstm_start_before, i, k, lstm_lstm_cell_recurrent_kernel, k, j
                )
            store(lstm_add, i, j, load(lstm_add_step, i, j, HALF_ROWS, 4) + acc)


@kernel
def compute_lstm_multiply_2(thread, threads, batch, clock, args):
    """Line 6 of the model. 3,120 FLOPs a row."""
    lstm_add = matrix(args, 0, batch, 30, 120)
    lstm_start_1_before = matrix(args, 1, batch, 30)
    lstm_add_2 = matrix(args, 2, batch, 30, 120)
    lstm_add_3 = matrix(args, 3, batch, 30, 120)
    lstm_add_1 = matrix(args, 4, batch, 30)
    lstm_add_4 = matrix(args, 5, batch, 30, 120)
    lstm_multiply_2 = matrix(args, 6, batch, 30)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        lstm_sigmoid = sigmoid(load(lstm_add, i, 0, 2, VECTORS_30))
        lstm_start_1_before_tile = load(lstm_start_1_before, i, 0, 2, VECTORS_30)
        lstm_multiply = lstm_sigmoid * lstm_start_1_before_tile
        lstm_sigmoid_1 = sigmoid(load(lstm_add_2, i, 0, 2, VECTORS_30))
        lstm_tanh = tanh(load(lstm_add_3, i, 0, 2, VECTORS_30))
        lstm_add_1_tile = lstm_multiply + (lstm_sigmoid_1 * lstm_tanh)
        store(lstm_add_1, i, 0, lstm_add_1_tile)
        lstm_sigmoid_2 = sigmoid(load(lstm_add_4, i, 0, 2, VECTORS_30))
        store(lstm_multiply_2, i, 0, lstm_sigmoid_2 * tanh(lstm_add_1_tile))


@kernel
def compute_accuracy_min(thread, threads, batch, clock, args):
    """Lines 8, 11, 12. 286 FLOPs a row."""
    dense_add = matrix(args, 0, batch, 10)
    digit_target = imatrix(args, 1, batch, 1)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_add_tile = load(dense_add, i, 0, 2, VECTORS_10)
        dense_max = row_max(keep_columns(dense_add_tile, 0, 10, -np.inf))
        dense_subtract = dense_add_tile - dense_max
        dense_exp = exp(dense_subtract)
        dense_sum = row_sum(keep_columns(dense_exp, 0, 10, 0.0))
        dense = dense_exp / dense_sum
        digit_loss_log_softmax = dense_subtract - log(dense_sum)
        index = lane_index(0, VECTORS_10)
        digit_loss_equal = index == load_column(digit_target, i, 2)
        digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
        digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(dense, 0, 10, -np.inf))
        accuracy_where = select(dense == accuracy_max, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 8 of the model. 220 FLOPs a row."""
    dense_add = matrix(args, 0, batch, 10)
    dense = matrix(args, 1, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_add_tile = load(dense_add, i, 0, 2, VECTORS_10)
        dense_max = row_max(keep_columns(dense_add_tile, 0, 10, -np.inf))
        dense_exp = exp(dense_add_tile - dense_max)
        dense_sum = row_sum(keep_columns(dense_exp, 0, 10, 0.0))
        store(dense, i, 0, dense_exp / dense_sum)


@kernel
def compute_lstm_add_few(thread, threads, batch, clock, args):
    """Line 6 of the model. 7,320 FLOPs a row."""
    lstm_start_before = matrix(args, 0, batch, 30)
    lstm_lstm_cell_recurrent_kernel = matrix(args, 1, 30, 120)
    lstm_add_step = matrix(args, 2, batch, 120, 3360)
    lstm_add = matrix(args, 3, batch, 120)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 120, 8 * LANES):
        for i in range(first, last, 1):
            prefetch(lstm_add_step, i, j, 1, 8)
            acc = zeros(1, 8)
            for k in range(30):
                acc = outer(
                    acc, lstm_start_before, i, k, lstm_lstm_cell_recurrent_kernel, k, j
                )
            store(lstm_add, i, j, load(lstm_add_step, i, j, 1, 8) + acc)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    lstm_start = m.rows(10144, 30)
    image = m.rows(9240, 784)
    lstm_add = m.rows(0, 3360)
    d_lstm_scan_output_1 = m.rows(3360, 840)
    d_lstm_scan_output_2 = m.rows(4200, 840)
    d_lstm_scan_output_3 = m.rows(5040, 840)
    d_lstm_scan_output_4 = m.rows(5880, 840)
    d_lstm_scan_output_5 = m.rows(6720, 840)
    d_lstm_scan_output_6 = m.rows(7560, 840)
    d_lstm_scan_output_10 = m.rows(8400, 840)
    lstm = m.rows(10174, 30)
    lstm_start_before = m.rows(10204, 30)
    lstm_start_1_before = m.rows(10234, 30)
    lstm_start_1_before_2 = m.rows(10264, 30)
    lstm_add_2 = m.rows(10024, 120)
    dense_add = m.rows(10324, 10)
    digit_target = m.rows(10344, 1)
    digit_sample_weight = m.rows(10345, 1)
    digit_loss_multiply_2 = m.rows(10346, 1)
    accuracy_min = m.rows(10347, 1)
    d_dense_add = m.rows(10334, 10)
    d_dense_bias_parts = m.parts(10)
    d_lstm_dot = m.rows(10294, 30)
    d_dense_kernel_parts = m.parts(300)
    d_lstm_start_before_1_transpose = m.fixed(0, 3600)
    d_lstm_add = m.rows(0, 3360)
    d_lstm_start_before = m.rows(10174, 30)
    d_lstm_start_before_2 = m.rows(10204, 30)
    d_lstm_start_1_before = m.rows(10234, 30)
    d_lstm_start_1_before_2 = m.rows(10264, 30)
    d_lstm_lstm_cell_recurrent_kernel_parts = m.parts(3600)
    d_lstm_lstm_cell_bias_sum = m.rows(10024, 120)
    d_lstm_lstm_cell_kernel_parts = m.parts(3360)
    lstm_turns = (lstm, lstm_start_before)
    lstm_start_1_before_turns = (lstm_start_1_before, lstm_start_1_before_2)

    def lstm_step(t):
        lstm_start_before_ = lstm_turns[(28 - t) % 2] if t else lstm_start
        lstm_start_1_before_ = (
            lstm_start_1_before_turns[(28 - t) % 2] if t else lstm_start
        )
        lstm_add_1 = lstm_start_1_before_turns[(27 - t) % 2]
        lstm_multiply_2 = lstm_turns[(27 - t) % 2]
        return [
            compute_lstm_add_2(
                lstm_start_before_,
                m.weight("lstm/lstm_cell/recurrent_kernel"),
                lstm_add.at(t * 120),
                lstm_add_2,
            ),
            compute_copy_1(
                lstm_add_2.at(30),
                d_lstm_scan_output_2.at(t * 30 * m.capacity),
                lstm_start_1_before_,
                lstm_add_2,
                d_lstm_scan_output_3.at(t * 30 * m.capacity),
                lstm_add_2.at(60),
                d_lstm_scan_output_4.at(t * 30 * m.capacity),
                lstm_add_1,
                lstm_add_2.at(90),
                d_lstm_scan_output_5.at(t * 30 * m.capacity),
                d_lstm_scan_output_6.at(t * 30 * m.capacity),
                lstm_multiply_2,
                d_lstm_scan_output_1.at(t * 30 * m.capacity),
                lstm_start_before_,
                d_lstm_scan_output_10.at(t * 30),
            ),
        ]

    d_lstm_start_before_turns = (d_lstm_start_before, d_lstm_start_before_2)
    d_lstm_start_1_before_turns = (d_lstm_start_1_before, d_lstm_start_1_before_2)

    def d_lstm_step(t):
        d_lstm_start_before_ = (
            d_lstm_start_before_turns[(28 - t) % 2] if t else d_lstm_dot
        )
        d_lstm_start_1_before_ = (
            d_lstm_start_1_before_turns[(28 - t) % 2] if t else lstm_start
        )
        d_lstm_start_1_before_1 = d_lstm_start_1_before_turns[(27 - t) % 2]
        d_lstm_start_before_1_dot = d_lstm_start_before_turns[(27 - t) % 2]
        return [
            compute_concatenate_2(
                d_lstm_start_before_,
                d_lstm_scan_output_6.at((27 - t) * 30 * m.capacity),
                d_lstm_scan_output_5.at((27 - t) * 30 * m.capacity),
                d_lstm_start_1_before_,
                d_lstm_scan_output_4.at((27 - t) * 30 * m.capacity),
                d_lstm_scan_output_3.at((27 - t) * 30 * m.capacity),
                d_lstm_scan_output_1.at((27 - t) * 30 * m.capacity),
                d_lstm_scan_output_2.at((27 - t) * 30 * m.capacity),
                d_lstm_start_1_before_1,
                d_lstm_add.at((27 - t) * 120),
                d_lstm_add.at((27 - t) * 120).at(30),
                d_lstm_add.at((27 - t) * 120).at(60),
                d_lstm_add.at((27 - t) * 120).at(90),
            ),
            gradient_of_lstm_start_before_1_dot(
                d_lstm_add.at((27 - t) * 120),
                d_lstm_start_before_1_transpose,
                d_lstm_start_before_1_dot,
            ),
        ]

    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_lstm_start(lstm_start),
        compute_lstm_add(
            image,
            m.weight("lstm/lstm_cell/kernel"),
            m.weight("lstm/lstm_cell/bias"),
            lstm_add,
        ),
        *(call for t in range(28) for call in lstm_step(t)),
        compute_dense_add(
            lstm, m.weight("dense/kernel"), m.weight("dense/bias"), dense_add
        ),
        gradient_of_dense_add(
            dense_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            d_dense_add,
        ),
        gradient_of_dense_bias_parts(d_dense_add, d_dense_bias_parts),
        gradient_of_lstm_dot(d_dense_add, m.weight("dense/kernel"), d_lstm_dot),
        gradient_of_dense_kernel_parts(lstm, d_dense_add, d_dense_kernel_parts),
        transpose_lstm_lstm_cell_recurrent_kernel(
            m.weight("lstm/lstm_cell/recurrent_kernel"), d_lstm_start_before_1_transpose
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
        *(call for t in range(28) for call in d_lstm_step(t)),
        gradient_of_lstm_lstm_cell_recurrent_kernel_parts(
            d_lstm_scan_output_10, d_lstm_add, d_lstm_lstm_cell_recurrent_kernel_parts
        ),
        gradient_of_lstm_lstm_cell_bias_sum(d_lstm_add, d_lstm_lstm_cell_bias_sum),
        gradient_of_lstm_lstm_cell_kernel_parts(
            image, d_lstm_add, d_lstm_lstm_cell_kernel_parts
        ),
        gradient_of_dense_bias(d_dense_bias_parts, m.gradient("dense/bias")),
        gradient_of_dense_kernel(d_dense_kernel_parts, m.gradient("dense/kernel")),
        sync,
        gradient_of_lstm_lstm_cell_recurrent_kernel(
            d_lstm_lstm_cell_recurrent_kernel_parts,
            m.gradient("lstm/lstm_cell/recurrent_kernel"),
        ),
        gradient_of_lstm_lstm_cell_bias_sum_1(
            d_lstm_lstm_cell_bias_sum, m.gradient("lstm/lstm_cell/bias")
        ),
        gradient_of_lstm_lstm_cell_kernel(
            d_lstm_lstm_cell_kernel_parts, m.gradient("lstm/lstm_cell/kernel")
        ),
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
    lstm_start = m.rows(4264, 30)
    image = m.rows(3360, 784)
    lstm_add = m.rows(0, 3360)
    lstm = m.rows(4294, 30)
    lstm_start_before = m.rows(4324, 30)
    lstm_start_1_before = m.rows(4354, 30)
    lstm_start_1_before_2 = m.rows(4384, 30)
    lstm_add_2 = m.rows(4144, 120)
    dense_add = m.rows(4414, 10)
    digit_target = m.rows(4424, 1)
    digit_sample_weight = m.rows(4425, 1)
    digit_loss_multiply_2 = m.rows(4426, 1)
    accuracy_min = m.rows(4427, 1)
    lstm_turns = (lstm, lstm_start_before)
    lstm_start_1_before_turns = (lstm_start_1_before, lstm_start_1_before_2)

    def lstm_step(t):
        lstm_start_before_ = lstm_turns[(28 - t) % 2] if t else lstm_start
        lstm_start_1_before_ = (
            lstm_start_1_before_turns[(28 - t) % 2] if t else lstm_start
        )
        lstm_add_1 = lstm_start_1_before_turns[(27 - t) % 2]
        lstm_multiply_2 = lstm_turns[(27 - t) % 2]
        return [
            compute_lstm_add_4(
                lstm_start_before_,
                m.weight("lstm/lstm_cell/recurrent_kernel"),
                lstm_add.at(t * 120),
                lstm_add_2,
            ),
            compute_lstm_multiply_2(
                lstm_add_2.at(30),
                lstm_start_1_before_,
                lstm_add_2,
                lstm_add_2.at(60),
                lstm_add_1,
                lstm_add_2.at(90),
                lstm_multiply_2,
            ),
        ]

    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_lstm_start(lstm_start),
        compute_lstm_add_3(
            image,
            m.weight("lstm/lstm_cell/kernel"),
            m.weight("lstm/lstm_cell/bias"),
            lstm_add,
        ),
        *(call for t in range(28) for call in lstm_step(t)),
        compute_dense_add(
            lstm, m.weight("dense/kernel"), m.weight("dense/bias"), dense_add
        ),
        compute_accuracy_min(
            dense_add,
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
    lstm_start = m.rows(4264, 30)
    image = m.rows(3360, 784)
    lstm_add = m.rows(0, 3360)
    lstm = m.rows(4294, 30)
    lstm_start_before = m.rows(4324, 30)
    lstm_start_1_before = m.rows(4354, 30)
    lstm_start_1_before_2 = m.rows(4384, 30)
    lstm_add_2 = m.rows(4144, 120)
    dense_add = m.rows(4414, 10)
    dense = m.rows(4424, 10)
    lstm_turns = (lstm, lstm_start_before)
    lstm_start_1_before_turns = (lstm_start_1_before, lstm_start_1_before_2)

    def lstm_step(t):
        lstm_start_before_ = lstm_turns[(28 - t) % 2] if t else lstm_start
        lstm_start_1_before_ = (
            lstm_start_1_before_turns[(28 - t) % 2] if t else lstm_start
        )
        lstm_add_1 = lstm_start_1_before_turns[(27 - t) % 2]
        lstm_multiply_2 = lstm_turns[(27 - t) % 2]
        return [
            compute_lstm_add_4(
                lstm_start_before_,
                m.weight("lstm/lstm_cell/recurrent_kernel"),
                lstm_add.at(t * 120),
                lstm_add_2,
            ),
            compute_lstm_multiply_2(
                lstm_add_2.at(30),
                lstm_start_1_before_,
                lstm_add_2,
                lstm_add_2.at(60),
                lstm_add_1,
                lstm_add_2.at(90),
                lstm_multiply_2,
            ),
        ]

    return [
        m.feed("image", image, 784),
        compute_lstm_start(lstm_start),
        compute_lstm_add_3(
            image,
            m.weight("lstm/lstm_cell/kernel"),
            m.weight("lstm/lstm_cell/bias"),
            lstm_add,
        ),
        *(call for t in range(28) for call in lstm_step(t)),
        compute_dense_add(
            lstm, m.weight("dense/kernel"), m.weight("dense/bias"), dense_add
        ),
        compute_dense(dense_add, dense),
        m.result("digit", dense, 10),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    lstm_start = m.rows(4264, 30)
    image = m.rows(3360, 784)
    lstm_add = m.rows(0, 3360)
    lstm = m.rows(4294, 30)
    lstm_start_before = m.rows(4324, 30)
    lstm_start_1_before = m.rows(4354, 30)
    lstm_start_1_before_2 = m.rows(4384, 30)
    lstm_add_2 = m.rows(4144, 120)
    dense_add = m.rows(4414, 10)
    dense = m.rows(4424, 10)
    lstm_turns = (lstm, lstm_start_before)
    lstm_start_1_before_turns = (lstm_start_1_before, lstm_start_1_before_2)

    def lstm_step(t):
        lstm_start_before_ = lstm_turns[(28 - t) % 2] if t else lstm_start
        lstm_start_1_before_ = (
            lstm_start_1_before_turns[(28 - t) % 2] if t else lstm_start
        )
        lstm_add_1 = lstm_start_1_before_turns[(27 - t) % 2]
        lstm_multiply_2 = lstm_turns[(27 - t) % 2]
        return [
            compute_lstm_add_few(
                lstm_start_before_,
                m.weight("lstm/lstm_cell/recurrent_kernel"),
                lstm_add.at(t * 120),
                lstm_add_2,
            ),
            compute_lstm_multiply_2(
                lstm_add_2.at(30),
                lstm_start_1_before_,
                lstm_add_2,
                lstm_add_2.at(60),
                lstm_add_1,
                lstm_add_2.at(90),
                lstm_multiply_2,
            ),
        ]

    return [
        m.feed("image", image, 784),
        compute_lstm_start(lstm_start),
        compute_lstm_add_3(
            image,
            m.weight("lstm/lstm_cell/kernel"),
            m.weight("lstm/lstm_cell/bias"),
            lstm_add,
        ),
        *(call for t in range(28) for call in lstm_step(t)),
        compute_dense_add(
            lstm, m.weight("dense/kernel"), m.weight("dense/bias"), dense_add
        ),
        compute_dense(dense_add, dense),
        m.result("digit", dense, 10),
    ]


SPEC = Spec(
    name="RowsAsTime",
    source="43_rows_as_time.k",
    version="0.1.0",
    fingerprint="2918d0a39a040ae7-7c552be1659f9b30-50e701833f86dca4",
    inputs=(Input("image", "float32", (28, 28)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "int32", (), 10),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "lstm",
            "LSTM",
            (30,),
            7080,
            191580,
            6,
            (
                "lstm/lstm_cell/kernel",
                "lstm/lstm_cell/recurrent_kernel",
                "lstm/lstm_cell/bias",
            ),
        ),
        Layer("dense", "Dense", (10,), 310, 610, 8, ("dense/kernel", "dense/bias")),
    ),
    trainable=7408,
    size=7408,
    slots={"momentum": 0.0, "velocity": 0.0},
    optimizer=Adam(learning_rate=0.001),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class RowsAsTime(Model):
    """An LSTM over the rows of a picture."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 10348, 3600, 1095138), Steps(update, 10348, 3600, 0)),
        gradient=(Steps(gradients, 10348, 3600, 1095138),),
        evaluate=(Steps(evaluate, 4428, 0, 484768),),
        predict=(Steps(predict, 4434, 0, 484700),),
        few=(Steps(predict_few, 4434, 0, 484700),),
    )


SOURCE_NAME = "43_rows_as_time.k"
SOURCE_MAP = {
    "compute_lstm_start": (6,),
    "compute_lstm_add": (6,),
    "compute_lstm_add_2": (6,),
    "compute_copy_1": (6,),
    "compute_dense_add": (8,),
    "gradient_of_dense_add": (8, 11, 12),
    "compute_figures": (6, 11, 12),
    "gradient_of_dense_bias_parts": (8,),
    "gradient_of_dense_bias": (8,),
    "gradient_of_lstm_dot": (8,),
    "gradient_of_dense_kernel_parts": (8,),
    "gradient_of_dense_kernel": (8,),
    "transpose_lstm_lstm_cell_recurrent_kernel": (6,),
    "compute_concatenate_2": (6,),
    "gradient_of_lstm_start_before_1_dot": (6,),
    "gradient_of_lstm_lstm_cell_recurrent_kernel_parts": (6,),
    "gradient_of_lstm_lstm_cell_recurrent_kernel": (6,),
    "gradient_of_lstm_lstm_cell_bias_sum": (6,),
    "gradient_of_lstm_lstm_cell_bias_sum_1": (6,),
    "gradient_of_lstm_lstm_cell_kernel_parts": (6,),
    "gradient_of_lstm_lstm_cell_kernel": (6,),
    "update_weights": (),
    "compute_lstm_add_3": (6,),
    "compute_lstm_add_4": (6,),
    "compute_lstm_multiply_2": (6,),
    "compute_accuracy_min": (8, 11, 12),
    "compute_dense": (8,),
    "compute_lstm_add_few": (6,),
}
SOURCE = """\
# Pictures of digits read row by row: 28 steps of 28 pixels.

model RowsAsTime:
    \"\"\"An LSTM over the rows of a picture.\"\"\"
    input image: float32[28, 28]
    h = image |> LSTM(30)
    output digit = h
        |> Dense(10, activation="softmax", kernel_initializer=RandomNormal(stddev=0.01))
    train:
        optimizer = "adam"
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
