"""Instances for the server tests: real files or a real PostgreSQL server, real commits.

`EQUIPOISE_TEST_ENGINE` picks the engine: `sqlite` (default) or `postgresql`. Each test gets
databases of its own, copied from a migrated template; nothing is rolled back, so triggers,
locks and concurrent processes act as they do in use.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from equipoise_server import databases
from equipoise_server.store import checkpoint
from equipoise_server.store.study import forget_studies
from server import cast, postgres

ENGINE = os.environ.get("EQUIPOISE_TEST_ENGINE", "sqlite")
STUDY = Path(__file__).parents[1] / "studies" / "three_arms"
SUFFIXES = ("", "_identity", "_keys", "_vault")
_numbers = count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long and asks nothing of the engine runs on SQLite; on PostgreSQL in `make prove`."""
    if ENGINE == "postgresql":
        for item in items:
            if item.get_closest_marker("once"):
                item.add_marker(pytest.mark.prove)


def use(folder: Path, url: str | None = None) -> None:
    """Point Django at the instance in `folder` (and the databases at `url`)."""
    connections.close_all()
    for alias in list(connections.settings):
        if hasattr(connections._connections, alias):
            delattr(connections._connections, alias)
    environment = {"DATABASE_URL": url} if url else {}
    configured = databases.configure(folder, environment)
    connections.__dict__.pop("settings", None)
    connections._settings = configured
    settings.DATABASES = configured
    settings.EQUIPOISE_DIR = folder
    for name, file in (
        ("VAULT_KEY", "vault.key"),
        ("IDENTITY_KEY", "identity.key"),
        ("CHECKPOINT_KEY", "checkpoint.key"),
        ("STUDY", "study"),
    ):
        setattr(settings, f"EQUIPOISE_{name}", str(folder / file))
    forget_studies()


@pytest.fixture(scope="session")
def template(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[SimpleNamespace]:
    """Migrated, empty databases to copy from."""
    folder = tmp_path_factory.mktemp("template")
    with ExitStack() as stack, django_db_blocker.unblock():
        server = stack.enter_context(postgres.server()) if ENGINE == "postgresql" else None
        url = server.replace("/postgres?", "/template_equipoise?") if server else None
        use(folder, url)
        if server:
            _create(server, "template_equipoise")
        for alias in databases.FILES:
            call_command("migrate", database=alias, verbosity=0, skip_checks=True)
        connections.close_all()
        yield SimpleNamespace(folder=folder, server=server)


def _create(server: str, name: str, template: str = "template0") -> None:
    _execute(
        server,
        [
            f'CREATE DATABASE "{name}{suffix}" TEMPLATE "{template}'
            + (suffix if template != "template0" else "")
            + '"'
            for suffix in SUFFIXES
        ],
    )


def _execute(server: str, statements: list[str]) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def instance(
    template: SimpleNamespace, tmp_path: Path, django_db_blocker: Any
) -> Iterator[SimpleNamespace]:
    """An empty instance of its own, with committed writes: `folder`, `url`, `environment`."""
    folder = tmp_path / "instance"
    folder.mkdir()
    shutil.copytree(STUDY, folder / "study")
    url, name = None, f"eq{next(_numbers)}"
    if template.server:
        _create(template.server, name, "template_equipoise")
        url = template.server.replace("/postgres?", f"/{name}?")
    else:
        for file in databases.FILES.values():
            shutil.copy(template.folder / file, folder / file)
    with django_db_blocker.unblock():
        use(folder, url)
        checkpoint.make_key()
        try:
            yield SimpleNamespace(
                folder=folder,
                url=url,
                environment={
                    "EQUIPOISE_DIR": str(folder),
                    **({"DATABASE_URL": url} if url else {}),
                },
            )
        finally:
            connections.close_all()
            if template.server:
                _execute(
                    template.server,
                    [f'DROP DATABASE "{name}{suffix}" WITH (FORCE)' for suffix in SUFFIXES],
                )


@pytest.fixture
def trial(instance: SimpleNamespace) -> cast.Cast:
    """The three-arm study, open at two sites, with its staff."""
    return cast.open_the_trial(instance)
