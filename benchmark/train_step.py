# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""One optimiser step of DDRNet-23-slim with its auxiliary head, as in the trainer.

    python benchmark/train_step.py [--json FILE] [--device gpu] [--torch PYTHON] [--profile]

On a CPU: as in train.py (oneDNN, channels last), with channels first, and with Paddle's own kernels
(--cpu_backend paddle). On a card: plain, channels last (--data_format NHWC), mixed precision (--precision fp16), and
both. The reference is a step in PaddleSeg's order of work, on a CPU with Paddle's own kernels: full-size logits by
F.interpolate, hard examples by softmax, one-hot coding and a sort, and every loss fetched in every step.

--torch: train.py's way and the same step in PyTorch (``torch_train_step.py``), with OHEM and with cross entropy,
alternating with the others on the same cores. Before that, logits and losses of both are compared.
--profile: the shares of that way's time by kind of operation (``step_profile.py``).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common, step_profile
from benchmark.torch_worker import TorchWorker, largest_difference
from paddleseg.utils.allocator import keep_freed_memory
from paddleseg.utils.errors import UserError
from paddleseg.utils.logging import get_logger

BATCH_SIZE, CROP, NUM_CLASSES = 2, 512, 19
THRESH, MIN_KEPT = 0.9, 131072  # the official DDRNet recipe, auxiliary loss 0.4
CHECK_THRESH = 0.01  # random logits have no pixels above 0.9; with this one, some are left out
COEFFICIENTS = (1.0, 0.4)
RATE = {"learning_rate": 0.01, "momentum": 0.9, "weight_decay": 5e-4}
ROUNDS = 5
# name -> (data_format, cpu_backend)
CPU_WAYS = {
    "train_step": ("NHWC", "onednn"),
    "train_step_channels_first": ("NCHW", "onednn"),
    "train_step_paddle": ("NCHW", "paddle"),
}
# name -> (data_format, precision)
CARD_WAYS = {
    "train_step": ("NCHW", "fp32"),
    "train_step_channels_last": ("NHWC", "fp32"),
    "train_step_amp": ("NCHW", "fp16"),
    "train_step_amp_channels_last": ("NHWC", "fp16"),
}
# The row of a comparison with PyTorch -> the loss of both sides
AGAINST_TORCH = {"train_step_vs_torch": "ohem", "cross_entropy_step_vs_torch": "cross_entropy"}
# Allowed relative differences of logits and first losses, and of the losses after one update, from PyTorch's
TOLERANCE, TOLERANCE_AFTER_UPDATE = 1e-4, 1e-3


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", help="cpu, gpu, ... (default: the first card if there is one, else the CPU)")
    parser.add_argument("--torch", metavar="PYTHON", help="A Python with PyTorch, to be compared with; on a CPU.")
    parser.add_argument("--profile", action="store_true", help="Add the shares of the kinds of operations; on a CPU.")


def make_batch() -> dict:
    """A batch as from the data loader."""
    import numpy as np
    import paddle

    rng = np.random.default_rng(0)
    label = rng.integers(0, NUM_CLASSES, (BATCH_SIZE, CROP, CROP), dtype=np.uint8)
    label[:, : CROP // 20] = 255
    return {
        "img": paddle.to_tensor(rng.integers(0, 256, (BATCH_SIZE, CROP, CROP, 3), dtype=np.uint8)),
        "label": paddle.to_tensor(label),
        "paths": [f"picture {i}" for i in range(BATCH_SIZE)],
    }


def plain_step(batch: dict) -> Callable[[], None]:
    """Return a step in PaddleSeg's order of work; pictures come normalised, as from its data loader."""
    import paddle

    from benchmark.reference_losses import plain_ohem
    from paddleseg.inference.preprocess import to_network_input
    from paddleseg.transforms.transforms import Normalize

    model = make_model("NCHW")
    optimizer = paddle.optimizer.Momentum(parameters=trained(model), **RATE)
    pictures = to_network_input(batch["img"], Normalize())
    label = batch["label"].astype("int64")
    size_hw = [CROP, CROP]

    def step() -> None:
        outputs = [
            paddle.nn.functional.interpolate(logits, size_hw, mode="bilinear")
            for logits in model.forward_stride8(pictures)
        ]
        losses = [plain_ohem(logits, label, THRESH, MIN_KEPT) for logits in outputs]
        total = sum(loss * coefficient for loss, coefficient in zip(losses, COEFFICIENTS))
        total.backward()
        optimizer.step()
        optimizer.clear_grad()
        for loss in (total, *losses):
            float(loss)

    return step


def make_losses(thresh: float) -> dict[str, Callable]:
    from paddleseg.losses import CrossEntropyLoss, OhemCrossEntropyLoss

    return {"ohem": OhemCrossEntropyLoss(thresh, MIN_KEPT), "cross_entropy": CrossEntropyLoss()}


def trainer_step(
    batch: dict, model, precision: str = "fp32", loss: str = "ohem", thresh: float = THRESH
) -> Callable[[], float]:
    """Return a step of this toolkit's trainer, which returns its loss once the device has finished."""
    import paddle

    from paddleseg.datasets import RoadScenes
    from paddleseg.tasks import SegmentationTask
    from paddleseg.training.run_settings import RunSettings
    from paddleseg.training.trainer import Trainer
    from paddleseg.transforms.transforms import Normalize

    parameters = trained(model)
    optimizer = paddle.optimizer.Momentum(parameters=parameters, **RATE)
    losses = [(make_losses(thresh)[loss], coefficient) for coefficient in COEFFICIENTS]
    dataset = RoadScenes([Normalize()], mode="train", num_samples=1)  # only defines how pictures are normalised
    settings = RunSettings(iters=1000, batch_size=BATCH_SIZE, seed=0, precision=precision)
    trainer = Trainer(model, SegmentationTask(losses, dataset), optimizer, None, settings)

    def step() -> float:
        terms = trainer.train_step(iter([batch]))
        float(parameters[0].sum())  # the last to be ready
        return float(terms["loss"])

    return step


def make_model(data_format: str):
    import paddle

    from paddleseg.models import DDRNet_23_slim

    paddle.seed(1)
    model = DDRNet_23_slim(NUM_CLASSES, enable_auxiliary_loss=True, data_format=data_format)
    model.train()
    return model


def trained(model) -> list:
    return [parameter for parameter in model.parameters() if not parameter.stop_gradient]


def start_torch(worker: TorchWorker, model, batch: dict, thresh: float = THRESH) -> None:
    """Give the worker the model's weights and the batch."""
    from paddleseg.transforms.transforms import Normalize

    normalize = Normalize()
    settings = {
        "num_classes": NUM_CLASSES, "coefficients": COEFFICIENTS, "thresh": thresh, "min_kept": MIN_KEPT, "rate": RATE,
        "shift": normalize.shift.tolist(), "scale": normalize.scale.tolist(),
    }  # fmt: skip
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    worker.start(settings, weights, {"pictures": batch["img"].numpy(), "label": batch["label"].numpy()})


def check_torch(worker: TorchWorker, batch: dict) -> None:
    """Compare both sides: logits, the losses of the first step, and those of the second, which reveal the update.

    Raises:
        UserError: Their steps differ.
    """
    import numpy as np
    import paddle

    from paddleseg.inference.preprocess import to_network_input
    from paddleseg.transforms.transforms import Normalize

    model = make_model("NCHW")
    start_torch(worker, model, batch)
    with paddle.no_grad():
        ours = np.stack([logits.numpy() for logits in model(to_network_input(batch["img"], Normalize()))])
    differences = {"logits": (largest_difference(ours, worker.forward()), TOLERANCE)}
    for loss in AGAINST_TORCH.values():
        model = make_model("NCHW")
        start_torch(worker, model, batch, CHECK_THRESH)
        step = trainer_step(batch, model, loss=loss, thresh=CHECK_THRESH)
        for name, tolerance in ((loss, TOLERANCE), (f"{loss} after an update", TOLERANCE_AFTER_UPDATE)):
            differences[name] = (abs(worker.step(loss) / step() - 1), tolerance)
    words = ", ".join(f"{name} {difference:.1e}" for name, (difference, _) in differences.items())
    print(f"PyTorch {worker.version}; relative differences: {words}")
    for name, (difference, tolerance) in differences.items():
        if not difference <= tolerance:
            raise UserError(
                f"--torch: {name} of both sides differ by {difference:.1e}; at most {tolerance:g} is allowed"
            )


def on_cpu(step: Callable, backend: str, threads: int) -> Callable:
    """A step with a backend of the CPU, as for ``--cpu_backend``."""
    from paddleseg.onednn import CpuSettings

    settings = CpuSettings(backend, threads)

    def run() -> object:
        with settings.entered():
            return step()

    return run


def profile(batch: dict, rounds: int, threads: int) -> list[common.Measurement]:
    """The shares of the kinds of operations, and the sum of their times beside that of a step without the profiler."""
    from paddle import nn

    model = make_model("NHWC")
    step = on_cpu(trainer_step(batch, model), "onednn", threads)
    step()
    conv_weights = [layer.weight for layer in model.sublayers() if isinstance(layer, nn.Conv2D)]
    seconds, unprofiled = step_profile.profile_step(step, conv_weights, rounds)
    total = sum(seconds.values())
    lines = [common.Measurement(f"share_{kind}", "%", 100 * value / total) for kind, value in seconds.items()]
    return [*lines, common.compare("profiled_step", "ms", 1e3 * total, 1e3 * unprofiled)]


def measure(arguments: argparse.Namespace, worker: TorchWorker | None) -> list[common.Measurement]:
    from paddleseg.utils.device import select_device

    device = select_device(arguments.device)
    if device == "cpu":
        keep_freed_memory()  # as train.py does
        get_logger().setLevel("WARNING")  # it names the backend whenever it is another
    else:
        for flag in ("torch", "profile"):
            if getattr(arguments, flag):
                raise UserError(f"--{flag}: measures on a CPU, and the device is {device}; add --device cpu")
    batch = make_batch()
    rounds = arguments.repeats or ROUNDS
    if worker is not None:
        check_torch(worker, batch)
    plainly = plain_step(batch)
    if device != "cpu":
        candidates = {"plain": plainly}
        for name, (data_format, precision) in CARD_WAYS.items():
            candidates[name] = trainer_step(batch, make_model(data_format), precision)
    else:
        candidates = {"plain": on_cpu(plainly, "paddle", arguments.threads)}
        for name, (data_format, backend) in CPU_WAYS.items():
            candidates[name] = on_cpu(trainer_step(batch, make_model(data_format)), backend, arguments.threads)
    if worker is not None:
        start_torch(worker, make_model("NCHW"), batch)
        for name, loss in AGAINST_TORCH.items():
            candidates[name] = on_cpu(trainer_step(batch, make_model("NHWC"), loss=loss), "onednn", arguments.threads)
            candidates[f"torch {loss}"] = lambda loss=loss: worker.step(loss)
    seconds = common.median_seconds(candidates, rounds)
    references = {name: seconds.pop(f"torch {loss}") for name, loss in AGAINST_TORCH.items() if name in seconds}
    plain = seconds.pop("plain")
    lines = [
        common.compare(name, "ms", 1e3 * value, 1e3 * references.get(name, plain)) for name, value in seconds.items()
    ]
    return lines + (profile(batch, rounds, arguments.threads) if arguments.profile else [])


def main() -> None:
    arguments = common.start(__doc__.splitlines()[0], add_flags)
    try:
        with ExitStack() as stack:
            worker = stack.enter_context(closing(TorchWorker(arguments.torch))) if arguments.torch else None
            lines = measure(arguments, worker)
    except UserError as error:
        sys.exit(f"train_step.py: error: {error}")
    common.report(lines, arguments)


if __name__ == "__main__":
    main()
