"""Counter-based streams: any number of any stream without drawing those before it.

A stream is named after (seed, scenario, purpose) and a trial; its i-th number is a hash of
key and counter. Results therefore do not depend on the order, number or kind of workers,
and the NumPy and the compiled kernels read the same numbers.

Source: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): its finaliser applied to key +
counter * golden gamma, so a stream is that generator started at its key. Keys of trials are
mixed twice, and the key of a family comes from SHA-256, so streams start far apart.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from equipoise.digest import canonical_json

UIntArray = NDArray[np.uint64]
FloatArray = NDArray[np.float64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11 = (np.uint64(shift) for shift in (30, 27, 31, 11))
SCALE = 2.0**-53


@lru_cache(maxsize=1024, typed=True)  # each chunk of trials asks for the same few
def key(seed: int, *path: str | int) -> np.uint64:
    """The key of a family of streams: 64 bits of SHA-256 of the canonical JSON [seed, *path]."""
    code = hashlib.sha256(canonical_json([seed, *path])).digest()
    return np.uint64(int.from_bytes(code[:8], "little"))


def mix(value: UIntArray) -> UIntArray:
    """The SplitMix64 finaliser, element by element."""
    with np.errstate(over="ignore"):
        value = (value ^ (value >> S30)) * FIRST
        value = (value ^ (value >> S27)) * SECOND
    result: UIntArray = value ^ (value >> S31)
    return result


def trial_keys(base: np.uint64, first: int, trials: int) -> UIntArray:
    """Keys of trials `first` to `first + trials - 1`, shape (trials,)."""
    counter = np.arange(first, first + trials, dtype=np.uint64)
    with np.errstate(over="ignore"):
        return mix(mix(base + counter * GOLDEN))


def uniforms(trial_key: np.uint64, first: int, count: int) -> FloatArray:
    """Numbers `first` to `first + count - 1` of a stream, shape (count,), in [0, 1)."""
    counter = np.arange(first, first + count, dtype=np.uint64)
    with np.errstate(over="ignore"):
        bits = mix(trial_key + counter * GOLDEN)
    result: FloatArray = (bits >> S11).astype(np.float64) * SCALE
    return result


def uniform_table(keys: UIntArray, count: int) -> FloatArray:
    """The first `count` numbers of several streams, shape (streams, count), in [0, 1)."""
    counter = np.arange(count, dtype=np.uint64)
    with np.errstate(over="ignore"):
        bits = mix(keys[:, None] + counter * GOLDEN)
    result: FloatArray = (bits >> S11).astype(np.float64) * SCALE
    return result


class Stream:
    """One stream of one trial, read from the front."""

    def __init__(self, seed: int, scenario: str, purpose: str, trial: int) -> None:
        self._key = trial_keys(key(seed, scenario, purpose), trial, 1)[0]
        self._next = 0

    def take(self, count: int) -> FloatArray:
        """The next `count` numbers, shape (count,), in [0, 1)."""
        taken = uniforms(self._key, self._next, count)
        self._next += count
        return taken
