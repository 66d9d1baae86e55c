"""Names that Keras 3.15 has and kgen refuses, by family, with the reason."""

from __future__ import annotations

_PYTHON = "a model file describes a model; Python classes and objects are no part of it"
_ANOTHER = "it runs the code of another framework"
_TEXT = "tensors hold numbers; turn text into numbers in Python, before fit() and predict()"
_FUNCTION = "it takes a function to run; loops and conditions go over build-time values"
_COMPLEX = "tensors are real; complex numbers have no kernels"
_MATRICES = "decompositions and inverses of matrices have no kernels"
_DYNAMIC = "the shape of its result depends on the data, and shapes are known at build time"
_BITS = "integers are computed as float32, exactly up to 2**24, which has no bits to work on"
_VALUE = "it gives a value known at build time: use x.shape, x.ndim, x.dtype"
_RARE = "it has no vector function"

_WARPS = "images are resampled along affine maps: RandomRotation, RandomShear, RandomZoom"
_LABELS = "it changes labels too, and a layer is given images alone; mix batches in Python"
_CHOICE = "it draws which layers run, and compiled layers run always; name the layers themselves"
_SPECTRA = (
    "Fourier transforms have no kernels; compute spectra in Python, before fit() and predict()"
)
_TILES = "histograms of parts of an image have no kernels; Equalization counts whole channels"
_ONE = "one optimizer updates all weights; trainable=False leaves some as they are"

_REFUSED: dict[str, dict[str, str]] = {
    "layer": {
        _PYTHON: "InputSpec Layer Wrapper deserialize serialize",
        _ANOTHER: "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        _TEXT: "HashedCrossing Hashing StringLookup TextVectorization",
        "inputs are declared: input x: float32[10]": "Input InputLayer",
        _WARPS: "RandomPerspective RandomElasticTransform",
        _LABELS: "CutMix MixUp",
        _CHOICE: "AugMix RandAugment",
        "write Sequential([...]), which is a layer made of layers": "Pipeline",
        _SPECTRA: "MelSpectrogram STFTSpectrogram",
        _TILES: "ContrastLimitedAdaptiveHistogramEqualization",
        "layers change images alone; change their bounding boxes in Python": "MaxNumBoundingBoxes",
        "a vocabulary is looked up in Python; give the model places in it": "IntegerLookup",
        "Keras overwrites the kernel in the forward pass, which its backends do differently; "
        "kernel_constraint=UnitNorm() bounds a kernel too": "SpectralNormalization",
    },
    "function": {
        _FUNCTION: "associative_scan cond custom_gradient fori_loop jvp map scan switch vectorize "
        "vectorized_map while_loop",
        _COMPLEX: "fft fft2 ifft2 irfft istft polar rfft stft view_as_complex view_as_real",
        _MATRICES: "cholesky cholesky_inverse det eig eigh inv logdet lstsq lu_factor matrix_rank "
        "pinv qr slogdet solve solve_triangular svd",
        _DYNAMIC: "nonzero unique",
        "sum(one_hot(searchsorted(edges, x), len(edges) + 1), axis=0) counts values between edges "
        "that are written down": "histogram",
        _BITS: "bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or "
        "bitwise_right_shift bitwise_xor gcd lcm left_shift right_shift view",
        _VALUE: "dtype is_tensor ndim shape size",
        _RARE: "i0 nextafter",
        "compute in Python what is not part of the model": "convert_to_numpy",
        "of elements at one place the last would win, which threads do not agree on; "
        "segment_sum and scatter add them": "scatter_update",
        "only sums over segments have a kernel: segment_sum": "segment_max segment_min "
        "segment_prod",
        "the lengths of its paths depend on the data": "ctc_decode",
    },
    "activation": {_PYTHON: "deserialize get serialize"},
    "initializer": {
        _PYTHON: "Initializer deserialize get initializer serialize",
        _COMPLEX: "STFT STFTInitializer stft",
    },
    "regularizer": {_PYTHON: "Regularizer deserialize get serialize"},
    "constraint": {_PYTHON: "Constraint deserialize get serialize"},
    "optimizer": {
        _PYTHON: "Optimizer OptimizerMap deserialize get serialize",
        "half precision needs it; kgen trains in float32": "LossScaleOptimizer",
        _ONE: "MultiOptimizer",
    },
    "schedule": {_PYTHON: "LearningRateSchedule deserialize serialize"},
    "loss": {
        _PYTHON: "Loss LossFunctionWrapper deserialize get serialize",
    },
    "metric": {
        _PYTHON: "MeanMetricWrapper Metric deserialize get mean_metric_wrapper metric serialize",
        "it takes values, no target and prediction; declare one that returns the values: "
        "metric level(y_true, y_pred)": "Mean Sum mean sum",
    },
}
_INPUT = "inputs are declared with their shapes: input x: float32[10]"
# Arguments that Keras has or once had, for layers and optimizers alike: what to write instead.
REFUSED_ARGUMENTS = {
    "batch_input_shape": _INPUT,
    "decay": "give a schedule, such as learning_rate=InverseTimeDecay(...)",
    "implementation": "leave it out: there is one implementation",
    "input_dim": _INPUT,
    "input_length": _INPUT,
    "input_shape": _INPUT,
    "lr": "did you mean learning_rate?",
}
REFUSED: dict[str, dict[str, str]] = {
    family: {name: reason for reason, text in groups.items() for name in text.split()}
    for family, groups in _REFUSED.items()
}
