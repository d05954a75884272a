"""Events as the ledger stores them: a name and a JSON payload, and back again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from equipoise.errors import LedgerEntryUnreadable, say


class Named(Protocol):
    """An event class: `what` is its name in the ledger."""

    what: ClassVar[str]


E = TypeVar("E", bound=Named)


class Payloads(Generic[E]):
    """Writes and reads the events of one life-cycle; `about` names it in refusals."""

    def __init__(self, about: str, kinds: Sequence[type[E]]) -> None:
        self._about = about
        self._adapters: dict[str, TypeAdapter[Any]] = {k.what: TypeAdapter(k) for k in kinds}

    def write(self, event: E) -> dict[str, Any]:
        """The event as JSON-ready values: moments and dates in ISO 8601, tuples as lists."""
        return cast("dict[str, Any]", self._adapters[event.what].dump_python(event, mode="json"))

    def read(self, what: str, payload: object) -> E:
        """The event that `write` wrote.

        Raises:
            LedgerEntryUnreadable: no such kind of event, or the payload does not fit it.

        """
        adapter = self._adapters.get(what)
        if adapter is None:
            raise LedgerEntryUnreadable(
                what, say("no {about} event has this name", about=self._about)
            )
        try:
            return cast("E", adapter.validate_python(payload))
        except ValidationError as error:
            raise LedgerEntryUnreadable(what, "the payload does not fit the event") from error
