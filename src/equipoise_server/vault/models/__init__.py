"""Tables of the vault. Every secret column is a randomised sealed box."""

from equipoise_server.vault.models.allocation import Allocation, Ceremony, Slot
from equipoise_server.vault.models.interim import InterimAnalysis
from equipoise_server.vault.models.kits import Kit
from equipoise_server.vault.models.ledger import UnblindedPerson, VaultLedgerEntry
from equipoise_server.vault.models.product import (
    Consignment,
    Excursion,
    Hold,
    Lot,
    PackagingBatch,
    ProductSpecification,
    Replacement,
)
from equipoise_server.vault.models.records import UnblindedRecord
from equipoise_server.vault.models.register import Assertion, Credential

__all__ = [
    "Allocation",
    "Assertion",
    "Ceremony",
    "Consignment",
    "Credential",
    "Excursion",
    "Hold",
    "InterimAnalysis",
    "Kit",
    "Lot",
    "PackagingBatch",
    "ProductSpecification",
    "Replacement",
    "Slot",
    "UnblindedPerson",
    "UnblindedRecord",
    "VaultLedgerEntry",
]
