"""Finding and reading configuration files."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_cloudserver.errors import ConfigurationError
from fake_cloudserver.settings.files import append_replication_endpoints, find, read_named


def refusal(environ: dict[str, str], variable: str, folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_named(environ, variable, folder)
    return str(caught.value)


def test_a_relative_name_is_looked_for_in_conf_first(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "a.json").write_text('"root"')
    assert find("a.json", "S3_CONFIG_FILE", tmp_path) == tmp_path / "a.json"
    (tmp_path / "conf" / "a.json").write_text('"conf"')
    assert find("a.json", "S3_CONFIG_FILE", tmp_path) == tmp_path / "conf" / "a.json"
    assert read_named({"S3_CONFIG_FILE": "a.json"}, "S3_CONFIG_FILE", tmp_path) == "conf"


def test_an_absolute_name_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "a.json").write_text('{"a": 1}')
    (tmp_path / "conf" / "a.json").write_text("{}")
    name = str(tmp_path / "a.json")
    assert read_named({"S3_LOCATION_FILE": name}, "S3_LOCATION_FILE", tmp_path) == {"a": 1}


@pytest.mark.parametrize("environ", [{}, {"S3_CONFIG_FILE": ""}, {"S3_LOCATION_FILE": "x"}])
def test_nothing_is_read_when_none_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    assert read_named(environ, "S3_CONFIG_FILE", tmp_path) is None


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    assert refusal({"S3AUTH_CONFIG": "gone.json"}, "S3AUTH_CONFIG", tmp_path) == (
        'Unable to find the configuration file "gone.json" (named by S3AUTH_CONFIG) under the paths: '
        f'["{tmp_path}/conf", "{tmp_path}"]'
    )


@pytest.mark.parametrize(
    ("variable", "kind"),
    [
        ("S3_CONFIG_FILE", "config"),
        ("S3_LOCATION_FILE", "location config"),
        ("S3AUTH_CONFIG", "auth config"),
        ("S3_REPLICATION_FILE", "replication"),
    ],
)
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{\n  "a": 1,\n  oops\n}', "line 3, column 3: Expecting property name enclosed in double quotes"),
        (b"", "line 1, column 1: Expecting value"),
        (b"{} {}", "line 1, column 4: Extra data"),
        (b'{"a": NaN}', "NaN is not JSON; a number must be finite"),
        (b'{"a": -Infinity}', "-Infinity is not JSON; a number must be finite"),
        (b'{"a": "\xff"}', "not UTF-8 text at byte 7"),
        (b"null", "must hold a JSON object, not null"),
    ],
)
def test_what_is_not_json(variable: str, kind: str, content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert refusal({variable: str(path)}, variable, tmp_path) == (
        f"could not parse {kind} file: {path} (named by {variable}): {problem}"
    )


def test_an_absolute_name_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gone.json"
    assert refusal({"S3_CONFIG_FILE": str(path)}, "S3_CONFIG_FILE", tmp_path) == (
        f"could not parse config file: {path} (named by S3_CONFIG_FILE): No such file or directory"
    )


def test_extra_replication_endpoints_go_behind_the_others(tmp_path: Path) -> None:
    (tmp_path / "extra.json").write_text('[{"site": "c"}, 1]')
    config = {"replicationEndpoints": [{"site": "a"}], "port": 1}
    environ = {"S3_REPLICATION_FILE": "extra.json"}
    assert append_replication_endpoints(config, environ, tmp_path) == {
        "replicationEndpoints": [{"site": "a"}, {"site": "c"}, 1],
        "port": 1,
    }
    assert config == {"replicationEndpoints": [{"site": "a"}], "port": 1}


def test_no_extra_replication_endpoints(tmp_path: Path) -> None:
    config = {"port": 1}
    assert append_replication_endpoints(config, {}, tmp_path) is config


def test_the_extra_file_must_be_an_array(tmp_path: Path) -> None:
    (tmp_path / "extra.json").write_text('{"site": "c"}')
    with pytest.raises(ConfigurationError, match=r"^could not parse replication file: .* must hold a JSON array"):
        append_replication_endpoints({"replicationEndpoints": []}, {"S3_REPLICATION_FILE": "extra.json"}, tmp_path)


@pytest.mark.parametrize("config", [{}, {"replicationEndpoints": {}}, []])
def test_the_main_config_must_have_an_array_already(config: object, tmp_path: Path) -> None:
    (tmp_path / "extra.json").write_text("[]")
    with pytest.raises(ConfigurationError, match="the main config must have a `replicationEndpoints` array"):
        append_replication_endpoints(config, {"S3_REPLICATION_FILE": "extra.json"}, tmp_path)
