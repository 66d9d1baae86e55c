"""TwoInputs, as native code.

Built by kgen 0.1.0 from two_inputs.k; edit that, not this.

layer    kind       output       weights  line
dense    Dense      (batch, 32)    3,232     8
dense_1  Dense      (batch, 1)        33     9
dense_2  Dense      (batch, 64)    2,432    12
dense_3  Dense      (batch, 64)    4,160    12
dense_4  Dense      (batch, 64)    4,160    12
dense_5  Dense      (batch, 1)        65    13
total    TwoInputs                14,082
"""

from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps
from kgen.runtime.model import Model
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    absolute,
    exp,
    full,
    load,
    load_scalar,
    log1p,
    matrix,
    maximum,
    outer,
    outer_t,
    pack_t,
    prefetch,
    prefetch_write,
    row_sum,
    select,
    share,
    share_batch,
    sigmoid,
    sqrt,
    square,
    store,
    store_rows,
    tanh,
    zeros,
)

WEIGHTS = (
    Weight("dense/kernel", (100, 32), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (32,), 3200, "Zeros", {}),
    Weight("dense_1/kernel", (32, 1), 3232, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (1,), 3264, "Zeros", {}),
    Weight("dense_2/kernel", (37, 64), 3280, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (64,), 5648, "Zeros", {}),
    Weight("dense_3/kernel", (64, 64), 5712, "GlorotUniform", {"seed": None}),
    Weight("dense_3/bias", (64,), 9808, "Zeros", {}),
    Weight("dense_4/kernel", (64, 64), 9872, "GlorotUniform", {"seed": None}),
    Weight("dense_4/bias", (64,), 13968, "Zeros", {}),
    Weight("dense_5/kernel", (64, 1), 14032, "GlorotUniform", {"seed": None}),
    Weight("dense_5/bias", (1,), 14096, "Zeros", {}),
)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 8 of the model. 7,072 FLOPs a row."""
    main_input = matrix(args, 0, batch, 100)
    dense_kernel = matrix(args, 1, 100, 32)
    dense_bias = matrix(args, 2, 1, 32)
    dense = matrix(args, 3, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(100):
                acc = outer(acc, main_input, i, k, dense_kernel, k, j)
            store(dense, i, j, tanh(acc + load(dense_bias, 0, j, 1, 2)))


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 9, 16. 126 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 1, 32)
    dense_1_bias = matrix(args, 2, 1, 1)
    dense_1 = matrix(args, 3, batch, 1)
    aux_output_target = matrix(args, 4, batch, 1)
    aux_output_sample_weight = matrix(args, 5, batch, 1)
    aux_output_loss_multiply_1 = matrix(args, 6, batch, 1)
    d_dense_1_add = matrix(args, 7, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 32, LANES):
            rows = load(dense, i, k, ROWS, 1)
            column = load(dense_1_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_1_add = acc + load(dense_1_bias, 0, 0, 1, 1)
        dense_1_tile = sigmoid(dense_1_add)
        store(dense_1, i, 0, dense_1_tile)
        aux_output_loss_log1p = log1p(exp(-absolute(dense_1_add)))
        aux_output_loss_as_float = select(dense_1_add > 0.0, 1.0, 0.0)
        aux_output_target_tile = load(aux_output_target, i, 0, ROWS, 1)
        aux_output_loss_subtract = aux_output_loss_as_float - aux_output_target_tile
        aux_output_loss_multiply = aux_output_loss_subtract * dense_1_add
        aux_output_loss_sigmoid_crossentropy = (
            aux_output_loss_log1p + aux_output_loss_multiply
        )
        aux_output_sample_weight_tile = load(aux_output_sample_weight, i, 0, ROWS, 1)
        aux_output_loss_multiply_1_tile = (
            aux_output_loss_sigmoid_crossentropy * aux_output_sample_weight_tile
        )
        store(aux_output_loss_multiply_1, i, 0, aux_output_loss_multiply_1_tile)
        d_aux_output_loss_subtract = dense_1_tile - aux_output_target_tile
        d_aux_output_loss_sum_2 = 0.2 / full(1, 1, batch)
        d_reshape_2 = d_aux_output_loss_sum_2 * aux_output_sample_weight_tile
        store(d_dense_1_add, i, 0, d_reshape_2 * d_aux_output_loss_subtract)


@kernel
def compute_concatenate(thread, threads, batch, clock, args):
    """Line 10 of the model."""
    dense = matrix(args, 0, batch, 32)
    aux_input = matrix(args, 1, batch, 5)
    concatenate = matrix(args, 2, batch, 37)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 32, 4 * LANES):
            store(concatenate, i, j, load(dense, i, j, 1, 4))
        for j in range(0, 5, 4 * LANES):
            store(concatenate, i, j + 32, load(aux_input, i, j, 1, 4))


@kernel
def compute_dense_2(thread, threads, batch, clock, args):
    """Line 12 of the model. 4,864 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 37)
    dense_2_kernel = matrix(args, 1, 37, 64)
    dense_2_bias = matrix(args, 2, 1, 64)
    dense_2 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(37):
                acc = outer(acc, concatenate, i, k, dense_2_kernel, k, j)
            dense_2_tile = maximum(acc + load(dense_2_bias, 0, j, 1, 2), 0.0)
            store(dense_2, i, j, dense_2_tile)


@kernel
def compute_dense_3(thread, threads, batch, clock, args):
    """Line 12 of the model. 8,320 FLOPs a row."""
    dense_2 = matrix(args, 0, batch, 64)
    dense_3_kernel = matrix(args, 1, 64, 64)
    dense_3_bias = matrix(args, 2, 1, 64)
    dense_3 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, dense_2, i, k, dense_3_kernel, k, j)
            dense_3_tile = maximum(acc + load(dense_3_bias, 0, j, 1, 2), 0.0)
            store(dense_3, i, j, dense_3_tile)


@kernel
def gradient_of_dense_5_add(thread, threads, batch, clock, args):
    """Lines 13, 16. 190 FLOPs a row."""
    dense_4 = matrix(args, 0, batch, 64)
    dense_5_kernel = matrix(args, 1, 1, 64)
    dense_5_bias = matrix(args, 2, 1, 1)
    dense_5 = matrix(args, 3, batch, 1)
    main_output_target = matrix(args, 4, batch, 1)
    main_output_sample_weight = matrix(args, 5, batch, 1)
    main_output_loss_multiply_1 = matrix(args, 6, batch, 1)
    d_dense_5_add = matrix(args, 7, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 64, LANES):
            rows = load(dense_4, i, k, ROWS, 1)
            column = load(dense_5_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_5_add = acc + load(dense_5_bias, 0, 0, 1, 1)
        dense_5_tile = sigmoid(dense_5_add)
        store(dense_5, i, 0, dense_5_tile)
        main_output_loss_log1p = log1p(exp(-absolute(dense_5_add)))
        main_output_loss_as_float = select(dense_5_add > 0.0, 1.0, 0.0)
        main_output_target_tile = load(main_output_target, i, 0, ROWS, 1)
        main_output_loss_subtract = main_output_loss_as_float - main_output_target_tile
        main_output_loss_multiply = main_output_loss_subtract * dense_5_add
        main_output_loss_sigmoid_crossentropy = (
            main_output_loss_log1p + main_output_loss_multiply
        )
        main_output_sample_weight_tile = load(main_output_sample_weight, i, 0, ROWS, 1)
        main_output_loss_multiply_1_tile = (
            main_output_loss_sigmoid_crossentropy * main_output_sample_weight_tile
        )
        store(main_output_loss_multiply_1, i, 0, main_output_loss_multiply_1_tile)
        d_main_output_loss_subtract = dense_5_tile - main_output_target_tile
        d_main_output_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_reshape_1 = d_main_output_loss_sum_2 * main_output_sample_weight_tile
        d_dense_5_add_tile = d_reshape_1 * d_main_output_loss_subtract
        store(d_dense_5_add, i, 0, d_dense_5_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Line 16 of the model. 2 FLOPs a row, 12 FLOPs."""
    aux_output_loss_multiply_1 = matrix(args, 0, batch, 1)
    main_output_loss_multiply_1 = matrix(args, 1, batch, 1)
    multiply_1 = matrix(args, 2, 1, 1)
    multiply_2 = matrix(args, 3, 1, 1)
    multiply_3 = matrix(args, 4, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(aux_output_loss_multiply_1, i, j, 1, 1)
            summed_2 = summed_2 + load(main_output_loss_multiply_1, i, j, 1, 1)
        aux_output_loss = summed / full(1, 1, batch)
        main_output_loss = summed_2 / full(1, 1, batch)
        add = (aux_output_loss * 0.2) + main_output_loss
        batch_size = full(1, 1, batch)
        store(multiply_1, 0, j, add * batch_size)
        store(multiply_2, 0, j, aux_output_loss * batch_size)
        store(multiply_3, 0, j, main_output_loss * batch_size)


@kernel
def compute_copy_4(thread, threads, batch, clock, args):
    """Lines 8, 9, 13, 18. 4 FLOPs a row, 5 FLOPs."""
    aux_output_target = matrix(args, 0, batch, 1)
    dense_1 = matrix(args, 1, batch, 1)
    main_output_target = matrix(args, 2, batch, 1)
    dense_5 = matrix(args, 3, batch, 1)
    d_dense_5_add = matrix(args, 4, batch, 1)
    d_dense_1_add = matrix(args, 5, batch, 1)
    aux_output_accuracy_sum_1 = matrix(args, 6, 1, 1)
    main_output_accuracy_sum_1 = matrix(args, 7, 1, 1)
    d_dense_5_bias = matrix(args, 8, 1, 1)
    d_dense_1_bias = matrix(args, 9, 1, 1)
    copy = matrix(args, 10, 1, 1)
    copy_1 = matrix(args, 11, 1, 1)
    copy_2 = matrix(args, 12, 1, 1)
    copy_3 = matrix(args, 13, 1, 1)
    copy_4 = matrix(args, 14, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        summed_3 = full(1, 1, 0.0)
        summed_4 = full(1, 1, 0.0)
        for i in range(batch):
            aux_output_target_tile = load(aux_output_target, i, j, 1, 1)
            aux_output_accuracy_greater = load(dense_1, i, j, 1, 1) > 0.5
            aux_output_accuracy_as_float = select(aux_output_accuracy_greater, 1.0, 0.0)
            aux_output_accuracy_equal = (
                aux_output_target_tile == aux_output_accuracy_as_float
            )
            summed = summed + select(aux_output_accuracy_equal, 1.0, 0.0)
            main_output_target_tile = load(main_output_target, i, j, 1, 1)
            main_output_accuracy_greater = load(dense_5, i, j, 1, 1) > 0.5
            main_output_accuracy_as_float = select(
                main_output_accuracy_greater, 1.0, 0.0
            )
            main_output_accuracy_equal = (
                main_output_target_tile == main_output_accuracy_as_float
            )
            summed_2 = summed_2 + select(main_output_accuracy_equal, 1.0, 0.0)
            summed_3 = summed_3 + load(d_dense_5_add, i, j, 1, 1)
            summed_4 = summed_4 + load(d_dense_1_add, i, j, 1, 1)
        store(aux_output_accuracy_sum_1, 0, j, summed)
        store(main_output_accuracy_sum_1, 0, j, summed_2)
        store(d_dense_5_bias, 0, j, summed_3)
        store(d_dense_1_bias, 0, j, summed_4)
        batch_size = full(1, 1, batch)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, batch_size)
        store(copy_2, 0, j, batch_size)
        store(copy_3, 0, j, full(1, 1, batch))
        store(copy_4, 0, j, full(1, 1, batch))


@kernel
def gradient_of_dense_4_add(thread, threads, batch, clock, args):
    """Lines 12, 13. 192 FLOPs a row."""
    d_dense_5_add = matrix(args, 0, batch, 1)
    dense_5_kernel = matrix(args, 1, 64, 1)
    dense_4 = matrix(args, 2, batch, 64)
    d_dense_4_add = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack_t(dense_5_kernel, j, 0, 1, 2, 1)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_5_add, i, k, panel, k, 0)
            d_dense_4_greater = load(dense_4, i, j, ROWS, 2) > 0.0
            store(d_dense_4_add, i, j, select(d_dense_4_greater, acc, 0.0))


@kernel
def gradient_of_dense_5_kernel_parts(thread, threads, batch, clock, args):
    """Line 13 of the model. 128 FLOPs a row."""
    dense_4 = matrix(args, 0, batch, 64)
    d_dense_5_add = matrix(args, 1, batch, 1)
    d_dense_5_kernel_parts = matrix(args, 2, threads * 64, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(0, 64, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, dense_4, k, i, d_dense_5_add, k, j)
            store(d_dense_5_kernel_parts, thread * 64 + i, j, acc)


@kernel
def gradient_of_dense_5_kernel(thread, threads, batch, clock, args):
    """Line 13 of the model. 64 FLOPs."""
    d_dense_5_kernel_parts = matrix(args, 0, threads, 64)
    d_dense_5_kernel = matrix(args, 1, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_5_kernel_parts, i, j, 1, 4)
        store(d_dense_5_kernel, 0, j, summed)


@kernel
def gradient_of_dense_4_bias_parts(thread, threads, batch, clock, args):
    """Line 12 of the model. 64 FLOPs a row."""
    d_dense_4_add = matrix(args, 0, batch, 64)
    d_dense_4_bias_parts = matrix(args, 1, threads, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        acc = zeros(1, 4)
        for i in range(first, last):
            acc = acc + load(d_dense_4_add, i, j, 1, 4)
        store(d_dense_4_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_2_bias(thread, threads, batch, clock, args):
    """Line 12 of the model. 192 FLOPs."""
    d_dense_4_bias_parts = matrix(args, 0, threads, 64)
    d_dense_3_bias_parts = matrix(args, 1, threads, 64)
    d_dense_2_bias_parts = matrix(args, 2, threads, 64)
    d_dense_4_bias = matrix(args, 3, 1, 64)
    d_dense_3_bias = matrix(args, 4, 1, 64)
    d_dense_2_bias = matrix(args, 5, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        summed_3 = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_4_bias_parts, i, j, 1, 4)
            summed_2 = summed_2 + load(d_dense_3_bias_parts, i, j, 1, 4)
            summed_3 = summed_3 + load(d_dense_2_bias_parts, i, j, 1, 4)
        store(d_dense_4_bias, 0, j, summed)
        store(d_dense_3_bias, 0, j, summed_2)
        store(d_dense_2_bias, 0, j, summed_3)


@kernel
def gradient_of_dense_3_add(thread, threads, batch, clock, args):
    """Line 12 of the model. 8,256 FLOPs a row."""
    d_dense_4_add = matrix(args, 0, batch, 64)
    dense_4_kernel = matrix(args, 1, 64, 64)
    dense_3 = matrix(args, 2, batch, 64)
    d_dense_3_add = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack_t(dense_4_kernel, j, 0, 64, 2, 64)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, d_dense_4_add, i, k, panel, k, 0)
            d_dense_3_greater = load(dense_3, i, j, ROWS, 2) > 0.0
            store(d_dense_3_add, i, j, select(d_dense_3_greater, acc, 0.0))


@kernel
def gradient_of_dense_4_kernel_parts(thread, threads, batch, clock, args):
    """Line 12 of the model. 8,192 FLOPs a row."""
    dense_3 = matrix(args, 0, batch, 64)
    d_dense_4_add = matrix(args, 1, batch, 64)
    d_dense_4_kernel_parts = matrix(args, 2, threads * 64, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(0, 64, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, dense_3, k, i, d_dense_4_add, k, j)
            store(d_dense_4_kernel_parts, thread * 64 + i, j, acc)


@kernel
def gradient_of_dense_3_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 8,192 FLOPs."""
    d_dense_4_kernel_parts = matrix(args, 0, threads, 4096)
    d_dense_3_kernel_parts = matrix(args, 1, threads, 4096)
    d_dense_4_kernel = matrix(args, 2, 1, 4096)
    d_dense_3_kernel = matrix(args, 3, 1, 4096)
    first, last = share(4096, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_4_kernel_parts, i, j, 1, 4)
            summed_2 = summed_2 + load(d_dense_3_kernel_parts, i, j, 1, 4)
        store(d_dense_4_kernel, 0, j, summed)
        store(d_dense_3_kernel, 0, j, summed_2)


@kernel
def gradient_of_concatenate_dot(thread, threads, batch, clock, args):
    """Line 12 of the model. 4,736 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 64)
    dense_2_kernel = matrix(args, 1, 37, 64)
    d_concatenate_dot = matrix(args, 2, batch, 37)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 37, 2 * LANES):
        panel = pack_t(dense_2_kernel, j, 0, 64, 2, 64)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, d_dense_2_add, i, k, panel, k, 0)
            store(d_concatenate_dot, i, j, acc)


@kernel
def gradient_of_dense_2_kernel_parts(thread, threads, batch, clock, args):
    """Line 12 of the model. 4,736 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 37)
    d_dense_2_add = matrix(args, 1, batch, 64)
    d_dense_2_kernel_parts = matrix(args, 2, threads * 37, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(0, 37, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, concatenate, k, i, d_dense_2_add, k, j)
            store_rows(d_dense_2_kernel_parts, thread * 37 + i, j, acc, 37 - i)


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 2,368 FLOPs."""
    d_dense_2_kernel_parts = matrix(args, 0, threads, 2368)
    d_dense_2_kernel = matrix(args, 1, 1, 2368)
    first, last = share(2368, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_2_kernel_parts, i, j, 1, 4)
        store(d_dense_2_kernel, 0, j, summed)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 8, 9. 128 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 1)
    dense_1_kernel = matrix(args, 1, 32, 1)
    d_concatenate_dot = matrix(args, 2, batch, 32, 37)
    dense = matrix(args, 3, batch, 32)
    d_dense_add = matrix(args, 4, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 1, 2, 1)
        for i in range(first, last, ROWS):
            prefetch(d_concatenate_dot, i, j, ROWS, 2)
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_1_add, i, k, panel, k, 0)
            d_dense = load(d_concatenate_dot, i, j, ROWS, 2)
            d_dense_1 = d_dense + acc
            d_dense_subtract = 1.0 - square(load(dense, i, j, ROWS, 2))
            store(d_dense_add, i, j, d_dense_1 * d_dense_subtract)


@kernel
def gradient_of_dense_1_kernel_parts(thread, threads, batch, clock, args):
    """Line 9 of the model. 64 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    d_dense_1_add = matrix(args, 1, batch, 1)
    d_dense_1_kernel_parts = matrix(args, 2, threads * 32, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(0, 32, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, dense, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel_parts, thread * 32 + i, j, acc)


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Lines 8, 9. 32 FLOPs."""
    d_dense_1_kernel_parts = matrix(args, 0, threads, 32)
    d_dense_1_kernel = matrix(args, 1, 1, 32)
    first, last = share(32, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        summed = full(1, 2, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_kernel_parts, i, j, 1, 2)
        store(d_dense_1_kernel, 0, j, summed)


@kernel
def gradient_of_dense_bias_parts(thread, threads, batch, clock, args):
    """Line 8 of the model. 32 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 32)
    d_dense_bias_parts = matrix(args, 1, threads, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        acc = zeros(1, 2)
        for i in range(first, last):
            acc = acc + load(d_dense_add, i, j, 1, 2)
        store(d_dense_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 8 of the model. 6,400 FLOPs a row."""
    main_input = matrix(args, 0, batch, 100)
    d_dense_add = matrix(args, 1, batch, 32)
    d_dense_kernel_parts = matrix(args, 2, threads * 100, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(0, 100, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, main_input, k, i, d_dense_add, k, j)
            store_rows(d_dense_kernel_parts, thread * 100 + i, j, acc, 100 - i)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 8 of the model. 3,200 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 3200)
    d_dense_kernel = matrix(args, 1, 1, 3200)
    first, last = share(3200, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 183,456 FLOPs."""
    velocity = matrix(args, 0, 1, 14112)
    gradients = matrix(args, 1, 1, 14112)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 14112)
    first, last = share(14112, 4 * LANES, thread, threads)
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
def compute_aux_output_loss_multiply_1(thread, threads, batch, clock, args):
    """Lines 9, 16. 124 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 1, 32)
    dense_1_bias = matrix(args, 2, 1, 1)
    dense_1 = matrix(args, 3, batch, 1)
    aux_output_target = matrix(args, 4, batch, 1)
    aux_output_sample_weight = matrix(args, 5, batch, 1)
    aux_output_loss_multiply_1 = matrix(args, 6, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 32, LANES):
            rows = load(dense, i, k, ROWS, 1)
            column = load(dense_1_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_1_add = acc + load(dense_1_bias, 0, 0, 1, 1)
        store(dense_1, i, 0, sigmoid(dense_1_add))
        aux_output_loss_log1p = log1p(exp(-absolute(dense_1_add)))
        aux_output_loss_as_float = select(dense_1_add > 0.0, 1.0, 0.0)
        aux_output_target_tile = load(aux_output_target, i, 0, ROWS, 1)
        aux_output_loss_subtract = aux_output_loss_as_float - aux_output_target_tile
        aux_output_loss_multiply = aux_output_loss_subtract * dense_1_add
        aux_output_loss_sigmoid_crossentropy = (
            aux_output_loss_log1p + aux_output_loss_multiply
        )
        aux_output_sample_weight_tile = load(aux_output_sample_weight, i, 0, ROWS, 1)
        aux_output_loss_multiply_1_tile = (
            aux_output_loss_sigmoid_crossentropy * aux_output_sample_weight_tile
        )
        store(aux_output_loss_multiply_1, i, 0, aux_output_loss_multiply_1_tile)


@kernel
def compute_dense_2_2(thread, threads, batch, clock, args):
    """Line 12 of the model. 4,864 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 37)
    dense_2_kernel = matrix(args, 1, 37, 64)
    dense_2_bias = matrix(args, 2, 1, 64)
    dense_2 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(37):
                acc = outer(acc, concatenate, i, k, dense_2_kernel, k, j)
            dense_2_tile = maximum(acc + load(dense_2_bias, 0, j, 1, 4), 0.0)
            store(dense_2, i, j, dense_2_tile)


@kernel
def compute_dense_3_2(thread, threads, batch, clock, args):
    """Line 12 of the model. 8,320 FLOPs a row."""
    dense_2 = matrix(args, 0, batch, 64)
    dense_3_kernel = matrix(args, 1, 64, 64)
    dense_3_bias = matrix(args, 2, 1, 64)
    dense_3 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(64):
                acc = outer(acc, dense_2, i, k, dense_3_kernel, k, j)
            dense_3_tile = maximum(acc + load(dense_3_bias, 0, j, 1, 4), 0.0)
            store(dense_3, i, j, dense_3_tile)


@kernel
def compute_main_output_loss_multiply_1(thread, threads, batch, clock, args):
    """Lines 13, 16. 188 FLOPs a row."""
    dense_4 = matrix(args, 0, batch, 64)
    dense_5_kernel = matrix(args, 1, 1, 64)
    dense_5_bias = matrix(args, 2, 1, 1)
    dense_5 = matrix(args, 3, batch, 1)
    main_output_target = matrix(args, 4, batch, 1)
    main_output_sample_weight = matrix(args, 5, batch, 1)
    main_output_loss_multiply_1 = matrix(args, 6, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 64, LANES):
            rows = load(dense_4, i, k, ROWS, 1)
            column = load(dense_5_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_5_add = acc + load(dense_5_bias, 0, 0, 1, 1)
        store(dense_5, i, 0, sigmoid(dense_5_add))
        main_output_loss_log1p = log1p(exp(-absolute(dense_5_add)))
        main_output_loss_as_float = select(dense_5_add > 0.0, 1.0, 0.0)
        main_output_target_tile = load(main_output_target, i, 0, ROWS, 1)
        main_output_loss_subtract = main_output_loss_as_float - main_output_target_tile
        main_output_loss_multiply = main_output_loss_subtract * dense_5_add
        main_output_loss_sigmoid_crossentropy = (
            main_output_loss_log1p + main_output_loss_multiply
        )
        main_output_sample_weight_tile = load(main_output_sample_weight, i, 0, ROWS, 1)
        main_output_loss_multiply_1_tile = (
            main_output_loss_sigmoid_crossentropy * main_output_sample_weight_tile
        )
        store(main_output_loss_multiply_1, i, 0, main_output_loss_multiply_1_tile)


@kernel
def compute_figures_2(thread, threads, batch, clock, args):
    """Lines 16, 18. 2 FLOPs a row, 5 FLOPs."""
    aux_output_target = matrix(args, 0, batch, 1)
    dense_1 = matrix(args, 1, batch, 1)
    main_output_target = matrix(args, 2, batch, 1)
    dense_5 = matrix(args, 3, batch, 1)
    aux_output_accuracy_sum_1 = matrix(args, 4, 1, 1)
    main_output_accuracy_sum_1 = matrix(args, 5, 1, 1)
    copy = matrix(args, 6, 1, 1)
    copy_1 = matrix(args, 7, 1, 1)
    copy_2 = matrix(args, 8, 1, 1)
    copy_3 = matrix(args, 9, 1, 1)
    copy_4 = matrix(args, 10, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            aux_output_target_tile = load(aux_output_target, i, j, 1, 1)
            aux_output_accuracy_greater = load(dense_1, i, j, 1, 1) > 0.5
            aux_output_accuracy_as_float = select(aux_output_accuracy_greater, 1.0, 0.0)
            aux_output_accuracy_equal = (
                aux_output_target_tile == aux_output_accuracy_as_float
            )
            summed = summed + select(aux_output_accuracy_equal, 1.0, 0.0)
            main_output_target_tile = load(main_output_target, i, j, 1, 1)
            main_output_accuracy_greater = load(dense_5, i, j, 1, 1) > 0.5
            main_output_accuracy_as_float = select(
                main_output_accuracy_greater, 1.0, 0.0
            )
            main_output_accuracy_equal = (
                main_output_target_tile == main_output_accuracy_as_float
            )
            summed_2 = summed_2 + select(main_output_accuracy_equal, 1.0, 0.0)
        store(aux_output_accuracy_sum_1, 0, j, summed)
        store(main_output_accuracy_sum_1, 0, j, summed_2)
        batch_size = full(1, 1, batch)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, batch_size)
        store(copy_2, 0, j, batch_size)
        store(copy_3, 0, j, full(1, 1, batch))
        store(copy_4, 0, j, full(1, 1, batch))


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 85 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 1, 32)
    dense_1_bias = matrix(args, 2, 1, 1)
    dense_1 = matrix(args, 3, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 32, LANES):
            rows = load(dense, i, k, ROWS, 1)
            column = load(dense_1_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        store(dense_1, i, 0, sigmoid(acc + load(dense_1_bias, 0, 0, 1, 1)))


@kernel
def compute_dense_5(thread, threads, batch, clock, args):
    """Line 13 of the model. 149 FLOPs a row."""
    dense_4 = matrix(args, 0, batch, 64)
    dense_5_kernel = matrix(args, 1, 1, 64)
    dense_5_bias = matrix(args, 2, 1, 1)
    dense_5 = matrix(args, 3, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 64, LANES):
            rows = load(dense_4, i, k, ROWS, 1)
            column = load(dense_5_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        store(dense_5, i, 0, sigmoid(acc + load(dense_5_bias, 0, 0, 1, 1)))


@kernel
def compute_dense_2_few(thread, threads, batch, clock, args):
    """Line 12 of the model. 4,864 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 37)
    dense_2_kernel = matrix(args, 1, 37, 64)
    dense_2_bias = matrix(args, 2, 1, 64)
    dense_2 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(37):
                acc = outer(acc, concatenate, i, k, dense_2_kernel, k, j)
            dense_2_tile = maximum(acc + load(dense_2_bias, 0, j, 1, 4), 0.0)
            store(dense_2, i, j, dense_2_tile)


@kernel
def compute_dense_3_few(thread, threads, batch, clock, args):
    """Line 12 of the model. 8,320 FLOPs a row."""
    dense_2 = matrix(args, 0, batch, 64)
    dense_3_kernel = matrix(args, 1, 64, 64)
    dense_3_bias = matrix(args, 2, 1, 64)
    dense_3 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(64):
                acc = outer(acc, dense_2, i, k, dense_3_kernel, k, j)
            dense_3_tile = maximum(acc + load(dense_3_bias, 0, j, 1, 4), 0.0)
            store(dense_3, i, j, dense_3_tile)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    main_input = m.rows(0, 100)
    dense = m.rows(558, 32)
    dense_1 = m.rows(631, 1)
    aux_output_target = m.rows(627, 1)
    aux_output_sample_weight = m.rows(628, 1)
    aux_output_loss_multiply_1 = m.rows(632, 1)
    d_dense_1_add = m.rows(633, 1)
    aux_input = m.rows(622, 5)
    concatenate = m.rows(484, 37)
    dense_2 = m.rows(100, 64)
    dense_3 = m.rows(164, 64)
    dense_4 = m.rows(228, 64)
    dense_5 = m.rows(634, 1)
    main_output_target = m.rows(629, 1)
    main_output_sample_weight = m.rows(630, 1)
    main_output_loss_multiply_1 = m.rows(635, 1)
    d_dense_5_add = m.rows(636, 1)
    d_dense_4_add = m.rows(292, 64)
    d_dense_5_kernel_parts = m.parts(64)
    d_dense_4_bias_parts = m.parts(64)
    d_dense_3_add = m.rows(356, 64)
    d_dense_4_kernel_parts = m.parts(4096)
    d_dense_3_bias_parts = m.parts(64)
    d_dense_2_add = m.rows(420, 64)
    d_dense_3_kernel_parts = m.parts(4096)
    d_dense_2_bias_parts = m.parts(64)
    d_concatenate_dot = m.rows(521, 37)
    d_dense_2_kernel_parts = m.parts(2368)
    d_dense_add = m.rows(590, 32)
    d_dense_1_kernel_parts = m.parts(32)
    d_dense_bias_parts = m.parts(32)
    d_dense_kernel_parts = m.parts(3200)
    return [
        m.feed("main_input", main_input, 100),
        m.feed("aux_input", aux_input, 5),
        m.feed("aux_output_target", aux_output_target, 1),
        m.feed("aux_output_sample_weight", aux_output_sample_weight, 1),
        m.feed("main_output_target", main_output_target, 1),
        m.feed("main_output_sample_weight", main_output_sample_weight, 1),
        compute_dense(
            main_input, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        gradient_of_dense_1_add(
            dense,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
            aux_output_target,
            aux_output_sample_weight,
            aux_output_loss_multiply_1,
            d_dense_1_add,
        ),
        compute_concatenate(dense, aux_input, concatenate),
        compute_dense_2(
            concatenate, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2
        ),
        compute_dense_3(
            dense_2, m.weight("dense_3/kernel"), m.weight("dense_3/bias"), dense_3
        ),
        compute_dense_3(
            dense_3, m.weight("dense_4/kernel"), m.weight("dense_4/bias"), dense_4
        ),
        gradient_of_dense_5_add(
            dense_4,
            m.weight("dense_5/kernel"),
            m.weight("dense_5/bias"),
            dense_5,
            main_output_target,
            main_output_sample_weight,
            main_output_loss_multiply_1,
            d_dense_5_add,
        ),
        gradient_of_dense_4_add(
            d_dense_5_add, m.weight("dense_5/kernel"), dense_4, d_dense_4_add
        ),
        gradient_of_dense_5_kernel_parts(
            dense_4, d_dense_5_add, d_dense_5_kernel_parts
        ),
        gradient_of_dense_4_bias_parts(d_dense_4_add, d_dense_4_bias_parts),
        gradient_of_dense_3_add(
            d_dense_4_add, m.weight("dense_4/kernel"), dense_3, d_dense_3_add
        ),
        gradient_of_dense_4_kernel_parts(
            dense_3, d_dense_4_add, d_dense_4_kernel_parts
        ),
        gradient_of_dense_4_bias_parts(d_dense_3_add, d_dense_3_bias_parts),
        gradient_of_dense_3_add(
            d_dense_3_add, m.weight("dense_3/kernel"), dense_2, d_dense_2_add
        ),
        gradient_of_dense_4_kernel_parts(
            dense_2, d_dense_3_add, d_dense_3_kernel_parts
        ),
        gradient_of_dense_4_bias_parts(d_dense_2_add, d_dense_2_bias_parts),
        gradient_of_concatenate_dot(
            d_dense_2_add, m.weight("dense_2/kernel"), d_concatenate_dot
        ),
        gradient_of_dense_2_kernel_parts(
            concatenate, d_dense_2_add, d_dense_2_kernel_parts
        ),
        gradient_of_dense_add(
            d_dense_1_add,
            m.weight("dense_1/kernel"),
            d_concatenate_dot,
            dense,
            d_dense_add,
        ),
        gradient_of_dense_1_kernel_parts(dense, d_dense_1_add, d_dense_1_kernel_parts),
        gradient_of_dense_bias_parts(d_dense_add, d_dense_bias_parts),
        gradient_of_dense_kernel_parts(main_input, d_dense_add, d_dense_kernel_parts),
        sync,
        compute_figures(
            aux_output_loss_multiply_1,
            main_output_loss_multiply_1,
            m.figure(0),
            m.figure(2),
            m.figure(4),
        ),
        compute_copy_4(
            aux_output_target,
            dense_1,
            main_output_target,
            dense_5,
            d_dense_5_add,
            d_dense_1_add,
            m.figure(6),
            m.figure(8),
            m.gradient("dense_5/bias"),
            m.gradient("dense_1/bias"),
            m.figure(1),
            m.figure(3),
            m.figure(5),
            m.figure(7),
            m.figure(9),
        ),
        gradient_of_dense_5_kernel(
            d_dense_5_kernel_parts, m.gradient("dense_5/kernel")
        ),
        gradient_of_dense_2_bias(
            d_dense_4_bias_parts,
            d_dense_3_bias_parts,
            d_dense_2_bias_parts,
            m.gradient("dense_4/bias"),
            m.gradient("dense_3/bias"),
            m.gradient("dense_2/bias"),
        ),
        gradient_of_dense_3_kernel(
            d_dense_4_kernel_parts,
            d_dense_3_kernel_parts,
            m.gradient("dense_4/kernel"),
            m.gradient("dense_3/kernel"),
        ),
        gradient_of_dense_2_kernel(
            d_dense_2_kernel_parts, m.gradient("dense_2/kernel")
        ),
        gradient_of_dense_1_kernel(
            d_dense_1_kernel_parts, m.gradient("dense_1/kernel")
        ),
        gradient_of_dense_1_kernel(d_dense_bias_parts, m.gradient("dense/bias")),
        gradient_of_dense_kernel(d_dense_kernel_parts, m.gradient("dense/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    main_input = m.rows(0, 100)
    dense = m.rows(329, 32)
    dense_1 = m.rows(370, 1)
    aux_output_target = m.rows(366, 1)
    aux_output_sample_weight = m.rows(367, 1)
    aux_output_loss_multiply_1 = m.rows(371, 1)
    aux_input = m.rows(361, 5)
    concatenate = m.rows(292, 37)
    dense_2 = m.rows(100, 64)
    dense_3 = m.rows(164, 64)
    dense_4 = m.rows(228, 64)
    dense_5 = m.rows(372, 1)
    main_output_target = m.rows(368, 1)
    main_output_sample_weight = m.rows(369, 1)
    main_output_loss_multiply_1 = m.rows(373, 1)
    return [
        m.feed("main_input", main_input, 100),
        m.feed("aux_input", aux_input, 5),
        m.feed("aux_output_target", aux_output_target, 1),
        m.feed("aux_output_sample_weight", aux_output_sample_weight, 1),
        m.feed("main_output_target", main_output_target, 1),
        m.feed("main_output_sample_weight", main_output_sample_weight, 1),
        compute_dense(
            main_input, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_aux_output_loss_multiply_1(
            dense,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
            aux_output_target,
            aux_output_sample_weight,
            aux_output_loss_multiply_1,
        ),
        compute_concatenate(dense, aux_input, concatenate),
        compute_dense_2_2(
            concatenate, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2
        ),
        compute_dense_3_2(
            dense_2, m.weight("dense_3/kernel"), m.weight("dense_3/bias"), dense_3
        ),
        compute_dense_3_2(
            dense_3, m.weight("dense_4/kernel"), m.weight("dense_4/bias"), dense_4
        ),
        compute_main_output_loss_multiply_1(
            dense_4,
            m.weight("dense_5/kernel"),
            m.weight("dense_5/bias"),
            dense_5,
            main_output_target,
            main_output_sample_weight,
            main_output_loss_multiply_1,
        ),
        sync,
        compute_figures(
            aux_output_loss_multiply_1,
            main_output_loss_multiply_1,
            m.figure(0),
            m.figure(2),
            m.figure(4),
        ),
        compute_figures_2(
            aux_output_target,
            dense_1,
            main_output_target,
            dense_5,
            m.figure(6),
            m.figure(8),
            m.figure(1),
            m.figure(3),
            m.figure(5),
            m.figure(7),
            m.figure(9),
        ),
    ]


def predict(m):
    """The outputs of one batch."""
    main_input = m.rows(0, 100)
    dense = m.rows(329, 32)
    dense_1 = m.rows(366, 1)
    aux_input = m.rows(361, 5)
    concatenate = m.rows(292, 37)
    dense_2 = m.rows(100, 64)
    dense_3 = m.rows(164, 64)
    dense_4 = m.rows(228, 64)
    dense_5 = m.rows(367, 1)
    return [
        m.feed("main_input", main_input, 100),
        m.feed("aux_input", aux_input, 5),
        compute_dense(
            main_input, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_concatenate(dense, aux_input, concatenate),
        compute_dense_2_2(
            concatenate, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2
        ),
        compute_dense_3_2(
            dense_2, m.weight("dense_3/kernel"), m.weight("dense_3/bias"), dense_3
        ),
        compute_dense_3_2(
            dense_3, m.weight("dense_4/kernel"), m.weight("dense_4/bias"), dense_4
        ),
        compute_dense_5(
            dense_4, m.weight("dense_5/kernel"), m.weight("dense_5/bias"), dense_5
        ),
        m.result("aux_output", dense_1, 1),
        m.result("main_output", dense_5, 1),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    main_input = m.rows(0, 100)
    dense = m.rows(329, 32)
    dense_1 = m.rows(366, 1)
    aux_input = m.rows(361, 5)
    concatenate = m.rows(292, 37)
    dense_2 = m.rows(100, 64)
    dense_3 = m.rows(164, 64)
    dense_4 = m.rows(228, 64)
    dense_5 = m.rows(367, 1)
    return [
        m.feed("main_input", main_input, 100),
        m.feed("aux_input", aux_input, 5),
        compute_dense(
            main_input, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_concatenate(dense, aux_input, concatenate),
        compute_dense_2_few(
            concatenate, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2
        ),
        compute_dense_3_few(
            dense_2, m.weight("dense_3/kernel"), m.weight("dense_3/bias"), dense_3
        ),
        compute_dense_3_few(
            dense_3, m.weight("dense_4/kernel"), m.weight("dense_4/bias"), dense_4
        ),
        compute_dense_5(
            dense_4, m.weight("dense_5/kernel"), m.weight("dense_5/bias"), dense_5
        ),
        m.result("aux_output", dense_1, 1),
        m.result("main_output", dense_5, 1),
    ]


SPEC = Spec(
    name="TwoInputs",
    source="two_inputs.k",
    version="0.1.0",
    fingerprint="644f8f146dd46b3b-d862355a9ec212b8-09ea087a47328a61",
    inputs=(
        Input("main_input", "float32", (100,)),
        Input("aux_input", "float32", (5,)),
    ),
    outputs=(Output("aux_output", (1,)), Output("main_output", (1,))),
    targets=(
        Target("aux_output", "float32", (1,)),
        Target("main_output", "float32", (1,)),
    ),
    weights=WEIGHTS,
    metrics=(
        Metric("loss", (0, 1)),
        Metric("aux_output_loss", (2, 3)),
        Metric("main_output_loss", (4, 5)),
        Metric("aux_output_accuracy", (6, 7)),
        Metric("main_output_accuracy", (8, 9)),
    ),
    layers=(
        Layer("dense", "Dense", (32,), 3232, 7072, 8, ("dense/kernel", "dense/bias")),
        Layer("dense_1", "Dense", (1,), 33, 85, 9, ("dense_1/kernel", "dense_1/bias")),
        Layer(
            "dense_2",
            "Dense",
            (64,),
            2432,
            4864,
            12,
            ("dense_2/kernel", "dense_2/bias"),
        ),
        Layer(
            "dense_3",
            "Dense",
            (64,),
            4160,
            8320,
            12,
            ("dense_3/kernel", "dense_3/bias"),
        ),
        Layer(
            "dense_4",
            "Dense",
            (64,),
            4160,
            8320,
            12,
            ("dense_4/kernel", "dense_4/bias"),
        ),
        Layer(
            "dense_5", "Dense", (1,), 65, 149, 13, ("dense_5/kernel", "dense_5/bias")
        ),
    ),
    trainable=14112,
    size=14112,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=10,
    feeds=(
        "main_input",
        "aux_input",
        "aux_output_target",
        "main_output_target",
        "aux_output_sample_weight",
        "main_output_sample_weight",
    ),
)


class TwoInputs(Model):
    """A main and an auxiliary judgement from two groups of features."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 637, 0, 78402), Steps(update, 637, 0, 0)),
        gradient=(Steps(gradients, 637, 0, 78402),),
        evaluate=(Steps(evaluate, 374, 0, 28892),),
        predict=(Steps(predict, 368, 0, 28810),),
        few=(Steps(predict_few, 368, 0, 28810),),
    )


SOURCE_NAME = "two_inputs.k"
SOURCE_MAP = {
    "compute_dense": (8,),
    "gradient_of_dense_1_add": (9, 16),
    "compute_concatenate": (10,),
    "compute_dense_2": (12,),
    "compute_dense_3": (12,),
    "gradient_of_dense_5_add": (13, 16),
    "compute_figures": (16,),
    "compute_copy_4": (8, 9, 13, 18),
    "gradient_of_dense_4_add": (12, 13),
    "gradient_of_dense_5_kernel_parts": (13,),
    "gradient_of_dense_5_kernel": (13,),
    "gradient_of_dense_4_bias_parts": (12,),
    "gradient_of_dense_2_bias": (12,),
    "gradient_of_dense_3_add": (12,),
    "gradient_of_dense_4_kernel_parts": (12,),
    "gradient_of_dense_3_kernel": (12,),
    "gradient_of_concatenate_dot": (12,),
    "gradient_of_dense_2_kernel_parts": (12,),
    "gradient_of_dense_2_kernel": (12,),
    "gradient_of_dense_add": (8, 9),
    "gradient_of_dense_1_kernel_parts": (9,),
    "gradient_of_dense_1_kernel": (8, 9),
    "gradient_of_dense_bias_parts": (8,),
    "gradient_of_dense_kernel_parts": (8,),
    "gradient_of_dense_kernel": (8,),
    "update_weights": (),
    "compute_aux_output_loss_multiply_1": (9, 16),
    "compute_dense_2_2": (12,),
    "compute_dense_3_2": (12,),
    "compute_main_output_loss_multiply_1": (13, 16),
    "compute_figures_2": (16, 18),
    "compute_dense_1": (9,),
    "compute_dense_5": (13,),
    "compute_dense_2_few": (12,),
    "compute_dense_3_few": (12,),
}
SOURCE = """\
# Two inputs, two outputs: the first output also steers the layers it shares
# with the second. Losses, their weights, and data go by the outputs' names.

model TwoInputs:
    \"\"\"A main and an auxiliary judgement from two groups of features.\"\"\"
    input main_input: float32[100]
    input aux_input: float32[5]
    code = main_input |> Dense(32, activation="tanh")
    output aux_output = code |> Dense(1, activation="sigmoid")
    x = concatenate([code, aux_input])
    for _ in range(3):  # unrolled: a fresh layer each time round
        x = x |> Dense(64, activation="relu")
    output main_output = x |> Dense(1, activation="sigmoid")
    train:
        optimizer = "rmsprop"
        loss = {"main_output": "binary_crossentropy", "aux_output": "binary_crossentropy"}
        loss_weights = {"main_output": 1.0, "aux_output": 0.2}
        metrics = {"main_output": ["accuracy"], "aux_output": ["accuracy"]}
"""
