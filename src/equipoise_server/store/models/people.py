"""Staff of the trial and the roles they hold, where and when."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import _user_has_perm  # type: ignore[attr-defined]
from django.db import models


class UserManager(BaseUserManager["User"]):
    """Makes users; needed by Django's sign-in."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """A user with a hashed password (none: cannot sign in)."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who works on the trial. What they may do follows from memberships alone."""

    username = models.CharField(max_length=150, unique=True)
    full_name = models.CharField(max_length=200)
    language = models.CharField(max_length=16, default="en")
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.username

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether a rule grants `perm` on `obj`; there is no superuser."""
        return self.is_active and bool(_user_has_perm(self, perm, obj))


class Membership(models.Model):
    """One role of one person, at one site (none: at all), for a time."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    site = models.ForeignKey("store.Site", null=True, blank=True, on_delete=models.PROTECT)
    role = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Looked up by person."""

        indexes = [models.Index(fields=["user", "role"], name="membership_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id} as {self.role}"


class FactorGrant(models.Model):
    """Somebody has just proved who they are with a second factor, for one purpose and once.

    `digest` is the SHA-256 of the proof, which only the person holds. The act that uses the
    grant deletes it in its own transaction.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        """Old ones are swept by person."""

        indexes = [models.Index(fields=["user", "expires_at"], name="factor_grant_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.purpose}"


class Invitation(models.Model):
    """A role offered to somebody who sets their own password and second factor.

    `digest` is the SHA-256 of the secret in the link. Used once, or withdrawn, or too old.
    """

    digest = models.CharField(max_length=64, unique=True)
    username = models.CharField(max_length=150)
    full_name = models.CharField(max_length=200)
    address = models.CharField(max_length=254, blank=True, default="")
    language = models.CharField(max_length=16, default="en")
    role = models.CharField(max_length=40)
    site = models.ForeignKey("store.Site", null=True, blank=True, on_delete=models.PROTECT)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.username} as {self.role}"


class DelegationDemand(models.Model):
    """From `since` on, tasks at a site (none: at every site) need a delegation."""

    site = models.ForeignKey("store.Site", null=True, blank=True, on_delete=models.PROTECT)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.site_id or "every site"


class Delegation(models.Model):
    """A line of a site's delegation log: who may do which task, from when to when."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations")
    site = models.ForeignKey("store.Site", on_delete=models.PROTECT)
    task = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Looked up by person and place."""

        indexes = [models.Index(fields=["user", "site", "task"], name="delegation_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.task} at {self.site_id}"


class Training(models.Model):
    """A training that some roles need. `valid_days` is how long it counts; none: for good."""

    code = models.CharField(max_length=40, primary_key=True)
    title = models.JSONField()
    valid_days = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return self.code


class TrainingDemand(models.Model):
    """A role may act only with a current training, from `since` to `until`."""

    training = models.ForeignKey(Training, on_delete=models.PROTECT)
    role = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.training_id} for {self.role}"


class TrainingRecord(models.Model):
    """Somebody was trained, and until when it counts."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="trainings")
    training = models.ForeignKey(Training, on_delete=models.PROTECT)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Looked up by person."""

        indexes = [models.Index(fields=["user", "training"], name="training_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.training_id}"
