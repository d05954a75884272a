"""One executable protocol runs a whole randomised trial, and rehearses it first.

    import equipoise as eq

    study = eq.load("nct05787288")
    eq.check(study)

The functions are loaded when they are first asked for, so that importing is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.eligibility import assess
    from equipoise.protocol.check import check
    from equipoise.protocol.load import load
    from equipoise.rehearsal import rehearse
    from equipoise.schedule import doses, windows

__version__ = "0.1.0"
__all__ = ["assess", "check", "doses", "load", "rehearse", "windows"]

_HOMES = {
    "load": "equipoise.protocol.load",
    "check": "equipoise.protocol.check",
    "assess": "equipoise.eligibility",
    "windows": "equipoise.schedule",
    "doses": "equipoise.schedule",
    "rehearse": "equipoise.rehearsal",
}


def __getattr__(name: str) -> Any:
    """Load a public function when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
