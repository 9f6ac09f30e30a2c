#!/usr/bin/env bash
# What users of s3cmd do, against a running server:
#   AWS_ACCESS_KEY_ID=accessKey1 AWS_SECRET_ACCESS_KEY=verySecretKey1 tests/clients/s3cmd.sh http://127.0.0.1:8000
# SIZE_MIB is how big the big file is (20 by default); S3CMD_OPTIONS=--signature-v2 signs in the old way.
# Ends with "done" and nothing left behind.
set -euo pipefail
endpoint=${1:?usage: s3cmd.sh ENDPOINT}
host=${endpoint#http://}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/s3cfg" <<EOF
[default]
host_base = $host
host_bucket = $host
bucket_location = us-east-1
use_https = False
socket_timeout = 60
multipart_chunk_size_mb = 5
max_retries = 1
EOF
bucket=s3://s3cmd-$$
s3() { s3cmd -c "$folder/s3cfg" --no-progress ${S3CMD_OPTIONS:-} "$@"; }
expect() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1' (line ${BASH_LINENO[0]})" >&2; exit 1; }; }

echo "== buckets, put, get, info"
s3 mb "$bucket"
grep -q "$bucket\$" <<<"$(s3 ls)"
mkdir -p "$folder/tree/sub dir"
echo one >"$folder/tree/one.txt"
echo zwei >"$folder/tree/sub dir/zwei+ä&.txt"
: >"$folder/tree/empty"
s3 put "$folder/tree/one.txt" "$bucket/one.txt" --add-header=x-amz-meta-color:blue --mime-type=text/x-one
expect "$(s3 get "$bucket/one.txt" -)" one
grep -q "MIME type: text/x-one" <<<"$(s3 info "$bucket/one.txt")"
grep -q "x-amz-meta-color: blue" <<<"$(s3 info "$bucket/one.txt")"
grep -q "Location: *us-east-1" <<<"$(s3 info "$bucket")"
echo piped | s3 put - "$bucket/piped"
expect "$(s3 get "$bucket/piped" -)" piped

echo "== multipart"
head -c "$((${SIZE_MIB:-20} * 1048576))" /dev/urandom >"$folder/big"
s3 put "$folder/big" "$bucket/big"
s3 get "$bucket/big" "$folder/big.back"
cmp "$folder/big" "$folder/big.back"
s3 cp "$bucket/big" "$bucket/big.copy"
s3 mv "$bucket/big.copy" "$bucket/big.moved"
s3 get "$bucket/big.moved" "$folder/big.moved"
cmp "$folder/big" "$folder/big.moved"
expect "$(s3 multipart "$bucket" | grep -c big || true)" 0

echo "== sync"
s3 sync "$folder/tree/" "$bucket/tree/"
expect "$(s3 sync --dry-run "$folder/tree/" "$bucket/tree/" 2>&1 | grep -c '^upload' || true)" 0
mkdir "$folder/back"
s3 sync "$bucket/tree/" "$folder/back/"
diff -r "$folder/tree" "$folder/back"
echo changed! >"$folder/tree/one.txt"
rm "$folder/tree/empty"
s3 sync --delete-removed "$folder/tree/" "$bucket/tree/"
expect "$(s3 ls --recursive "$bucket/tree/" | wc -l)" 2

echo "== ACL, tags, policy, lifecycle, CORS, presigned URL"
s3 setacl --acl-public "$bucket/one.txt"
expect "$(curl -fsS --max-time 30 "$endpoint/${bucket#s3://}/one.txt")" one
s3 setacl --acl-private "$bucket/one.txt"
s3 settagging "$bucket/one.txt" "a=1&b=2"
grep -q "b" <<<"$(s3 gettagging "$bucket/one.txt")"
expect "$(curl -fsS --max-time 30 "$(s3 signurl "$bucket/one.txt" +60)")" one
s3 modify --add-header=x-amz-meta-color:red "$bucket/one.txt"
grep -q "x-amz-meta-color: red" <<<"$(s3 info "$bucket/one.txt")"
cat >"$folder/cors.xml" <<EOF
<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>
EOF
s3 setcors "$folder/cors.xml" "$bucket"
grep -q "<AllowedOrigin>" <<<"$(s3 info "$bucket")"
s3 delcors "$bucket"
s3 expire --expiry-days=3 --expiry-prefix=x "$bucket"
grep -q "<Days>3</Days>" <<<"$(s3 getlifecycle "$bucket")"
s3 setversioning "$bucket" enable
s3 put "$folder/tree/one.txt" "$bucket/v"
s3 del "$bucket/v"

echo "== the end"
s3 del --recursive --force "$bucket"
expect "$(s3 ls --recursive "$bucket" | wc -l)" 0
# delete markers keep a versioned bucket; s3cmd knows nothing of them
if s3 rb "$bucket" 2>"$folder/error"; then exit 1; fi
grep -q BucketNotEmpty "$folder/error"
echo done
