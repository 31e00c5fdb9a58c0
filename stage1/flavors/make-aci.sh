#!/bin/sh
# make-aci.sh ACI ID MANIFEST FILE=NAME...: packs the files as /gantry/NAME of a stage1 image,
# the same bytes for the same files, and writes the image's ID to the file ID.
set -eu

aci=$1
id=$2
manifest=$3
shift 3
work=$id.work
rm -rf "$work"
mkdir -p "$work/rootfs/gantry"
cp "$manifest" "$work/manifest"
for pair in "$@"; do
    cp "${pair%=*}" "$work/rootfs/gantry/${pair##*=}"
done
chmod 0755 "$work/rootfs" "$work/rootfs/gantry" "$work/rootfs/gantry"/*
chmod 0644 "$work/manifest" "$work/rootfs/gantry"/*.bpf

tar --create --file="$work/tar" --directory="$work" --format=ustar --sort=name \
    --mtime=@0 --owner=0 --group=0 --numeric-owner manifest rootfs
digest=$(sha512sum "$work/tar")
printf 'sha512-%.64s\n' "$digest" >"$id"
xz --compress --stdout -6 "$work/tar" >"$aci"
rm -rf "$work"
