# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Write MODEL_CARD.md and CITATION.cff of a trained network from its run's folder.

    python tools/model_card.py output
    python val.py --config output/config.yml --model_path output/best_model --json scores.json
    python tools/model_card.py output --scores scores.json

What no folder knows (licences, origin of the pictures, intended use) is marked **FILL IN**. A card that was edited is
never replaced.
"""

from __future__ import annotations

import argparse
import os

from paddleseg.utils.cli import CommandParser, require_packages

CARD, CITATION = "MODEL_CARD.md", "CITATION.cff"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", help="folder of a run or of one of its checkpoints")
    parser.add_argument("--scores", metavar="FILE", help="file that val.py --json wrote for these weights")
    parser.add_argument("--save_dir", help="folder for both files (default: the run's folder)")
    return parser


def main(args: argparse.Namespace) -> None:
    """Gather the facts and write the files."""
    require_packages("paddle", "cv2")
    from paddleseg.model_card.citation import citation_text
    from paddleseg.model_card.facts import gather, run_folder
    from paddleseg.model_card.markdown import FILL_IN, card_text
    from paddleseg.utils.written_files import WrittenFiles

    folder = run_folder(args.run) if args.save_dir is None else args.save_dir
    texts = {CARD: "", CITATION: ""}
    written = WrittenFiles(folder)
    written.refuse_foreign(os.path.join(folder, name) for name in texts)
    facts = gather(args.run, args.scores)
    texts = {CARD: card_text(facts), CITATION: citation_text(facts)}
    for name, text in texts.items():
        written.write(os.path.join(folder, name), text.encode("utf-8"))
        print(os.path.join(folder, name))
    print(f"{texts[CARD].count(FILL_IN)} places of {CARD} are marked {FILL_IN}; so are the authors in {CITATION}")
    if facts.scores is None:
        print("without figures of classes: give those of val.py --json with --scores")
