"""Models that threads share, that are copied, that are trained inside training, that are let go."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen.runtime.callbacks import LambdaCallback
from kgen.runtime.errors import KgenRuntimeError

from tests.safety.test_failures import data, everything, kind

__all__ = ["kind"]
X, Y = data()


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Results, or exceptions, of calls that begin together, each in a thread of its own."""
    results: list[Any] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = calls[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
    return results


@pytest.mark.parametrize("rows", [1, 3, 24])
@pytest.mark.parametrize("threads", [1, 3])
def test_threads_predict_with_one_model(kind: Any, threads: int, rows: int) -> None:
    net = kind(seed=0, threads=threads)
    parts = [np.roll(X, shift, axis=0)[:rows].copy() for shift in range(4)]
    expected = [net(part) for part in parts]
    assert not np.array_equal(expected[0], expected[1])

    def often(place: int) -> bool:
        return all(np.array_equal(net(parts[place]), expected[place]) for _ in range(300))

    assert at_once([lambda place=place: often(place) for place in range(4)]) == [True] * 4


def test_first_calls_of_two_threads(folder: Path) -> None:
    """Both want every kernel compiled; what one of them runs is not replaced by the other."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("net_module_anew", folder / "net_module.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    nets = [module.Net(seed=0, threads=2) for _ in range(3)]
    found = at_once([lambda net=net: net.fit(X, Y, verbose=0).history for net in nets])
    assert found[0] == found[1] == found[2]


def test_evaluating_in_another_thread_does_not_disturb_training(kind: Any) -> None:
    settings: dict[str, Any] = {"epochs": 60, "batch_size": 2, "verbose": 0}
    alone = kind(seed=0, threads=1)
    expected = alone.fit(X, Y, **settings).history
    net, busy = kind(seed=0, threads=1), True

    def look() -> None:
        while busy:
            net.evaluate(X, Y, verbose=0)
            net.test_on_batch(X[:5], Y[:5])
            net.gradients(X[:5], Y[:5])
            net.predict(X)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        found = net.fit(X, Y, **settings).history
    finally:
        busy = False
        watcher.join()
    assert found == expected
    assert everything(net) == everything(alone)


def test_one_thread_trains_at_a_time(kind: Any) -> None:
    net = kind(seed=0, threads=1)
    inside, over = threading.Event(), threading.Event()

    def wait(epoch: int, logs: Any) -> None:
        inside.set()
        over.wait(60)

    slow = LambdaCallback(on_epoch_begin=wait)
    thread = threading.Thread(target=lambda: net.fit(X, Y, verbose=0, callbacks=[slow]))
    thread.start()
    assert inside.wait(60)
    before = everything(net)
    with pytest.raises(KgenRuntimeError, match="another thread"):
        net.fit(X, Y, verbose=0)
    assert everything(net) == before
    over.set()
    thread.join()
    net.fit(X, Y, verbose=0)


def test_fit_in_a_callback_of_fit(kind: Any) -> None:
    """The figures of the outer epoch are those of its own steps."""
    settings: dict[str, Any] = {"batch_size": 8, "shuffle": False, "verbose": 0}
    net, twin = kind(seed=0, threads=1), kind(seed=0, threads=1)
    seen: list[dict[str, float]] = []

    def train_inside(batch: int, logs: dict[str, float]) -> None:
        seen.append(dict(logs))
        if batch == 1:
            net.fit(X[:8], Y[:8], **settings)

    net.fit(X, Y, callbacks=[LambdaCallback(on_train_batch_end=train_inside)], **settings)
    batches = [slice(start, start + 8) for start in (0, 8, 16)]
    losses = []
    for place, rows in enumerate(batches):
        losses.append(twin.train_on_batch(X[rows], Y[rows])[0])
        if place == 1:
            twin.train_on_batch(X[:8], Y[:8])
    assert [logs["loss"] for logs in seen] == pytest.approx(
        [np.mean(losses[: n + 1]) for n in range(3)], rel=1e-6
    )
    assert [w.tobytes() for w in net.get_weights()] == [w.tobytes() for w in twin.get_weights()]


@pytest.mark.parametrize(
    "hook",
    ["on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_epoch_end", "on_test_end"],
)
def test_an_exception_of_a_callback_leaves_a_usable_model(kind: Any, hook: str) -> None:
    net = kind(seed=0, threads=1)

    def fail(*_: Any) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        net.fit(X, Y, verbose=0, validation_split=0.25, callbacks=[LambdaCallback(**{hook: fail})])
    history = net.fit(X, Y, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2 and np.isfinite(history.history["loss"]).all()
    net.evaluate(X, Y, verbose=0)


def test_a_deep_copy_goes_its_own_way(kind: Any) -> None:
    net = kind(seed=3, threads=2)
    net.fit(X, Y, epochs=2, verbose=0)
    net.optimizer.learning_rate = 0.005
    twin = copy.deepcopy(net)
    assert everything(twin) == everything(net) and twin.seed == net.seed
    before = everything(twin)
    net.fit(X, Y, epochs=4, initial_epoch=net.epoch, verbose=0)
    assert everything(twin) == before
    twin.fit(X, Y, epochs=4, initial_epoch=twin.epoch, verbose=0)
    assert everything(twin) == everything(net)


def test_pickling_is_refused_with_the_way_out(kind: Any) -> None:
    net = kind(seed=0, threads=1)
    for refused in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match=r"save\(path\).*deepcopy"):
            refused(net)
    net.fit(X, Y, verbose=0)
    history = pickle.loads(pickle.dumps(net.history))
    assert history.history == net.history.history


def test_models_that_nobody_has_are_let_go(kind: Any) -> None:
    """With their memory and their threads, without waiting for the collector of cycles."""
    net = kind(seed=0, threads=3)
    net.engine.alone = net.engine.team
    net.fit(X, Y, verbose=0)
    net(X[:1]), net(X), net.predict(X)
    del net
    gc.collect()
    threads = threading.active_count()
    gc.disable()
    try:
        for seed in range(40):
            net = kind(seed=seed, threads=3)
            net.engine.alone = net.engine.team
            net.fit(X, Y, verbose=0)
            net(X[:1])
            gone = weakref.ref(net), weakref.ref(net.engine)
            del net
            assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()
    for _ in range(200):
        if threading.active_count() <= threads:
            break
        time.sleep(0.01)
    assert threading.active_count() <= threads


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_while_another_thread_computes(kind: Any) -> None:
    net, busy = kind(seed=0, threads=1), True
    expected = net(X)

    def predict() -> None:
        while busy:
            net(X)

    thread = threading.Thread(target=predict)
    thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                os._exit(0 if np.array_equal(net(X), expected) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        busy = False
        thread.join()
