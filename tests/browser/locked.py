"""Locks the study of an instance, as if everything had been finished. python locked.py FOLDER"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from equipoise_server.commands.instance import open_instance


def main(folder: Path) -> None:
    """Two persons, each with a reason."""
    open_instance(folder)
    from equipoise_server.services.access.two_persons import Agreed
    from equipoise_server.store.accounts import person
    from server.cast import lock_unfinished

    lock_unfinished(
        first=Agreed(by=person("data-manager"), reason="for the journey"),
        second=Agreed(by=person("statistician"), reason="for the journey"),
        at=datetime.now(UTC),
        key="browser/lock",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
