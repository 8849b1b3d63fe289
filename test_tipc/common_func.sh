#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of all chains share; to be sourced. They set `chain_file` and MODE; begin_chain sets the rest.
#
# A parameter ARRAY is the name of an array that the function fills or changes.
# shellcheck disable=SC2034 # such an array, and what begin_chain sets, is used where the function is called

MODE=${MODE:-}
chain_file=${chain_file:-}
model_name=${model_name:-}
# Gets a line for each step; its time says whether a file is from before the step.
status_log=${status_log:-}
step_stamp=${step_stamp:-}
num_cards=${num_cards:--1}
key_ends_with=:

# The modes of each kind of chain file; the kind is the word in its first line.
declare -A CHAIN_MODES=(
    [train_params]="lite_train_lite_infer lite_train_whole_infer whole_train_whole_infer whole_infer benchmark_train"
    [ptq_params]="whole_infer klquant_whole_infer"
    [paddle2onnx_params]="paddle2onnx_infer"
    [serving_params]="serving_infer"
    [cpp_params]="cpp_infer"
)
# What stands at which position of such a file, counted from 0 without empty lines: the key of a line, or a heading
# without its "=". Positions that are not named hold flags, which each kit calls otherwise.
declare -A CHAIN_KEYS=(
    [train_params]="1:model_name 2:python 3:gpu_list 6:--iters 7:--save_dir 8:--batch_size 10:train_model_name
        11:train_infer_img_dir 13:## 14:trainer 15:norm_train 21:## 22:eval_params 23:eval 25:## 26:export_params
        27:--save_dir 28:--model_path 29:norm_export 35:infer_params 36:infer_model 37:infer_export 38:infer_quant
        39:inference 40:--device 41:--enable_mkldnn 42:--cpu_threads 43:--batch_size 44:--use_trt 45:--precision
        46:--config 47:--image_path 48:--save_log_path 49:--benchmark 50:--save_dir 51:--model_name"
    [ptq_params]="1:model_name 2:python 6:--config 7:--batch_num 8:--batch_size 9:## 10:trainer 11:PTQ 12:##
        13:infer_params 14:inference 15:--device 16:--batch_size 17:--config 18:--image_path 19:--benchmark"
    [paddle2onnx_params]="1:model_name 2:python 3:2onnx 10:inference 12:--image_path"
    [serving_params]="1:model_name 2:python 3:trans_model 9:serving_dir 10:web_service 13:pipline 14:--img_path 15:*"
    [cpp_params]="1:model_name 2:use_gpu 3:gpu_id 4:gpu_mem 5:cpu_math_library_num_threads 6:use_mkldnn 7:use_tensorrt
        8:use_fp16 9:# 10:model_path 11:params_path 12:is_normalize 13:is_resize"
)
# A folder with this file in it was made by a chain, and may be emptied by the next one.
CHAIN_MARK=.made_by_tipc
# What chains for C++ infer on: their files name no pictures, and the program takes folders and no lists.
CPP_PICTURES=test_tipc/data/cityscapes/leftImg8bit/val

fail() {
    printf 'error: %s\n' "$1" >&2
    exit "${2:-1}"
}

# --- The chain file -------------------------------------------------------------------------------------------------

# read_chain_file FILE: its lines that are not empty go into the array `lines`, its kind into `chain_kind`. A line that
# is missing, or ends as on Windows, ends the script.
read_chain_file() {
    local line number=0 expected index key found
    [ -f "$1" ] || fail "there is no chain file $1; give test_tipc/configs/<model>/<chain>.txt" 2
    lines=()
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        [[ $line != *$'\r' ]] || fail "$1, line $number ends with CRLF; end it with LF: sed -i 's/\r\$//' FILE" 2
        line=$(trim "$line")
        [ -z "$line" ] || lines+=("$line")
    done < "$1"
    chain_kind=$(heading "${lines[0]:-}")
    [ "$chain_kind" != cpp_params ] || key_ends_with=" "
    [ -n "${CHAIN_KEYS[${chain_kind:-none}]:-}" ] \
        || fail "$1: no chain begins with '${lines[0]:-}'; known headings: ${!CHAIN_KEYS[*]} (pact, serving_cpp, lite, npu and xpu are not built, see test_tipc/README.md)" 2
    for expected in ${CHAIN_KEYS[$chain_kind]}; do
        index=${expected%%:*} key=${expected#*:}
        found=${lines[index]:-}
        # shellcheck disable=SC2053 # a pattern is wanted: * is any line
        [[ -n $found && ($(func_parser_key "$found") == $key || $(heading "$found") == "$key") ]] \
            || fail "$1: line $index, counted from 0 without the empty ones, must be ${key/\*/a flag}, found: ${found:-nothing}; is one before it missing?" 2
    done
}

# heading LINE: the word between the "=" of a heading; of the first line of a file for C++, cpp_params.
heading() {
    local text=${1//=/}
    case $1 in
        ====*) trim "$text" ;;
        "# model load config"*) printf 'cpp_params' ;;
    esac
}

# check_mode: ends the script when MODE is none of the chain's.
check_mode() {
    [[ " ${CHAIN_MODES[$chain_kind]} " == *" $MODE "* ]] \
        || fail "no mode '$MODE' in this chain; known: ${CHAIN_MODES[$chain_kind]}" 2
}

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
    mkdir -p "$LOG_PATH"
    printf -- '------------------------ %s ------------------------\n' "$MODE" > "$status_log"
}

# finish_chain PATTERN STEP: the table of all steps, and the end. The status is 0 when none failed and one whose name
# fits the pattern passed.
finish_chain() {
    print_summary | tee -a "$status_log"
    if [ "$(count_steps passed "$1")" -eq 0 ]; then
        printf 'The chain has failed: no %s step has passed.\n' "$2" | tee -a "$status_log"
        exit 1
    fi
    [ "$(count_steps failed '*')" -eq 0 ]
    exit
}

trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# func_parser_key LINE: what stands before the first colon, or in files for C++ before the first blank.
func_parser_key() {
    trim "${1%%"$key_ends_with"*}"
}

# func_parser_value LINE: what stands after it; a line without one has no value.
func_parser_value() {
    [[ $1 != *"$key_ends_with"* ]] || trim "${1#*"$key_ends_with"}"
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

# add_lines ARRAY INDEX...: appends the flags of these lines of the chain file.
add_lines() {
    local flags_of_lines=$1 index
    shift
    for index in "$@"; do
        add_flag "$flags_of_lines" "$(func_parser_key "${lines[index]}")" "$(func_parser_value "${lines[index]}")"
    done
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

# count_cards: sets num_cards; -1 with a Paddle that is built for the CPU.
count_cards() {
    local code='import paddle; print(paddle.device.cuda.device_count() if paddle.is_compiled_with_cuda() else -1)'
    num_cards=$("$python" -W ignore -c "$code" | tail -n 1) \
        || fail "$python cannot import paddle; PYTHON=... chooses the Python of the chain"
}

# why_not_on GPUS DEVICE: says why this machine cannot run what the entries of gpu_list and --device ask for.
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

# python_of_chain: sets `python` to that of the chain file, of which those for C++ name none.
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

# take_lite_config ARRAY: where a chain trains on lite data, --config NAME.yml stands for NAME_lite.yml if it is there.
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

# expect_weights PATTERN...: one of these files.
expect_weights() {
    local pattern weights
    for pattern in "$@"; do
        while IFS= read -r weights; do
            ! is_new "$weights" || return 0
        done < <(compgen -G "$pattern")
    done
    printf 'none of these weights was written: %s' "$*"
    return 1
}

expect_export() {
    expect_file "$1/deploy.yaml" && expect_file "$1/model.pdiparams" || return
    is_new "$1/model.pdmodel" || is_new "$1/model.json" || { printf 'no graph was written in %s' "$1"; return 1; }
}

# expect_graph FOLDER PATTERN: a new deploy.yaml that names a new graph whose file fits the pattern.
expect_graph() {
    local file
    expect_file "$1/deploy.yaml" || return
    for file in "$1"/$2; do
        ! is_new "$file" || ! grep -qsF "$(basename "$file")" "$1/deploy.yaml" || return 0
    done
    printf 'no %s was written in %s' "$2" "$1"
    return 1
}

expect_file() {
    is_new "$1" || { printf '%s was not written' "$1"; return 1; }
}

# expect_content FILE: whenever it was written.
expect_content() {
    [ -s "$1" ] || { printf 'there is nothing in %s' "$1"; return 1; }
}

expect_program() {
    [ -x "$1" ] || { printf 'no program %s was built' "$1"; return 1; }
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

# expect_classes FOLDER PICTURES: a line of classes for each picture.
expect_classes() {
    local found=0 wanted
    ! is_new "$1/predictions.txt" || found=$(grep -c . "$1/predictions.txt")
    wanted=$(count_pictures "$2")
    if [ "$wanted" -eq 0 ] || [ "$found" -ne "$wanted" ]; then
        printf 'classes of %d pictures in %s for %d of %s' "$found" "$1/predictions.txt" "$wanted" "$2"
        return 1
    fi
}

# expect_results FOLDER PICTURES MODEL_FOLDER: what an exported network or classifier gives.
expect_results() {
    if grep -qsE '^ *task: *classification' "$3/deploy.yaml"; then
        expect_classes "$1" "$2"
    else
        expect_masks "$1" "$2"
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
# ends with status 0 and `CHECK ARGUMENT...` finds what it had to write.
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
    (become "$@") < /dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    if [ "$status" -ne 0 ]; then
        problem="exit status $status"
    else
        problem=$("${check[@]}") || status=1
    fi
    end_step "$name" "$log" "$start" "$status" "$problem" "$@"
}

# become COMMAND...: the command in the place of this shell, with `visible_cards`, if set, as the cards it sees.
become() {
    [ -z "${visible_cards:-}" ] || export CUDA_VISIBLE_DEVICES=$visible_cards
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
