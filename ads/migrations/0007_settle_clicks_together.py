from django.db import migrations, models

KEEP_CLICKS = """
CREATE TRIGGER ads_click_stays_as_it_is BEFORE UPDATE ON ads_click
    FOR EACH ROW EXECUTE FUNCTION ads_refuse_change();
"""
LET_CLICKS_CHANGE = "DROP TRIGGER ads_click_stays_as_it_is ON ads_click;"

# The first statement locks the days, always in the same order; the second one sees what was committed before
# the locks were given. An offer belongs to one campaign, so of two batches with the same offer the later one
# finds its click. Where the day differs the primary key decides, and the loser's whole batch is undone.
# Within a campaign the cheapest clicks come first, so that nothing that would still fit is left out.
# Both plans are kept: planned anew for every batch, planning would cost more than the work.
SETTLE = """
CREATE FUNCTION ads_settle(
    offers uuid[], campaigns bigint[], prices bigint[], reasons text[], networks text[], moments timestamptz[],
    on_day date, is_last_attempt boolean
) RETURNS TABLE (place bigint, verdict text) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    PERFORM 1 FROM ads_campaignday d WHERE d.campaign_id = ANY (campaigns) AND d.day = on_day
        ORDER BY d.id FOR NO KEY UPDATE;
    RETURN QUERY
    WITH asked AS (
        SELECT a.* FROM unnest(offers, campaigns, prices, reasons, networks, moments)
            WITH ORDINALITY AS a (offer, campaign, price, reason, network, moment, place)
    ), fresh AS (
        SELECT DISTINCT ON (a.offer) a.* FROM asked a
        WHERE NOT EXISTS (SELECT 1 FROM ads_click c WHERE c.offer_id = a.offer)
        ORDER BY a.offer, a.place
    ), priced AS (
        SELECT f.*, d.id AS day_id, d.lease_account_id AS account,
               coalesce(d.leased_micros - d.spent_micros, 0) AS room,
               d.id IS NULL OR (d.is_open AND d.leased_micros < d.budget_micros) AS may_grow,
               coalesce(d.is_open, false) AS is_open,
               sum(f.price) OVER (PARTITION BY f.campaign ORDER BY f.price, f.place) AS total
        FROM (SELECT * FROM fresh WHERE reason = '') f
        LEFT JOIN ads_campaignday d ON d.campaign_id = f.campaign AND d.day = on_day
    ), judged AS (
        SELECT p.*, CASE
            WHEN p.is_open AND p.total <= p.room THEN 'billed'
            WHEN is_last_attempt OR NOT p.may_grow OR NOT EXISTS (
                SELECT 1 FROM ads_campaign c
                JOIN ads_account w ON w.kind = 'wallet' AND w.advertiser_id = c.advertiser_id
                WHERE c.id = p.campaign AND w.balance_micros > 0
                  AND (c.total_budget_micros IS NULL OR c.leased_micros < c.total_budget_micros)
            ) THEN 'free'
            ELSE 'short' END AS verdict
        FROM priced p
    ), billed AS (
        SELECT j.day_id, j.account, sum(j.price)::bigint AS amount FROM judged j
        WHERE j.verdict = 'billed' GROUP BY j.day_id, j.account
    ), spent AS (
        UPDATE ads_campaignday d SET spent_micros = d.spent_micros + b.amount FROM billed b WHERE d.id = b.day_id
        RETURNING d.id
    ), posted AS (
        INSERT INTO ads_transaction (id, kind, idempotency_key, note, created_at)
        SELECT t.id, 'click', 'clicks:' || t.id, '', statement_timestamp()
        FROM (SELECT gen_random_uuid() AS id WHERE EXISTS (SELECT 1 FROM billed)) t
        RETURNING id
    ), legs AS (
        INSERT INTO ads_entry (transaction_id, account_id, amount_micros)
        SELECT posted.id, b.account, -b.amount FROM posted, billed b
        UNION ALL
        SELECT posted.id, (SELECT a.id FROM ads_account a WHERE a.kind = 'revenue'),
               (SELECT sum(b.amount)::bigint FROM billed b)
        FROM posted
    ), outcome AS (
        SELECT j.place, j.offer, j.campaign, j.network, j.moment, j.verdict,
               CASE j.verdict WHEN 'free' THEN 'no_budget' ELSE '' END AS reason,
               CASE j.verdict WHEN 'billed' THEN j.price ELSE 0 END AS price
        FROM judged j
        UNION ALL
        SELECT f.place, f.offer, f.campaign, f.network, f.moment, 'invalid', f.reason, 0
        FROM fresh f WHERE f.reason <> ''
    ), kept AS (
        INSERT INTO ads_click
            (offer_id, campaign_id, day, verdict, reason, price_micros, transaction_id, network, created_at)
        SELECT o.offer, o.campaign, on_day, o.verdict, o.reason, o.price,
               CASE o.verdict WHEN 'billed' THEN (SELECT posted.id FROM posted) END, o.network, o.moment
        FROM outcome o WHERE o.verdict <> 'short'
    )
    SELECT o.place, o.verdict FROM outcome o;
END $$;
"""
DROP_SETTLE = """
DROP FUNCTION ads_settle(uuid[], bigint[], bigint[], text[], text[], timestamptz[], date, boolean);
"""


class Migration(migrations.Migration):
    dependencies = [("ads", "0006_fill_click_transactions")]

    operations = [
        migrations.AddConstraint(
            model_name="click",
            constraint=models.CheckConstraint(
                condition=models.Q(verdict="billed", transaction__isnull=False)
                | (~models.Q(verdict="billed") & models.Q(transaction=None)),
                name="click_billed_by_a_transaction",
            ),
        ),
        migrations.RunSQL(KEEP_CLICKS, LET_CLICKS_CHANGE),
        migrations.RunSQL(SETTLE, DROP_SETTLE),
    ]
