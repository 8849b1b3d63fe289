#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# The C++ program: built, and run on an exported folder, by a chain file (docs/test_inference_cpp.md):
#   bash test_tipc/test_inference_cpp.sh CHAIN_FILE [cpp_infer|1]
# PaddlePaddle's tools pass '1' as the second argument, where other scripts have the mode.
set -uo pipefail

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/*infer_cpp_linux_gpu_cpu.txt}")
MODE=${2:-cpp_infer}
[ "$MODE" != 1 ] || MODE=cpp_infer
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
begin_chain cpp_params results_infer_cpp.log
BUILD=test_tipc/cpp/build

# check_lines: refuses values that the program, or the exported folder, does not support.
check_lines() {
    local expected index wanted
    for expected in 7:0 8:0 12:1 13:0; do
        index=${expected%:*} wanted=${expected#*:}
        [ "$(func_parser_value "${lines[index]}")" = "$wanted" ] \
            || fail "$chain_file: ${lines[index]}: must be $wanted; OpenVINO runs the graph in float32, and deploy.yaml beside it says how pictures are prepared" 2
    done
}

build() {
    local configure=(cmake -S deploy/cpp -B "$BUILD" -G "Unix Makefiles" "-DPython3_EXECUTABLE=$(command -v "$python")")
    run_step cpp_configure "$LOG_PATH/cpp_configure.log" expect_nothing -- "${configure[@]}" \
        && run_step cpp_build "$LOG_PATH/cpp_build.log" expect_program "$BUILD/segment" -- \
            cmake --build "$BUILD" --parallel 2
}

# infer BLOCKED
infer() {
    local threads onednn name results blocked=$1
    threads=$(func_parser_value "${lines[5]}") onednn=$(func_parser_value "${lines[6]}")
    name=cpp_infer_cpu_usemkldnn_${onednn}_threads_${threads}_precision_fp32_batchsize_1
    if [ "$(func_parser_value "${lines[2]}")" != 0 ]; then
        name=cpp_infer_gpu_precision_fp32_batchsize_1
        blocked="OpenVINO, which the program runs, is for CPUs"
    fi
    results=$LOG_PATH/${name}_results
    if [ -n "$blocked" ]; then
        skip_step "$name" "$blocked"
        return
    fi
    fresh_folder "$results"
    run_step "$name" "$LOG_PATH/$name.log" expect_masks "$results" "$CPP_PICTURES" -- \
        "./$BUILD/segment" "--config=$(dirname "$(func_parser_value "${lines[10]}")")/deploy.yaml" \
        "--image_path=$CPP_PICTURES" "--save_dir=$results" "--cpu_threads=$threads" --precision=fp32 \
        --batch_size=1 --benchmark=True "--model_name=$model_name"
}

check_lines
blocked=""
build || blocked="its build failed"
infer "$blocked"
finish_chain 'cpp_infer_*' inference
