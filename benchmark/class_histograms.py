# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How well colours alone predict a picture's class: a linear model on histograms, to compare classifiers with.

    python benchmark/class_histograms.py --dataset_root data/class_crops

Features of a picture are the shares of its pixels in 8 x 8 x 8 cells of the RGB cube, as square roots (Hellinger's
kernel). The model is multinomial logistic regression with a quadratic penalty, trained to the end by gradient descent
on all pictures at once.
"""

from __future__ import annotations

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import numpy as np

from paddleseg.datasets import ImageFolder

BINS = 8


def histogram(picture: np.ndarray) -> np.ndarray:
    """Square roots of the shares of the colours of a picture (H, W, 3) uint8: (512,) float64."""
    cells = (picture.reshape(-1, 3) // (256 // BINS)).astype(np.int64) @ [BINS * BINS, BINS, 1]
    return np.sqrt(np.bincount(cells, minlength=BINS**3) / len(cells))


def fit(features: np.ndarray, labels: np.ndarray, num_classes: int, penalty: float, steps: int = 3000) -> np.ndarray:
    """Weights (features, classes) of logistic regression, by gradient descent with Nesterov's momentum."""
    wanted = np.eye(num_classes)[labels]
    weights = before = np.zeros((features.shape[1], num_classes))
    rate = 1 / (0.5 * np.linalg.norm(features, 2) ** 2 / len(features) + penalty)  # the inverse of the curvature
    for step in range(steps):
        ahead = weights + step / (step + 3) * (weights - before)
        logits = features @ ahead
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        before, weights = (
            weights,
            ahead - rate * (features.T @ (probabilities - wanted) / len(features) + penalty * ahead),
        )
    return weights


def read(dataset: ImageFolder) -> tuple[np.ndarray, np.ndarray]:
    """Features with a constant column, and classes, of all pictures."""
    samples = [dataset.read(index) for index in range(len(dataset))]
    features = np.stack([histogram(sample["img"]) for sample in samples])
    return np.hstack([features, np.ones((len(features), 1))]), np.array([int(sample["label"]) for sample in samples])


def main(root: str) -> None:
    """Print the accuracy of chance and of the best of several penalties, which favours the model."""
    num_classes = len([entry for entry in os.scandir(os.path.join(root, "train")) if entry.is_dir()])
    (features, labels), (val_features, val_labels) = (
        read(ImageFolder(mode, root, [], num_classes=num_classes)) for mode in ("train", "val")
    )
    frequent = np.bincount(labels).argmax()
    print(f"always the most frequent class: {(val_labels == frequent).mean():.1%} of {len(val_labels)}")
    for penalty in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
        weights = fit(features, labels, num_classes, penalty)
        found = (val_features @ weights).argmax(axis=1)
        print(f"penalty {penalty:g}: top-1 {(found == val_labels).mean():.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_root", required=True, help="folder with train/CLASS and val/CLASS")
    main(parser.parse_args().dataset_root)
