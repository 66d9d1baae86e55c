"""The Python way to what `kgen train` does: python examples/train_digits.py"""

from pathlib import Path

import kgen
import numpy as np
from kgen.runtime.callbacks import EarlyStopping

HERE = Path(__file__).parent


def main() -> None:
    """Build digits.k with wider layers, train, evaluate, save, and load again."""
    module = kgen.load(HERE / "digits.k", width=192)
    with np.load(HERE / "data" / "digits.npz") as data:
        x, y = data["image"], data["digit"]
        x_test, y_test = data["test_image"], data["test_digit"]
    net = module.Digits(seed=0)
    net.summary()
    patience = EarlyStopping(patience=5, restore_best_weights=True)
    net.fit(x, y, epochs=50, validation_split=0.1, callbacks=[patience])
    loss, accuracy = net.evaluate(x_test, y_test)
    print(f"held-out accuracy {accuracy:.1%}, loss {loss:.4f}")
    net.save("digits.safetensors")
    again = module.Digits.load("digits.safetensors")
    print("first test image:", again.predict(x_test[:1]).argmax(), "- label:", y_test[0])


if __name__ == "__main__":
    main()
