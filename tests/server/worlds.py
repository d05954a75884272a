"""The same scripted trial in several worlds: in world b two arms are exchanged, in list and kits.

`worlds_script.py` says what happens; in world c nothing is exchanged, and the lot of the other
product is recalled instead.

    python worlds.py OUT TEMPLATE STUDY SIZE SIZE-WITH-LEAK WORLD[:LEAK] ...

TEMPLATE is a folder of migrated, empty databases; with `WORLDS_SERVER` in the environment each
world has databases of its own on that PostgreSQL server instead. Each world is a whole instance
in a fork of this process, which has imported the whole product before and made a PDF (that
loads fonts), with the operating system's randomness replaced by one fixed stream (so that salts, session keys and nonces repeat)
and the clock standing still. What happens to participants does not depend on their arm. At the
end everything that the blinded side holds or shows is written to OUT/WORLD: every column of
its databases, the statements they were sent, every file, the letters as they would be sent, the
log, and what `worlds_crawl.py` can reach. A SIZE is `8/1`: so many participants, and so many
addresses of each kind (0: a few pages).

With LEAK, one of the planted leaks of `leaks.py` is built in first.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import pickle
import pkgutil
import random
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
READABLE = ("default", "identity", "keys")
"""The databases that the web process reads; the fourth is the vault."""
PREPARED, NAMED = "WORLDS_SERVER", "WORLDS_NAME"
ELSEWHERE = ("equipoise_server.web.", "equipoise_server.unblinded.")
"""Pages come with the addresses; the other process has settings of its own."""
_PLACE = re.compile(" at 0x[0-9a-f]+")


def stand_still() -> None:
    """One stream of random bytes, and one moment, for whoever asks.

    Once before anything is imported, so that nobody has kept the real ones, and again in each
    world, which begins the stream anew.
    """
    state = {"n": 0}

    def stream(size: int) -> bytes:
        state["n"] += 1
        name = f"world/{state['n']}".encode()
        return hashlib.shake_256(name).digest(size)

    os.urandom = stream
    random._urandom = stream  # type: ignore[attr-defined]
    time.time = NOON.timestamp
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from django.utils import timezone

    timezone.now = lambda: NOON
    AESGCM.generate_key = staticmethod(lambda bit_length: stream(bit_length // 8))


class Statements:
    """What the blinded databases were asked: how often, and a digest of every statement."""

    def __init__(self) -> None:
        self.count, self.digest = 0, hashlib.sha256()

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        said = _PLACE.sub("", repr((str(sql), params)))
        self.digest.update(said.encode())
        return execute(sql, params, many, context)

    def said(self) -> bytes:
        """Count and digest, and begin anew."""
        found = f"{self.count} statements, {self.digest.hexdigest()}".encode()
        self.count, self.digest = 0, hashlib.sha256()
        return found


def databases() -> Iterator[tuple[str, bytes]]:
    """Every column of every row of every table outside the vault, and the counters of rows.

    SQLite's rows in the order in which they lie in the file.
    """
    from django.db import connections

    for alias in READABLE:
        connection = connections[alias]
        names = connection.introspection.table_names()
        lite = connection.vendor == "sqlite"
        counters = "sqlite_sequence" if lite else "pg_sequences"
        for table in sorted([*names, counters]):
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = [repr(row) for row in cursor.fetchall()]
            kept = rows if lite else sorted(rows)
            yield f"{alias}/{table}", "\n".join(kept).encode()


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the instance but the vault's, and the databases, which are read as tables.

    Of an archive the size alone: it holds the databases as files, with the moments of copying.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "vault" not in path.name and "sqlite3" not in path.name:
            yield f"file/{path.relative_to(folder)}", path.read_bytes()


def letters() -> Iterator[tuple[str, bytes]]:
    """Every queued letter as the mail server would get it, dates aside."""
    from equipoise_server.identity.models import Letter
    from equipoise_server.services.outbox import send_mail

    for letter in Letter.objects.using("identity").order_by("pk"):
        message = send_mail.message_of(letter)
        text = repr((message.subject, message.to, message.from_email, message.extra_headers))
        yield f"letter/{letter.pk}", text.encode() + message.body.encode()


def set_up() -> None:
    """Django, and every module of the product, so that no world imports anything else."""
    import django

    os.environ["EQUIPOISE_DIR"] = "nowhere"
    os.environ["DJANGO_SETTINGS_MODULE"] = "equipoise_server.settings"
    os.environ.pop("DATABASE_URL", None)
    django.setup()
    for name in ("equipoise", "equipoise_server"):
        package = importlib.import_module(name)
        for one in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not one.name.startswith(ELSEWHERE) and not one.name.endswith(".wsgi"):
                importlib.import_module(one.name)
    from equipoise.exchange.paper import pdf
    from server import leaks, worlds_crawl, worlds_public, worlds_script

    assert all((leaks.LEAKS, worlds_crawl.views(), worlds_public, worlds_script, pdf("<p>a 字")))


def prepare(folder: Path, template: Path, study: Path, number: int) -> None:
    """An instance with empty databases, opened in this process."""
    from django.conf import settings

    from equipoise_server import databases as configured
    from server import conftest

    os.umask(0o077)
    folder.mkdir()
    shutil.copytree(study, folder / "study")
    for name in ("checkpoint.key", "secret.key"):
        (folder / name).write_bytes(bytes(range(32)))
    server, url = os.environ.get(PREPARED, ""), None
    if server:
        name = f"{os.environ[NAMED]}w{number}"
        conftest._create(server, name, "template_equipoise")
        url = server.replace("/postgres?", f"/{name}?")
        leave_rows_where_they_are(url)
    else:
        for file in configured.FILES.values():
            shutil.copy(template / file, folder / file)
    settings.SECRET_KEY = "of a world"
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    conftest.use(folder, url)


def leave_rows_where_they_are(url: str) -> None:
    """No vacuum by itself: when it comes depends on the clock, and it moves later rows.

    A page or file that shows rows without an order would then differ between equal worlds.
    What moves them by what is written still shows.
    """
    from server import conftest

    for end in conftest.SUFFIXES:
        conftest._execute(url.replace("?", f"{end}?", 1), [_STILL])


_STILL = """DO $$ DECLARE one regclass; BEGIN
FOR one IN SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', one); END LOOP; END $$"""


def live_through(
    folder: Path, study: Path, participants: int, depth: int, world: str
) -> dict[str, bytes]:
    """One world, from empty databases to its pages."""
    from django.db import connections

    from equipoise.protocol.load import load
    from server.worlds_crawl import crawled
    from server.worlds_script import conduct

    name, _, leak = world.partition(":")
    if leak:
        from server.leaks import LEAKS

        LEAKS[leak](folder)
    asked = Statements()
    with ExitStack() as stack:
        for alias in READABLE:
            stack.enter_context(connections[alias].execute_wrapper(asked))
        conduct(
            load(folder / "study"), folder, participants, exchanged=name == "b", other=name == "c"
        )
        seen = {"statements": asked.said()}
        seen.update(crawled(depth, asked))
    seen.update({**dict(letters()), **dict(databases()), **dict(files(folder))})
    return seen


def one_world(out: Path, template: Path, study: Path, limits: tuple[int, int], number: int,
              world: str) -> None:  # fmt: skip
    """Live through it and write down what was seen."""
    log = os.open(out / f"{world}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for handle in (1, 2):
        os.dup2(log, handle)
    logging.getLogger().setLevel(logging.INFO)
    stand_still()
    folder = out / f"{world}.instance"
    prepare(folder, template, study, number)
    seen = live_through(folder, study, *limits, world)
    sys.stderr.flush()
    seen["log"] = (out / f"{world}.log").read_bytes()
    here = str(folder).encode()
    seen = {name: value.replace(here, b"DIR") for name, value in seen.items()}
    (out / world).write_bytes(pickle.dumps(seen))


def main(out: str, template: str, study: str, plain: str, leaking: str, *worlds: str) -> int:
    """Live through the worlds one after another, each in a fork of this process."""
    stand_still()
    set_up()
    worst = 0
    for number, world in enumerate(worlds):
        participants, depth = map(int, (leaking if ":" in world else plain).split("/"))
        limits = participants, depth
        child = os.fork()
        if not child:
            code = 1
            try:
                one_world(Path(out), Path(template), Path(study), limits, number, world)
                code = 0
            except BaseException:
                logging.getLogger().exception("world %s", world)
            os._exit(code)
        worst = max(worst, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        if "WORLDS_KEPT" not in os.environ:
            shutil.rmtree(Path(out) / f"{world}.instance", ignore_errors=True)
            _drop(number)
    return worst


def _drop(number: int) -> None:
    """Remove the databases of one world from the server."""
    from server import conftest

    server = os.environ.get(PREPARED, "")
    if server:
        names = [f"{os.environ[NAMED]}w{number}{end}" for end in conftest.SUFFIXES]
        conftest._execute(
            server, [f'DROP DATABASE IF EXISTS "{one}" WITH (FORCE)' for one in names]
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
