"""What reaches the engine, and what is refused with both sides named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen.runtime.arrays import convert_array, matching_shape
from kgen.runtime.batches import BatchStream, is_stream, row_order
from kgen.runtime.classweights import weight_classes
from kgen.runtime.data import bind_data, bind_inputs, whole_number
from kgen.runtime.errors import DataError
from kgen.runtime.spec import Input, Spec
from linear_engine import linear_spec

os.environ.setdefault("KERAS_BACKEND", "jax")

CLASSIFIER = linear_spec(outputs=[("label", 3, 3)])
TWO_BY_TWO = linear_spec(
    inputs=(Input("left", "float32", (3,)), Input("words", "int32", (2,))),
    outputs=[("price", 1, None), ("label", 3, 3)],
)


def rows(count: int, width: int = 3) -> np.ndarray:
    return np.arange(count * width, dtype=np.float32).reshape(count, width)


def refusal(call: Any, *fragments: str) -> None:
    with pytest.raises(DataError) as caught:
        call()
    for fragment in fragments:
        assert fragment in str(caught.value), str(caught.value)


def test_fitting_arrays_are_not_copied(tmp_path: Path) -> None:
    x = rows(5)
    assert np.shares_memory(convert_array(x, "x", "float32", (3,)), x)
    file = np.memmap(tmp_path / "x", np.float32, "w+", shape=(5, 3))
    file[:] = x
    converted = convert_array(file, "x", "float32", (3,))
    assert np.shares_memory(converted, file) and type(converted) is np.ndarray


@pytest.mark.parametrize(
    "source",
    [
        rows(4).astype(np.float64),
        rows(4).astype(np.float16),
        rows(4).astype(">f4"),
        rows(4).astype(np.int64),
        rows(4).astype(np.uint8),
        np.asfortranarray(rows(4)),
        rows(8)[::2] / 2 + rows(4) - rows(8)[::2] / 2,
        rows(4).tolist(),
    ],
    ids=["f8", "f2", "big-endian", "i8", "u1", "fortran", "strided", "list"],
)
def test_conversion_keeps_values(source: Any) -> None:
    converted = convert_array(source, "x", "float32", (3,))
    assert converted.dtype == np.float32 and converted.flags.c_contiguous
    np.testing.assert_array_equal(converted, np.asarray(source, np.float32))


def test_truth_values_become_numbers() -> None:
    converted = convert_array(np.array([[True, False, True]]), "x", "float32", (3,))
    np.testing.assert_array_equal(converted, [[1.0, 0.0, 1.0]])


def test_frames_of_several_types() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [0.5, 1.5], "b": [True, False], "c": [2, 3]})
    expected = [[0.5, 1.0, 2.0], [1.5, 0.0, 3.0]]
    for table in (frame, frame.astype({"a": "Float64", "b": "boolean", "c": "Int64"})):
        found = convert_array(table, "input 'x'", "float32", (3,))
        np.testing.assert_array_equal(found, np.array(expected, np.float32))
    gap = pandas.Series([1, None, 3], dtype="Int64")
    refusal(lambda: convert_array(gap, "input 'x'", "float32", ()), "NaN", "row 1")
    refusal(
        lambda: convert_array(frame.assign(kind=["u", "v"]), "input 'x'", "float32", (4,)),
        "input 'x' has columns that hold no numbers: 'kind'",
    )
    refusal(lambda: convert_array(pandas.Series(["u"]), "y", "int32", ()), "dtype is object")


def test_torch_jax_and_pandas_like_arrays() -> None:
    torch = pytest.importorskip("torch")
    jax = pytest.importorskip("jax")
    tensor = torch.ones(4, 3, requires_grad=True)
    np.testing.assert_array_equal(convert_array(tensor, "x", "float32", (3,)), np.ones((4, 3)))
    array = jax.numpy.ones((4, 3))
    np.testing.assert_array_equal(convert_array(array, "x", "float32", (3,)), np.ones((4, 3)))

    class Frame:
        shape = (4, 3)

        def to_numpy(self) -> np.ndarray:
            return rows(4)

    np.testing.assert_array_equal(convert_array(Frame(), "x", "float32", (3,)), rows(4))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("torch.ones(4, 3).bfloat16()", r"tensor of torch\.bfloat16, .* x\.float\(\)"),
        ("torch.eye(4, 3).to_sparse()", r"sparse tensor; .* x\.to_dense\(\)"),
        ("torch.ones(4, 3, dtype=torch.int32, device='meta')", "tensor of which NumPy can .*meta"),
    ],
)
def test_torch_tensors_that_are_no_arrays(made: str, words: str) -> None:
    torch = pytest.importorskip("torch")
    spec, tensor, y = linear_spec(), eval(made, {"torch": torch}), np.ones((4, 2))
    for call in (
        lambda: bind_inputs(spec, tensor, lazy=True),
        lambda: bind_inputs(spec, {"x": tensor}, finite=False),
        lambda: bind_data(spec, tensor, y),
        lambda: list(BatchStream(spec, [(tensor, y)]).epoch(0, 0, shuffle=False)),
    ):
        with pytest.raises(DataError, match=f"^(batch 0: )?input 'x' is a {words}"):
            call()
    with pytest.raises(DataError, match=f"^target 'y' is a {words}"):
        bind_data(spec, np.ones((4, 3)), tensor)


class SlicedSet:
    """Like an HDF5 data set: shape, dtype, slices; remembers what was read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype
        self.reads: list[slice] = []

    def __getitem__(self, key: slice) -> np.ndarray:
        self.reads.append(key)
        return self.array[key]

    def __len__(self) -> int:
        return len(self.array)


def test_sliceable_data_sets_are_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgen.runtime.arrays.BLOCK_BYTES", 100)
    data = SlicedSet(rows(30).astype(np.float64))
    assert not is_stream(data)
    np.testing.assert_array_equal(bind_inputs(CLASSIFIER, data)[0], rows(30))
    assert len(data.reads) > 5


def test_hdf5_data_set(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["x"] = rows(6)
        np.testing.assert_array_equal(bind_inputs(CLASSIFIER, file["x"])[0], rows(6))


@pytest.mark.parametrize(
    ("found", "expected", "matched"),
    [
        ((3,), (3,), (3,)),
        ((), (1,), (1,)),
        ((1,), (), ()),
        ((4, 1), (4,), (4,)),
        ((7, 3), (None, 3), (7, 3)),
        ((3,), (4,), None),
        ((2,), (), None),
        ((), (3,), None),
    ],
)
def test_matching_shape(found: Any, expected: Any, matched: Any) -> None:
    assert matching_shape(found, expected) == matched


@pytest.mark.parametrize(
    ("x", "fragments"),
    [
        (rows(4, 5), ("input 'x'", "(rows, 3)", "(4, 5)")),
        (rows(1)[0], ("(rows, 3)", "(3,)", "x[None]")),
        (np.zeros((4, 3, 2), np.float32), ("(4, 3, 2)",)),
        (np.array([["a", "b", "c"]]), ("float32", "<U1", "text")),
        (np.array([[1, None, 2]], object), ("object", "rectangular")),
        (rows(2).astype(complex), ("complex128", "real and imaginary")),
        (np.zeros((1, 3), "datetime64[s]"), ("datetime64", "dates")),
        (np.ma.masked_array(rows(2)), ("masked", "filled")),
        ([[1.0, 2.0], [1.0]], ("input 'x'",)),
        (np.float32(1.0), ("shape is ()",)),
        (None, ("x is missing", "'x'")),
        (np.zeros((0, 3), np.float32), ("empty",)),
        ({"y": rows(2)}, ("unknown key 'y'", "'x'")),
        ([rows(2), rows(2)], ("input 'x'",)),
        ((rows(4), np.zeros(4)), ("x has 2 parts", "1 input: 'x'", "argument by themselves, y")),
        (np.array([[1.0, 2.0, np.nan]]), ("1 value that is NaN",)),
    ],
)
def test_refused_inputs(x: Any, fragments: tuple[str, ...]) -> None:
    refusal(lambda: bind_data(CLASSIFIER, x, np.zeros(4, int)), *fragments)


def test_a_generator_function_is_not_called() -> None:
    def batches() -> Any:
        yield rows(2)

    refusal(lambda: bind_inputs(CLASSIFIER, batches), "input 'x' is a function; call it")


def test_sparse_matrix_is_refused() -> None:
    scipy = pytest.importorskip("scipy.sparse")
    refusal(lambda: bind_inputs(CLASSIFIER, scipy.csr_matrix(rows(3))), "sparse", "toarray")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_is_counted_and_placed(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgen.runtime.arrays.BLOCK_BYTES", 64)
    x = rows(100).astype(dtype)
    x[41, 2] = np.nan
    x[77, 0] = np.inf
    refusal(lambda: bind_inputs(CLASSIFIER, x), "input 'x'", "2 values", "nan in row 41")
    assert len(bind_inputs(CLASSIFIER, x, finite=False)[0]) == 100


def test_large_finite_values_are_not_mistaken() -> None:
    x = np.full((50, 3), 3e38, np.float32)
    assert np.shares_memory(bind_inputs(CLASSIFIER, x)[0], x)
    wide = rows(5).astype(np.float64)
    wide[3, 1] = 1e300
    refusal(lambda: bind_inputs(CLASSIFIER, wide), "range of float32", "1e+300 in row 3")


@pytest.mark.parametrize(
    ("labels", "fragments"),
    [
        ([0, 1, 3, -1], ("target 'label'", "2 values", "0 to 2", "first 3 in row 2", "from 0")),
        ([0, -1, 2, 0], ("first -1 in row 1", "ignore_class=-1")),
        ([0.0, 1.5, 2.0, 0.0], ("1 value that are not whole", "first 1.5 in row 1")),
        ([0.0, np.nan, 2.0, 0.0], ("first nan in row 1",)),
        ([0, 1, 2**40, 0], (str(2**40), "row 2")),
        (np.eye(3)[[0, 1, 2, 0]], ("one-hot", "argmax", "(rows)", "(4, 3)")),
        ([0, 1, 2], ("4 rows", "has 3")),
        (None, ("y is missing", "'label'")),
        ([], ("has 0",)),
    ],
)
def test_refused_labels(labels: Any, fragments: tuple[str, ...]) -> None:
    y = None if labels is None else np.asarray(labels)
    refusal(lambda: bind_data(CLASSIFIER, rows(4), y), *fragments)


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float32, np.int32, bool])
def test_labels_of_both_shapes(shape: Any, dtype: Any) -> None:
    y = np.array([0, 1, 1, 0], dtype).reshape(shape)
    data = bind_data(CLASSIFIER, rows(4), y)
    assert data.arrays[1].dtype == np.int32 and data.arrays[1].shape == (4,)
    np.testing.assert_array_equal(data.arrays[2], np.ones(4, np.float32))


def test_codes_of_missing_categories() -> None:
    spec = linear_spec(inputs=(Input("city", "int32", (), limit=3),))
    refusal(lambda: bind_inputs(spec, np.array([0, -1])), "first -1 in row 1", "add 1 to all")


def test_labels_for_a_categorical_target() -> None:
    spec = linear_spec(outputs=[("digit", 3, None)])
    refusal(
        lambda: bind_data(spec, rows(4), np.array([0, 1, 2, 0])), "class numbers", "numpy.eye(3)"
    )


def test_several_inputs_and_outputs_by_list_and_dict() -> None:
    left, words = rows(4), np.arange(8).reshape(4, 2)
    price, label = np.ones(4), np.array([0, 1, 2, 0])
    listed = bind_data(TWO_BY_TWO, [left, words], (price, label), {"label": np.full(4, 2.0)})
    named = bind_data(
        TWO_BY_TWO,
        {"words": words, "left": left},
        {"label": label, "price": price[:, None]},
        [None, np.full(4, 2.0)],
    )
    assert [a.dtype.name for a in listed.arrays] == ["float32", "int32", "float32", "int32"] + [
        "float32"
    ] * 2
    for one, other in zip(listed.arrays, named.arrays, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("x", "fragments"),
    [
        (rows(4), ("one array", "2 inputs", "'left', 'words'")),
        ([rows(4)], ("1 part", "2 inputs")),
        ({"left": rows(4)}, ("lacks 'words'",)),
        ({"left": rows(4), "word": rows(4)}, ("'word'", "Did you mean 'words'?")),
        ([rows(4), np.zeros((3, 2), int)], ("4 rows", "input 'words' has 3")),
        ([rows(4), np.full((4, 2), 0.5)], ("input 'words'", "integers", "0.5 in row 0")),
        ([rows(4), np.full((4, 2), 2**31)], ("32 bits", str(2**31))),
    ],
)
def test_refused_structures(x: Any, fragments: tuple[str, ...]) -> None:
    refusal(lambda: bind_inputs(TWO_BY_TWO, x), *fragments)


@pytest.mark.parametrize(
    ("weight", "fragments"),
    [
        (np.ones(3), ("sample_weight of 'label'", "4 rows", "has 3")),
        (np.ones((4, 2)), ("sample_weight", "(4, 2)")),
        (np.array([1.0, np.nan, 1.0, 1.0]), ("NaN", "row 1")),
        ({"lable": np.ones(4)}, ("Did you mean 'label'?",)),
    ],
)
def test_refused_sample_weights(weight: Any, fragments: tuple[str, ...]) -> None:
    y = np.zeros(4, int)
    refusal(lambda: bind_data(CLASSIFIER, rows(4), y, weight), *fragments)


def keras_class_weights(y: np.ndarray, table: dict[int, float]) -> np.ndarray:
    utilities = pytest.importorskip("keras.src.trainers.data_adapters.data_adapter_utils")
    return np.asarray(utilities.class_weight_to_sample_weights(y, table))


@pytest.mark.parametrize("form", ["labels", "column", "one-hot", "signs"])
def test_class_weights_are_keras(form: str) -> None:
    labels = np.array([0, 2, 1, 2, 0])
    table: dict[Any, float] = {0: 0.5, np.float64(2.0): 3.0}
    y: np.ndarray = labels
    spec: Spec = CLASSIFIER
    if form == "signs":
        # As hinge losses take them: -1 is not the last class.
        y, table = np.where(labels > 1, 1.0, -1.0), {1: 3.0}
        spec = linear_spec(outputs=[("side", 1, None)])
    if form == "column":
        y = labels[:, None]
    if form == "one-hot":
        y, spec = np.eye(3)[labels], linear_spec(outputs=[("digit", 3, None)])
    weighted = weight_classes(spec, bind_data(spec, rows(5), y), table)
    np.testing.assert_array_equal(weighted.arrays[-1], keras_class_weights(y, table))
    if form == "signs":
        both = weight_classes(spec, bind_data(spec, rows(5), y), {-1: 2.0, True: 3.0})
        np.testing.assert_array_equal(both.arrays[-1], [2.0, 3.0, 2.0, 3.0, 2.0])


@pytest.mark.parametrize(
    ("table", "fragment"),
    [
        ({3: 1.0}, "class 3"),
        ({-1: 1.0}, "class -1"),
        ({0: np.nan}, "nan"),
        ({0: None}, "None; it must be a finite number"),
        ([1.0, 2.0], "dict"),
        ({"a": 1.0}, "'a'"),
        ({0.5: 1.0}, "0.5"),
    ],
)
def test_refused_class_weights(table: Any, fragment: str) -> None:
    data = bind_data(CLASSIFIER, rows(3), np.array([0, 1, 2]))
    refusal(lambda: weight_classes(CLASSIFIER, data, table), fragment)


def test_class_weights_need_one_output() -> None:
    data = bind_data(TWO_BY_TWO, [rows(1), np.zeros((1, 2), int)], [np.ones(1), np.zeros(1, int)])
    refusal(lambda: weight_classes(TWO_BY_TWO, data, {0: 1.0}), "one target", "sample_weight")


def test_split_takes_the_last_rows_as_keras_does() -> None:
    slicing = pytest.importorskip("keras.src.trainers.data_adapters.array_slicing")
    for count, fraction in ((10, 0.25), (7, 0.1), (1000, 0.333)):
        x, y = rows(count), np.zeros(count, np.int32)
        train, held = bind_data(CLASSIFIER, x, y).split(fraction)
        (theirs, _), (theirs_held, _) = slicing.train_validation_split((x, y), fraction)
        np.testing.assert_array_equal(train.arrays[0], theirs)
        np.testing.assert_array_equal(held.arrays[0], theirs_held)
    refusal(lambda: bind_data(CLASSIFIER, rows(1), [0]).split(0.5), "validation_split")


def test_whole_numbers() -> None:
    assert whole_number(np.int64(3), "epochs", 0) == 3
    for wrong in (0, -1, 2.5, "3", None, True):
        refusal(lambda value=wrong: whole_number(value, "batch_size", 1), "batch_size", repr(wrong))


def test_row_order_is_a_permutation_of_seed_and_step() -> None:
    first = row_order(1, 0, 100)
    assert sorted(first) == list(range(100)) and first.dtype == np.int64
    np.testing.assert_array_equal(first, row_order(1, 0, 100))
    assert not np.array_equal(first, row_order(1, 7, 100))
    assert not np.array_equal(first, row_order(2, 0, 100))


class Indexed:
    """Batches by index."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.ended = 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full((2, 3), place, np.float32), np.zeros(2, int)

    def on_epoch_end(self) -> None:
        self.ended += 1


def places(stream: BatchStream, step: int = 0, shuffle: bool = False) -> list[int]:
    return [int(data.arrays[0][0, 0]) for data in stream.epoch(3, step, shuffle=shuffle)]


def test_indexed_batches_are_shuffled_by_epoch() -> None:
    source = Indexed(20)
    stream = BatchStream(CLASSIFIER, source)
    assert stream.steps == 20
    assert places(stream) == list(range(20))
    shuffled = places(stream, shuffle=True)
    assert shuffled != list(range(20)) and sorted(shuffled) == list(range(20))
    assert shuffled == places(stream, shuffle=True) != places(stream, 20, shuffle=True)
    assert source.ended == 4
    assert len(places(BatchStream(CLASSIFIER, source, steps=3))) == 3


def test_fewer_steps_than_indexed_batches_go_round_them() -> None:
    stream = BatchStream(CLASSIFIER, Indexed(5), steps=3)

    def run(shuffle: bool) -> list[int]:
        epochs = (stream.epoch(3, 3 * k, shuffle=shuffle, place=3 * k) for k in range(4))
        return [int(data.arrays[0][0, 0]) for epoch in epochs for data in epoch]

    assert run(False) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    shuffled = run(True)
    assert sorted(shuffled[:5]) == sorted(shuffled[5:10]) == list(range(5))
    assert shuffled[:5] != shuffled[5:10] != list(range(5))


@pytest.mark.parametrize("kind", ["indexed", "iterable", "generator"])
def test_evaluation_takes_every_batch_once(kind: str) -> None:
    class Loader:
        def __iter__(self) -> Any:
            return (batch(i) for i in range(3))

    source = {"indexed": Indexed(3), "iterable": Loader(), "generator": iter(Loader())}[kind]
    stream = BatchStream(CLASSIFIER, source, steps=2, anew=True, bound="steps")
    assert places(stream) == [0, 1]
    if kind == "generator":
        # It is taken no further than asked, goes on, and stays open.
        assert int(next(source)[0][0, 0]) == 2
        refusal(lambda: places(stream), "x yields no batches")
        return
    assert places(stream) == [0, 1]
    stream = BatchStream(CLASSIFIER, source, steps=9, anew=True, what="data", bound="steps")
    for found in (lambda: places(stream), lambda: [int(x[0][0, 0]) for x in stream.inputs()]):
        with pytest.warns(UserWarning, match="data ran out of batches after 3 of 9 steps. Lower s"):
            assert found() == [0, 1, 2]


def test_predicting_leaves_a_generator_where_it_is() -> None:
    source = (batch(i) for i in range(4))
    assert len(list(BatchStream(CLASSIFIER, source, steps=2, anew=True).inputs())) == 2
    for _ in BatchStream(CLASSIFIER, source, anew=True).inputs():
        break
    assert int(next(source)[0][0, 0]) == 3


@pytest.mark.parametrize("form", ["list", "tuple", "dict", "bare list", "bare dict"])
def test_inputs_of_batches_to_predict(form: str) -> None:
    x, words = rows(4), np.ones((4, 2), int)
    y = [np.zeros(4), np.zeros(4, int)]
    named = {"left": x, "words": words}
    batches = {
        "list": ([x, words], y),
        "tuple": ((x, words), y, None),
        "dict": (named, y),
        "bare list": [x, words],
        "bare dict": named,
    }
    (found,) = BatchStream(TWO_BY_TWO, iter([batches[form]])).inputs()
    for array, expected in zip(found, (x, words), strict=True):
        np.testing.assert_array_equal(array, expected)


def batch(place: int) -> tuple[np.ndarray, np.ndarray]:
    return Indexed(1)[place]


def test_iterables_restart_and_go_on() -> None:
    class Loader:
        def __iter__(self) -> Any:
            return iter([batch(0), batch(1), batch(2)])

    assert is_stream(Loader())
    stream = BatchStream(CLASSIFIER, Loader())
    assert places(stream) == places(stream) == [0, 1, 2]
    stream = BatchStream(CLASSIFIER, Loader(), steps=2)
    assert [places(stream) for _ in range(3)] == [[0, 1], [2, 0], [1, 2]]
    assert not stream.exhausted


def test_generators_go_on_and_run_out() -> None:
    stream = BatchStream(CLASSIFIER, (batch(i) for i in range(5)), steps=2, epochs=3)
    assert [places(stream), places(stream)] == [[0, 1], [2, 3]]
    with pytest.warns(UserWarning, match="ran out of batches after 1 of 2"):
        assert places(stream) == [4]
    assert stream.exhausted
    refusal(
        lambda: BatchStream(CLASSIFIER, (batch(i) for i in range(5)), epochs=2), "steps_per_epoch"
    )


def test_keras_and_torch_loaders() -> None:
    torch = pytest.importorskip("torch")
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(rows(10)), torch.zeros(10).long())
    loader = torch.utils.data.DataLoader(dataset, batch_size=4)
    assert is_stream(loader)
    stream = BatchStream(CLASSIFIER, loader)
    assert stream.steps == 3
    parts = [data.arrays[0] for data in stream.epoch(0, 0, shuffle=True)]
    np.testing.assert_array_equal(np.concatenate(parts), rows(10))

    keras = pytest.importorskip("keras")

    class Source(keras.utils.PyDataset):  # type: ignore[misc,name-defined]
        def __len__(self) -> int:
            return 2

        def __getitem__(self, place: int) -> Any:
            return batch(place)

    assert is_stream(Source())
    assert places(BatchStream(CLASSIFIER, Source())) == [0, 1]


def test_broken_batches_are_refused() -> None:
    refusal(lambda: places(BatchStream(CLASSIFIER, iter([(rows(1),) * 4]))), "4 parts")
    refusal(lambda: places(BatchStream(CLASSIFIER, iter([rows(1)]))), "batch 0: y is missing")
    refusal(lambda: BatchStream(CLASSIFIER, Indexed(0)), "no batches")
