import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def count_today(apps, schema_editor):
    """Count what each person has opened today, so that the day does not begin anew."""
    now = timezone.localtime()
    since = now.replace(hour=0, minute=0, second=0, microsecond=0)
    opened = apps.get_model("aggregator", "Turn").objects.filter(opened_at__gte=since)
    counts = opened.values_list("conversation__owner").annotate(models.Count("pk")).order_by()
    day_count = apps.get_model("aggregator", "DayCount")
    day_count.objects.bulk_create(
        [day_count(person_id=person, day=now.date(), opened=turns) for person, turns in counts]
    )


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0012_add_device"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DayCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="날")),
                ("opened", models.PositiveIntegerField(default=0, verbose_name="연 턴")),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="사람",
                    ),
                ),
            ],
            options={
                "verbose_name": "하루에 연 턴",
                "verbose_name_plural": "하루에 연 턴",
                "constraints": [
                    models.UniqueConstraint(fields=("person", "day"), name="day_count_once_a_day")
                ],
            },
        ),
        migrations.RunPython(count_today, migrations.RunPython.noop, elidable=True),
    ]
