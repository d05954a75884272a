"""Every address of the unblinded process."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, path

from equipoise_server.unblinded import (
    board,
    devices,
    excursions,
    frame,
    interim,
    lot_making,
    lots,
    pharmacy,
    preparing,
    reading,
    revealing,
    sessions,
)

urlpatterns: list[URLPattern | URLResolver] = i18n_patterns(
    path("", sessions.home, name="home"),
    path("sign-in/", sessions.sign_in, name="sign-in"),
    path("sign-out/", sessions.sign_out, name="sign-out"),
    path("first-pin/", sessions.first_pin, name="first-pin"),
    path("first-passkey/", devices.first_passkey, name="first-passkey"),
    path("reveal/", revealing.reveal, name="reveal"),
    path("reveal-for-report/", revealing.reveal_for_report, name="report"),
    path("worklist/", pharmacy.worklist, name="worklist"),
    path("prepare/<str:code>/<int:number>/", preparing.prepare, name="prepare"),
    path("kits/", pharmacy.kits, name="kits"),
    path("lots/", lots.lots, name="lots"),
    path("lots/<str:code>/", lots.lot, name="lot"),
    path("lots/<str:code>/certificate/", lot_making.certificate, name="certificate"),
    path("new-lot/", lot_making.new_lot, name="new-lot"),
    path("batches/", lot_making.batches, name="batches"),
    path("excursions/", excursions.excursions, name="excursions"),
    path("accountability/", reading.accountability, name="accountability"),
    path("preparations/", reading.preparations, name="preparations"),
    path("journal/", reading.journal, name="journal"),
    path("board/", board.board, name="board"),
    path("interim/", interim.interim, name="interim"),
)
handler400 = frame.bad_request
handler403 = frame.forbidden
handler404 = frame.not_found
handler500 = frame.broken
