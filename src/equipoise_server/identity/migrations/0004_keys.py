from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_consent")]
    operations = [migrations.RemoveField("person", "wrapped_key")]
