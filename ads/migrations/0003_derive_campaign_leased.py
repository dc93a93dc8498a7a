from django.db import migrations

# The campaign's sum belongs to its days: whoever saves a campaign that they read a moment ago cannot undo it.
FOLLOW_DAYS = """
CREATE FUNCTION ads_sum_leased() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before bigint := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        before := OLD.leased_micros;
    END IF;
    IF NEW.leased_micros <> before THEN
        UPDATE ads_campaign SET leased_micros = leased_micros + NEW.leased_micros - before
            WHERE id = NEW.campaign_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ads_campaignday_sums_leased AFTER INSERT OR UPDATE OF leased_micros ON ads_campaignday
    FOR EACH ROW EXECUTE FUNCTION ads_sum_leased();
CREATE FUNCTION ads_keep_leased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN
        NEW.leased_micros := OLD.leased_micros;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ads_campaign_keeps_leased BEFORE UPDATE ON ads_campaign
    FOR EACH ROW EXECUTE FUNCTION ads_keep_leased();
"""
DROP_FOLLOW_DAYS = """
DROP TRIGGER ads_campaign_keeps_leased ON ads_campaign;
DROP FUNCTION ads_keep_leased();
DROP TRIGGER ads_campaignday_sums_leased ON ads_campaignday;
DROP FUNCTION ads_sum_leased();
"""


class Migration(migrations.Migration):
    dependencies = [("ads", "0002_guard_the_ledger")]

    operations = [migrations.RunSQL(FOLLOW_DAYS, DROP_FOLLOW_DAYS)]
