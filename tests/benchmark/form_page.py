"""The page of a form with 40 items, from the request to the last byte."""

from __future__ import annotations

from tests.benchmark import pages
from tests.benchmark.measuring import Row
from tests.benchmark.served import WIDE, served

NAME = "form-page"


def rows() -> list[Row]:
    """CPU in this process, database apart, and the slowest in twenty."""
    code = served().codes[0]
    open_page = pages.browser("chen")
    return pages.rows_of(NAME, lambda _: open_page(f"/en/entry/{code}/{WIDE}/log/1/"))
