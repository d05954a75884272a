"""Files that are kept packed, to be sent as they are, say what the unpacked ones say."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "src" / "equipoise_server" / "web"


@pytest.mark.parametrize("packed", sorted(WEB.glob("*/static/**/*.gz")), ids=lambda one: one.name)
def test_a_packed_file_holds_the_file_beside_it(packed: Path) -> None:
    assert gzip.decompress(packed.read_bytes()) == packed.with_suffix("").read_bytes()
