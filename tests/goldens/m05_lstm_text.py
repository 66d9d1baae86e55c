"""TextClassifier, as native code.

Built by kgen 0.1.0 from 05_lstm_text.k; edit that, not this.

layer      kind            output                 weights  line
embedding  Embedding       (batch, words_1, 256)  262,144    11
lstm       LSTM            (batch, 128)           197,120    11
dropout    Dropout         (batch, 128)                 0    11
dense      Dense           (batch, 1)                 129    12
total      TextClassifier                         459,393
"""

from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps
from kgen.runtime.model import Model
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.spec import Dim, Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    absolute,
    add_to,
    dimension,
    element,
    exp,
    full,
    imatrix,
    load,
    load_scalar,
    log1p,
    matrix,
    outer,
    outer_t,
    pack,
    prefetch,
    random_key,
    row_sum,
    select,
    share,
    share_rows,
    sigmoid,
    sqrt,
    square,
    store,
    tanh,
    transpose_block,
    uniform,
    zeros,
)

WEIGHTS = (
    Weight(
        "embedding/embeddings",
        (1024, 256),
        0,
        "RandomUniform",
        {"minval": -0.05, "maxval": 0.05, "seed": None},
    ),
    Weight(
        "lstm/lstm_cell/kernel",
        (256, 512),
        262144,
        "GlorotUniform",
        {"seed": None},
        step=528,
    ),
    Weight(
        "lstm/lstm_cell/recurrent_kernel",
        (128, 512),
        397312,
        "Orthogonal",
        {"gain": 1.0, "seed": None},
    ),
    Weight(
        "lstm/lstm_cell/bias",
        (512,),
        462848,
        "UnitForgetBias",
        {"kind": "Zeros", "arguments": {}},
    ),
    Weight("dense/kernel", (128, 1), 463360, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (1,), 463488, "Zeros", {}),
)


@kernel
def compute_embedding(thread, threads, batch, clock, args):
    """Line 11 of the model."""
    words_1 = dimension(clock, 0)
    words = imatrix(args, 0, batch * words_1, 1)
    embedding_embeddings = matrix(args, 1, 1024, 256)
    embedding = matrix(args, 2, batch * words_1, 256)
    first, last = share_rows(clock, batch, words_1, ROWS, thread, threads)
    for i in range(first, last):
        row = min(max(element(words, i, 0), 0), 1023)
        for j in range(0, 256, 4 * LANES):
            acc = load(embedding_embeddings, row, j, 1, 4)
            store(embedding, i, j, acc)


@kernel
def compute_lstm_start(thread, threads, batch, clock, args):
    """Line 11 of the model. 128 FLOPs a row."""
    lstm_start = matrix(args, 0, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 128, 4 * LANES):
            store(lstm_start, i, j, full(1, 1, 0.0) + zeros(1, 4))


@kernel
def compute_lstm_add(thread, threads, batch, clock, args):
    """Line 11 of the model. 262,656 FLOPs a row."""
    words_1 = dimension(clock, 0)
    embedding = matrix(args, 0, batch * words_1, 256)
    lstm_lstm_cell_kernel = matrix(args, 1, 256, 512, 528)
    lstm_lstm_cell_bias = matrix(args, 2, 1, 512)
    lstm_add = matrix(args, 3, batch * words_1, 512)
    first, last = share_rows(clock, batch, words_1, ROWS, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 256, 128):
            stop = min(start + 128, 256)
            for j in range(0, 512, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(lstm_add, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, embedding, i, k, lstm_lstm_cell_kernel, k, j)
                    if stop < 256:
                        store(lstm_add, i, j, acc)
                        continue
                    store(lstm_add, i, j, acc + load(lstm_lstm_cell_bias, 0, j, 1, 4))


@kernel
def transpose_reshape(thread, threads, batch, clock, args):
    """Line 11 of the model."""
    lstm_lstm_cell_recurrent_kernel = matrix(args, 0, 1024, 64)
    lstm_lstm_cell_recurrent_kernel_panels = matrix(args, 1, 1024, 64)
    first, last = share(1024, ROWS, thread, threads)
    for i in range(first, last):
        row = (i % 128) * 8 + (i // 128)
        for j in range(0, 64, 4 * LANES):
            store(
                lstm_lstm_cell_recurrent_kernel_panels,
                i,
                j,
                load(lstm_lstm_cell_recurrent_kernel, row, j, 1, 4),
            )


@kernel
def compute_lstm_add_2(thread, threads, batch, clock, args):
    """Line 11 of the model. 131,584 FLOPs a row."""
    words_1 = dimension(clock, 0)
    lstm_start_before = matrix(args, 0, batch, 128)
    lstm_lstm_cell_recurrent_kernel_panels = matrix(args, 1, 1024, 64)
    lstm_add_step = matrix(args, 2, batch, 512, words_1 * 512)
    lstm_add = matrix(args, 3, batch, 512)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 512, 4 * LANES):
        start = j // 64 * 128
        for i in range(first, last, HALF_ROWS):
            prefetch(lstm_add_step, i, j, HALF_ROWS, 4)
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(
                    acc,
                    lstm_start_before,
                    i,
                    k,
                    lstm_lstm_cell_recurrent_kernel_panels,
                    start + k,
                    j % 64,
                )
            store(lstm_add, i, j, load(lstm_add_step, i, j, HALF_ROWS, 4) + acc)


@kernel
def compute_copy_1(thread, threads, batch, clock, args):
    """Line 11 of the model. 13,568 FLOPs a row."""
    words_1 = dimension(clock, 0)
    lstm_add = matrix(args, 0, batch, 128, 512)
    lstm_sigmoid = matrix(args, 1, batch, 128)
    lstm_add_2 = matrix(args, 2, batch, 128, 512)
    lstm_sigmoid_1 = matrix(args, 3, batch, 128)
    lstm_add_3 = matrix(args, 4, batch, 128, 512)
    lstm_tanh = matrix(args, 5, batch, 128)
    lstm_start_1_before = matrix(args, 6, batch, 128)
    lstm_add_1 = matrix(args, 7, batch, 128)
    lstm_add_4 = matrix(args, 8, batch, 128, 512)
    lstm_sigmoid_2 = matrix(args, 9, batch, 128)
    lstm_tanh_1 = matrix(args, 10, batch, 128)
    lstm_multiply_2 = matrix(args, 11, batch, 128)
    copy = matrix(args, 12, batch, 128)
    lstm_start_before = matrix(args, 13, batch, 128)
    copy_1 = matrix(args, 14, batch, 128, words_1 * 128)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 128, 4 * LANES):
            lstm_sigmoid_tile = sigmoid(load(lstm_add, i, j, 1, 4))
            store(lstm_sigmoid, i, j, lstm_sigmoid_tile)
            lstm_sigmoid_1_tile = sigmoid(load(lstm_add_2, i, j, 1, 4))
            store(lstm_sigmoid_1, i, j, lstm_sigmoid_1_tile)
            lstm_tanh_tile = tanh(load(lstm_add_3, i, j, 1, 4))
            store(lstm_tanh, i, j, lstm_tanh_tile)
            lstm_start_1_before_tile = load(lstm_start_1_before, i, j, 1, 4)
            lstm_multiply = lstm_sigmoid_tile * lstm_start_1_before_tile
            lstm_multiply_1 = lstm_sigmoid_1_tile * lstm_tanh_tile
            lstm_add_1_tile = lstm_multiply + lstm_multiply_1
            store(lstm_add_1, i, j, lstm_add_1_tile)
            lstm_sigmoid_2_tile = sigmoid(load(lstm_add_4, i, j, 1, 4))
            store(lstm_sigmoid_2, i, j, lstm_sigmoid_2_tile)
            lstm_tanh_1_tile = tanh(lstm_add_1_tile)
            store(lstm_tanh_1, i, j, lstm_tanh_1_tile)
            store(lstm_multiply_2, i, j, lstm_sigmoid_2_tile * lstm_tanh_1_tile)
            store(copy, i, j, lstm_start_1_before_tile)
            store(copy_1, i, j, load(lstm_start_before, i, j, 1, 4))


@kernel
def compute_dropout(thread, threads, batch, clock, args):
    """Line 11 of the model. 128 FLOPs a row."""
    lstm = matrix(args, 0, batch, 128)
    dropout = matrix(args, 1, batch, 128)
    key = random_key(clock, 0)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 128, 4 * LANES):
            random_uniform = uniform(key[0], key[1], i, j, 128, 1, 4)
            dropout_multiply = load(lstm, i, j, 1, 4) * 2.0
            dropout_tile = select(random_uniform >= 0.5, dropout_multiply, 0.0)
            store(dropout, i, j, dropout_tile)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 12, 15. 318 FLOPs a row."""
    dropout = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 1, 128)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    label_target = matrix(args, 4, batch, 1)
    label_sample_weight = matrix(args, 5, batch, 1)
    label_loss_multiply_1 = matrix(args, 6, batch, 1)
    d_dense_add = matrix(args, 7, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 128, LANES):
            rows = load(dropout, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_add = acc + load(dense_bias, 0, 0, 1, 1)
        dense_tile = sigmoid(dense_add)
        store(dense, i, 0, dense_tile)
        label_loss_log1p = log1p(exp(-absolute(dense_add)))
        label_loss_as_float = select(dense_add > 0.0, 1.0, 0.0)
        label_target_tile = load(label_target, i, 0, ROWS, 1)
        label_loss_subtract = label_loss_as_float - label_target_tile
        label_loss_multiply = label_loss_subtract * dense_add
        label_loss_sigmoid_crossentropy = label_loss_log1p + label_loss_multiply
        label_sample_weight_tile = load(label_sample_weight, i, 0, ROWS, 1)
        label_loss_multiply_1_tile = (
            label_loss_sigmoid_crossentropy * label_sample_weight_tile
        )
        store(label_loss_multiply_1, i, 0, label_loss_multiply_1_tile)
        d_label_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_reshape = d_label_loss_sum_2 * label_sample_weight_tile
        d_dense_add_tile = d_reshape * (dense_tile - label_target_tile)
        store(d_dense_add, i, 0, d_dense_add_tile)


@kernel
def compute_multiply(thread, threads, batch, clock, args):
    """Line 15 of the model. 1 FLOPs a row, 5 FLOPs."""
    label_loss_multiply_1 = matrix(args, 0, batch, 1)
    multiply = matrix(args, 1, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(label_loss_multiply_1, i, j, 1, 1)
        label_loss = total_ / full(1, 1, batch)
        store(multiply, 0, j, label_loss * full(1, 1, batch))


@kernel
def compute_copy_1_2(thread, threads, batch, clock, args):
    """Lines 11, 12, 16. 2 FLOPs a row, 2 FLOPs."""
    label_target = matrix(args, 0, batch, 1)
    dense = matrix(args, 1, batch, 1)
    d_dense_add = matrix(args, 2, batch, 1)
    accuracy_sum_1 = matrix(args, 3, 1, 1)
    d_dense_bias = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    copy_1 = matrix(args, 6, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        total__2 = full(1, 1, 0.0)
        for i in range(batch):
            accuracy_as_float = select(load(dense, i, j, 1, 1) > 0.5, 1.0, 0.0)
            accuracy_equal = load(label_target, i, j, 1, 1) == accuracy_as_float
            total_ = total_ + select(accuracy_equal, 1.0, 0.0)
            total__2 = total__2 + load(d_dense_add, i, j, 1, 1)
        store(accuracy_sum_1, 0, j, total_)
        store(d_dense_bias, 0, j, total__2)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def transpose_dense_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    dense_kernel = matrix(args, 0, 128, 1)
    d_dropout_transpose = matrix(args, 1, 1, 128)
    first, last = share(128, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 1, LANES):
            transpose_block(dense_kernel, i, j, d_dropout_transpose)


@kernel
def gradient_of_lstm(thread, threads, batch, clock, args):
    """Lines 11, 12. 512 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 1)
    d_dropout_transpose = matrix(args, 1, 1, 128)
    d_lstm = matrix(args, 2, batch, 128)
    key = random_key(clock, 0)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_add, i, k, d_dropout_transpose, k, j)
            random_uniform = uniform(key[0], key[1], i, j, 128, ROWS, 2)
            d_dropout_multiply = select(random_uniform >= 0.5, acc, 0.0)
            store(d_lstm, i, j, d_dropout_multiply * 2.0)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 256 FLOPs a row."""
    dropout = matrix(args, 0, batch, 128)
    d_dense_add = matrix(args, 1, batch, 1)
    d_dense_kernel = matrix(args, 2, 128, 1)
    first, last = share(128, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dropout, k, i, d_dense_add, k, j)
            store(d_dense_kernel, i, j, acc)


@kernel
def transpose_lstm_lstm_cell_recurrent_kernel(thread, threads, batch, clock, args):
    """Line 11 of the model."""
    lstm_lstm_cell_recurrent_kernel = matrix(args, 0, 128, 512)
    d_lstm_start_before_1_transpose = matrix(args, 1, 512, 128)
    first, last = share(128, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 512, LANES):
            transpose_block(
                lstm_lstm_cell_recurrent_kernel, i, j, d_lstm_start_before_1_transpose
            )


@kernel
def transpose_reshape_2(thread, threads, batch, clock, args):
    """Line 11 of the model."""
    d_lstm_start_before_1_transpose = matrix(args, 0, 1024, 64)
    d_lstm_start_before_1_transpose_panels = matrix(args, 1, 1024, 64)
    first, last = share(1024, ROWS, thread, threads)
    for i in range(first, last):
        row = (i % 512) * 2 + (i // 512)
        for j in range(0, 64, 4 * LANES):
            store(
                d_lstm_start_before_1_transpose_panels,
                i,
                j,
                load(d_lstm_start_before_1_transpose, row, j, 1, 4),
            )


@kernel
def compute_concatenate_2(thread, threads, batch, clock, args):
    """Line 11 of the model. 1,920 FLOPs a row."""
    words_1 = dimension(clock, 0)
    d_lstm_start_1_before = matrix(args, 0, batch, 128)
    d_lstm_start_before = matrix(args, 1, batch, 128)
    lstm_sigmoid_2 = matrix(args, 2, batch, 128)
    lstm_tanh_1 = matrix(args, 3, batch, 128)
    lstm_sigmoid = matrix(args, 4, batch, 128)
    d_lstm_start_1_before_1 = matrix(args, 5, batch, 128)
    lstm_tanh = matrix(args, 6, batch, 128)
    lstm_sigmoid_1 = matrix(args, 7, batch, 128)
    concatenate_2 = matrix(args, 8, batch, 128, words_1 * 512)
    lstm_start_1_before = matrix(args, 9, batch, 128)
    concatenate_2_2 = matrix(args, 10, batch, 128, words_1 * 512)
    concatenate_2_3 = matrix(args, 11, batch, 128, words_1 * 512)
    concatenate_2_4 = matrix(args, 12, batch, 128, words_1 * 512)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 128, 4 * LANES):
            d_lstm_start_1_before_tile = load(d_lstm_start_1_before, i, j, 1, 4)
            d_lstm_start_before_tile = load(d_lstm_start_before, i, j, 1, 4)
            lstm_sigmoid_2_tile = load(lstm_sigmoid_2, i, j, 1, 4)
            d_lstm_tanh_1 = d_lstm_start_before_tile * lstm_sigmoid_2_tile
            lstm_tanh_1_tile = load(lstm_tanh_1, i, j, 1, 4)
            d_lstm_multiply_2 = d_lstm_tanh_1 * (1.0 - square(lstm_tanh_1_tile))
            d_lstm_add_1 = d_lstm_start_1_before_tile + d_lstm_multiply_2
            lstm_sigmoid_tile = load(lstm_sigmoid, i, j, 1, 4)
            d_lstm_start_1_before_1_tile = d_lstm_add_1 * lstm_sigmoid_tile
            store(d_lstm_start_1_before_1, i, j, d_lstm_start_1_before_1_tile)
            lstm_tanh_tile = load(lstm_tanh, i, j, 1, 4)
            d_lstm_sigmoid_1 = d_lstm_add_1 * lstm_tanh_tile
            lstm_sigmoid_1_tile = load(lstm_sigmoid_1, i, j, 1, 4)
            d_lstm_subtract_3 = 1.0 - lstm_sigmoid_1_tile
            d_lstm_multiply_8 = lstm_sigmoid_1_tile * d_lstm_subtract_3
            d_lstm_slice_axis = d_lstm_sigmoid_1 * d_lstm_multiply_8
            store(concatenate_2, i, j, d_lstm_slice_axis)
            lstm_start_1_before_tile = load(lstm_start_1_before, i, j, 1, 4)
            d_lstm_sigmoid = d_lstm_add_1 * lstm_start_1_before_tile
            d_lstm_multiply_12 = lstm_sigmoid_tile * (1.0 - lstm_sigmoid_tile)
            d_lstm_slice_axis_1 = d_lstm_sigmoid * d_lstm_multiply_12
            store(concatenate_2_2, i, j, d_lstm_slice_axis_1)
            d_lstm_tanh = d_lstm_add_1 * lstm_sigmoid_1_tile
            d_lstm_slice_axis_2 = d_lstm_tanh * (1.0 - square(lstm_tanh_tile))
            store(concatenate_2_3, i, j, d_lstm_slice_axis_2)
            d_lstm_sigmoid_2 = d_lstm_start_before_tile * lstm_tanh_1_tile
            d_lstm_subtract_1 = 1.0 - lstm_sigmoid_2_tile
            d_lstm_multiply_3 = lstm_sigmoid_2_tile * d_lstm_subtract_1
            d_lstm_slice_axis_3 = d_lstm_sigmoid_2 * d_lstm_multiply_3
            store(concatenate_2_4, i, j, d_lstm_slice_axis_3)


@kernel
def gradient_of_lstm_start_before_1_dot(thread, threads, batch, clock, args):
    """Line 11 of the model. 131,072 FLOPs a row."""
    words_1 = dimension(clock, 0)
    concatenate_2 = matrix(args, 0, batch, 512, words_1 * 512)
    d_lstm_start_before_1_transpose_panels = matrix(args, 1, 1024, 64)
    d_lstm_start_before_1_dot = matrix(args, 2, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 4 * LANES):
        start = j // 64 * 512
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(512):
                acc = outer(
                    acc,
                    concatenate_2,
                    i,
                    k,
                    d_lstm_start_before_1_transpose_panels,
                    start + k,
                    j % 64,
                )
            store(d_lstm_start_before_1_dot, i, j, acc)


@kernel
def gradient_of_lstm_lstm_cell_recurrent_kernel(thread, threads, batch, clock, args):
    """Line 11 of the model. 131,072 FLOPs a row."""
    words_1 = dimension(clock, 0)
    d_lstm_scan_output_10 = matrix(args, 0, batch * words_1, 128)
    d_lstm_add = matrix(args, 1, batch * words_1, 512)
    d_lstm_lstm_cell_recurrent_kernel = matrix(args, 2, 128, 512)
    first, last = share(512, 4 * LANES, thread, threads)
    for start in range(0, batch * words_1, 128):
        count = min(128, batch * words_1 - start)
        for j in range(first, last, 4 * LANES):
            panel = pack(d_lstm_add, start, j, 128, 4, count)
            for i in range(0, 128, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_lstm_lstm_cell_recurrent_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, d_lstm_scan_output_10, start + k, i, panel, k, 0)
                store(d_lstm_lstm_cell_recurrent_kernel, i, j, acc)


@kernel
def gradient_of_lstm_lstm_cell_bias_sum(thread, threads, batch, clock, args):
    """Line 11 of the model. 512 FLOPs a row."""
    words_1 = dimension(clock, 0)
    d_lstm_add = matrix(args, 0, batch * words_1, 512)
    d_lstm_lstm_cell_bias_sum = matrix(args, 1, batch, 512)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 512, 4 * LANES):
            total_ = full(1, 4, 0.0)
            for i in range(words_1):
                total_ = total_ + load(d_lstm_add, o * words_1 + i, j, 1, 4)
            store(d_lstm_lstm_cell_bias_sum, o, j, total_)


@kernel
def gradient_of_lstm_lstm_cell_bias_sum_1(thread, threads, batch, clock, args):
    """Line 11 of the model. 512 FLOPs a row."""
    d_lstm_lstm_cell_bias_sum = matrix(args, 0, batch, 512)
    d_lstm_lstm_cell_bias_sum_1 = matrix(args, 1, 1, 512)
    first, last = share(512, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        total_ = full(1, 4, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_lstm_lstm_cell_bias_sum, i, j, 1, 4)
        store(d_lstm_lstm_cell_bias_sum_1, 0, j, total_)


@kernel
def transpose_lstm_lstm_cell_kernel(thread, threads, batch, clock, args):
    """Line 11 of the model."""
    lstm_lstm_cell_kernel = matrix(args, 0, 256, 512, 528)
    d_embedding_transpose = matrix(args, 1, 512, 256)
    first, last = share(256, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 512, LANES):
            transpose_block(lstm_lstm_cell_kernel, i, j, d_embedding_transpose)


@kernel
def gradient_of_embedding_dot(thread, threads, batch, clock, args):
    """Line 11 of the model. 262,144 FLOPs a row."""
    words_1 = dimension(clock, 0)
    d_lstm_add = matrix(args, 0, batch * words_1, 512)
    d_embedding_transpose = matrix(args, 1, 512, 256)
    d_embedding_dot = matrix(args, 2, batch * words_1, 256)
    first, last = share_rows(clock, batch, words_1, ROWS, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 512, 128):
            stop = min(start + 128, 512)
            for j in range(0, 256, 4 * LANES):
                panel = pack(d_embedding_transpose, start, j, 128, 4, stop - start)
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(d_embedding_dot, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, d_lstm_add, i, k, panel, k - start, 0)
                    if stop < 512:
                        store(d_embedding_dot, i, j, acc)
                        continue
                    store(d_embedding_dot, i, j, acc)


@kernel
def gradient_of_lstm_lstm_cell_kernel(thread, threads, batch, clock, args):
    """Line 11 of the model. 262,144 FLOPs a row."""
    words_1 = dimension(clock, 0)
    embedding = matrix(args, 0, batch * words_1, 256)
    d_lstm_add = matrix(args, 1, batch * words_1, 512)
    d_lstm_lstm_cell_kernel = matrix(args, 2, 256, 512, 528)
    first, last = share(512, 4 * LANES, thread, threads)
    for start in range(0, batch * words_1, 128):
        count = min(128, batch * words_1 - start)
        for j in range(first, last, 4 * LANES):
            panel = pack(d_lstm_add, start, j, 128, 4, count)
            for i in range(0, 256, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_lstm_lstm_cell_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, embedding, start + k, i, panel, k, 0)
                store(d_lstm_lstm_cell_kernel, i, j, acc)


@kernel
def gradient_of_embedding_embeddings(thread, threads, batch, clock, args):
    """Line 11 of the model. 256 FLOPs a row."""
    words_1 = dimension(clock, 0)
    words = imatrix(args, 0, batch * words_1, 1)
    d_embedding_dot = matrix(args, 1, batch * words_1, 256)
    d_embedding_embeddings = matrix(args, 2, 1024, 256)
    for row in range(1024):
        if row % threads == thread:
            for j in range(0, 256, 4 * LANES):
                store(d_embedding_embeddings, row, j, zeros(1, 4))
    for i in range(batch * words_1):
        row = min(max(element(words, i, 0), 0), 1023)
        if row % threads == thread:
            for j in range(0, 256, 4 * LANES):
                add_to(
                    d_embedding_embeddings, row, j, load(d_embedding_dot, i, j, 1, 4)
                )


@kernel
def compute_subtract(thread, threads, batch, clock, args):
    """All weights at once. 6,025,552 FLOPs."""
    velocity = matrix(args, 0, 1, 463504)
    gradients = matrix(args, 1, 1, 463504)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 463504)
    first, last = share(463504, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        gradients_tile = load(gradients, 0, j, 1, 4)
        multiply_1 = 0.1 * square(gradients_tile)
        add_tile = (0.9 * load(velocity, 0, j, 1, 4)) + multiply_1
        store(velocity, 0, j, add_tile)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        divide = (learning_rate_2 * gradients_tile) / sqrt(add_tile + 1e-07)
        store(weights, 0, j, load(weights, 0, j, 1, 4) - divide)


@kernel
def compute_lstm_multiply_2(thread, threads, batch, clock, args):
    """Line 11 of the model. 13,312 FLOPs a row."""
    lstm_add = matrix(args, 0, batch, 128, 512)
    lstm_start_1_before = matrix(args, 1, batch, 128)
    lstm_add_2 = matrix(args, 2, batch, 128, 512)
    lstm_add_3 = matrix(args, 3, batch, 128, 512)
    lstm_add_1 = matrix(args, 4, batch, 128)
    lstm_add_4 = matrix(args, 5, batch, 128, 512)
    lstm_multiply_2 = matrix(args, 6, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last):
        for j in range(0, 128, 4 * LANES):
            lstm_sigmoid = sigmoid(load(lstm_add, i, j, 1, 4))
            lstm_multiply = lstm_sigmoid * load(lstm_start_1_before, i, j, 1, 4)
            lstm_tanh = tanh(load(lstm_add_3, i, j, 1, 4))
            lstm_multiply_1 = sigmoid(load(lstm_add_2, i, j, 1, 4)) * lstm_tanh
            lstm_add_1_tile = lstm_multiply + lstm_multiply_1
            store(lstm_add_1, i, j, lstm_add_1_tile)
            lstm_sigmoid_2 = sigmoid(load(lstm_add_4, i, j, 1, 4))
            store(lstm_multiply_2, i, j, lstm_sigmoid_2 * tanh(lstm_add_1_tile))


@kernel
def compute_label_loss_multiply_1(thread, threads, batch, clock, args):
    """Lines 12, 15. 316 FLOPs a row."""
    lstm = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 1, 128)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    label_target = matrix(args, 4, batch, 1)
    label_sample_weight = matrix(args, 5, batch, 1)
    label_loss_multiply_1 = matrix(args, 6, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 128, LANES):
            rows = load(lstm, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_add = acc + load(dense_bias, 0, 0, 1, 1)
        store(dense, i, 0, sigmoid(dense_add))
        label_loss_log1p = log1p(exp(-absolute(dense_add)))
        label_loss_as_float = select(dense_add > 0.0, 1.0, 0.0)
        label_target_tile = load(label_target, i, 0, ROWS, 1)
        label_loss_subtract = label_loss_as_float - label_target_tile
        label_loss_multiply = label_loss_subtract * dense_add
        label_loss_sigmoid_crossentropy = label_loss_log1p + label_loss_multiply
        label_sample_weight_tile = load(label_sample_weight, i, 0, ROWS, 1)
        label_loss_multiply_1_tile = (
            label_loss_sigmoid_crossentropy * label_sample_weight_tile
        )
        store(label_loss_multiply_1, i, 0, label_loss_multiply_1_tile)


@kernel
def compute_copy_1_3(thread, threads, batch, clock, args):
    """Line 16 of the model. 1 FLOPs a row, 2 FLOPs."""
    label_target = matrix(args, 0, batch, 1)
    dense = matrix(args, 1, batch, 1)
    accuracy_sum_1 = matrix(args, 2, 1, 1)
    copy = matrix(args, 3, 1, 1)
    copy_1 = matrix(args, 4, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        for i in range(batch):
            accuracy_as_float = select(load(dense, i, j, 1, 1) > 0.5, 1.0, 0.0)
            accuracy_equal = load(label_target, i, j, 1, 1) == accuracy_as_float
            total_ = total_ + select(accuracy_equal, 1.0, 0.0)
        store(accuracy_sum_1, 0, j, total_)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 12 of the model. 277 FLOPs a row."""
    lstm = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 1, 128)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 128, LANES):
            rows = load(lstm, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        store(dense, i, 0, sigmoid(acc + load(dense_bias, 0, 0, 1, 1)))


@kernel
def compute_lstm_add_3(thread, threads, batch, clock, args):
    """Line 11 of the model. 131,584 FLOPs a row."""
    words_1 = dimension(clock, 0)
    lstm_start_before = matrix(args, 0, batch, 128)
    lstm_lstm_cell_recurrent_kernel = matrix(args, 1, 128, 512)
    lstm_add_step = matrix(args, 2, batch, 512, words_1 * 512)
    lstm_add = matrix(args, 3, batch, 512)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 512, 8 * LANES):
        for i in range(first, last, 1):
            prefetch(lstm_add_step, i, j, 1, 8)
            acc = zeros(1, 8)
            for k in range(128):
                acc = outer(
                    acc, lstm_start_before, i, k, lstm_lstm_cell_recurrent_kernel, k, j
                )
            store(lstm_add, i, j, load(lstm_add_step, i, j, 1, 8) + acc)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    batch = m.capacity
    words_1 = m.dim("words_1")
    words = m.between(0, 3, batch * words_1)
    embedding = m.between(0, 3, batch * words_1 * 256)
    lstm_start = m.between(0, 2, batch * 128)
    lstm_add = m.between(0, 1, batch * words_1 * 512)
    lstm_lstm_cell_recurrent_kernel_panels = m.between(0, 1, 65536)
    d_dropout_transpose = m.between(0, 1, 128)
    d_lstm_start_before_1_transpose = m.between(0, 1, 65536)
    d_embedding_transpose = m.between(0, 2, 131072)
    d_lstm_scan_output_1 = m.between(1, 2, batch * words_1 * 128)
    d_lstm_scan_output_2 = m.between(1, 2, batch * words_1 * 128)
    d_lstm_scan_output_3 = m.between(1, 2, batch * words_1 * 128)
    d_lstm_scan_output_4 = m.between(1, 2, batch * words_1 * 128)
    d_lstm_scan_output_5 = m.between(1, 2, batch * words_1 * 128)
    d_lstm_scan_output_6 = m.between(1, 2, batch * words_1 * 128)
    d_lstm_scan_output_10 = m.between(1, 3, batch * words_1 * 128)
    lstm = m.between(1, 1, batch * 128)
    lstm_start_before = m.between(1, 1, batch * 128)
    lstm_start_1_before = m.between(1, 1, batch * 128)
    lstm_start_1_before_2 = m.between(1, 1, batch * 128)
    lstm_add_2 = m.between(1, 1, batch * 512)
    dropout = m.between(1, 2, batch * 128)
    dense = m.between(1, 2, batch)
    label_target = m.between(0, 2, batch)
    label_sample_weight = m.between(0, 1, batch)
    label_loss_multiply_1 = m.between(1, 2, batch)
    d_dense_add = m.between(1, 2, batch)
    d_lstm = m.between(1, 2, batch * 128)
    d_lstm_start_before_1_transpose_panels = m.between(1, 2, 65536)
    d_lstm_add = m.between(2, 3, batch * words_1 * 512)
    d_lstm_start_before = m.between(2, 2, batch * 128)
    d_lstm_start_before_2 = m.between(2, 2, batch * 128)
    d_lstm_start_1_before = m.between(2, 2, batch * 128)
    d_lstm_start_1_before_2 = m.between(2, 2, batch * 128)
    d_lstm_lstm_cell_bias_sum = m.between(2, 3, batch * 512)
    d_embedding_dot = m.between(2, 3, batch * words_1 * 256)
    lstm_turns = (lstm, lstm_start_before)
    lstm_start_1_before_turns = (lstm_start_1_before, lstm_start_1_before_2)

    def lstm_step(t):
        lstm_start_before_ = lstm_turns[(words_1 - t) % 2] if t else lstm_start
        lstm_start_1_before_ = (
            lstm_start_1_before_turns[(words_1 - t) % 2] if t else lstm_start
        )
        lstm_add_1 = lstm_start_1_before_turns[(words_1 - 1 - t) % 2]
        lstm_multiply_2 = lstm_turns[(words_1 - 1 - t) % 2]
        return [
            compute_lstm_add_2(
                lstm_start_before_,
                lstm_lstm_cell_recurrent_kernel_panels,
                lstm_add.at(t * 512),
                lstm_add_2,
            ),
            compute_copy_1(
                lstm_add_2.at(128),
                d_lstm_scan_output_2.at(t * 128 * m.capacity),
                lstm_add_2,
                d_lstm_scan_output_3.at(t * 128 * m.capacity),
                lstm_add_2.at(256),
                d_lstm_scan_output_4.at(t * 128 * m.capacity),
                lstm_start_1_before_,
                lstm_add_1,
                lstm_add_2.at(384),
                d_lstm_scan_output_5.at(t * 128 * m.capacity),
                d_lstm_scan_output_6.at(t * 128 * m.capacity),
                lstm_multiply_2,
                d_lstm_scan_output_1.at(t * 128 * m.capacity),
                lstm_start_before_,
                d_lstm_scan_output_10.at(t * 128),
            ),
        ]

    d_lstm_start_1_before_turns = (d_lstm_start_1_before, d_lstm_start_1_before_2)
    d_lstm_start_before_turns = (d_lstm_start_before, d_lstm_start_before_2)

    def d_lstm_step(t):
        d_lstm_start_1_before_ = (
            d_lstm_start_1_before_turns[(words_1 - t) % 2] if t else lstm_start
        )
        d_lstm_start_before_ = (
            d_lstm_start_before_turns[(words_1 - t) % 2] if t else d_lstm
        )
        d_lstm_start_1_before_1 = d_lstm_start_1_before_turns[(words_1 - 1 - t) % 2]
        d_lstm_start_before_1_dot = d_lstm_start_before_turns[(words_1 - 1 - t) % 2]
        return [
            compute_concatenate_2(
                d_lstm_start_1_before_,
                d_lstm_start_before_,
                d_lstm_scan_output_5.at((words_1 - 1 - t) * 128 * m.capacity),
                d_lstm_scan_output_6.at((words_1 - 1 - t) * 128 * m.capacity),
                d_lstm_scan_output_2.at((words_1 - 1 - t) * 128 * m.capacity),
                d_lstm_start_1_before_1,
                d_lstm_scan_output_4.at((words_1 - 1 - t) * 128 * m.capacity),
                d_lstm_scan_output_3.at((words_1 - 1 - t) * 128 * m.capacity),
                d_lstm_add.at((words_1 - 1 - t) * 512),
                d_lstm_scan_output_1.at((words_1 - 1 - t) * 128 * m.capacity),
                d_lstm_add.at((words_1 - 1 - t) * 512).at(128),
                d_lstm_add.at((words_1 - 1 - t) * 512).at(256),
                d_lstm_add.at((words_1 - 1 - t) * 512).at(384),
            ),
            gradient_of_lstm_start_before_1_dot(
                d_lstm_add.at((words_1 - 1 - t) * 512),
                d_lstm_start_before_1_transpose_panels,
                d_lstm_start_before_1_dot,
            ),
        ]

    return [
        m.feed("words", words, words_1),
        m.feed("label_target", label_target, 1),
        m.feed("label_sample_weight", label_sample_weight, 1),
        compute_embedding(words, m.weight("embedding/embeddings"), embedding),
        compute_lstm_start(lstm_start),
        compute_lstm_add(
            embedding,
            m.weight("lstm/lstm_cell/kernel"),
            m.weight("lstm/lstm_cell/bias"),
            lstm_add,
        ),
        transpose_reshape(
            m.weight("lstm/lstm_cell/recurrent_kernel"),
            lstm_lstm_cell_recurrent_kernel_panels,
        ),
        transpose_dense_kernel(m.weight("dense/kernel"), d_dropout_transpose),
        transpose_lstm_lstm_cell_recurrent_kernel(
            m.weight("lstm/lstm_cell/recurrent_kernel"),
            d_lstm_start_before_1_transpose,
        ),
        transpose_lstm_lstm_cell_kernel(
            m.weight("lstm/lstm_cell/kernel"),
            d_embedding_transpose,
        ),
        sync,
        *(call for t in range(words_1) for call in lstm_step(t)),
        compute_dropout(lstm, dropout),
        gradient_of_dense_add(
            dropout,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
            label_target,
            label_sample_weight,
            label_loss_multiply_1,
            d_dense_add,
        ),
        gradient_of_lstm(d_dense_add, d_dropout_transpose, d_lstm),
        transpose_reshape_2(
            d_lstm_start_before_1_transpose,
            d_lstm_start_before_1_transpose_panels,
        ),
        sync,
        compute_multiply(label_loss_multiply_1, m.figure(0)),
        *(call for t in range(words_1) for call in d_lstm_step(t)),
        gradient_of_lstm_lstm_cell_bias_sum(d_lstm_add, d_lstm_lstm_cell_bias_sum),
        gradient_of_embedding_dot(d_lstm_add, d_embedding_transpose, d_embedding_dot),
        compute_copy_1_2(
            label_target,
            dense,
            d_dense_add,
            m.figure(2),
            m.gradient("dense/bias"),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_dense_kernel(dropout, d_dense_add, m.gradient("dense/kernel")),
        sync,
        gradient_of_lstm_lstm_cell_recurrent_kernel(
            d_lstm_scan_output_10,
            d_lstm_add,
            m.gradient("lstm/lstm_cell/recurrent_kernel"),
        ),
        gradient_of_lstm_lstm_cell_bias_sum_1(
            d_lstm_lstm_cell_bias_sum,
            m.gradient("lstm/lstm_cell/bias"),
        ),
        gradient_of_lstm_lstm_cell_kernel(
            embedding,
            d_lstm_add,
            m.gradient("lstm/lstm_cell/kernel"),
        ),
        gradient_of_embedding_embeddings(
            words,
            d_embedding_dot,
            m.gradient("embedding/embeddings"),
        ),
    ]


def update(m):
    """The optimizer's step."""
    return [
        compute_subtract(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    batch = m.capacity
    words_1 = m.dim("words_1")
    words = m.between(0, 0, batch * words_1)
    embedding = m.between(0, 0, batch * words_1 * 256)
    lstm_start = m.between(0, 1, batch * 128)
    lstm_add = m.between(0, 1, batch * words_1 * 512)
    lstm_lstm_cell_recurrent_kernel_panels = m.between(0, 1, 65536)
    lstm = m.between(1, 1, batch * 128)
    lstm_start_before = m.between(1, 1, batch * 128)
    lstm_start_1_before = m.between(1, 1, batch * 128)
    lstm_start_1_before_2 = m.between(1, 1, batch * 128)
    lstm_add_2 = m.between(1, 1, batch * 512)
    dense = m.between(1, 2, batch)
    label_target = m.between(0, 2, batch)
    label_sample_weight = m.between(0, 1, batch)
    label_loss_multiply_1 = m.between(1, 2, batch)
    lstm_turns = (lstm, lstm_start_before)
    lstm_start_1_before_turns = (lstm_start_1_before, lstm_start_1_before_2)

    def lstm_step(t):
        lstm_start_before_ = lstm_turns[(words_1 - t) % 2] if t else lstm_start
        lstm_start_1_before_ = (
            lstm_start_1_before_turns[(words_1 - t) % 2] if t else lstm_start
        )
        lstm_add_1 = lstm_start_1_before_turns[(words_1 - 1 - t) % 2]
        lstm_multiply_2 = lstm_turns[(words_1 - 1 - t) % 2]
        return [
            compute_lstm_add_2(
                lstm_start_before_,
                lstm_lstm_cell_recurrent_kernel_panels,
                lstm_add.at(t * 512),
                lstm_add_2,
            ),
            compute_lstm_multiply_2(
                lstm_add_2.at(128),
                lstm_start_1_before_,
                lstm_add_2,
                lstm_add_2.at(256),
                lstm_add_1,
                lstm_add_2.at(384),
                lstm_multiply_2,
            ),
        ]

    return [
        m.feed("words", words, words_1),
        m.feed("label_target", label_target, 1),
        m.feed("label_sample_weight", label_sample_weight, 1),
        compute_embedding(words, m.weight("embedding/embeddings"), embedding),
        compute_lstm_start(lstm_start),
        compute_lstm_add(
            embedding,
            m.weight("lstm/lstm_cell/kernel"),
            m.weight("lstm/lstm_cell/bias"),
            lstm_add,
        ),
        transpose_reshape(
            m.weight("lstm/lstm_cell/recurrent_kernel"),
            lstm_lstm_cell_recurrent_kernel_panels,
        ),
        sync,
        *(call for t in range(words_1) for call in lstm_step(t)),
        compute_label_loss_multiply_1(
            lstm,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
            label_target,
            label_sample_weight,
            label_loss_multiply_1,
        ),
        sync,
        compute_multiply(label_loss_multiply_1, m.figure(0)),
        compute_copy_1_3(label_target, dense, m.figure(2), m.figure(1), m.figure(3)),
    ]


def predict(m):
    """The outputs of one batch."""
    batch = m.capacity
    words_1 = m.dim("words_1")
    words = m.between(0, 0, batch * words_1)
    embedding = m.between(0, 0, batch * words_1 * 256)
    lstm_start = m.between(0, 1, batch * 128)
    lstm_add = m.between(0, 1, batch * words_1 * 512)
    lstm_lstm_cell_recurrent_kernel_panels = m.between(0, 1, 65536)
    lstm = m.between(1, 1, batch * 128)
    lstm_start_before = m.between(1, 1, batch * 128)
    lstm_start_1_before = m.between(1, 1, batch * 128)
    lstm_start_1_before_2 = m.between(1, 1, batch * 128)
    lstm_add_2 = m.between(1, 1, batch * 512)
    dense = m.between(1, 1, batch)
    lstm_turns = (lstm, lstm_start_before)
    lstm_start_1_before_turns = (lstm_start_1_before, lstm_start_1_before_2)

    def lstm_step(t):
        lstm_start_before_ = lstm_turns[(words_1 - t) % 2] if t else lstm_start
        lstm_start_1_before_ = (
            lstm_start_1_before_turns[(words_1 - t) % 2] if t else lstm_start
        )
        lstm_add_1 = lstm_start_1_before_turns[(words_1 - 1 - t) % 2]
        lstm_multiply_2 = lstm_turns[(words_1 - 1 - t) % 2]
        return [
            compute_lstm_add_2(
                lstm_start_before_,
                lstm_lstm_cell_recurrent_kernel_panels,
                lstm_add.at(t * 512),
                lstm_add_2,
            ),
            compute_lstm_multiply_2(
                lstm_add_2.at(128),
                lstm_start_1_before_,
                lstm_add_2,
                lstm_add_2.at(256),
                lstm_add_1,
                lstm_add_2.at(384),
                lstm_multiply_2,
            ),
        ]

    return [
        m.feed("words", words, words_1),
        compute_embedding(words, m.weight("embedding/embeddings"), embedding),
        compute_lstm_start(lstm_start),
        compute_lstm_add(
            embedding,
            m.weight("lstm/lstm_cell/kernel"),
            m.weight("lstm/lstm_cell/bias"),
            lstm_add,
        ),
        transpose_reshape(
            m.weight("lstm/lstm_cell/recurrent_kernel"),
            lstm_lstm_cell_recurrent_kernel_panels,
        ),
        sync,
        *(call for t in range(words_1) for call in lstm_step(t)),
        compute_dense(lstm, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        m.result("label", dense, 1),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    batch = m.capacity
    words_1 = m.dim("words_1")
    words = m.between(0, 0, batch * words_1)
    embedding = m.between(0, 0, batch * words_1 * 256)
    lstm_start = m.between(0, 0, batch * 128)
    lstm_add = m.between(0, 0, batch * words_1 * 512)
    lstm = m.between(0, 0, batch * 128)
    lstm_start_before = m.between(0, 0, batch * 128)
    lstm_start_1_before = m.between(0, 0, batch * 128)
    lstm_start_1_before_2 = m.between(0, 0, batch * 128)
    lstm_add_2 = m.between(0, 0, batch * 512)
    dense = m.between(0, 0, batch)
    lstm_turns = (lstm, lstm_start_before)
    lstm_start_1_before_turns = (lstm_start_1_before, lstm_start_1_before_2)

    def lstm_step(t):
        lstm_start_before_ = lstm_turns[(words_1 - t) % 2] if t else lstm_start
        lstm_start_1_before_ = (
            lstm_start_1_before_turns[(words_1 - t) % 2] if t else lstm_start
        )
        lstm_add_1 = lstm_start_1_before_turns[(words_1 - 1 - t) % 2]
        lstm_multiply_2 = lstm_turns[(words_1 - 1 - t) % 2]
        return [
            compute_lstm_add_3(
                lstm_start_before_,
                m.weight("lstm/lstm_cell/recurrent_kernel"),
                lstm_add.at(t * 512),
                lstm_add_2,
            ),
            compute_lstm_multiply_2(
                lstm_add_2.at(128),
                lstm_start_1_before_,
                lstm_add_2,
                lstm_add_2.at(256),
                lstm_add_1,
                lstm_add_2.at(384),
                lstm_multiply_2,
            ),
        ]

    return [
        m.feed("words", words, words_1),
        compute_embedding(words, m.weight("embedding/embeddings"), embedding),
        compute_lstm_start(lstm_start),
        compute_lstm_add(
            embedding,
            m.weight("lstm/lstm_cell/kernel"),
            m.weight("lstm/lstm_cell/bias"),
            lstm_add,
        ),
        *(call for t in range(words_1) for call in lstm_step(t)),
        compute_dense(lstm, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        m.result("label", dense, 1),
    ]


SPEC = Spec(
    name="TextClassifier",
    source="05_lstm_text.k",
    version="0.1.0",
    inputs=(Input("words", "int32", (None,), 1024, ("words_1",)),),
    outputs=(Output("label", (1,)),),
    targets=(Target("label", "float32", (1,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "embedding",
            "Embedding",
            (None, 256),
            262144,
            0,
            11,
            ("embedding/embeddings",),
        ),
        Layer(
            "lstm",
            "LSTM",
            (128,),
            197120,
            262912,
            11,
            (
                "lstm/lstm_cell/kernel",
                "lstm/lstm_cell/recurrent_kernel",
                "lstm/lstm_cell/bias",
            ),
        ),
        Layer("dropout", "Dropout", (128,), 0, 0, 11),
        Layer("dense", "Dense", (1,), 129, 277, 12, ("dense/kernel", "dense/bias")),
    ),
    trainable=463504,
    size=463504,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("words", "label_target", "label_sample_weight"),
    dims=(Dim("words_1"),),
)


class TextClassifier(Model):
    """Vectors for 1024 words, an LSTM, and a sigmoid."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 0, 0, 1198785), Steps(update, 0, 0, 0)),
        gradient=(Steps(gradients, 0, 0, 1198785),),
        evaluate=(Steps(evaluate, 0, 0, 407998),),
        predict=(Steps(predict, 0, 0, 407957),),
        few=(Steps(predict_few, 0, 0, 407957),),
    )


SOURCE_NAME = "05_lstm_text.k"
SOURCE_MAP = {
    "compute_embedding": (11,),
    "compute_lstm_start": (11,),
    "compute_lstm_add": (11,),
    "transpose_reshape": (11,),
    "compute_lstm_add_2": (11,),
    "compute_copy_1": (11,),
    "compute_dropout": (11,),
    "gradient_of_dense_add": (12, 15),
    "compute_multiply": (15,),
    "compute_copy_1_2": (11, 12, 16),
    "transpose_dense_kernel": (12,),
    "gradient_of_lstm": (11, 12),
    "gradient_of_dense_kernel": (12,),
    "transpose_lstm_lstm_cell_recurrent_kernel": (11,),
    "transpose_reshape_2": (11,),
    "compute_concatenate_2": (11,),
    "gradient_of_lstm_start_before_1_dot": (11,),
    "gradient_of_lstm_lstm_cell_recurrent_kernel": (11,),
    "gradient_of_lstm_lstm_cell_bias_sum": (11,),
    "gradient_of_lstm_lstm_cell_bias_sum_1": (11,),
    "transpose_lstm_lstm_cell_kernel": (11,),
    "gradient_of_embedding_dot": (11,),
    "gradient_of_lstm_lstm_cell_kernel": (11,),
    "gradient_of_embedding_embeddings": (11,),
    "compute_subtract": (),
    "compute_lstm_multiply_2": (11,),
    "compute_label_loss_multiply_1": (12, 15),
    "compute_copy_1_3": (16,),
    "compute_dense": (12,),
    "compute_lstm_add_3": (11,),
}
SOURCE = """\
# Texts of any length, as numbers of words, in two classes; batches of 16.

param vocabulary = 1024
param width = 256
param rate = 0.5

model TextClassifier:
    \"\"\"Vectors for 1024 words, an LSTM, and a sigmoid.\"\"\"
    input words: int32[None]
    output label = words
        |> Embedding(vocabulary, width) |> LSTM(width // 2) |> Dropout(rate)
        |> Dense(1, activation="sigmoid")
    train:
        optimizer = "rmsprop"
        loss = "binary_crossentropy"
        metrics = ["accuracy"]
"""
