from django.urls import path

from aggregator.web.consumers import TurnConsumer

urlpatterns = [path("ws/", TurnConsumer.as_asgi())]
