from django.apps import AppConfig


class StackConfig(AppConfig):
    name = "stack"

    def ready(self) -> None:
        """End the beat that a Celery worker embeds together with the worker."""
        from celery.signals import beat_embedded_init

        from stack.parent_death_signal import stop_beat_with_worker

        beat_embedded_init.connect(stop_beat_with_worker)
