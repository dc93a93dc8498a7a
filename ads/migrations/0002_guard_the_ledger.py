from django.db import migrations

REFUSE_CHANGE = """
CREATE FUNCTION ads_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a correction is a new row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ads_entry_append_only BEFORE UPDATE OR DELETE ON ads_entry
    FOR EACH ROW EXECUTE FUNCTION ads_refuse_change();
CREATE TRIGGER ads_transaction_append_only BEFORE UPDATE OR DELETE ON ads_transaction
    FOR EACH ROW EXECUTE FUNCTION ads_refuse_change();
CREATE TRIGGER ads_click_is_kept BEFORE DELETE ON ads_click
    FOR EACH ROW EXECUTE FUNCTION ads_refuse_change();
"""
DROP_REFUSE_CHANGE = """
DROP TRIGGER ads_click_is_kept ON ads_click;
DROP TRIGGER ads_transaction_append_only ON ads_transaction;
DROP TRIGGER ads_entry_append_only ON ads_entry;
DROP FUNCTION ads_refuse_change();
"""

# Deferred to the commit, so that a transaction may be written leg by leg but never kept unbalanced.
SUM_ZERO = """
CREATE FUNCTION ads_check_balance(checked uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    total numeric;
    legs bigint;
BEGIN
    SELECT coalesce(sum(amount_micros), 0), count(*) INTO total, legs
        FROM ads_entry WHERE transaction_id = checked;
    IF total <> 0 OR legs < 2 THEN
        RAISE EXCEPTION 'transaction % has % legs that sum to %', checked, legs, total
            USING ERRCODE = 'check_violation';
    END IF;
END $$;
CREATE FUNCTION ads_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ads_check_balance(NEW.transaction_id);
    RETURN NULL;
END $$;
CREATE FUNCTION ads_transaction_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ads_check_balance(NEW.id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ads_entry_sums_to_zero AFTER INSERT ON ads_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ads_entry_balances();
CREATE CONSTRAINT TRIGGER ads_transaction_sums_to_zero AFTER INSERT ON ads_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ads_transaction_balances();
"""
DROP_SUM_ZERO = """
DROP TRIGGER ads_transaction_sums_to_zero ON ads_transaction;
DROP TRIGGER ads_entry_sums_to_zero ON ads_entry;
DROP FUNCTION ads_transaction_balances();
DROP FUNCTION ads_entry_balances();
DROP FUNCTION ads_check_balance(uuid);
"""

# Only wallets carry a balance: a click moves lease to revenue and must not touch a row that all clicks share.
WALLET_BALANCE = """
CREATE FUNCTION ads_move_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ads_account SET balance_micros = balance_micros + NEW.amount_micros
        WHERE id = NEW.account_id AND kind = 'wallet';
    RETURN NULL;
END $$;
CREATE TRIGGER ads_entry_moves_wallet AFTER INSERT ON ads_entry
    FOR EACH ROW EXECUTE FUNCTION ads_move_wallet();
"""
DROP_WALLET_BALANCE = """
DROP TRIGGER ads_entry_moves_wallet ON ads_entry;
DROP FUNCTION ads_move_wallet();
"""

FROZEN_CREATIVE = """
CREATE FUNCTION ads_freeze_creative() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.review <> 'draft' AND (
        (NEW.title, NEW.body, NEW.landing_url, NEW.display_domain, NEW.lineage, NEW.version)
        IS DISTINCT FROM
        (OLD.title, OLD.body, OLD.landing_url, OLD.display_domain, OLD.lineage, OLD.version)
    ) THEN
        RAISE EXCEPTION 'creative % was sent to review: an edit is a new version', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ads_creative_text_frozen BEFORE UPDATE ON ads_creative
    FOR EACH ROW EXECUTE FUNCTION ads_freeze_creative();
"""
DROP_FROZEN_CREATIVE = """
DROP TRIGGER ads_creative_text_frozen ON ads_creative;
DROP FUNCTION ads_freeze_creative();
"""


class Migration(migrations.Migration):
    dependencies = [("ads", "0001_inventory_and_money")]

    operations = [
        migrations.RunSQL(REFUSE_CHANGE, DROP_REFUSE_CHANGE),
        migrations.RunSQL(SUM_ZERO, DROP_SUM_ZERO),
        migrations.RunSQL(WALLET_BALANCE, DROP_WALLET_BALANCE),
        migrations.RunSQL(FROZEN_CREATIVE, DROP_FROZEN_CREATIVE),
    ]
