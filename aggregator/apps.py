from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class AggregatorConfig(AppConfig):
    name = "aggregator"
    verbose_name = _("대화")

    def ready(self) -> None:
        """Make a process that changes the listings or the keys read them anew at once."""
        for name in ("Listing", "ProviderAccount", "ProviderKey"):
            for signal in (post_save, post_delete):
                signal.connect(
                    _forget_snapshot, sender=self.get_model(name), dispatch_uid="aggregator.forget_snapshot"
                )


def _forget_snapshot(**_: object) -> None:
    from aggregator.execution.setup import forget_snapshot

    forget_snapshot()
    # Again, because a turn may have read the rows as they were before the commit.
    transaction.on_commit(forget_snapshot)
