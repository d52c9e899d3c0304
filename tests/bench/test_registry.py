import dataclasses
import importlib
import subprocess
import sys

import pytest

from ganterm.bench.registry import MEASUREMENTS, choose
from ganterm.bench.settings import Settings
from ganterm.errors import ConfigError
from tests.bench.helpers import RECIPE, Listener


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_has_its_function(name: str) -> None:
    """Each name of the registry leads to a module with a `measure`."""
    assert callable(importlib.import_module(MEASUREMENTS[name].module).measure)


@pytest.mark.parametrize("name", [name for name in MEASUREMENTS if name != "quality"])
def test_nothing_speaks_against_the_settings_as_they_come(name: str, settings: Settings) -> None:
    """What each checks beforehand passes on the recipes that are measured by default."""
    MEASUREMENTS[name].check(dataclasses.replace(settings, recipes=Settings.recipes))


def test_choosing_keeps_the_order_and_takes_each_once() -> None:
    """Names come in the registry's order whatever was typed."""
    assert [m.name for m in choose(["startup", "journal", "startup"])] == ["journal", "startup"]


def test_what_takes_long_is_asked_for() -> None:
    """No name leaves out what takes many minutes, and `all` brings it too."""
    everything = list(MEASUREMENTS)
    assert [m.name for m in choose(["all"])] == [m.name for m in choose(["all", "journal"])]
    assert [m.name for m in choose(["all"])] == everything
    long = {"quality", "dataset"}
    assert [m.name for m in choose([])] == [name for name in everything if name not in long]


def test_an_unknown_name_is_refused_with_a_near_one() -> None:
    """A slip of the key names the measurement that was meant, anything else names them all."""
    with pytest.raises(ConfigError, match="did you mean throughput"):
        choose(["troughput"])
    with pytest.raises(ConfigError, match="there are throughput, techniques"):
        choose(["zzz"])


def test_progress_says_which_measurement_it_is_about(settings: Settings) -> None:
    """Two measurements that time the steps of one recipe do not share one line of progress."""
    listener = Listener()
    MEASUREMENTS["journal"].run(settings, listener)
    assert listener.told
    assert all(what.startswith("journal: ") for what, *_ in listener.told)
    assert f"journal: steps of {RECIPE}" in {what for what, *_ in listener.told}


def test_naming_the_measurements_imports_no_pytorch() -> None:
    """The help and a slip of the key are answered without the seconds that PyTorch takes."""
    code = (
        "import sys, ganterm.bench.registry, ganterm.bench.suite, ganterm.bench.page; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
