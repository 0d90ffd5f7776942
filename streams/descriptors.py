"""File descriptors: as many as the system gives, and no more connections than there are descriptors for.

Without one to spare libuv closes what connects without a word, asyncio complains for each, and neither Kafka's clients
nor the spool can open anything.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Final

try:
    import resource
except ImportError:  # Windows
    _HAS_LIMITS = False
else:
    _HAS_LIMITS = True

__all__ = ["connections_within"]

_logger = logging.getLogger(__name__)

#: For Kafka, the spool, logs, pipes, and connections that are accepted before one too many is closed.
_OTHERS: Final = 64


def connections_within(most: int, each: int, named: str, besides: int = 0) -> int:
    """How many connections there may be: `most`, or fewer where the system gives too few descriptors, with a warning.

    The soft limit of this process is raised as far as needed; the hard one is the system's.

    Parameters
    ----------
    each
        Descriptors that a connection takes.
    named
        The key of the configuration that says `most`, for the warning.
    besides
        What handshakes may take. The soft limit is raised for them too, but no connection is given up for them: they
        come and go, and where there is no descriptor newcomers wait for one.
    """
    if not _HAS_LIMITS:
        return most
    needed = most * each + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed + besides:
        return most
    given = needed + besides if hard == resource.RLIM_INFINITY else max(soft, min(needed + besides, hard))
    with suppress(ValueError, OSError):  # a sandbox may forbid it
        resource.setrlimit(resource.RLIMIT_NOFILE, (given, hard))
    given = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    fewer = max(1, (given - _OTHERS) // each)
    if fewer >= most:
        return most
    _logger.warning(
        "descriptors_short limit=%d connections=%d instead_of=%d see=%s,ulimit -n", given, fewer, most, named
    )
    return fewer
