from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ads', '0015_invite_members'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='keyword',
            index=models.Index(condition=models.Q(('bid_micros__isnull', False)), fields=['ad_group', 'bid_micros'], name='keyword_bid_of_group'),
        ),
    ]
