#!/usr/bin/env python3
"""torchvision's MixUp and CutMix of batches: mix.json. Run by `cargo xtask golden`.

A batch of N images of C channels is stored as one image of N·C planes.
"""
from types import SimpleNamespace
from unittest import mock

import torch
from torchvision.transforms import v2

from common import Cases, image

cases = Cases()
N, C, H, W = 3, 2, 6, 8
batch = image((N * C, H, W)).reshape(N, C, H, W)
labels = torch.arange(N)
for weight in [0.0, 0.3, 0.75, 1.0]:
    out = v2.MixUp(num_classes=N).transform(batch.float(), dict(lam=weight, labels=labels, batch_size=N))
    cases.add("mixup", out.round().to(torch.uint8).reshape(N * C, H, W), (N * C, H, W), channels=C, weight=weight)
for weight, middle in [(0.5, [3, 4]), (0.2, [0, 7]), (0.9, [5, 2]), (0.0, [3, 4]), (1.0, [1, 1])]:
    cut = v2.CutMix(num_classes=N)
    cut._dist = SimpleNamespace(sample=lambda _, weight=weight: weight)
    with mock.patch("torch.randint", side_effect=[torch.tensor([middle[1]]), torch.tensor([middle[0]])]):
        params = cut.make_params([batch.float()])
    kept = float(params["lam_adjusted"])
    out = cut.transform(batch.float(), dict(**params, labels=labels, batch_size=N))
    cases.add("cutmix", out.to(torch.uint8).reshape(N * C, H, W), (N * C, H, W), channels=C, weight=weight, middle=middle, kept=kept)
cases.write("mix.json")
