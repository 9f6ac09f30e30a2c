#!/usr/bin/env bash
# What users of the aws CLI do, against a running server:
#   AWS_ACCESS_KEY_ID=accessKey1 AWS_SECRET_ACCESS_KEY=verySecretKey1 tests/clients/aws_cli.sh http://127.0.0.1:8000
# SIZE_MIB is how big the big file is (20 by default). Ends with "done" and nothing left behind.
set -euo pipefail
endpoint=${1:?usage: aws_cli.sh ENDPOINT}
export AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true AWS_PAGER=""
export AWS_REQUEST_CHECKSUM_CALCULATION=when_required AWS_RESPONSE_CHECKSUM_VALIDATION=when_required
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export AWS_CONFIG_FILE=$folder/config AWS_SHARED_CREDENTIALS_FILE=$folder/credentials
bucket=aws-cli-$$
aws() { command "${AWS_CLI:-aws}" --endpoint-url "$endpoint" --cli-connect-timeout 10 --cli-read-timeout 60 "$@"; }
api() { aws s3api "$@"; }
expect() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1' (line ${BASH_LINENO[0]})" >&2; exit 1; }; }

echo "== buckets"
aws s3 mb "s3://$bucket" >/dev/null
grep -q " $bucket\$" <<<"$(aws s3 ls)"
api head-bucket --bucket "$bucket" >/dev/null
expect "$(api get-bucket-location --bucket "$bucket" --query LocationConstraint --output text)" None

echo "== cp, ls, stat, rm"
mkdir -p "$folder/tree/sub dir"
echo one >"$folder/tree/one.txt"
echo zwei >"$folder/tree/sub dir/zwei+ä&.txt"
: >"$folder/tree/empty"
aws s3 cp --only-show-errors "$folder/tree/one.txt" "s3://$bucket/one.txt" --metadata color=blue --content-type text/x-one
expect "$(aws s3 cp --only-show-errors "s3://$bucket/one.txt" -)" one
expect "$(api head-object --bucket "$bucket" --key one.txt --query '[ContentType,Metadata.color,ContentLength]' --output text)" "text/x-one	blue	4"
echo piped | aws s3 cp --only-show-errors - "s3://$bucket/piped"
expect "$(aws s3 cp --only-show-errors "s3://$bucket/piped" -)" piped
aws s3 cp --only-show-errors "s3://$bucket/one.txt" "s3://$bucket/copy.txt"
aws s3 mv --only-show-errors "s3://$bucket/copy.txt" "s3://$bucket/moved.txt"
expect "$(aws s3 ls "s3://$bucket/moved.txt" | awk '{print $3, $4}')" "4 moved.txt"
aws s3 rm --only-show-errors "s3://$bucket/moved.txt"

echo "== multipart"
head -c "$((${SIZE_MIB:-20} * 1048576))" /dev/urandom >"$folder/big"
aws s3 cp --only-show-errors "$folder/big" "s3://$bucket/big"
aws s3 cp --only-show-errors "s3://$bucket/big" "$folder/big.back"
cmp "$folder/big" "$folder/big.back"
aws s3 cp --only-show-errors "s3://$bucket/big" "s3://$bucket/big.copy"
expect "$(api head-object --bucket "$bucket" --key big.copy --query ContentLength)" "$(stat -c %s "$folder/big")"
api head-object --bucket "$bucket" --key big --query ETag --output text | grep -Eq -- '-[0-9]+"$'
upload=$(api create-multipart-upload --bucket "$bucket" --key parts --query UploadId --output text)
etag=$(api upload-part --bucket "$bucket" --key parts --upload-id "$upload" --part-number 1 --body "$folder/tree/one.txt" --query ETag --output text)
expect "$(api list-parts --bucket "$bucket" --key parts --upload-id "$upload" --query 'length(Parts)')" 1
expect "$(api list-multipart-uploads --bucket "$bucket" --query 'Uploads[0].Key' --output text)" parts
api complete-multipart-upload --bucket "$bucket" --key parts --upload-id "$upload" --multipart-upload "{\"Parts\":[{\"ETag\":$etag,\"PartNumber\":1}]}" >/dev/null
upload=$(api create-multipart-upload --bucket "$bucket" --key parts --query UploadId --output text)
api abort-multipart-upload --bucket "$bucket" --key parts --upload-id "$upload"

echo "== sync"
aws s3 sync --only-show-errors "$folder/tree" "s3://$bucket/tree"
expect "$(aws s3 sync --dryrun "$folder/tree" "s3://$bucket/tree")" ""
mkdir "$folder/back"
aws s3 sync --only-show-errors "s3://$bucket/tree" "$folder/back"
diff -r "$folder/tree" "$folder/back"
echo changed! >"$folder/tree/one.txt"
rm "$folder/tree/empty"
aws s3 sync --only-show-errors --delete "$folder/tree" "s3://$bucket/tree"
expect "$(aws s3 ls --recursive "s3://$bucket/tree" | wc -l)" 2
aws s3 sync --only-show-errors "s3://$bucket/tree" "s3://$bucket/tree2"
expect "$(aws s3 ls "s3://$bucket/tree2/" | awk '{$1=$1; print}' | grep -c PRE)" 1

echo "== presign"
expect "$(curl -fsS --max-time 30 "$(aws s3 presign "s3://$bucket/one.txt" --expires-in 60)")" one

echo "== versions, tags, ACL, replication's neighbours"
api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
expect "$(api get-bucket-versioning --bucket "$bucket" --query Status --output text)" Enabled
first=$(api put-object --bucket "$bucket" --key v --body "$folder/tree/one.txt" --query VersionId --output text)
api put-object --bucket "$bucket" --key v --body "$folder/big" >/dev/null
api get-object --bucket "$bucket" --key v --version-id "$first" "$folder/v" >/dev/null
expect "$(cat "$folder/v")" changed!
expect "$(api list-object-versions --bucket "$bucket" --prefix v --query 'length(Versions)')" 2
api delete-object --bucket "$bucket" --key v >/dev/null
expect "$(api list-object-versions --bucket "$bucket" --prefix v --query 'length(DeleteMarkers)')" 1
api put-object-tagging --bucket "$bucket" --key one.txt --tagging 'TagSet=[{Key=a,Value=1}]' >/dev/null
expect "$(api get-object-tagging --bucket "$bucket" --key one.txt --query 'TagSet[0].Value' --output text)" 1
api put-object-acl --bucket "$bucket" --key one.txt --acl public-read
expect "$(api get-object-acl --bucket "$bucket" --key one.txt --query 'length(Grants)')" 2
expect "$(curl -fsS --max-time 30 "$endpoint/$bucket/one.txt")" one
expect "$(api get-object --bucket "$bucket" --key one.txt --range bytes=1-2 "$folder/v" --query ContentRange --output text)" "bytes 1-2/4"
expect "$(api list-objects-v2 --bucket "$bucket" --max-items 2 --page-size 1 --query 'length(Contents)')" 2
expect "$(api copy-object --bucket "$bucket" --key c --copy-source "$bucket/one.txt" --query CopyObjectResult.ETag --output text)" '"5bbf5a52328e7439ae6e719dfe712200"'
api put-bucket-tagging --bucket "$bucket" --tagging 'TagSet=[{Key=a,Value=1}]'
api put-bucket-lifecycle-configuration --bucket "$bucket" --lifecycle-configuration '{"Rules":[{"ID":"l","Status":"Enabled","Filter":{"Prefix":"x"},"Expiration":{"Days":3}}]}' >/dev/null
expect "$(api get-bucket-lifecycle-configuration --bucket "$bucket" --query 'Rules[0].ID' --output text)" l

echo "== the end"
# one by one: current SDKs send CRC32 where CloudServer 8.8 wants Content-MD5, so that delete-objects answers BadDigest
api list-object-versions --bucket "$bucket" --output text \
    --query '[Versions, DeleteMarkers][].[VersionId, Key]' | while read -r version key; do
    api delete-object --bucket "$bucket" --key "$key" --version-id "$version" >/dev/null
done
aws s3 rb "s3://$bucket" >/dev/null
if aws s3 ls | grep -q "$bucket"; then exit 1; fi
echo done
