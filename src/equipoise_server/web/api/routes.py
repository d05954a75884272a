"""The one list of routes: an address that is read and written is one address."""

from __future__ import annotations

from typing import Any

from ninja import Router

from equipoise_server.web.api.shapes import Problem

router = Router()

_LOOKING = frozenset({401, 403, 404, 422, 429})
_SENDING = frozenset({400, 401, 403, 404, 409, 413, 415, 422, 429, 503})


def looking(shape: Any) -> dict[Any, Any]:
    """What an address that is read may answer: `shape`, or why not."""
    return {200: shape, _LOOKING: Problem}


def sending(shape: Any) -> dict[Any, Any]:
    """What an address that writes may answer: `shape`, or why not; then nothing was written."""
    return {200: shape, _SENDING: Problem}
