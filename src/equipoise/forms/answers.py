"""What a name means inside a form: its own items first, then other forms, then derived values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from equipoise.forms.compiled import CompiledForm, CompiledItem
from equipoise.forms.messages import Problem
from equipoise.forms.record import Value
from equipoise.protocol.derive import with_derived
from equipoise.protocol.model import Protocol
from equipoise.rules import UNKNOWN


class OwnAnswers(Mapping[str, object]):
    """The answers of one form in the light of its skip logic, over those of other forms.

    An item that is not asked is UNKNOWN, and so is whatever depends on it. Computed items
    are worked out when a rule or the form asks for them. `known` adds the derived values of
    the protocol and is what expressions are evaluated against.
    """

    __slots__ = ("_busy", "_context", "_form", "_found", "_typed", "known", "unfit")

    def __init__(
        self,
        protocol: Protocol,
        form: CompiledForm,
        typed: Mapping[str, Value],
        context: Mapping[str, object],
    ) -> None:
        self._form = form
        self._typed = typed
        self._context = context
        self._found: dict[str, object] = {}
        self._busy: set[str] = set()
        self.unfit: dict[str, object] = {}
        self.known = with_derived(protocol, self)

    def __getitem__(self, name: str) -> object:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: object = None) -> object:
        """The value of an own item, else of the context."""
        item = self._form.named.get(name)
        if item is None:
            return self._context.get(name, default)
        found = self._found.get(item.id)
        return self.value(item) if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._context)

    def __len__(self) -> int:
        return len(self._context)

    def value(self, item: CompiledItem) -> object:
        """The value of one item, UNKNOWN where it is not asked or not answered.

        While an item is being computed its own name means the protocol's derived value, so
        that a form can show `severity` by an item called `severity`.
        """
        found = self._found.get(item.id)
        if found is not None:
            return found
        if item.id in self._busy:
            return None
        self._busy.add(item.id)
        try:
            value = self._work_out(item)
        finally:
            self._busy.discard(item.id)
        self._found[item.id] = value
        return value

    def asked(self, item: CompiledItem) -> bool:
        """Whether skip logic asks the item; unknown does not."""
        return all(rule.run(self.known) is True for rule in item.shown_if)

    def _work_out(self, item: CompiledItem) -> object:
        if item.shown_if and not self.asked(item):
            return UNKNOWN
        if item.derive is None:
            return self._typed.get(item.id, UNKNOWN)
        computed = item.derive.run(self.known)
        if computed is UNKNOWN:
            return UNKNOWN
        value = item.read(computed)
        if isinstance(value, Problem):
            self.unfit[item.id] = computed
            return UNKNOWN
        return UNKNOWN if value is None else value
