from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class AggregatorConfig(AppConfig):
    name = "aggregator"
    verbose_name = _("대화")

    def ready(self) -> None:
        """Make a process that changes the listings read them anew at once."""
        from aggregator.execution.setup import forget_snapshot

        listing = self.get_model("Listing")
        for signal in (post_save, post_delete):
            signal.connect(forget_snapshot, sender=listing, dispatch_uid="aggregator.forget_snapshot")
