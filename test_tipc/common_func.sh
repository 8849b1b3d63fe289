#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Shared by the scripts of all chains; to be sourced. They set `chain_file` and MODE; begin_chain sets the rest.
#
# A parameter ARRAY is the name of an array that the function fills or changes.
# shellcheck disable=SC2034 # such an array, and variables set by begin_chain, are used where the function is called

MODE=${MODE:-}
chain_file=${chain_file:-}
model_name=${model_name:-}
# Gets a line for each step.
status_log=${status_log:-}
num_cards=${num_cards:--1}
# The facts of each finished step.
step_names=() step_states=() step_seconds=() step_details=()

# A folder with this file was made by a chain, and may be emptied by the next one.
CHAIN_MARK=.made_by_tipc
# The pictures of C++ chains: their files name none, and the program takes folders, not lists.
CPP_PICTURES=test_tipc/data/cityscapes/leftImg8bit/val

# fail MESSAGE [STATUS]: ends the script.
fail() {
    printf 'error: %s\n' "$1" >&2
    # Tools that read the log would take the earlier steps for the whole chain.
    [ "${#step_names[@]}" -eq 0 ] \
        || status_check 1 "$(quote_words bash "$0" "$chain_file" "$MODE")" "$status_log" "$model_name" "$status_log"
    exit "${2:-1}"
}

# shellcheck source=test_tipc/chain_file.sh
source "$(dirname "${BASH_SOURCE[0]}")/chain_file.sh"
# shellcheck source=test_tipc/expectations.sh
source "$(dirname "${BASH_SOURCE[0]}")/expectations.sh"

# begin_chain KIND LOG: reads the chain file, which is of that kind, and begins a log of its steps.
begin_chain() {
    read_chain_file "$chain_file"
    [ "$chain_kind" = "$1" ] || fail "$chain_file begins with $chain_kind; this script runs files of $1" 2
    check_mode
    model_name=$(func_parser_value "${lines[1]}")
    LOG_PATH=./test_tipc/output/$model_name/$MODE
    status_log=$LOG_PATH/$2
    step_stamp=$LOG_PATH/.step_began
    python_of_chain
    { mkdir -p "$LOG_PATH" && begin_status_log; } || fail "$LOG_PATH cannot be written"
}

begin_status_log() {
    printf -- '------------------------ %s ------------------------\n' "$MODE" > "$status_log"
}

# finish_chain PATTERN STEP: the table of all steps, and the end. The status is 0 if none failed and one whose name
# matches the pattern passed.
finish_chain() {
    print_summary | tee -a "$status_log"
    if [ "$(count_steps passed "$1")" -eq 0 ]; then
        printf 'The chain has failed: no %s step has passed.\n' "$2" | tee -a "$status_log"
        exit 1
    fi
    [ "$(count_steps failed '*')" -eq 0 ]
    exit
}

# --- The command of a step ------------------------------------------------------------------------------------------

# choose_python NAME: sets `python` to $PYTHON, else to NAME of the chain file, else to the machine's.
choose_python() {
    python=${PYTHON:-$1}
    command -v "$python" > /dev/null && return
    [ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON: there is no such program"
    for python in python python3; do
        if command -v "$python" > /dev/null; then
            printf 'There is no %s, which the chain file names; taking %s. PYTHON=... chooses another one.\n' "$1" "$python"
            return
        fi
    done
    fail "there is no $1, python or python3; name a Python that has Paddle: PYTHON=..."
}

# count_cards: sets num_cards; -1 with a Paddle that is built for the CPU.
count_cards() {
    local code='import paddle; print(paddle.device.cuda.device_count() if paddle.is_compiled_with_cuda() else -1)'
    num_cards=$("$python" -W ignore -c "$code" | tail -n 1) \
        || fail "$python cannot import paddle; PYTHON=... chooses the Python of the chain"
}

# why_not_on GPUS DEVICE: says why this machine cannot serve these entries of gpu_list and --device.
why_not_on() {
    local card highest=-1
    case $1 in -1 | -1,* | null | "") [[ $2 == gpu* ]] || return 0 ;; esac
    case $2 in gpu* | null | "") ;; *) return 0 ;; esac
    if [ "$num_cards" -lt 0 ]; then
        printf 'needs a GPU, and this Paddle is built for the CPU'
        return
    fi
    for card in ${1//,/ }; do
        [[ ! $card =~ ^[0-9]+$ ]] || [ "$card" -le "$highest" ] || highest=$card
    done
    [ "$highest" -ge 0 ] || highest=0
    [ "$highest" -lt "$num_cards" ] || printf 'needs GPU %d, and Paddle finds %d on this machine' "$highest" "$num_cards"
}

# build_command ARRAY WORDS: Python with a command of the chain file.
build_command() {
    local -n built=$1
    local from_file
    split_words from_file "$2"
    [ "${#from_file[@]}" -gt 0 ] || fail "$chain_file: a command is missing" 2
    take_lite_config from_file
    # shellcheck disable=SC2034 # it is an array of the caller
    built=("$python" "${from_file[@]}")
}

# python_of_chain: sets `python` to that of the chain file; those for C++ name none.
python_of_chain() {
    case $chain_kind in
        cpp_params) choose_python python ;;
        *) choose_python "$(func_parser_value "${lines[2]}")" ;;
    esac
}

# trains_on_lite_data: whether the pictures are too small for the crops of the whole configuration.
trains_on_lite_data() {
    [[ $MODE == lite_train_* ]] \
        || { [ "$MODE" = benchmark_train ] && grep -qsx roadscenes "test_tipc/data/cityscapes/$CHAIN_MARK"; }
}

# take_lite_config ARRAY: if a chain trains on lite data, --config NAME.yml stands for NAME_lite.yml if it exists.
take_lite_config() {
    local -n config_words=$1
    local i path
    trains_on_lite_data || return 0
    for i in "${!config_words[@]}"; do
        path=${config_words[i]#--config=}
        case ${config_words[i]} in
            --config=*) ;;
            *) { [ "$i" -gt 0 ] && [ "${config_words[i - 1]}" = --config ]; } || continue ;;
        esac
        if [ -f "${path%.yml}_lite.yml" ]; then
            config_words[i]=${config_words[i]%.yml}_lite.yml
        fi
    done
}

# config_of WORD...: prints the value of --config in a command.
config_of() {
    while [ $# -gt 0 ]; do
        case $1 in
            --config=*) printf '%s' "${1#--config=}" ;;
            --config) printf '%s' "${2:-}" ;;
        esac
        shift
    done
}

# quote_words WORD...: the words as one line that a shell can run again.
quote_words() {
    local word text=""
    for word in "$@"; do
        # PaddlePaddle's tools split the line at " - ", which %q breaks up.
        if [[ $word == *" - "* ]]; then
            printf -v word %q "$word"
        elif [[ ! $word =~ ^[[:alnum:]_./:=,@%+-]+$ ]]; then
            word=${word@Q}
        fi
        text+="$word "
    done
    printf '%s' "${text% }"
}

# fresh_folder FOLDER: an empty folder. Another chain's files there are deleted, anything else is kept beside it.
fresh_folder() {
    if [ -f "$1/$CHAIN_MARK" ]; then
        rm -r "$1"
    elif [ -e "$1" ]; then
        mv "$1" "$1.kept_$(date +%Y%m%d_%H%M%S)"
    fi || fail "$1 cannot be moved out of the way"
    { mkdir -p "$1" && : > "$1/$CHAIN_MARK"; } || fail "$1 cannot be written"
}

# --- Running and recording steps ------------------------------------------------------------------------------------

# run_step NAME LOG CHECK ARGUMENT... -- COMMAND...: runs the command with its output in LOG too. It passes if it ends
# with status 0 and `CHECK ARGUMENT...` finds its results.
run_step() {
    local name=$1 log=$2 check=() start=$SECONDS statuses status problem=""
    shift 2
    while [ "$1" != -- ]; do
        check+=("$1")
        shift
    done
    shift
    : > "$step_stamp"
    printf '$ %s\n' "$(quote_words "$@")"
    (become "$@") < /dev/null 2>&1 | tee "$log"
    statuses=("${PIPESTATUS[@]}") status=${PIPESTATUS[0]}
    if [ "$status" -ne 0 ]; then
        problem="exit status $status"
    elif [ "${statuses[1]}" -ne 0 ]; then
        status=1 problem="its log cannot be written"
    else
        problem=$("${check[@]}") || status=1
    fi
    end_step "$name" "$log" "$start" "$status" "$problem" "$@"
}

# become COMMAND...: replaces this shell by the command, with `visible_cards`, if set, as the cards it sees.
become() {
    [ -z "${visible_cards:-}" ] || export CUDA_VISIBLE_DEVICES=$visible_cards
    # Paddle uses it by itself only if the launcher finds no cards.
    [[ ${visible_cards:-} != -1,* ]] || export PADDLE_DISTRI_BACKEND=gloo
    exec "$@"
}

# end_step NAME LOG START STATUS PROBLEM COMMAND...: records a step that began at START, a value of SECONDS.
end_step() {
    local name=$1 log=$2 seconds=$((SECONDS - $3)) status=$4 problem=$5
    shift 5
    [ "$status" -eq 0 ] || printf '%s: %s\n' "$name" "$problem" | tee -a "$log" "$status_log"
    status_check "$status" "$(quote_words "$@")" "$status_log" "$model_name" "$log"
    if [ "$status" -eq 0 ]; then
        record_step "$name" passed "$seconds" "$log"
    else
        record_step "$name" failed "$seconds" "$log ($problem)"
    fi
    return "$status"
}

# status_check STATUS COMMAND STATUS_LOG MODEL LOG: the line that PaddlePaddle's tools search for.
status_check() {
    local word=failed
    [ "$1" -ne 0 ] || word=successfully
    printf '\033[33m Run %s with command - %s - %s - %s  \033[0m\n' "$word" "$4" "$2" "$5" | tee -a "$3"
}

# skip_step NAME REASON
skip_step() {
    printf ' Skipped - %s - %s - %s\n' "$model_name" "$1" "$2" | tee -a "$status_log"
    record_step "$1" skipped 0 "$2"
}

record_step() {
    step_names+=("$1")
    step_states+=("$2")
    step_seconds+=("$3")
    step_details+=("$4")
}

# count_steps STATE PATTERN: how many steps of that state have a name that matches the pattern.
count_steps() {
    local i count=0
    for i in "${!step_names[@]}"; do
        # shellcheck disable=SC2053 # a pattern is wanted
        [[ ${step_states[i]} != "$1" || ${step_names[i]} != $2 ]] || count=$((count + 1))
    done
    printf '%d' "$count"
}

print_summary() {
    local i width=4
    for i in "${!step_names[@]}"; do
        [ "${#step_names[i]}" -le "$width" ] || width=${#step_names[i]}
    done
    printf '%-*s  %-7s  %7s  %s\n' "$width" step status seconds "log, or reason"
    for i in "${!step_names[@]}"; do
        printf '%-*s  %-7s  %7d  %s\n' \
            "$width" "${step_names[i]}" "${step_states[i]}" "${step_seconds[i]}" "${step_details[i]}"
    done
    printf '%d passed, %d failed, %d skipped\n' \
        "$(count_steps passed '*')" "$(count_steps failed '*')" "$(count_steps skipped '*')"
}
