"""Derived values: computed from answers when a rule names them.

A derived value is unknown until the answers decide it. In a decision table the first true
row wins; a row that nobody can judge yet stops the table, unless only optional names are
missing: those count as absent, and absent evidence never makes a row true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from equipoise.errors import ProtocolError
from equipoise.protocol.model import Derived, Protocol
from equipoise.protocol.origin import Scalar
from equipoise.protocol.remember import Remembered
from equipoise.rules import UNKNOWN, Expression, parse
from equipoise.rules.nodes import Call, Junction, Literal, Name, Node, Not, walk


def with_derived(protocol: Protocol, answers: Mapping[str, object]) -> Mapping[str, object]:
    """`answers` with every derived value of the protocol, each computed when it is asked for.

    A bare name finds its value under the bare name, as a derived value, or under the one
    qualified key that ends with it (`labs.alt` answers `alt`); where two qualified keys
    disagree, the value is UNKNOWN. The result is a snapshot: do not change `answers` while
    it is in use.

    Raises:
        ProtocolError: on reading a derived value that depends on itself.

    """
    return _Answers(_tables(protocol), answers)


def derive(protocol: Protocol, name: str, answers: Mapping[str, object]) -> object:
    """One derived value, or UNKNOWN.

    Raises:
        ProtocolError: the protocol derives no such value, or it depends on itself.

    """
    tables = _tables(protocol)
    if name not in tables:
        raise ProtocolError("", f"The protocol derives no {name!r}. Declare it under `derived`.")
    return _Answers(tables, answers).computed(tables[name])


def names_behind(protocol: Protocol, expression: Expression) -> tuple[str, ...]:
    """The items that decide an expression: its names, derived ones replaced by what they read."""
    tables = _tables(protocol)
    found: dict[str, None] = {}
    _collect(tables, expression.names, found, frozenset())
    return tuple(found)


def missing(
    protocol: Protocol, expression: Expression, answers: Mapping[str, object]
) -> tuple[str, ...]:
    """The items that an expression still waits for, in the order in which it reads them.

    `answers` is what `with_derived` gave. Optional names of a decision table are not waited
    for. A derived value that is unknown although all its items are answered (no row is true)
    is named itself.
    """
    tables = _tables(protocol)
    found: dict[str, None] = {}
    _wait(tables, expression.names, answers, found, frozenset())
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    when: Expression
    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A derived value, parsed. `rows` is empty where it is one expression."""

    id: str
    whole: bool
    expression: Expression | None
    rows: tuple[_Row, ...]
    optional: frozenset[str]
    otherwise: object
    names: tuple[str, ...]
    weakened: dict[tuple[int, tuple[str, ...]], Expression]


def _parse_table(derived: Derived) -> _Table:
    expression = parse(derived.expression) if derived.expression is not None else None
    rows = tuple(_Row(when=parse(row.when), value=row.value) for row in derived.rows)
    read = (*((expression,) if expression else ()), *(row.when for row in rows))
    return _Table(
        id=derived.id,
        whole=derived.type == "integer",
        expression=expression,
        rows=rows,
        optional=frozenset(derived.optional),
        otherwise=UNKNOWN if derived.otherwise is None else derived.otherwise,
        names=tuple(dict.fromkeys(name for one in read for name in one.names)),
        weakened={},
    )


def _parse_all(protocol: Protocol) -> dict[str, _Table]:
    return {derived.id: _parse_table(derived) for derived in protocol.derived}


_tables: Remembered[Protocol, dict[str, _Table]] = Remembered(_parse_all)


class _Answers(Mapping[str, object]):
    """Answers and derived values behind one face."""

    __slots__ = ("_answers", "_computed", "_suffixes", "_tables", "_working")

    def __init__(self, tables: dict[str, _Table], answers: Mapping[str, object]) -> None:
        self._tables = tables
        self._answers = answers
        self._computed: dict[str, object] = {}
        self._working: list[str] = []
        self._suffixes: dict[str, object] | None = None

    def __getitem__(self, name: str) -> object:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: object = None) -> object:
        """The value of `name`, else `default`."""
        found = self._find(name)
        return default if found is None else found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        yield from self._answers
        yield from (name for name in self._tables if name not in self._answers)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _find(self, name: str) -> object | None:
        """The value of `name`, or None where nobody has given one."""
        found = self._answers.get(name)
        if found is not None and found is not UNKNOWN:
            return found
        table = self._tables.get(name)
        if table is not None:
            return self.computed(table)
        if found is UNKNOWN or "." in name:
            return found
        return self._by_suffix(name)

    def _by_suffix(self, name: str) -> object | None:
        if self._suffixes is None:
            self._suffixes = _suffixes(self._answers)
        return self._suffixes.get(name)

    def computed(self, table: _Table) -> object:
        """The value of one derived value, worked out at most once."""
        done = self._computed.get(table.id)
        if done is not None:
            return done
        if table.id in self._working:
            circle = " -> ".join((*self._working[self._working.index(table.id) :], table.id))
            raise ProtocolError(
                "", f"Derived values wait for each other: {circle}. Break the circle."
            )
        self._working.append(table.id)
        try:
            value = _settle(table, self._table_value(table))
        finally:
            self._working.pop()
        self._computed[table.id] = value
        return value

    def _table_value(self, table: _Table) -> object:
        if table.expression is not None:
            return table.expression.run(self)
        for place, row in enumerate(table.rows):
            holds: object = row.when.run(self)
            if holds is UNKNOWN and table.optional:
                holds = self._without_optional(table, place, row)
            if holds is UNKNOWN:
                return UNKNOWN
            if holds is True:
                return row.value
        return table.otherwise

    def _without_optional(self, table: _Table, place: int, row: _Row) -> object:
        """The row once unmeasured optional names count as absent."""
        gone = tuple(
            name
            for name in row.when.names
            if name in table.optional and self._find(name) in (None, UNKNOWN)
        )
        if not gone:
            return UNKNOWN
        weakened = table.weakened.get((place, gone))
        if weakened is None:
            tree = weaken(row.when.tree, frozenset(gone))
            weakened = Expression(row.when.text, tree)
            table.weakened[(place, gone)] = weakened
        return weakened.run(self)


def weaken(node: Node, gone: frozenset[str], *, helps: bool = True) -> Node:
    """The condition with every statement about a name in `gone` set so that it cannot help.

    Inside a negation a statement that is false would help, so there it is set true.
    `known(x)` has a definite answer for an unmeasured name and stays as it is.
    """
    if not any(isinstance(part, Name) and part.name in gone for part in walk(node)):
        return node
    if isinstance(node, Not):
        return replace(node, operand=weaken(node.operand, gone, helps=not helps))
    if isinstance(node, Junction):
        return replace(node, parts=tuple(weaken(part, gone, helps=helps) for part in node.parts))
    if isinstance(node, Call) and node.function == "known":
        return node
    return Literal(line=node.line, column=node.column, kind="boolean", value=not helps)


def _settle(table: _Table, value: object) -> object:
    """A whole number as `int` where the derived value is declared an integer."""
    if table.whole and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


@lru_cache(maxsize=16384)  # the same keys come with every record
def _ending(key: str) -> tuple[str, int]:
    """The bare name of a key, and how many dots the key has."""
    return key.rpartition(".")[2], key.count(".")


def _suffixes(answers: Mapping[str, object]) -> dict[str, object]:
    """Bare name to the value of the qualified keys that end with it; UNKNOWN if they differ.

    `form.item` goes before `visit.form.item`, which counts only where there is no other.
    """
    found: dict[str, object] = {}
    nearest: dict[str, int] = {}
    for key, value in answers.items():
        bare, dots = _ending(key)
        if not dots or value is None or value is UNKNOWN:
            continue
        if dots < nearest.get(bare, dots + 1):
            nearest[bare], found[bare] = dots, value
        elif dots == nearest[bare] and found[bare] is not value and found[bare] != value:
            found[bare] = UNKNOWN
    return found


def _collect(
    tables: Mapping[str, _Table],
    names: tuple[str, ...],
    found: dict[str, None],
    above: frozenset[str],
) -> None:
    for name in names:
        table = tables.get(name)
        if table is None:
            found[name] = None
        elif name not in above:
            _collect(tables, table.names, found, above | {name})


def _wait(
    tables: Mapping[str, _Table],
    names: tuple[str, ...],
    answers: Mapping[str, object],
    found: dict[str, None],
    above: frozenset[str],
) -> None:
    for name in names:
        if answers.get(name, UNKNOWN) is not UNKNOWN or name in above:
            continue
        table = tables.get(name)
        if table is None:
            found[name] = None
            continue
        before = len(found)
        needed = tuple(one for one in table.names if one not in table.optional)
        _wait(tables, needed, answers, found, above | {name})
        if len(found) == before:
            found[name] = None
