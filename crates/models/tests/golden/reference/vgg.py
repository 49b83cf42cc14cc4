"""VGG (Simonyan and Zisserman, 2014), table 1."""
from torch import nn

from .scale import scaled

# How many 3x3 convolutions of 64, 128, 256, 512 and 512 channels stand before each max pool.
STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class Vgg(nn.Module):
    def __init__(self, classes, image, width, form, *, depth, norm):
        super().__init__()
        of = scaled(width)
        small = form == "small"
        layers, inputs = [], image[0]
        for channels, convolutions in zip((64, 128, 256, 512, 512), STAGES[depth]):
            for _ in range(convolutions):
                layers.append(nn.Conv2d(inputs, of(channels), 3, padding=1))
                layers += [nn.BatchNorm2d(of(channels)), nn.ReLU()] if norm else [nn.ReLU()]
                inputs = of(channels)
            layers.append(nn.MaxPool2d(2, 2, ceil_mode=small))
        self.features = nn.Sequential(*layers)
        if small:
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.classifier = nn.Linear(inputs, classes)
        else:
            self.avgpool = nn.AdaptiveAvgPool2d(7)
            hidden = of(4096)
            self.classifier = nn.Sequential(
                nn.Linear(inputs * 7 * 7, hidden), nn.ReLU(), nn.Dropout(0.5),
                nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5),
                nn.Linear(hidden, classes),
            )

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))
