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
    select,
    share,
    sigmoid,
    sqrt,
    square,
    store,
    tanh,
    transpose_block,
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
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(100):
                acc = outer(acc, main_input, i, k, dense_kernel, k, j)
            store(dense, i, j, tanh(acc + load(dense_bias, 0, j, 1, 2)))


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 9, 16. 125 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 32, 1)
    dense_1_bias = matrix(args, 2, 1, 1)
    dense_1 = matrix(args, 3, batch, 1)
    aux_output_target = matrix(args, 4, batch, 1)
    aux_output_loss_sigmoid_crossentropy = matrix(args, 5, batch, 1)
    aux_output_sample_weight = matrix(args, 6, batch, 1)
    d_dense_1_add = matrix(args, 7, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(32):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_add = acc + load(dense_1_bias, 0, j, 1, 1)
            dense_1_tile = sigmoid(dense_1_add)
            store(dense_1, i, j, dense_1_tile)
            aux_output_loss_log1p = log1p(exp(-absolute(dense_1_add)))
            aux_output_loss_as_float = select(dense_1_add > 0.0, 1.0, 0.0)
            aux_output_target_tile = load(aux_output_target, i, j, ROWS, 1)
            aux_output_loss_subtract = aux_output_loss_as_float - aux_output_target_tile
            aux_output_loss_multiply = aux_output_loss_subtract * dense_1_add
            aux_output_loss_sigmoid_crossentropy_tile = (
                aux_output_loss_log1p + aux_output_loss_multiply
            )
            store(
                aux_output_loss_sigmoid_crossentropy,
                i,
                j,
                aux_output_loss_sigmoid_crossentropy_tile,
            )
            d_aux_output_loss_subtract = dense_1_tile - aux_output_target_tile
            d_aux_output_loss_sum_2 = 0.2 / full(1, 1, batch)
            aux_output_sample_weight_tile = load(
                aux_output_sample_weight, i, j, ROWS, 1
            )
            d_aux_output_loss_sum = (
                d_aux_output_loss_sum_2 * aux_output_sample_weight_tile
            )
            d_dense_1_add_tile = d_aux_output_loss_sum * d_aux_output_loss_subtract
            store(d_dense_1_add, i, j, d_dense_1_add_tile)


@kernel
def compute_concatenate(thread, threads, batch, clock, args):
    """Line 10 of the model."""
    dense = matrix(args, 0, batch, 32)
    aux_input = matrix(args, 1, batch, 5)
    concatenate = matrix(args, 2, batch, 37)
    first, last = share(batch, ROWS, thread, threads)
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
    first, last = share(batch, ROWS, thread, threads)
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
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, dense_2, i, k, dense_3_kernel, k, j)
            dense_3_tile = maximum(acc + load(dense_3_bias, 0, j, 1, 2), 0.0)
            store(dense_3, i, j, dense_3_tile)


@kernel
def gradient_of_dense_5_add(thread, threads, batch, clock, args):
    """Lines 13, 16. 189 FLOPs a row."""
    dense_4 = matrix(args, 0, batch, 64)
    dense_5_kernel = matrix(args, 1, 64, 1)
    dense_5_bias = matrix(args, 2, 1, 1)
    dense_5 = matrix(args, 3, batch, 1)
    main_output_target = matrix(args, 4, batch, 1)
    main_output_loss_sigmoid_crossentropy = matrix(args, 5, batch, 1)
    main_output_sample_weight = matrix(args, 6, batch, 1)
    d_dense_5_add = matrix(args, 7, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(64):
                acc = outer(acc, dense_4, i, k, dense_5_kernel, k, j)
            dense_5_add = acc + load(dense_5_bias, 0, j, 1, 1)
            dense_5_tile = sigmoid(dense_5_add)
            store(dense_5, i, j, dense_5_tile)
            main_output_loss_log1p = log1p(exp(-absolute(dense_5_add)))
            main_output_loss_as_float = select(dense_5_add > 0.0, 1.0, 0.0)
            main_output_target_tile = load(main_output_target, i, j, ROWS, 1)
            main_output_loss_subtract = (
                main_output_loss_as_float - main_output_target_tile
            )
            main_output_loss_multiply = main_output_loss_subtract * dense_5_add
            main_output_loss_sigmoid_crossentropy_tile = (
                main_output_loss_log1p + main_output_loss_multiply
            )
            store(
                main_output_loss_sigmoid_crossentropy,
                i,
                j,
                main_output_loss_sigmoid_crossentropy_tile,
            )
            d_main_output_loss_subtract = dense_5_tile - main_output_target_tile
            d_main_output_loss_sum_2 = 1.0 / full(1, 1, batch)
            main_output_sample_weight_tile = load(
                main_output_sample_weight, i, j, ROWS, 1
            )
            d_main_output_loss_sum = (
                d_main_output_loss_sum_2 * main_output_sample_weight_tile
            )
            d_dense_5_add_tile = d_main_output_loss_sum * d_main_output_loss_subtract
            store(d_dense_5_add, i, j, d_dense_5_add_tile)


@kernel
def compute_main_output_accuracy_sum(thread, threads, batch, clock, args):
    """Lines 16, 18. 6 FLOPs a row."""
    aux_output_loss_sigmoid_crossentropy = matrix(args, 0, batch, 1)
    aux_output_sample_weight = matrix(args, 1, batch, 1)
    aux_output_loss_multiply_1 = matrix(args, 2, batch, 1)
    main_output_loss_sigmoid_crossentropy = matrix(args, 3, batch, 1)
    main_output_sample_weight = matrix(args, 4, batch, 1)
    main_output_loss_multiply_1 = matrix(args, 5, batch, 1)
    aux_output_target = matrix(args, 6, batch, 1)
    dense_1 = matrix(args, 7, batch, 1)
    aux_output_accuracy_sum = matrix(args, 8, batch, 1)
    main_output_target = matrix(args, 9, batch, 1)
    dense_5 = matrix(args, 10, batch, 1)
    main_output_accuracy_sum = matrix(args, 11, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        aux_output_loss_sigmoid_crossentropy_tile = load(
            aux_output_loss_sigmoid_crossentropy, i, 0, 2, 1
        )
        aux_output_loss_sum = aux_output_loss_sigmoid_crossentropy_tile
        aux_output_sample_weight_tile = load(aux_output_sample_weight, i, 0, 2, 1)
        aux_output_loss_multiply_1_tile = (
            aux_output_loss_sum * aux_output_sample_weight_tile
        )
        store(aux_output_loss_multiply_1, i, 0, aux_output_loss_multiply_1_tile)
        main_output_loss_sigmoid_crossentropy_tile = load(
            main_output_loss_sigmoid_crossentropy, i, 0, 2, 1
        )
        main_output_loss_sum = main_output_loss_sigmoid_crossentropy_tile
        main_output_sample_weight_tile = load(main_output_sample_weight, i, 0, 2, 1)
        main_output_loss_multiply_1_tile = (
            main_output_loss_sum * main_output_sample_weight_tile
        )
        store(main_output_loss_multiply_1, i, 0, main_output_loss_multiply_1_tile)
        aux_output_target_tile = load(aux_output_target, i, 0, 2, 1)
        aux_output_accuracy_greater = load(dense_1, i, 0, 2, 1) > 0.5
        aux_output_accuracy_as_float = select(aux_output_accuracy_greater, 1.0, 0.0)
        aux_output_accuracy_equal = (
            aux_output_target_tile == aux_output_accuracy_as_float
        )
        aux_output_accuracy_as_float_1 = select(aux_output_accuracy_equal, 1.0, 0.0)
        store(aux_output_accuracy_sum, i, 0, aux_output_accuracy_as_float_1)
        main_output_target_tile = load(main_output_target, i, 0, 2, 1)
        main_output_accuracy_greater = load(dense_5, i, 0, 2, 1) > 0.5
        main_output_accuracy_as_float = select(main_output_accuracy_greater, 1.0, 0.0)
        main_output_accuracy_equal = (
            main_output_target_tile == main_output_accuracy_as_float
        )
        main_output_accuracy_as_float_1 = select(main_output_accuracy_equal, 1.0, 0.0)
        main_output_accuracy_sum_tile = main_output_accuracy_as_float_1
        store(main_output_accuracy_sum, i, 0, main_output_accuracy_sum_tile)


@kernel
def compute_multiply_3(thread, threads, batch, clock, args):
    """Line 16 of the model. 2 FLOPs a row, 12 FLOPs."""
    aux_output_loss_multiply_1 = matrix(args, 0, batch, 1)
    main_output_loss_multiply_1 = matrix(args, 1, batch, 1)
    multiply_1 = matrix(args, 2, 1, 1)
    multiply_2 = matrix(args, 3, 1, 1)
    multiply_3 = matrix(args, 4, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        total__2 = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(aux_output_loss_multiply_1, i, j, 1, 1)
            total__2 = total__2 + load(main_output_loss_multiply_1, i, j, 1, 1)
        aux_output_loss = total_ / full(1, 1, batch)
        main_output_loss = total__2 / full(1, 1, batch)
        add = (aux_output_loss * 0.2) + main_output_loss
        batch_size = full(1, 1, batch)
        store(multiply_1, 0, j, add * batch_size)
        store(multiply_2, 0, j, aux_output_loss * batch_size)
        store(multiply_3, 0, j, main_output_loss * batch_size)


@kernel
def compute_copy_4(thread, threads, batch, clock, args):
    """Lines 8, 9, 13, 18. 4 FLOPs a row, 5 FLOPs."""
    aux_output_accuracy_sum = matrix(args, 0, batch, 1)
    main_output_accuracy_sum = matrix(args, 1, batch, 1)
    d_dense_5_add = matrix(args, 2, batch, 1)
    d_dense_1_add = matrix(args, 3, batch, 1)
    aux_output_accuracy_sum_1 = matrix(args, 4, 1, 1)
    main_output_accuracy_sum_1 = matrix(args, 5, 1, 1)
    d_dense_5_bias = matrix(args, 6, 1, 1)
    d_dense_1_bias = matrix(args, 7, 1, 1)
    copy = matrix(args, 8, 1, 1)
    copy_1 = matrix(args, 9, 1, 1)
    copy_2 = matrix(args, 10, 1, 1)
    copy_3 = matrix(args, 11, 1, 1)
    copy_4 = matrix(args, 12, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        total__2 = full(1, 1, 0.0)
        total__3 = full(1, 1, 0.0)
        total__4 = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(aux_output_accuracy_sum, i, j, 1, 1)
            total__2 = total__2 + load(main_output_accuracy_sum, i, j, 1, 1)
            total__3 = total__3 + load(d_dense_5_add, i, j, 1, 1)
            total__4 = total__4 + load(d_dense_1_add, i, j, 1, 1)
        store(aux_output_accuracy_sum_1, 0, j, total_)
        store(main_output_accuracy_sum_1, 0, j, total__2)
        store(d_dense_5_bias, 0, j, total__3)
        store(d_dense_1_bias, 0, j, total__4)
        batch_size = full(1, 1, batch)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))
        store(copy_2, 0, j, full(1, 1, batch))
        store(copy_3, 0, j, batch_size)
        store(copy_4, 0, j, batch_size)


@kernel
def transpose_dense_5_kernel(thread, threads, batch, clock, args):
    """Line 13 of the model."""
    dense_5_kernel = matrix(args, 0, 64, 1)
    d_dense_4_transpose = matrix(args, 1, 1, 64)
    first, last = share(64, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 1, LANES):
            transpose_block(dense_5_kernel, i, j, d_dense_4_transpose)


@kernel
def gradient_of_dense_4_add(thread, threads, batch, clock, args):
    """Lines 12, 13. 192 FLOPs a row."""
    d_dense_5_add = matrix(args, 0, batch, 1)
    d_dense_4_transpose = matrix(args, 1, 1, 64)
    dense_4 = matrix(args, 2, batch, 64)
    d_dense_4_add = matrix(args, 3, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_5_add, i, k, d_dense_4_transpose, k, j)
            d_dense_4_greater = load(dense_4, i, j, ROWS, 2) > 0.0
            store(d_dense_4_add, i, j, select(d_dense_4_greater, acc, 0.0))


@kernel
def gradient_of_dense_5_kernel(thread, threads, batch, clock, args):
    """Line 13 of the model. 128 FLOPs a row."""
    dense_4 = matrix(args, 0, batch, 64)
    d_dense_5_add = matrix(args, 1, batch, 1)
    d_dense_5_kernel = matrix(args, 2, 64, 1)
    first, last = share(64, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dense_4, k, i, d_dense_5_add, k, j)
            store(d_dense_5_kernel, i, j, acc)


@kernel
def gradient_of_dense_2_bias(thread, threads, batch, clock, args):
    """Line 12 of the model. 192 FLOPs a row."""
    d_dense_4_add = matrix(args, 0, batch, 64)
    d_dense_3_add = matrix(args, 1, batch, 64)
    d_dense_2_add = matrix(args, 2, batch, 64)
    d_dense_4_bias = matrix(args, 3, 1, 64)
    d_dense_3_bias = matrix(args, 4, 1, 64)
    d_dense_2_bias = matrix(args, 5, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        total_ = full(1, 4, 0.0)
        total__2 = full(1, 4, 0.0)
        total__3 = full(1, 4, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_dense_4_add, i, j, 1, 4)
            total__2 = total__2 + load(d_dense_3_add, i, j, 1, 4)
            total__3 = total__3 + load(d_dense_2_add, i, j, 1, 4)
        store(d_dense_4_bias, 0, j, total_)
        store(d_dense_3_bias, 0, j, total__2)
        store(d_dense_2_bias, 0, j, total__3)


@kernel
def transpose_dense_4_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    dense_4_kernel = matrix(args, 0, 64, 64)
    d_dense_3_transpose = matrix(args, 1, 64, 64)
    first, last = share(64, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 64, LANES):
            transpose_block(dense_4_kernel, i, j, d_dense_3_transpose)


@kernel
def gradient_of_dense_3_add(thread, threads, batch, clock, args):
    """Line 12 of the model. 8,256 FLOPs a row."""
    d_dense_4_add = matrix(args, 0, batch, 64)
    d_dense_3_transpose = matrix(args, 1, 64, 64)
    dense_3 = matrix(args, 2, batch, 64)
    d_dense_3_add = matrix(args, 3, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, d_dense_4_add, i, k, d_dense_3_transpose, k, j)
            d_dense_3_greater = load(dense_3, i, j, ROWS, 2) > 0.0
            store(d_dense_3_add, i, j, select(d_dense_3_greater, acc, 0.0))


@kernel
def gradient_of_dense_4_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 8,192 FLOPs a row."""
    dense_3 = matrix(args, 0, batch, 64)
    d_dense_4_add = matrix(args, 1, batch, 64)
    d_dense_4_kernel = matrix(args, 2, 64, 64)
    first, last = share(64, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch):
                acc = outer_t(acc, dense_3, k, i, d_dense_4_add, k, j)
            store(d_dense_4_kernel, i, j, acc)


@kernel
def transpose_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    dense_2_kernel = matrix(args, 0, 37, 64)
    d_concatenate_transpose = matrix(args, 1, 64, 37)
    first, last = share(37, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 64, LANES):
            transpose_block(dense_2_kernel, i, j, d_concatenate_transpose)


@kernel
def gradient_of_concatenate_dot(thread, threads, batch, clock, args):
    """Line 12 of the model. 4,736 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 64)
    d_concatenate_transpose = matrix(args, 1, 64, 37)
    d_concatenate_dot = matrix(args, 2, batch, 37)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 37, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, d_dense_2_add, i, k, d_concatenate_transpose, k, j)
            store(d_concatenate_dot, i, j, acc)


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 4,736 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 37)
    d_dense_2_add = matrix(args, 1, batch, 64)
    d_dense_2_kernel = matrix(args, 2, 37, 64)
    first, last = share(64, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        for i in range(0, 37, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch):
                acc = outer_t(acc, concatenate, k, i, d_dense_2_add, k, j)
            store(d_dense_2_kernel, i, j, acc)


@kernel
def transpose_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 9 of the model."""
    dense_1_kernel = matrix(args, 0, 32, 1)
    d_dense_1_transpose = matrix(args, 1, 1, 32)
    first, last = share(32, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 1, LANES):
            transpose_block(dense_1_kernel, i, j, d_dense_1_transpose)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 8, 9. 128 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 1)
    d_dense_1_transpose = matrix(args, 1, 1, 32)
    d_concatenate_dot = matrix(args, 2, batch, 32, 37)
    dense = matrix(args, 3, batch, 32)
    d_dense_add = matrix(args, 4, batch, 32)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_1_add, i, k, d_dense_1_transpose, k, j)
            d_dense = load(d_concatenate_dot, i, j, ROWS, 2)
            d_dense_1 = d_dense + acc
            d_dense_subtract = 1.0 - square(load(dense, i, j, ROWS, 2))
            store(d_dense_add, i, j, d_dense_1 * d_dense_subtract)


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 9 of the model. 64 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    d_dense_1_add = matrix(args, 1, batch, 1)
    d_dense_1_kernel = matrix(args, 2, 32, 1)
    first, last = share(32, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dense, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Line 8 of the model. 32 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 32)
    d_dense_bias = matrix(args, 1, 1, 32)
    first, last = share(32, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        total_ = full(1, 2, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_dense_add, i, j, 1, 2)
        store(d_dense_bias, 0, j, total_)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 8 of the model. 6,400 FLOPs a row."""
    main_input = matrix(args, 0, batch, 100)
    d_dense_add = matrix(args, 1, batch, 32)
    d_dense_kernel = matrix(args, 2, 100, 32)
    first, last = share(100, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch):
                acc = outer_t(acc, main_input, k, i, d_dense_add, k, j)
            store(d_dense_kernel, i, j, acc)


@kernel
def compute_subtract(thread, threads, batch, clock, args):
    """All weights at once. 183,456 FLOPs."""
    velocity = matrix(args, 0, 1, 14112)
    gradients = matrix(args, 1, 1, 14112)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 14112)
    first, last = share(14112, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        gradients_tile = load(gradients, 0, j, 1, 4)
        multiply_1 = 0.1 * square(gradients_tile)
        add_tile = (0.9 * load(velocity, 0, j, 1, 4)) + multiply_1
        store(velocity, 0, j, add_tile)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        divide = (learning_rate_2 * gradients_tile) / sqrt(add_tile + 1e-07)
        store(weights, 0, j, load(weights, 0, j, 1, 4) - divide)


@kernel
def compute_aux_output_loss_sigmoid_crossentropy(thread, threads, batch, clock, args):
    """Lines 9, 16. 123 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 32, 1)
    dense_1_bias = matrix(args, 2, 1, 1)
    dense_1 = matrix(args, 3, batch, 1)
    aux_output_target = matrix(args, 4, batch, 1)
    aux_output_loss_sigmoid_crossentropy = matrix(args, 5, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(32):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_add = acc + load(dense_1_bias, 0, j, 1, 1)
            store(dense_1, i, j, sigmoid(dense_1_add))
            aux_output_loss_log1p = log1p(exp(-absolute(dense_1_add)))
            aux_output_loss_as_float = select(dense_1_add > 0.0, 1.0, 0.0)
            aux_output_target_tile = load(aux_output_target, i, j, ROWS, 1)
            aux_output_loss_subtract = aux_output_loss_as_float - aux_output_target_tile
            aux_output_loss_multiply = aux_output_loss_subtract * dense_1_add
            aux_output_loss_sigmoid_crossentropy_tile = (
                aux_output_loss_log1p + aux_output_loss_multiply
            )
            store(
                aux_output_loss_sigmoid_crossentropy,
                i,
                j,
                aux_output_loss_sigmoid_crossentropy_tile,
            )


@kernel
def compute_dense_2_2(thread, threads, batch, clock, args):
    """Line 12 of the model. 4,864 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 37)
    dense_2_kernel = matrix(args, 1, 37, 64)
    dense_2_bias = matrix(args, 2, 1, 64)
    dense_2 = matrix(args, 3, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
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
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(64):
                acc = outer(acc, dense_2, i, k, dense_3_kernel, k, j)
            dense_3_tile = maximum(acc + load(dense_3_bias, 0, j, 1, 4), 0.0)
            store(dense_3, i, j, dense_3_tile)


@kernel
def compute_main_output_loss_sigmoid_crossentropy(thread, threads, batch, clock, args):
    """Lines 13, 16. 187 FLOPs a row."""
    dense_4 = matrix(args, 0, batch, 64)
    dense_5_kernel = matrix(args, 1, 64, 1)
    dense_5_bias = matrix(args, 2, 1, 1)
    dense_5 = matrix(args, 3, batch, 1)
    main_output_target = matrix(args, 4, batch, 1)
    main_output_loss_sigmoid_crossentropy = matrix(args, 5, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(64):
                acc = outer(acc, dense_4, i, k, dense_5_kernel, k, j)
            dense_5_add = acc + load(dense_5_bias, 0, j, 1, 1)
            store(dense_5, i, j, sigmoid(dense_5_add))
            main_output_loss_log1p = log1p(exp(-absolute(dense_5_add)))
            main_output_loss_as_float = select(dense_5_add > 0.0, 1.0, 0.0)
            main_output_target_tile = load(main_output_target, i, j, ROWS, 1)
            main_output_loss_subtract = (
                main_output_loss_as_float - main_output_target_tile
            )
            main_output_loss_multiply = main_output_loss_subtract * dense_5_add
            main_output_loss_sigmoid_crossentropy_tile = (
                main_output_loss_log1p + main_output_loss_multiply
            )
            store(
                main_output_loss_sigmoid_crossentropy,
                i,
                j,
                main_output_loss_sigmoid_crossentropy_tile,
            )


@kernel
def compute_copy_4_2(thread, threads, batch, clock, args):
    """Lines 16, 18. 2 FLOPs a row, 5 FLOPs."""
    aux_output_accuracy_sum = matrix(args, 0, batch, 1)
    main_output_accuracy_sum = matrix(args, 1, batch, 1)
    aux_output_accuracy_sum_1 = matrix(args, 2, 1, 1)
    main_output_accuracy_sum_1 = matrix(args, 3, 1, 1)
    copy = matrix(args, 4, 1, 1)
    copy_1 = matrix(args, 5, 1, 1)
    copy_2 = matrix(args, 6, 1, 1)
    copy_3 = matrix(args, 7, 1, 1)
    copy_4 = matrix(args, 8, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        total__2 = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(aux_output_accuracy_sum, i, j, 1, 1)
            total__2 = total__2 + load(main_output_accuracy_sum, i, j, 1, 1)
        store(aux_output_accuracy_sum_1, 0, j, total_)
        store(main_output_accuracy_sum_1, 0, j, total__2)
        batch_size = full(1, 1, batch)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))
        store(copy_2, 0, j, full(1, 1, batch))
        store(copy_3, 0, j, batch_size)
        store(copy_4, 0, j, batch_size)


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 85 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 32, 1)
    dense_1_bias = matrix(args, 2, 1, 1)
    dense_1 = matrix(args, 3, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(32):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            store(dense_1, i, j, sigmoid(acc + load(dense_1_bias, 0, j, 1, 1)))


@kernel
def compute_dense_5(thread, threads, batch, clock, args):
    """Line 13 of the model. 149 FLOPs a row."""
    dense_4 = matrix(args, 0, batch, 64)
    dense_5_kernel = matrix(args, 1, 64, 1)
    dense_5_bias = matrix(args, 2, 1, 1)
    dense_5 = matrix(args, 3, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(64):
                acc = outer(acc, dense_4, i, k, dense_5_kernel, k, j)
            store(dense_5, i, j, sigmoid(acc + load(dense_5_bias, 0, j, 1, 1)))


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    main_input = m.rows(0, 100)
    dense = m.rows(558, 32)
    dense_1 = m.rows(301, 1)
    aux_output_target = m.rows(297, 1)
    aux_output_loss_sigmoid_crossentropy = m.rows(302, 1)
    aux_output_sample_weight = m.rows(298, 1)
    d_dense_1_add = m.rows(622, 1)
    aux_input = m.rows(292, 5)
    concatenate = m.rows(484, 37)
    dense_2 = m.rows(100, 64)
    dense_3 = m.rows(164, 64)
    dense_4 = m.rows(228, 64)
    dense_5 = m.rows(303, 1)
    main_output_target = m.rows(299, 1)
    main_output_loss_sigmoid_crossentropy = m.rows(304, 1)
    main_output_sample_weight = m.rows(300, 1)
    d_dense_5_add = m.rows(623, 1)
    aux_output_loss_multiply_1 = m.rows(624, 1)
    main_output_loss_multiply_1 = m.rows(625, 1)
    aux_output_accuracy_sum = m.rows(626, 1)
    main_output_accuracy_sum = m.rows(627, 1)
    d_dense_4_transpose = m.fixed(10560, 64)
    d_dense_3_transpose = m.fixed(0, 4096)
    d_dense_2_transpose = m.fixed(4096, 4096)
    d_concatenate_transpose = m.fixed(8192, 2368)
    d_dense_1_transpose = m.fixed(10624, 32)
    d_dense_4_add = m.rows(292, 64)
    d_dense_3_add = m.rows(356, 64)
    d_dense_2_add = m.rows(420, 64)
    d_concatenate_dot = m.rows(521, 37)
    d_dense_add = m.rows(590, 32)
    return [
        m.feed("main_input", main_input, 100),
        m.feed("aux_input", aux_input, 5),
        m.feed("aux_output_target", aux_output_target, 1),
        m.feed("aux_output_sample_weight", aux_output_sample_weight, 1),
        m.feed("main_output_target", main_output_target, 1),
        m.feed("main_output_sample_weight", main_output_sample_weight, 1),
        compute_dense(
            main_input,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
        ),
        gradient_of_dense_1_add(
            dense,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
            aux_output_target,
            aux_output_loss_sigmoid_crossentropy,
            aux_output_sample_weight,
            d_dense_1_add,
        ),
        compute_concatenate(dense, aux_input, concatenate),
        compute_dense_2(
            concatenate,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_2,
        ),
        compute_dense_3(
            dense_2,
            m.weight("dense_3/kernel"),
            m.weight("dense_3/bias"),
            dense_3,
        ),
        compute_dense_3(
            dense_3,
            m.weight("dense_4/kernel"),
            m.weight("dense_4/bias"),
            dense_4,
        ),
        gradient_of_dense_5_add(
            dense_4,
            m.weight("dense_5/kernel"),
            m.weight("dense_5/bias"),
            dense_5,
            main_output_target,
            main_output_loss_sigmoid_crossentropy,
            main_output_sample_weight,
            d_dense_5_add,
        ),
        compute_main_output_accuracy_sum(
            aux_output_loss_sigmoid_crossentropy,
            aux_output_sample_weight,
            aux_output_loss_multiply_1,
            main_output_loss_sigmoid_crossentropy,
            main_output_sample_weight,
            main_output_loss_multiply_1,
            aux_output_target,
            dense_1,
            aux_output_accuracy_sum,
            main_output_target,
            dense_5,
            main_output_accuracy_sum,
        ),
        transpose_dense_5_kernel(m.weight("dense_5/kernel"), d_dense_4_transpose),
        transpose_dense_4_kernel(m.weight("dense_4/kernel"), d_dense_3_transpose),
        transpose_dense_4_kernel(m.weight("dense_3/kernel"), d_dense_2_transpose),
        transpose_dense_2_kernel(m.weight("dense_2/kernel"), d_concatenate_transpose),
        transpose_dense_1_kernel(m.weight("dense_1/kernel"), d_dense_1_transpose),
        sync,
        compute_multiply_3(
            aux_output_loss_multiply_1,
            main_output_loss_multiply_1,
            m.figure(0),
            m.figure(6),
            m.figure(8),
        ),
        gradient_of_dense_4_add(
            d_dense_5_add,
            d_dense_4_transpose,
            dense_4,
            d_dense_4_add,
        ),
        gradient_of_dense_3_add(
            d_dense_4_add,
            d_dense_3_transpose,
            dense_3,
            d_dense_3_add,
        ),
        gradient_of_dense_3_add(
            d_dense_3_add,
            d_dense_2_transpose,
            dense_2,
            d_dense_2_add,
        ),
        gradient_of_concatenate_dot(
            d_dense_2_add,
            d_concatenate_transpose,
            d_concatenate_dot,
        ),
        gradient_of_dense_add(
            d_dense_1_add,
            d_dense_1_transpose,
            d_concatenate_dot,
            dense,
            d_dense_add,
        ),
        compute_copy_4(
            aux_output_accuracy_sum,
            main_output_accuracy_sum,
            d_dense_5_add,
            d_dense_1_add,
            m.figure(2),
            m.figure(4),
            m.gradient("dense_5/bias"),
            m.gradient("dense_1/bias"),
            m.figure(1),
            m.figure(3),
            m.figure(5),
            m.figure(7),
            m.figure(9),
        ),
        gradient_of_dense_5_kernel(
            dense_4,
            d_dense_5_add,
            m.gradient("dense_5/kernel"),
        ),
        gradient_of_dense_1_kernel(dense, d_dense_1_add, m.gradient("dense_1/kernel")),
        sync,
        gradient_of_dense_2_bias(
            d_dense_4_add,
            d_dense_3_add,
            d_dense_2_add,
            m.gradient("dense_4/bias"),
            m.gradient("dense_3/bias"),
            m.gradient("dense_2/bias"),
        ),
        gradient_of_dense_4_kernel(
            dense_3,
            d_dense_4_add,
            m.gradient("dense_4/kernel"),
        ),
        gradient_of_dense_4_kernel(
            dense_2,
            d_dense_3_add,
            m.gradient("dense_3/kernel"),
        ),
        gradient_of_dense_2_kernel(
            concatenate,
            d_dense_2_add,
            m.gradient("dense_2/kernel"),
        ),
        gradient_of_dense_bias(d_dense_add, m.gradient("dense/bias")),
        gradient_of_dense_kernel(main_input, d_dense_add, m.gradient("dense/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        compute_subtract(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    main_input = m.rows(0, 100)
    dense = m.rows(329, 32)
    dense_1 = m.rows(370, 1)
    aux_output_target = m.rows(366, 1)
    aux_output_loss_sigmoid_crossentropy = m.rows(371, 1)
    aux_input = m.rows(361, 5)
    concatenate = m.rows(292, 37)
    dense_2 = m.rows(100, 64)
    dense_3 = m.rows(164, 64)
    dense_4 = m.rows(228, 64)
    dense_5 = m.rows(372, 1)
    main_output_target = m.rows(368, 1)
    main_output_loss_sigmoid_crossentropy = m.rows(373, 1)
    aux_output_sample_weight = m.rows(367, 1)
    aux_output_loss_multiply_1 = m.rows(374, 1)
    main_output_sample_weight = m.rows(369, 1)
    main_output_loss_multiply_1 = m.rows(375, 1)
    aux_output_accuracy_sum = m.rows(376, 1)
    main_output_accuracy_sum = m.rows(377, 1)
    return [
        m.feed("main_input", main_input, 100),
        m.feed("aux_input", aux_input, 5),
        m.feed("aux_output_target", aux_output_target, 1),
        m.feed("aux_output_sample_weight", aux_output_sample_weight, 1),
        m.feed("main_output_target", main_output_target, 1),
        m.feed("main_output_sample_weight", main_output_sample_weight, 1),
        compute_dense(
            main_input,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
        ),
        compute_aux_output_loss_sigmoid_crossentropy(
            dense,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
            aux_output_target,
            aux_output_loss_sigmoid_crossentropy,
        ),
        compute_concatenate(dense, aux_input, concatenate),
        compute_dense_2_2(
            concatenate,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_2,
        ),
        compute_dense_3_2(
            dense_2,
            m.weight("dense_3/kernel"),
            m.weight("dense_3/bias"),
            dense_3,
        ),
        compute_dense_3_2(
            dense_3,
            m.weight("dense_4/kernel"),
            m.weight("dense_4/bias"),
            dense_4,
        ),
        compute_main_output_loss_sigmoid_crossentropy(
            dense_4,
            m.weight("dense_5/kernel"),
            m.weight("dense_5/bias"),
            dense_5,
            main_output_target,
            main_output_loss_sigmoid_crossentropy,
        ),
        compute_main_output_accuracy_sum(
            aux_output_loss_sigmoid_crossentropy,
            aux_output_sample_weight,
            aux_output_loss_multiply_1,
            main_output_loss_sigmoid_crossentropy,
            main_output_sample_weight,
            main_output_loss_multiply_1,
            aux_output_target,
            dense_1,
            aux_output_accuracy_sum,
            main_output_target,
            dense_5,
            main_output_accuracy_sum,
        ),
        sync,
        compute_multiply_3(
            aux_output_loss_multiply_1,
            main_output_loss_multiply_1,
            m.figure(0),
            m.figure(6),
            m.figure(8),
        ),
        compute_copy_4_2(
            aux_output_accuracy_sum,
            main_output_accuracy_sum,
            m.figure(2),
            m.figure(4),
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
            main_input,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
        ),
        compute_dense_1(
            dense,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
        ),
        compute_concatenate(dense, aux_input, concatenate),
        compute_dense_2_2(
            concatenate,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_2,
        ),
        compute_dense_3_2(
            dense_2,
            m.weight("dense_3/kernel"),
            m.weight("dense_3/bias"),
            dense_3,
        ),
        compute_dense_3_2(
            dense_3,
            m.weight("dense_4/kernel"),
            m.weight("dense_4/bias"),
            dense_4,
        ),
        compute_dense_5(
            dense_4,
            m.weight("dense_5/kernel"),
            m.weight("dense_5/bias"),
            dense_5,
        ),
        m.result("aux_output", dense_1, 1),
        m.result("main_output", dense_5, 1),
    ]


SPEC = Spec(
    name="TwoInputs",
    source="two_inputs.k",
    version="0.1.0",
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
        Metric("aux_output_accuracy", (2, 3)),
        Metric("main_output_accuracy", (4, 5)),
        Metric("aux_output_loss", (6, 7)),
        Metric("main_output_loss", (8, 9)),
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
            "dense_5",
            "Dense",
            (1,),
            65,
            149,
            13,
            ("dense_5/kernel", "dense_5/bias"),
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
        train=(Steps(gradients, 628, 10656, 78406), Steps(update, 628, 10656, 0)),
        gradient=(Steps(gradients, 628, 10656, 78406),),
        evaluate=(Steps(evaluate, 378, 0, 28896),),
        predict=(Steps(predict, 368, 0, 28810),),
    )


SOURCE_NAME = "two_inputs.k"
SOURCE_MAP = {
    "compute_dense": (8,),
    "gradient_of_dense_1_add": (9, 16),
    "compute_concatenate": (10,),
    "compute_dense_2": (12,),
    "compute_dense_3": (12,),
    "gradient_of_dense_5_add": (13, 16),
    "compute_main_output_accuracy_sum": (16, 18),
    "compute_multiply_3": (16,),
    "compute_copy_4": (8, 9, 13, 18),
    "transpose_dense_5_kernel": (13,),
    "gradient_of_dense_4_add": (12, 13),
    "gradient_of_dense_5_kernel": (13,),
    "gradient_of_dense_2_bias": (12,),
    "transpose_dense_4_kernel": (12,),
    "gradient_of_dense_3_add": (12,),
    "gradient_of_dense_4_kernel": (12,),
    "transpose_dense_2_kernel": (12,),
    "gradient_of_concatenate_dot": (12,),
    "gradient_of_dense_2_kernel": (12,),
    "transpose_dense_1_kernel": (9,),
    "gradient_of_dense_add": (8, 9),
    "gradient_of_dense_1_kernel": (9,),
    "gradient_of_dense_bias": (8,),
    "gradient_of_dense_kernel": (8,),
    "compute_subtract": (),
    "compute_aux_output_loss_sigmoid_crossentropy": (9, 16),
    "compute_dense_2_2": (12,),
    "compute_dense_3_2": (12,),
    "compute_main_output_loss_sigmoid_crossentropy": (13, 16),
    "compute_copy_4_2": (16, 18),
    "compute_dense_1": (9,),
    "compute_dense_5": (13,),
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
