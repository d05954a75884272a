"""`equipoise serve`: one vault, mail that leaves by itself; no live study beside its own vault."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from equipoise_server.allocator import client
from equipoise_server.commands.separation import within_reach
from equipoise_server.services.letters import mail
from server import cast, ports, smtp
from server.allocator_process import SOURCE, START, Allocator

SECONDS = 300


def children(pid: int) -> dict[str, int]:
    """The processes that `serve` started, by verb."""
    listed = subprocess.run(
        ["ps", "-ww", "--ppid", str(pid), "-o", "pid=", "-o", "args="],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    verbs = ("allocator", "serve-web", "worker")
    return {v: int(line.split()[0]) for line in listed for v in verbs if f"main() {v}" in line}


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            return page.status == 200
    except OSError:
        return False


def until(condition, process=None) -> None:
    """Wait for it, however long, while the process lives that is to bring it about."""
    while not condition():
        assert process is None or process.poll() is None
        time.sleep(0.1)


@contextmanager
def serving(instance, **more):
    (instance.folder / "secret.key").write_text("a secret of a test")
    connections.close_all()
    port = ports.free()
    words = ("serve", "--dir", str(instance.folder), "--port", str(port), "--workers", "1")
    environment = {**os.environ, **instance.environment, "PYTHONPATH": str(SOURCE), **more}
    process = subprocess.Popen(
        [sys.executable, "-c", START, *words, "--json"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process, f"http://127.0.0.1:{port}/en/sign-in/"
    finally:
        process.terminate()
        process.wait(SECONDS)


def mailed(address: str) -> None:
    """A letter waits to be sent."""
    context = {"server": "here", "link": "http://here/x"}
    mail.queue(template="confirm", to=address, language="en", context=context, key=address)


def named() -> dict[str, str]:
    """The mail server that the settings name, as `serve` is told of it."""
    return {"EQUIPOISE_SMTP": f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"}


def test_the_web_is_served_without_the_vault_and_nothing_outlives_a_killed_serve(trial):
    mailed("first@example.org")
    with smtp.serving() as letters, serving(trial.instance, **named()) as (process, url):
        until(lambda: answers(url), process)
        until(lambda: letters.to("first@example.org"), process)
        first = children(process.pid)
        environment = Path(f"/proc/{first['serve-web']}/environ").read_text()
        assert "EQUIPOISE_ALLOCATOR_SOCKET=" in environment
        open_files = os.listdir(f"/proc/{first['serve-web']}/fd")
        held = [os.path.realpath(f"/proc/{first['serve-web']}/fd/{name}") for name in open_files]
        assert not [name for name in held if "vault" in name]
        os.kill(first["allocator"], 9)
        before = first["allocator"]
        until(lambda: children(process.pid).get("allocator", before) != before, process)
        assert answers(url)
        mailed("second@example.org")
        os.kill(children(process.pid)["worker"], 9)
        until(lambda: letters.to("second@example.org"), process)
        started = children(process.pid)
        process.kill()
        process.wait()
        until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in started.values()))


@pytest.mark.prove
def test_nothing_is_left_running_when_serve_is_told_to_stop(trial):
    with serving(trial.instance) as (process, url):
        until(lambda: answers(url), process)
        started = children(process.pid)
    assert process.returncode == 0
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in started.values()))


def test_a_live_study_is_not_served_beside_its_vault(instance):
    cast.open_the_trial(instance, demo=False)
    with serving(instance) as (process, _):
        said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert json.loads(said)["error"]["code"] == "refused.live-use"


@pytest.mark.prove
def test_a_live_study_is_served_where_the_vault_is_out_of_reach(instance, template, tmp_path):
    cast.open_the_trial(instance, demo=False)
    commitment = client.commitment()
    running = Allocator(instance, tmp_path / "apart", move=True)
    try:
        with serving(instance, EQUIPOISE_ALLOCATOR_SOCKET=str(running.blinded)) as (process, url):
            if template.server:  # one role owns every database there: it must be refused
                assert process.wait(SECONDS) == 2
                return
            until(lambda: answers(url), process)
            assert set(children(process.pid)) == {"serve-web", "worker"}
            home = url.replace("sign-in/", "")
            with urllib.request.urlopen(home, timeout=10) as page:
                assert page.status == 200
    finally:
        running.stop()
    assert commitment


@pytest.mark.parametrize("name", ["vault.key", "vault.sqlite3"])
def test_whatever_of_the_vault_can_be_read_is_noticed(trial, name, tmp_path):
    folder = tmp_path / "web"
    folder.mkdir()
    assert within_reach(folder) in (None, "every database of the server")
    (trial.instance.folder / name).touch()
    shutil.copy(trial.instance.folder / name, folder / name)
    assert name in within_reach(folder)
