"""What the scripts beside this one share.

Input images are made from whole numbers, in the same way in
src/augment/golden.rs, so that only torchvision's results are stored.
"""
import json, pathlib
import torch


NOISE = (30, 200)


def image(shape, salt=0, levels=NOISE):
    """Bytes [C, H, W] of noise, which leaves no mistake unseen. `levels` are the
    lowest level and how many there are: 30..=229 if not said."""
    channels, height, width = shape
    count = channels * height * width
    low, many = levels
    values = [low + (i * 7919 + salt * 104729) % 2003 % many for i in range(count)]
    return torch.tensor(values, dtype=torch.uint8).reshape(shape)


class Cases:
    """Collects cases and writes them as FILE.json beside the scripts."""

    def __init__(self):
        self.cases = []

    def add(self, step, output, shape, salt=0, levels=NOISE, **parameters):
        """`output`, bytes [C, H, W], is what `step` with `parameters` makes of image(shape, salt, levels)."""
        assert output.dtype == torch.uint8 and output.dim() == 3, (step, output.dtype, output.shape)
        case = {
            "step": step,
            "parameters": parameters,
            "shape": list(shape),
            "salt": salt,
            "output_shape": list(output.shape),
            "output": bytes(output.contiguous().flatten().tolist()).hex(),
        }
        if levels != NOISE:
            case["levels"] = list(levels)
        self.cases.append(case)

    def write(self, name):
        path = pathlib.Path(__file__).parent / name
        lines = ",\n".join(json.dumps(case) for case in self.cases)
        path.write_text(f"[\n{lines}\n]\n")
        print(f"{path.name}: {len(self.cases)} cases")
