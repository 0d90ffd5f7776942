"""What the outside sees over HTTP: /metrics, /healthz, /readyz, the live console and what it reads."""

from streams.web.admin import AdminApi
from streams.web.api import ConsoleApi
from streams.web.server import WebServer
from streams.web.status import Health, Readiness, Status

__all__ = ["AdminApi", "ConsoleApi", "Health", "Readiness", "Status", "WebServer"]
