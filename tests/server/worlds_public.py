"""What strangers and the office do in every world beside the trial itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def strangers_come(desk: Any, at: datetime) -> None:
    """A message to a site, a volunteer with a note, an invitation, a participant's own pages."""
    from equipoise_server.services.access.invite import Invited, invite
    from equipoise_server.services.portal.contact_site import Message, contact_site
    from server.worlds import NOON

    protocol = desk.study.protocol
    boss = desk.staff["administrator", protocol.sites[0].id]
    contact_site(
        Message(
            study=protocol.id,
            site=protocol.sites[0].id,
            name="Anna",
            address="anna@example.org",
            text="May I take part?",
            consent=True,
        ),
        at=NOON,
    )
    sign_up_one(desk)
    open_own_pages()
    talk_of_consent(desk, at)
    invited = Invited(username="new", full_name="New", role="sponsor", address="n@example.org")
    invite(invited, by=boss, at=at, key="invite")


def sign_up_one(desk: Any) -> None:
    """A volunteer who confirms, and asks something about the study page."""
    from equipoise.exchange.topics import topics
    from equipoise_server.services.letters import links
    from equipoise_server.services.portal import annotate
    from equipoise_server.services.portal.sign_up import Wish, confirm, sign_up
    from equipoise_server.services.portal.volunteers import by_address
    from server.worlds import NOON

    address = "vera@example.org"
    sign_up(Wish(address=address, topics=(sorted(topics())[0],), consents=("alerts",)), at=NOON)
    found = by_address(address)
    assert found is not None
    token = confirm(links.make("confirm", found.token), at=NOON)
    passages = annotate.public_passages(desk.study, "en")
    for passage in passages[:2]:
        note = annotate.annotate(
            token, study=desk.study, language="en", paragraph=passage.id, text="Why?", at=NOON
        )
        annotate.share(token, note, at=NOON)


def open_own_pages() -> None:
    """The first randomised participant reads their pages, and tells of a problem."""
    from equipoise_server.services.own_pages.participant_door import open_door
    from equipoise_server.services.own_pages.report_problem import report_problem
    from equipoise_server.store.models import Participant
    from server.worlds import NOON

    found = Participant.objects.exclude(kit="").order_by("code").first()
    assert found is not None
    open_door(found.code, address="wren@example.org", phone="", language="en", at=NOON)
    report_problem(found.code, text="It itches.", phone="", urgent=False, at=NOON)


def talk_of_consent(desk: Any, at: datetime) -> None:
    """Somebody is screened, reads the consent document, and both sides sign."""
    from types import SimpleNamespace

    from equipoise_server.services.participants.screen import screen
    from server import consenting

    site = desk.study.protocol.sites[0].id
    by = desk.staff["investigator", site]
    code = screen(site=site, on=at.date(), by=by, at=at, key="screen/talk")
    trial: Any = SimpleNamespace(investigator=by)
    talk = consenting.begin(trial, code, at=at, key="talk")
    consenting.read_and_answer(talk)
    consenting.sign_both(trial, talk, at=at)
