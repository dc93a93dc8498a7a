from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # A concurrent index is built outside a transaction.
    atomic = False
    dependencies = [
        ("aggregator", "0019_link_accounts"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='usage',
            index=models.Index(condition=models.Q(('provider_key__isnull', False)), fields=['provider_key', '-created_at'], name='usage_by_provider_key'),
        ),
    ]
