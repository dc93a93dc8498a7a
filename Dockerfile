# syntax=docker/dockerfile:1
# One image for every role; compose.yaml says which command makes a role of it.

# -- Front end and packages: everything that only building needs stays in this stage ---------------
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv

# First only what names the packages, so that a change of our own code does not install them again.
COPY pyproject.toml uv.lock package.json package-lock.json ./
COPY stack stack
RUN python3 -I stack/install/bootstrap.py

COPY . .
RUN JJAMPPONG_HOME=/tmp/build python3 -I stack/install/bootstrap.py \
    && uv sync --frozen --no-dev --quiet \
    && rm -rf node_modules .tools tests bench testing /tmp/build ~/.cache

# -- What runs -------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/soup --create-home --shell /usr/sbin/nologin soup
WORKDIR /app
COPY --from=build /app /app
ENV PATH="/app/.venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    JJAMPPONG_HOME=/var/lib/soup \
    LOCAL_MODELS=none \
    TURN_RUNNER=worker \
    PORT=8000
# A volume put here belongs to whom the folder belonged to.
RUN install -d -o soup -m 700 /var/lib/soup/spool
USER soup
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request, os; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--no-access-log", "--timeout-graceful-shutdown", "20"]
