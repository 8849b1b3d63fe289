# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Send pictures to a running service (ddrnet-serve), one by one, and keep its label maps.

    python test_tipc/serving_python/pipeline_http_client.py --url http://127.0.0.1:8000 --img_path pictures \
        --save_dir output/labels

The last line gives the time of an answer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from paddleseg.utils.cli import CommandParser, require_packages, run_command
from paddleseg.utils.errors import DataError

_TIMEOUT_SECONDS = 60


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(prog="pipeline_http_client.py", description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="address of the service")
    parser.add_argument("--img_path", required=True, help="a picture, a folder, a list file or a quoted glob pattern")
    parser.add_argument("--save_dir", required=True, help="folder of the label maps")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Request the label map of each picture."""
    require_packages("cv2")

    from paddleseg.utils.picture_files import list_images
    from paddleseg.utils.result_paths import label_paths
    from paddleseg.utils.written_files import WrittenFiles

    targets = label_paths(*list_images(arguments.img_path), arguments.save_dir)
    written = WrittenFiles(arguments.save_dir)
    written.refuse_foreign(targets.values())
    seconds = []
    for picture, target in targets.items():
        start = time.perf_counter()
        written.write(target, label_png(arguments.url, picture))
        seconds.append(time.perf_counter() - start)
        print(f"{picture}: {target}")
    print(f"{len(seconds)} label maps saved in {arguments.save_dir}; median {1e3 * statistics.median(seconds):.1f} ms")


def label_png(url: str, picture: str) -> bytes:
    """The service's answer to one picture: a PNG of class ids.

    Raises:
        DataError: It refuses the picture, or there is no service; the message has its reason.
    """
    with open(picture, "rb") as file:
        request = urllib.request.Request(f"{url}/predict?output=labels", data=file.read(), method="POST")
    request.add_header("Content-Type", "application/octet-stream")
    # The service is on this machine: the environment's proxy must not be used.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise DataError(f"{picture}: status {error.code}: {error.read().decode(errors='replace')}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{url}: {error}") from None


if __name__ == "__main__":
    run_command(main, make_parser())
