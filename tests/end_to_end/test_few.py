"""A call with a few rows takes a path of its own: it must give what `predict` gives."""

from __future__ import annotations

from pathlib import Path

import kgen
import numpy as np

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_a_call_is_predict_whatever_the_rows_and_the_weights(tmp_path: Path) -> None:
    model = kgen.load(EXAMPLES / "02_mlp.k").Mlp
    net = model(seed=0)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 20), dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 200)]
    before = net(x[:1])
    net.fit(x, y, verbose=0)
    assert not np.array_equal(net(x[:1]), before)
    for rows in (1, 3, 8, 33, 64, 65, 200):
        expected = net.predict(x[:rows], batch_size=rows, verbose=0)
        np.testing.assert_array_equal(net(x[:rows]), expected)
    backwards = x[::-1][:5]
    np.testing.assert_array_equal(net(backwards), net(np.ascontiguousarray(backwards)))
    net.save(tmp_path / "net.safetensors")
    again = model.load(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(again(x[:4]), net(x[:4]))
