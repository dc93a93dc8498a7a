from django.urls import path

from aggregator.consumers import TurnConsumer

urlpatterns = [path("ws/", TurnConsumer.as_asgi())]
