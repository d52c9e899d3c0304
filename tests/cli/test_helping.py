"""`ganterm help`, and what README and its topics promise of the command line."""

from __future__ import annotations

import re
import shlex
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import typer

from ganterm import recipes
from ganterm.cli.app import app
from ganterm.cli.helping import TOPICS, complete_topics, page
from ganterm.config import resolve
from ganterm.core.errors import ExitCode
from tests.cli.invoke import invoke
from tests.cli.pty_session import ForkedSession

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {"README": README, **{topic: page(topic) for topic in TOPICS}}


def test_the_topics_are_listed_with_what_they_are_about() -> None:
    """Every page there is has a line in the list and in README's table, titles and all."""
    outcome = invoke("help")
    files = (resources.files("ganterm.cli") / "topics").iterdir()
    assert sorted(file.name for file in files) == sorted(f"{topic}.md" for topic in TOPICS)
    for topic, line in zip(TOPICS, outcome.text.splitlines()[1:], strict=True):
        title = page(topic).splitlines()[0]
        assert title.startswith("# ")
        assert line.split(maxsplit=1) == [topic, title[2:]]
        assert f"| [{topic}](ganterm/cli/topics/{topic}.md) |" in README


@pytest.mark.parametrize("topic", TOPICS)
def test_through_a_pipe_a_topic_is_its_markdown(topic: str) -> None:
    """What a reader or a script gets is the very page."""
    assert invoke("help", topic).text == page(topic)


def test_on_a_terminal_a_topic_is_laid_out() -> None:
    """Within its columns, with tables and without marks of Markdown."""
    session = ForkedSession(["help", "export"], columns=70, rows=40)
    assert session.wait() == 0
    words = " ".join(session.text.split())
    assert "writes what other programs can use" in words
    assert "def load_generator(path):" in words
    assert "```" not in session.text
    assert "|---" not in session.text


def test_what_is_no_topic_is_a_command_or_refused() -> None:
    """A command's name shows its options; a slip of the fingers, the nearest topic."""
    assert "--seed" in invoke("help", "sample").text
    for typed, words in (("expot", "did you mean export?"), ("zzz", "topics are app, recipes,")):
        outcome = invoke("help", typed)
        assert outcome.code == ExitCode.USAGE
        assert words in outcome.said


def test_topics_are_completed() -> None:
    """A shell is offered those that begin so."""
    assert complete_topics("d") == ["doctor", "data"]


def commands_in(text: str) -> list[list[str]]:
    """Return what follows `ganterm` on every line of the blocks of shell, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = (line for block in blocks for line in block.splitlines())
    found = (shlex.split(line, comments=True) for line in lines if line.startswith("ganterm "))
    return [words[1:] for words in found]


@pytest.mark.parametrize(("name", "text"), PAGES.items(), ids=PAGES)
def test_commands_that_are_shown_exist(name: str, text: str) -> None:
    """Each names a command and options that it has."""
    found = commands_in(text)
    assert found or name in {"app", "recipes", "doctor", "data", "runs", "python"}
    for arguments in found:
        command: Any = typer.main.get_command(app)
        context: Any = typer.Context(command, info_name="ganterm")
        rest = arguments
        while rest and (
            inner := getattr(command, "get_command", lambda *_: None)(context, rest[0])
        ):
            command, rest = inner, rest[1:]
            context = typer.Context(command, info_name=command.name, parent=context)
        assert context.parent is not None, arguments
        command.make_parser(context).parse_args(list(rest))


def test_readme_is_short_and_shows_what_there_is() -> None:
    """Its pictures and links lead to files, and the two commands stand where tools look."""
    assert len(README.encode()) < 11_500
    places = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert len(re.findall(r"!\[[^\]]*\]\(assets/", README)) == 7
    for mark, last in (("main job", "ganterm train"), ("tests", "pytest -n 2")):
        block = re.search(rf"^<!-- the {mark} -->\n```sh\n(.*)\n```$", README, re.MULTILINE)
        assert block is not None
        assert block[1].endswith(last)


@pytest.mark.parametrize("name", ["README", "runs"])
def test_every_exit_code_is_told(name: str) -> None:
    """The table's codes are those of the program."""
    _, _, table = PAGES[name].partition("| exit code |")
    codes = re.findall(r"^\| ([0-9, ]+) \|", table, re.MULTILINE)
    listed = [int(code) for row in codes for code in row.split(",")]
    assert listed == [code.value for code in ExitCode]


def test_every_recipe_is_described() -> None:
    """`help recipes` has a row that names each that is built in, and which is the default."""
    text = page("recipes")
    assert f"| `{resolve({}).config.recipe}` | the default:" in text
    assert [name for name in recipes.built_in() if f"`{name}`" not in text] == []
