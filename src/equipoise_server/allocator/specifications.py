"""Products and their release limits as the vault keeps them, from the protocol of the list."""

from __future__ import annotations

from pydantic import TypeAdapter

from equipoise.errors import UnknownRecord, say
from equipoise.protocol.identity import as_data
from equipoise.protocol.model import ReleaseTest, Study
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.vault.models import ProductSpecification

_TESTS: TypeAdapter[tuple[ReleaseTest, ...]] = TypeAdapter(tuple[ReleaseTest, ...])


def keep(study: Study) -> None:
    """Put the products of a study into the vault. Call inside a vault transaction."""
    protocol = study.protocol
    ProductSpecification.objects.using(DATABASE).bulk_create(
        ProductSpecification(
            product=product.id,
            arms=[arm.id for arm in protocol.arms if arm.product == product.id],
            tests=as_data(product.release_tests),
        )
        for product in protocol.products
    )


def tests_of(product: str) -> tuple[ReleaseTest, ...]:
    """The release tests of a product.

    Raises:
        UnknownRecord: the protocol has no such product.

    """
    found = ProductSpecification.objects.using(DATABASE).filter(product=product).first()
    if found is None:
        raise UnknownRecord(say("product {product} in the protocol", product=product))
    return _TESTS.validate_python(found.tests)


def products() -> dict[str, str]:
    """Arm to product."""
    rows = ProductSpecification.objects.using(DATABASE).values_list("product", "arms")
    return {arm: product for product, arms in rows for arm in arms}
