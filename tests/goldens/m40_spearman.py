"""Spearman, as native code.

Built by kgen 0.1.0 from 40_spearman.k; edit that, not this.

layer    kind      output          weights  line
dense    Dense     (batch, 8, 32)      192    30
dense_1  Dense     (batch, 8, 32)    1,056    30
dense_2  Dense     (batch, 8, 1)        32    31
flatten  Flatten   (batch, 8)            0    31
total    Spearman                    1,280
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import Adam
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    LANES,
    ROWS,
    full,
    imatrix,
    keep_columns,
    lane_index,
    load,
    load_column,
    load_scalar,
    matrix,
    outer,
    outer_t,
    prefetch_write,
    row_sum,
    scalar,
    select,
    set_element,
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

VECTORS_8 = vectors_for(8)

WEIGHTS = (
    Weight("dense/kernel", (5, 32), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (32,), 160, "Zeros", {}),
    Weight("dense_1/kernel", (32, 32), 192, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (32,), 1216, "Zeros", {}),
    Weight("dense_2/kernel", (32, 1), 1248, "GlorotUniform", {"seed": None}),
)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 30 of the model. 7,936 FLOPs a row."""
    features = matrix(args, 0, batch * 8, 5)
    dense_kernel = matrix(args, 1, 5, 32)
    dense_bias = matrix(args, 2, 1, 32)
    dense = matrix(args, 3, batch * 8, 32)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(5):
                acc = outer(acc, features, i, k, dense_kernel, k, j)
            dense_tile = tanh(acc + load(dense_bias, 0, j, 1, 2))
            store_rows(dense, i, j, dense_tile, last - i)


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 30 of the model. 21,760 FLOPs a row."""
    dense = matrix(args, 0, batch * 8, 32)
    dense_1_kernel = matrix(args, 1, 32, 32)
    dense_1_bias = matrix(args, 2, 1, 32)
    dense_1 = matrix(args, 3, batch * 8, 32)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(32):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = tanh(acc + load(dense_1_bias, 0, j, 1, 2))
            store_rows(dense_1, i, j, dense_1_tile, last - i)


@kernel
def compute_dense_2(thread, threads, batch, clock, args):
    """Line 31 of the model. 512 FLOPs a row."""
    dense_1 = matrix(args, 0, batch * 8, 32)
    dense_2_kernel = matrix(args, 1, 1, 32)
    dense_2 = matrix(args, 2, batch * 8, 1)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 32, LANES):
            rows = load(dense_1, i, k, ROWS, 1)
            column = load(dense_2_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        store_rows(dense_2, i, 0, acc, last - i)


@kernel
def gradient_of_scores_loss_multiply_12(thread, threads, batch, clock, args):
    """Lines 19, 20. 1,472 FLOPs a row."""
    dense_2 = matrix(args, 0, batch * 8, 1)
    dense_2_2 = matrix(args, 1, batch, 8)
    scores_loss_sum = matrix(args, 2, batch * 8, 1)
    d_scores_loss_multiply_12 = matrix(args, 3, batch * 8, 8)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for i in range(first, last):
        dense_2_tile_2 = load(dense_2_2, i // 8, 0, 1, VECTORS_8)
        scores_loss_gaps = load_column(dense_2, i, 1) - dense_2_tile_2
        scores_loss_sigmoid = sigmoid(10.0 * scores_loss_gaps)
        scores_loss_sum_tile = row_sum(keep_columns(scores_loss_sigmoid, 0, 8, 0.0))
        store_column(scores_loss_sum, i, scores_loss_sum_tile)
        d_scores_loss_subtract = 1.0 - scores_loss_sigmoid
        d_scores_loss_multiply_12_tile = scores_loss_sigmoid * d_scores_loss_subtract
        store(d_scores_loss_multiply_12, i, 0, d_scores_loss_multiply_12_tile)


@kernel
def compute_scores_loss_argsort(thread, threads, batch, clock, args):
    """Line 9 of the model. 64 FLOPs a row."""
    scores_target = matrix(args, 0, batch, 8)
    scores_loss_argsort = imatrix(args, 1, batch, 8)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for k in range(8):
            value = load_scalar(scores_target, i, k)
            unknown = ~(value <= np.inf)
            count = zeros(1, 1)
            for j in range(0, 8, LANES):
                part = load(scores_target, i, j, 1, 1, np.nan)
                known = part <= np.inf
                tie = (part == value) | (unknown & ~known)
                earlier = lane_index(j, 1) < k
                before = (part < value) | (unknown & known) | (tie & earlier)
                count = count + select(before, 1.0, 0.0)
            place = int(scalar(row_sum(count)))
            if place < 8:
                set_element(scores_loss_argsort, i, place, k)


@kernel
def compute_scores_loss_argsort_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 64 FLOPs a row."""
    scores_loss_argsort = imatrix(args, 0, batch, 8)
    scores_loss_argsort_1 = imatrix(args, 1, batch, 8)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for k in range(8):
            value = load_scalar(scores_loss_argsort, i, k)
            unknown = ~(value <= np.inf)
            count = zeros(1, 1)
            for j in range(0, 8, LANES):
                part = load(scores_loss_argsort, i, j, 1, 1, np.nan)
                known = part <= np.inf
                tie = (part == value) | (unknown & ~known)
                earlier = lane_index(j, 1) < k
                before = (part < value) | (unknown & known) | (tie & earlier)
                count = count + select(before, 1.0, 0.0)
            place = int(scalar(row_sum(count)))
            if place < 8:
                set_element(scores_loss_argsort_1, i, place, k)


@kernel
def gradient_of_scores_loss_sum_4(thread, threads, batch, clock, args):
    """Lines 13, 14, 15, 34. 184 FLOPs a row."""
    scores_loss_argsort_1 = imatrix(args, 0, batch, 8)
    scores_loss_sum = matrix(args, 1, batch, 8)
    scores_sample_weight = matrix(args, 2, batch, 1)
    scores_loss_multiply_5 = matrix(args, 3, batch, 1)
    rank_correlation_argsort_3 = imatrix(args, 4, batch, 8)
    rank_correlation_divide_2 = matrix(args, 5, batch, 1)
    d_scores_loss_sum_4 = matrix(args, 6, batch, 8)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        scores_loss_argsort_1_tile = load(scores_loss_argsort_1, i, 0, 2, VECTORS_8)
        scores_loss_sum_1 = row_sum(keep_columns(scores_loss_argsort_1_tile, 0, 8, 0.0))
        multiply = scores_loss_sum_1 * 0.125
        scores_loss_a = scores_loss_argsort_1_tile - multiply
        scores_loss_sum_tile = load(scores_loss_sum, i, 0, 2, VECTORS_8)
        scores_loss_sum_2 = row_sum(keep_columns(scores_loss_sum_tile, 0, 8, 0.0))
        scores_loss_b = scores_loss_sum_tile - (scores_loss_sum_2 * 0.125)
        scores_loss_multiply_2 = scores_loss_a * scores_loss_b
        scores_loss_sum_3 = row_sum(keep_columns(scores_loss_multiply_2, 0, 8, 0.0))
        scores_loss_square = square(scores_loss_a)
        scores_loss_sum_4 = row_sum(keep_columns(scores_loss_square, 0, 8, 0.0))
        scores_loss_square_1 = square(scores_loss_b)
        scores_loss_sum_5 = row_sum(keep_columns(scores_loss_square_1, 0, 8, 0.0))
        scores_loss_add = (scores_loss_sum_4 * scores_loss_sum_5) + 1e-07
        scores_loss_sqrt = sqrt(scores_loss_add)
        scores_loss_divide_2 = scores_loss_sum_3 / scores_loss_sqrt
        scores_loss_subtract_3 = 1.0 - scores_loss_divide_2
        scores_sample_weight_tile = load_column(scores_sample_weight, i, 2)
        scores_loss_multiply_5_tile = scores_loss_subtract_3 * scores_sample_weight_tile
        store_column(
            scores_loss_multiply_5, i, scores_loss_multiply_5_tile, 0, last - i
        )
        rank_correlation_argsort_3_tile = load(
            rank_correlation_argsort_3, i, 0, 2, VECTORS_8
        )
        rank_correlation_sum_1 = row_sum(
            keep_columns(rank_correlation_argsort_3_tile, 0, 8, 0.0)
        )
        multiply_4 = rank_correlation_sum_1 * 0.125
        rank_correlation_b = rank_correlation_argsort_3_tile - multiply_4
        rank_correlation_multiply_2 = scores_loss_a * rank_correlation_b
        rank_correlation_sum_2 = row_sum(
            keep_columns(rank_correlation_multiply_2, 0, 8, 0.0)
        )
        rank_correlation_square_1 = square(rank_correlation_b)
        rank_correlation_sum_4 = row_sum(
            keep_columns(rank_correlation_square_1, 0, 8, 0.0)
        )
        rank_correlation_multiply_3 = scores_loss_sum_4 * rank_correlation_sum_4
        rank_correlation_sqrt = sqrt(rank_correlation_multiply_3 + 1e-07)
        rank_correlation_divide_2_tile = rank_correlation_sum_2 / rank_correlation_sqrt
        store_column(
            rank_correlation_divide_2, i, rank_correlation_divide_2_tile, 0, last - i
        )
        d_scores_loss_sum_7 = 1.0 / full(1, 1, batch)
        d_scores_loss_subtract_3 = d_scores_loss_sum_7 * scores_sample_weight_tile
        d_scores_loss_divide_2 = -d_scores_loss_subtract_3
        d_scores_loss_sum_3 = d_scores_loss_divide_2 / scores_loss_sqrt
        d_scores_loss_multiply_3 = d_scores_loss_divide_2 * scores_loss_divide_2
        d_scores_loss_sqrt = -(d_scores_loss_multiply_3 / scores_loss_sqrt)
        d_scores_loss_add = d_scores_loss_sqrt * (0.5 / scores_loss_sqrt)
        d_scores_loss_sum_5 = d_scores_loss_add * scores_loss_sum_4
        d_scores_loss_b = d_scores_loss_sum_5 * (2.0 * scores_loss_b)
        d_scores_loss_multiply_11 = d_scores_loss_sum_3 * scores_loss_a
        d_scores_loss_b_1 = d_scores_loss_b + d_scores_loss_multiply_11
        d_multiply_1 = row_sum(keep_columns(-d_scores_loss_b_1, 0, 8, 0.0))
        d_scores_loss_sum_2 = d_multiply_1 * 0.125
        d_scores_loss_sum_4_tile = d_scores_loss_b_1 + d_scores_loss_sum_2
        store_rows(d_scores_loss_sum_4, i, 0, d_scores_loss_sum_4_tile, last - i)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 30, 34, 35. 2 FLOPs a row, 7 FLOPs."""
    scores_loss_multiply_5 = matrix(args, 0, batch, 1)
    rank_correlation_divide_2 = matrix(args, 1, batch, 1)
    multiply_2 = matrix(args, 2, 1, 1)
    rank_correlation_sum_5 = matrix(args, 3, 1, 1)
    copy = matrix(args, 4, 1, 1)
    copy_1 = matrix(args, 5, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(scores_loss_multiply_5, i, j, 1, 1)
            summed_2 = summed_2 + load(rank_correlation_divide_2, i, j, 1, 1)
        scores_loss = summed / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        store(multiply_2, 0, j, scores_loss * batch_size)
        store(rank_correlation_sum_5, 0, j, summed_2)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_scores_loss_reshape_4(thread, threads, batch, clock, args):
    """Lines 19, 20. 128 FLOPs a row."""
    d_scores_loss_sum_4 = matrix(args, 0, batch * 8, 1)
    d_scores_loss_multiply_12 = matrix(args, 1, batch * 8, 8)
    d_scores_loss_multiply_14 = matrix(args, 2, batch * 8, 8)
    d_scores_loss_reshape_4 = matrix(args, 3, batch * 8, 1)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for i in range(first, last, 2):
        d_scores_loss_sum_4_tile = load_column(d_scores_loss_sum_4, i, 2)
        d_scores_loss_multiply_12_tile = load(
            d_scores_loss_multiply_12, i, 0, 2, VECTORS_8
        )
        d_scores_loss_multiply_14_tile = (
            d_scores_loss_sum_4_tile * d_scores_loss_multiply_12_tile
        )
        store_rows(
            d_scores_loss_multiply_14, i, 0, d_scores_loss_multiply_14_tile, last - i
        )
        d_scores_loss_gaps = d_scores_loss_multiply_14_tile * 10.0
        d_scores_loss_reshape_4_tile = row_sum(
            keep_columns(d_scores_loss_gaps, 0, 8, 0.0)
        )
        store_column(
            d_scores_loss_reshape_4, i, d_scores_loss_reshape_4_tile, 0, last - i
        )


@kernel
def gradient_of_dense_2_1(thread, threads, batch, clock, args):
    """Line 19 of the model. 72 FLOPs a row."""
    d_scores_loss_multiply_14 = matrix(args, 0, batch * 8, 8)
    d_scores_loss_reshape_4 = matrix(args, 1, batch, 8)
    d_dense_2_1 = matrix(args, 2, batch, 8)
    first, last = share_batch(clock, batch, thread, threads)
    for o in range(first, last):
        for j in range(0, 8, LANES):
            summed = full(1, 1, 0.0)
            for i in range(8):
                d_scores_loss_multiply_14_tile = load(
                    d_scores_loss_multiply_14, o * 8 + i, j, 1, 1
                )
                d_scores_loss_gaps = d_scores_loss_multiply_14_tile * 10.0
                summed = summed + (-d_scores_loss_gaps)
            d_scores_loss_reshape_4_tile = load(d_scores_loss_reshape_4, o, j, 1, 1)
            store(d_dense_2_1, o, j, summed + d_scores_loss_reshape_4_tile)


@kernel
def transpose_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 31 of the model."""
    dense_2_kernel = matrix(args, 0, 32, 1)
    d_dense_1_transpose = matrix(args, 1, 1, 32)
    first, last = share(32, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 1, LANES):
            transpose_block(dense_2_kernel, i, j, d_dense_1_transpose)


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 30, 31. 768 FLOPs a row."""
    d_dense_2_1 = matrix(args, 0, batch * 8, 1)
    d_dense_1_transpose = matrix(args, 1, 1, 32)
    dense_1 = matrix(args, 2, batch * 8, 32)
    d_dense_1_add = matrix(args, 3, batch * 8, 32)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_2_1, i, k, d_dense_1_transpose, k, j)
            d_dense_1_subtract = 1.0 - square(load(dense_1, i, j, ROWS, 2))
            store_rows(d_dense_1_add, i, j, acc * d_dense_1_subtract, last - i)


@kernel
def gradient_of_dense_2_kernel_parts(thread, threads, batch, clock, args):
    """Line 31 of the model. 512 FLOPs a row."""
    dense_1 = matrix(args, 0, batch * 8, 32)
    d_dense_2_1 = matrix(args, 1, batch * 8, 1)
    d_dense_2_kernel_parts = matrix(args, 2, threads * 32, 1)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(0, 32, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, dense_1, k, i, d_dense_2_1, k, j)
            store(d_dense_2_kernel_parts, thread * 32 + i, j, acc)


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 31 of the model. 32 FLOPs."""
    d_dense_2_kernel_parts = matrix(args, 0, threads, 32)
    d_dense_2_kernel = matrix(args, 1, 1, 32)
    first, last = share(32, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        summed = full(1, 2, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_2_kernel_parts, i, j, 1, 2)
        store(d_dense_2_kernel, 0, j, summed)


@kernel
def gradient_of_dense_bias_sum(thread, threads, batch, clock, args):
    """Line 30 of the model. 512 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch * 8, 32)
    d_dense_add = matrix(args, 1, batch * 8, 32)
    d_dense_1_bias_sum = matrix(args, 2, batch, 32)
    d_dense_bias_sum = matrix(args, 3, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for o in range(first, last):
        for j in range(0, 32, 2 * LANES):
            summed = full(1, 2, 0.0)
            summed_2 = full(1, 2, 0.0)
            for i in range(8):
                summed = summed + load(d_dense_1_add, o * 8 + i, j, 1, 2)
                summed_2 = summed_2 + load(d_dense_add, o * 8 + i, j, 1, 2)
            store(d_dense_1_bias_sum, o, j, summed)
            store(d_dense_bias_sum, o, j, summed_2)


@kernel
def gradient_of_dense_bias_sum_1(thread, threads, batch, clock, args):
    """Line 30 of the model. 64 FLOPs a row."""
    d_dense_1_bias_sum = matrix(args, 0, batch, 32)
    d_dense_bias_sum = matrix(args, 1, batch, 32)
    d_dense_1_bias_sum_1 = matrix(args, 2, 1, 32)
    d_dense_bias_sum_1 = matrix(args, 3, 1, 32)
    first, last = share(32, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        summed = full(1, 2, 0.0)
        summed_2 = full(1, 2, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_1_bias_sum, i, j, 1, 2)
            summed_2 = summed_2 + load(d_dense_bias_sum, i, j, 1, 2)
        store(d_dense_1_bias_sum_1, 0, j, summed)
        store(d_dense_bias_sum_1, 0, j, summed_2)


@kernel
def transpose_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 30 of the model."""
    dense_1_kernel = matrix(args, 0, 32, 32)
    d_dense_transpose = matrix(args, 1, 32, 32)
    first, last = share(32, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 32, LANES):
            transpose_block(dense_1_kernel, i, j, d_dense_transpose)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Line 30 of the model. 16,640 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch * 8, 32)
    d_dense_transpose = matrix(args, 1, 32, 32)
    dense = matrix(args, 2, batch * 8, 32)
    d_dense_add = matrix(args, 3, batch * 8, 32)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(32):
                acc = outer(acc, d_dense_1_add, i, k, d_dense_transpose, k, j)
            d_dense_add_tile = acc * (1.0 - square(load(dense, i, j, ROWS, 2)))
            store_rows(d_dense_add, i, j, d_dense_add_tile, last - i)


@kernel
def gradient_of_dense_1_kernel_parts(thread, threads, batch, clock, args):
    """Line 30 of the model. 16,384 FLOPs a row."""
    dense = matrix(args, 0, batch * 8, 32)
    d_dense_1_add = matrix(args, 1, batch * 8, 32)
    d_dense_1_kernel_parts = matrix(args, 2, threads * 32, 32)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(0, 32, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, dense, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel_parts, thread * 32 + i, j, acc)


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 30 of the model. 1,024 FLOPs."""
    d_dense_1_kernel_parts = matrix(args, 0, threads, 1024)
    d_dense_1_kernel = matrix(args, 1, 1, 1024)
    first, last = share(1024, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_kernel_parts, i, j, 1, 4)
        store(d_dense_1_kernel, 0, j, summed)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 30 of the model. 2,560 FLOPs a row."""
    features = matrix(args, 0, batch * 8, 5)
    d_dense_add = matrix(args, 1, batch * 8, 32)
    d_dense_kernel_parts = matrix(args, 2, threads * 5, 32)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(0, 5, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, features, k, i, d_dense_add, k, j)
            store_rows(d_dense_kernel_parts, thread * 5 + i, j, acc, 5 - i)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 30 of the model. 160 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 160)
    d_dense_kernel = matrix(args, 1, 1, 160)
    first, last = share(160, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 20,480 FLOPs."""
    gradients = matrix(args, 0, 1, 1280)
    momentum = matrix(args, 1, 1, 1280)
    velocity = matrix(args, 2, 1, 1280)
    alpha = matrix(args, 3, 1, 1)
    weights = matrix(args, 4, 1, 1280)
    first, last = share(1280, 4 * LANES, thread, threads)
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
def compute_scores_loss_sum(thread, threads, batch, clock, args):
    """Lines 19, 20. 1,408 FLOPs a row."""
    dense_2 = matrix(args, 0, batch * 8, 1)
    dense_2_2 = matrix(args, 1, batch, 8)
    scores_loss_sum = matrix(args, 2, batch * 8, 1)
    first, last = share_rows(clock, batch, 8, ROWS, thread, threads)
    for i in range(first, last):
        dense_2_tile_2 = load(dense_2_2, i // 8, 0, 1, VECTORS_8)
        scores_loss_gaps = load_column(dense_2, i, 1) - dense_2_tile_2
        scores_loss_sigmoid = sigmoid(10.0 * scores_loss_gaps)
        scores_loss_sum_tile = row_sum(keep_columns(scores_loss_sigmoid, 0, 8, 0.0))
        store_column(scores_loss_sum, i, scores_loss_sum_tile)


@kernel
def compute_rank_correlation_divide_2(thread, threads, batch, clock, args):
    """Lines 13, 14, 15, 34. 129 FLOPs a row."""
    scores_loss_argsort_1 = imatrix(args, 0, batch, 8)
    scores_loss_sum = matrix(args, 1, batch, 8)
    scores_sample_weight = matrix(args, 2, batch, 1)
    scores_loss_multiply_5 = matrix(args, 3, batch, 1)
    rank_correlation_argsort_3 = imatrix(args, 4, batch, 8)
    rank_correlation_divide_2 = matrix(args, 5, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        scores_loss_argsort_1_tile = load(scores_loss_argsort_1, i, 0, 2, VECTORS_8)
        scores_loss_sum_1 = row_sum(keep_columns(scores_loss_argsort_1_tile, 0, 8, 0.0))
        multiply = scores_loss_sum_1 * 0.125
        scores_loss_a = scores_loss_argsort_1_tile - multiply
        scores_loss_sum_tile = load(scores_loss_sum, i, 0, 2, VECTORS_8)
        scores_loss_sum_2 = row_sum(keep_columns(scores_loss_sum_tile, 0, 8, 0.0))
        scores_loss_b = scores_loss_sum_tile - (scores_loss_sum_2 * 0.125)
        scores_loss_multiply_2 = scores_loss_a * scores_loss_b
        scores_loss_sum_3 = row_sum(keep_columns(scores_loss_multiply_2, 0, 8, 0.0))
        scores_loss_square = square(scores_loss_a)
        scores_loss_sum_4 = row_sum(keep_columns(scores_loss_square, 0, 8, 0.0))
        scores_loss_square_1 = square(scores_loss_b)
        scores_loss_sum_5 = row_sum(keep_columns(scores_loss_square_1, 0, 8, 0.0))
        scores_loss_add = (scores_loss_sum_4 * scores_loss_sum_5) + 1e-07
        scores_loss_divide_2 = scores_loss_sum_3 / sqrt(scores_loss_add)
        scores_loss_subtract_3 = 1.0 - scores_loss_divide_2
        scores_sample_weight_tile = load_column(scores_sample_weight, i, 2)
        scores_loss_multiply_5_tile = scores_loss_subtract_3 * scores_sample_weight_tile
        store_column(
            scores_loss_multiply_5, i, scores_loss_multiply_5_tile, 0, last - i
        )
        rank_correlation_argsort_3_tile = load(
            rank_correlation_argsort_3, i, 0, 2, VECTORS_8
        )
        rank_correlation_sum_1 = row_sum(
            keep_columns(rank_correlation_argsort_3_tile, 0, 8, 0.0)
        )
        multiply_4 = rank_correlation_sum_1 * 0.125
        rank_correlation_b = rank_correlation_argsort_3_tile - multiply_4
        rank_correlation_multiply_2 = scores_loss_a * rank_correlation_b
        rank_correlation_sum_2 = row_sum(
            keep_columns(rank_correlation_multiply_2, 0, 8, 0.0)
        )
        rank_correlation_square_1 = square(rank_correlation_b)
        rank_correlation_sum_4 = row_sum(
            keep_columns(rank_correlation_square_1, 0, 8, 0.0)
        )
        rank_correlation_multiply_3 = scores_loss_sum_4 * rank_correlation_sum_4
        rank_correlation_sqrt = sqrt(rank_correlation_multiply_3 + 1e-07)
        rank_correlation_divide_2_tile = rank_correlation_sum_2 / rank_correlation_sqrt
        store_column(
            rank_correlation_divide_2, i, rank_correlation_divide_2_tile, 0, last - i
        )


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    features = m.rows(1024, 40)
    dense = m.rows(0, 256)
    dense_1 = m.rows(256, 256)
    dense_2 = m.rows(648, 8)
    scores_loss_sum = m.rows(656, 8)
    d_scores_loss_multiply_12 = m.rows(512, 64)
    scores_target = m.rows(640, 8)
    scores_loss_argsort = m.rows(664, 8)
    scores_loss_argsort_1 = m.rows(672, 8)
    rank_correlation_argsort_2 = m.rows(680, 8)
    rank_correlation_argsort_3 = m.rows(688, 8)
    scores_sample_weight = m.rows(712, 1)
    scores_loss_multiply_5 = m.rows(1136, 1)
    rank_correlation_divide_2 = m.rows(1137, 1)
    d_scores_loss_sum_4 = m.rows(696, 8)
    d_scores_loss_multiply_14 = m.rows(576, 64)
    d_scores_loss_reshape_4 = m.rows(704, 8)
    d_dense_2_1 = m.rows(1128, 8)
    d_dense_2_kernel_parts = m.parts(32)
    d_dense_1_transpose = m.fixed(1024, 32)
    d_dense_transpose = m.fixed(0, 1024)
    d_dense_1_add = m.rows(512, 256)
    d_dense_add = m.rows(768, 256)
    d_dense_1_bias_sum = m.rows(1064, 32)
    d_dense_bias_sum = m.rows(1096, 32)
    d_dense_1_kernel_parts = m.parts(1024)
    d_dense_kernel_parts = m.parts(160)
    return [
        m.feed("features", features, 40),
        m.feed("scores_target", scores_target, 8),
        m.feed("scores_sample_weight", scores_sample_weight, 1),
        compute_dense(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2(dense_1, m.weight("dense_2/kernel"), dense_2),
        gradient_of_scores_loss_multiply_12(
            dense_2, dense_2, scores_loss_sum, d_scores_loss_multiply_12
        ),
        compute_scores_loss_argsort(scores_target, scores_loss_argsort),
        compute_scores_loss_argsort_1(scores_loss_argsort, scores_loss_argsort_1),
        compute_scores_loss_argsort(dense_2, rank_correlation_argsort_2),
        compute_scores_loss_argsort_1(
            rank_correlation_argsort_2, rank_correlation_argsort_3
        ),
        gradient_of_scores_loss_sum_4(
            scores_loss_argsort_1,
            scores_loss_sum,
            scores_sample_weight,
            scores_loss_multiply_5,
            rank_correlation_argsort_3,
            rank_correlation_divide_2,
            d_scores_loss_sum_4,
        ),
        gradient_of_scores_loss_reshape_4(
            d_scores_loss_sum_4,
            d_scores_loss_multiply_12,
            d_scores_loss_multiply_14,
            d_scores_loss_reshape_4,
        ),
        gradient_of_dense_2_1(
            d_scores_loss_multiply_14, d_scores_loss_reshape_4, d_dense_2_1
        ),
        gradient_of_dense_2_kernel_parts(dense_1, d_dense_2_1, d_dense_2_kernel_parts),
        transpose_dense_2_kernel(m.weight("dense_2/kernel"), d_dense_1_transpose),
        transpose_dense_1_kernel(m.weight("dense_1/kernel"), d_dense_transpose),
        sync,
        compute_figures(
            scores_loss_multiply_5,
            rank_correlation_divide_2,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_dense_1_add(
            d_dense_2_1, d_dense_1_transpose, dense_1, d_dense_1_add
        ),
        gradient_of_dense_add(d_dense_1_add, d_dense_transpose, dense, d_dense_add),
        gradient_of_dense_bias_sum(
            d_dense_1_add, d_dense_add, d_dense_1_bias_sum, d_dense_bias_sum
        ),
        gradient_of_dense_1_kernel_parts(dense, d_dense_1_add, d_dense_1_kernel_parts),
        gradient_of_dense_kernel_parts(features, d_dense_add, d_dense_kernel_parts),
        gradient_of_dense_2_kernel(
            d_dense_2_kernel_parts, m.gradient("dense_2/kernel")
        ),
        sync,
        gradient_of_dense_bias_sum_1(
            d_dense_1_bias_sum,
            d_dense_bias_sum,
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
    features = m.rows(512, 40)
    dense = m.rows(0, 256)
    dense_1 = m.rows(256, 256)
    dense_2 = m.rows(560, 8)
    scores_loss_sum = m.rows(568, 8)
    scores_target = m.rows(552, 8)
    scores_loss_argsort = m.rows(576, 8)
    scores_loss_argsort_1 = m.rows(584, 8)
    rank_correlation_argsort_2 = m.rows(592, 8)
    rank_correlation_argsort_3 = m.rows(600, 8)
    scores_sample_weight = m.rows(608, 1)
    scores_loss_multiply_5 = m.rows(609, 1)
    rank_correlation_divide_2 = m.rows(610, 1)
    return [
        m.feed("features", features, 40),
        m.feed("scores_target", scores_target, 8),
        m.feed("scores_sample_weight", scores_sample_weight, 1),
        compute_dense(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2(dense_1, m.weight("dense_2/kernel"), dense_2),
        compute_scores_loss_sum(dense_2, dense_2, scores_loss_sum),
        compute_scores_loss_argsort(scores_target, scores_loss_argsort),
        compute_scores_loss_argsort_1(scores_loss_argsort, scores_loss_argsort_1),
        compute_scores_loss_argsort(dense_2, rank_correlation_argsort_2),
        compute_scores_loss_argsort_1(
            rank_correlation_argsort_2, rank_correlation_argsort_3
        ),
        compute_rank_correlation_divide_2(
            scores_loss_argsort_1,
            scores_loss_sum,
            scores_sample_weight,
            scores_loss_multiply_5,
            rank_correlation_argsort_3,
            rank_correlation_divide_2,
        ),
        sync,
        compute_figures(
            scores_loss_multiply_5,
            rank_correlation_divide_2,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
    ]


def predict(m):
    """The outputs of one batch."""
    features = m.rows(512, 40)
    dense = m.rows(0, 256)
    dense_1 = m.rows(256, 256)
    dense_2 = m.rows(552, 8)
    return [
        m.feed("features", features, 40),
        compute_dense(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2(dense_1, m.weight("dense_2/kernel"), dense_2),
        m.result("scores", dense_2, 8),
    ]


SPEC = Spec(
    name="Spearman",
    source="40_spearman.k",
    version="0.1.0",
    fingerprint="9b85a18cdc788287-634cd5668ff68546-50e701833f86dca4",
    inputs=(Input("features", "float32", (8, 5)),),
    outputs=(Output("scores", (8,)),),
    targets=(Target("scores", "float32", (8,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("rank_correlation", (2, 3))),
    layers=(
        Layer("dense", "Dense", (8, 32), 192, 7936, 30, ("dense/kernel", "dense/bias")),
        Layer(
            "dense_1",
            "Dense",
            (8, 32),
            1056,
            21760,
            30,
            ("dense_1/kernel", "dense_1/bias"),
        ),
        Layer("dense_2", "Dense", (8, 1), 32, 512, 31, ("dense_2/kernel",)),
        Layer("flatten", "Flatten", (8,), 0, 0, 31),
    ),
    trainable=1280,
    size=1280,
    slots={"momentum": 0.0, "velocity": 0.0},
    optimizer=Adam(learning_rate=0.001),
    totals=4,
    feeds=("features", "scores_target", "scores_sample_weight"),
)


class Spearman(Model):
    """Scores for eight candidates, to be put in the right order."""

    spec = SPEC
    programs = Programs(
        train=(
            Steps(gradients, 1138, 1056, 69762, by_tiles=False),
            Steps(update, 1138, 1056, 0, by_tiles=False),
        ),
        gradient=(Steps(gradients, 1138, 1056, 69762, by_tiles=False),),
        evaluate=(Steps(evaluate, 611, 0, 32003, by_tiles=False),),
        predict=(Steps(predict, 560, 0, 30208, by_tiles=False),),
    )


SOURCE_NAME = "40_spearman.k"
SOURCE_MAP = {
    "compute_dense": (30,),
    "compute_dense_1": (30,),
    "compute_dense_2": (31,),
    "gradient_of_scores_loss_multiply_12": (19, 20),
    "compute_scores_loss_argsort": (9,),
    "compute_scores_loss_argsort_1": (9,),
    "gradient_of_scores_loss_sum_4": (13, 14, 15, 34),
    "compute_figures": (30, 34, 35),
    "gradient_of_scores_loss_reshape_4": (19, 20),
    "gradient_of_dense_2_1": (19,),
    "transpose_dense_2_kernel": (31,),
    "gradient_of_dense_1_add": (30, 31),
    "gradient_of_dense_2_kernel_parts": (31,),
    "gradient_of_dense_2_kernel": (31,),
    "gradient_of_dense_bias_sum": (30,),
    "gradient_of_dense_bias_sum_1": (30,),
    "transpose_dense_1_kernel": (30,),
    "gradient_of_dense_add": (30,),
    "gradient_of_dense_1_kernel_parts": (30,),
    "gradient_of_dense_1_kernel": (30,),
    "gradient_of_dense_kernel_parts": (30,),
    "gradient_of_dense_kernel": (30,),
    "update_weights": (),
    "compute_scores_loss_sum": (19, 20),
    "compute_rank_correlation_divide_2": (13, 14, 15, 34),
}
SOURCE = """\
# A loss that ranks: Spearman's correlation compares orders, not values. The targets' ranks come
# from sorting twice; those of the predictions from sigmoids of all differences, which have
# slopes to follow. The metric is the true one, of both sorted.

param sharpness = 10.0

def ranks(x):
    \"\"\"0 for the smallest of a row, 1 for the next ...\"\"\"
    return argsort(argsort(x, axis=-1), axis=-1) * 1.0

def correlation(a, b):
    \"\"\"Pearson's, of each row.\"\"\"
    a = a - mean(a, axis=-1, keepdims=True)
    b = b - mean(b, axis=-1, keepdims=True)
    return sum(a * b, axis=-1) / sqrt(sum(square(a), axis=-1) * sum(square(b), axis=-1) + 1e-7)

loss spearman(y_true, y_pred):
    \"\"\"1 less the correlation of the targets' ranks with softened ranks of the predictions.\"\"\"
    gaps = expand_dims(y_pred, -1) - expand_dims(y_pred, -2)
    soft = sum(sigmoid(sharpness * gaps), axis=-1)
    return 1 - correlation(ranks(y_true), soft)

metric rank_correlation(y_true, y_pred):
    \"\"\"Spearman's correlation.\"\"\"
    return correlation(ranks(y_true), ranks(y_pred))

model Spearman:
    \"\"\"Scores for eight candidates, to be put in the right order.\"\"\"
    input features: float32[8, 5]
    x = features |> Dense(32, activation="tanh") |> Dense(32, activation="tanh")
    output scores = x |> Dense(1, use_bias=False) |> Flatten()  # an order has no offset
    train:
        optimizer = "adam"
        loss = spearman
        metrics = [rank_correlation]
"""
