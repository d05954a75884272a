"""Whether the list will last, and where kits will not: an alarm long before a refusal.

What is told must not help anybody to guess a place. How far one stratum's list is used would
say where its next block begins, so there is one answer for the whole study, yes or no, and it
turns when the first list has used four fifths of its places. A site's kits are counted by
consignments and participants, never by what they hold.
"""

from __future__ import annotations

from django.db import connections

from equipoise_server.allocator.transaction import DATABASE

USED = 0.8  # of the places of one list

_USED = (
    "SELECT 1 FROM vault_slot s LEFT JOIN vault_allocation a ON a.slot_id = s.id "
    "GROUP BY s.stratum HAVING COUNT(a.id) >= %s * COUNT(*) LIMIT 1"
)


def list_low() -> bool:
    """Whether some list of the study is used up to four fifths. Never which, nor how far."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(_USED, [USED])
        return cursor.fetchone() is not None
