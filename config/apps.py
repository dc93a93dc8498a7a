from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Let every process reach the broker, a worker tell that it is alive, and its beat end with it."""
        from celery.signals import beat_embedded_init, heartbeat_sent

        from config.celery import app
        from config.pulse import end_with_worker, note_pulse

        app.set_default()
        heartbeat_sent.connect(note_pulse)
        beat_embedded_init.connect(end_with_worker)
