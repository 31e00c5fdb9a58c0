#!/bin/sh
# make-header.sh HEADER VERSION ID-FILE...: the stage1 images of this build, as a C table.
set -eu

header=$1
version=$2
shift 2
{
    echo '/* The stage1 images of this build: made with them, see stage1/CMakeLists.txt. */'
    echo '#pragma once'
    echo
    echo '#define STAGE1_IMAGES \'
    for id in "$@"; do
        name=$(basename "$id" .id)
        printf '\t{"gantry/%s", "%s", "%s.aci", "%s"}, \\\n' \
            "$name" "$version" "$name" "$(cat "$id")"
    done
    echo
} >"$header"
