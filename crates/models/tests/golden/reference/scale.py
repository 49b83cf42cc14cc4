"""The width multiplier."""
import math


def scaled(width):
    """A function that multiplies a number of channels or hidden features by
    `width`: a half rounds up, and one at least is left."""
    return lambda channels: max(1, math.floor(channels * width + 0.5))
