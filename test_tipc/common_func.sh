#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of the chain share; to be sourced. They set the four variables that are empty here.
#
# A parameter ARRAY is the name of an array that the function fills or changes.
# shellcheck disable=SC2034 # such an array is used where the function is called

MODE=${MODE:-}
model_name=${model_name:-}
# Gets a line for each step; its time says whether a file is from before the step.
status_log=${status_log:-}
step_stamp=${step_stamp:-}

TIPC_MODES=(lite_train_lite_infer lite_train_whole_infer whole_train_whole_infer whole_infer)
# A folder with this file in it was made by a chain, and may be emptied by the next one.
CHAIN_MARK=.made_by_tipc

fail() {
    printf 'error: %s\n' "$1" >&2
    exit "${2:-1}"
}

# --- The chain file -------------------------------------------------------------------------------------------------

# read_chain_file FILE: the lines that are not empty go into the array `lines`. Their positions, from 0, mean something.
read_chain_file() {
    local line i
    [ -f "$1" ] || fail "there is no chain file $1; give test_tipc/configs/<model>/train_infer_python.txt" 2
    lines=()
    while IFS= read -r line || [ -n "$line" ]; do
        line=$(trim "${line%$'\r'}")
        [ -z "$line" ] || lines+=("$line")
    done < "$1"
    for i in 0 22 26 35; do
        [[ ${lines[i]:-} == ====* ]] \
            || fail "$1: line $i, counted from 0 without the empty ones, must be a heading (=====...), found: ${lines[i]:-nothing}" 2
    done
    [ "${#lines[@]}" -ge 52 ] || fail "$1 has ${#lines[@]} lines that are not empty; the chain needs 52" 2
}

# check_mode: ends the script when MODE is none of the basic chain.
check_mode() {
    local known
    for known in "${TIPC_MODES[@]}"; do
        [ "$MODE" != "$known" ] || return 0
    done
    fail "no mode '$MODE' in this chain; known: ${TIPC_MODES[*]}" 2
}

trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# func_parser_key LINE: what stands before the first colon.
func_parser_key() {
    trim "${1%%:*}"
}

# func_parser_value LINE: what stands after the first colon; a line without one has no value.
func_parser_value() {
    [[ $1 != *:* ]] || trim "${1#*:}"
}

# func_parser_params LINE: the value for MODE out of `key:mode=value|mode=value`; one that names no mode is for all.
func_parser_params() {
    local value pairs pair
    value=$(func_parser_value "$1")
    if [[ $value != *=* ]]; then
        printf '%s' "$value"
        return
    fi
    IFS='|' read -ra pairs <<< "$value"
    for pair in "${pairs[@]}"; do
        if [ "$(trim "${pair%%=*}")" = "$MODE" ]; then
            trim "${pair#*=}"
            return
        fi
    done
}

# split_list ARRAY VALUE: the entries of `a|b|c` go into the array of that name; an empty value is one empty entry.
split_list() {
    local -n split_into=$1
    IFS='|' read -ra split_into <<< "$2"
    [ "${#split_into[@]}" -gt 0 ] || split_into=("")
}

# split_words ARRAY VALUE: the words of VALUE as a shell splits them. Quotes hold words together; nothing is expanded.
split_words() {
    local -n words_into=$1
    xargs -r printf '%s\n' <<< "$2" > /dev/null 2>&1 || fail "a quote is not closed in: $2" 2
    mapfile -d '' -t words_into < <(xargs -r printf '%s\0' <<< "$2")
}

# add_flag ARRAY KEY VALUE: appends KEY=VALUE, unless one of them is null or empty.
add_flag() {
    local -n flags_into=$1
    case $2 in null | "") return ;; esac
    case $3 in null | "") return ;; esac
    flags_into+=("$2=$3")
}

# --- The command of a step ------------------------------------------------------------------------------------------

# choose_python NAME: sets `python` to $PYTHON, else to NAME of the chain file, else to what the machine has.
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

# take_lite_config ARRAY: in the modes that train on lite data, --config NAME.yml stands for NAME_lite.yml if it is there.
take_lite_config() {
    local -n config_words=$1
    local i path
    [[ $MODE == lite_train_* ]] || return 0
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

# quote_words WORD...: the words as one line that a shell can run again.
quote_words() {
    local word text=""
    for word in "$@"; do
        [[ $word =~ ^[[:alnum:]_./:=,@%+-]+$ ]] || word=${word@Q}
        text+="$word "
    done
    printf '%s' "${text% }"
}

# fresh_folder FOLDER: an empty folder. What another chain made there goes, anything else is kept beside it.
fresh_folder() {
    if [ -f "$1/$CHAIN_MARK" ]; then
        rm -r "$1"
    elif [ -e "$1" ]; then
        mv "$1" "$1.kept_$(date +%Y%m%d_%H%M%S)"
    fi
    mkdir -p "$1"
    : > "$1/$CHAIN_MARK"
}

# --- What a step must have written ----------------------------------------------------------------------------------

# is_new FILE: the file has content, and was written since the step began.
is_new() {
    [ -s "$1" ] && ! [ "$step_stamp" -nt "$1" ]
}

expect_weights() {
    local weights
    for weights in "$@"; do
        ! is_new "$weights" || return 0
    done
    printf 'none of these weights was written: %s' "$*"
    return 1
}

expect_export() {
    local file
    for file in "$1/deploy.yaml" "$1/model.pdiparams"; do
        is_new "$file" || { printf '%s was not written' "$file"; return 1; }
    done
    is_new "$1/model.pdmodel" || is_new "$1/model.json" || { printf 'no graph was written in %s' "$1"; return 1; }
}

# expect_masks FOLDER PICTURES: one PNG for each picture.
expect_masks() {
    local found wanted
    found=$(find "$1" -type f -name '*.png' -size +0c | wc -l)
    wanted=$(count_pictures "$2")
    if [ "$wanted" -eq 0 ] || [ "$found" -ne "$wanted" ]; then
        printf '%d label maps in %s for %d pictures of %s' "$found" "$1" "$wanted" "$2"
        return 1
    fi
}

expect_nothing() {
    :
}

# count_pictures PATH: how many pictures a list (each counted once), a folder, a file or a pattern names. As inference
# finds them: hidden ones do not count, links to sub-folders are followed, and one in a circle is not.
count_pictures() {
    local suffixes='\.(jpg|jpeg|jfif|png|bmp|tif|tiff|webp|ppm|pgm|pbm|pnm)$'
    if [ -d "$1" ]; then
        find -L "$1" -mindepth 1 -name '.*' -prune -o -type f -print 2>/dev/null | grep -ciE "$suffixes" || true
    elif [[ $1 == *.txt || $1 == *.list ]] && [ -f "$1" ]; then
        awk 'NF && !seen[$1]++ { count++ } END { print count + 0 }' "$1"
    elif [ -f "$1" ]; then
        echo 1
    else
        compgen -G "$1" | grep -ciE "$suffixes" || true
    fi
}

# --- Running and recording steps ------------------------------------------------------------------------------------

step_names=() step_states=() step_seconds=() step_details=()

# run_step NAME LOG CHECK ARGUMENT... -- COMMAND...: runs the command with its output in LOG too. It has passed when it
# ends with status 0 and `CHECK ARGUMENT...` finds what it had to write. `visible_cards`, if set, are the cards it sees.
run_step() {
    local name=$1 log=$2 check=() start=$SECONDS status problem=""
    shift 2
    while [ "$1" != -- ]; do
        check+=("$1")
        shift
    done
    shift
    : > "$step_stamp"
    printf '$ %s\n' "$(quote_words "$@")"
    (
        [ -z "${visible_cards:-}" ] || export CUDA_VISIBLE_DEVICES=$visible_cards
        exec "$@"
    ) < /dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    if [ "$status" -ne 0 ]; then
        problem="exit status $status"
    else
        problem=$("${check[@]}") || status=1
    fi
    [ "$status" -eq 0 ] || printf '%s: %s\n' "$name" "$problem" | tee -a "$log" "$status_log"
    status_check "$status" "$(quote_words "$@")" "$status_log" "$model_name" "$log"
    if [ "$status" -eq 0 ]; then
        record_step "$name" passed "$((SECONDS - start))" "$log"
    else
        record_step "$name" failed "$((SECONDS - start))" "$log ($problem)"
    fi
    return "$status"
}

# status_check STATUS COMMAND STATUS_LOG MODEL LOG: the line that PaddlePaddle's tools look for.
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

# count_steps STATE PATTERN: how many steps of that state have a name that fits the pattern.
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
