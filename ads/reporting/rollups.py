"""Rollups: impressions, clicks and spend by minute, hour and accounting day, for reports.

Every minute with a new row since the last run is recomputed as a whole, then its hour and day from their
parts: running twice changes nothing, and late events are counted in their own minute.
"""

import datetime
from collections.abc import Sequence

from django.db import connection, transaction

from ads.ledger.invariants import Discrepancy
from ads.models import RollupMark

# Rows that were uncommitted when the last mark was set became visible after it.
OVERLAP = datetime.timedelta(minutes=2)
ADVISORY_LOCK_ID = 7_219_003
EARLIEST = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)

# A click that is charged to a later day counts in the first minute of that day.
CLICK_MINUTE = "date_trunc('minute', greatest(c.created_at, c.day::timestamp AT TIME ZONE 'Asia/Seoul'))"
CHANGED_MINUTES = f"""
SELECT date_trunc('minute', i.created_at) FROM ads_impression i WHERE i.kept_at >= %(since)s
UNION
SELECT {CLICK_MINUTE} FROM ads_click c WHERE c.kept_at >= %(since)s
UNION
SELECT {CLICK_MINUTE} FROM ads_credit r JOIN ads_click c ON c.offer_id = r.click_id
WHERE r.kept_at >= %(since)s
"""  # noqa: S608
DELETE_BUCKETS = "DELETE FROM ads_rollup WHERE grain = %(grain)s AND bucket = ANY (%(buckets)s)"
FILL_MINUTES = f"""
INSERT INTO ads_rollup (grain, bucket, campaign_id, keyword_text, match, impressions, clicks, invalid_clicks,
                        spend_micros, credited_clicks, credited_micros)
SELECT 'minute', happened.minute, o.campaign_id, o.keyword_text, o.match, sum(seen), sum(valid), sum(invalid),
       sum(spend), sum(credited), sum(credit)
FROM (
    SELECT m.minute, i.offer_id, 1 AS seen, 0 AS valid, 0 AS invalid, 0 AS spend, 0 AS credited, 0 AS credit
    FROM unnest(%(buckets)s::timestamptz[]) AS m (minute)
    JOIN ads_impression i ON i.created_at >= m.minute AND i.created_at < m.minute + interval '1 minute'
    WHERE i.verdict = 'valid'
    UNION ALL
    SELECT m.minute, c.offer_id, 0, (c.verdict <> 'invalid')::int, (c.verdict = 'invalid')::int,
           c.price_micros, (r.click_id IS NOT NULL)::int, coalesce(r.amount_micros, 0)
    FROM unnest(%(buckets)s::timestamptz[]) AS m (minute)
    JOIN ads_click c ON c.created_at < m.minute + interval '1 minute'
        AND c.created_at >= m.minute - CASE
            WHEN m.minute = date_trunc('day', m.minute, 'Asia/Seoul') THEN interval '2 days'
            ELSE interval '0' END
        AND {CLICK_MINUTE} = m.minute
    LEFT JOIN ads_credit r ON r.click_id = c.offer_id
) AS happened JOIN ads_offer o ON o.id = happened.offer_id
GROUP BY happened.minute, o.campaign_id, o.keyword_text, o.match
"""  # noqa: S608
FILL_COARSE = """
INSERT INTO ads_rollup (grain, bucket, campaign_id, keyword_text, match, impressions, clicks, invalid_clicks,
                        spend_micros, credited_clicks, credited_micros)
SELECT %(grain)s, b.bucket, r.campaign_id, r.keyword_text, r.match, sum(r.impressions), sum(r.clicks),
       sum(r.invalid_clicks), sum(r.spend_micros), sum(r.credited_clicks), sum(r.credited_micros)
FROM unnest(%(buckets)s::timestamptz[]) AS b (bucket)
JOIN ads_rollup r ON r.grain = %(finer)s AND r.bucket >= b.bucket
    AND r.bucket < b.bucket + ('1 ' || %(grain)s)::interval
GROUP BY b.bucket, r.campaign_id, r.keyword_text, r.match
"""
FIND_GAPS = """
SELECT d.campaign_id || ' ' || d.day, coalesce(sum(r.spend_micros), 0), d.spent_micros
FROM ads_campaignday d LEFT JOIN ads_rollup r ON r.campaign_id = d.campaign_id AND r.grain = %(grain)s
    AND r.bucket >= d.day::timestamp AT TIME ZONE 'Asia/Seoul'
    AND r.bucket < (d.day + 1)::timestamp AT TIME ZONE 'Asia/Seoul'
WHERE NOT d.is_open GROUP BY d.id HAVING coalesce(sum(r.spend_micros), 0) <> d.spent_micros
"""


@transaction.atomic
def roll_up(*, at: datetime.datetime | None = None) -> int:
    """Update the rollups up to `at`; return how many minutes were recomputed.

    The default is the database's clock, which stamps all rows: a worker's clock may differ.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK_ID])
        cursor.execute("SELECT coalesce(%s, statement_timestamp())", [at])
        now = cursor.fetchall()[0][0]
        mark = RollupMark.objects.filter(pk=1).first()
        cursor.execute(CHANGED_MINUTES, {"since": min(mark.kept_until, now) - OVERLAP if mark else EARLIEST})
        minutes = sorted(minute for (minute,) in cursor)
    rebuild_minutes(minutes)
    RollupMark.objects.update_or_create(pk=1, defaults={"kept_until": now})
    return len(minutes)


@transaction.atomic
def rebuild_minutes(minutes: Sequence[datetime.datetime]) -> None:
    """Recompute these minutes, and the hours and days that contain them."""
    if not minutes:
        return
    hours = sorted({minute.replace(minute=0) for minute in minutes})
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT date_trunc('day', h, 'Asia/Seoul') FROM unnest(%s) AS h", [hours])
        days = sorted(day for (day,) in cursor)
        cursor.execute(DELETE_BUCKETS, {"grain": "minute", "buckets": list(minutes)})
        cursor.execute(FILL_MINUTES, {"buckets": list(minutes)})
        for grain, finer, buckets in (("hour", "minute", hours), ("day", "hour", days)):
            cursor.execute(DELETE_BUCKETS, {"grain": grain, "buckets": buckets})
            cursor.execute(FILL_COARSE, {"grain": grain, "finer": finer, "buckets": buckets})


def find_gaps() -> list[Discrepancy]:
    """Return the closed days on which the spend of a rollup grain differs from the ledger."""
    gaps = []
    with connection.cursor() as cursor:
        for grain in ("minute", "hour", "day"):
            cursor.execute(FIND_GAPS, {"grain": grain})
            gaps += [
                Discrepancy(f"rollup_{grain}_is_the_ledger", where, int(found), int(due))
                for where, found, due in cursor
            ]
    return gaps
