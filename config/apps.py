from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Make the Celery app the default of every process, and record the heartbeats of workers."""
        from celery.signals import heartbeat_sent

        from config.celery import app
        from config.monitoring.heartbeat import record_heartbeat

        app.set_default()
        heartbeat_sent.connect(record_heartbeat)
