# syntax=docker/dockerfile:1
# One image for every role; compose.yaml sets the command of each.

# -- Build: packages and front end; nothing of this stage but /app is in the image ----------------
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv

# Only the inputs of the package installation, so that a code change does not invalidate this layer.
COPY pyproject.toml uv.lock package.json package-lock.json ./
COPY stack/__init__.py stack/errors.py stack/progress.py stack/
COPY stack/install stack/install
RUN python3 -I stack/install/bootstrap.py

COPY . .
RUN JJAMPPONG_HOME=/tmp/build python3 -I stack/install/bootstrap.py \
    && uv sync --frozen --no-default-groups --quiet \
    && rm -rf node_modules .tools tests bench testing /tmp/build ~/.cache

# -- Runtime --------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/jjamppong --create-home --shell /usr/sbin/nologin jjamppong
WORKDIR /app
COPY --from=build /app /app
ENV PATH="/app/.venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    JJAMPPONG_HOME=/var/lib/jjamppong \
    LOCAL_MODELS=none \
    TURN_RUNNER=worker \
    PORT=8000
# A new volume mounted here takes the owner of this folder.
RUN install -d -o jjamppong -m 700 /var/lib/jjamppong/spool
USER jjamppong
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request, os; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--no-proxy-headers", "--no-access-log", "--timeout-graceful-shutdown", "20"]
