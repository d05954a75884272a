"""Plausible values where a scenario says nothing, so that any study can be conducted."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.forms import Item
from equipoise.protocol.model import Protocol
from equipoise.rehearsal.conduct.values import Filling, Rule
from equipoise.rules import parse
from equipoise.rules.nodes import Junction, Name, Node

WORDS = "As in the source document"


def default_rule(item: Item, key: str, codes: tuple[str, ...], wanted: frozenset[str]) -> Rule:
    """What an item reads if the scenario does not say.

    Yes or no: no, unless an inclusion criterion asks for a yes (`wanted`). Numbers: around
    the middle of the usual range, steady for a person. Codes: any, once for a person. Dates
    and moments: those of the visit. What nobody has to answer stays empty where an answer
    would tell a story (dates, texts, several codes).
    """
    if item.type == "boolean":
        answer = item.id in wanted or key in wanted
        return lambda _filling: answer
    if item.type == "datetime":
        return lambda filling: filling.answers.get("sim.now")
    if item.type in ("integer", "decimal"):
        return _number(item, key)
    if item.type == "code":
        return _code(key, codes)
    if not item.required:
        return lambda _filling: None
    return _story(item, codes)


def _story(item: Item, codes: tuple[str, ...]) -> Rule:
    if item.type == "date":
        return lambda filling: filling.answers.get("sim.today")
    if item.type == "partial-date":
        return lambda filling: str(filling.answers.get("sim.today"))
    if item.type == "codes":
        return lambda _filling: codes[:1]
    words = WORDS[: item.max_length or len(WORDS)].strip()
    return lambda _filling: words


def _number(item: Item, key: str) -> Rule:
    low = item.low if item.expect_low is None else item.expect_low
    high = item.high if item.expect_high is None else item.expect_high
    low, high = (low or 0.0, high if high is not None else (low or 0.0) + 10.0)
    middle, spread = (low + high) / 2, (high - low) / 8

    def rule(filling: Filling) -> object:
        value = middle + spread * filling.person.normal(key)
        value = min(max(value, low), high)
        return round(value) if item.type == "integer" else round(value, 1)

    return rule


def _code(key: str, codes: tuple[str, ...]) -> Rule:
    return lambda filling: codes[int(filling.person.chance(key) * len(codes))]


def wanted_answers(protocol: Protocol) -> frozenset[str]:
    """Names that an inclusion criterion needs to be true on their own."""
    trees = (parse(one.rule).tree for one in protocol.eligibility if one.kind == "inclusion")
    return frozenset(name for tree in trees for name in _needed(tree))


def _needed(node: Node) -> Iterator[str]:
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Junction) and node.operator == "&&":
        for part in node.parts:
            yield from _needed(part)
