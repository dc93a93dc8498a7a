"""Addresses of the public API, under /v1/."""

from django.urls import path

from aggregator.api import anthropic, openai

urlpatterns = [
    path("models", openai.list_models),
    path("models/<path:slug>", openai.show_model),
    path("chat/completions", openai.create_chat_completion),
    path("messages", anthropic.create_message),
]
