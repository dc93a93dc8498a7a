from django.conf import settings
from django.db import migrations

# As `request_key` of aggregator/placements.py makes them, so that a turn's page still finds its decision.
REPLACE_TURN_IDS = """
UPDATE ads_offer
SET request_id = left(encode(sha256(convert_to(
    %s || ':' || (created_at AT TIME ZONE %s)::date || ':' || request_id, 'UTF8')), 'hex'), 32)
WHERE request_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
"""


def replace_turn_ids(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(REPLACE_TURN_IDS, [settings.SECRET_KEY, settings.TIME_ZONE])


class Migration(migrations.Migration):
    dependencies = [("ads", "0023_keep_intents_with_offers")]

    # A turn's id cannot be found from what replaced it.
    operations = [migrations.RunPython(replace_turn_ids, migrations.RunPython.noop)]
