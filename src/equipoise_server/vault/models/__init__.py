"""Tables of the vault. Every secret column is a randomised sealed box."""

from equipoise_server.vault.models.allocation import Allocation, Ceremony, Slot
from equipoise_server.vault.models.kits import Kit
from equipoise_server.vault.models.ledger import UnblindedPerson, VaultLedgerEntry
from equipoise_server.vault.models.records import UnblindedRecord

__all__ = [
    "Allocation",
    "Ceremony",
    "Kit",
    "Slot",
    "UnblindedPerson",
    "UnblindedRecord",
    "VaultLedgerEntry",
]
