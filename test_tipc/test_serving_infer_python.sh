#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Export -> service -> requests, by a chain file (docs/test_serving_infer_python.md):
#   bash test_tipc/test_serving_infer_python.sh CHAIN_FILE serving_infer [GPU]
set -uo pipefail

chain_file=$(realpath -m -- "${1:?CHAIN_FILE is missing: test_tipc/configs/<model>/*serving_python_linux_gpu_cpu.txt}")
MODE=${2:?MODE is missing: serving_infer}
visible_cards=${3:-}
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=test_tipc/common_func.sh
source test_tipc/common_func.sh
begin_chain serving_params results_python.log
served=$(func_parser_value "${lines[7]}")
# Long, for busy machines; callers have limits of their own.
START_SECONDS=300

check_lines() {
    [[ ${lines[3]} != *paddle_serving_client* && ${lines[10]} != *web_service.py* ]] \
        || fail "$chain_file: Paddle Serving has no package for today's Python; this toolkit's service is trans_model:export.py --config CONFIG, and web_service:-m paddleseg.deploy.serve --port 0" 2
    [ "$(func_parser_value "${lines[9]}")" = . ] || fail "$chain_file: serving_dir must be ., the root of the repository" 2
}

export_model() {
    local command
    build_command command "$(func_parser_value "${lines[3]}")"
    add_lines command 4 5 6 7 8
    run_step trans_model "$LOG_PATH/python_trans_model.log" expect_export "$served" -- "${command[@]}"
}

# serve_and_ask DEVICE BLOCKED: starts the service, sends it each picture, and stops it.
serve_and_ask() {
    local device=$1 reason=$2 log=$LOG_PATH/python_server_$1.log start=$SECONDS status=0 problem="" command address
    [ "$device" = cpu ] || reason=${reason:-$(why_not_on 0 "$device")}
    if [ -n "$reason" ]; then
        skip_step "python_server_$device" "$reason"
        return
    fi
    build_command command "$(func_parser_value "${lines[10]}")"
    add_flag command "$(func_parser_key "${lines[11]}")" "$device"
    add_lines command 12
    command+=("--model=$served")
    printf '$ %s &\n' "$(quote_words "${command[@]}")"
    (become "${command[@]}") < /dev/null > "$log" 2>&1 &
    service=$!
    if address=$(wait_for_address "$log"); then
        ask "$device" "$address"
        kill "$service" 2> /dev/null
    elif kill -KILL "$service" 2> /dev/null; then
        problem="no address in its log within $START_SECONDS s"
    else
        problem="it ended before its log had an address"
    fi
    wait "$service" 2> /dev/null || status=$?
    service=""
    [ -z "$problem" ] || status=1
    cat "$log"
    end_step "python_server_$device" "$log" "$start" "$status" "${problem:-exit status $status}" "${command[@]}"
}

# wait_for_address LOG: prints the address at which the service listens.
wait_for_address() {
    local address end=$((SECONDS + START_SECONDS))
    while kill -0 "$service" 2> /dev/null && [ "$SECONDS" -lt "$end" ]; do
        address=$(grep -oE 'http://[0-9.]+:[0-9]+' "$1" | head -n 1)
        if [ -n "$address" ]; then
            printf '%s' "$address"
            return
        fi
        sleep 0.2
    done
    return 1
}

# ask DEVICE ADDRESS
ask() {
    local name=python_client_$1_precision_fp32_batchsize_1 command results pictures
    results=$LOG_PATH/${name}_results pictures=$(func_parser_value "${lines[14]}")
    fresh_folder "$results"
    build_command command "$(func_parser_value "${lines[13]}")"
    command+=("--url=$2")
    add_lines command 14 15
    command+=("--save_dir=$results")
    run_step "$name" "$LOG_PATH/$name.log" expect_masks "$results" "$pictures" -- "${command[@]}"
}

service=""
# A stopped script leaves no service behind.
trap '[ -z "$service" ] || kill "$service" 2> /dev/null' EXIT
check_lines
blocked="" devices=()
split_list devices "$(func_parser_value "${lines[11]}")"
[ "${devices[*]}" = cpu ] || count_cards
export_model || blocked="its export failed"
for device in "${devices[@]}"; do
    serve_and_ask "$device" "$blocked"
done
finish_chain 'python_client_*' client
