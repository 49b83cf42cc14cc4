"""Network in Network (Lin, Chen and Yan, 2013): the ImageNet form of "Dive into
Deep Learning", chapter 8.3, and the CIFAR form of the authors' Caffe model.

Every convolution has a ReLU behind it, the last one too.
"""
from collections import OrderedDict
from torch import nn

from .scale import scaled


class Nin(nn.Sequential):
    def __init__(self, classes, image, width, form):
        of = scaled(width)
        layers, inputs = OrderedDict(), image[0]
        blocks = perceptrons = 0

        def conv(name, channels, kernel, stride=1, padding=0):
            nonlocal inputs
            layers[name] = nn.Conv2d(inputs, channels, kernel, stride, padding)
            layers[f"relu_{name}"] = nn.ReLU()
            inputs = channels

        def block(channels, kernel, stride, padding):
            """A convolution and two of 1x1, which act as a perceptron on each place."""
            nonlocal blocks, perceptrons
            blocks += 1
            conv(f"conv{blocks}", channels[0], kernel, stride, padding)
            for one in channels[1:]:
                perceptrons += 1
                conv(f"cccp{perceptrons}", one, 1)

        if form == "imagenet":
            for channels, kernel, stride, padding in [(96, 11, 4, 0), (256, 5, 1, 2), (384, 3, 1, 1)]:
                block([of(channels)] * 3, kernel, stride, padding)
                layers[f"pool{blocks}"] = nn.MaxPool2d(3, 2)
            layers["drop"] = nn.Dropout(0.5)
            block([classes] * 3, 3, 1, 1)
        else:
            block([of(192), of(160), of(96)], 5, 1, 2)
            layers["pool1"] = nn.MaxPool2d(3, 2, ceil_mode=True)
            layers["drop1"] = nn.Dropout(0.5)
            block([of(192)] * 3, 5, 1, 2)
            layers["pool2"] = nn.AvgPool2d(3, 2, ceil_mode=True)
            layers["drop2"] = nn.Dropout(0.5)
            block([of(192), of(192), classes], 3, 1, 1)
        layers["avgpool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        super().__init__(layers)
