"""How many cores one forward pass may use. A sidecar has one; torch would take all that the machine shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["intra_op_threads"]


@contextmanager
def intra_op_threads(count: int) -> Iterator[None]:
    """Let torch use `count` threads for the operations of the block, and what it used before afterwards.

    torch has one such number: for OpenMP's loops it belongs to the calling thread, for MKL's products to the process.
    So other users of torch in this process may feel it while the block runs, never after it.

    Parameters
    ----------
    count
        At least 1; 0 leaves torch's own number.
    """
    before = torch.get_num_threads()
    if count in (0, before):
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
