"""How the people in the register prove who they are, and every time they did or failed to."""

from __future__ import annotations

from django.db import models


class Credential(models.Model):
    """A public key of one person. The vault holds nothing with which one could sign.

    `kind`: `code` (a one-time code of the vault's keeper, with which a PIN is set), `pin`,
    `passkey`, `pass` (a key that a session of the unblinded process holds in its memory), or
    `release` (a custodian's code that opens one more unblinding). The private key of a code or
    PIN is what Argon2id makes of it and `salt`. Everything but `ended_at` stays as it was made.
    """

    person = models.CharField(max_length=150)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=200, unique=True)
    salt = models.CharField(max_length=64, blank=True, default="")
    public_key = models.CharField(max_length=2000)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Looked up by person."""

        indexes = [models.Index(fields=["person", "kind"], name="credentials_of")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person}"


class Assertion(models.Model):
    """One proof that was given, good or not. A nonce is used once, whatever came of it."""

    nonce = models.CharField(max_length=120, unique=True)
    person = models.CharField(max_length=150)
    verb = models.CharField(max_length=40)
    asked = models.CharField(max_length=64)
    at = models.DateTimeField()
    good = models.BooleanField()

    class Meta:
        """Looked up by person and time, for the pause after wrong attempts."""

        indexes = [models.Index(fields=["person", "at"], name="assertions_of")]

    def __str__(self) -> str:
        return f"{self.verb} by {self.person}"
