"""Exceptions raised while a compiled model runs.

Every message says what was expected, what was found and what to do about it.
"""

from __future__ import annotations


class KgenRuntimeError(Exception):
    """Base of every error that the runtime raises on purpose."""


class DataError(KgenRuntimeError, ValueError):
    """Arrays given to a model do not fit it: wrong name, shape, dtype or values."""


class WeightError(KgenRuntimeError, ValueError):
    """A checkpoint or a weight does not fit the model: missing, unexpected or misshapen."""


class EnvironmentVariableError(KgenRuntimeError, ValueError):
    """An environment variable that steers the runtime has an unusable value."""


class KernelError(KgenRuntimeError, RuntimeError):
    """A kernel could not be compiled; the message names the kernel and its module."""


class MemoryLimitError(KgenRuntimeError, MemoryError):
    """A batch needs more memory than the model was built for, or than there is."""


class DeviceError(KgenRuntimeError, RuntimeError):
    """There is no GPU that can be used, or it has no room left."""


class MissingPackageError(KgenRuntimeError, ImportError):
    """A package that this machine's part of the runtime needs is not installed."""
