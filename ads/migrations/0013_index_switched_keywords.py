from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ads', '0012_switch_keywords'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='keyword',
            index=models.Index(condition=models.Q(('is_on', False)), fields=['updated_at'], name='keyword_off'),
        ),
    ]
