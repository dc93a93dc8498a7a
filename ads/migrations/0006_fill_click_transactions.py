from django.db import migrations

# Until now a click's transaction was found by its key.
FILL = """
UPDATE ads_click c SET transaction_id = t.id FROM ads_transaction t
WHERE c.verdict = 'billed' AND t.idempotency_key = 'click:' || c.offer_id
"""


class Migration(migrations.Migration):
    dependencies = [("ads", "0005_link_clicks_to_transactions")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
