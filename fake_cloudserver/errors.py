"""The error catalogue.

An error is an exception that carries what a client sees of it: code, HTTP status, message. It is raised where the
fault is found and rendered once, at the edge: as XML on S3 routes, as JSON on internal ones.

    Exception
     └─ S3Error              any code of the catalogue, with its own or a customised message
     └─ ConfigurationError   a configuration file that CloudServer would refuse to start with

Source: Arsenal lib/errors/arsenalErrors.ts (codes, statuses, default messages), lib/s3routes/routesUtils.ts (shapes).
"""

from __future__ import annotations

import json
from typing import Final

#: code -> (HTTP status, default message). "Customised" errors keep the code and replace the message.
CATALOGUE: Final[dict[str, tuple[int, str]]] = {
    "AccessDenied": (403, "Access Denied"),
    "AccessForbidden": (403, "Access Forbidden"),
    "BadDigest": (400, "The Content-MD5 you specified did not match what we received."),
    "BadRequest": (400, "BadRequest"),
    "BucketAlreadyExists": (
        409,
        "The requested bucket name is not available. The bucket namespace is shared by all users of the "
        "system. Please select a different name and try again.",
    ),
    "BucketAlreadyOwnedByYou": (409, "A bucket with this name exists and is already owned by you"),
    "BucketNotEmpty": (409, "The bucket you tried to delete is not empty."),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed object size."),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed object size."),
    "Found": (302, "Resource Found"),
    "HttpHeadersTooLarge": (400, "Your http headers exceed the maximum allowed http headers size."),
    "IllegalVersioningConfigurationException": (
        400,
        "Indicates that the versioning configuration specified in the request is invalid.",
    ),
    "IncompleteBody": (400, "You did not provide the number of bytes specified by the Content-Length HTTP header."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The AWS access key Id you provided does not exist in our records."),
    "InvalidArgument": (400, "Invalid Argument"),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidBucketState": (409, "The request is not valid with the current state of the bucket."),
    "InvalidDigest": (400, "The Content-MD5 you specified is not valid."),
    "InvalidInput": (
        400,
        "The request was rejected because an invalid or out-of-range value was supplied for an input parameter.",
    ),
    "InvalidLocationConstraint": (400, "The specified location constraint is not valid."),
    "InvalidObjectState": (403, "The operation is not valid for the current state of the object."),
    "InvalidPart": (
        400,
        "One or more of the specified parts could not be found. The part might not have been uploaded, "
        "or the specified entity tag might not have matched the part's entity tag.",
    ),
    "InvalidPartNumber": (416, "The requested partnumber is not satisfiable."),
    "InvalidPartOrder": (
        400,
        "The list of parts was not in ascending order.Parts list must specified in order by part number.",
    ),
    "InvalidRange": (416, "The requested range cannot be satisfied."),
    "InvalidRedirectLocation": (
        400,
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    ),
    "InvalidRequest": (400, "SOAP requests must be made over an HTTPS connection."),
    "InvalidStorageClass": (400, "The storage class you specified is not valid."),
    "InvalidTag": (400, "The Tag you have provided is invalid"),
    "InvalidToken": (400, "The provided token is malformed or otherwise invalid."),
    "InvalidURI": (400, "Couldn't parse the specified URI."),
    "KeyTooLong": (400, "Your key is too long."),
    "LocationNotFound": (424, "The object data location does not exist."),
    "MalformedACLError": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema.",
    ),
    "MalformedPOSTRequest": (400, "The body of your POST request is not well-formed multipart/form-data."),
    "MalformedPolicy": (400, "This policy contains invalid Json"),
    "MalformedXML": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema.",
    ),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size."),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
    "MissingRequestBodyError": (400, "Request body is empty"),
    "MissingRequiredParameter": (400, "Your request is missing a required parameter."),
    "MissingSecurityHeader": (400, "Your request is missing a required header."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchBucketPolicy": (404, "The specified bucket does not have a bucket policy."),
    "NoSuchCORSConfiguration": (404, "The CORS configuration does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchLifecycleConfiguration": (404, "The lifecycle configuration does not exist."),
    "NoSuchObjectLockConfiguration": (404, "The specified object does not have a ObjectLock configuration."),
    "NoSuchQuota": (404, "The specified resource does not have a quota."),
    "NoSuchTagSet": (404, "The TagSet does not exist"),
    "NoSuchUpload": (
        404,
        "The specified multipart upload does not exist. The upload ID might be invalid, or the "
        "multipart upload might have been aborted or completed.",
    ),
    "NoSuchVersion": (
        404,
        "Indicates that the version ID specified in the request does not match an existing version.",
    ),
    "NoSuchWebsiteConfiguration": (404, "The specified bucket does not have a website configuration"),
    "NotImplemented": (501, "A header you provided implies functionality that is not implemented."),
    "NotModified": (304, "Not Modified."),
    "ObjNotFound": (404, "This object does not exist"),
    "ObjectLockConfigurationNotFoundError": (404, "The object lock configuration was not found"),
    "OperationAborted": (
        409,
        "A conflicting conditional operation is currently in progress against this resource. Try again.",
    ),
    "PreconditionFailed": (412, "At least one of the preconditions you specified did not hold."),
    "QuotaExceeded": (429, "The quota set for the resource is exceeded."),
    "ReplicationConfigurationNotFoundError": (404, "The replication configuration was not found"),
    "RequestTimeTooSkewed": (403, "The difference between the request time and the server's time is too large."),
    "RestoreAlreadyInProgress": (409, "Object restore is already in progress."),
    "ServerSideEncryptionConfigurationNotFoundError": (404, "The server side encryption configuration was not found"),
    "ServiceUnavailable": (503, "The request has failed due to a temporary failure of the server."),
    "SignatureDoesNotMatch": (403, "The request signature we calculated does not match the signature you provided."),
    "TooManyParts": (400, "You have attempted to upload more parts than allowed."),
    "UnresolvableGrantByEmailAddress": (400, "The email address you provided does not match any account on record."),
    "ValidationError": (400, "The specified value is invalid."),
}


class S3Error(Exception):
    """An error of the catalogue.

    Args:
        code: a code of :data:`CATALOGUE`; KeyError for any other.
        message: replaces the default message, character for character.
        headers: extra response headers (``x-amz-delete-marker`` and the like).
        arguments: pairs shown as ``ArgumentName1``/``ArgumentValue1`` in the XML form.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        headers: list[tuple[str, str]] | None = None,
        arguments: list[tuple[str, str]] | None = None,
    ) -> None:
        self.code = code
        self.status, default = CATALOGUE[code]
        self.message = default if message is None else message
        self.headers = headers or []
        self.arguments = arguments or []
        super().__init__(f"{code}: {self.message}")

    def to_xml(self, request_id: str) -> bytes:
        """The body of S3 routes. Messages are not escaped, ``Resource`` is empty: as the real one answers."""
        pairs = "".join(
            f"<ArgumentName{n}>{name}</ArgumentName{n}><ArgumentValue{n}>{value}</ArgumentValue{n}>"
            for n, (name, value) in enumerate(self.arguments, start=1)
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{self.code}</Code><Message>{self.message}</Message>'
            f"{pairs}<Resource></Resource><RequestId>{request_id}</RequestId></Error>"
        ).encode()

    def to_json(self, request_id: str) -> bytes:
        """The body of internal routes."""
        document = {"code": self.code, "message": self.message, "resource": None, "requestId": request_id}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


class ConfigurationError(Exception):
    """A configuration that CloudServer refuses; the text is CloudServer's own where it has one."""
