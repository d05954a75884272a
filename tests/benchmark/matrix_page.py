"""The matrix of participants by visits, one page of it, among 20,000 participants."""

from __future__ import annotations

from tests.benchmark import pages
from tests.benchmark.measuring import Row
from tests.benchmark.served import AT, ON, served

from equipoise.ids import participant_code

NAME = "matrix-page"
PARTICIPANTS = 20_000
FORMS = (("screening", "screen"), ("screening_breath", "screen"), ("symptoms", "screen"))


def rows() -> list[Row]:
    """CPU in this process, database apart, and the slowest in twenty, on pages all over the list."""
    served()
    codes = _fill()
    open_page = pages.browser("guo")
    step = PARTICIPANTS // 64

    def one(turn: int) -> bytes:
        return open_page(f"/en/site/matrix/?after={codes[turn * step]}")

    return pages.rows_of(NAME, one)


def _fill() -> list[str]:
    """Participants and heads of records as a large trial has them; their history is not needed."""
    from equipoise_server.store.models import Participant, Record

    sample = Participant.objects.first()
    assert sample is not None
    codes = sorted(
        participant_code("s02", number.to_bytes(16, "big")) for number in range(PARTICIPANTS)
    )
    Participant.objects.bulk_create(
        [
            Participant(
                code=code,
                site_id="s02",
                status=sample.status,
                state={**sample.state, "code": code, "site": "s02"},
                stratum={},
                screened_on=ON,
                consented_at=AT,
            )
            for code in codes
        ],
        batch_size=2000,
    )
    Record.objects.bulk_create(
        [
            Record(
                participant_id=code,
                form=form,
                visit=visit,
                number=0,
                version=1,
                current="",
                on=ON,
                status="complete",
            )
            for code in codes
            for form, visit in FORMS
        ],
        batch_size=5000,
    )
    return codes
