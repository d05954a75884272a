"""Writing the row of a life-cycle's state, column by column as its model has them.

The statement is built once for a model and its columns; the ORM builds it anew each time, at
twenty times the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db import models


def put(cursor: Any, model: type[models.Model], key: str, columns: Mapping[str, Any]) -> None:
    """Change the row of this primary key, or make it where there is none.

    `columns`: every column but the key, by attribute name.
    """
    update, insert, fields = _statements(model, tuple(columns))
    values = [
        field.get_db_prep_save(value, connection=cursor.db)
        for field, value in zip(fields, columns.values(), strict=True)
    ]
    cursor.execute(update, [*values, key])
    if cursor.rowcount == 0:
        cursor.execute(insert, [*values, key])


@lru_cache(maxsize=16)
def _statements(
    model: type[models.Model], names: tuple[str, ...]
) -> tuple[str, str, tuple[Any, ...]]:
    meta = model._meta
    known = {field.attname: field for field in meta.concrete_fields}
    fields = tuple(known[name] for name in names)
    key = meta.pk.column
    listed = [f'"{field.column}"' for field in fields]
    changed = ", ".join(f"{name} = %s" for name in listed)
    marks = ", ".join(["%s"] * (len(listed) + 1))
    update = f'UPDATE {meta.db_table} SET {changed} WHERE "{key}" = %s'  # noqa: S608
    insert = f'INSERT INTO {meta.db_table} ({", ".join(listed)}, "{key}") VALUES ({marks})'  # noqa: S608
    return update, insert, fields
