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
