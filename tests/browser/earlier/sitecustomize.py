"""Lets a process of the product live `EARLIER_HOURS` before now, so that a diary is due today."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from django.utils import timezone

_hours = float(os.environ["EARLIER_HOURS"])
_now, _time, _by = timezone.now, time.time, timedelta(hours=_hours)
timezone.now = lambda: _now() - _by
time.time = lambda: _time() - 3600 * _hours
