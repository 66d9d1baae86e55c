"""Siamese, as native code.

Built by kgen 0.1.0 from 30_contrastive_siamese.k; edit that, not this.

layer            kind     output        weights  line
trunk/dense      Dense    (batch, 128)  100,480    18
trunk/dropout    Dropout  (batch, 128)        0    18
trunk/dense_1    Dense    (batch, 128)   16,512    19
trunk/dropout_1  Dropout  (batch, 128)        0    19
trunk/dense_2    Dense    (batch, 128)   16,512    20
total            Siamese                133,504
"""

from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps
from kgen.runtime.model import Model
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, View, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    full,
    load,
    load_column,
    load_scalar,
    matrix,
    maximum,
    outer,
    outer_t,
    pack,
    prefetch_write,
    random_key,
    row_sum,
    select,
    share,
    share_batch,
    share_block,
    sqrt,
    square,
    store,
    store_column,
    transpose_block,
    uniform,
    zeros,
)

WEIGHTS = (
    Weight("trunk/dense/kernel", (784, 128), 0, "GlorotUniform", {"seed": None}),
    Weight("trunk/dense/bias", (128,), 100352, "Zeros", {}),
    Weight("trunk/dense_1/kernel", (128, 128), 100480, "GlorotUniform", {"seed": None}),
    Weight("trunk/dense_1/bias", (128,), 116864, "Zeros", {}),
    Weight("trunk/dense_2/kernel", (128, 128), 116992, "GlorotUniform", {"seed": None}),
    Weight("trunk/dense_2/bias", (128,), 133376, "Zeros", {}),
)


@kernel
def compute_trunk_dropout(thread, threads, batch, clock, args):
    """Line 18 of the model. 201,088 FLOPs a row."""
    left_2 = matrix(args, 0, batch, 784)
    trunk_dense_kernel = matrix(args, 1, 784, 128)
    trunk_dense_bias = matrix(args, 2, 1, 128)
    trunk_dropout = matrix(args, 3, batch, 128)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 128, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(trunk_dropout, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, left_2, i, k, trunk_dense_kernel, k, j)
                    if stop < 784:
                        store(trunk_dropout, i, j, acc)
                        continue
                    trunk_dense = maximum(acc + load(trunk_dense_bias, 0, j, 1, 4), 0.0)
                    random_uniform = uniform(key[0], key[1], i, j, 128, HALF_ROWS, 4)
                    trunk_dropout_greater_equal = random_uniform >= 0.1
                    trunk_dropout_multiply = trunk_dense * 1.1111112
                    trunk_dropout_tile = select(
                        trunk_dropout_greater_equal, trunk_dropout_multiply, 0.0
                    )
                    store(trunk_dropout, i, j, trunk_dropout_tile)


@kernel
def compute_trunk_dropout_1(thread, threads, batch, clock, args):
    """Line 19 of the model. 33,152 FLOPs a row."""
    trunk_dropout = matrix(args, 0, batch, 128)
    trunk_dense_1_kernel = matrix(args, 1, 128, 128)
    trunk_dense_1_bias = matrix(args, 2, 1, 128)
    trunk_dropout_1 = matrix(args, 3, batch, 128)
    key = random_key(clock, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack(trunk_dense_1_kernel, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, trunk_dropout, i, k, panel, k, 0)
            trunk_dense_1_add = acc + load(trunk_dense_1_bias, 0, j, 1, 4)
            trunk_dense_1 = maximum(trunk_dense_1_add, 0.0)
            random_uniform_1 = uniform(key[0], key[1], i, j, 128, HALF_ROWS, 4)
            trunk_dropout_1_greater_equal = random_uniform_1 >= 0.1
            trunk_dropout_1_multiply = trunk_dense_1 * 1.1111112
            trunk_dropout_1_tile = select(
                trunk_dropout_1_greater_equal, trunk_dropout_1_multiply, 0.0
            )
            store(trunk_dropout_1, i, j, trunk_dropout_1_tile)


@kernel
def compute_trunk_dense_2(thread, threads, batch, clock, args):
    """Lines 19, 20. 33,024 FLOPs a row."""
    trunk_dropout_1 = matrix(args, 0, batch, 128)
    trunk_dense_2_kernel = matrix(args, 1, 128, 128)
    trunk_dense_2_bias = matrix(args, 2, 1, 128)
    trunk_dense_2 = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack(trunk_dense_2_kernel, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, trunk_dropout_1, i, k, panel, k, 0)
            trunk_dense_2_add = acc + load(trunk_dense_2_bias, 0, j, 1, 4)
            store(trunk_dense_2, i, j, maximum(trunk_dense_2_add, 0.0))


@kernel
def compute_trunk_dropout_2(thread, threads, batch, clock, args):
    """Line 18 of the model. 201,088 FLOPs a row."""
    right_2 = matrix(args, 0, batch, 784)
    trunk_dense_kernel = matrix(args, 1, 784, 128)
    trunk_dense_bias = matrix(args, 2, 1, 128)
    trunk_dropout_2 = matrix(args, 3, batch, 128)
    key = random_key(clock, 2)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 128, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(trunk_dropout_2, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, right_2, i, k, trunk_dense_kernel, k, j)
                    if stop < 784:
                        store(trunk_dropout_2, i, j, acc)
                        continue
                    trunk_dense_add_1 = acc + load(trunk_dense_bias, 0, j, 1, 4)
                    trunk_dense_3 = maximum(trunk_dense_add_1, 0.0)
                    random_uniform_2 = uniform(key[0], key[1], i, j, 128, HALF_ROWS, 4)
                    trunk_dropout_greater_equal_1 = random_uniform_2 >= 0.1
                    trunk_dropout_multiply_1 = trunk_dense_3 * 1.1111112
                    trunk_dropout_2_tile = select(
                        trunk_dropout_greater_equal_1, trunk_dropout_multiply_1, 0.0
                    )
                    store(trunk_dropout_2, i, j, trunk_dropout_2_tile)


@kernel
def compute_trunk_dropout_1_1(thread, threads, batch, clock, args):
    """Line 19 of the model. 33,152 FLOPs a row."""
    trunk_dropout_2 = matrix(args, 0, batch, 128)
    trunk_dense_1_kernel = matrix(args, 1, 128, 128)
    trunk_dense_1_bias = matrix(args, 2, 1, 128)
    trunk_dropout_1_1 = matrix(args, 3, batch, 128)
    key = random_key(clock, 3)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack(trunk_dense_1_kernel, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, trunk_dropout_2, i, k, panel, k, 0)
            trunk_dense_1_add_1 = acc + load(trunk_dense_1_bias, 0, j, 1, 4)
            trunk_dense_1_1 = maximum(trunk_dense_1_add_1, 0.0)
            random_uniform_3 = uniform(key[0], key[1], i, j, 128, HALF_ROWS, 4)
            trunk_dropout_1_greater_equal_1 = random_uniform_3 >= 0.1
            trunk_dropout_1_multiply_1 = trunk_dense_1_1 * 1.1111112
            trunk_dropout_1_1_tile = select(
                trunk_dropout_1_greater_equal_1, trunk_dropout_1_multiply_1, 0.0
            )
            store(trunk_dropout_1_1, i, j, trunk_dropout_1_1_tile)


@kernel
def compute_gap(thread, threads, batch, clock, args):
    """Lines 20, 27. 33,152 FLOPs a row."""
    trunk_dropout_1_1 = matrix(args, 0, batch, 128)
    trunk_dense_2_kernel = matrix(args, 1, 128, 128)
    trunk_dense_2_bias = matrix(args, 2, 1, 128)
    trunk_dense_2_1 = matrix(args, 3, batch, 128)
    trunk_dense_2 = matrix(args, 4, batch, 128)
    gap = matrix(args, 5, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack(trunk_dense_2_kernel, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, trunk_dropout_1_1, i, k, panel, k, 0)
            trunk_dense_2_add_1 = acc + load(trunk_dense_2_bias, 0, j, 1, 4)
            trunk_dense_2_1_tile = maximum(trunk_dense_2_add_1, 0.0)
            store(trunk_dense_2_1, i, j, trunk_dense_2_1_tile)
            trunk_dense_2_tile = load(trunk_dense_2, i, j, HALF_ROWS, 4)
            store(gap, i, j, trunk_dense_2_tile - trunk_dense_2_1_tile)


@kernel
def gradient_of_where_1(thread, threads, batch, clock, args):
    """Lines 8, 28. 143 FLOPs a row."""
    gap = matrix(args, 0, batch, 128)
    sqrt_ = matrix(args, 1, batch, 1)
    distance_target = matrix(args, 2, batch, 1)
    distance_loss_add = matrix(args, 3, batch, 1)
    d_distance_loss_where_1 = matrix(args, 4, batch, 1)
    d_divide = matrix(args, 5, batch, 1)
    d_where_1 = matrix(args, 6, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        summed = full(1, 4, 0.0)
        for j in range(0, 128, 4 * LANES):
            summed = summed + square(load(gap, i, j, 1, 4))
        sum_ = row_sum(summed)
        maximum_ = maximum(sum_, 1e-07)
        sqrt_tile = sqrt(maximum_)
        store_column(sqrt_, i, sqrt_tile)
        distance_target_tile = load_column(distance_target, i, 1)
        distance_loss_square = square(sqrt_tile)
        distance_loss_multiply = distance_target_tile * distance_loss_square
        distance_loss_subtract = 1.0 - distance_target_tile
        distance_loss_subtract_1 = 1.0 - sqrt_tile
        distance_loss_maximum = maximum(distance_loss_subtract_1, 0.0)
        distance_loss_square_1 = square(distance_loss_maximum)
        distance_loss_multiply_1 = distance_loss_subtract * distance_loss_square_1
        distance_loss_add_tile = distance_loss_multiply + distance_loss_multiply_1
        store_column(distance_loss_add, i, distance_loss_add_tile)
        d_distance_loss_greater = distance_loss_subtract_1 > 0.0
        d_distance_loss_equal = distance_loss_subtract_1 == 0.0
        d_distance_loss_where = select(d_distance_loss_equal, 0.5, 0.0)
        d_distance_loss_where_1_tile = select(
            d_distance_loss_greater, 1.0, d_distance_loss_where
        )
        store_column(d_distance_loss_where_1, i, d_distance_loss_where_1_tile)
        d_divide_tile = 0.5 / sqrt_tile
        store_column(d_divide, i, d_divide_tile)
        d_greater = sum_ > 1e-07
        d_equal = sum_ == 1e-07
        d_where = select(d_equal, 0.5, 0.0)
        d_where_1_tile = select(d_greater, 1.0, d_where)
        store_column(d_where_1, i, d_where_1_tile)


@kernel
def compute_accuracy_divide(thread, threads, batch, clock, args):
    """Lines 8, 12. 2 FLOPs a row, 4 FLOPs."""
    distance_loss_add = matrix(args, 0, batch, 1)
    sqrt_ = matrix(args, 1, batch, 1)
    distance_target = matrix(args, 2, batch, 1)
    distance_loss_sum_1 = matrix(args, 3, 1, 1)
    accuracy_divide = matrix(args, 4, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(distance_loss_add, i, j, 1, 1)
            accuracy_as_float = select(load(sqrt_, i, j, 1, 1) < 0.5, 1.0, 0.0)
            accuracy_greater = load(distance_target, i, j, 1, 1) > 0.5
            accuracy_as_float_1 = select(accuracy_greater, 1.0, 0.0)
            accuracy_equal = accuracy_as_float == accuracy_as_float_1
            summed_2 = summed_2 + select(accuracy_equal, 1.0, 0.0)
        store(distance_loss_sum_1, 0, j, summed)
        store(accuracy_divide, 0, j, summed_2 / full(1, 1, batch))


@kernel
def compute_copy_1(thread, threads, batch, clock, args):
    """Lines 8, 18, 31. 1 FLOPs a row, 11 FLOPs."""
    distance_sample_weight = matrix(args, 0, batch, 1)
    distance_loss_sum_1 = matrix(args, 1, 1, 1)
    multiply = matrix(args, 2, 1, 1)
    d_distance_loss_sum = matrix(args, 3, 1, 1)
    copy = matrix(args, 4, 1, 1)
    copy_1 = matrix(args, 5, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(distance_sample_weight, i, j, 1, 1)
        distance_loss_batch_size_1 = full(1, 1, batch)
        distance_loss_divide_2 = summed / distance_loss_batch_size_1
        distance_loss_sum_1_tile = load(distance_loss_sum_1, 0, j, 1, 1)
        distance_loss_batch_size = full(1, 1, batch)
        distance_loss_divide = distance_loss_sum_1_tile / distance_loss_batch_size
        distance_loss = distance_loss_divide * distance_loss_divide_2
        store(multiply, 0, j, distance_loss * distance_loss_batch_size_1)
        d_distance_loss_sum_tile = distance_loss_divide_2 / distance_loss_batch_size
        store(d_distance_loss_sum, 0, j, d_distance_loss_sum_tile)
        store(copy, 0, j, distance_loss_batch_size_1)
        store(copy_1, 0, j, full(1, 1, 1.0))


@kernel
def gradient_of_sum_1(thread, threads, batch, clock, args):
    """Lines 8, 28. 6 FLOPs a row."""
    d_distance_loss_sum = matrix(args, 0, 1, 1)
    distance_target = matrix(args, 1, batch, 1)
    sqrt_ = matrix(args, 2, batch, 1)
    d_distance_loss_where_1 = matrix(args, 3, batch, 1)
    d_divide = matrix(args, 4, batch, 1)
    d_where_1 = matrix(args, 5, batch, 1)
    d_sum_1 = matrix(args, 6, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        d_distance_loss_sum_tile = load(d_distance_loss_sum, 0, 0, 1, 1)
        distance_target_tile = load(distance_target, i, 0, 2, 1)
        distance_loss_subtract = 1.0 - distance_target_tile
        d_distance_loss_square_1 = d_distance_loss_sum_tile * distance_loss_subtract
        sqrt_tile = load(sqrt_, i, 0, 2, 1)
        d_distance_loss_multiply_5 = 2.0 * maximum(1.0 - sqrt_tile, 0.0)
        d_distance_loss_maximum = d_distance_loss_square_1 * d_distance_loss_multiply_5
        d_distance_loss_where_1_tile = load(d_distance_loss_where_1, i, 0, 2, 1)
        d_distance_loss_subtract_1 = (
            d_distance_loss_maximum * d_distance_loss_where_1_tile
        )
        d_distance_loss_square = d_distance_loss_sum_tile * distance_target_tile
        d_distance_loss_multiply_11 = 2.0 * sqrt_tile
        d_distance_loss_multiply_12 = (
            d_distance_loss_square * d_distance_loss_multiply_11
        )
        d_sqrt = -d_distance_loss_subtract_1
        d_sqrt_1 = d_sqrt + d_distance_loss_multiply_12
        d_maximum = d_sqrt_1 * load(d_divide, i, 0, 2, 1)
        store(d_sum_1, i, 0, d_maximum * load(d_where_1, i, 0, 2, 1))


@kernel
def gradient_of_trunk_dense_2_add(thread, threads, batch, clock, args):
    """Lines 20, 28. 384 FLOPs a row."""
    trunk_dense_2_1 = matrix(args, 0, batch, 128)
    d_sum_1 = matrix(args, 1, batch, 1)
    gap = matrix(args, 2, batch, 128)
    d_trunk_dense_2_add_1 = matrix(args, 3, batch, 128)
    trunk_dense_2 = matrix(args, 4, batch, 128)
    d_trunk_dense_2_add = matrix(args, 5, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 128, 4 * LANES):
            d_trunk_dense_2_1_greater = load(trunk_dense_2_1, i, j, 1, 4) > 0.0
            d_gap = load_column(d_sum_1, i, 1) * (2.0 * load(gap, i, j, 1, 4))
            d_trunk_dense_2_1 = -d_gap
            d_trunk_dense_2_add_1_tile = select(
                d_trunk_dense_2_1_greater, d_trunk_dense_2_1, 0.0
            )
            store(d_trunk_dense_2_add_1, i, j, d_trunk_dense_2_add_1_tile)
            d_trunk_dense_2_greater = load(trunk_dense_2, i, j, 1, 4) > 0.0
            d_trunk_dense_2_add_tile = select(d_trunk_dense_2_greater, d_gap, 0.0)
            store(d_trunk_dense_2_add, i, j, d_trunk_dense_2_add_tile)


@kernel
def gradient_of_trunk_dense_bias_1(thread, threads, batch, clock, args):
    """Lines 18, 19, 20. 768 FLOPs a row, 384 FLOPs."""
    d_trunk_dense_2_add_1 = matrix(args, 0, batch, 128)
    d_trunk_dense_1_add_1 = matrix(args, 1, batch, 128)
    d_trunk_dense_add_1 = matrix(args, 2, batch, 128)
    d_trunk_dense_2_add = matrix(args, 3, batch, 128)
    d_trunk_dense_1_add = matrix(args, 4, batch, 128)
    d_trunk_dense_add = matrix(args, 5, batch, 128)
    d_trunk_dense_2_bias_1 = matrix(args, 6, 1, 128)
    d_trunk_dense_1_bias_1 = matrix(args, 7, 1, 128)
    d_trunk_dense_bias_1 = matrix(args, 8, 1, 128)
    first, last = share(128, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        summed_3 = full(1, 4, 0.0)
        summed_4 = full(1, 4, 0.0)
        summed_5 = full(1, 4, 0.0)
        summed_6 = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_trunk_dense_2_add_1, i, j, 1, 4)
            summed_2 = summed_2 + load(d_trunk_dense_1_add_1, i, j, 1, 4)
            summed_3 = summed_3 + load(d_trunk_dense_add_1, i, j, 1, 4)
            summed_4 = summed_4 + load(d_trunk_dense_2_add, i, j, 1, 4)
            summed_5 = summed_5 + load(d_trunk_dense_1_add, i, j, 1, 4)
            summed_6 = summed_6 + load(d_trunk_dense_add, i, j, 1, 4)
        store(d_trunk_dense_2_bias_1, 0, j, summed + summed_4)
        store(d_trunk_dense_1_bias_1, 0, j, summed_2 + summed_5)
        store(d_trunk_dense_bias_1, 0, j, summed_3 + summed_6)


@kernel
def transpose_trunk_dense_2_kernel(thread, threads, batch, clock, args):
    """Lines 19, 20."""
    trunk_dense_2_kernel = matrix(args, 0, 128, 128)
    d_trunk_dropout_1_1_transpose = matrix(args, 1, 128, 128)
    first, last = share(128, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 128, LANES):
            transpose_block(trunk_dense_2_kernel, i, j, d_trunk_dropout_1_1_transpose)


@kernel
def gradient_of_trunk_dense_1_add_1(thread, threads, batch, clock, args):
    """Lines 18, 19, 20. 32,896 FLOPs a row."""
    d_trunk_dense_2_add_1 = matrix(args, 0, batch, 128)
    d_trunk_dropout_1_1_transpose = matrix(args, 1, 128, 128)
    trunk_dropout_1_1 = matrix(args, 2, batch, 128)
    d_trunk_dense_1_add_1 = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack(d_trunk_dropout_1_1_transpose, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, d_trunk_dense_2_add_1, i, k, panel, k, 0)
            kept = load(trunk_dropout_1_1, i, j, HALF_ROWS, 4) > 0.0
            d_trunk_dense_1_add_1_tile = select(kept, acc * 1.1111112, 0.0)
            store(d_trunk_dense_1_add_1, i, j, d_trunk_dense_1_add_1_tile)


@kernel
def gradient_of_trunk_dense_2_kernel(thread, threads, batch, clock, args):
    """Lines 19, 20. 32,768 FLOPs a row."""
    trunk_dropout_1_1 = matrix(args, 0, batch, 128)
    d_trunk_dense_2_add_1 = matrix(args, 1, batch, 128)
    d_trunk_dense_2_kernel = matrix(args, 2, 128, 128)
    first, last = share(128, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 128, 4 * LANES):
            panel = pack(d_trunk_dense_2_add_1, start, j, 128, 4, count)
            for i in range(first, last, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_trunk_dense_2_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, trunk_dropout_1_1, start + k, i, panel, k, 0)
                store(d_trunk_dense_2_kernel, i, j, acc)


@kernel
def gradient_of_trunk_dense_kernel(thread, threads, batch, clock, args):
    """Line 18 of the model. 200,704 FLOPs a row."""
    right = matrix(args, 0, batch, 784)
    d_trunk_dense_add_1 = matrix(args, 1, batch, 128)
    d_trunk_dense_kernel = matrix(args, 2, 784, 128)
    first, last = share(784, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 128, 4 * LANES):
            panel = pack(d_trunk_dense_add_1, start, j, 128, 4, count)
            for i in range(first, last, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_trunk_dense_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, right, start + k, i, panel, k, 0)
                store(d_trunk_dense_kernel, i, j, acc)


@kernel
def gradient_of_trunk_dense_1_kernel_1(thread, threads, batch, clock, args):
    """Lines 19, 20. 32,768 FLOPs."""
    d_trunk_dense_2_kernel = matrix(args, 0, 128, 128)
    d_trunk_dense_2_dot_3 = matrix(args, 1, 128, 128)
    d_trunk_dense_2_kernel_1 = matrix(args, 2, 128, 128)
    d_trunk_dense_1_kernel = matrix(args, 3, 128, 128)
    d_trunk_dense_1_dot_3 = matrix(args, 4, 128, 128)
    d_trunk_dense_1_kernel_1 = matrix(args, 5, 128, 128)
    first, last = share(128, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 128, 4 * LANES):
            d_trunk_dense_2_kernel_tile = load(d_trunk_dense_2_kernel, i, j, 1, 4)
            d_trunk_dense_2_dot_3_tile = load(d_trunk_dense_2_dot_3, i, j, 1, 4)
            d_trunk_dense_2_kernel_1_tile = (
                d_trunk_dense_2_kernel_tile + d_trunk_dense_2_dot_3_tile
            )
            store(d_trunk_dense_2_kernel_1, i, j, d_trunk_dense_2_kernel_1_tile)
            d_trunk_dense_1_kernel_tile = load(d_trunk_dense_1_kernel, i, j, 1, 4)
            d_trunk_dense_1_dot_3_tile = load(d_trunk_dense_1_dot_3, i, j, 1, 4)
            d_trunk_dense_1_kernel_1_tile = (
                d_trunk_dense_1_kernel_tile + d_trunk_dense_1_dot_3_tile
            )
            store(d_trunk_dense_1_kernel_1, i, j, d_trunk_dense_1_kernel_1_tile)


@kernel
def gradient_of_trunk_dense_kernel_1(thread, threads, batch, clock, args):
    """Line 18 of the model. 100,352 FLOPs."""
    d_trunk_dense_kernel = matrix(args, 0, 784, 128)
    d_trunk_dense_dot_3 = matrix(args, 1, 784, 128)
    d_trunk_dense_kernel_1 = matrix(args, 2, 784, 128)
    first, last = share(784, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 128, 4 * LANES):
            d_trunk_dense_kernel_tile = load(d_trunk_dense_kernel, i, j, 1, 4)
            d_trunk_dense_dot_3_tile = load(d_trunk_dense_dot_3, i, j, 1, 4)
            d_trunk_dense_kernel_1_tile = (
                d_trunk_dense_kernel_tile + d_trunk_dense_dot_3_tile
            )
            store(d_trunk_dense_kernel_1, i, j, d_trunk_dense_kernel_1_tile)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 1,735,552 FLOPs."""
    velocity = matrix(args, 0, 1, 133504)
    gradients = matrix(args, 1, 1, 133504)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 133504)
    first, last = share(133504, 4 * LANES, thread, threads)
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
def compute_trunk_dense(thread, threads, batch, clock, args):
    """Line 18 of the model. 200,960 FLOPs a row."""
    left_2 = matrix(args, 0, batch, 784)
    trunk_dense_kernel = matrix(args, 1, 784, 128)
    trunk_dense_bias = matrix(args, 2, 1, 128)
    trunk_dense = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 128, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(trunk_dense, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, left_2, i, k, trunk_dense_kernel, k, j)
                    if stop < 784:
                        store(trunk_dense, i, j, acc)
                        continue
                    trunk_dense_add = acc + load(trunk_dense_bias, 0, j, 1, 4)
                    store(trunk_dense, i, j, maximum(trunk_dense_add, 0.0))


@kernel
def compute_gap_2(thread, threads, batch, clock, args):
    """Lines 20, 27. 33,152 FLOPs a row."""
    trunk_dense_1_1 = matrix(args, 0, batch, 128)
    trunk_dense_2_kernel = matrix(args, 1, 128, 128)
    trunk_dense_2_bias = matrix(args, 2, 1, 128)
    trunk_dense_2 = matrix(args, 3, batch, 128)
    gap = matrix(args, 4, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack(trunk_dense_2_kernel, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, trunk_dense_1_1, i, k, panel, k, 0)
            trunk_dense_2_add_1 = acc + load(trunk_dense_2_bias, 0, j, 1, 4)
            trunk_dense_2_1 = maximum(trunk_dense_2_add_1, 0.0)
            gap_tile = load(trunk_dense_2, i, j, HALF_ROWS, 4) - trunk_dense_2_1
            store(gap, i, j, gap_tile)


@kernel
def compute_distance_loss_add(thread, threads, batch, clock, args):
    """Lines 8, 28. 137 FLOPs a row."""
    gap = matrix(args, 0, batch, 128)
    sqrt_ = matrix(args, 1, batch, 1)
    distance_target = matrix(args, 2, batch, 1)
    distance_loss_add = matrix(args, 3, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        summed = full(1, 4, 0.0)
        for j in range(0, 128, 4 * LANES):
            summed = summed + square(load(gap, i, j, 1, 4))
        sum_ = row_sum(summed)
        maximum_ = maximum(sum_, 1e-07)
        sqrt_tile = sqrt(maximum_)
        store_column(sqrt_, i, sqrt_tile)
        distance_target_tile = load_column(distance_target, i, 1)
        distance_loss_square = square(sqrt_tile)
        distance_loss_multiply = distance_target_tile * distance_loss_square
        distance_loss_subtract = 1.0 - distance_target_tile
        distance_loss_subtract_1 = 1.0 - sqrt_tile
        distance_loss_maximum = maximum(distance_loss_subtract_1, 0.0)
        distance_loss_square_1 = square(distance_loss_maximum)
        distance_loss_multiply_1 = distance_loss_subtract * distance_loss_square_1
        distance_loss_add_tile = distance_loss_multiply + distance_loss_multiply_1
        store_column(distance_loss_add, i, distance_loss_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 12, 31. 1 FLOPs a row, 7 FLOPs."""
    distance_sample_weight = matrix(args, 0, batch, 1)
    distance_loss_sum_1 = matrix(args, 1, 1, 1)
    multiply = matrix(args, 2, 1, 1)
    copy = matrix(args, 3, 1, 1)
    copy_1 = matrix(args, 4, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(distance_sample_weight, i, j, 1, 1)
        distance_loss_batch_size_1 = full(1, 1, batch)
        distance_loss_divide_2 = summed / distance_loss_batch_size_1
        distance_loss_sum_1_tile = load(distance_loss_sum_1, 0, j, 1, 1)
        distance_loss_divide = distance_loss_sum_1_tile / full(1, 1, batch)
        distance_loss = distance_loss_divide * distance_loss_divide_2
        store(multiply, 0, j, distance_loss * distance_loss_batch_size_1)
        store(copy, 0, j, distance_loss_batch_size_1)
        store(copy_1, 0, j, full(1, 1, 1.0))


@kernel
def compute_sqrt(thread, threads, batch, clock, args):
    """Line 28 of the model. 134 FLOPs a row."""
    gap = matrix(args, 0, batch, 128)
    sqrt_ = matrix(args, 1, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        summed = full(1, 4, 0.0)
        for j in range(0, 128, 4 * LANES):
            summed = summed + square(load(gap, i, j, 1, 4))
        sum_ = row_sum(summed)
        maximum_ = maximum(sum_, 1e-07)
        sqrt_tile = sqrt(maximum_)
        store_column(sqrt_, i, sqrt_tile)


@kernel
def compute_trunk_dense_few(thread, threads, batch, clock, args):
    """Line 18 of the model. 200,960 FLOPs a row."""
    left_2 = matrix(args, 0, batch, 784)
    trunk_dense_kernel = matrix(args, 1, 784, 128)
    trunk_dense_bias = matrix(args, 2, 1, 128)
    trunk_dense = matrix(args, 3, batch, 128)
    first, last, left, right = share_block(
        clock, batch, 128, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(784):
                acc = outer(acc, left_2, i, k, trunk_dense_kernel, k, j)
            trunk_dense_add = acc + load(trunk_dense_bias, 0, j, 1, 4)
            store(trunk_dense, i, j, maximum(trunk_dense_add, 0.0))


@kernel
def compute_trunk_dense_1_few(thread, threads, batch, clock, args):
    """Lines 19, 20. 33,024 FLOPs a row."""
    trunk_dense = matrix(args, 0, batch, 128)
    trunk_dense_1_kernel = matrix(args, 1, 128, 128)
    trunk_dense_1_bias = matrix(args, 2, 1, 128)
    trunk_dense_1 = matrix(args, 3, batch, 128)
    first, last, left, right = share_block(
        clock, batch, 128, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(128):
                acc = outer(acc, trunk_dense, i, k, trunk_dense_1_kernel, k, j)
            trunk_dense_1_add = acc + load(trunk_dense_1_bias, 0, j, 1, 4)
            store(trunk_dense_1, i, j, maximum(trunk_dense_1_add, 0.0))


@kernel
def compute_gap_few(thread, threads, batch, clock, args):
    """Lines 20, 27. 33,152 FLOPs a row."""
    trunk_dense_1_1 = matrix(args, 0, batch, 128)
    trunk_dense_2_kernel = matrix(args, 1, 128, 128)
    trunk_dense_2_bias = matrix(args, 2, 1, 128)
    trunk_dense_2 = matrix(args, 3, batch, 128)
    gap = matrix(args, 4, batch, 128)
    first, last, left, right = share_block(
        clock, batch, 128, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(128):
                acc = outer(acc, trunk_dense_1_1, i, k, trunk_dense_2_kernel, k, j)
            trunk_dense_2_add_1 = acc + load(trunk_dense_2_bias, 0, j, 1, 4)
            trunk_dense_2_1 = maximum(trunk_dense_2_add_1, 0.0)
            store(gap, i, j, load(trunk_dense_2, i, j, 1, 4) - trunk_dense_2_1)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    left = m.rows(0, 784)
    trunk_dropout = m.rows(1568, 128)
    trunk_dropout_1 = m.rows(1696, 128)
    trunk_dense_2 = m.rows(1824, 128)
    right = m.rows(784, 784)
    trunk_dropout_2 = m.rows(1952, 128)
    trunk_dropout_1_1 = m.rows(2080, 128)
    trunk_dense_2_1 = m.rows(2208, 128)
    gap = m.rows(2336, 128)
    sqrt_ = m.rows(3233, 1)
    distance_target = m.rows(3232, 1)
    distance_loss_add = m.rows(2465, 1)
    d_distance_loss_where_1 = m.rows(3234, 1)
    d_divide = m.rows(3235, 1)
    d_where_1 = m.rows(3236, 1)
    d_trunk_dropout_1_1_transpose = m.fixed(0, 16384)
    d_trunk_dropout_2_transpose = m.fixed(16384, 16384)
    distance_loss_sum_1 = m.fixed(32768, 1)
    distance_sample_weight = m.rows(2464, 1)
    d_distance_loss_sum = m.fixed(32784, 1)
    d_sum_1 = m.rows(3237, 1)
    d_trunk_dense_2_add_1 = m.rows(2464, 128)
    d_trunk_dense_2_add = m.rows(2592, 128)
    d_trunk_dense_1_add_1 = m.rows(2720, 128)
    d_trunk_dense_add_1 = m.rows(2848, 128)
    d_trunk_dense_1_add = m.rows(2976, 128)
    d_trunk_dense_add = m.rows(3104, 128)
    d_trunk_dense_2_kernel = m.fixed(200704, 16384)
    d_trunk_dense_1_kernel = m.fixed(217088, 16384)
    d_trunk_dense_kernel = m.fixed(0, 100352)
    d_trunk_dense_2_dot_3 = m.fixed(233472, 16384)
    d_trunk_dense_1_dot_3 = m.fixed(249856, 16384)
    d_trunk_dense_dot_3 = m.fixed(100352, 100352)
    return [
        m.feed("left", left, 784),
        m.feed("right", right, 784),
        m.feed("distance_target", distance_target, 1),
        m.feed("distance_sample_weight", distance_sample_weight, 1),
        compute_trunk_dropout(
            left,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dropout,
        ),
        compute_trunk_dropout_1(
            trunk_dropout,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dropout_1,
        ),
        compute_trunk_dense_2(
            trunk_dropout_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2,
        ),
        compute_trunk_dropout_2(
            right,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dropout_2,
        ),
        compute_trunk_dropout_1_1(
            trunk_dropout_2,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dropout_1_1,
        ),
        compute_gap(
            trunk_dropout_1_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2_1,
            trunk_dense_2,
            gap,
        ),
        gradient_of_where_1(
            gap,
            sqrt_,
            distance_target,
            distance_loss_add,
            d_distance_loss_where_1,
            d_divide,
            d_where_1,
        ),
        transpose_trunk_dense_2_kernel(
            m.weight("trunk/dense_2/kernel"), d_trunk_dropout_1_1_transpose
        ),
        transpose_trunk_dense_2_kernel(
            m.weight("trunk/dense_1/kernel"), d_trunk_dropout_2_transpose
        ),
        sync,
        compute_accuracy_divide(
            distance_loss_add, sqrt_, distance_target, distance_loss_sum_1, m.figure(2)
        ),
        sync,
        compute_copy_1(
            distance_sample_weight,
            distance_loss_sum_1,
            m.figure(0),
            d_distance_loss_sum,
            m.figure(1),
            m.figure(3),
        ),
        sync,
        gradient_of_sum_1(
            d_distance_loss_sum,
            distance_target,
            sqrt_,
            d_distance_loss_where_1,
            d_divide,
            d_where_1,
            d_sum_1,
        ),
        gradient_of_trunk_dense_2_add(
            trunk_dense_2_1,
            d_sum_1,
            gap,
            d_trunk_dense_2_add_1,
            trunk_dense_2,
            d_trunk_dense_2_add,
        ),
        gradient_of_trunk_dense_1_add_1(
            d_trunk_dense_2_add_1,
            d_trunk_dropout_1_1_transpose,
            trunk_dropout_1_1,
            d_trunk_dense_1_add_1,
        ),
        gradient_of_trunk_dense_1_add_1(
            d_trunk_dense_1_add_1,
            d_trunk_dropout_2_transpose,
            trunk_dropout_2,
            d_trunk_dense_add_1,
        ),
        gradient_of_trunk_dense_1_add_1(
            d_trunk_dense_2_add,
            d_trunk_dropout_1_1_transpose,
            trunk_dropout_1,
            d_trunk_dense_1_add,
        ),
        gradient_of_trunk_dense_1_add_1(
            d_trunk_dense_1_add,
            d_trunk_dropout_2_transpose,
            trunk_dropout,
            d_trunk_dense_add,
        ),
        sync,
        gradient_of_trunk_dense_bias_1(
            d_trunk_dense_2_add_1,
            d_trunk_dense_1_add_1,
            d_trunk_dense_add_1,
            d_trunk_dense_2_add,
            d_trunk_dense_1_add,
            d_trunk_dense_add,
            m.gradient("trunk/dense_2/bias"),
            m.gradient("trunk/dense_1/bias"),
            m.gradient("trunk/dense/bias"),
        ),
        gradient_of_trunk_dense_2_kernel(
            trunk_dropout_1_1, d_trunk_dense_2_add_1, d_trunk_dense_2_kernel
        ),
        gradient_of_trunk_dense_2_kernel(
            trunk_dropout_2, d_trunk_dense_1_add_1, d_trunk_dense_1_kernel
        ),
        gradient_of_trunk_dense_kernel(
            right, d_trunk_dense_add_1, d_trunk_dense_kernel
        ),
        gradient_of_trunk_dense_2_kernel(
            trunk_dropout_1, d_trunk_dense_2_add, d_trunk_dense_2_dot_3
        ),
        gradient_of_trunk_dense_2_kernel(
            trunk_dropout, d_trunk_dense_1_add, d_trunk_dense_1_dot_3
        ),
        gradient_of_trunk_dense_kernel(left, d_trunk_dense_add, d_trunk_dense_dot_3),
        sync,
        gradient_of_trunk_dense_1_kernel_1(
            d_trunk_dense_2_kernel,
            d_trunk_dense_2_dot_3,
            m.gradient("trunk/dense_2/kernel"),
            d_trunk_dense_1_kernel,
            d_trunk_dense_1_dot_3,
            m.gradient("trunk/dense_1/kernel"),
        ),
        gradient_of_trunk_dense_kernel_1(
            d_trunk_dense_kernel, d_trunk_dense_dot_3, m.gradient("trunk/dense/kernel")
        ),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    left = m.rows(0, 784)
    trunk_dense = m.rows(1568, 128)
    trunk_dense_1 = m.rows(1696, 128)
    trunk_dense_2 = m.rows(1824, 128)
    right = m.rows(784, 784)
    trunk_dense_3 = m.rows(1952, 128)
    trunk_dense_1_1 = m.rows(2080, 128)
    gap = m.rows(2208, 128)
    sqrt_ = m.rows(2338, 1)
    distance_target = m.rows(2336, 1)
    distance_loss_add = m.rows(2339, 1)
    distance_loss_sum_1 = m.fixed(0, 1)
    distance_sample_weight = m.rows(2337, 1)
    return [
        m.feed("left", left, 784),
        m.feed("right", right, 784),
        m.feed("distance_target", distance_target, 1),
        m.feed("distance_sample_weight", distance_sample_weight, 1),
        compute_trunk_dense(
            left,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dense,
        ),
        compute_trunk_dense_2(
            trunk_dense,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dense_1,
        ),
        compute_trunk_dense_2(
            trunk_dense_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2,
        ),
        compute_trunk_dense(
            right,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dense_3,
        ),
        compute_trunk_dense_2(
            trunk_dense_3,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dense_1_1,
        ),
        compute_gap_2(
            trunk_dense_1_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2,
            gap,
        ),
        compute_distance_loss_add(gap, sqrt_, distance_target, distance_loss_add),
        sync,
        compute_accuracy_divide(
            distance_loss_add, sqrt_, distance_target, distance_loss_sum_1, m.figure(2)
        ),
        sync,
        compute_figures(
            distance_sample_weight,
            distance_loss_sum_1,
            m.figure(0),
            m.figure(1),
            m.figure(3),
        ),
    ]


def predict(m):
    """The outputs of one batch."""
    left = m.rows(0, 784)
    trunk_dense = m.rows(1568, 128)
    trunk_dense_1 = m.rows(1696, 128)
    trunk_dense_2 = m.rows(1824, 128)
    right = m.rows(784, 784)
    trunk_dense_3 = m.rows(1952, 128)
    trunk_dense_1_1 = m.rows(2080, 128)
    gap = m.rows(2208, 128)
    sqrt_ = m.rows(2336, 1)
    return [
        m.feed("left", left, 784),
        m.feed("right", right, 784),
        compute_trunk_dense(
            left,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dense,
        ),
        compute_trunk_dense_2(
            trunk_dense,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dense_1,
        ),
        compute_trunk_dense_2(
            trunk_dense_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2,
        ),
        compute_trunk_dense(
            right,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dense_3,
        ),
        compute_trunk_dense_2(
            trunk_dense_3,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dense_1_1,
        ),
        compute_gap_2(
            trunk_dense_1_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2,
            gap,
        ),
        compute_sqrt(gap, sqrt_),
        m.result("distance", sqrt_, 1),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    left = m.rows(0, 784)
    trunk_dense = m.rows(1568, 128)
    trunk_dense_1 = m.rows(1696, 128)
    trunk_dense_2 = m.rows(1824, 128)
    right = m.rows(784, 784)
    trunk_dense_3 = m.rows(1952, 128)
    trunk_dense_1_1 = m.rows(2080, 128)
    gap = m.rows(2208, 128)
    sqrt_ = m.rows(2336, 1)
    return [
        m.feed("left", left, 784),
        m.feed("right", right, 784),
        compute_trunk_dense_few(
            left,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dense,
        ),
        compute_trunk_dense_1_few(
            trunk_dense,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dense_1,
        ),
        compute_trunk_dense_1_few(
            trunk_dense_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2,
        ),
        compute_trunk_dense_few(
            right,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dense_3,
        ),
        compute_trunk_dense_1_few(
            trunk_dense_3,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dense_1_1,
        ),
        compute_gap_few(
            trunk_dense_1_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2,
            gap,
        ),
        compute_sqrt(gap, sqrt_),
        m.result("distance", sqrt_, 1),
    ]


def trunk(m):
    """The view `trunk` of one batch."""
    left = m.rows(0, 784)
    trunk_dense = m.rows(784, 128)
    trunk_dense_1 = m.rows(912, 128)
    trunk_dense_2 = m.rows(1040, 128)
    return [
        m.feed("left", left, 784),
        compute_trunk_dense(
            left,
            m.weight("trunk/dense/kernel"),
            m.weight("trunk/dense/bias"),
            trunk_dense,
        ),
        compute_trunk_dense_2(
            trunk_dense,
            m.weight("trunk/dense_1/kernel"),
            m.weight("trunk/dense_1/bias"),
            trunk_dense_1,
        ),
        compute_trunk_dense_2(
            trunk_dense_1,
            m.weight("trunk/dense_2/kernel"),
            m.weight("trunk/dense_2/bias"),
            trunk_dense_2,
        ),
        m.result("code", trunk_dense_2, 128),
    ]


SPEC = Spec(
    name="Siamese",
    source="30_contrastive_siamese.k",
    version="0.1.0",
    fingerprint="fbcf9a538a2fe0f1-6958a31ec50f1734-09ea087a47328a61",
    inputs=(Input("left", "float32", (784,)), Input("right", "float32", (784,))),
    outputs=(Output("distance", (1,)),),
    targets=(Target("distance", "float32", (1,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "trunk/dense",
            "Dense",
            (128,),
            100480,
            0,
            18,
            ("trunk/dense/kernel", "trunk/dense/bias"),
        ),
        Layer("trunk/dropout", "Dropout", (128,), 0, 0, 18),
        Layer(
            "trunk/dense_1",
            "Dense",
            (128,),
            16512,
            0,
            19,
            ("trunk/dense_1/kernel", "trunk/dense_1/bias"),
        ),
        Layer("trunk/dropout_1", "Dropout", (128,), 0, 0, 19),
        Layer(
            "trunk/dense_2",
            "Dense",
            (128,),
            16512,
            0,
            20,
            ("trunk/dense_2/kernel", "trunk/dense_2/bias"),
        ),
    ),
    trainable=133504,
    size=133504,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("left", "right", "distance_target", "distance_sample_weight"),
    views=(
        View(
            "trunk",
            (Input("image", "float32", (784,)),),
            (Output("code", (128,)),),
            ("left",),
        ),
    ),
)


class Siamese(Model):
    """The distance between two pictures."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 3238, 266240, 1200024), Steps(update, 3238, 266240, 0)),
        gradient=(Steps(gradients, 3238, 266240, 1200024),),
        evaluate=(Steps(evaluate, 2340, 16, 534284),),
        predict=(Steps(predict, 2337, 0, 534278),),
        few=(Steps(predict_few, 2337, 0, 534278),),
        views={"trunk": (Steps(trunk, 1168, 0, 267008),)},
    )


SOURCE_NAME = "30_contrastive_siamese.k"
SOURCE_MAP = {
    "compute_trunk_dropout": (18,),
    "compute_trunk_dropout_1": (19,),
    "compute_trunk_dense_2": (19, 20),
    "compute_trunk_dropout_2": (18,),
    "compute_trunk_dropout_1_1": (19,),
    "compute_gap": (20, 27),
    "gradient_of_where_1": (8, 28),
    "compute_accuracy_divide": (8, 12),
    "compute_copy_1": (8, 18, 31),
    "gradient_of_sum_1": (8, 28),
    "gradient_of_trunk_dense_2_add": (20, 28),
    "gradient_of_trunk_dense_bias_1": (18, 19, 20),
    "transpose_trunk_dense_2_kernel": (19, 20),
    "gradient_of_trunk_dense_1_add_1": (18, 19, 20),
    "gradient_of_trunk_dense_2_kernel": (19, 20),
    "gradient_of_trunk_dense_kernel": (18,),
    "gradient_of_trunk_dense_1_kernel_1": (19, 20),
    "gradient_of_trunk_dense_kernel_1": (18,),
    "update_weights": (),
    "compute_trunk_dense": (18,),
    "compute_gap_2": (20, 27),
    "compute_distance_loss_add": (8, 28),
    "compute_figures": (12, 31),
    "compute_sqrt": (28,),
    "compute_trunk_dense_few": (18,),
    "compute_trunk_dense_1_few": (19, 20),
    "compute_gap_few": (20, 27),
}
SOURCE = """\
# Are these two the same? One trunk looks at both pictures; the euclidean distance of what it
# sees is trained to be small for pairs of a kind (target 1), at least the margin for others.

param rate = 0.1

loss contrastive(y_true, y_pred, margin=1.0):
    \"\"\"Squared distance of like pairs; of others, what the distance lacks of the margin.\"\"\"
    return mean(y_true * square(y_pred) + (1 - y_true) * square(maximum(margin - y_pred, 0)))

metric accuracy(y_true, y_pred):
    \"\"\"How often a distance below one half goes with a pair of a kind.\"\"\"
    return mean(where((y_pred < 0.5) == (y_true > 0.5), 1.0, 0.0))

model Trunk(rate):
    \"\"\"What the two pictures are seen through.\"\"\"
    input image: float32[784]
    output code = image
        |> Dense(128, activation="relu") |> Dropout(rate)
        |> Dense(128, activation="relu") |> Dropout(rate)
        |> Dense(128, activation="relu")

model Siamese:
    \"\"\"The distance between two pictures.\"\"\"
    input left: float32[784]
    input right: float32[784]
    trunk = Trunk(rate)
    gap = trunk(left) - trunk(right)
    output distance = sqrt(maximum(sum(square(gap), axis=-1, keepdims=True), 1e-7))
    train:
        optimizer = "rmsprop"
        loss = contrastive
        metrics = [accuracy]
"""
