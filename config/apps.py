from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Let a worker tell that it is alive."""
        from celery.signals import heartbeat_sent

        from config.pulse import note_pulse

        heartbeat_sent.connect(note_pulse)
