"""Writing the row of a life-cycle's state, column by column as its model has them.

The statement is built once for a model and its columns; the ORM builds it anew each time, at
twenty times the cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.db import models


def put(cursor: Any, model: type[models.Model], key: str, columns: Mapping[str, Any]) -> None:
    """Change the row of this primary key, or make it where there is none.

    `columns`: every column but the key, by attribute name.
    """
    update, insert, fields = _statements(model, tuple(columns))
    values = list(_values(cursor, fields, columns))
    cursor.execute(update, [*values, key])
    if cursor.rowcount == 0:
        cursor.execute(insert, [*values, key])


def insert_new(
    cursor: Any, model: type[models.Model], rows: Mapping[str, Mapping[str, Any]]
) -> frozenset[str]:
    """Make many rows in one statement; returns the keys of those that nobody else had made.

    Where somebody is just making the same row, this waits for them: the key is the lock.
    """
    first = next(iter(rows.values()))
    _, insert, fields = _statements(model, tuple(first))
    head, marks = insert.split(" VALUES ")
    values = [value for key, one in rows.items() for value in (*_values(cursor, fields, one), key)]
    key_column = model._meta.pk.column
    cursor.execute(
        f"{head} VALUES {', '.join([marks] * len(rows))} "
        f'ON CONFLICT ("{key_column}") DO NOTHING RETURNING "{key_column}"',
        values,
    )
    return frozenset(key for (key,) in cursor.fetchall())


def _values(cursor: Any, fields: tuple[Any, ...], columns: Mapping[str, Any]) -> Iterator[Any]:
    for field, value in zip(fields, columns.values(), strict=True):
        yield field.get_db_prep_save(value, connection=cursor.db)


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
