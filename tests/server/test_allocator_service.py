"""The whole way of a randomisation, many at once, with web processes and allocator killed."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connections

from equipoise_server.allocator import client
from equipoise_server.services.background.tick import tick
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Participant, RandomisationRequest
from equipoise_server.vault.models import Allocation, Kit
from server.allocator_process import Allocator, through
from server.cast import NOW
from server.web_processes import Web, open_at_five_sites


def check(told: dict[str, set[str]], codes: list[str]) -> None:
    """Nothing lost, nothing twice, nothing skipped, on both sides alike."""
    assert all(len(kits) == 1 for kits in told.values())
    kits = {code: next(iter(said)) for code, said in told.items()}
    assert sorted(kits) == sorted(codes)
    assert len(set(kits.values())) == len(codes)
    assert dict(Participant.objects.values_list("code", "kit")) == kits
    assert dict(Allocation.objects.values_list("participant", "kit")) == kits
    assert Kit.objects.exclude(participant="").count() == len(codes)
    places: dict[str, list[int]] = {}
    for row in Allocation.objects.select_related("slot").order_by("slot__place"):
        assert row.stratum == row.slot.stratum
        places.setdefault(row.stratum, []).append(row.slot.place)
    assert len(places) == 20
    assert all(used == list(range(1, len(used) + 1)) for used in places.values())
    assert not RandomisationRequest.objects.exists()


def run(instance, tmp_path, people, processes, threads, kills):
    open_at_five_sites(instance, people)
    codes = [f"X-{number:05}" for number in range(people)]
    running = Allocator(instance, tmp_path / "a")
    connections.close_all()
    web = Web(running, tmp_path, codes, processes)
    try:
        web.get_ready(people)
        if kills:
            web.all_with_kills("randomise", threads, running, kills)
        else:
            web.all_together("randomise", threads)
        through(running)
        tick(at=NOW)
        check(web.answers("randomise"), codes)
        assert verify().sound
    finally:
        settings.EQUIPOISE_ALLOCATOR_SOCKET = ""
        running.stop()
    client.release(first=("a", "x"), second=("b", "y"), at=NOW)
    assert client.matches() is True


def test_web_and_allocator_killed_while_many_randomise_lose_and_repeat_nothing(instance, tmp_path):
    run(instance, tmp_path, people=60, processes=1, threads=4, kills=2)


@pytest.mark.prove
def test_many_kills_of_both_lose_and_repeat_nothing(instance, tmp_path):
    run(instance, tmp_path, people=2_000, processes=4, threads=8, kills=30)


@pytest.mark.prove
def test_sixty_four_clients_randomise_ten_thousand_through_the_services(instance, tmp_path):
    """How fast that is `make bench` says, under `randomise`."""
    run(instance, tmp_path, people=10_000, processes=8, threads=8, kills=0)
