import platform
import re

from ganterm.benchmarks.result import ResultColumn, ResultTable, Spread
from ganterm.benchmarks.suite import KEPT_BELOW, Report, describe_machine, facts, markdown, versions

RESULT = ResultTable(
    "Speed",
    "Measured with care.",
    [ResultColumn("name", "NAME"), ResultColumn("cost", "COST", "ms")],
    [("a|b", Spread(0.002, 0.001, 0.003)), ("c_d", None)],
    ["c_d: a *folder*\x1b[31m."],
)


def report(**machine: str | int | float | None) -> Report:
    return Report(
        "2030-01-02T03:04:05+00:00", {**describe_machine(), **machine}, versions(), {"x": RESULT}
    )


def test_the_page_has_machine_versions_date_and_every_figure() -> None:
    """Whoever reads a figure can see what it holds for and how to repeat it."""
    page = markdown(report(processor="Fast CPU", cores=2, load=0.25))
    for words in (
        "2030-01-02",
        "Fast CPU",
        "2 cores",
        "0.25",
        "torch",
        "python",
        "`ganterm bench x`",
    ):
        assert words in page
    assert "## Speed\n" in page
    assert "| a\\|b | 2.00 ms (1.00 to 3.00) |" in page
    assert "| c\\_d | - |" in page


def test_a_page_without_a_gpu_says_what_was_not_measured() -> None:
    """Nobody takes a processor's figures for what a GPU would do."""
    words = "no CUDA GPU"
    assert words in markdown(report(gpu=None))
    assert words not in markdown(report(gpu="Fast GPU"))


def test_every_table_is_a_table() -> None:
    """Each row has the cells of its heading, whatever the names hold."""
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", markdown(report(processor="a|b")), re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1


def test_foreign_words_can_neither_colour_nor_format() -> None:
    """Control characters and Markdown's own marks in names do nothing."""
    page = markdown(report())
    assert "\x1b" not in page
    assert "\\*folder\\*" in page


def test_the_page_names_neither_host_nor_path() -> None:
    """The page can be published as it is."""
    found = report()
    assert "host" not in " ".join(label.lower() for label, _ in facts(found))
    # A host that is called like a word of the page proves nothing.
    if len(platform.node()) > 6:
        assert platform.node() not in markdown(found)
    assert not re.search(r"(?<![\w<])/\w+/\w+", markdown(found))


def test_what_stands_below_the_mark_is_kept() -> None:
    """Measuring again renews the tables and leaves a person's own notes alone, word for word."""
    notes = f"\n{KEPT_BELOW}\n\n## By hand\n\nFigures of another day.\n"
    page = markdown(report(), "# Old tables\n" + notes)
    assert page == markdown(report()) + notes
    assert markdown(report(), page) == page
    assert markdown(report(), "# No mark\n") == markdown(report())
