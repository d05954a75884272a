"""Products that are not stored, thawed and prepared alike would unblind who handles them."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE


def product_findings(subject: Subject) -> Iterator[Finding]:
    """Handling steps that differ from those of the first product."""
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
