"""The ``buckets`` of a scenario; no IO."""

from __future__ import annotations

import re
from typing import Any

from harness.scenario import shapes
from harness.scenario.checking import Checker
from harness.scenario.model import AWS, BUILT_IN_NAMES, CLOUDSERVER, BucketSpec, Destination
from harness.scenario.problems import Problems, unknown
from harness.scenario.values import has_names
from harness.scenario.yaml_tree import Node

#: ``$alias`` must be a name, and the alias a piece of a bucket's name.
_ALIAS = re.compile(r"[a-z][a-z0-9]{0,15}")

DESTINATION = shapes.Record(
    {
        "site": shapes.Text(about="a site of the stack, or a storage class"),
        "prefix": shapes.Text(about="only keys that begin with it"),
        "bucket": shapes.Text(about="the destination bucket, an alias or a name"),
    },
    frozenset({"site"}),
    shorthand="site",
)
BUCKET = shapes.Record(
    {
        "versioning": shapes.Text(("Enabled", "Suspended"), about="never configured unless given"),
        "replicates_to": shapes.Anything(about="a site, {site, prefix, bucket}, or a list of these"),
        "location": shapes.Text(about="LocationConstraint"),
    }
)


class BucketLoader:
    """Reads ``buckets``: ``alias`` or ``alias@site`` -> what the bucket is like."""

    def __init__(self, problems: Problems, sites: dict[str, str]) -> None:
        self._problems = problems
        self._sites = sites

    def load(self, node: Node | None) -> tuple[BucketSpec, ...]:
        """The buckets in the order of the file."""
        if node is None or not isinstance(node.value, dict):
            return ()
        found: dict[str, BucketSpec] = {}
        for name, item in node.value.items():
            spec = self._bucket(name, item, node)
            if spec.alias in found:
                self._problems.add(spec.place, f"the alias {spec.alias} stands here twice")
            found[spec.alias] = spec
        self._check_destinations(found)
        return tuple(found.values())

    def _bucket(self, name: str, node: Node, parent: Node) -> BucketSpec:
        place = parent.key_places[name]
        alias, _, site = name.partition("@")
        site = site or CLOUDSERVER
        if site not in self._sites:
            self._problems.add(place, unknown("site", site, self._sites))
        if not _ALIAS.fullmatch(alias):
            self._problems.add(place, f"the alias {alias!r} is not up to 16 lower-case letters and digits")
        if alias in BUILT_IN_NAMES:
            self._problems.add(place, f"the alias {alias} is taken: ${alias} is built in")
        read = Checker(self._problems, names_allowed=False).check(node, BUCKET, f"bucket {alias}")
        destinations = self._destinations(node.value.get("replicates_to") if isinstance(node.value, dict) else None)
        if destinations and self._sites.get(site) == AWS:
            self._problems.add(place, f"the bucket {alias} is on AWS: only CloudServer's buckets replicate")
        return BucketSpec(alias, place, site, read.get("versioning"), destinations, read.get("location"))

    def _destinations(self, node: Node | None) -> tuple[Destination, ...]:
        if node is None:
            return ()
        items = node.value if isinstance(node.value, tuple) else (node,)
        checker = Checker(self._problems)
        read: list[dict[str, Any]] = [checker.check(item, DESTINATION, "replicates_to") for item in items]
        for item in items:
            if has_names(item.value):
                self._problems.add(item.place, "replicates_to names a site, not a $name")
        return tuple(Destination(str(one.get("site")), one.get("prefix", ""), one.get("bucket")) for one in read)

    def _check_destinations(self, found: dict[str, BucketSpec]) -> None:
        """A rule needs versioning; one destination bucket serves all rules of a bucket."""
        for spec in found.values():
            if spec.replicates_to and spec.versioning != "Enabled":
                self._problems.add(spec.place, f"the bucket {spec.alias} replicates: it needs versioning: Enabled")
            for one in spec.replicates_to:
                if one.bucket is None and self._sites.get(one.site) == CLOUDSERVER:
                    self._problems.add(spec.place, f"{spec.alias} replicates to {one.site}: it needs a bucket there")
            if len({one.bucket for one in spec.replicates_to if one.bucket is not None}) > 1:
                self._problems.add(spec.place, f"the bucket {spec.alias} replicates to more than one bucket")
