"""Checks that entries, wallets, days, clicks and offers agree; one SQL statement reads one snapshot."""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One violation of a ledger invariant."""

    rule: str
    where: str
    found: int
    expected: int


INVARIANT_QUERIES = {
    "sum_is_zero": """
        SELECT 'all entries', coalesce(sum(amount_micros), 0), 0 FROM ads_entry
        HAVING coalesce(sum(amount_micros), 0) <> 0
    """,
    "transaction_sums_to_zero": """
        SELECT transaction_id::text, sum(amount_micros), 0 FROM ads_entry
        GROUP BY transaction_id HAVING sum(amount_micros) <> 0
    """,
    "wallet_is_its_entries": """
        SELECT a.id::text, a.balance_micros, coalesce(sum(e.amount_micros), 0)
        FROM ads_account a LEFT JOIN ads_entry e ON e.account_id = a.id WHERE a.kind = 'wallet'
        GROUP BY a.id HAVING a.balance_micros <> coalesce(sum(e.amount_micros), 0)
    """,
    "day_spent_is_its_clicks": """
        SELECT d.campaign_id || ' ' || d.day, d.spent_micros, coalesce(sum(c.price_micros), 0)
        FROM ads_campaignday d LEFT JOIN ads_click c ON c.campaign_id = d.campaign_id AND c.day = d.day
        GROUP BY d.id HAVING d.spent_micros <> coalesce(sum(c.price_micros), 0)
    """,
    "lease_is_what_days_hold": """
        SELECT a.campaign_id::text, coalesce(e.total, 0), coalesce(d.total, 0) FROM ads_account a
        LEFT JOIN (SELECT account_id, sum(amount_micros) AS total FROM ads_entry GROUP BY 1) e
            ON e.account_id = a.id
        LEFT JOIN (SELECT campaign_id, sum(leased_micros - spent_micros) AS total
                   FROM ads_campaignday GROUP BY 1) d ON d.campaign_id = a.campaign_id
        WHERE a.kind = 'lease' AND coalesce(e.total, 0) <> coalesce(d.total, 0)
    """,
    "lease_is_of_its_campaigns_advertiser": """
        SELECT a.campaign_id::text, a.advertiser_id, c.advertiser_id
        FROM ads_account a JOIN ads_campaign c ON c.id = a.campaign_id
        WHERE a.kind = 'lease' AND a.advertiser_id <> c.advertiser_id
    """,
    "transaction_is_its_clicks": """
        SELECT coalesce(paid.transaction_id, clicked.transaction_id) || ' ' ||
               coalesce(paid.campaign_id, clicked.campaign_id),
               coalesce(paid.total, 0), coalesce(clicked.total, 0)
        FROM (SELECT e.transaction_id, a.campaign_id, -sum(e.amount_micros) AS total FROM ads_entry e
              JOIN ads_transaction t ON t.id = e.transaction_id AND t.kind = 'click'
              JOIN ads_account a ON a.id = e.account_id AND a.kind = 'lease' GROUP BY 1, 2) AS paid
        FULL JOIN (SELECT transaction_id, campaign_id, sum(price_micros) AS total FROM ads_click
                   WHERE transaction_id IS NOT NULL GROUP BY 1, 2) AS clicked
            ON clicked.transaction_id = paid.transaction_id AND clicked.campaign_id = paid.campaign_id
        WHERE coalesce(paid.total, 0) <> coalesce(clicked.total, 0)
    """,
    "click_costs_what_was_offered": """
        SELECT c.offer_id::text, c.price_micros, o.price_micros FROM ads_click c
        JOIN ads_offer o ON o.id = c.offer_id
        WHERE c.verdict = 'billed' AND (c.price_micros <> o.price_micros OR c.campaign_id <> o.campaign_id)
    """,
    "reversal_is_its_click": """
        SELECT t.idempotency_key, coalesce(max(e.amount_micros), 0), coalesce(max(c.price_micros), 0)
        FROM ads_transaction t LEFT JOIN ads_entry e ON e.transaction_id = t.id AND e.amount_micros > 0
        LEFT JOIN ads_click c
            ON t.idempotency_key = 'reversal:' || c.offer_id AND c.transaction_id = t.reverses_id
        WHERE t.kind = 'reversal' GROUP BY t.id
        HAVING coalesce(max(e.amount_micros), 0) <> coalesce(max(c.price_micros), 0)
    """,
    "campaign_leased_is_its_days": """
        SELECT c.id::text, c.leased_micros, coalesce(sum(d.leased_micros), 0) FROM ads_campaign c
        LEFT JOIN ads_campaignday d ON d.campaign_id = c.id
        GROUP BY c.id HAVING c.leased_micros <> coalesce(sum(d.leased_micros), 0)
    """,
}


def find_discrepancies() -> list[Discrepancy]:
    """Return every violated invariant; an empty list means that the ledger is consistent."""
    # One statement reads one snapshot: a click between two statements would look like a violation.
    checks = [
        f"SELECT '{rule}', f.* FROM ({statement}) AS f (place, found, expected)"  # noqa: S608
        for rule, statement in INVARIANT_QUERIES.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(checks))
        return [Discrepancy(rule, where, int(found), int(due)) for rule, where, found, due in cursor]
