from django.apps import AppConfig


class StackConfig(AppConfig):
    name = "stack"

    def ready(self) -> None:
        """Terminate the beat process that a Celery worker embeds when the worker dies."""
        from celery.signals import beat_embedded_init

        from stack.parent_death_signal import stop_beat_with_worker

        beat_embedded_init.connect(stop_beat_with_worker)
