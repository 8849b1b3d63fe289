# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The content of the registries in fresh interpreters, where no earlier test can have filled them."""

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

USERS_PART = "from paddleseg.cvlibs import manager\n\n\n@manager.{}.add_component\nclass {}:\n    pass\n"


def python(*lines, folder=REPOSITORY):
    code = "\n".join([f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})", *lines])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)


@pytest.mark.slow
@pytest.mark.parametrize("before", ["", "import paddleseg.transforms", "from paddleseg.deploy import deploy_config"])
def test_the_manager_has_every_part_whatever_was_imported_before(before):
    done = python(
        before,
        "from paddleseg.cvlibs import manager",
        "from paddleseg import datasets, losses, models, optimizers, registry, tasks, transforms",
        "print(len(list(manager.TRANSFORMS)), len(transforms.__all__) - 2)",  # Pipeline and Compose are none
        "assert 'CrossEntropyLoss' in manager.LOSSES and 'DDRNet_23' in manager.MODELS",
        "assert {'CamVid', 'Dataset'} <= set(manager.DATASETS) and 'SGD' in manager.OPTIMIZERS",
        "assert 'PolynomialDecay' in manager.LR_SCHEDULERS and 'SegmentationTask' in registry.TASKS",
    )
    assert done.returncode == 0, done.stderr
    number, wanted = done.stdout.split()
    assert number == wanted


@pytest.mark.slow
@pytest.mark.parametrize(("registry", "name"), [("TRANSFORMS", "RandomBlur"), ("LOSSES", "DiceLoss")])
def test_a_users_part_of_a_built_in_name_is_refused_at_its_own_line(registry, name, tmp_path):
    (tmp_path / "my_parts.py").write_text(USERS_PART.format(registry, name))
    done = python("import my_parts", folder=tmp_path)
    assert f"already, in paddleseg.{registry.lower()}." in done.stderr
    frames = [line for line in done.stderr.splitlines() if line.lstrip().startswith("File ")]
    assert "my_parts.py" in frames[-2] and frames[-2].endswith("line 4, in <module>")


@pytest.mark.slow
def test_a_module_of_custom_imports_may_be_the_first_that_imports_the_manager(tmp_path):
    (tmp_path / "my_parts.py").write_text(USERS_PART.format("TRANSFORMS", "MyBlur"))
    (tmp_path / "mine.yml").write_text("custom_imports: [my_parts.py]\n")
    done = python(
        "from paddleseg.config.custom_imports import import_custom_modules",
        "from paddleseg.config.load import load_config",
        "assert 'paddleseg.losses' not in sys.modules",
        "import_custom_modules(load_config('mine.yml'))",
        "from paddleseg.registry import TRANSFORMS",
        "print('MyBlur' in TRANSFORMS, 'RandomBlur' in TRANSFORMS)",
        folder=tmp_path,
    )
    assert done.stdout == "True True\n", done.stderr


def test_the_package_alone_and_the_ground_of_the_registries_stay_light():
    done = python("import paddleseg, paddleseg.cvlibs, paddleseg.registry", "print('paddle' in sys.modules)")
    assert done.stdout == "False\n", done.stderr
