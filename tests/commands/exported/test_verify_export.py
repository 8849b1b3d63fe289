# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/verify_export.py and export.py --verify: the report in the folder."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest

import export
from paddleseg.export.graph_runs import VerificationError
from paddleseg.utils.errors import ConfigError, DataError
from tests.commands.exported.running import call, with_deploy_yaml
from tests.scripts import load_script

verify_export = load_script(Path(export.__file__).parent / "tools" / "verify_export.py")


@pytest.mark.slow
def test_a_folder_is_compared_with_its_network_later_and_keeps_the_report(
    exported, training, weights, tmp_path, capsys
):
    folder = tmp_path / "folder"
    shutil.copytree(exported, folder)
    given = ("--config", training, "--model_path", weights, "--model_dir", folder)
    opts = ("--opts", "train_dataset=null")
    call(verify_export, *given, "--verify", "quick", "--verify_pictures", 2, *opts)
    assert "| `model_stride8.pdmodel` | paddle | fp32 | 100.0000 % | " in capsys.readouterr().out
    report = json.loads((folder / "report.json").read_text())
    assert (report["result"], report["num_pictures"], report["num_labelled"]) == ("passed", 2, 2)
    assert (report["level"], report["pictures_from"]) == ("quick", "val_dataset")
    # A file that changed since is seen, and said in the report that takes the place of the other.
    graph = folder / "model_stride8.pdmodel"
    graph.write_bytes(graph.read_bytes().replace(b"conv2d_0", b"conv2d_1", 1))
    with pytest.raises(
        VerificationError, match="model_stride8.pdmodel: is not the file .* do not use .*deploy.yaml as it is"
    ):
        call(verify_export, *given, "--verify", "quick", *opts)
    assert json.loads((folder / "report.json").read_text())["result"] == "failed"
    (folder / "report.md").write_text("mine")
    with pytest.raises(DataError, match="report.md: would be replaced"):
        call(verify_export, *given, *opts)


def test_another_network_is_no_reference(exported, training, weights, tmp_path):
    folder = with_deploy_yaml(exported, tmp_path / "folder", num_classes=7, palette=None)
    given = ("--config", training, "--model_path", weights, "--model_dir", folder, "--opts", "train_dataset=null")
    with pytest.raises(ConfigError, match="there are 7 classes, but 4 in"):
        call(verify_export, *given)


@pytest.mark.slow
def test_every_way_that_this_machine_runs_is_in_the_report(exported, training, weights, tmp_path):
    folder = tmp_path / "folder"
    shutil.copytree(exported, folder)
    given = ("--config", training, "--model_path", weights, "--model_dir", folder, "--verify_pictures", 1)
    with contextlib.suppress(VerificationError):  # bf16 of a network that was not trained may be too far
        call(verify_export, *given, "--opts", "train_dataset=null")
    report = json.loads((folder / "report.json").read_text())
    assert (report["level"], report["num_labelled"]) == ("full", 1)
    ways = {
        (run["file"], run["engine"], run["enable_mkldnn"], run["precision"]): run["status"] for run in report["runs"]
    }
    for file in ("model.pdmodel", "model_stride8.pdmodel"):
        for onednn in (None, True):
            assert ways[file, "paddle", onednn, "fp32"] == "passed"
            assert (file, "paddle", onednn, "bf16") in ways
