from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0003_kitchen_fit")]

    operations = [
        migrations.AddField(
            model_name="turn", name="claims", field=models.JSONField(blank=True, default=list)
        ),
    ]
