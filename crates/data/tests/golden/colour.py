#!/usr/bin/env python3
"""torchvision's changes of colour: colour.json. Run by `cargo xtask golden`."""
from torchvision.transforms.v2 import functional as F

from common import NOISE, Cases, image

FULL, FEW, TWO, FLAT = (0, 256), (100, 12), (0, 2), (90, 1)

cases = Cases()


def add(step, change, shapes, salts_and_levels, **parameters):
    for shape in shapes:
        for salt, levels in salts_and_levels:
            output = change(image(shape, salt, levels), **parameters)
            cases.add(step, output, shape, salt, levels, **parameters)


def grayscale(pixels):
    return F.rgb_to_grayscale(pixels, num_output_channels=pixels.shape[0])


SMALL = [(3, 4, 5), (1, 4, 5)]
# Equalizing does nothing to images of fewer than 255 pixels.
LARGE = [(3, 16, 17), (1, 25, 27)]

add("grayscale", grayscale, SMALL, [(0, NOISE), (1, FULL), (2, FULL), (3, TWO)])
for factor in [0.0, 0.37, 1.0, 1.85, 4.0]:
    add("brightness", F.adjust_brightness, SMALL, [(4, FULL)], brightness_factor=factor)
    add("contrast", F.adjust_contrast, SMALL, [(5, FULL), (6, FEW)], contrast_factor=factor)
    add("saturation", F.adjust_saturation, SMALL, [(7, FULL), (8, FEW)], saturation_factor=factor)
    add("sharpness", F.adjust_sharpness, SMALL, [(9, FULL), (10, FEW)], sharpness_factor=factor)
add("sharpness", F.adjust_sharpness, [(1, 2, 5), (3, 4, 2), (1, 3, 3)], [(0, NOISE)], sharpness_factor=0.0)
for factor in [-0.5, -0.21, 0.0, 0.1, 0.34, 0.5]:
    add("hue", F.adjust_hue, SMALL, [(11, FULL), (12, FEW), (13, TWO)], hue_factor=factor)
add("hue", F.adjust_hue, SMALL, [(0, FLAT)], hue_factor=0.3)
add("invert", F.invert, SMALL, [(14, FULL)])
for bits in range(9):
    add("posterize", F.posterize, [(3, 3, 4)], [(15, FULL)], bits=bits)
for threshold in [0, 1, 99.5, 128, 254.0000001, 255]:
    add("solarize", F.solarize, SMALL, [(16, FULL)], threshold=threshold)
add("equalize", F.equalize, LARGE, [(17, FULL), (18, FEW), (0, FLAT)])
add("equalize", F.equalize, [(1, 4, 5)], [(0, NOISE)])
add("autocontrast", F.autocontrast, SMALL, [(19, NOISE), (20, FEW), (21, TWO), (0, FLAT)])
cases.write("colour.json")
