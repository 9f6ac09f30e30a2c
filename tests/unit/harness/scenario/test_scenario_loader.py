"""Scenario files: what they become, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import ScenarioError
from harness.scenario.loader import find_files, load_file, load_files, load_text
from harness.scenario.model import BucketSpec, Destination, Eventually, Holds, Needs, Place

_GOOD = """\
scenario: an object replicates
about: guards something
tags: [replication, smoke]
since: "8.8"
dialects: [design, release]
buckets:
  src: {versioning: Enabled, replicates_to: aws}
  plain@aws: {}
with:
  - {size: 0B, name: a}
  - {size: 42B, name: b}
steps:
  - put_object: {Bucket: src, Key: $name, Body: {size: $size}}
    as: lisa
    save: {etag: ETag, version: VersionId}
  - head_object: {Bucket: src, Key: $name}
    eventually: {within: 10s, every: 50ms, unless: {ReplicationStatus: FAILED}}
    expect: {ReplicationStatus: COMPLETED}
  - head_object: {Bucket: aws, Key: $src/$name}
    at: aws
    holds: 1s
    expect: {ETag: $etag, Metadata.scal-version-id: $version}
  - get_object: {Bucket: src, Key: other}
    error: NoSuchKey
  - settle
  - kafka: backbeat-replication
finally:
  - delete_object: {Bucket: src, Key: x}
"""


def test_a_whole_scenario() -> None:
    scenario = load_text(_GOOD, "s.yaml")
    assert scenario.title == "an object replicates"
    assert scenario.place == Place("s.yaml", 1)
    assert (scenario.about, scenario.tags, scenario.since) == ("guards something", ("replication", "smoke"), "8.8")
    assert scenario.needs == Needs()
    assert scenario.buckets == (
        BucketSpec("src", Place("s.yaml", 7), versioning="Enabled", replicates_to=(Destination("aws"),)),
        BucketSpec("plain", Place("s.yaml", 8), site="aws"),
    )
    put, head, at_aws, get, settle, kafka = scenario.steps
    assert put.arguments == {"Bucket": "src", "Key": "$name", "Body": {"size": "$size"}}
    assert (put.account, put.save, put.place.line) == ("lisa", {"etag": "ETag", "version": "VersionId"}, 13)
    assert head.wait == Eventually("10s", "50ms", {"ReplicationStatus": "FAILED"})
    assert head.expect == {"ReplicationStatus": "COMPLETED"}
    assert (at_aws.at, at_aws.wait) == ("aws", Holds("1s", "100ms"))
    assert get.error == {"Code": "NoSuchKey"}
    assert (settle.verb, settle.arguments) == ("settle", {})
    assert kafka.arguments == {"topic": "backbeat-replication"}
    assert [step.verb for step in scenario.final_steps] == ["delete_object"]
    assert [run.title for run in scenario.runs()] == [
        "an object replicates [design, size=0B, name=a]",
        "an object replicates [design, size=42B, name=b]",
        "an object replicates [release, size=0B, name=a]",
        "an object replicates [release, size=42B, name=b]",
    ]


def _steps(text: str, *, buckets: str = "{src: {versioning: Enabled}}", head: str = "") -> str:
    indented = "".join(f"  {line}\n" for line in text.splitlines())
    return f"scenario: s\nbuckets: {buckets}\n{head}steps:\n{indented}"


def _wrong(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_text(text, "w.yaml")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("steps", "line", "words"),
    [
        # verbs
        ("- put_objet: {Bucket: src}", 4, "unknown verb 'put_objet'; did you mean put_object?"),
        ("- setle", 4, "a step is a mapping such as put_object: {…}, not 'setle'"),
        ("- {}", 4, "a step needs a verb"),
        ("- expect: {a: 1}", 4, "a step needs a verb"),
        ("- [settle]", 4, "a step is a mapping"),
        ("- settle:\n  kafka: t", 5, "a step has one verb; here are settle and kafka"),
        ("- settle:\n  evntually: 10s", 5, "unknown verb 'evntually'; did you mean eventually?"),
        ("- select_object_content: {}", 4, "unknown verb 'select_object_content'"),
        # arguments
        ("- put_object: {Bucket: src, Kye: k}", 4, "unknown member of put_object 'Kye'; did you mean Key?"),
        ("- put_object: {Bucket: src}", 4, "put_object needs Key"),
        ("- put_object: 5", 4, "put_object is a mapping, not 5"),
        ("- put_object: {Bucket: src, Key: 1}", 4, "put_object.Key is a text, not 1; write '1'"),
        ("- put_object: {Bucket: src, Key: true}", 4, "put_object.Key is a text, not true"),
        ("- put_object: {Bucket: src, Key: k, Body: 1}", 4, "put_object.Body is a text, {size: 5MiB} or {base64: …}"),
        ("- put_object: {Bucket: src, Key: k, Body: {size: 5TB}}", 4, "'5TB' is no size"),
        ("- put_object: {Bucket: src, Key: k, Body: {sise: 5}}", 4, "write {size: 5MiB}"),
        ("- put_object: {Bucket: src, Key: k, Body: {base64: '%'}}", 4, "put_object.Body"),
        ("- put_object: {Bucket: src, Key: k, Metadata: [a]}", 4, "put_object.Metadata is a mapping, not a list"),
        ("- put_object: {Bucket: src, Key: k, Metadata: {a: 1}}", 4, "put_object.Metadata.a is a text, not 1"),
        (
            "- put_object: {Bucket: src, Key: k, ACL: publik-read}",
            4,
            "unknown value of put_object.ACL 'publik-read'; did you mean public-read?",
        ),
        ("- list_objects_v2: {Bucket: src, MaxKeys: many}", 4, "list_objects_v2.MaxKeys is a whole number, not 'many'"),
        ("- list_objects_v2: {Bucket: src, MaxKeys: 1.5}", 4, "list_objects_v2.MaxKeys is a whole number, not 1.5"),
        ("- list_objects_v2: {Bucket: src, FetchOwner: 'yes'}", 4, "list_objects_v2.FetchOwner is true or false"),
        (
            "- delete_objects: {Bucket: src, Delete: {Objects: {Key: a}}}",
            4,
            "delete_objects.Delete.Objects is a list, not a mapping",
        ),
        (
            "- delete_objects:\n    Bucket: src\n    Delete:\n      Objects:\n        - {Key: a}\n        - {Kee: b}",
            9,
            "unknown member of delete_objects.Delete.Objects[1] 'Kee'; did you mean Key?",
        ),
        ("- stop: aw", 4, "unknown part 'aw'; did you mean aws?"),
        ("- stop:", 4, "stop is a text, not nothing"),
        ("- settle: 10", 4, "settle is a duration such as 10s or 250ms, not 10"),
        ("- settle: {wihin: 1s}", 4, "did you mean within?"),
        ("- kafka: {}", 4, "kafka needs topic"),
        ("- http: {path: /, sign: maybe}", 4, "http.sign is true or false or wrong, not 'maybe'"),
        ("- http: {path: /, query: [a]}", 4, "http.query is a mapping, not a list"),
        # modifiers
        ("- get_object: {Bucket: src, Key: k}\n  at: moon", 5, "unknown site 'moon'; allowed: aws, cloudserver"),
        ("- get_object: {Bucket: src, Key: k}\n  at: [aws]", 5, "unknown site"),
        ("- settle:\n  at: aws", 5, "settle is about the whole stack: it takes no `at`"),
        ("- settle:\n  as: bart", 5, "settle is about the whole stack: it takes no `as`"),
        ("- backbeat: {resource: metadata}\n  at: aws", 5, "backbeat cannot speak to aws: it is no CloudServer"),
        ("- get_object: {Bucket: src, Key: k}\n  as: brat", 5, "unknown account 'brat'; did you mean bart?"),
        ("- get_object: {Bucket: aws, Key: k}\n  at: aws\n  as: bart", 6, "AWS has one account"),
        ("- get_object: {Bucket: src, Key: k}\n  expect: [a]", 5, "expect is a mapping such as"),
        ("- get_object: {Bucket: src, Key: k}\n  expect: {}", 5, "expect is a mapping such as"),
        ("- get_object: {Bucket: src, Key: k}\n  expect: $src", 5, "expect is written here, not taken from a $name"),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {'ETag[': x}", 5, "'ETag[' is no JMESPath"),
        (
            "- head_object: {Bucket: src, Key: k}\n  expect: {ReplicatonStatus: x}",
            5,
            "unknown name 'ReplicatonStatus'; did you mean ReplicationStatus?",
        ),
        ("- list_object_versions: {Bucket: src}\n  expect: {'Versions[0].Siz': 1}", 5, "did you mean Size?"),
        ("- list_object_versions: {Bucket: src}\n  expect: {'Versions[].Siz': [1]}", 5, "did you mean Size?"),
        ("- kafka: t\n  expect: {'messages[0].valu': 1}", 5, "did you mean value?"),
        ("- settle\n- stop: aws\n  expect: {x: 1}", 6, "unknown name 'x'; none is allowed here"),
        (
            "- head_object: {Bucket: src, Key: k}\n  expect: {ETag: {one_off: [a]}}",
            5,
            "unknown operator 'one_off'; did you mean one_of?",
        ),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {ETag: {not: a, like: b}}", 5, "unknown operator 'like'"),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {ETag: {one_of: a}}", 5, "one_of is a list, not 'a'"),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {ETag: {absent: 1}}", 5, "absent is true or false, not 1"),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {ETag: {length: x}}", 5, "length is a whole number"),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {ETag: {gte: [1]}}", 5, "gte is a number or a text"),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {ETag: {matches: '('}}", 5, "'(' is no regular expression"),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {ETag: {matches: 5}}", 5, "matches is a regular expression"),
        ("- head_object: {Bucket: src, Key: k}\n  error: {Coed: x}", 5, "unknown name 'Coed'; did you mean Code?"),
        ("- head_object: {Bucket: src, Key: k}\n  error: 5", 5, "error is a mapping such as"),
        (
            "- head_object: {Bucket: src, Key: k}\n  error: x\n  expect: {ETag: a}",
            6,
            "a step that expects an error has no output to expect",
        ),
        ("- head_object: {Bucket: src, Key: k}\n  save: ETag", 5, "save is a mapping such as {version: VersionId}"),
        ("- head_object: {Bucket: src, Key: k}\n  save: {e: 1}", 5, "save.e is a path into the output, not 1"),
        ("- head_object: {Bucket: src, Key: k}\n  save: {e: ETagg}", 5, "did you mean ETag?"),
        ("- head_object: {Bucket: src, Key: k}\n  save: {src: ETag}", 5, "$src is taken"),
        ("- head_object: {Bucket: src, Key: k}\n  save: {role: ETag}", 5, "$role is taken"),
        ("- head_object: {Bucket: src, Key: k}\n  save: {e-tag: ETag}", 5, "'e-tag' is no name"),
        # waiting
        (
            "- head_object: {Bucket: src, Key: k}\n  expect: {ETag: a}\n  eventually: 10",
            6,
            "eventually is a duration such as 10s or 250ms, not 10",
        ),
        (
            "- head_object: {Bucket: src, Key: k}\n  expect: {ETag: a}\n  eventually: {within: 1s, unles: {}}",
            6,
            "unknown member of eventually 'unles'; did you mean unless?",
        ),
        (
            "- head_object: {Bucket: src, Key: k}\n  expect: {ETag: a}\n  eventually: {within: 1s, unless: {Etagg: 1}}",
            6,
            "did you mean ETag?",
        ),
        (
            "- head_object: {Bucket: src, Key: k}\n  expect: {ETag: a}\n  eventually: 1s\n  holds: 1s",
            7,
            "a step has `eventually` or `holds`, not both",
        ),
        ("- head_object: {Bucket: src, Key: k}\n  holds: 1s", 5, "nothing is waited for"),
        (
            "- put_object: {Bucket: src, Key: k}\n  expect: {ETag: a}\n  eventually: 1s",
            6,
            "put_object changes something: it is done once, not many times",
        ),
        # names
        ("- put_object: {Bucket: src, Key: $nmae}", 4, "$nmae is not set"),
        ("- put_object: {Bucket: src, Key: $srk}", 4, "$srk is not set; did you mean $src?"),
        ("- put_object: {Bucket: src, Key: k, Metadata: {$x: y}}", 4, "$x is not set"),
        ("- head_object: {Bucket: src, Key: $later}\n  save: {later: ETag}", 4, "$later is not set"),
        ("- head_object: {Bucket: src, Key: k}\n  expect: {ETag: [a, $x]}", 5, "$x is not set"),
    ],
)
def test_wrong_steps(steps: str, line: int, words: str) -> None:
    problems = _wrong(_steps(steps))
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"w.yaml:{line}: ")
    assert words in problems[0]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- a", 1, "a scenario is a mapping, not a list"),
        ("scenario: s", 1, "a scenario needs steps"),
        ("steps: [settle]", 1, "a scenario needs scenario"),
        ("scenario: s\nsteps: []", 2, "a scenario has at least one step"),
        ("scenario: s\nsteps: settle", 2, "steps is a list, not 'settle'"),
        ("scenario: s\nstep: [settle]\nsteps: [settle]", 2, "unknown member of a scenario 'step'; did you mean steps?"),
        ("scenario: 5\nsteps: [settle]", 1, "scenario is a text, not 5"),
        ("scenario: ' '\nsteps: [settle]", 1, "scenario is the title: one line of text"),
        ('scenario: "a\\nb"\nsteps: [settle]', 1, "scenario is the title: one line of text"),
        ("scenario: s\ntags: [Big]\nsteps: [settle]", 2, "the tag 'Big' is not lower-case"),
        ("scenario: s\ntags: smoke\nsteps: [settle]", 2, "tags is a list"),
        ("scenario: s\nsince: 9.2\nsteps: [settle]", 2, "since is a text, not 9.2; write '9.2'"),
        ("scenario: s\nsince: nine\nsteps: [settle]", 2, "since 'nine' is no version such as '9.2'"),
        ("scenario: s\ndialects: []\nsteps: [settle]", 2, "dialects names each dialect once"),
        ("scenario: s\ndialects: [design, design]\nsteps: [settle]", 2, "dialects names each dialect once"),
        ("scenario: s\ndialects: [desing]\nsteps: [settle]", 2, "did you mean design?"),
        ("scenario: s\nstack: {retri: {}}\nsteps: [settle]", 2, "did you mean retry?"),
        ("scenario: s\nstack: {retry: {maxRetries: x}}\nsteps: [settle]", 2, "is a whole number, not 'x'"),
        ("scenario: s\nsites: {b: mars}\nsteps: [settle]", 2, "unknown value of sites.b 'mars'"),
        ("scenario: s\nsites: {b: cloudserver}\nsteps: [settle]", 2, "the site b is used nowhere"),
        ("scenario: s\nsites: {aws: aws}\nsteps: [{head_bucket: {Bucket: x}, at: aws}]", 2, "aws is always there"),
        # rows
        ("scenario: s\nwith: 5\nsteps: [settle]", 2, "with is a list of rows, or a mapping"),
        ("scenario: s\nwith: {a: 5}\nsteps: [settle]", 2, "with is a list of rows, or a mapping"),
        ("scenario: s\nwith: []\nsteps: [settle]", 2, "with makes 0 runs"),
        ("scenario: s\nwith: {a: []}\nsteps: [settle]", 2, "with makes 0 runs"),
        ("scenario: s\nwith:\n  - {a: 1}\n  - 5\nsteps: [settle]", 4, "a row is a mapping of names to values, not 5"),
        ("scenario: s\nwith:\n  - {a: 1}\n  - {b: 1}\nsteps: [settle]", 4, "this one differs in a, b"),
        ("scenario: s\nwith: [{run: 1}]\nsteps: [settle]", 2, "$run is taken"),
        ("scenario: s\nwith: [{a: $nothing}]\nsteps: [settle]", 2, "$nothing is not set"),
        (
            f"scenario: s\nwith: {{a: {list(range(40))}, b: {list(range(40))}}}\nsteps: [settle]",
            2,
            "with makes more than 1000 runs",
        ),
        ("scenario: s\nsteps: [{stop: b-1}]", 2, "unknown part 'b-1'; allowed: aws, cloudserver, engine, kafka"),
        ("scenario: s\nsteps: [{kill: egnine}]", 2, "unknown part 'egnine'; did you mean engine?"),
        # buckets
        (
            "scenario: s\nsites: {b: cloudserver}\nsteps: [{list_buckets: {}, at: b}]\n"
            "buckets: {src: {versioning: Enabled, replicates_to: b}}",
            4,
            "src replicates to b: it needs a bucket there",
        ),
        ("scenario: s\nbuckets: [src]\nsteps: [settle]", 2, "buckets is a mapping, not a list"),
        ("scenario: s\nbuckets: {Src: {}}\nsteps: [settle]", 2, "the alias 'Src' is not up to 16"),
        ("scenario: s\nbuckets: {aws: {}}\nsteps: [settle]", 2, "the alias aws is taken"),
        ("scenario: s\nbuckets: {src@mars: {}}\nsteps: [settle]", 2, "unknown site 'mars'"),
        ("scenario: s\nbuckets: {src: 5}\nsteps: [settle]", 2, "bucket src is a mapping, not 5"),
        ("scenario: s\nbuckets: {src: {versioning: On}}\nsteps: [settle]", 2, "allowed: Enabled, Suspended"),
        ("scenario: s\nbuckets: {src: {versionin: Enabled}}\nsteps: [settle]", 2, "did you mean versioning?"),
        ("scenario: s\nbuckets: {src: {replicates_to: aws}}\nsteps: [settle]", 2, "it needs versioning: Enabled"),
        (
            "scenario: s\nbuckets: {src: {versioning: Enabled, replicates_to: {site: aws, prefx: a}}}\nsteps: [settle]",
            2,
            "did you mean prefix?",
        ),
        (
            "scenario: s\nbuckets: {src: {versioning: Enabled, replicates_to: {prefix: a}}}\nsteps: [settle]",
            2,
            "replicates_to needs site",
        ),
        (
            "scenario: s\nbuckets: {src: {versioning: Enabled, replicates_to: $site}}\nsteps: [settle]",
            2,
            "replicates_to names a site, not a $name",
        ),
        (
            "scenario: s\nbuckets: {src@aws: {versioning: Enabled, replicates_to: aws}}\nsteps: [settle]",
            2,
            "only CloudServer's buckets replicate",
        ),
        ("scenario: s\nbuckets: {src: {}, src@aws: {}}\nsteps: [settle]", 2, "the alias src stands here twice"),
        (
            "scenario: s\nbuckets: {src: {versioning: Enabled, replicates_to: [{site: a, bucket: x}, "
            "{site: b, bucket: y}]}}\nsteps: [settle]",
            2,
            "replicates to more than one bucket",
        ),
    ],
)
def test_wrong_files(text: str, line: int, words: str) -> None:
    problems = _wrong(text)
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"w.yaml:{line}: ")
    assert words in problems[0]


def test_every_problem_has_its_line_in_the_order_of_the_file() -> None:
    problems = _wrong("scenario: s\ntgas: []\nsteps:\n  - put_objet: {}\n  - setle: {}\n  - stop: x\n")
    assert [problem.split(": ")[0] for problem in problems] == ["w.yaml:2", "w.yaml:4", "w.yaml:5", "w.yaml:6"]


def test_very_many_problems_are_counted() -> None:
    problems = _wrong("scenario: s\nsteps:\n" + "  - nothing: {}\n" * 50)
    assert len(problems) == 21
    assert problems[-1] == "and 30 more"


@pytest.mark.parametrize(
    "steps",
    [
        "- put_bucket_versioning: {Bucket: src, VersioningConfiguration: {Status: Sometimes}}\n  error: MalformedXML",
        "- put_object: {Bucket: src, Key: k, StorageClass: my-site}",
        "- create_bucket: {Bucket: b-$run, CreateBucketConfiguration: {LocationConstraint: my-location}}",
        "- copy_object: {Bucket: src, Key: k, CopySource: $src/a}",
        "- copy_object: {Bucket: src, Key: k, CopySource: {Bucket: src, Key: a}}",
        "- head_object: {Bucket: src, Key: k}\n  error: {HTTPStatusCode: {one_of: [404, 405]}}",
        "- head_object: {Bucket: src, Key: k}\n  error: {ResponseMetadata.HTTPHeaders.x-amz-delete-marker: 'true'}",
        "- head_object: {Bucket: src, Key: k}\n  expect: {Metadata: {a: b, size: c}}",
        "- head_object: {Bucket: src, Key: k}\n  expect: {Metadata: {equals: {not: c}}}",
        "- head_object: {Bucket: src, Key: k}\n  expect: {Metadata.$site-replication-status: $dialect}",
        "- get_object: {Bucket: src, Key: k}\n  expect: {Body: x, BodySize: 1, BodySHA256: {same_as: {size: 1MiB}}}",
        "- get_object: {Bucket: src, Key: k, IfModifiedSince: 2026-01-01}\n  error: '304'",
        "- head_object: {Bucket: src, Key: k}\n  save: {v: Metadata.$site-version-id}\n- settle: $v",
        "- head_object: {Bucket: src, Key: k}\n  eventually: {within: 1s}\n  error: {HTTPStatusCode: 404}",
        "- put_object: {Bucket: src, Key: costs 5$ or $$run}",
        "- http: {path: /$src, sign: false, query: {replication: null}, headers: {x-a: 1}}",
        "- backbeat: {resource: metadata, bucket: src, key: k, json: {any: [thing]}}\n  as: anonymous",
        "- list_buckets: {}",
        "- list_buckets:",
        "- journal: src",
    ],
)
def test_right_steps(steps: str) -> None:
    assert load_text(_steps(steps)).steps


@pytest.mark.parametrize(
    ("head", "steps", "needs"),
    [
        ("", "- settle", Needs()),
        ("", "- stop: aws\n- start: aws", Needs(own=True)),
        ("", "- kill: engine", Needs(own=True)),
        ("", "- pause", Needs(own=True)),
        ("", "- engine: {do: kill, role: processor}", Needs(own=True, roles=True)),
        ("", "- advance: 1d", Needs(own=True, movable=True)),
        (
            "sites: {b: cloudserver}\n",
            "- stop: b\n- stop: b-2\n- start: b-1",
            Needs(own=True, sites={"b": "cloudserver"}),
        ),
        ("stack: {retry: {maxRetries: 1}}\n", "- settle", Needs(settings={"retry": {"maxRetries": 1}})),
        (
            "sites: {b: cloudserver}\n",
            "- head_bucket: {Bucket: x}\n  at: b",
            Needs(sites={"b": "cloudserver"}),
        ),
    ],
)
def test_needs(head: str, steps: str, needs: Needs) -> None:
    scenario = load_text(_steps(steps, head=head))
    assert scenario.needs == needs
    assert scenario.needs.shared == (not needs.own and not needs.settings)


def test_what_finally_needs_counts_too() -> None:
    assert load_text("scenario: s\nsteps: [settle]\nfinally: [{start: aws}]").needs.own


@pytest.mark.parametrize(
    ("replicates_to", "destinations"),
    [
        ("aws", [Destination("aws")]),
        ("[aws, other]", [Destination("aws"), Destination("other")]),
        ("{site: aws, prefix: a/}", [Destination("aws", "a/")]),
        ("[{site: aws, prefix: a/, bucket: b}, {site: x, prefix: b/, bucket: b}]",
         [Destination("aws", "a/", "b"), Destination("x", "b/", "b")]),
    ],
)  # fmt: skip
def test_destinations(replicates_to: str, destinations: list[Destination]) -> None:
    buckets = f"{{src: {{versioning: Enabled, replicates_to: {replicates_to}}}}}"
    assert list(load_text(_steps("- settle", buckets=buckets)).buckets[0].replicates_to) == destinations


def test_a_mapping_of_lists_makes_the_product() -> None:
    scenario = load_text("scenario: s\nwith: {a: [1, 2], b: [x, y]}\nsteps: [settle]")
    assert [run.row for run in scenario.runs()] == [
        {"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ("{case: the odd one, x: 1}", "s [the odd one]"),
        ("{x: {size: 5}}", 's [x={"size": 5}]'),
        (f"{{x: {'y' * 60}}}", f"s [x={'y' * 39}…]"),
        ("{x: $site}", "s [x=$site]"),
    ],
)
def test_titles_of_rows(row: str, title: str) -> None:
    assert load_text(f"scenario: s\nwith: [{row}]\nsteps: [settle]").runs()[0].title == title


def _write(path: Path, text: str = "scenario: s\nsteps: [settle]") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_files_and_folders(tmp_path: Path) -> None:
    b, a, c = (_write(tmp_path / name) for name in ("x/b.yaml", "x/a/a.yml", "c.yaml"))
    _write(tmp_path / "x/readme.md")
    assert find_files([c, tmp_path / "x", b]) == [c, a, b]
    assert [scenario.place.file for scenario in load_files([tmp_path])] == [str(path) for path in (c, a, b)]
    assert load_file(a).title == "s"


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there is no such file or folder"):
        find_files([tmp_path / "nothing"])
    with pytest.raises(ScenarioError, match="holds no scenario"):
        find_files([tmp_path])


def test_all_wrong_files_are_told_at_once(tmp_path: Path) -> None:
    _write(tmp_path / "a.yaml", "scenario: s")
    _write(tmp_path / "b.yaml", "{")
    _write(tmp_path / "c.yaml")
    with pytest.raises(ScenarioError) as caught:
        load_files([tmp_path])
    lines = str(caught.value).splitlines()
    assert [Path(line.split(":")[0]).name for line in lines] == ["a.yaml", "b.yaml"]


def test_the_scenarios_of_the_project_are_right() -> None:
    folder = Path(__file__).parents[4] / "scenarios"
    scenarios = load_files([folder])
    titles = [scenario.title for scenario in scenarios]
    assert len(scenarios) >= 12
    assert len(set(titles)) == len(titles)
    assert all(scenario.about and scenario.tags for scenario in scenarios)


def test_a_scenario_reads_no_other_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a scenario opened a file")

    load_text(_GOOD)  # botocore's model is loaded now
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert load_text(_GOOD).title
