"""Counter-based random numbers: a pure function of (seed, stream, step, element index).

An element's 32 random bits are two keyed rounds of integer mixing of its 64-bit index. The mixers
are the published `lowbias32` and `triple32` of Chris Wellons' hash-prospector (public domain):
each is a bijection of 32 bits whose avalanche bias is near that of a random permutation. The two
32-bit keys, one before each round, come from seed, stream and step through SplitMix64 (Steele,
Lea, Flood, "Fast splittable pseudorandom number generators"), so that close seeds, streams or
steps have unrelated keys. Five multiplications an element, a third of Philox4x32-10 used one word
at a time. Written over the vector interface of `vectors`.
"""

from __future__ import annotations

from typing import Any

Vector = Any

MASK_64 = (1 << 64) - 1


def signed_32(value: int) -> int:
    """The 32 low bits of `value` read as a two's-complement number."""
    return ((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


def mix_first(x: Vector) -> Vector:
    """`lowbias32`, a bijection of int32 lanes."""
    x = (x ^ (x >> 16)) * signed_32(0x7FEB352D)
    x = (x ^ (x >> 15)) * signed_32(0x846CA68B)
    return x ^ (x >> 16)


def mix_second(x: Vector) -> Vector:
    """`triple32`, a bijection of int32 lanes."""
    x = (x ^ (x >> 17)) * signed_32(0xED5AD4BB)
    x = (x ^ (x >> 11)) * signed_32(0xAC4C1B51)
    x = (x ^ (x >> 15)) * signed_32(0x31848BAB)
    return x ^ (x >> 14)


def random_bits(low: Vector, high: Vector, key0: Vector, key1: Vector) -> Vector:
    """32 random bits for each 64-bit counter given as int32 words, under two int32 keys."""
    return mix_second(mix_first(low ^ key0) + key1 + high * signed_32(0x9E3779B9))


def bits_to_uniform(bits: Vector) -> Vector:
    """float32 in [0, 1): the 24 high bits scaled by 2**-24, exact."""
    return (bits >> 8).to_float() * 5.9604644775390625e-08


def bits_to_normal(bits: Vector, log: Any) -> Vector:
    """Standard normal float32 by the inverse error function of a symmetric 24-bit uniform.

    The polynomials are those of Giles, "Approximating the erfinv function" (single precision).
    The largest magnitude is about 5.4.
    """
    t = (((bits >> 8) << 1) - 16777215).to_float() * 5.9604644775390625e-08
    w = -log((1.0 - t) * (1.0 + t))
    central = w - 2.5
    p = central.fma(2.81022636e-08, 3.43273939e-07)
    for term in (
        -3.5233877e-06,
        -4.39150654e-06,
        0.00021858087,
        -0.00125372503,
        -0.00417768164,
        0.246640727,
        1.50140941,
    ):
        p = p.fma(central, term)
    tail = w.sqrt() - 3.0
    q = tail.fma(-0.000200214257, 0.000100950558)
    for term in (
        0.00134934322,
        -0.00367342844,
        0.00573950773,
        -0.0076224613,
        0.00943887047,
        1.00167406,
        2.83297682,
    ):
        q = q.fma(tail, term)
    return (w < 5.0).choose(p, q) * t * 1.4142135623730951


def split_mix(state: int) -> int:
    """One SplitMix64 output for a 64-bit state."""
    z = (state + 0x9E3779B97F4A7C15) & MASK_64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK_64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK_64
    return z ^ (z >> 31)
