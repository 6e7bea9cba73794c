"""The layers of vision transformers, with mmpretrain's parameter names."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

__all__ = ['Attention', 'EncoderLayer', 'FeedForward', 'drop_path']


def drop_path(x: Tensor, rate: float, *, training: bool) -> Tensor:
    """Drop the branch of a residual layer for some images (stochastic depth, Huang et al., ECCV 2016).

    Args:
        x: (B, ...), what the branch adds.
        rate: probability of dropping an image's; the others are divided by ``1 - rate``.
        training: nothing is dropped otherwise.

    >>> drop_path(torch.ones(2, 3), 0.5, training=False)
    tensor([[1., 1., 1.],
            [1., 1., 1.]])
    """
    if not training or rate <= 0:
        return x
    kept = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(1 - rate)
    return x * kept / (1 - rate)


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al., NeurIPS 2017).

    Args:
        channels: of the tokens.
        heads: their number, which divides ``channels``.
        qkv_bias: whether queries, keys and values have a bias.
        drop_rate: dropout of the result.

    >>> Attention(8, 2, qkv_bias=True)(torch.zeros(1, 5, 8)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(self, channels: int, heads: int, *, qkv_bias: bool, drop_rate: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.proj = nn.Linear(channels, channels)
        self.proj_drop = nn.Dropout(drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        """Let tokens (B, N, C) look at each other; the shape stays."""
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        seen = F.scaled_dot_product_attention(query, key, value)  # (B, heads, N, C / heads)
        return self.proj_drop(self.proj(seen.transpose(1, 2).flatten(2)))


class FeedForward(nn.Module):
    """Two linear layers with a GELU between; of the last features, a part may come from one of several experts.

    The experts are those of ViTPose+ (arXiv:2212.04246): each has learnt one dataset, the rest is common to all.

    Args:
        channels: of the tokens.
        inner: channels between the two layers.
        drop_rate: dropout behind each layer.
        num_experts: 0 for none.
        part_features: channels that an expert gives.
        expert: number of the one that is used; the others keep their weights and are not trained.

    >>> layer = FeedForward(8, 32, num_experts=3, part_features=2, expert=1)
    >>> layer(torch.zeros(1, 5, 8)).shape, layer.layers[1].out_features
    (torch.Size([1, 5, 8]), 6)
    """

    def __init__(
        self,
        channels: int,
        inner: int,
        *,
        drop_rate: float = 0.0,
        num_experts: int = 0,
        part_features: int = 0,
        expert: int = 0,
    ) -> None:
        super().__init__()
        self.expert = expert
        first = nn.Sequential(nn.Linear(channels, inner), nn.GELU(), nn.Dropout(drop_rate))
        self.layers = nn.Sequential(first, nn.Linear(inner, channels - part_features), nn.Dropout(drop_rate))
        if num_experts:
            self.experts = nn.ModuleList([nn.Linear(inner, part_features) for _ in range(num_experts)])
            for i, other in enumerate(self.experts):
                other.requires_grad_(i == expert)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (B, N, C) one by one; the shape stays."""
        if not hasattr(self, 'experts'):
            return self.layers(x)
        x = self.layers[0](x)
        x = torch.cat([self.layers[1](x), self.experts[self.expert](x)], -1)
        return self.layers[2](x)


class EncoderLayer(nn.Module):
    """Attention, then a feed-forward part, each on normalised tokens and added to them.

    Args:
        attention: between tokens.
        feed_forward: on each token.
        channels: of the tokens.
        eps: of the normalisation.
        drop_path_rate: see `drop_path`.
        with_cp: recompute the layer in the backward pass to save memory.
    """

    def __init__(
        self,
        attention: Attention,
        feed_forward: FeedForward,
        *,
        channels: int,
        eps: float,
        drop_path_rate: float = 0.0,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(channels, eps)
        self.attn = attention
        self.ln2 = nn.LayerNorm(channels, eps)
        self.ffn = feed_forward
        self.drop_path_rate, self.with_cp = drop_path_rate, with_cp

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (B, N, C); the shape stays."""
        if self.with_cp and x.requires_grad:
            return checkpoint(self._layer, x, use_reentrant=False)
        return self._layer(x)

    def _layer(self, x: Tensor) -> Tensor:
        x = x + drop_path(self.attn(self.ln1(x)), self.drop_path_rate, training=self.training)
        return x + drop_path(self.ffn(self.ln2(x)), self.drop_path_rate, training=self.training)
