"""``docs/reference`` is made from the code, and leaves nothing out."""

from __future__ import annotations

import inspect

import click
import pytest

from fake_cloudserver.__main__ import main as fake_main
from harness.cli import main as harness_main
from harness.engine.api.application import Api
from support.reference import FOLDER, api_routes, pages

HOW = "write it anew: cd tests && python -m support.reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_is_what_the_code_gives(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name], HOW


def test_there_is_no_other_page() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(pages()), HOW


def options(command: click.Command) -> list[click.Option]:
    found = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += options(inner)
    return found


def test_every_option_says_what_it_is_for() -> None:
    everything = [*options(harness_main), *options(fake_main)]
    assert len(everything) > 50
    assert [option.opts for option in everything if not option.help] == []


def test_every_route_of_the_engines_api_is_shown() -> None:
    source = inspect.getsource(Api.__init__)
    handled = {line.strip().split('"')[1] for line in source.splitlines() if line.strip().startswith('"')}
    assert "healthcheck" in handled
    assert handled <= api_routes() | {"list_no_failed"}  # the last is what one_failed is without a version
