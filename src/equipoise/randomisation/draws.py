"""Where uniform draws come from: always a seed and a name, never a hidden source.

A live trial draws by HMAC, so that each draw can be computed again in any language from
the seed and the published description. Rehearsals use a counter-based generator keyed by
what the draw is for, so that results do not depend on the order or number of workers.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.digest import canonical_json

Label = Literal["live", "demo", "rehearsal"]

MINIMUM_SEED = 16  # bytes
_BITS = 53


def draw(seed: bytes, label: Label, study: str, digest: str, stratum: str, k: int) -> float:
    """Draw k of a stratum: the first 53 bits of HMAC-SHA256(seed, message) / 2**53.

    The message is the canonical JSON of `[label, study, digest, stratum, k]`.

    Args:
        seed: the secret, at least 16 bytes (32 in a live trial).
        label: keeps live, demonstration and rehearsal streams apart.
        study: the study's identifier.
        digest: the protocol digest.
        stratum: the stratum's name.
        k: counts the draws of the stratum, from 0.

    Returns:
        u, 0 <= u < 1.

    Raises:
        ValueError: a short seed, an unknown label, or a `k` that is not 0 or more.

    """
    if len(seed) < MINIMUM_SEED:
        raise ValueError(f"a seed needs at least {MINIMUM_SEED} bytes; got {len(seed)}")
    if label not in get_args(Label):
        raise ValueError(f"label must be one of {', '.join(get_args(Label))}; got {label!r}")
    if isinstance(k, bool) or not isinstance(k, int) or k < 0:
        raise ValueError(f"k counts draws from 0; got {k!r}")
    message = canonical_json([label, study, digest, stratum, k])
    code = hmac.new(seed, message, hashlib.sha256).digest()
    return float((int.from_bytes(code[:8], "big") >> (64 - _BITS)) * 2.0**-_BITS)


def rehearsal_generator(seed: int, *path: str | int) -> np.random.Generator:
    """A Philox generator for one purpose of one simulated trial.

    The key is the first 128 bits of SHA-256 of the canonical JSON `[seed, *path]`, so
    each path has its own stream: `rehearsal_generator(7, "era-b", 12, "allocation")`.
    """
    code = hashlib.sha256(canonical_json([seed, *path])).digest()
    key = np.frombuffer(code[:16], dtype="<u8").astype(np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def uniforms(generator: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Shape (n,), in [0, 1): the top 53 bits of each raw word, fixed across NumPy versions."""
    raw = np.asarray(generator.bit_generator.random_raw(n), dtype=np.uint64)
    return (raw >> np.uint64(64 - _BITS)).astype(np.float64) * 2.0**-_BITS
