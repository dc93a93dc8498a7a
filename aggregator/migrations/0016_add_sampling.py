from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0015_rename_weights_version"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="sampling",
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name="샘플링 설정"),
        ),
    ]
