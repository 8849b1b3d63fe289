#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# The required output of a step: each function is quiet, or prints what is missing and returns 1. Sourced by
# common_func.sh.

# Its time shows whether a file is older than the step; begin_chain sets it.
step_stamp=${step_stamp:-}

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

# expect_graph FOLDER PATTERN: a new deploy.yaml that names a new graph whose file matches the pattern.
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

# expect_content FILE: a non-empty file, of any age.
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

# expect_results FOLDER PICTURES MODEL_FOLDER: the results of an exported network or classifier.
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

# count_pictures PATH: the number of pictures of a list (each counted once), a folder, a file or a pattern. As in
# inference, hidden ones do not count, and links to sub-folders are followed, except circular ones.
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
