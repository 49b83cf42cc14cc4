"""AlexNet of "One weird trick for parallelizing convolutional neural networks"
(Krizhevsky, 2014), as torchvision has it, and a form of it for small images."""
from torch import nn

from .scale import scaled

# Channels, kernel, stride, padding, and whether a max pool follows.
IMAGENET = [(64, 11, 4, 2, True), (192, 5, 1, 2, True), (384, 3, 1, 1, False), (256, 3, 1, 1, False), (256, 3, 1, 1, True)]
SMALL = [(channels, 3, 1, 1, pool) for channels, _, _, _, pool in IMAGENET]


class AlexNet(nn.Module):
    def __init__(self, classes, image, width, form):
        super().__init__()
        of = scaled(width)
        large = form == "imagenet"
        layers, inputs = [], image[0]
        for channels, kernel, stride, padding, pool in IMAGENET if large else SMALL:
            layers += [nn.Conv2d(inputs, of(channels), kernel, stride, padding), nn.ReLU()]
            if pool:
                layers.append(nn.MaxPool2d(3, 2) if large else nn.MaxPool2d(2, 2, ceil_mode=True))
            inputs = of(channels)
        self.features = nn.Sequential(*layers)
        side, hidden = (6, of(4096)) if large else (2, of(1024))
        self.avgpool = nn.AdaptiveAvgPool2d(side)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Linear(inputs * side * side, hidden), nn.ReLU(),
            nn.Dropout(0.5), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))
