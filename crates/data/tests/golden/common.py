"""What the scripts beside this one share.

Input images are made from whole numbers, in the same way in
src/augment/golden.rs, so that only torchvision's results are stored.
"""
import json, pathlib
import torch


def image(shape, salt=0):
    """Bytes [C, H, W] in 30..=229: noise, which leaves no mistake unseen."""
    channels, height, width = shape
    count = channels * height * width
    values = [30 + (i * 7919 + salt * 104729) % 2003 % 200 for i in range(count)]
    return torch.tensor(values, dtype=torch.uint8).reshape(shape)


class Cases:
    """Collects cases and writes them as FILE.json beside the scripts."""

    def __init__(self):
        self.cases = []

    def add(self, step, output, shape, salt=0, **parameters):
        """`output`, bytes [C, H, W], is what `step` with `parameters` makes of image(shape, salt)."""
        assert output.dtype == torch.uint8 and output.dim() == 3, (step, output.dtype, output.shape)
        self.cases.append({
            "step": step,
            "parameters": parameters,
            "shape": list(shape),
            "salt": salt,
            "output_shape": list(output.shape),
            "output": bytes(output.contiguous().flatten().tolist()).hex(),
        })

    def write(self, name):
        path = pathlib.Path(__file__).parent / name
        lines = ",\n".join(json.dumps(case) for case in self.cases)
        path.write_text(f"[\n{lines}\n]\n")
        print(f"{path.name}: {len(self.cases)} cases")
