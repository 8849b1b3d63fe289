# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Random generators that are pure functions of their use.

Philox is a counter-based bit generator: its stream is fixed by a 128-bit key, so the generator of a sample
needs no history and is the same for any number of workers, processes or restarts.
"""

import numpy as np

# A domain for each use, so that equal numbers never give equal streams.
_SHUFFLE, _SAMPLE, _STEP, _BATCH = 1, 2, 3, 4
_SCENE = 0x524F4144  # "ROAD" in ASCII
_SPLIT = 0x53504C54  # "SPLT"


def _generator(domain: int, seed: int, *numbers: int) -> np.random.Generator:
    # SeedSequence hashes its words well; plain integers could collide (seed 1, epoch 0 | seed 0, epoch 1).
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((domain, seed, *numbers))))


def shuffle_rng(seed: int, epoch: int) -> np.random.Generator:
    """Generator for the order of one epoch."""
    return _generator(_SHUFFLE, seed, epoch)


def sample_rng(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Generator for the random transforms of sample ``index`` of the data set in ``epoch``."""
    return _generator(_SAMPLE, seed, epoch, index)


def step_seed(seed: int, step: int, rank: int) -> int:
    """Seed for the layers' random numbers in a step of one process, for the framework's generator."""
    return int(_generator(_STEP, seed, step, rank).integers(2**31))


def batch_rng(seed: int, step: int, rank: int, part: int = 0) -> np.random.Generator:
    """Generator for changes of a whole batch: batch ``part`` of those that one process reads for a step."""
    return _generator(_BATCH, seed, step, rank, part)


def scene_rng(seed: int, part: int, index: int) -> np.random.Generator:
    """Generator for the drawn scene ``index`` of a part of the data, such as 0 for the training pictures."""
    return _generator(_SCENE, seed, part, index)


def split_rng(seed: int) -> np.random.Generator:
    """Generator for the order in which pictures are assigned to the parts of a data set."""
    return _generator(_SPLIT, seed)
