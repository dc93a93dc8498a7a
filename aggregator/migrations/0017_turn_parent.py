import django.db.models.deletion
from django.db import migrations, models

# Until now a turn followed the newest one that no other had replaced. A turn that replaced others took the place
# of the first of them, which may itself have taken the place of another one.
FILL_PARENTS = """
WITH RECURSIVE place (id, conversation_id, first) AS (
    SELECT turn.id, turn.conversation_id, coalesce(
        (SELECT min(old.number) FROM aggregator_turn old WHERE old.replaced_by_id = turn.id), turn.number
    )
    FROM aggregator_turn turn
    UNION
    SELECT place.id, place.conversation_id, older.number
    FROM place
    JOIN aggregator_turn taken
        ON taken.conversation_id = place.conversation_id AND taken.number = place.first
    JOIN LATERAL (
        SELECT min(old.number) AS number FROM aggregator_turn old WHERE old.replaced_by_id = taken.id
    ) older ON older.number IS NOT NULL
),
first_place AS (SELECT id, conversation_id, min(first) AS number FROM place GROUP BY id, conversation_id)
UPDATE aggregator_turn turn SET parent_id = (
    SELECT earlier.id FROM aggregator_turn earlier
    LEFT JOIN aggregator_turn successor ON successor.id = earlier.replaced_by_id
    WHERE earlier.conversation_id = first_place.conversation_id AND earlier.number < first_place.number
        AND (successor.id IS NULL OR successor.number > first_place.number)
    ORDER BY earlier.number DESC LIMIT 1
)
FROM first_place WHERE first_place.id = turn.id AND first_place.number > 1"""


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0016_add_sampling")]

    operations = [
        migrations.AddField(
            model_name="turn",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="followed_by",
                to="aggregator.turn",
                verbose_name="앞 질문",
            ),
        ),
        migrations.RunSQL(FILL_PARENTS, migrations.RunSQL.noop),
    ]
