#!/usr/bin/env python3
"""torchvision's crops, paddings and flips: crop.json. Run by `cargo xtask golden`."""
from torchvision.transforms.v2 import functional as F

from common import Cases, image

cases = Cases()
for mode in ["constant", "edge", "reflect"]:
    for shape in [(3, 6, 5), (1, 4, 7)]:
        padded = F.pad(image(shape), [3, 3, 3, 3], fill=77 if mode == "constant" else None, padding_mode=mode)
        for top, left, height, width in [(0, 0, 6, 5), (4, 5, 6, 5), (3, 3, 4, 3), (1, 6, 3, 4), (0, 0, 10, 11)]:
            cut = F.crop(padded, top, left, height, width)
            cases.add("crop", cut, shape, mode=mode, fill=77, place=[top - 3, left - 3], size=[height, width])
        # Pieces wholly to the left, right, above, below, and beyond a corner.
        _, rows, columns = shape
        for top, left in [(3, 0), (3, columns + 3), (0, 3), (rows + 3, 3), (rows + 3, columns + 4), (1, 0)]:
            cut = F.crop(padded, top, left, 2, 2)
            cases.add("crop", cut, shape, mode=mode, fill=77, place=[top - 3, left - 3], size=[2, 2])
for shape in [(3, 6, 5), (1, 4, 7)]:
    for size in [[2, 2], [3, 3], [6, 4], [9, 9], [5, 12]]:
        cases.add("center-crop", F.center_crop(image(shape), size), shape, size=size)
    cases.add("horizontal-flip", F.horizontal_flip(image(shape)), shape)
    cases.add("vertical-flip", F.vertical_flip(image(shape)), shape)
cases.write("crop.json")
