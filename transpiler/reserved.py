"""Names that emitted kernels use themselves, which nothing else in them may have."""

from __future__ import annotations

import builtins
import keyword

# Names every kernel uses for itself, besides those of the tile functions.
LOCALS = """
    acc batch batch_rows clock args thread threads warps turn first last i j k o r row place total
    team teams warp team_warps blocks_of_warps block_sum block_max block_min block_pack
    block_product block_product_t known tie earlier before start count dimension panel kernel sync
    value part share random_key matrix imatrix f64vector math np numba zeros full load load_column
    load_scalar store store_column add_to outer outer_t pack pack_t transpose_block select maximum
    minimum absolute sqrt floor exp log log1p expm1 tanh sigmoid erf sin cos power square
    reciprocal rsqrt sign row_sum row_max row_min col_sum keep_columns keep_rows lane_index
    lane_sums uniform normal element set_element first_row last_row step_index as_float vectors_for
    arccos arccosh arcsin arcsinh arctan arctanh cbrt cosh erfc erfinv exp2 log10 log2 sinh tan ROWS
    HALF_ROWS LANES ceil rint scalar fill_words copy_words store_rows rows_for prefetch scratch
    prefetch_write workspace set_dimension col_max col_min i64vector share_batch share_block
    share_rows step_in_call TALL_ROWS part_of
    block_product_bfloat16 block_product_t_bfloat16 block_product_t_tf32 block_product_tf32
    block_outer_bfloat16 block_outer_tf32 tensor_tile tensor_zeros
"""
RESERVED = frozenset([*LOCALS.split(), *keyword.kwlist, *keyword.softkwlist, *dir(builtins)])
# What the lists of kernel calls use besides: the memory they are given, and a loop's range.
OF_PROGRAMS = frozenset(["m", "np", "range", "side_by_side", "sync"])
