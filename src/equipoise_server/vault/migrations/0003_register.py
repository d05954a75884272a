from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_append_only")]
    operations = []
