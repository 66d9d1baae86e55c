"""Primitive operations: one declaration each, and the functions that apply them.

`ops.exp(x)` adds a node to the current builder. Names and meanings are those
of `keras.ops` wherever Keras has the function.
"""

from kgen.ops.composite import (
    argmax as argmax,
)
from kgen.ops.composite import (
    expand_dims as expand_dims,
)
from kgen.ops.composite import (
    mean as mean,
)
from kgen.ops.composite import (
    moveaxis as moveaxis,
)
from kgen.ops.composite import (
    squeeze as squeeze,
)
from kgen.ops.composite import (
    unbroadcast as unbroadcast,
)
from kgen.ops.composite import (
    variance as variance,
)
from kgen.ops.contract import dot as dot
from kgen.ops.elementwise import (
    absolute as absolute,
)
from kgen.ops.elementwise import (
    add as add,
)
from kgen.ops.elementwise import (
    as_float as as_float,
)
from kgen.ops.elementwise import (
    divide as divide,
)
from kgen.ops.elementwise import (
    equal as equal,
)
from kgen.ops.elementwise import (
    erf as erf,
)
from kgen.ops.elementwise import (
    exp as exp,
)
from kgen.ops.elementwise import (
    expm1 as expm1,
)
from kgen.ops.elementwise import (
    floor as floor,
)
from kgen.ops.elementwise import (
    greater as greater,
)
from kgen.ops.elementwise import (
    greater_equal as greater_equal,
)
from kgen.ops.elementwise import (
    less as less,
)
from kgen.ops.elementwise import (
    less_equal as less_equal,
)
from kgen.ops.elementwise import (
    log as log,
)
from kgen.ops.elementwise import (
    log1p as log1p,
)
from kgen.ops.elementwise import (
    logical_and as logical_and,
)
from kgen.ops.elementwise import (
    logical_not as logical_not,
)
from kgen.ops.elementwise import (
    logical_or as logical_or,
)
from kgen.ops.elementwise import (
    maximum as maximum,
)
from kgen.ops.elementwise import (
    minimum as minimum,
)
from kgen.ops.elementwise import (
    multiply as multiply,
)
from kgen.ops.elementwise import (
    negative as negative,
)
from kgen.ops.elementwise import (
    not_equal as not_equal,
)
from kgen.ops.elementwise import (
    power as power,
)
from kgen.ops.elementwise import (
    relu as relu,
)
from kgen.ops.elementwise import (
    rsqrt as rsqrt,
)
from kgen.ops.elementwise import (
    sigmoid as sigmoid,
)
from kgen.ops.elementwise import (
    sign as sign,
)
from kgen.ops.elementwise import (
    sqrt as sqrt,
)
from kgen.ops.elementwise import (
    square as square,
)
from kgen.ops.elementwise import (
    stop_gradient as stop_gradient,
)
from kgen.ops.elementwise import (
    subtract as subtract,
)
from kgen.ops.elementwise import (
    tanh as tanh,
)
from kgen.ops.elementwise import (
    where as where,
)
from kgen.ops.normalize import log_softmax as log_softmax
from kgen.ops.normalize import softmax as softmax
from kgen.ops.normalize import softplus as softplus
from kgen.ops.reduce import (
    max as max,
)
from kgen.ops.reduce import (
    min as min,
)
from kgen.ops.reduce import (
    sum as sum,
)
from kgen.ops.shape import (
    broadcast_to as broadcast_to,
)
from kgen.ops.shape import (
    concatenate as concatenate,
)
from kgen.ops.shape import (
    flatten_rows as flatten_rows,
)
from kgen.ops.shape import (
    reshape as reshape,
)
from kgen.ops.shape import (
    slice_axis as slice_axis,
)
from kgen.ops.shape import (
    transpose as transpose,
)
from kgen.ops.source import (
    batch_size as batch_size,
)
from kgen.ops.source import (
    constant as constant,
)
from kgen.ops.source import (
    index as index,
)
from kgen.ops.source import (
    random_normal as random_normal,
)
from kgen.ops.source import (
    random_uniform as random_uniform,
)
from kgen.ops.source import (
    scalar_input as scalar_input,
)
