"""What a machine sends that reads the description of the interface, and the description itself."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as effort
from schemathesis import GenerationMode

from equipoise_server.web.api import token as token_module
from equipoise_server.web.api.pace import Pace
from server.cast import Cast
from server.test_api import API, token_of, two

__all__ = ["two"]
EXCLUDED = {
    "positive_data_acceptance": "codes and keys that fit the description name nobody here",
    "ensure_resource_availability": "nothing that is made here has an address of its own to follow",
    "use_after_free": "nothing can be deleted",
}
"""Checks of schemathesis that say nothing about this API, and why."""


def machine_sent(two: Cast, examples: int) -> Counter[int]:
    """Everything that the API says it takes, and much that it does not; answers by status."""
    settings.ALLOWED_HOSTS = ["localhost", "testserver", "127.0.0.1"]
    from equipoise_server.wsgi import application

    headers = {
        "Authorization": f"Bearer {token_of(two.investigator, 'investigator', 's01', writes=True)}"
    }
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", application)
    known = schemathesis.checks.CHECKS
    by_name = {
        name: known.get_by_names([name])[0]
        for name in known.get_all_names()
        if name not in EXCLUDED
    }
    found: Counter[int] = Counter()

    for operation, mode in product(schema.get_all_operations(), GenerationMode):

        @effort(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        def each(case: Any) -> None:
            answer = case.call(headers=headers)
            found[answer.status_code] += 1
            # a wrong parameter of a list of nothing is not sent at all
            left_out = [by_name["negative_data_rejection"]] if case.method == "GET" else []
            case.validate_response(
                answer, checks=list(by_name.values()), excluded_checks=left_out, headers=headers
            )

        from hypothesis import given

        given(case=operation.ok().as_strategy(generation_mode=mode))(each)()
    return found


@pytest.fixture
def unhurried(monkeypatch):
    """No pace: the machine sends faster than a program may."""
    monkeypatch.setattr(token_module, "pace", Pace(burst=10**9))


@pytest.mark.once
def test_nothing_that_a_machine_sends_breaks_it(two, unhurried):
    found = machine_sent(two, 4)
    assert sum(found.values()) > 60
    assert found[200] > 5


@pytest.mark.prove
def test_nothing_that_a_machine_sends_for_long_breaks_it(two, unhurried):
    assert sum(machine_sent(two, 200).values()) > 1000


def test_the_description_is_whole():
    said = Client().get(f"{API}/openapi.json").json()
    operations = [
        (path, method, one) for path, each in said["paths"].items() for method, one in each.items()
    ]
    assert len(operations) >= 13
    for path, method, one in operations:
        where = f"{method} {path}"
        assert one["summary"], where
        assert one["description"], where
        wanted = {"200", "401", "403", "422", "429"}
        assert one["responses"].keys() >= wanted | ({"409", "415"} if method != "get" else set())
        for status, answer in one["responses"].items():
            shape = json.dumps(answer["content"]["application/json"]["schema"])
            assert ("Problem" in shape) is (status != "200"), where
        for parameter in one["parameters"]:
            assert '"description"' in json.dumps(parameter), (where, parameter["name"])
    assert "examples" in json.dumps(said["components"]["schemas"]["Save"])


def test_the_description_names_every_address_and_loads_nothing_from_elsewhere():
    said = Client().get(f"{API}/openapi.json").json()
    assert len(said["paths"]) >= 7
    assert Client().get(f"{API}/docs").status_code == 404
    assert "HTTPBearer" in json.dumps(said) or "Bearer" in json.dumps(said)
