#!/usr/bin/env python3
"""The whitening of airbench94's first layer: whitening.json. Run by `cargo xtask golden`.

Images: the stream "images" as [64, 3, 8, 8], in float64; each value becomes the
mean of itself and its left neighbour, twice; then, once, of itself and its
upper neighbour (the image wraps around); then channel c is multiplied by
0.5**c. Patches: all 2x2 windows, flattened as [C, 2, 2].

The filters are eigenvectors of the patches' second moments, the largest
eigenvalue first, each over sqrt(eigenvalue + 5e-4), and behind them their
negatives. An eigenvector's sign is anybody's choice: what is stored is
weight^T weight of the first half, which does not depend on it.
"""
import torch

from common import stream, write

SHAPE, EPS = (64, 3, 8, 8), 5e-4


def images():
    x = stream("images", *SHAPE)
    for dim in (3, 3, 2):
        x = (x + x.roll(1, dim)) / 2
    return x * torch.tensor([1.0, 0.5, 0.25], dtype=torch.float64)[:, None, None]


def windows(x):
    """All windows of 2x2 as rows."""
    return x.unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * 4)


patches = windows(images())
moments = patches.T @ patches / len(patches)
values, vectors = torch.linalg.eigh(moments)
values, vectors = values.flip(0), vectors.flip(1)
half = vectors.T / (values + EPS).sqrt()[:, None]
weight = torch.cat([half, -half])
assert weight.shape == (24, 12)

# The filters' responses are uncorrelated and of the power that EPS leaves.
responses = patches @ half.T
power = responses.T @ responses / len(patches)
assert torch.allclose(power, torch.diag(values / (values + EPS)), atol=1e-9)
ratios = values[:-1] / values[1:]
assert ratios.min() > 1.05, f"eigenvalues too near to each other: {values.tolist()}"
write("whitening.json", [{
    "shape": SHAPE, "eps": EPS, "image": images()[0].flatten(), "patches": len(patches),
    "eigenvalues": values, "gram": half.T @ half,
}])
