"""Metrics in Prometheus' text format. Each process answers for itself: its samples bear its own `process` label."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What one process counts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._process = str(os.getpid())
        labels = ["process"]
        self._requests = Counter(
            "zhengtong_http_requests", "HTTP requests answered", [*labels, "path", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "zhengtong_http_request_seconds",
            "Time to answer an HTTP request",
            [*labels, "path"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._codes = Counter(
            "zhengtong_problems", "Problems and errors told, by code", [*labels, "code"], registry=self._registry
        )
        self.subscribers = Gauge(
            "zhengtong_subscribers", "Subscriptions that are open now", labels, registry=self._registry
        ).labels(self._process)

    def answered(self, path: str, status: int, seconds: float) -> None:
        self._requests.labels(self._process, path, str(status)).inc()
        self._seconds.labels(self._process, path).observe(seconds)

    def told(self, code: str) -> None:
        self._codes.labels(self._process, code).inc()

    async def page(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE)
