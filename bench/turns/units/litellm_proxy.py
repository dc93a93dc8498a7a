"""LiteLLM proxy as a unit under test: one worker, no database, no logging."""

import json
from pathlib import Path

from bench.turns.units.peers import PROXY, PeerProcess, install
from bench.turns.units.sse_unit import SseUnit

KEY = "sk-bench-7c1f0a93d2e84b56"
ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    "NO_DOCS": "True",
}


def start_proxy(folder: Path, data_dir: Path, provider: str, models: list[str]) -> PeerProcess:
    """Start a proxy with these models of the provider."""
    program = install(PROXY, folder)
    endpoint = {"api_base": f"{provider}/v1", "api_key": "none"}
    listed = [
        {"model_name": name, "litellm_params": {"model": f"openai/{name}", **endpoint}} for name in models
    ]
    settings = {"model_list": listed, "general_settings": {"master_key": KEY}}
    data_dir.mkdir(parents=True, exist_ok=True)
    file = data_dir / "config.yaml"
    # JSON is YAML.
    file.write_text(json.dumps(settings), encoding="utf-8")
    words = (str(program), "--config", str(file), "--telemetry", "False", "--num_workers", "1")
    return PeerProcess(words, data_dir, "/health/liveliness", ENVIRONMENT)


def proxy_unit(process: PeerProcess) -> SseUnit:
    """Return the proxy as a unit."""
    return SseUnit("proxy", process.url, key=KEY, cpu=process.cpu_seconds)
