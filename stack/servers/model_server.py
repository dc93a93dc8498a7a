"""A process that serves one local language model by llama.cpp's OpenAI-compatible HTTP server."""

import signal
import sys

import xllamacpp

CONTEXT_TOKENS = 4096
SLOTS = 2
PROMPT_CACHE_MEBIBYTES = 256
# Warnings and errors only: higher levels log prompts.
LOG_VERBOSITY = 2


def serve(path: str, port: int, alias: str) -> None:
    """Load a model and serve it until the process is stopped."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.model_alias = {alias}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_parallel = SLOTS
    parameters.n_ctx = CONTEXT_TOKENS * SLOTS
    parameters.cache_ram_mib = PROMPT_CACHE_MEBIBYTES
    parameters.verbosity = LOG_VERBOSITY
    parameters.n_gpu_layers = 0
    # Pages in a browser on this machine must not read from the server.
    parameters.cors_origins = "http://127.0.0.1"
    parameters.ui = parameters.endpoint_slots = False
    for threads in (parameters.cpuparams, parameters.cpuparams_batch):
        # Idle llama.cpp threads spin by default; two spinning models starve each other and the site.
        threads.n_threads = 1
        threads.poll = 0
    server = xllamacpp.Server(parameters)
    if not server.listening_address:
        sys.exit(f"port {port} is taken")
    signal.pause()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
