from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Let every process reach the broker, and record the heartbeats of a worker."""
        from celery.signals import heartbeat_sent

        from config.celery import app
        from config.monitoring.heartbeat import record_heartbeat

        app.set_default()
        heartbeat_sent.connect(record_heartbeat)
