"""The error catalogue: codes, statuses and texts that clients compare; how an error is rendered."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from fake_cloudserver.errors import CATALOGUE, S3Error

REFERENCE = """
AccessDenied | 403 | Access Denied
AccessForbidden | 403 | Access Forbidden
BadDigest | 400 | The Content-MD5 you specified did not match what we received.
BadRequest | 400 | BadRequest
BucketAlreadyExists | 409 | The requested bucket name is not available. The bucket namespace is shared by all users of \
the system. Please select a different name and try again.
BucketAlreadyOwnedByYou | 409 | A bucket with this name exists and is already owned by you
BucketNotEmpty | 409 | The bucket you tried to delete is not empty.
EntityTooLarge | 400 | Your proposed upload exceeds the maximum allowed object size.
EntityTooSmall | 400 | Your proposed upload is smaller than the minimum allowed object size.
Found | 302 | Resource Found
HttpHeadersTooLarge | 400 | Your http headers exceed the maximum allowed http headers size.
IllegalVersioningConfigurationException | 400 | Indicates that the versioning configuration specified in the request \
is invalid.
IncompleteBody | 400 | You did not provide the number of bytes specified by the Content-Length HTTP header.
InternalError | 500 | We encountered an internal error. Please try again.
InvalidAccessKeyId | 403 | The AWS access key Id you provided does not exist in our records.
InvalidArgument | 400 | Invalid Argument
InvalidBucketName | 400 | The specified bucket is not valid.
InvalidBucketState | 409 | The request is not valid with the current state of the bucket.
InvalidDigest | 400 | The Content-MD5 you specified is not valid.
InvalidInput | 400 | The request was rejected because an invalid or out-of-range value was supplied for an input \
parameter.
InvalidLocationConstraint | 400 | The specified location constraint is not valid.
InvalidObjectState | 403 | The operation is not valid for the current state of the object.
InvalidPart | 400 | One or more of the specified parts could not be found. The part might not have been uploaded, or \
the specified entity tag might not have matched the part's entity tag.
InvalidPartNumber | 416 | The requested partnumber is not satisfiable.
InvalidPartOrder | 400 | The list of parts was not in ascending order.Parts list must specified in order by part number.
InvalidRange | 416 | The requested range cannot be satisfied.
InvalidRedirectLocation | 400 | The website redirect location must have a prefix of 'http://' or 'https://' or '/'.
InvalidRequest | 400 | SOAP requests must be made over an HTTPS connection.
InvalidStorageClass | 400 | The storage class you specified is not valid.
InvalidTag | 400 | The Tag you have provided is invalid
InvalidToken | 400 | The provided token is malformed or otherwise invalid.
InvalidURI | 400 | Couldn't parse the specified URI.
KeyTooLong | 400 | Your key is too long.
LocationNotFound | 424 | The object data location does not exist.
MalformedACLError | 400 | The XML you provided was not well-formed or did not validate against our published schema.
MalformedPOSTRequest | 400 | The body of your POST request is not well-formed multipart/form-data.
MalformedPolicy | 400 | This policy contains invalid Json
MalformedXML | 400 | The XML you provided was not well-formed or did not validate against our published schema.
MetadataTooLarge | 400 | Your metadata headers exceed the maximum allowed metadata size.
MethodNotAllowed | 405 | The specified method is not allowed against this resource.
MissingContentLength | 411 | You must provide the Content-Length HTTP header.
MissingRequestBodyError | 400 | Request body is empty
MissingRequiredParameter | 400 | Your request is missing a required parameter.
MissingSecurityHeader | 400 | Your request is missing a required header.
NoSuchBucket | 404 | The specified bucket does not exist.
NoSuchBucketPolicy | 404 | The specified bucket does not have a bucket policy.
NoSuchCORSConfiguration | 404 | The CORS configuration does not exist
NoSuchKey | 404 | The specified key does not exist.
NoSuchLifecycleConfiguration | 404 | The lifecycle configuration does not exist.
NoSuchObjectLockConfiguration | 404 | The specified object does not have a ObjectLock configuration.
NoSuchQuota | 404 | The specified resource does not have a quota.
NoSuchTagSet | 404 | The TagSet does not exist
NoSuchUpload | 404 | The specified multipart upload does not exist. The upload ID might be invalid, or the multipart \
upload might have been aborted or completed.
NoSuchVersion | 404 | Indicates that the version ID specified in the request does not match an existing version.
NoSuchWebsiteConfiguration | 404 | The specified bucket does not have a website configuration
NotImplemented | 501 | A header you provided implies functionality that is not implemented.
NotModified | 304 | Not Modified.
ObjNotFound | 404 | This object does not exist
ObjectLockConfigurationNotFoundError | 404 | The object lock configuration was not found
OperationAborted | 409 | A conflicting conditional operation is currently in progress against this resource. Try again.
PreconditionFailed | 412 | At least one of the preconditions you specified did not hold.
QuotaExceeded | 429 | The quota set for the resource is exceeded.
ReplicationConfigurationNotFoundError | 404 | The replication configuration was not found
RequestTimeTooSkewed | 403 | The difference between the request time and the server's time is too large.
RestoreAlreadyInProgress | 409 | Object restore is already in progress.
ServerSideEncryptionConfigurationNotFoundError | 404 | The server side encryption configuration was not found
ServiceUnavailable | 503 | The request has failed due to a temporary failure of the server.
SignatureDoesNotMatch | 403 | The request signature we calculated does not match the signature you provided.
TooManyParts | 400 | You have attempted to upload more parts than allowed.
UnresolvableGrantByEmailAddress | 400 | The email address you provided does not match any account on record.
ValidationError | 400 | The specified value is invalid.
"""
ROWS = [tuple(line.split(" | ")) for line in REFERENCE.strip().splitlines()]


@pytest.mark.parametrize(("code", "status", "message"), ROWS, ids=[row[0] for row in ROWS])
def test_codes_statuses_and_texts(code: str, status: str, message: str) -> None:
    error = S3Error(code)
    assert (error.code, error.status, error.message) == (code, int(status), message)


def test_there_are_no_others() -> None:
    assert set(CATALOGUE) == {row[0] for row in ROWS}
    with pytest.raises(KeyError):
        S3Error("NoSuchCode")


def test_a_text_of_its_own_keeps_code_and_status() -> None:
    error = S3Error("InvalidRequest", "something else")
    assert (error.code, error.status, error.message) == ("InvalidRequest", 400, "something else")
    assert str(error) == "InvalidRequest: something else"


def test_xml_is_one_line_with_an_empty_resource() -> None:
    assert S3Error("NoSuchKey").to_xml("4db3049e67449838376e").decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code>'
        "<Message>The specified key does not exist.</Message><Resource></Resource>"
        "<RequestId>4db3049e67449838376e</RequestId></Error>"
    )


def test_texts_are_not_escaped() -> None:
    assert b"<Message>a&b<c</Message>" in S3Error("InvalidRequest", "a&b<c").to_xml("id")


def test_arguments_stand_before_the_resource() -> None:
    xml = S3Error("InvalidArgument", "x", arguments=[("a", "1"), ("b", "2")]).to_xml("id")
    assert ET.fromstring(xml).find("ArgumentName2") is not None
    assert (
        b"<Message>x</Message><ArgumentName1>a</ArgumentName1><ArgumentValue1>1</ArgumentValue1>"
        b"<ArgumentName2>b</ArgumentName2><ArgumentValue2>2</ArgumentValue2><Resource>"
    ) in xml


def test_json() -> None:
    body = S3Error("AccessDenied", "nö").to_json("506351d13b4ab29a3675")
    assert body == '{"code":"AccessDenied","message":"nö","resource":null,"requestId":"506351d13b4ab29a3675"}'.encode()
    assert json.loads(body)["resource"] is None
