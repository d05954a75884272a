"""Statements that PostgreSQL plans once for a connection, and then only carries out.

To plan a statement of many parts costs the server more than to run it. SQLite keeps what it
has compiled by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

_VALUE = re.compile(r"%\((\w+)\)s")
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Planned:
    """A statement with `%(name)s` for its values.

    `types`: the type of each value as PostgreSQL calls it, by name.
    """

    text: str
    types: dict[str, str]

    def run(self, cursor: Any, **values: object) -> None:
        """Carry it out; what it finds is fetched from the cursor."""
        if cursor.db.vendor != "postgresql":
            cursor.execute(self.text, values)
            return
        self._prepare(cursor)
        cursor.execute(self._execute, [values[name] for name in self.types])

    def _prepare(self, cursor: Any) -> None:
        known = _prepared.setdefault(cursor.connection, set())
        if self._name not in known:
            cursor.execute(self._statement)
            known.add(self._name)

    @cached_property
    def _name(self) -> str:
        return "eq_" + sha256(self.text.encode()).hexdigest()[:24]

    @cached_property
    def _statement(self) -> str:
        number = {name: place for place, name in enumerate(self.types, start=1)}
        body = _VALUE.sub(lambda found: f"${number[found[1]]}", self.text)
        return f"PREPARE {self._name} ({', '.join(self.types.values())}) AS {body}"

    @cached_property
    def _execute(self) -> str:
        return f"EXECUTE {self._name} ({', '.join(['%s'] * len(self.types))})"
