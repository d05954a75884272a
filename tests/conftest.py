"""The longest files come first, so that no worker is left alone with one at the end.

Workers take whole files (`--dist loadfile --no-loadscope-reorder`) in the order in which they
were collected.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONGEST = (
    "acceptance/test_reference_trial.py",
    "acceptance/test_second_study.py",
    "contract/test_design_second_method.py",
    "unit/test_rehearsal_cluster.py",
    "unit/test_rehearsal_refusals.py",
    "unit/test_analysis_report.py",
    "unit/test_conduct.py",
    "contract/test_analysis_double.py",
    "server/test_noninterference_long.py",
    "server/test_noninterference.py",
    "server/test_allocator_roles.py",
    "server/test_instance.py",
    "server/test_bridge.py",
    "server/test_allocator_process.py",
    "server/test_entry.py",
    "server/test_unblinded.py",
    "server/test_tampering.py",
    "server/test_allocator_randomise.py",
    "server/test_allocator_serve.py",
    "server/test_lot_pages.py",
)
"""Files of ten seconds and more, longest first within each part of `make test`."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by `LONGEST`; the others follow as they were."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(_name(item), len(place)))


def _name(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).as_posix() if item.path.is_relative_to(HERE) else ""
