"""``docs/s3-operations.md`` shows what the fake answers to every operation of botocore's S3 model."""

from __future__ import annotations

from support.s3_operations import DOCUMENT, INTRODUCTION, Walk

HOW = "write it anew: cd tests && python -m support.s3_operations"


def test_the_table_is_what_the_fake_answers() -> None:
    text = DOCUMENT.read_text()
    assert text.startswith(INTRODUCTION), HOW
    shown = {line.split(" | ")[0]: line for line in text.removeprefix(INTRODUCTION).splitlines()}
    walk = Walk()
    for name in walk.operations():  # an older model may lack what the document shows
        assert shown.get(f"| {name}") == str(walk.row(name)), HOW
    assert len(shown) == len(text.removeprefix(INTRODUCTION).splitlines())


def test_what_works_and_what_does_not() -> None:
    """The three ways in which CloudServer answers what it has not got are the only ones."""
    for line in DOCUMENT.read_text().removeprefix(INTRODUCTION).splitlines():
        _, operation, _, verdict, answer, _ = (cell.strip() for cell in line.split("|"))
        if verdict == "works":
            assert answer in {"200", "204"} or operation == "RestoreObject"
        elif verdict == "not implemented":
            assert answer == "501 `NotImplemented`"
        else:
            assert verdict == "refused" or verdict.startswith("taken for `")


#: Arsenal lib/s3routes/routes/route*.ts: the queries that mean an operation of their own, by method and level.
SUB_RESOURCES = {
    ("GET", "bucket"): "acl replication cors versioning website tagging lifecycle uploads location policy object-lock "
    "notification encryption search quota versions list-type",
    ("PUT", "bucket"): "acl versioning website tagging cors replication lifecycle policy object-lock notification "
    "encryption quota",
    ("DELETE", "bucket"): "website cors replication lifecycle policy encryption tagging quota",
    ("POST", "bucket"): "delete",
    ("GET", "object"): "acl legal-hold tagging uploadId retention",
    ("PUT", "object"): "partNumber acl legal-hold tagging retention",
    ("DELETE", "object"): "uploadId tagging",
    ("POST", "object"): "uploads uploadId delete restore",
}
#: Arsenal lib/s3routes/routesUtils.ts (unsupportedQueries)
UNSUPPORTED = "accelerate analytics inventory logging metrics policyStatus publicAccessBlock requestPayment torrent"
#: For whom the model's paths are not what CloudServer is asked: another service, no bucket.
REFUSED = {"ListDirectoryBuckets": "InvalidArgument", "WriteGetObjectResponse": "InvalidBucketName"}


def expected_verdict(method: str, target: str) -> str:
    """What CloudServer's tables make of a request, without a look at the fake."""
    path, _, query = target.partition("?")
    level = "object" if "{Key}" in path else "bucket"
    name = query.partition("&")[0].partition("=")[0]
    if name in UNSUPPORTED.split():
        return "not implemented"
    if not name or name in SUB_RESOURCES[method, level].split():
        return "works"
    return "not implemented" if method == "POST" else f"taken for `{level}{method.capitalize()}`"


def test_the_verdicts_are_those_of_cloudservers_tables() -> None:
    for line in DOCUMENT.read_text().removeprefix(INTRODUCTION).splitlines():
        _, operation, request, verdict, answer, _ = (cell.strip() for cell in line.split("|"))
        if operation in REFUSED:
            assert (verdict, answer) == ("refused", f"400 `{REFUSED[operation]}`")
            continue
        method, target = request.strip("`").split(" ")
        assert (operation, verdict) == (operation, "works" if method == "HEAD" else expected_verdict(method, target))
        # what a bucket that is not empty, and a body that is none of CreateBucket's, lead to
        wrong = {"taken for `bucketDelete`": "409 `BucketNotEmpty`", "taken for `bucketPut`": "400 `MalformedXML`"}
        assert answer == wrong.get(verdict, answer)
