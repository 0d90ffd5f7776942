"""What stands between an encoder and the layer that gives the logits."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["FirstToken"]


class FirstToken(nn.Module):
    """In place of a pooler: the first token's hidden state as it is (PIGuard, Li et al., ACL 2025)."""

    def forward(self, hidden: Tensor) -> Tensor:
        """Of shape (batch, tokens, hidden) the first tokens, of shape (batch, hidden)."""
        return hidden[:, 0]
