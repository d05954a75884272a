"""The synopsis, the arms and their products."""

from __future__ import annotations

from equipoise.protocol.explain.blocks import Block, Cell, Subtitle, Table, paragraph, row, said
from equipoise.protocol.explain.words import word
from equipoise.protocol.model import ReleaseTest, Study
from equipoise.protocol.origin import Fact


def stated(fact: Fact, language: str) -> Cell:
    """A fact with its unit; `not known` where it has no value."""
    if fact.value is None:
        return said(word("not known", language), fact)
    value = str(fact.value).lower() if isinstance(fact.value, bool) else str(fact.value)
    return said(f"{value} {fact.unit}" if fact.unit else value, fact)


def synopsis(study: Study, language: str) -> tuple[Block, ...]:
    """Title, population, number, facts, sites; what the marks mean."""
    protocol = study.protocol
    rows = [
        row(word("Title", language), said(protocol.title.say(language), protocol)),
        row(word("Short title", language), said(protocol.short_title.say(language), protocol)),
        row(word("Protocol version", language), protocol.version),
        row(word("Population", language), said(protocol.population.say(language), protocol)),
        row(word("Planned number", language), stated(protocol.planned, language)),
    ]
    rows += [
        row(fact.named(name, language), stated(fact, language))
        for name, fact in protocol.facts.items()
    ]
    if protocol.sites:
        names: list[Cell] = []
        for site in protocol.sites:
            names += ["; "] if names else []
            names.append(said(f"{site.name.say(language)} ({site.timezone})", site))
        rows.append(row(word("Sites", language), tuple(names)))
    head = (word("Item", language), word("Value", language))
    return (_legend(language), Table(head=head, rows=tuple(rows)))


def _legend(language: str) -> Block:
    meanings = {
        "registered": "in the public registry record",
        "proxy": "taken from a sister study because the record does not say",
        "proposal": "ours, not a fact about the registered study",
    }
    parts: list[Cell] = [f"{word('Origin of the values', language)}: "]
    for number, (origin, meaning) in enumerate(meanings.items()):
        parts.append(said("", Fact(origin=origin)))  # type: ignore[arg-type]
        parts.append(f" {word(meaning, language)}{'; ' if number < 2 else '.'}")
    return paragraph(*parts)


def arms(study: Study, language: str) -> tuple[Block, ...]:
    """Arms with their products, what is in them, how they are handled, release limits."""
    protocol = study.protocol
    products = {one.id: one for one in protocol.products}
    head = tuple(word(one, language) for one in ("Arm", "Role", "Ratio", "Product"))
    rows = []
    for arm in protocol.arms:
        product = products.get(arm.product)
        title = product.title.say(language) if product else arm.product
        rows.append(
            row(
                said(arm.title.say(language), arm),
                word(arm.role, language),
                str(arm.ratio),
                said(title, product),
            )
        )
    blocks: list[Block] = [Table(head=head, rows=tuple(rows))]
    for product in protocol.products:
        if product.facts:
            facts = tuple(
                row(fact.named(name, language), stated(fact, language))
                for name, fact in product.facts.items()
            )
            two = (word("Item", language), word("Value", language))
            blocks.append(Table(head=two, rows=facts, caption=product.title.say(language)))
        if product.release_tests:
            tests = tuple(
                row(said(one.text.say(language), one), _limit(one, language))
                for one in product.release_tests
            )
            two = (word("Release test", language), word("Limit", language))
            blocks.append(Table(head=two, rows=tests, caption=product.title.say(language)))
    return (*blocks, *_handling(study, language))


def _limit(test: ReleaseTest, language: str) -> str:
    if test.accept is not None:
        return test.accept_text.say(language) if test.accept_text else test.accept
    least = f"≥ {test.low:g}" if test.low is not None else ""
    most = f"≤ {test.high:g}" if test.high is not None else ""
    return " ".join(part for part in (least, most, test.unit or "") if part)


def _handling(study: Study, language: str) -> tuple[Block, ...]:
    steps = study.protocol.products[0].handling if study.protocol.products else ()
    if not steps:
        return ()
    rows = tuple(
        row(
            said(step.text.say(language), study.protocol.products[0]),
            f"{step.minutes:g}" if step.minutes is not None else "",
        )
        for step in steps
    )
    head = (word("Step", language), word("Minutes", language))
    return (
        Subtitle(text=word("Handling, the same for every product", language)),
        Table(head=head, rows=rows),
    )
