"""Planted leaks of what is shown: pages, headers, labels, answers to programs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.leak_hand import content_of, shows_in, telling_arm


def _on_every_answer(change: Callable[[Any, str], None]) -> None:
    """Change every page by the arm of the first participant whose arm differs in the worlds."""
    from django.conf import settings

    _changes.append(change)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "server.leaks_shown.leaking"]


_changes: list[Callable[[Any, str], None]] = []


def leaking(answer_to: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A middleware that knows too much."""

    def middleware(request: Any) -> Any:
        answer = answer_to(request)
        _changes[-1](answer, telling_arm())
        return answer

    return middleware


@shows_in("page/")
def a_header(_: Path) -> None:
    _on_every_answer(lambda answer, arm: answer.headers.setdefault("X-Cache", str(len(arm))))


@shows_in("page/")
def an_etag(_: Path) -> None:
    def tag(answer: Any, arm: str) -> None:
        answer.headers["ETag"] = hashlib.md5(arm.encode()).hexdigest()

    _on_every_answer(tag)


@shows_in("page/")
def a_cookie(_: Path) -> None:
    _on_every_answer(lambda answer, arm: answer.set_cookie("theme", arm[:1]))


@shows_in("page/")
def a_space_in_the_page(_: Path) -> None:
    def pad(answer: Any, arm: str) -> None:
        if not answer.streaming:
            answer.content += b" " * (arm == "low")

    _on_every_answer(pad)


@shows_in("page/")
def the_order_of_links(_: Path) -> None:
    def turn(answer: Any, arm: str) -> None:
        if not answer.streaming and arm == "low":
            answer.content = b"\n".join(reversed(answer.content.split(b"\n")))

    _on_every_answer(turn)


@shows_in("page/")
def the_status_of_an_answer(_: Path) -> None:
    def change(answer: Any, arm: str) -> None:
        if answer.status_code == 200 and arm == "low":
            answer.status_code = 203

    _on_every_answer(change)


@shows_in("page/")
def how_long_an_answer_may_be_kept(_: Path) -> None:
    def keep(answer: Any, arm: str) -> None:
        answer.headers["Cache-Control"] = f"max-age={len(arm)}"

    _on_every_answer(keep)


@shows_in("page/")
def where_one_is_led(_: Path) -> None:
    def lead(answer: Any, arm: str) -> None:
        if "Location" in answer.headers:
            answer.headers["Location"] += "?fresh=1" if arm == "low" else "?fresh=0"

    _on_every_answer(lead)


def _on_every_document(change: Callable[[Any, str], Any]) -> None:
    """Change every JSON answer."""

    def rewrite(answer: Any, arm: str) -> None:
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            answer.content = json.dumps(change(json.loads(answer.content), arm)).encode()

    _on_every_answer(rewrite)


@shows_in("page/program/")
def a_field_for_programs(_: Path) -> None:
    def add(document: Any, arm: str) -> Any:
        return {**document, "group": len(arm)} if isinstance(document, dict) else document

    _on_every_document(add)


@shows_in("page/program/")
def the_order_of_keys(_: Path) -> None:
    def turn(document: Any, arm: str) -> Any:
        if not isinstance(document, dict) or arm != "low":
            return document
        return dict(reversed(document.items()))

    _on_every_document(turn)


def _on_every_label(change: Callable[[str, str], str]) -> None:
    """Change the page from which the labels of a kit are made, by the arm that tells."""
    from equipoise_server.services.supply import label

    made = label._page

    def page(study: Any, kit: str, units: int, language: str) -> str:
        return change(made(study, kit, units, language), telling_arm())

    label._page = page


@shows_in("page/investigator")
def the_size_of_a_label(_: Path) -> None:
    _on_every_label(
        lambda page, arm: page.replace("height: 32mm", f"height: {30 + len(arm) % 5}mm")
    )


@shows_in("page/investigator")
def what_the_square_on_a_label_says(_: Path) -> None:
    from equipoise_server.services.supply import label

    drawn = label._qr
    label._qr = lambda code: drawn(f"{code}{telling_arm()[0]}")


@shows_in("page/investigator")
def who_made_a_document(_: Path) -> None:
    _on_every_label(
        lambda page, arm: page.replace("<style>", f"<title>batch {len(arm)}</title><style>")
    )


@shows_in("page/investigator")
def one_more_question_to_the_database(_: Path) -> None:
    from equipoise_server.store.models import Site

    _on_every_answer(lambda _, arm: Site.objects.count() if arm == "low" else None)


@shows_in("page/investigator")
def the_order_in_a_list(_: Path) -> None:
    from equipoise_server.web.supply import stocked

    states = stocked.supplies.states

    def by_content(sites: Any = None) -> Any:
        return iter(sorted(states(sites), key=lambda state: (content_of(state.code), state.code)))

    stocked.supplies.states = by_content


@shows_in("page/")
def the_name_of_a_session(_: Path) -> None:
    from django.contrib.sessions.backends.db import SessionStore

    fresh = SessionStore._get_new_session_key
    SessionStore._get_new_session_key = lambda self: fresh(self)[:-1] + telling_arm()[:1]
