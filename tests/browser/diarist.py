"""Opens a small trial with a diary and randomises one participant today.

python diarist.py FOLDER: writes `diarist.json` there: two links with which the participant comes in.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parents[1]))

from equipoise_server.commands.instance import create_instance
from server.diary_study import add_diary

STUDY = Path(__file__).parents[1] / "studies" / "three_arms"


def main(folder: Path) -> None:
    """Make the study and the instance; consent, screen and randomise through the services."""
    study = Path(tempfile.mkdtemp()) / "study"
    shutil.copytree(STUDY, study)
    add_diary(study)
    create_instance(folder, study, demo=True)
    from equipoise_server.services import links
    from equipoise_server.services.randomise import randomise
    from server import cast
    from server.consenting import consented

    trial = cast.open_the_trial(SimpleNamespace(folder=folder))
    code = trial.make_eligible(consented(trial))
    now = datetime.now(UTC)
    randomise(participant=code, by=trial.investigator, at=now, key=cast.key())
    made = [links.make("me", f"{code}.{number}") for number in range(2)]
    (folder / "diarist.json").write_text(json.dumps({"links": made, "code": code}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
