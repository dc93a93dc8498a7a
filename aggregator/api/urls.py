"""Addresses of the public API, under /v1/."""

from django.urls import path

from aggregator.api import anthropic, model_list, openai, unknown_url

urlpatterns = [
    path("models", model_list.list_models),
    path("models/<path:slug>", model_list.show_model),
    path("chat/completions", openai.create_chat_completion),
    path("messages", anthropic.create_message),
    path("", unknown_url.show_unknown_url),
    path("<path:rest>", unknown_url.show_unknown_url),
]
