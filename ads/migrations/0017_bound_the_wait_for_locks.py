from django.db import migrations

# A click whose campaign somebody holds goes to the disk instead of waiting, and with it whoever travels along.
OF = "ads_settle(uuid[], bigint[], bigint[], text[], text[], timestamptz[], date, boolean)"


class Migration(migrations.Migration):
    dependencies = [("ads", "0016_index_keyword_bids")]

    operations = [
        migrations.RunSQL(
            f"ALTER FUNCTION {OF} SET lock_timeout = '2s'", f"ALTER FUNCTION {OF} RESET lock_timeout"
        ),
    ]
