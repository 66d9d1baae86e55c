"""Writes digits.npz, the data of digits.k, from the copy that scikit-learn ships.

Run it with scikit-learn installed: python examples/data/make_digits.py

Keys are named after the model's input and output. The 1,797 images are put in
a fixed random order, and the last 360 kept apart under `test_` names.
"""

import zipfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

HELD_OUT = 360
NEW_YEAR = (1980, 1, 1, 0, 0, 0)  # a fixed date: the same bytes every time


def main() -> None:
    """Scale the pixels from 0..16 to 0..1, shuffle, and write both parts."""
    digits = load_digits()
    order = np.random.RandomState(0).permutation(len(digits.data))
    image = (digits.data[order] / 16).astype(np.float32)
    digit = digits.target[order].astype(np.int32)
    arrays = {
        "image": image[:-HELD_OUT],
        "digit": digit[:-HELD_OUT],
        "test_image": image[-HELD_OUT:],
        "test_digit": digit[-HELD_OUT:],
    }
    target = Path(__file__).with_name("digits.npz")
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", NEW_YEAR)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    print(f"{target}: {len(image)} images, {HELD_OUT} of them held out")


if __name__ == "__main__":
    main()
