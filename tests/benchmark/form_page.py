"""The page of a form with 40 items, from the request to the last byte."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.benchmark import pages
from tests.benchmark.measuring import Row, load
from tests.benchmark.served import WIDE, served

NAME = "form-page"


def rows() -> list[Row]:
    """CPU in this process, database apart, and the slowest in twenty."""
    code = served().codes[0]
    open_page = pages.browser("chen")
    found = pages.rows_of(NAME, lambda _: open_page(f"/en/entry/{code}/{WIDE}/log/1/"))
    return [*found, _rendering(lambda: open_page(f"/en/entry/{code}/{WIDE}/log/1/"))]


def _rendering(open_one: Callable[[], object]) -> Row:
    """CPU from the answers to the finished page, without the session and the permissions."""
    from equipoise_server.web.entry import forms

    whole, spent = forms._show, 0.0

    def timed(*given: Any, **named: Any) -> Any:
        nonlocal spent
        began = time.process_time()
        try:
            return whole(*given, **named)
        finally:
            spent += time.process_time() - began

    forms._show = timed
    before = load()
    for _ in range(pages.ROUNDS):
        open_one()
    forms._show = whole
    value = round(1000 * spent / pages.ROUNDS, 2)
    return Row(workload=NAME, metric="rendering", value=value, unit="ms", load_average=before)
