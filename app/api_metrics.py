"""Counters of the service, written in the text format that Prometheus reads. No words of a question get here."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from threading import Lock

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the buckets of seconds."""


class Metrics:
    """How many requests came, how they ended and how long they took, by route.

    >>> metrics = Metrics()
    >>> metrics.observe("/v1/search", "POST", 200, 0.012)
    >>> "yilun_requests_total{route=\\"/v1/search\\",method=\\"POST\\",status=\\"200\\"} 1" in metrics.text()
    True
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._in_flight = 0

    def begin(self) -> None:
        """A request has come."""
        with self._lock:
            self._in_flight += 1

    def end(self) -> None:
        """A request is over."""
        with self._lock:
            self._in_flight -= 1

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is the path's pattern: what callers make up must not get here."""
        with self._lock:
            self._requests[route, method, status] += 1
            buckets = self._buckets.setdefault(route, [0] * (len(BOUNDS) + 1))
            buckets[bisect_left(BOUNDS, seconds)] += 1
            self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def text(self, *, build: str = "", reloads: int = 0) -> str:
        """All counters; a build's id is a label of a gauge that is always 1."""
        with self._lock:
            lines = ["# TYPE yilun_requests_total counter"]
            for (route, method, status), count in sorted(self._requests.items()):
                lines.append(
                    f'yilun_requests_total{{route="{route}",method="{method}",status="{status}"}} {count}'
                )
            lines.append("# TYPE yilun_request_seconds histogram")
            for route, buckets in sorted(self._buckets.items()):
                total = 0
                for bound, count in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
                    total += count
                    lines.append(f'yilun_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}')
                lines.append(f'yilun_request_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}')
                lines.append(f'yilun_request_seconds_count{{route="{route}"}} {total}')
            lines += ["# TYPE yilun_requests_in_flight gauge", f"yilun_requests_in_flight {self._in_flight}"]
            lines += ["# TYPE yilun_build_info gauge", f'yilun_build_info{{build="{build}"}} 1']
            lines += ["# TYPE yilun_reloads_total counter", f"yilun_reloads_total {reloads}"]
        return "\n".join(lines) + "\n"
