#!/usr/bin/env python3
"""torchvision's warps, resizes, blurs: geometry.json. Run by `cargo xtask golden`."""
from torchvision.transforms.v2 import InterpolationMode, functional as F

from common import Cases, image

MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}
SHAPES = [(3, 9, 12), (1, 8, 8), (4, 5, 7)]
cases = Cases()


def fill_for(shape):
    """A colour for each channel."""
    return [(77 + 60 * channel) % 256 for channel in range(shape[0])]


affines = [
    dict(angle=0, translate=[0, 0], scale=1, shear=[0, 0]),
    dict(angle=0, translate=[3, -2], scale=1, shear=[0, 0]),
    dict(angle=0, translate=[0.5, -1.5], scale=1, shear=[0, 0]),
    dict(angle=0, translate=[0.25, 1.4], scale=1, shear=[0, 0]),
    dict(angle=15, translate=[1, 0], scale=1.2, shear=[0, 0]),
    dict(angle=90, translate=[0, 0], scale=1, shear=[0, 0]),
    dict(angle=45, translate=[0, 1], scale=0.5, shear=[0, 0]),
    dict(angle=-137.5, translate=[-0.7, 2.2], scale=0.6, shear=[20, -35]),
    dict(angle=200, translate=[0, 0], scale=2.5, shear=[0, 30]),
    dict(angle=0, translate=[0, 0], scale=1, shear=[17.2, 0], center=[0.0, 0.0]),
    dict(angle=30, translate=[2, 0], scale=0.01, shear=[0, 0], center=[3.0, 4.5]),
    dict(angle=3, translate=[0, 0], scale=1e-9, shear=[0, 0]),
    dict(angle=0, translate=[40, 0], scale=1, shear=[0, 0]),
]
for salt, parameters in enumerate(affines):
    for mode in MODES:
        for shape in SHAPES if salt % 2 else SHAPES[::-1][1:]:
            fill = fill_for(shape) if salt % 3 else 0
            output = F.affine(image(shape, salt), interpolation=MODES[mode], fill=fill, **parameters)
            center = parameters.get("center")
            cases.add("affine", output, shape, salt, **{**parameters, "mode": mode, "fill": fill, "center": center})
# As large as most data sets' images: PyTorch multiplies larger matrices differently.
for angle, shape in [(90, (1, 33, 28)), (45, (1, 32, 32)), (-30, (3, 20, 23))]:
    for mode in MODES:
        output = F.affine(image(shape), angle, [0.5, 0], 1.0, [0, 0], interpolation=MODES[mode], fill=9)
        cases.add("affine", output, shape, angle=angle, translate=[0.5, 0], scale=1, shear=[0, 0], center=None, mode=mode, fill=9)
for angle in [0, 90, 180, 270, 33.3, -10, 725]:
    for mode in MODES:
        for shape in SHAPES[:2]:
            fill = fill_for(shape)
            output = F.rotate(image(shape), angle, interpolation=MODES[mode], fill=fill)
            cases.add("rotate", output, shape, angle=angle, center=None, mode=mode, fill=fill)
output = F.rotate(image((3, 9, 12)), 20, interpolation=MODES["bilinear"], center=[2.0, 1.5], fill=0)
cases.add("rotate", output, (3, 9, 12), angle=20, center=[2.0, 1.5], mode="bilinear", fill=0)
cases.write("geometry.json")
