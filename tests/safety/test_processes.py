"""Processes that are stopped, killed, forked or crowded, and folders that cannot be written."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.safety.trained_model import run, start, write_module

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, forks and limits of POSIX")

ENDLESS_SAVES = """
net = new()
net.fit(x, y, verbose=0)
print("ready", flush=True)
while True:
    net.epoch += 1
    net.save("net.safetensors")
"""
ENDLESS_CACHE = """
from kgen.runtime.kernel_cache import KernelCache
from kgen.runtime.kernels import Kernel
kernel = next(value for value in vars(net_module).values() if isinstance(value, Kernel))
cache = KernelCache(kernel.function, str(kernel.signature))
header, body = cache.read()
import json
content = json.dumps(header).encode() + b"\\n" + body
folder = cache.folders[0]
print("ready", flush=True)
while True:
    cache.write(folder, content)
"""
INTERRUPTED = """
from kgen.runtime.callbacks import LambdaCallback
net = new({threads})
told = LambdaCallback(on_epoch_begin=lambda epoch, logs: epoch == 2 and print("ready", flush=True))
try:
    net.fit(x, y, batch_size=10, epochs=10**9, verbose={verbose}, callbacks=[told], shuffle=False)
except KeyboardInterrupt:
    pass
else:
    raise AssertionError("it was not interrupted")
epochs, rest = divmod(net.engine.step, 10)
assert epochs >= 2, net.engine.step
assert len(net.history.epoch) in (epochs, epochs - 1), (net.history.epoch, epochs)
again = new({threads})
again.fit(x, y, batch_size=10, epochs=epochs, verbose=0, shuffle=False)
if rest:
    rows = min(10 * rest, len(x))
    again.fit(x[:rows], y[:rows], batch_size=10, verbose=0, shuffle=False)
assert again.engine.step == net.engine.step
for one, other in zip(net.get_weights(), again.get_weights()):
    np.testing.assert_array_equal(one, other)
net.fit(x, y, verbose=0)
"""


def ready(process: subprocess.Popen[str]) -> None:
    """Wait until a script says so."""
    assert process.stdout is not None and process.stderr is not None
    for line in process.stdout:
        if "ready" in line:
            return
    raise AssertionError(process.stderr.read())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=60)


def test_killed_while_saving(folder: Path) -> None:
    pauses = random.Random(0)
    for _ in range(4):
        process = start(ENDLESS_SAVES, folder)
        ready(process)
        time.sleep(0.05 + 0.2 * pauses.random())
        kill(process)
        run(
            "net = net_module.Net.load('net.safetensors'); net.save('net.safetensors')\n"
            "assert not [name for name in os.listdir('.') if name.endswith('.tmp')]",
            folder,
        )


def test_killed_while_caching(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder, tmp_path / "copy")
    run("new()(x)", place)
    for _ in range(4):
        process = start(ENDLESS_CACHE, place)
        ready(process)
        time.sleep(0.1)
        kill(process)
    run("net = new(); assert net.engine.uncompiled('predict') == 0; net(x)", place)


def test_two_processes_compile_at_once(folder: Path, tmp_path: Path) -> None:
    place = write_module(tmp_path / "both")
    script = "net = new(2); net.fit(x, y, verbose=0); print(net(x).tobytes().hex())"
    both = [start(script, place) for _ in range(2)]
    outputs = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0] == run(script, place)


@pytest.mark.parametrize(("threads", "verbose"), [(1, 0), (3, 0), (2, 1)])
def test_interrupted_training(folder: Path, threads: int, verbose: int) -> None:
    process = start(INTERRUPTED.format(threads=threads, verbose=verbose), folder)
    ready(process)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def test_interrupt_that_nobody_catches(folder: Path) -> None:
    script = "print('ready', flush=True)\nnew(3).fit(x, y, epochs=10**9, verbose=0)"
    process = start(script, folder)
    ready(process)
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, 130), errors
    assert "KeyboardInterrupt" in errors


def test_training_in_a_forked_child(folder: Path) -> None:
    run(
        """
net = new(3)
net.fit(x, y, verbose=0)
child = os.fork()
net.fit(x, y, verbose=0)
if child == 0:
    net.save("child.safetensors")
    os._exit(0)
pid, status = os.waitpid(child, 0)
assert status == 0, status
other = net_module.Net.load("child.safetensors")
for one, two in zip(net.get_weights(), other.get_weights()):
    np.testing.assert_array_equal(one, two)
""",
        folder,
    )


@pytest.mark.parametrize("ending", ["", "del net", "sys.exit()", "net.engine.team.close()"])
def test_end_with_idle_workers(folder: Path, ending: str) -> None:
    run(f"net = new(4)\nnet.fit(x, y, verbose=0)\n{ending}", folder)


@pytest.mark.parametrize("threads", ["0", "-1", "many", "1.5", "1e3", "\u00b2", "9" * 30])
def test_unusable_thread_counts(folder: Path, threads: str) -> None:
    run(
        """
from kgen.runtime.errors import EnvironmentVariableError
try:
    net_module.Net(seed=0)
except EnvironmentVariableError as error:
    assert "KGEN_NUM_THREADS" in str(error)
else:
    raise AssertionError("it was taken")
""",
        folder,
        {"KGEN_NUM_THREADS": threads},
    )


def test_a_system_without_more_threads(folder: Path) -> None:
    run(
        """
import threading
net, start, started = new(4), threading.Thread.start, []

def fail(thread):
    if started:
        raise RuntimeError("can't start new thread")
    started.append(thread)
    start(thread)

threading.Thread.start = fail
for attempt in range(2):
    started.clear()
    before = net.engine.weights.tobytes(), net.engine.step
    try:
        net.train_on_batch(x, y)
    except RuntimeError as error:
        assert "thread" in str(error)
    else:
        raise AssertionError("it ran")
    assert (net.engine.weights.tobytes(), net.engine.step) == before
threading.Thread.start = start
net.train_on_batch(x, y)
""",
        folder,
    )


@pytest.mark.parametrize("how", ["full", "no folder"])
def test_kernels_that_cannot_be_kept(tmp_path: Path, how: str) -> None:
    place = write_module(tmp_path / "place")
    (place / "__pycache__").write_text("not a folder")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    home = tmp_path / "home"
    home.mkdir()
    if how == "no folder":
        limit, home = "", place / "__pycache__"
    run(
        f"""
{limit}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    net = new()
    assert np.isfinite(net(x)).all()
told = [str(w.message) for w in caught if "kernels cannot be kept" in str(w.message)]
assert len(told) == 1 and "NUMBA_CACHE_DIR" in told[0], told
""",
        place,
        {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert sorted(path.name for path in place.iterdir()) == ["__pycache__", "net_module.py"]
    assert not [path for path in tmp_path.rglob("*") if ".kernel" in path.name]


@pytest.mark.parametrize("utf8", ["0", "1"])
def test_plain_locale(folder: Path, utf8: str) -> None:
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": utf8, "LANG": "C"}
    output = run(
        "net = new()\nnet.summary()\n"
        "net.fit(x, y, epochs=2, validation_split=0.25)\nnet.fit(x, y, verbose=2)\n"
        "net.save('n.safetensors')\nnet.load_weights('n.safetensors')\n"
        "try:\n    net.load_weights('none')\nexcept OSError as error:\n    print(ascii(error))",
        folder,
        locale,
    )
    assert "Net" in output
