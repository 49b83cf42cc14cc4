#!/usr/bin/env python3
"""What hand-made filters make of an image, in PyTorch: image_kernels.json.

Run by `cargo xtask golden`. The kernels of edges are built of a derivative and a
smoothing, and not copied from src/inspect/image_kernel.rs.
"""
import json, pathlib
import torch
import torch.nn.functional as F

HEIGHT, WIDTH = 5, 7
image = torch.tensor([(i * 7919 + 31) % 256 for i in range(HEIGHT * WIDTH)]).double()
image = image.reshape(1, 1, HEIGHT, WIDTH)


def outer(column, row):
    return torch.outer(torch.tensor(column).double(), torch.tensor(row).double())


def filtered(kernel):
    half = kernel.shape[0] // 2
    padded = F.pad(image, [half] * 4, mode="replicate")
    return F.conv2d(padded, kernel[None, None])[0, 0]


DERIVATIVE = [-1, 0, 1]
identity = outer([0, 1, 0], [0, 1, 0])
laplacian = outer([0, 1, 0], [1, -2, 1]) + outer([1, -2, 1], [0, 1, 0])
binomial = [1, 4, 6, 4, 1]
maps = {}
for name, smoothing in [("sobel", [1, 2, 1]), ("scharr", [3, 10, 3]), ("prewitt", [1, 1, 1])]:
    x, y = filtered(outer(smoothing, DERIVATIVE)), filtered(outer(DERIVATIVE, smoothing))
    maps[name] = [x, y, torch.sqrt(x**2 + y**2)]
maps["laplacian"] = [filtered(laplacian)]
maps["gaussian"] = [filtered(outer(binomial, binomial) / 256)]
maps["sharpen"] = [filtered(identity - laplacian)]
maps["emboss"] = [filtered(torch.tensor([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]).double())]

golden = {
    "size": [HEIGHT, WIDTH],
    "image": image.int().flatten().tolist(),
    "maps": {n: [[round(v, 4) for v in m.flatten().tolist()] for m in ms] for n, ms in maps.items()},
}
out = pathlib.Path(__file__).with_name("image_kernels.json")
out.write_text(json.dumps(golden) + "\n")
print(out)
