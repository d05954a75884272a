"""All schemes by name."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from equipoise.errors import DesignError
from equipoise.randomisation.big_stick import BigStick
from equipoise.randomisation.block_urn import BlockUrn
from equipoise.randomisation.chen import Chen
from equipoise.randomisation.efron import Efron
from equipoise.randomisation.minimisation import Minimisation
from equipoise.randomisation.permuted_block import PermutedBlock
from equipoise.randomisation.random_block import RandomBlock
from equipoise.randomisation.shape import Scheme
from equipoise.randomisation.simple import Simple
from equipoise.randomisation.wei_urn import WeiUrn

_SCHEMES: tuple[type[Scheme], ...] = (
    Simple,
    PermutedBlock,
    RandomBlock,
    BigStick,
    BlockUrn,
    WeiUrn,
    Efron,
    Chen,
    Minimisation,
)
SCHEMES: dict[str, type[Scheme]] = {each.name: each for each in _SCHEMES}


def scheme(name: str, **parameters: Any) -> Scheme:
    """The scheme of that name.

    `simple`, `permuted-block(size)`, `random-block(sizes)`, `big-stick(limit)`,
    `block-urn(lambda_)`, `wei-urn(initial, added)`, `efron(p)`, `chen(limit, p)`,
    `minimisation(factors, weights, p, measure)`.

    Raises:
        DesignError: an unknown name, a missing or unknown parameter, an impossible value.

    >>> scheme("big-stick", limit=3)
    BigStick(limit=3)
    """
    kind = SCHEMES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise DesignError(f"there is no scheme {name!r}; choose one of {', '.join(SCHEMES)}")
    _check_names(kind, parameters)
    return kind(**parameters)


def _check_names(kind: type[Scheme], parameters: dict[str, Any]) -> None:
    known = {field.name: field.default is MISSING for field in fields(kind)}
    takes = f"it takes {', '.join(known)}" if known else "it takes no parameters"
    for name in parameters:
        if name not in known:
            raise DesignError(f"{kind.name} has no parameter {name!r}; {takes}")
    missing = [name for name, needed in known.items() if needed and name not in parameters]
    if missing:
        raise DesignError(f"{kind.name} needs {', '.join(missing)}; {takes}")
