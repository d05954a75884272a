"""The public side of the store: studies listed, sites posted, enquiries by token, counts.

Nothing here says who somebody is. An enquiry is a token; the person is in `identity`.
"""

from __future__ import annotations

from django.db import models


class Listing(models.Model):
    """One study that can be found here: the trial of this server, or a registry record.

    `words` are the search tokens and filter tokens (`equipoise.exchange.search_words`); both
    engines index this column. `weight` orders results: recruiting studies first, then the
    newest. Ages are in years.
    """

    study = models.CharField(max_length=64, unique=True)
    own = models.BooleanField(default=False)
    posted = models.BooleanField(default=True)
    status = models.CharField(max_length=24)
    weight = models.IntegerField(default=0)
    title = models.JSONField()
    summary = models.TextField(blank=True, default="")
    sponsor = models.CharField(max_length=300, blank=True, default="")
    sex = models.CharField(max_length=8, default="all")
    minimum_age = models.FloatField(null=True, blank=True)
    maximum_age = models.FloatField(null=True, blank=True)
    topics = models.JSONField(default=list)
    places = models.JSONField(default=list)
    words = models.TextField()
    document = models.TextField(blank=True, default="")
    posted_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    updated_on = models.DateField(null=True, blank=True)

    class Meta:
        """Best first."""

        indexes = [models.Index(fields=["-weight", "-id"], name="listing_by_weight")]

    def __str__(self) -> str:
        return self.study


class SitePosting(models.Model):
    """What the public is told of a site: whether it recruits, and whom one talks to there.

    `mail` is the site's own letter box for reminders; it is never shown.
    """

    site = models.OneToOneField(
        "store.Site", primary_key=True, on_delete=models.PROTECT, related_name="posting"
    )
    status = models.CharField(max_length=16, default="recruiting")
    contact_name = models.CharField(max_length=120, blank=True, default="")
    contact_role = models.CharField(max_length=40, blank=True, default="")
    phone = models.CharField(max_length=32, blank=True, default="")
    mail = models.CharField(max_length=254, blank=True, default="")
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.site_id} {self.status}"


class Enquiry(models.Model):
    """A message to a site, without the person: when it came, was read, answered, and how it ended.

    `fit` is what the pre-screening gave. `escalated` counts the hours after which somebody was
    reminded (0, 24, 72). `outcome` is "" while it is open.
    """

    token = models.CharField(max_length=32, primary_key=True)
    study = models.CharField(max_length=64)
    site = models.ForeignKey("store.Site", on_delete=models.PROTECT, related_name="enquiries")
    language = models.CharField(max_length=16)
    source = models.CharField(max_length=32, blank=True, default="")
    fit = models.CharField(max_length=12, blank=True, default="")
    received_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=24, blank=True, default="")
    escalated = models.PositiveSmallIntegerField(default=0)
    duplicate_of = models.CharField(max_length=32, blank=True, default="")
    participant = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        """The queue: open ones of a site, oldest first."""

        indexes = [models.Index(fields=["site", "closed_at", "received_at"], name="enquiry_queue")]

    def __str__(self) -> str:
        return self.token


class EnquiryCall(models.Model):
    """One attempt to reach somebody who wrote."""

    enquiry = models.ForeignKey(Enquiry, on_delete=models.PROTECT, related_name="calls")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    result = models.CharField(max_length=16)

    def __str__(self) -> str:
        return self.result


class PublicCount(models.Model):
    """How often something happened on the public side on one day. No visitor is told apart."""

    on = models.DateField()
    step = models.CharField(max_length=24)
    source = models.CharField(max_length=32, blank=True, default="")
    count = models.PositiveIntegerField()

    class Meta:
        """One row per day, step and source."""

        constraints = [
            models.UniqueConstraint(fields=["on", "step", "source"], name="public_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.step}"


class ReferralSource(models.Model):
    """Where people come from: a code in a link that clinicians hand out."""

    code = models.CharField(max_length=32, primary_key=True)
    label = models.CharField(max_length=120)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code
