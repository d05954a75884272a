"""Instances for the server tests: real files or a real PostgreSQL server, real commits.

`EQUIPOISE_TEST_ENGINE` picks the engine: `sqlite` (default) or `postgresql`. Each test gets
databases of its own, copied from an empty template or from one in which the trial is open;
nothing is rolled back, so triggers, locks and concurrent processes act as they do in use.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.utils import translation
from nacl.pwhash import argon2id

from equipoise.protocol.load import load
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
    """Point Django at the instance in `folder` (and the databases at `url`), in English."""
    translation.deactivate()  # a page that an earlier test opened leaves its language behind
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A whole instance that nobody works on, to copy from.

    `folder` holds its files; on PostgreSQL its databases are those of `name` on `server`.
    """

    folder: Path
    server: str | None
    name: str


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Source]:
    """Migrated, empty databases beside the three-arm study."""
    folder = tmp_path_factory.mktemp("template")
    with ExitStack() as stack, django_db_blocker.unblock():
        server = stack.enter_context(postgres.server()) if ENGINE == "postgresql" else None
        made = Source(folder=folder, server=server, name="template_equipoise")
        settings.PASSWORD_HASHERS = ["server.light_hasher.Light"]
        if server:
            _create(server, made.name)
        use(folder, _url(made))
        databases.migrate()
        connections.close_all()
        checkpoint.make_key()
        shutil.copytree(STUDY, folder / "study")
        yield made


@pytest.fixture(scope="session")
def opened(
    template: Source, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> tuple[Source, cast.Cast]:
    """The three-arm study, open at two sites, with its staff."""
    under = tmp_path_factory.mktemp("opened")
    with django_db_blocker.unblock(), prepared(template, under, "opened") as made:
        return made, cast.open_the_trial(SimpleNamespace(folder=made.folder))


@contextmanager
def prepared(source: Source, under: Path, name: str) -> Iterator[Source]:
    """A copy to be filled and then copied in its turn."""
    made = Source(folder=under / "instance", server=source.server, name=f"{name}_equipoise")
    _copy(source, made)
    try:
        yield made
    finally:
        connections.close_all()


def _copy(source: Source, to: Source) -> None:
    """Make a second instance of one that nobody has open, and point Django at it."""
    shutil.copytree(source.folder, to.folder)
    if to.server:
        _create(to.server, to.name, source.name)
    use(to.folder, _url(to))


def _url(made: Source) -> str | None:
    return made.server and made.server.replace("/postgres?", f"/{made.name}?")


def _create(server: str, name: str, template: str = "template0") -> None:
    """Copied as files: half the work of copying through the log."""
    _execute(
        server,
        [
            f'CREATE DATABASE "{name}{suffix}" STRATEGY file_copy TEMPLATE "{template}'
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


@contextmanager
def of_its_own(source: Source, under: Path) -> Iterator[SimpleNamespace]:
    """A copy to work on, gone afterwards: `folder`, `url`, `environment`."""
    made = Source(folder=under / "instance", server=source.server, name=f"eq{next(_numbers)}")
    _copy(source, made)
    url = _url(made)
    environment = {"EQUIPOISE_DIR": str(made.folder), **({"DATABASE_URL": url} if url else {})}
    try:
        yield SimpleNamespace(folder=made.folder, url=url, environment=environment)
    finally:
        connections.close_all()
        if made.server:
            gone = [f'DROP DATABASE "{made.name}{end}" WITH (FORCE)' for end in SUFFIXES]
            _execute(made.server, gone)


@pytest.fixture
def instance(template: Source, tmp_path: Path, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """An empty instance of its own, with committed writes: `folder`, `url`, `environment`."""
    with django_db_blocker.unblock(), of_its_own(template, tmp_path) as made:
        yield made


@pytest.fixture
def trial(
    opened: tuple[Source, cast.Cast], tmp_path: Path, django_db_blocker: Any
) -> Iterator[cast.Cast]:
    """The three-arm study, open at two sites, with its staff."""
    source, played = opened
    with django_db_blocker.unblock(), of_its_own(source, tmp_path) as made:
        yield played.at(made)


@pytest.fixture(scope="module")
def filled(
    request: pytest.FixtureRequest,
    template: Source,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: Any,
) -> Source:
    """An instance that the `fill` of the module has filled, once for all its tests."""
    name = request.module.__name__.rpartition(".")[2]
    under = tmp_path_factory.mktemp(name)
    with django_db_blocker.unblock(), prepared(template, under, name) as made:
        request.module.fill(load(made.folder / "study"))
        return made


@pytest.fixture
def sealed(
    filled: Source, quick_pins: None, tmp_path: Path, django_db_blocker: Any
) -> Iterator[SimpleNamespace]:
    """A copy of it; PINs cost little."""
    with django_db_blocker.unblock(), of_its_own(filled, tmp_path) as made:
        yield made


@pytest.fixture
def quick_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least cost, for tests in which one process alone types PINs."""
    monkeypatch.setattr(argon2id, "OPSLIMIT_INTERACTIVE", argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(argon2id, "MEMLIMIT_INTERACTIVE", argon2id.MEMLIMIT_MIN)
