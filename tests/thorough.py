"""How many examples a property test tries: a fifth in every run, all of them in `make prove`.

Those of every run are always the same, so that it fails for what was changed and not by
chance; `make prove` draws others each time.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

PROVE = os.environ.get("EQUIPOISE_PROVE") == "1"


def thorough(examples: int = 100, *, least: int = 10, **more: Any) -> settings:
    """Settings of a property test that tries so many examples when it is to prove something."""
    tried = examples if PROVE else max(least, examples // 5)
    return settings(max_examples=tried, deadline=None, derandomize=not PROVE, **more)
