#!/usr/bin/env python3
"""torchvision's policies of augmentation: policies.json. Run by `cargo xtask golden`."""
from torchvision.transforms import AutoAugmentPolicy, InterpolationMode, v2

from common import Cases, image

cases = Cases()
SHAPES = [(3, 6, 7), (1, 8, 5)]
# Large enough to be equalized.
LARGE = (1, 16, 17)


def magnitudes(policy, operation, bins, shape):
    values = policy._AUGMENTATION_SPACE[operation][0](bins, *shape[1:])
    return [0.0] * bins if values is None else [float(value) for value in values]


def change(policy, pixels, operation, magnitude):
    return policy._apply_image_or_video_transform(
        pixels, operation, magnitude, interpolation=policy.interpolation, fill=policy._fill)


# Every operation, at three strengths, to both sides.
for name, policy in [("rand-augment", v2.RandAugment()), ("trivial-augment", v2.TrivialAugmentWide())]:
    for number, (operation, (_, signed)) in enumerate(policy._AUGMENTATION_SPACE.items()):
        shape = LARGE if operation == "Equalize" else SHAPES[number % 2]
        values = magnitudes(policy, operation, 31, shape)
        for at in [5, 15, 30] if any(values) else [0]:
            for sign in [1, -1] if signed else [1]:
                output = change(policy, image(shape, number), operation, sign * values[at])
                cases.add(name, output, shape, number, operation=operation, signed=signed,
                          bins=31, bin=at, sign=sign, mode="nearest", fill=0)
# The strengths themselves: of images of another size, in an odd and an even number.
for name, policy in [("rand-augment", v2.RandAugment()), ("trivial-augment", v2.TrivialAugmentWide())]:
    for operation in ["TranslateX", "TranslateY", "Brightness", "Posterize", "Solarize"]:
        for bins in [9, 10]:
            shape = (1, 2, 33)
            values = magnitudes(policy, operation, bins, shape)
            cases.add(f"{name}'s magnitudes", image(shape), shape, operation=operation, magnitudes=values)
# Interpolation and fill reach the warps.
policy = v2.RandAugment(interpolation=InterpolationMode.BILINEAR, fill=[10.0, 200.0, 90.0])
for operation in ["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"]:
    shape = SHAPES[0]
    output = change(policy, image(shape), operation, magnitudes(policy, operation, 31, shape)[20])
    cases.add("rand-augment", output, shape, operation=operation, signed=True,
              bins=31, bin=20, sign=1, mode="bilinear", fill=[10, 200, 90])
# Without a fill, as is torchvision's default, the border is weighed once.
for name, kind in [("rand-augment", v2.RandAugment), ("trivial-augment", v2.TrivialAugmentWide)]:
    policy = kind(interpolation=InterpolationMode.BILINEAR)
    for number, operation in enumerate(["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"]):
        shape = SHAPES[number % 2]
        for sign in [1, -1]:
            output = change(policy, image(shape), operation, sign * magnitudes(policy, operation, 31, shape)[7])
            cases.add(name, output, shape, operation=operation, signed=True,
                      bins=31, bin=7, sign=sign, mode="bilinear", fill=None)
# The tables, each pair with both operations, to the positive side.
for policy in AutoAugmentPolicy:
    augment = v2.AutoAugment(policy)
    for number, pair in enumerate(augment._policies):
        shape = (1, 4, 5)
        output = image(shape, number)
        for operation, _, at in pair:
            magnitude = magnitudes(augment, operation, 10, shape)[at or 0]
            output = change(augment, output, operation, magnitude)
        cases.add("auto-augment", output, shape, number, policy=policy.value, number=number,
                  pair=[[operation, p, at or 0] for operation, p, at in pair])
cases.write("policies.json")
