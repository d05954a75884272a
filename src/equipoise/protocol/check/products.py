"""Products that are not stored, thawed and prepared alike would unblind who handles them."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.model import ReleaseTest

KEPT_ALIKE = ("storage", "in_use_limit", "volume_per_dose")
"""Facts that staff can see at work: where products differ, they tell them apart."""


def product_findings(subject: Subject) -> Iterator[Finding]:
    """Handling and storage that differ between products, and release limits that cannot be."""
    yield from _handling(subject)
    yield from _storage(subject)
    yield from _release(subject)
    yield from _in_use(subject)


def _storage(subject: Subject) -> Iterator[Finding]:
    products = subject.protocol.products
    for number, product in enumerate(products[1:], start=1):
        for name in KEPT_ALIKE:
            ours, theirs = product.facts.get(name), products[0].facts.get(name)
            if (ours and (ours.value, ours.unit)) != (theirs and (theirs.value, theirs.unit)):
                words = (
                    f"`{name}` of `{product.id}` differs from that of `{products[0].id}`: who "
                    "handles them could tell them apart. Make them the same."
                )
                path = (PROTOCOL_FILE, "products", number, "facts")
                yield subject.finding("study.storage-differs", path, words)


def _release(subject: Subject) -> Iterator[Finding]:
    products = subject.protocol.products
    some = any(product.release_tests for product in products)
    for number, product in enumerate(products):
        path = (PROTOCOL_FILE, "products", number)
        if some and not product.release_tests:
            words = f"`{product.id}` has no release tests, so no lot of it can be judged. Add them."
            yield subject.finding("study.release-missing", path, words)
        seen: set[str] = set()
        for position, test in enumerate(product.release_tests):
            wrong = "is listed twice" if test.id in seen else _wrong(test)
            seen.add(test.id)
            if wrong:
                words = f"Release test `{test.id}` of `{product.id}` {wrong}."
                here = (*path, "release_tests", position)
                yield subject.finding("study.release-limit", here, words)


def _wrong(test: ReleaseTest) -> str:
    """What is wrong with a limit, or nothing."""
    numbers = [one for one in (test.low, test.high) if one is not None]
    if test.accept is None and not numbers:
        return "states no limit: give `low`, `high` or `accept`"
    if test.accept is not None and numbers:
        return "states both an accepted answer and numbers: keep one of them"
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        return "has a lower limit above the upper one"
    return ""


def _in_use(subject: Subject) -> Iterator[Finding]:
    """The limit that units are held to, and the one that the products state."""
    dosing = subject.protocol.dosing
    limit = dosing.in_use_hours if dosing else None
    if limit is not None and limit <= 0:
        words = "`in_use_hours` must be positive: no unit could ever be given."
        yield subject.finding("study.in-use", (PROTOCOL_FILE, "dosing", "in_use_hours"), words)
    for number, product in enumerate(subject.protocol.products):
        stated = product.facts.get("in_use_limit")
        if stated is not None and stated.unit == "h" and stated.value != limit:
            words = (
                f"`{product.id}` states an in-use limit of {stated.value} h and dosing one of "
                f"{limit}: units are held to that of dosing. Make them the same."
            )
            path = (PROTOCOL_FILE, "products", number, "facts", "in_use_limit")
            yield subject.finding("study.in-use", path, words)


def _handling(subject: Subject) -> Iterator[Finding]:
    products = subject.protocol.products
    if not products:
        return
    first = products[0]
    for number, product in enumerate(products[1:], start=1):
        path = (PROTOCOL_FILE, "products", number, "handling")
        for position, (ours, theirs) in enumerate(
            zip(product.handling, first.handling, strict=False)
        ):
            if ours != theirs:
                words = (
                    f"Step `{ours.id}` of `{product.id}` differs from step `{theirs.id}` of "
                    f"`{first.id}`: all products need the same steps and times."
                )
                yield subject.finding("study.handling-differs", (*path, position), words)
        if len(product.handling) != len(first.handling):
            words = (
                f"`{product.id}` has {len(product.handling)} handling steps and `{first.id}` has "
                f"{len(first.handling)}: all products need the same steps and times."
            )
            yield subject.finding("study.handling-differs", path, words)
