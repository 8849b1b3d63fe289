#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# A long training that outlives the terminal; all paths are relative to the folder it is started in:
#   tools/train_in_background.sh SAVE_DIR [arguments of train.py]
#   tools/train_in_background.sh --facts SAVE_DIR
# The log goes to SAVE_DIR.log. --facts prints what a configuration's header records: time, speed, best result.
set -euo pipefail

usage() {
    sed -n '5,8p' "$0" | sed 's/^# \{0,1\}//' >&2
    exit 2
}

print_facts() {
    local log=$1.log
    [ -f "$log" ] || { echo "no log $log" >&2; exit 1; }
    python3 - "$log" << 'END'
import re
import statistics
import sys
from datetime import datetime

text = open(sys.argv[1], encoding="utf-8").read()
times = [datetime.strptime(t, "%Y/%m/%d %H:%M:%S") for t in re.findall(r"^\[([\d/]+ [\d:]+)\]", text, re.M)]
ips = [float(value) for value in re.findall(r"ips: ([\d.]+)", text)]
steps = re.findall(r"iter: (\d+)/(\d+), loss: ([\d.]+)", text)
print(f"time: {(times[-1] - times[0]).total_seconds() / 60:.1f} minutes")
print(f"steps: {steps[-1][0]} of {steps[-1][1]}, last loss {steps[-1][2]}")
print(f"samples per second and process: median {statistics.median(ips):.2f}, fastest {max(ips):.2f}, slowest {min(ips):.2f}")
for line in re.findall(r"\[EVAL\] #Images.*", text):
    print(line)
END
}

[ $# -ge 2 ] || usage
if [ "$1" = --facts ]; then
    print_facts "$2"
    exit
fi
save_dir=$1
shift
train=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/train.py
mkdir -p "$(dirname "$save_dir")"
[ -e "$save_dir.log" ] && { echo "$save_dir.log already exists; give another SAVE_DIR or move it" >&2; exit 1; }
nohup "${PYTHON:-python}" "$train" --save_dir "$save_dir" "$@" > "$save_dir.log" 2>&1 &
echo "training in the background, process $!; log: $save_dir.log"
