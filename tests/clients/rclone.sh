#!/usr/bin/env bash
# What users of rclone do, against a running server:
#   AWS_ACCESS_KEY_ID=accessKey1 AWS_SECRET_ACCESS_KEY=verySecretKey1 tests/clients/rclone.sh http://127.0.0.1:8000
# SIZE_MIB is how big the big file is (20 by default). Ends with "done" and nothing left behind.
set -euo pipefail
endpoint=${1:?usage: rclone.sh ENDPOINT}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export RCLONE_CONFIG=$folder/rclone.conf RCLONE_CONTIMEOUT=10s RCLONE_TIMEOUT=60s RCLONE_RETRIES=1 RCLONE_LOW_LEVEL_RETRIES=1
cat >"$RCLONE_CONFIG" <<EOF
[s3]
type = s3
provider = ${RCLONE_PROVIDER:-Other}
env_auth = true
endpoint = $endpoint
force_path_style = true
upload_cutoff = 8Mi
chunk_size = 5Mi
EOF
bucket=rclone-$$
remote=s3:$bucket
expect() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1' (line ${BASH_LINENO[0]})" >&2; exit 1; }; }

echo "== buckets, copies"
rclone mkdir "$remote"
grep -q " $bucket\$" <<<"$(rclone lsd s3:)"
mkdir -p "$folder/tree/sub dir"
echo one >"$folder/tree/one.txt"
echo zwei >"$folder/tree/sub dir/zwei+ä&.txt"
: >"$folder/tree/empty"
head -c "$((${SIZE_MIB:-20} * 1048576))" /dev/urandom >"$folder/tree/big"
rclone copy "$folder/tree" "$remote/tree"
expect "$(rclone size "$remote/tree" --json | grep -o '"count":[0-9]*')" '"count":4'
expect "$(rclone cat "$remote/tree/one.txt")" one
expect "$(rclone cat "$remote/tree/big" --offset 1048576 --count 16 | md5sum)" "$(tail -c +1048577 "$folder/tree/big" | head -c 16 | md5sum)"
echo piped | rclone rcat "$remote/piped"
expect "$(rclone cat "$remote/piped")" piped

echo "== check, sync"
rclone check "$folder/tree" "$remote/tree" 2>/dev/null
rclone check --download "$folder/tree" "$remote/tree" 2>/dev/null
grep -q "There was nothing to transfer" <<<"$(rclone sync "$folder/tree" "$remote/tree" --stats-one-line -v 2>&1)"
echo changed! >"$folder/tree/one.txt"
rm "$folder/tree/empty"
rclone sync "$folder/tree" "$remote/tree"
rclone check "$folder/tree" "$remote/tree" 2>/dev/null
rclone sync "$remote/tree" "$folder/back"
diff -r "$folder/tree" "$folder/back"

echo "== on the server: copy, move, modification times, hashes"
rclone copyto "$remote/tree/big" "$remote/copy"
rclone moveto "$remote/copy" "$remote/moved"
rclone check --download --one-way "$folder/tree" "$remote" --files-from <(:) 2>/dev/null
expect "$(rclone md5sum "$remote/tree/one.txt" | cut -c1-32)" "$(md5sum <"$folder/tree/one.txt" | cut -c1-32)"
expect "$(rclone md5sum "$remote/moved" | cut -c1-32)" "$(md5sum <"$folder/tree/big" | cut -c1-32)"
rclone touch "$remote/tree/one.txt" --timestamp 2020-02-03T04:05:06
grep -q "2020-02-03" <<<"$(rclone lsl "$remote/tree/one.txt")"
expect "$(rclone lsf -R "$remote" | sort | tr '\n' ' ')" "moved piped tree/ tree/big tree/one.txt tree/sub dir/ tree/sub dir/zwei+ä&.txt "

echo "== the end"
rclone delete "$remote/piped"
rclone cleanup "$remote"
rclone purge "$remote"
if rclone lsd s3: | grep -q "$bucket"; then exit 1; fi
echo done
