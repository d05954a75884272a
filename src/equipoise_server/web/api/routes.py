"""The one list of routes: an address that is read and written is one address."""

from __future__ import annotations

from ninja import Router

router = Router()
