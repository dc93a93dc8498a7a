from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0009_day_points")]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="stands_in_for",
            field=models.UUIDField(blank=True, null=True, verbose_name="대신한 후보"),
        ),
    ]
