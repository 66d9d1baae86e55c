"""SameAuthor, as native code.

Built by kgen 0.1.0 from 12_same_author.k; edit that, not this.

layer        kind         output        weights  line
read         LSTM         (batch, 64)    82,176    11
concatenate  Concatenate  (batch, 128)        0    12
dense        Dense        (batch, 1)        129    12
total        SameAuthor                  82,305
"""

from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, vectors_for
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
    outer,
    outer_t,
    pack,
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

VECTORS_64 = vectors_for(64)

WEIGHTS = (
    Weight("read/lstm_cell/kernel", (256, 256), 0, "GlorotUniform", {"seed": None}),
    Weight(
        "read/lstm_cell/recurrent_kernel",
        (64, 256),
        65536,
        "Orthogonal",
        {"gain": 1.0, "seed": None},
    ),
    Weight(
        "read/lstm_cell/bias",
        (256,),
        81920,
        "UnitForgetBias",
        {"kind": "Zeros", "arguments": {}},
    ),
    Weight("dense/kernel", (128, 1), 82176, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (1,), 82304, "Zeros", {}),
)


@kernel
def compute_read_start(thread, threads, batch, clock, args):
    """Line 12 of the model. 64 FLOPs a row."""
    read_start = matrix(args, 0, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        store(read_start, i, 0, full(1, 1, 0.0) + zeros(1, VECTORS_64))


@kernel
def compute_read_add(thread, threads, batch, clock, args):
    """Line 12 of the model. 36,771,840 FLOPs a row."""
    a = matrix(args, 0, batch * 280, 256)
    read_lstm_cell_kernel = matrix(args, 1, 256, 256)
    read_lstm_cell_bias = matrix(args, 2, 1, 256)
    read_add = matrix(args, 3, batch * 280, 256)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 256, 2 * LANES):
        panel = pack(read_lstm_cell_kernel, 0, j, 256, 2)
        for i in range(first * 280, last * 280, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(256):
                acc = outer(acc, a, i, k, panel, k, 0)
            store(read_add, i, j, acc + load(read_lstm_cell_bias, 0, j, 1, 2))


@kernel
def compute_read_add_2(thread, threads, batch, clock, args):
    """Line 12 of the model. 33,024 FLOPs a row."""
    read_start_before = matrix(args, 0, batch, 64)
    read_lstm_cell_recurrent_kernel = matrix(args, 1, 64, 256)
    read_add_step = matrix(args, 2, batch, 256, 71680)
    read_add = matrix(args, 3, batch, 256)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 256, 2 * LANES):
        panel = pack(read_lstm_cell_recurrent_kernel, 0, j, 64, 2)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, read_start_before, i, k, panel, k, 0)
            store(read_add, i, j, load(read_add_step, i, j, ROWS, 2) + acc)


@kernel
def compute_copy_1(thread, threads, batch, clock, args):
    """Line 12 of the model. 6,784 FLOPs a row."""
    read_add = matrix(args, 0, batch, 64, 256)
    read_sigmoid = matrix(args, 1, batch, 64)
    read_start_1_before = matrix(args, 2, batch, 64)
    read_add_2 = matrix(args, 3, batch, 64, 256)
    read_sigmoid_1 = matrix(args, 4, batch, 64)
    read_add_3 = matrix(args, 5, batch, 64, 256)
    read_tanh = matrix(args, 6, batch, 64)
    read_add_1 = matrix(args, 7, batch, 64)
    read_add_4 = matrix(args, 8, batch, 64, 256)
    read_sigmoid_2 = matrix(args, 9, batch, 64)
    read_tanh_1 = matrix(args, 10, batch, 64)
    read_multiply_2 = matrix(args, 11, batch, 64)
    copy = matrix(args, 12, batch, 64)
    read_start_before = matrix(args, 13, batch, 64)
    copy_1 = matrix(args, 14, batch, 64, 17920)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        read_sigmoid_tile = sigmoid(load(read_add, i, 0, 1, VECTORS_64))
        store(read_sigmoid, i, 0, read_sigmoid_tile)
        read_start_1_before_tile = load(read_start_1_before, i, 0, 1, VECTORS_64)
        read_multiply = read_sigmoid_tile * read_start_1_before_tile
        read_sigmoid_1_tile = sigmoid(load(read_add_2, i, 0, 1, VECTORS_64))
        store(read_sigmoid_1, i, 0, read_sigmoid_1_tile)
        read_tanh_tile = tanh(load(read_add_3, i, 0, 1, VECTORS_64))
        store(read_tanh, i, 0, read_tanh_tile)
        read_multiply_1 = read_sigmoid_1_tile * read_tanh_tile
        read_add_1_tile = read_multiply + read_multiply_1
        store(read_add_1, i, 0, read_add_1_tile)
        read_sigmoid_2_tile = sigmoid(load(read_add_4, i, 0, 1, VECTORS_64))
        store(read_sigmoid_2, i, 0, read_sigmoid_2_tile)
        read_tanh_1_tile = tanh(read_add_1_tile)
        store(read_tanh_1, i, 0, read_tanh_1_tile)
        store(read_multiply_2, i, 0, read_sigmoid_2_tile * read_tanh_1_tile)
        store(copy, i, 0, read_start_1_before_tile)
        store(copy_1, i, 0, load(read_start_before, i, 0, 1, VECTORS_64))


@kernel
def compute_concatenate(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    read = matrix(args, 0, batch, 64)
    read_1 = matrix(args, 1, batch, 64)
    concatenate = matrix(args, 2, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j, load(read, i, j, 1, 4))
        for j in range(0, 64, 4 * LANES):
            store(concatenate, i, j + 64, load(read_1, i, j, 1, 4))


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 12, 15. 317 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 128, 1)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    same_target = matrix(args, 4, batch, 1)
    same_loss_sigmoid_crossentropy = matrix(args, 5, batch, 1)
    same_sample_weight = matrix(args, 6, batch, 1)
    d_dense_add = matrix(args, 7, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(128):
                acc = outer(acc, concatenate, i, k, dense_kernel, k, j)
            dense_add = acc + load(dense_bias, 0, j, 1, 1)
            dense_tile = sigmoid(dense_add)
            store(dense, i, j, dense_tile)
            same_loss_log1p = log1p(exp(-absolute(dense_add)))
            same_loss_as_float = select(dense_add > 0.0, 1.0, 0.0)
            same_target_tile = load(same_target, i, j, ROWS, 1)
            same_loss_subtract = same_loss_as_float - same_target_tile
            same_loss_multiply = same_loss_subtract * dense_add
            same_loss_sigmoid_crossentropy_tile = same_loss_log1p + same_loss_multiply
            store(
                same_loss_sigmoid_crossentropy,
                i,
                j,
                same_loss_sigmoid_crossentropy_tile,
            )
            d_same_loss_sum_2 = 1.0 / full(1, 1, batch)
            same_sample_weight_tile = load(same_sample_weight, i, j, ROWS, 1)
            d_same_loss_sum = d_same_loss_sum_2 * same_sample_weight_tile
            d_dense_add_tile = d_same_loss_sum * (dense_tile - same_target_tile)
            store(d_dense_add, i, j, d_dense_add_tile)


@kernel
def compute_accuracy_sum(thread, threads, batch, clock, args):
    """Lines 15, 16. 3 FLOPs a row."""
    same_loss_sigmoid_crossentropy = matrix(args, 0, batch, 1)
    same_sample_weight = matrix(args, 1, batch, 1)
    same_loss_multiply_1 = matrix(args, 2, batch, 1)
    same_target = matrix(args, 3, batch, 1)
    dense = matrix(args, 4, batch, 1)
    accuracy_sum = matrix(args, 5, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        same_loss_sum = load(same_loss_sigmoid_crossentropy, i, 0, 2, 1)
        same_sample_weight_tile = load(same_sample_weight, i, 0, 2, 1)
        same_loss_multiply_1_tile = same_loss_sum * same_sample_weight_tile
        store(same_loss_multiply_1, i, 0, same_loss_multiply_1_tile)
        accuracy_as_float = select(load(dense, i, 0, 2, 1) > 0.5, 1.0, 0.0)
        accuracy_equal = load(same_target, i, 0, 2, 1) == accuracy_as_float
        store(accuracy_sum, i, 0, select(accuracy_equal, 1.0, 0.0))


@kernel
def compute_multiply(thread, threads, batch, clock, args):
    """Line 15 of the model. 1 FLOPs a row, 5 FLOPs."""
    same_loss_multiply_1 = matrix(args, 0, batch, 1)
    multiply = matrix(args, 1, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(same_loss_multiply_1, i, j, 1, 1)
        same_loss = total_ / full(1, 1, batch)
        store(multiply, 0, j, same_loss * full(1, 1, batch))


@kernel
def compute_copy_1_2(thread, threads, batch, clock, args):
    """Lines 12, 16. 2 FLOPs a row, 2 FLOPs."""
    accuracy_sum = matrix(args, 0, batch, 1)
    d_dense_add = matrix(args, 1, batch, 1)
    accuracy_sum_1 = matrix(args, 2, 1, 1)
    d_dense_bias = matrix(args, 3, 1, 1)
    copy = matrix(args, 4, 1, 1)
    copy_1 = matrix(args, 5, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        total__2 = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(accuracy_sum, i, j, 1, 1)
            total__2 = total__2 + load(d_dense_add, i, j, 1, 1)
        store(accuracy_sum_1, 0, j, total_)
        store(d_dense_bias, 0, j, total__2)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def transpose_dense_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    dense_kernel = matrix(args, 0, 128, 1)
    d_concatenate_transpose = matrix(args, 1, 1, 128)
    first, last = share(128, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 1, LANES):
            transpose_block(dense_kernel, i, j, d_concatenate_transpose)


@kernel
def gradient_of_concatenate_dot(thread, threads, batch, clock, args):
    """Line 12 of the model. 256 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 1)
    d_concatenate_transpose = matrix(args, 1, 1, 128)
    d_concatenate_dot = matrix(args, 2, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_add, i, k, d_concatenate_transpose, k, j)
            store(d_concatenate_dot, i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 256 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 128)
    d_dense_add = matrix(args, 1, batch, 1)
    d_dense_kernel = matrix(args, 2, 128, 1)
    first, last = share(128, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, concatenate, k, i, d_dense_add, k, j)
            store(d_dense_kernel, i, j, acc)


@kernel
def gradient_of_read(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    d_concatenate_dot = matrix(args, 0, batch, 128)
    d_read = matrix(args, 1, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 64, 4 * LANES):
            store(d_read, i, j, load(d_concatenate_dot, i, j, 1, 4))


@kernel
def gradient_of_read_1(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    d_concatenate_dot = matrix(args, 0, batch, 128)
    d_read_1 = matrix(args, 1, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 64, 4 * LANES):
            store(d_read_1, i, j, load(d_concatenate_dot, i, j + 64, 1, 4))


@kernel
def transpose_read_lstm_cell_recurrent_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    read_lstm_cell_recurrent_kernel = matrix(args, 0, 64, 256)
    d_read_start_2_before_1_transpose = matrix(args, 1, 256, 64)
    first, last = share(64, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 256, LANES):
            transpose_block(
                read_lstm_cell_recurrent_kernel, i, j, d_read_start_2_before_1_transpose
            )


@kernel
def compute_concatenate_2(thread, threads, batch, clock, args):
    """Line 12 of the model. 960 FLOPs a row."""
    d_read_start_2_before = matrix(args, 0, batch, 64)
    read_tanh_1 = matrix(args, 1, batch, 64)
    read_sigmoid_2 = matrix(args, 2, batch, 64)
    d_read_start_3_before = matrix(args, 3, batch, 64)
    read_tanh = matrix(args, 4, batch, 64)
    read_sigmoid_1 = matrix(args, 5, batch, 64)
    read_start_3_before = matrix(args, 6, batch, 64)
    read_sigmoid = matrix(args, 7, batch, 64)
    d_read_start_3_before_1 = matrix(args, 8, batch, 64)
    concatenate_2 = matrix(args, 9, batch, 64, 71680)
    concatenate_2_2 = matrix(args, 10, batch, 64, 71680)
    concatenate_2_3 = matrix(args, 11, batch, 64, 71680)
    concatenate_2_4 = matrix(args, 12, batch, 64, 71680)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        d_read_start_2_before_tile = load(d_read_start_2_before, i, 0, 1, VECTORS_64)
        read_tanh_1_tile = load(read_tanh_1, i, 0, 1, VECTORS_64)
        d_read_sigmoid_2 = d_read_start_2_before_tile * read_tanh_1_tile
        read_sigmoid_2_tile = load(read_sigmoid_2, i, 0, 1, VECTORS_64)
        d_read_tanh_1 = d_read_start_2_before_tile * read_sigmoid_2_tile
        d_read_multiply_2 = d_read_tanh_1 * (1.0 - square(read_tanh_1_tile))
        d_read_start_3_before_tile = load(d_read_start_3_before, i, 0, 1, VECTORS_64)
        d_read_add_1 = d_read_start_3_before_tile + d_read_multiply_2
        d_read_subtract_1 = 1.0 - read_sigmoid_2_tile
        d_read_multiply_3 = read_sigmoid_2_tile * d_read_subtract_1
        d_read_slice_axis_3 = d_read_sigmoid_2 * d_read_multiply_3
        read_tanh_tile = load(read_tanh, i, 0, 1, VECTORS_64)
        d_read_sigmoid_1 = d_read_add_1 * read_tanh_tile
        read_sigmoid_1_tile = load(read_sigmoid_1, i, 0, 1, VECTORS_64)
        d_read_tanh = d_read_add_1 * read_sigmoid_1_tile
        d_read_slice_axis_2 = d_read_tanh * (1.0 - square(read_tanh_tile))
        d_read_subtract_3 = 1.0 - read_sigmoid_1_tile
        d_read_multiply_8 = read_sigmoid_1_tile * d_read_subtract_3
        d_read_slice_axis = d_read_sigmoid_1 * d_read_multiply_8
        read_start_3_before_tile = load(read_start_3_before, i, 0, 1, VECTORS_64)
        d_read_sigmoid = d_read_add_1 * read_start_3_before_tile
        read_sigmoid_tile = load(read_sigmoid, i, 0, 1, VECTORS_64)
        d_read_start_3_before_1_tile = d_read_add_1 * read_sigmoid_tile
        store(d_read_start_3_before_1, i, 0, d_read_start_3_before_1_tile)
        d_read_multiply_12 = read_sigmoid_tile * (1.0 - read_sigmoid_tile)
        d_read_slice_axis_1 = d_read_sigmoid * d_read_multiply_12
        store(concatenate_2, i, 0, d_read_slice_axis)
        store(concatenate_2_2, i, 0, d_read_slice_axis_1)
        store(concatenate_2_3, i, 0, d_read_slice_axis_2)
        store(concatenate_2_4, i, 0, d_read_slice_axis_3)


@kernel
def gradient_of_read_start_2_before_1_dot(thread, threads, batch, clock, args):
    """Line 12 of the model. 32,768 FLOPs a row."""
    concatenate_2 = matrix(args, 0, batch, 256, 71680)
    d_read_start_2_before_1_transpose = matrix(args, 1, 256, 64)
    d_read_start_2_before_1_dot = matrix(args, 2, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(256):
                acc = outer(
                    acc, concatenate_2, i, k, d_read_start_2_before_1_transpose, k, j
                )
            store(d_read_start_2_before_1_dot, i, j, acc)


@kernel
def gradient_of_read_lstm_cell_recurrent_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 9,175,040 FLOPs a row."""
    d_read_scan_output_10 = matrix(args, 0, batch * 280, 64)
    d_read_add_1 = matrix(args, 1, batch * 280, 256)
    d_read_lstm_cell_recurrent_kernel = matrix(args, 2, 64, 256)
    first, last = share(256, 2 * LANES, thread, threads)
    for start in range(0, batch * 280, 256):
        count = min(256, batch * 280 - start)
        for j in range(first, last, 2 * LANES):
            panel = pack(d_read_add_1, start, j, 256, 2, count)
            for i in range(0, 64, ROWS):
                acc = zeros(ROWS, 2)
                if start > 0:
                    acc = load(d_read_lstm_cell_recurrent_kernel, i, j, ROWS, 2)
                for k in range(count):
                    acc = outer_t(acc, d_read_scan_output_10, start + k, i, panel, k, 0)
                store(d_read_lstm_cell_recurrent_kernel, i, j, acc)


@kernel
def gradient_of_read_sum(thread, threads, batch, clock, args):
    """Line 12 of the model. 143,360 FLOPs a row."""
    d_read_add_1 = matrix(args, 0, batch * 280, 256)
    d_read_add = matrix(args, 1, batch * 280, 256)
    d_read_lstm_cell_bias_sum = matrix(args, 2, batch, 256)
    d_read_sum = matrix(args, 3, batch, 256)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 256, 4 * LANES):
            total_ = full(1, 4, 0.0)
            total__2 = full(1, 4, 0.0)
            for i in range(280):
                total_ = total_ + load(d_read_add_1, o * 280 + i, j, 1, 4)
                total__2 = total__2 + load(d_read_add, o * 280 + i, j, 1, 4)
            store(d_read_lstm_cell_bias_sum, o, j, total_)
            store(d_read_sum, o, j, total__2)


@kernel
def gradient_of_read_lstm_cell_bias_1(thread, threads, batch, clock, args):
    """Line 12 of the model. 512 FLOPs a row, 256 FLOPs."""
    d_read_lstm_cell_bias_sum = matrix(args, 0, batch, 256)
    d_read_sum = matrix(args, 1, batch, 256)
    d_read_lstm_cell_bias_1 = matrix(args, 2, 1, 256)
    first, last = share(256, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        total_ = full(1, 4, 0.0)
        total__2 = full(1, 4, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_read_lstm_cell_bias_sum, i, j, 1, 4)
            total__2 = total__2 + load(d_read_sum, i, j, 1, 4)
        store(d_read_lstm_cell_bias_1, 0, j, total_ + total__2)


@kernel
def gradient_of_read_lstm_cell_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 36,700,160 FLOPs a row."""
    b = matrix(args, 0, batch * 280, 256)
    d_read_add_1 = matrix(args, 1, batch * 280, 256)
    d_read_lstm_cell_kernel = matrix(args, 2, 256, 256)
    first, last = share(256, ROWS, thread, threads)
    for start in range(0, batch * 280, 256):
        count = min(256, batch * 280 - start)
        for j in range(0, 256, 2 * LANES):
            panel = pack(d_read_add_1, start, j, 256, 2, count)
            for i in range(first, last, ROWS):
                acc = zeros(ROWS, 2)
                if start > 0:
                    acc = load(d_read_lstm_cell_kernel, i, j, ROWS, 2)
                for k in range(count):
                    acc = outer_t(acc, b, start + k, i, panel, k, 0)
                store(d_read_lstm_cell_kernel, i, j, acc)


@kernel
def gradient_of_read_lstm_cell_recurrent_kernel_1(thread, threads, batch, clock, args):
    """Line 12 of the model. 16,384 FLOPs."""
    d_read_lstm_cell_recurrent_kernel = matrix(args, 0, 64, 256)
    d_read_dot_3 = matrix(args, 1, 64, 256)
    d_read_lstm_cell_recurrent_kernel_1 = matrix(args, 2, 64, 256)
    first, last = share(64, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 256, 4 * LANES):
            d_read_lstm_cell_recurrent_kernel_tile = load(
                d_read_lstm_cell_recurrent_kernel, i, j, 1, 4
            )
            d_read_dot_3_tile = load(d_read_dot_3, i, j, 1, 4)
            d_read_lstm_cell_recurrent_kernel_1_tile = (
                d_read_lstm_cell_recurrent_kernel_tile + d_read_dot_3_tile
            )
            store(
                d_read_lstm_cell_recurrent_kernel_1,
                i,
                j,
                d_read_lstm_cell_recurrent_kernel_1_tile,
            )


@kernel
def gradient_of_read_lstm_cell_kernel_1(thread, threads, batch, clock, args):
    """Line 12 of the model. 65,536 FLOPs."""
    d_read_lstm_cell_kernel = matrix(args, 0, 256, 256)
    d_read_dot_5 = matrix(args, 1, 256, 256)
    d_read_lstm_cell_kernel_1 = matrix(args, 2, 256, 256)
    first, last = share(256, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 256, 4 * LANES):
            d_read_lstm_cell_kernel_tile = load(d_read_lstm_cell_kernel, i, j, 1, 4)
            d_read_dot_5_tile = load(d_read_dot_5, i, j, 1, 4)
            d_read_lstm_cell_kernel_1_tile = (
                d_read_lstm_cell_kernel_tile + d_read_dot_5_tile
            )
            store(d_read_lstm_cell_kernel_1, i, j, d_read_lstm_cell_kernel_1_tile)


@kernel
def compute_subtract(thread, threads, batch, clock, args):
    """All weights at once. 1,070,160 FLOPs."""
    velocity = matrix(args, 0, 1, 82320)
    gradients = matrix(args, 1, 1, 82320)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 82320)
    first, last = share(82320, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        gradients_tile = load(gradients, 0, j, 1, 4)
        multiply_1 = 0.1 * square(gradients_tile)
        add_tile = (0.9 * load(velocity, 0, j, 1, 4)) + multiply_1
        store(velocity, 0, j, add_tile)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        divide = (learning_rate_2 * gradients_tile) / sqrt(add_tile + 1e-07)
        store(weights, 0, j, load(weights, 0, j, 1, 4) - divide)


@kernel
def compute_read_multiply_2(thread, threads, batch, clock, args):
    """Line 12 of the model. 6,656 FLOPs a row."""
    read_add = matrix(args, 0, batch, 64, 256)
    read_start_1_before = matrix(args, 1, batch, 64)
    read_add_2 = matrix(args, 2, batch, 64, 256)
    read_add_3 = matrix(args, 3, batch, 64, 256)
    read_add_1 = matrix(args, 4, batch, 64)
    read_add_4 = matrix(args, 5, batch, 64, 256)
    read_multiply_2 = matrix(args, 6, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        read_sigmoid = sigmoid(load(read_add, i, 0, 1, VECTORS_64))
        read_start_1_before_tile = load(read_start_1_before, i, 0, 1, VECTORS_64)
        read_multiply = read_sigmoid * read_start_1_before_tile
        read_sigmoid_1 = sigmoid(load(read_add_2, i, 0, 1, VECTORS_64))
        read_tanh = tanh(load(read_add_3, i, 0, 1, VECTORS_64))
        read_add_1_tile = read_multiply + (read_sigmoid_1 * read_tanh)
        store(read_add_1, i, 0, read_add_1_tile)
        read_sigmoid_2 = sigmoid(load(read_add_4, i, 0, 1, VECTORS_64))
        store(read_multiply_2, i, 0, read_sigmoid_2 * tanh(read_add_1_tile))


@kernel
def compute_same_loss_sigmoid_crossentropy(thread, threads, batch, clock, args):
    """Lines 12, 15. 315 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 128, 1)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    same_target = matrix(args, 4, batch, 1)
    same_loss_sigmoid_crossentropy = matrix(args, 5, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(128):
                acc = outer(acc, concatenate, i, k, dense_kernel, k, j)
            dense_add = acc + load(dense_bias, 0, j, 1, 1)
            store(dense, i, j, sigmoid(dense_add))
            same_loss_log1p = log1p(exp(-absolute(dense_add)))
            same_loss_as_float = select(dense_add > 0.0, 1.0, 0.0)
            same_target_tile = load(same_target, i, j, ROWS, 1)
            same_loss_subtract = same_loss_as_float - same_target_tile
            same_loss_multiply = same_loss_subtract * dense_add
            same_loss_sigmoid_crossentropy_tile = same_loss_log1p + same_loss_multiply
            store(
                same_loss_sigmoid_crossentropy,
                i,
                j,
                same_loss_sigmoid_crossentropy_tile,
            )


@kernel
def compute_copy_1_3(thread, threads, batch, clock, args):
    """Line 16 of the model. 1 FLOPs a row, 2 FLOPs."""
    accuracy_sum = matrix(args, 0, batch, 1)
    accuracy_sum_1 = matrix(args, 1, 1, 1)
    copy = matrix(args, 2, 1, 1)
    copy_1 = matrix(args, 3, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(accuracy_sum, i, j, 1, 1)
        store(accuracy_sum_1, 0, j, total_)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 12 of the model. 277 FLOPs a row."""
    concatenate = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 128, 1)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(128):
                acc = outer(acc, concatenate, i, k, dense_kernel, k, j)
            store(dense, i, j, sigmoid(acc + load(dense_bias, 0, j, 1, 1)))


@kernel
def compute_read_add_3(thread, threads, batch, clock, args):
    """Line 12 of the model. 36,771,840 FLOPs a row."""
    a = matrix(args, 0, batch * 280, 256)
    read_lstm_cell_kernel = matrix(args, 1, 256, 256)
    read_lstm_cell_bias = matrix(args, 2, 1, 256)
    read_add = matrix(args, 3, batch * 280, 256)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 256, 4 * LANES):
        for i in range(first * 280, last * 280, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(256):
                acc = outer(acc, a, i, k, read_lstm_cell_kernel, k, j)
            store(read_add, i, j, acc + load(read_lstm_cell_bias, 0, j, 1, 4))


@kernel
def compute_read_add_4(thread, threads, batch, clock, args):
    """Line 12 of the model. 33,024 FLOPs a row."""
    read_start_before = matrix(args, 0, batch, 64)
    read_lstm_cell_recurrent_kernel = matrix(args, 1, 64, 256)
    read_add_step = matrix(args, 2, batch, 256, 71680)
    read_add = matrix(args, 3, batch, 256)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 256, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(64):
                acc = outer(
                    acc, read_start_before, i, k, read_lstm_cell_recurrent_kernel, k, j
                )
            store(read_add, i, j, load(read_add_step, i, j, HALF_ROWS, 4) + acc)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    read_start = m.rows(538368, 64)
    a = m.rows(0, 71680)
    read_add = m.rows(143360, 71680)
    d_read_scan_output_13 = m.rows(286720, 17920)
    d_read_scan_output_14 = m.rows(304640, 17920)
    d_read_scan_output_15 = m.rows(322560, 17920)
    d_read_scan_output_16 = m.rows(340480, 17920)
    d_read_scan_output_17 = m.rows(358400, 17920)
    d_read_scan_output_18 = m.rows(376320, 17920)
    d_read_scan_output_22 = m.rows(394240, 17920)
    read = m.rows(538240, 64)
    read_start_before = m.rows(538304, 64)
    read_start_1_before = m.rows(538432, 64)
    read_start_1_before_2 = m.rows(538496, 64)
    read_add_2 = m.rows(537600, 256)
    b = m.rows(71680, 71680)
    read_add_1 = m.rows(215040, 71680)
    d_read_scan_output_1 = m.rows(412160, 17920)
    d_read_scan_output_2 = m.rows(430080, 17920)
    d_read_scan_output_3 = m.rows(448000, 17920)
    d_read_scan_output_4 = m.rows(465920, 17920)
    d_read_scan_output_5 = m.rows(483840, 17920)
    d_read_scan_output_6 = m.rows(501760, 17920)
    d_read_scan_output_10 = m.rows(519680, 17920)
    read_1 = m.rows(538560, 64)
    read_start_2_before = m.rows(538624, 64)
    read_start_3_before = m.rows(538688, 64)
    read_start_3_before_2 = m.rows(538752, 64)
    read_add_3 = m.rows(537856, 256)
    concatenate = m.rows(538112, 128)
    dense = m.rows(538818, 1)
    same_target = m.rows(538816, 1)
    same_loss_sigmoid_crossentropy = m.rows(538819, 1)
    same_sample_weight = m.rows(538817, 1)
    d_dense_add = m.rows(539072, 1)
    same_loss_multiply_1 = m.rows(539073, 1)
    accuracy_sum = m.rows(539074, 1)
    d_concatenate_transpose = m.fixed(16384, 128)
    d_read_start_2_before_1_transpose = m.fixed(0, 16384)
    d_concatenate_dot = m.rows(538240, 128)
    d_read = m.rows(538432, 64)
    d_read_1 = m.rows(538496, 64)
    d_read_add_1 = m.rows(143360, 71680)
    d_read_start_2_before = m.rows(538560, 64)
    d_read_start_2_before_2 = m.rows(538624, 64)
    d_read_start_3_before = m.rows(538688, 64)
    d_read_start_3_before_2 = m.rows(538752, 64)
    d_read_add = m.rows(215040, 71680)
    d_read_start_before = m.rows(538816, 64)
    d_read_start_before_2 = m.rows(538880, 64)
    d_read_start_1_before = m.rows(538944, 64)
    d_read_start_1_before_2 = m.rows(539008, 64)
    d_read_lstm_cell_bias_sum = m.rows(537600, 256)
    d_read_sum = m.rows(537856, 256)
    d_read_lstm_cell_recurrent_kernel = m.fixed(131072, 16384)
    d_read_lstm_cell_kernel = m.fixed(0, 65536)
    d_read_dot_3 = m.fixed(147456, 16384)
    d_read_dot_5 = m.fixed(65536, 65536)
    read_turns = (read, read_start_before)
    read_start_1_before_turns = (read_start_1_before, read_start_1_before_2)

    def read_step(t):
        read_start_before_ = read_turns[(280 - t) % 2] if t else read_start
        read_start_1_before_ = (
            read_start_1_before_turns[(280 - t) % 2] if t else read_start
        )
        read_add_1_ = read_start_1_before_turns[(279 - t) % 2]
        read_multiply_2 = read_turns[(279 - t) % 2]
        return [
            compute_read_add_2(
                read_start_before_,
                m.weight("read/lstm_cell/recurrent_kernel"),
                read_add.at(t * 256),
                read_add_2,
            ),
            compute_copy_1(
                read_add_2.at(64),
                d_read_scan_output_14.at(t * 64 * m.capacity),
                read_start_1_before_,
                read_add_2,
                d_read_scan_output_15.at(t * 64 * m.capacity),
                read_add_2.at(128),
                d_read_scan_output_16.at(t * 64 * m.capacity),
                read_add_1_,
                read_add_2.at(192),
                d_read_scan_output_17.at(t * 64 * m.capacity),
                d_read_scan_output_18.at(t * 64 * m.capacity),
                read_multiply_2,
                d_read_scan_output_13.at(t * 64 * m.capacity),
                read_start_before_,
                d_read_scan_output_22.at(t * 64),
            ),
        ]

    read_1_turns = (read_1, read_start_2_before)
    read_start_3_before_turns = (read_start_3_before, read_start_3_before_2)

    def read_step_2(t):
        read_start_2_before_ = read_1_turns[(280 - t) % 2] if t else read_start
        read_start_3_before_ = (
            read_start_3_before_turns[(280 - t) % 2] if t else read_start
        )
        read_add_1_ = read_start_3_before_turns[(279 - t) % 2]
        read_multiply_2 = read_1_turns[(279 - t) % 2]
        return [
            compute_read_add_2(
                read_start_2_before_,
                m.weight("read/lstm_cell/recurrent_kernel"),
                read_add_1.at(t * 256),
                read_add_3,
            ),
            compute_copy_1(
                read_add_3.at(64),
                d_read_scan_output_2.at(t * 64 * m.capacity),
                read_start_3_before_,
                read_add_3,
                d_read_scan_output_3.at(t * 64 * m.capacity),
                read_add_3.at(128),
                d_read_scan_output_4.at(t * 64 * m.capacity),
                read_add_1_,
                read_add_3.at(192),
                d_read_scan_output_5.at(t * 64 * m.capacity),
                d_read_scan_output_6.at(t * 64 * m.capacity),
                read_multiply_2,
                d_read_scan_output_1.at(t * 64 * m.capacity),
                read_start_2_before_,
                d_read_scan_output_10.at(t * 64),
            ),
        ]

    d_read_start_2_before_turns = (d_read_start_2_before, d_read_start_2_before_2)
    d_read_start_3_before_turns = (d_read_start_3_before, d_read_start_3_before_2)

    def d_read_step(t):
        d_read_start_2_before_ = (
            d_read_start_2_before_turns[(280 - t) % 2] if t else d_read_1
        )
        d_read_start_3_before_ = (
            d_read_start_3_before_turns[(280 - t) % 2] if t else read_start
        )
        d_read_start_3_before_1 = d_read_start_3_before_turns[(279 - t) % 2]
        d_read_start_2_before_1_dot = d_read_start_2_before_turns[(279 - t) % 2]
        return [
            compute_concatenate_2(
                d_read_start_2_before_,
                d_read_scan_output_6.at((279 - t) * 64 * m.capacity),
                d_read_scan_output_5.at((279 - t) * 64 * m.capacity),
                d_read_start_3_before_,
                d_read_scan_output_4.at((279 - t) * 64 * m.capacity),
                d_read_scan_output_3.at((279 - t) * 64 * m.capacity),
                d_read_scan_output_1.at((279 - t) * 64 * m.capacity),
                d_read_scan_output_2.at((279 - t) * 64 * m.capacity),
                d_read_start_3_before_1,
                d_read_add_1.at((279 - t) * 256),
                d_read_add_1.at((279 - t) * 256).at(64),
                d_read_add_1.at((279 - t) * 256).at(128),
                d_read_add_1.at((279 - t) * 256).at(192),
            ),
            gradient_of_read_start_2_before_1_dot(
                d_read_add_1.at((279 - t) * 256),
                d_read_start_2_before_1_transpose,
                d_read_start_2_before_1_dot,
            ),
        ]

    d_read_start_before_turns = (d_read_start_before, d_read_start_before_2)
    d_read_start_1_before_turns = (d_read_start_1_before, d_read_start_1_before_2)

    def d_read_step_2(t):
        d_read_start_before_ = d_read_start_before_turns[(280 - t) % 2] if t else d_read
        d_read_start_1_before_ = (
            d_read_start_1_before_turns[(280 - t) % 2] if t else read_start
        )
        d_read_start_1_before_1 = d_read_start_1_before_turns[(279 - t) % 2]
        d_read_start_before_1_dot = d_read_start_before_turns[(279 - t) % 2]
        return [
            compute_concatenate_2(
                d_read_start_before_,
                d_read_scan_output_18.at((279 - t) * 64 * m.capacity),
                d_read_scan_output_17.at((279 - t) * 64 * m.capacity),
                d_read_start_1_before_,
                d_read_scan_output_16.at((279 - t) * 64 * m.capacity),
                d_read_scan_output_15.at((279 - t) * 64 * m.capacity),
                d_read_scan_output_13.at((279 - t) * 64 * m.capacity),
                d_read_scan_output_14.at((279 - t) * 64 * m.capacity),
                d_read_start_1_before_1,
                d_read_add.at((279 - t) * 256),
                d_read_add.at((279 - t) * 256).at(64),
                d_read_add.at((279 - t) * 256).at(128),
                d_read_add.at((279 - t) * 256).at(192),
            ),
            gradient_of_read_start_2_before_1_dot(
                d_read_add.at((279 - t) * 256),
                d_read_start_2_before_1_transpose,
                d_read_start_before_1_dot,
            ),
        ]

    return [
        m.feed("a", a, 71680),
        m.feed("b", b, 71680),
        m.feed("same_target", same_target, 1),
        m.feed("same_sample_weight", same_sample_weight, 1),
        compute_read_start(read_start),
        compute_read_add(
            a,
            m.weight("read/lstm_cell/kernel"),
            m.weight("read/lstm_cell/bias"),
            read_add,
        ),
        *(call for t in range(280) for call in read_step(t)),
        compute_read_add(
            b,
            m.weight("read/lstm_cell/kernel"),
            m.weight("read/lstm_cell/bias"),
            read_add_1,
        ),
        *(call for t in range(280) for call in read_step_2(t)),
        compute_concatenate(read, read_1, concatenate),
        gradient_of_dense_add(
            concatenate,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
            same_target,
            same_loss_sigmoid_crossentropy,
            same_sample_weight,
            d_dense_add,
        ),
        compute_accuracy_sum(
            same_loss_sigmoid_crossentropy,
            same_sample_weight,
            same_loss_multiply_1,
            same_target,
            dense,
            accuracy_sum,
        ),
        transpose_dense_kernel(m.weight("dense/kernel"), d_concatenate_transpose),
        transpose_read_lstm_cell_recurrent_kernel(
            m.weight("read/lstm_cell/recurrent_kernel"),
            d_read_start_2_before_1_transpose,
        ),
        sync,
        compute_multiply(same_loss_multiply_1, m.figure(0)),
        gradient_of_concatenate_dot(
            d_dense_add,
            d_concatenate_transpose,
            d_concatenate_dot,
        ),
        gradient_of_read(d_concatenate_dot, d_read),
        gradient_of_read_1(d_concatenate_dot, d_read_1),
        *(call for t in range(280) for call in d_read_step(t)),
        *(call for t in range(280) for call in d_read_step_2(t)),
        gradient_of_read_sum(
            d_read_add_1,
            d_read_add,
            d_read_lstm_cell_bias_sum,
            d_read_sum,
        ),
        compute_copy_1_2(
            accuracy_sum,
            d_dense_add,
            m.figure(2),
            m.gradient("dense/bias"),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_dense_kernel(concatenate, d_dense_add, m.gradient("dense/kernel")),
        sync,
        gradient_of_read_lstm_cell_recurrent_kernel(
            d_read_scan_output_10,
            d_read_add_1,
            d_read_lstm_cell_recurrent_kernel,
        ),
        gradient_of_read_lstm_cell_bias_1(
            d_read_lstm_cell_bias_sum,
            d_read_sum,
            m.gradient("read/lstm_cell/bias"),
        ),
        gradient_of_read_lstm_cell_kernel(b, d_read_add_1, d_read_lstm_cell_kernel),
        gradient_of_read_lstm_cell_recurrent_kernel(
            d_read_scan_output_22,
            d_read_add,
            d_read_dot_3,
        ),
        gradient_of_read_lstm_cell_kernel(a, d_read_add, d_read_dot_5),
        sync,
        gradient_of_read_lstm_cell_recurrent_kernel_1(
            d_read_lstm_cell_recurrent_kernel,
            d_read_dot_3,
            m.gradient("read/lstm_cell/recurrent_kernel"),
        ),
        gradient_of_read_lstm_cell_kernel_1(
            d_read_lstm_cell_kernel,
            d_read_dot_5,
            m.gradient("read/lstm_cell/kernel"),
        ),
    ]


def update(m):
    """The optimizer's step."""
    return [
        compute_subtract(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    read_start = m.rows(287360, 64)
    a = m.rows(0, 71680)
    read_add = m.rows(143360, 71680)
    read = m.rows(287424, 64)
    read_start_before = m.rows(287488, 64)
    read_start_1_before = m.rows(287552, 64)
    read_start_1_before_2 = m.rows(287616, 64)
    read_add_2 = m.rows(286720, 256)
    b = m.rows(71680, 71680)
    read_add_1 = m.rows(215040, 71680)
    read_1 = m.rows(287680, 64)
    read_start_2_before = m.rows(287744, 64)
    read_start_3_before = m.rows(287808, 64)
    read_start_3_before_2 = m.rows(287872, 64)
    read_add_3 = m.rows(286976, 256)
    concatenate = m.rows(287232, 128)
    dense = m.rows(287938, 1)
    same_target = m.rows(287936, 1)
    same_loss_sigmoid_crossentropy = m.rows(287939, 1)
    same_sample_weight = m.rows(287937, 1)
    same_loss_multiply_1 = m.rows(287940, 1)
    accuracy_sum = m.rows(287941, 1)
    read_turns = (read, read_start_before)
    read_start_1_before_turns = (read_start_1_before, read_start_1_before_2)

    def read_step(t):
        read_start_before_ = read_turns[(280 - t) % 2] if t else read_start
        read_start_1_before_ = (
            read_start_1_before_turns[(280 - t) % 2] if t else read_start
        )
        read_add_1_ = read_start_1_before_turns[(279 - t) % 2]
        read_multiply_2 = read_turns[(279 - t) % 2]
        return [
            compute_read_add_2(
                read_start_before_,
                m.weight("read/lstm_cell/recurrent_kernel"),
                read_add.at(t * 256),
                read_add_2,
            ),
            compute_read_multiply_2(
                read_add_2.at(64),
                read_start_1_before_,
                read_add_2,
                read_add_2.at(128),
                read_add_1_,
                read_add_2.at(192),
                read_multiply_2,
            ),
        ]

    read_1_turns = (read_1, read_start_2_before)
    read_start_3_before_turns = (read_start_3_before, read_start_3_before_2)

    def read_step_2(t):
        read_start_2_before_ = read_1_turns[(280 - t) % 2] if t else read_start
        read_start_3_before_ = (
            read_start_3_before_turns[(280 - t) % 2] if t else read_start
        )
        read_add_1_ = read_start_3_before_turns[(279 - t) % 2]
        read_multiply_2 = read_1_turns[(279 - t) % 2]
        return [
            compute_read_add_2(
                read_start_2_before_,
                m.weight("read/lstm_cell/recurrent_kernel"),
                read_add_1.at(t * 256),
                read_add_3,
            ),
            compute_read_multiply_2(
                read_add_3.at(64),
                read_start_3_before_,
                read_add_3,
                read_add_3.at(128),
                read_add_1_,
                read_add_3.at(192),
                read_multiply_2,
            ),
        ]

    return [
        m.feed("a", a, 71680),
        m.feed("b", b, 71680),
        m.feed("same_target", same_target, 1),
        m.feed("same_sample_weight", same_sample_weight, 1),
        compute_read_start(read_start),
        compute_read_add(
            a,
            m.weight("read/lstm_cell/kernel"),
            m.weight("read/lstm_cell/bias"),
            read_add,
        ),
        *(call for t in range(280) for call in read_step(t)),
        compute_read_add(
            b,
            m.weight("read/lstm_cell/kernel"),
            m.weight("read/lstm_cell/bias"),
            read_add_1,
        ),
        *(call for t in range(280) for call in read_step_2(t)),
        compute_concatenate(read, read_1, concatenate),
        compute_same_loss_sigmoid_crossentropy(
            concatenate,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
            same_target,
            same_loss_sigmoid_crossentropy,
        ),
        compute_accuracy_sum(
            same_loss_sigmoid_crossentropy,
            same_sample_weight,
            same_loss_multiply_1,
            same_target,
            dense,
            accuracy_sum,
        ),
        sync,
        compute_multiply(same_loss_multiply_1, m.figure(0)),
        compute_copy_1_3(accuracy_sum, m.figure(2), m.figure(1), m.figure(3)),
    ]


def predict(m):
    """The outputs of one batch."""
    read_start = m.rows(287360, 64)
    a = m.rows(0, 71680)
    read_add = m.rows(143360, 71680)
    read = m.rows(287424, 64)
    read_start_before = m.rows(287488, 64)
    read_start_1_before = m.rows(287552, 64)
    read_start_1_before_2 = m.rows(287616, 64)
    read_add_2 = m.rows(286720, 256)
    b = m.rows(71680, 71680)
    read_add_1 = m.rows(215040, 71680)
    read_1 = m.rows(287680, 64)
    read_start_2_before = m.rows(287744, 64)
    read_start_3_before = m.rows(287808, 64)
    read_start_3_before_2 = m.rows(287872, 64)
    read_add_3 = m.rows(286976, 256)
    concatenate = m.rows(287232, 128)
    dense = m.rows(287936, 1)
    read_turns = (read, read_start_before)
    read_start_1_before_turns = (read_start_1_before, read_start_1_before_2)

    def read_step(t):
        read_start_before_ = read_turns[(280 - t) % 2] if t else read_start
        read_start_1_before_ = (
            read_start_1_before_turns[(280 - t) % 2] if t else read_start
        )
        read_add_1_ = read_start_1_before_turns[(279 - t) % 2]
        read_multiply_2 = read_turns[(279 - t) % 2]
        return [
            compute_read_add_2(
                read_start_before_,
                m.weight("read/lstm_cell/recurrent_kernel"),
                read_add.at(t * 256),
                read_add_2,
            ),
            compute_read_multiply_2(
                read_add_2.at(64),
                read_start_1_before_,
                read_add_2,
                read_add_2.at(128),
                read_add_1_,
                read_add_2.at(192),
                read_multiply_2,
            ),
        ]

    read_1_turns = (read_1, read_start_2_before)
    read_start_3_before_turns = (read_start_3_before, read_start_3_before_2)

    def read_step_2(t):
        read_start_2_before_ = read_1_turns[(280 - t) % 2] if t else read_start
        read_start_3_before_ = (
            read_start_3_before_turns[(280 - t) % 2] if t else read_start
        )
        read_add_1_ = read_start_3_before_turns[(279 - t) % 2]
        read_multiply_2 = read_1_turns[(279 - t) % 2]
        return [
            compute_read_add_2(
                read_start_2_before_,
                m.weight("read/lstm_cell/recurrent_kernel"),
                read_add_1.at(t * 256),
                read_add_3,
            ),
            compute_read_multiply_2(
                read_add_3.at(64),
                read_start_3_before_,
                read_add_3,
                read_add_3.at(128),
                read_add_1_,
                read_add_3.at(192),
                read_multiply_2,
            ),
        ]

    return [
        m.feed("a", a, 71680),
        m.feed("b", b, 71680),
        compute_read_start(read_start),
        compute_read_add(
            a,
            m.weight("read/lstm_cell/kernel"),
            m.weight("read/lstm_cell/bias"),
            read_add,
        ),
        *(call for t in range(280) for call in read_step(t)),
        compute_read_add(
            b,
            m.weight("read/lstm_cell/kernel"),
            m.weight("read/lstm_cell/bias"),
            read_add_1,
        ),
        *(call for t in range(280) for call in read_step_2(t)),
        compute_concatenate(read, read_1, concatenate),
        compute_dense(
            concatenate,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
        ),
        m.result("same", dense, 1),
    ]


SPEC = Spec(
    name="SameAuthor",
    source="12_same_author.k",
    version="0.1.0",
    inputs=(Input("a", "float32", (280, 256)), Input("b", "float32", (280, 256))),
    outputs=(Output("same", (1,)),),
    targets=(Target("same", "float32", (1,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "read",
            "LSTM",
            (64,),
            82176,
            73543936,
            11,
            (
                "read/lstm_cell/kernel",
                "read/lstm_cell/recurrent_kernel",
                "read/lstm_cell/bias",
            ),
        ),
        Layer("concatenate", "Concatenate", (128,), 0, 0, 12),
        Layer("dense", "Dense", (1,), 129, 277, 12, ("dense/kernel", "dense/bias")),
    ),
    trainable=82320,
    size=82320,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("a", "b", "same_target", "same_sample_weight"),
)


class SameAuthor(Model):
    """A shared reader, and a decision on what it made of both texts."""

    spec = SPEC
    programs = Programs(
        train=(
            Steps(gradients, 539075, 163840, 206619011),
            Steps(update, 539075, 163840, 0),
        ),
        gradient=(Steps(gradients, 539075, 163840, 206619011),),
        evaluate=(Steps(evaluate, 287942, 0, 95764864),),
        predict=(Steps(predict, 287937, 0, 95764821),),
    )


SOURCE_NAME = "12_same_author.k"
SOURCE_MAP = {
    "compute_read_start": (12,),
    "compute_read_add": (12,),
    "compute_read_add_2": (12,),
    "compute_copy_1": (12,),
    "compute_concatenate": (12,),
    "gradient_of_dense_add": (12, 15),
    "compute_accuracy_sum": (15, 16),
    "compute_multiply": (15,),
    "compute_copy_1_2": (12, 16),
    "transpose_dense_kernel": (12,),
    "gradient_of_concatenate_dot": (12,),
    "gradient_of_dense_kernel": (12,),
    "gradient_of_read": (12,),
    "gradient_of_read_1": (12,),
    "transpose_read_lstm_cell_recurrent_kernel": (12,),
    "compute_concatenate_2": (12,),
    "gradient_of_read_start_2_before_1_dot": (12,),
    "gradient_of_read_lstm_cell_recurrent_kernel": (12,),
    "gradient_of_read_sum": (12,),
    "gradient_of_read_lstm_cell_bias_1": (12,),
    "gradient_of_read_lstm_cell_kernel": (12,),
    "gradient_of_read_lstm_cell_recurrent_kernel_1": (12,),
    "gradient_of_read_lstm_cell_kernel_1": (12,),
    "compute_subtract": (),
    "compute_read_multiply_2": (12,),
    "compute_same_loss_sigmoid_crossentropy": (12, 15),
    "compute_copy_1_3": (16,),
    "compute_dense": (12,),
    "compute_read_add_3": (12,),
    "compute_read_add_4": (12,),
}
SOURCE = """\
# Whether two texts of 280 characters are by the same author: one LSTM reads both.
# A layer that is applied twice has one set of weights.

param length = 280
param width = 256

model SameAuthor:
    \"\"\"A shared reader, and a decision on what it made of both texts.\"\"\"
    input a: float32[length, width]
    input b: float32[length, width]
    read = LSTM(64)
    output same = [read(a), read(b)] |> Concatenate() |> Dense(1, activation="sigmoid")
    train:
        optimizer = "rmsprop"
        loss = "binary_crossentropy"
        metrics = ["accuracy"]
"""
