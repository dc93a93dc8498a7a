
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ads", "0017_bound_the_wait_for_locks"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountedTellings",
            fields=[
                (
                    "digest",
                    models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name="지문"),
                ),
                (
                    "kept_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="적힌 때",
                    ),
                ),
            ],
            options={
                "verbose_name": "센 방문 묶음",
                "verbose_name_plural": "센 방문 묶음",
            },
        ),
    ]
