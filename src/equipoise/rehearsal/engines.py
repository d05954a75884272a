"""Which engine runs the kernels: compiled by Numba, or NumPy. Both give the same numbers."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from equipoise.errors import ScenarioError
from equipoise.rehearsal import estimates, tables

ENGINES = ("compiled", "numpy")
INSTALLED = importlib.util.find_spec("numba") is not None
if INSTALLED:  # who imports this is about to rehearse: Numba's quarter of a second is spent here
    importlib.import_module("numba")


def engine_of(name: str | None = None) -> str:
    """The engine asked for; without one, compiled where Numba is installed, else NumPy.

    Raises:
        ScenarioError: an engine of another name, or one that is not installed.

    """
    chosen = name or ("compiled" if INSTALLED else "numpy")
    if chosen not in ENGINES:
        raise ScenarioError("", f"there is no engine {name!r}; choose {' or '.join(ENGINES)}.")
    if chosen == "compiled" and not INSTALLED:
        raise ScenarioError(
            "", "the compiled engine needs Numba; install equipoise[fast] or leave --engine out."
        )
    return chosen


def kernels(engine: str) -> tuple[Any, Any, Any, estimates.LogRank]:
    """The kernels of course, categories and linked outcomes, and the log-rank test."""
    if engine == "compiled":
        from equipoise.rehearsal.kernels import (
            categories_compiled,
            compiled,
            linked_compiled,
            logrank_compiled,
        )

        chain, category, link = compiled, categories_compiled, linked_compiled
        return chain.simulate, category.simulate, link.simulate, logrank_compiled.logrank
    from equipoise.rehearsal.kernels import categories, vectorised
    from equipoise.rehearsal.kernels import linked as links

    return vectorised.simulate, categories.simulate, links.simulate, tables.logrank
