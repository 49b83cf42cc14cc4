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
for salt, (shape, size) in enumerate([((3, 9, 12), [6, 5]), ((1, 8, 8), [16, 13]), ((3, 20, 31), [4, 3]), ((2, 7, 5), [7, 9]), ((1, 9, 12), 7), ((1, 31, 20), 9), ((1, 12, 12), [3, 30])]):
    for mode in MODES:
        for antialias in [True, False]:
            output = F.resize(image(shape, salt), size, interpolation=MODES[mode], antialias=antialias)
            cases.add("resize", output, shape, salt, size=size, mode=mode, antialias=antialias)
for top, left, height, width, size in [(1, 2, 7, 5, [9, 12]), (0, 0, 9, 12, [4, 4]), (3, 3, 1, 1, [3, 5])]:
    output = F.resized_crop(image((3, 9, 12)), top, left, height, width, size)
    cases.add("resized-crop", output, (3, 9, 12), place=[top, left], piece=[height, width], size=size)
corners = [
    [[0, 0], [11, 0], [11, 8], [0, 8]],
    [[1, 2], [9, 1], [11, 7], [2, 5]],
    [[3, 0], [6, 3], [10, 6], [0, 8]],
    [[4, 2], [8, 2], [8, 5], [4, 5]],
]
for salt, ends in enumerate(corners):
    for mode in MODES:
        for channels in [3, 1]:
            shape = (channels, 9, 12)
            fill = fill_for(shape) if salt % 2 else 0
            output = F.perspective(image(shape, salt), corners[0], ends, interpolation=MODES[mode], fill=fill)
            cases.add("perspective", output, shape, salt, corners=ends, mode=mode, fill=fill)
cases.write("geometry.json")
