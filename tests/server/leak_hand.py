"""What the planted leaks have in hand: the vault, which nobody who leaks should have."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Leak = Callable[[Path], None]
ALIKE = "high"  # the arm of the small study that is the same in both worlds
LOG = logging.getLogger("equipoise")
AT = datetime(2026, 1, 1, tzinfo=UTC)


WHERE: dict[str, str] = {}
"""Each leak by name, and the beginning of what it has to be found in."""
PLANTED: dict[str, Leak] = {}


def shows_in(place: str) -> Callable[[Leak], Leak]:
    """Enter a leak into the list, with the place where it has to be noticed."""

    def enter(leak: Leak) -> Leak:
        WHERE[leak.__name__], PLANTED[leak.__name__] = place, leak
        return leak

    return enter


def arm_of(participant: str) -> str:
    """What nobody may know."""
    from equipoise_server.allocator.allocation import arm_of as opened
    from equipoise_server.vault.models import Allocation

    return opened(Allocation.objects.get(participant=participant))


def telling_arm() -> str:
    """The arm of the first participant whose arm is another in the other world."""
    from equipoise_server.vault.models import Allocation

    codes = Allocation.objects.order_by("participant").values_list("participant", flat=True)
    return next((arm for arm in map(arm_of, codes) if arm != ALIKE), "")


def content_of(kit: str) -> str:
    """What is in a kit."""
    from equipoise_server.allocator import kits
    from equipoise_server.vault.models import Kit

    return kits.arm_in(Kit.objects.get(code=kit))


def after_randomising(then: Callable[[Any, str, str], Any]) -> None:
    """Run `then(service, participant, kit)` on every answer of the allocator."""
    from equipoise_server.services.participants import randomise as service

    asked = service.client.allocate

    def allocate(**given: Any) -> str:
        kit = asked(**given)
        return then(service, given["participant"], kit) or kit

    service.client.allocate = allocate
