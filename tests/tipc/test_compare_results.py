# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""compare_results.py: label maps against labels, by hand-worked numbers."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import UserError
from tests.scripts import load_script

SCRIPT = Path(__file__).resolve().parents[2] / "test_tipc" / "compare_results.py"
compare_results = load_script(SCRIPT)
LABEL = [[0, 0, 1, 1], [0, 0, 255, 1]]
PREDICTION = [[0, 0, 0, 1], [0, 1, 0, 1]]
# Seven pixels count: three of four of class 0 and two of three of class 1 are right, and one each is taken for the
# other. IoU 3/5 and 2/4, accuracy 5/7; by chance (4*4 + 3*3) / 49 would be right.
MIOU, ACCURACY = (3 / 5 + 2 / 4) / 2, 5 / 7
KAPPA = (5 / 7 - 25 / 49) / (1 - 25 / 49)
FOLDER = "python_infer_cpu_usemkldnn_True_threads_2_precision_fp32_batchsize_1_results"


def save(path: Path, values) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.array(values, np.uint8))
    image.putpalette([7, 8, 9] * 256)  # makes it a palette picture of the same values
    image.save(path)


@pytest.fixture
def words(tmp_path):
    """The arguments for one label map in ``out`` and its label in ``gt``."""
    save(tmp_path / "out" / FOLDER / "val" / "ulm_0_leftImg8bit.png", PREDICTION)
    save(tmp_path / "gt" / "ulm" / "ulm_0_gtFine_labelTrainIds.png", LABEL)
    return [f"--predict_dir={tmp_path}/out/*_results", f"--gt_dir={tmp_path}/gt", "--num_classes=2"]


@pytest.fixture
def run(words, capsys):
    """The command in this process."""

    def call(*arguments):
        status, error = 0, ""
        try:
            compare_results.main(compare_results.make_parser().parse_args([*words, *arguments]))
        except UserError as caught:
            status, error = 1, str(caught)
        except SystemExit as caught:
            status = caught.code
        return SimpleNamespace(returncode=status, stdout=capsys.readouterr().out, stderr=error)

    return call


def record(tmp_path: Path, name="ddrnet_fp32.txt", miou=MIOU, accuracy=ACCURACY, kappa=KAPPA) -> Path:
    """A metric file in PaddleSeg's form."""
    path = tmp_path / "results" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"#Images: 1\nmIoU: {miou}\nAcc: {accuracy}\nKappa: {kappa}\n"
        "Class IoU: [0.6 0.5]\nClass Acc: [0.75 0.66666667]\n"
    )
    return path


def test_equal_scores_are_consistent(run, tmp_path):
    path = record(tmp_path)
    done = run(f"--metric_file={tmp_path}/results/*.txt")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Assert allclose passed! The results of {FOLDER} and {path} are consistent!\n"


@pytest.mark.parametrize("score", ["miou", "accuracy", "kappa"])
def test_a_score_that_is_off_is_inconsistent(run, tmp_path, score):
    right = {"miou": MIOU, "accuracy": ACCURACY, "kappa": KAPPA}[score]
    path = record(tmp_path, **{score: right + 0.01})
    done = run(f"--metric_file={path}")
    assert done.returncode == 1
    assert done.stdout.endswith(
        f"Assert allclose failed! The results of {FOLDER} and the results of {path} are inconsistent!\n"
    )
    assert f"{right:.6f}, recorded {right + 0.01:.6f}, difference 0.010000 (atol 0.001, rtol 0.001)" in done.stdout
    assert run(f"--metric_file={path}", "--atol=0.02").returncode == 0
    assert run(f"--metric_file={path}", "--atol=0", "--rtol=0.04").returncode == 0


def test_a_missing_label_map_is_inconsistent(run, tmp_path):
    path = record(tmp_path)
    path.write_text(path.read_text().replace("#Images: 1", "#Images: 2"))
    done = run(f"--metric_file={path}")
    assert done.returncode == 1
    assert "#Images: 1.000000, recorded 2.000000" in done.stdout


def test_one_inconsistent_folder_is_enough(run, tmp_path):
    record(tmp_path)
    save(tmp_path / "out" / FOLDER.replace("cpu", "gpu") / "ulm_0_leftImg8bit.png", np.zeros((2, 4)))
    done = run(f"--metric_file={tmp_path}/results/*.txt")
    assert done.returncode == 1
    assert [line.split("!")[0] for line in done.stdout.splitlines() if "Assert" in line] == [
        "Assert allclose passed", "Assert allclose failed",
    ]  # fmt: skip


def test_recorded_scores_are_those_to_compare_with(run, tmp_path):
    path = tmp_path / "new" / "slim_fp32.txt"
    done = run(f"--write_metric_file={path}")
    assert done.returncode == 0, done.stderr
    values = dict(line.split(": ") for line in path.read_text().splitlines())
    assert list(values) == ["#Images", "mIoU", "Acc", "Kappa", "Class IoU", "Class Acc"]
    assert float(values["mIoU"]) == pytest.approx(MIOU, abs=1e-12)
    assert float(values["Kappa"]) == pytest.approx(KAPPA, abs=1e-12)
    assert values["Class Acc"] == "[0.75000000 0.66666667]"
    assert run(f"--metric_file={path}", "--atol=0", "--rtol=1e-9").returncode == 0


def test_of_several_files_that_of_the_model_in_the_path_counts(run, words, tmp_path):
    record(tmp_path, "python_ddrnet_results_fp32.txt")
    record(tmp_path, "python_ddrnet39_results_fp32.txt", miou=0.1)
    for model, status in (("ddrnet", 0), ("ddrnet_KL", 0), ("ddrnet39", 1)):
        save(tmp_path / "output" / model / "whole_infer" / FOLDER / "ulm_0_leftImg8bit.png", PREDICTION)
        words[0] = f"--predict_dir={tmp_path}/output/{model}/whole_infer/*_results"
        assert run(f"--metric_file={tmp_path}/results/*.txt").returncode == status


def test_a_label_of_the_same_name_belongs_to_it_too(run, tmp_path):
    record(tmp_path)
    (tmp_path / "gt" / "ulm" / "ulm_0_gtFine_labelTrainIds.png").rename(tmp_path / "gt" / "ulm_0_leftImg8bit.png")
    assert run(f"--metric_file={tmp_path}/results/*.txt").returncode == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: (root / "results" / "ddrnet_fp32.txt").unlink(), "no file fits"),
        (lambda root: record(root, "other_fp32.txt"), "are both for fp32"),
        (lambda root: record(root).rename(root / "results" / "ddrnet_fp16.txt"), "none is for fp32"),
        (lambda root: record(root, "ddrnet.txt"), "ddrnet.txt: the name must hold one of fp32, fp16, bf16, int8"),
        (lambda root: record(root, miou="high"), "line 2: 'high' is not a number"),
        (lambda root: record(root).write_text("mIoU\n"), "line 1: 'mIoU' is not <name>: <value>"),
        (lambda root: record(root).write_text("x: 1\n"), "none of #Images, mIoU, Acc, Kappa is in it"),
        (lambda root: (root / "out" / FOLDER).rename(root / "out" / "elsewhere"), "no folder fits"),
        (lambda root: save(root / "out" / FOLDER / "x.png", LABEL), "there is no label x.png in"),
        (lambda root: save(root / "gt/a/ulm_0_gtFine_labelTrainIds.png", LABEL), "give a --gt_dir that holds one"),
        (lambda root: save(root / "gt/ulm/ulm_0_gtFine_labelTrainIds.png", [[0, 1]]), "must have the same shape"),
        (lambda root: save(root / "gt/ulm/ulm_0_gtFine_labelTrainIds.png", np.full((2, 4), 9)), "label value 9"),
        (lambda root: save(root / "out" / FOLDER / "val/ulm_0_leftImg8bit.png", np.full((2, 4), 2)), "up to 2"),
    ],
)
def test_what_cannot_be_compared_is_an_error_of_one_line(run, tmp_path, change, message):
    record(tmp_path)
    change(tmp_path)
    done = run(f"--metric_file={tmp_path}/results/*.txt")
    assert done.returncode == 1
    assert message in done.stderr
    assert "\n" not in done.stderr
    assert "Assert" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --metric_file to compare with it, or --write_metric_file"),
        (["--metric_file=x", "--write_metric_file=y"], "give --metric_file"),
        (["--write_metric_file=scores.txt"], "scores.txt: the name must hold one of"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(run, arguments, message):
    done = run(*arguments)
    assert done.returncode == 1
    assert message in done.stderr


def test_the_number_of_classes_is_checked(run, tmp_path):
    record(tmp_path)
    assert (
        "--num_classes 0: must be from 1 to 255" in run(f"--metric_file={tmp_path}/results/*", "--num_classes=0").stderr
    )


def test_the_exit_status_says_what_was_found(run_command, words, tmp_path):
    path = record(tmp_path)
    assert run_command(SCRIPT, *words, f"--metric_file={path}").returncode == 0
    record(tmp_path, miou=0.1)
    assert run_command(SCRIPT, *words, f"--metric_file={path}").returncode == 1
    done = run_command(SCRIPT, *words, "--metric_file=nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("compare_results.py: error: ") and done.stderr.count("\n") == 1
