#!/usr/bin/env python3
"""An event file by TensorBoard's own package, and what that reads from it:
event_file.events and event_file.json.

Run by `cargo xtask golden`. With a folder as its argument it prints what
TensorBoard reads from the event files there, and makes nothing; the test of
src/observers/tensorboard does so where Python has TensorBoard.
"""
import json, pathlib, shutil, struct, sys, tempfile, zlib

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def exact(numbers):
    """Every bit of them, as hexadecimal digits of little-endian doubles."""
    return struct.pack(f"<{len(numbers)}d", *numbers).hex()


def read(folder):
    """By tag, everything in the event files of `folder`."""
    events = EventAccumulator(str(folder), size_guidance={
        "scalars": 0, "images": 0, "histograms": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    return {
        "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
        "images": {
            tag: [[e.step, e.height, e.width, e.encoded_image_string.hex()] for e in events.Images(tag)]
            for tag in tags["images"]
        },
        "histograms": {
            tag: [
                [e.step, exact([h.min, h.max, h.num, h.sum, h.sum_squares]), exact(h.bucket_limit), exact(h.bucket)]
                for e in events.Histograms(tag) for h in [e.histogram_value]
            ]
            for tag in tags["histograms"]
        },
        "texts": {
            tag: [[e.step, e.tensor_proto.string_val[0].decode()] for e in events.Tensors(tag)]
            for tag in tags["tensors"]
        },
    }


def make():
    import numpy as np
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.summary.writer.record_writer import RecordWriter
    from torch.utils.tensorboard import summary
    from torch.utils.tensorboard.writer import SummaryWriter

    # Sums of these are exact, in whatever order they are made.
    values = [0.0, 0.125, -0.125, 0.25, 1.5, -3.0, 0.0, 2**-30, -(2**-45), 1024.0]
    text = "# Title\n\n`key = 1`, ½"
    # A grey 2×1 PNG.
    chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data
                                + struct.pack(">I", zlib.crc32(kind + data)))
    png = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0))
           + chunk(b"IDAT", zlib.compress(b"\0\x10\xf0")) + chunk(b"IEND", b""))
    Summary = summary.Summary
    image = Summary.Image(height=1, width=2, colorspace=3, encoded_image_string=png)
    with tempfile.TemporaryDirectory() as folder:
        bins = SummaryWriter(folder).default_bins
    histogram = summary.histogram("weights/conv1.weight", np.array(values), bins)
    scalars = lambda step, loss: Event(wall_time=1.5 + step, step=step, summary=Summary(value=[
        Summary.Value(tag="train/loss", simple_value=loss), Summary.Value(tag="lr", simple_value=0.0)]))
    events = [
        Event(wall_time=1.5, step=0, file_version="brain.Event:2"),
        scalars(1, 2.5), scalars(300, 0.1), scalars(70_000, 9.0),
        Event(wall_time=2.0, step=301, session_log=SessionLog(status=SessionLog.START)),
        scalars(301, 0.25),
        Event(wall_time=3.0, step=1, summary=Summary(value=[Summary.Value(tag="images/first_batch", image=image)])),
        Event(wall_time=4.0, step=2, summary=histogram),
        Event(wall_time=5.0, summary=summary.text("config", text)),
    ]
    out = pathlib.Path(__file__).with_suffix(".events")
    with out.open("wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(out, pathlib.Path(folder, "events.out.tfevents.1"))
        golden = {"values": values, "text": text, "png": png.hex(), "read": read(folder)}
    json_file = pathlib.Path(__file__).with_suffix(".json")
    json_file.write_text(json.dumps(golden, indent=1) + "\n")
    print(out, json_file)


if sys.argv[1:]:
    print(json.dumps(read(sys.argv[1])))
else:
    make()
