"""How much one address and one token may ask for: token buckets in bounded memory."""

from __future__ import annotations

import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

from agent.clock import Clock

__all__ = ["Buckets", "RateLimits", "network_of"]

_MOST_BUCKETS: Final = 4096
#: So many seconds' worth may come at once.
_BURST_SECONDS: Final = 10.0


class Buckets:
    """A token bucket per key. Of more than 4,096 keys the one that was used longest ago is forgotten, and begins anew.

    Parameters
    ----------
    per_second
        What flows in; 0 for no limit.
    burst
        What a bucket holds.
    """

    def __init__(self, per_second: float, burst: float, clock: Clock, most: int = _MOST_BUCKETS) -> None:
        self._per_second = per_second
        self._burst = max(burst, 1.0)
        self._clock = clock
        self._most = most
        # What is left, and when it was.
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, key: str) -> int:
        """0 when one was taken, else the whole seconds until there is one."""
        return self._wait(key, cost=1.0)

    def look(self, key: str) -> int:
        """As `take`, but nothing is taken."""
        return self._wait(key, cost=0.0)

    def _wait(self, key: str, cost: float) -> int:
        if self._per_second <= 0:
            return 0
        now = self._clock.monotonic()
        left, since = self._held.get(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_second)
        enough = left >= 1.0
        if cost:
            self._held[key] = (left - cost if enough else left, now)
            self._held.move_to_end(key)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        return 0 if enough else max(1, math.ceil((1.0 - left) / self._per_second))


class RateLimits:
    """The limits of one server; each answers with 0, or with the seconds to wait.

    Parameters
    ----------
    per_address, per_token
        Requests a second; ten seconds' worth may come at once.
    failures_per_minute
        Wrong tokens a minute from one address; so many may come at once. Then its tokens are not even compared.
    """

    def __init__(self, per_address: float, per_token: float, failures_per_minute: float, clock: Clock) -> None:
        self._addresses = Buckets(per_address, per_address * _BURST_SECONDS, clock)
        self._tokens = Buckets(per_token, per_token * _BURST_SECONDS, clock)
        self._failures = Buckets(failures_per_minute / 60, failures_per_minute, clock)

    def request(self, address: str, *, scrape: bool = False) -> int:
        """One more request of an address. Scrapes have a bucket of their own: others behind the same address do not
        keep Prometheus out.
        """
        return self._addresses.take(f"{'scrape ' if scrape else ''}{network_of(address)}")

    def token(self, name: str) -> int:
        """One more request of a token."""
        return self._tokens.take(name)

    def locked_out(self, address: str) -> int:
        """Whether an address has shown too many wrong tokens."""
        return self._failures.look(network_of(address))

    def failed(self, address: str) -> None:
        """A wrong token."""
        self._failures.take(network_of(address))


def network_of(address: str) -> str:
    """Whose limit it is: an IPv4 address, and of IPv6 the /64, of which one customer has all addresses."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)
