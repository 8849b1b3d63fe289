# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Collecting the shapes that TensorRT is tuned for."""

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engine_flags import tune_shapes
from paddleseg.deploy.engines.base import EngineOptions


def test_shapes_for_tensorrt_are_collected_from_single_pictures_and_from_batches(exported, monkeypatch):
    seen = []

    class Collector:
        def __init__(self, config, options, *, gives_scores):
            assert options.collect_shapes_in == "shapes.pbtxt"

        def batches(self, paths, batch_size, failures):
            return [paths[start : start + batch_size] for start in range(0, len(paths), batch_size)]

        def run(self, batch):
            seen.append(len(batch))

    monkeypatch.setattr("paddleseg.deploy.segmenter.Segmenter", Collector)
    images = [f"{i}.png" for i in range(20)]
    options = EngineOptions(backend="paddle", device="gpu:0", use_trt=True, batch_size=4)
    tuned = tune_shapes(read_deploy_config(exported), options, images, "shapes.pbtxt")
    assert (tuned.tuned_shape_file, tuned.collect_shapes_in) == ("shapes.pbtxt", None)
    assert seen == [1] * 10 + [4, 4, 2]
