"""What is refused before an address is asked: another method, a misspelt parameter.

A parameter that is not known would be overlooked otherwise: `?stie=s01` would give every site.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import HttpError

View = Callable[..., HttpResponse]
Names = frozenset[str]


class NotTakenError(HttpError):
    """A method that an address does not have."""

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed
        super().__init__(405, f"This address takes {allowed}")


def parameters(router: Router) -> dict[str, Mapping[str, Names]]:
    """By address as Django writes it, and method: the names of its parameters."""
    return {
        path.lstrip("/").replace("{", "<").replace("}", ">"): {
            method: _names(operation)
            for operation in view.operations
            for method in operation.methods
        }
        for path, view in router.path_operations.items()
    }


def _names(operation: Any) -> Names:
    known: list[str] = []
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            known += model.__ninja_flatten_map__
    return frozenset(known)


def strict(view: View, known: Mapping[str, Names], api: NinjaAPI) -> View:
    """The same view, asked only what it knows."""

    @wraps(view)
    def asked(request: HttpRequest, **parts: Any) -> HttpResponse:
        try:
            _require_known(request, known)
        except HttpError as problem:
            return api.on_exception(request, problem)
        return view(request, **parts)

    return asked


def _require_known(request: HttpRequest, known: Mapping[str, Names]) -> None:
    names = known.get(str(request.method))
    if names is None:
        raise NotTakenError(", ".join(sorted(known)))
    for name in sorted(request.GET.keys() - names):
        may = ", ".join(sorted(names)) or "none"
        raise HttpError(422, f"There is no parameter {name[:60]!a} here; there are: {may}")
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise HttpError(422, f"The parameter {name} was given {len(values)} times")
