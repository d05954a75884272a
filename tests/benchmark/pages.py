"""Pages asked for in this process, signed in as somebody who may see them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.benchmark.measuring import Row, load

ROUNDS = 40


def browser(username: str) -> Callable[[str], bytes]:
    """Opens pages as this person; fails on anything but a page."""
    from django.conf import settings
    from django.db import connection

    from equipoise_server.store.models import User
    from server.pages import signed_in

    connection.ensure_connection()
    settings.ALLOWED_HOSTS = ["testserver"]
    client: Any = signed_in(User.objects.get(username=username))

    def open_page(address: str) -> bytes:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
        return bytes(answer.content)

    return open_page


def rows_of(name: str, open_one: Callable[[int], object]) -> list[Row]:
    """CPU of a page, and what the slowest in twenty take on the clock."""
    for turn in range(5):
        open_one(turn)
    before = load()
    times, cpu = [], time.process_time()
    for turn in range(ROUNDS):
        began = time.perf_counter()
        open_one(turn)
        times.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu) / ROUNDS
    p95 = sorted(times)[int(0.95 * ROUNDS) - 1]
    return [
        Row(
            workload=name,
            metric=metric,
            value=round(1000 * value, 2),
            unit=unit,
            load_average=before,
        )
        for metric, value, unit in (("cpu", cpu, "ms/page"), ("p95", p95, "ms"))
    ]
