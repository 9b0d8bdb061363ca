"""How gunicorn serves the panel (`make serve`): its settings file, read as `--config python:commands.serving`.

A worker has threads, since most of a request is waiting for the database, and is replaced now and then, so that no
leak grows for months. SIGTERM stops listening at once and gives running requests the time to end. gunicorn trusts no
header of a proxy by itself: TRUSTED_PROXIES says whom the application believes.
"""

from __future__ import annotations

import os

from commands.serving_logs import JsonLogger

bind = os.environ.get("BIND") or "127.0.0.1:8000"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2 * (os.cpu_count() or 1) + 1)
worker_class = "gthread"
threads = 4

timeout = 60
"""Seconds without a sign of life of a worker itself, after which it is killed; a slow request is no such thing."""
graceful_timeout = 30
"""Seconds for running requests after SIGTERM: longer than a request waits for SQLite (models.sqlite)."""
keepalive = 5
max_requests = 5_000
max_requests_jitter = 500

forwarded_allow_ips = ""
control_socket_disable = True
accesslog = "-"
errorlog = "-"
logger_class = JsonLogger
