"""Argon2 at its least cost: passwords of the tests protect nobody."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Light(Argon2PasswordHasher):
    """The product's hasher and its format; a process with the product's own settings reads both."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
