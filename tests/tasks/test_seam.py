# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Only the segmentation task and its metrics know the figure by which a segmentation is judged."""

import re

# Where the word may stand, and why; and in ``export``, which scores what it has made of a segmentation.
ALLOWED = {
    "config/verification.py",  # the limits of such scores
    "inference/api.py",  # PaddleSeg's evaluate gives it
    "training/hooks/evaluate.py",  # the key of the best figure in the state of a checkpoint, which is frozen
    "reports/foreign_logs.py",  # logs of other kits say it
    "commands/export.py",
    "commands/plot_curve.py",
    "commands/ptq.py",  # help and messages
    "model_card/markdown.py",  # a title
    "reports/evaluation_page.py",  # the page of a segmentation
    "models/layers.py",  # a measured figure in a comment
}


def test_outside_of_tasks_and_metrics_nothing_says_miou(request):
    package = request.config.rootpath / "paddleseg"
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"m(ean_?)?iou", path.read_text(encoding="utf-8"), re.I)
    }
    assert {name for name in found if not name.startswith(("tasks/", "metrics/", "export/"))} == ALLOWED
