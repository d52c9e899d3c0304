"""What a loop saved draws images outside of its script, whatever its networks are; or says why."""

from __future__ import annotations

import json
import linecache
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from ganterm.components.networks.outline import Outline, built
from ganterm.core.errors import ConfigError
from ganterm.inference.load import Trained, load_generator
from ganterm.ownloop import init
from ganterm.runs.checkpoints import read_header
from ganterm.runs.layout import RunDir
from tests.cli.invoke import invoke

META = torch.device("meta")
HEAD = """
import argparse
from argparse import Namespace
from typing import Optional
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import tanh
"""
PLAIN = "G = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh())"
DCGAN = '''
nz, ngf, device = 12, 4, torch.device("cpu")
opt = Namespace(nc=3, path=None)

def up(i, o):
    return nn.Sequential(nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o))

class Up(nn.Module):
    def __init__(self, i, o, act=F.relu):
        super().__init__()
        self.layers, self.act = up(i, o), act

    def forward(self, x: Optional[torch.Tensor]):
        return self.act(self.layers(x))

class Generator(nn.Module):
    """Begins with spectral normalisation of the old kind, and ends with the new."""

    def __init__(self, ngpu):
        super().__init__()
        self.ngpu, self.strange = ngpu, object()
        self.main = nn.Sequential(
            nn.utils.spectral_norm(nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0)), Up(ngf * 2, ngf)
        )
        last = nn.ConvTranspose2d(ngf, opt.nc, 4, 2, 1)
        self.last = nn.utils.parametrizations.spectral_norm(last)
        self.register_buffer("shift", torch.full((1,), 2.0), persistent=False)
        self.scale = torch.full((1,), 0.5)

    def forward(self, z):
        return tanh(self.last(self.main(z)) * self.shift * self.scale.to(device))

G = Generator(1)
for _ in range(3):
    G(torch.randn(4, nz, 1, 1))
'''
LABELS = """
class G2(nn.Module):
    def __init__(self):
        super().__init__()
        self.of_class = nn.Embedding(5, 7)
        self.rows = nn.ModuleList([nn.Linear(9 + 7, 4 * 6)])
        self.same = self.rows[0]

    def forward(self, z, labels):
        x = self.same(torch.cat([z, self.of_class(labels)], 1))
        return torch.sigmoid(x).view(-1, 1, 4, 6)

G = G2()
"""
FUTURE = """from __future__ import annotations
import torch.nn as nn

class Twin(nn.Linear):
    def twin(self, other: Twin) -> unknown.Thing:
        return other

G = nn.Sequential(Twin(16, 64), nn.Tanh())
"""
LOCAL = """
def make():
    class Inner(nn.Linear):
        pass
    return Inner(4, 64)
G = make()
"""
HIDDEN = """
table = torch.randn(4, 64)
class Uses(nn.Linear):
    def forward(self, z):
        return torch.tanh(z @ table)
G = Uses(4, 64)
"""

CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("plain", PLAIN, {}, "16 1x8x8 signed"),
    ("plain-config", PLAIN, {"image_size": "4x16"}, "16 1x4x16 signed"),
    ("dcgan", DCGAN, {}, "12 3x16x16 spatial signed"),
    ("labels", LABELS, {}, "9 1x4x6 of 5"),
    ("future", FUTURE, {}, "16 1x8x8 signed"),
    ("module", "from own_nets.small import Small\nG = Small(6)", {"nz": 6}, "6 1x4x4 signed"),
    ("wrapped", PLAIN + "\nG = nn.DataParallel(G)", {}, "16 1x8x8 signed"),
    ("half", PLAIN + "\nG.bfloat16()", {}, "16 1x8x8 signed"),
    ("local", LOCAL, {}, "why: Inner is defined inside of make"),
    ("hidden", HIDDEN, {}, "why: Uses does not work without the rest of the script (NameError"),
    ("points", "G = nn.Linear(3, 2)", {}, "why: it makes (4, 2), and (N, 1, 3 or 4, H, W)"),
    (
        "bright",
        "G = nn.Sequential(nn.Linear(3, 16), nn.Softplus(50))",
        {},
        "why: it makes values up to",
    ),
    ("text", "G = nn.Embedding(3, 16)", {}, "why: it takes z neither as"),
    ("none", "G = None", {}, "why: it saves no generator"),
]
"""Scripts that have a `G`, the settings they give, and what comes of it."""
BESIDE = {
    "own_nets/__init__.py": "",
    "own_nets/small.py": "from .layers import Layer\nclass Small(Layer):\n    side = 4\n",
    "own_nets/layers.py": """
from torch import nn
class Layer(nn.Module):
    side: int
    def __init__(self, z_dim):
        super().__init__()
        self.only = nn.Linear(z_dim, self.side ** 2)
    def forward(self, z):
        return self.only(z).tanh().view(-1, 1, self.side, self.side)
""",
}


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Run a text as the script that this process runs, and return its G."""

    def run(text: str) -> Any:
        torch.manual_seed(5)
        for name, inside in BESIDE.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(inside)
        monkeypatch.syspath_prepend(tmp_path)
        path = tmp_path / "train.py"
        path.write_text(text if text.startswith("from __future__") else HEAD + text)
        linecache.checkcache(str(path))
        main = ModuleType("__main__")
        main.__file__ = str(path)
        monkeypatch.setitem(sys.modules, "__main__", main)
        exec(compile(path.read_text(), str(path), "exec"), vars(main))  # noqa: S102
        return vars(main)["G"]

    yield run
    for name in [each for each in sys.modules if each.startswith("own_nets")]:
        del sys.modules[name]


def saved(tmp_path: Path, net: Any, config: dict[str, Any], *, ema: Any = None) -> Path:
    parts = {"other": torch.zeros(1)} | ({} if net is None else {"netG": net})
    with init("mine", config, runs_dir=tmp_path) as run:
        run.log({}, step=1)
        path = run.checkpoint(**parts, **({} if ema is None else {"ema": ema}))
    assert path is not None
    return path


def words_of(trained: Trained) -> str:
    generator, data = trained.generator, trained.data
    size = "x".join(map(str, (data.channels, *data.size)))
    told = [str(generator.z_dim), size]
    told += [word for word in ("spatial", "signed") if getattr(generator, word)]
    return " ".join(told + ([f"of {len(data.classes)}"] if data.classes else []))


@pytest.mark.parametrize(
    ("text", "config", "outcome"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_generator_is_built_again(  # noqa: PLR0917 - fixtures
    text: str,
    config: dict[str, Any],
    outcome: str,
    script: Callable[[str], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From its copy alone, with the very images; saving leaves it, and chance, as they were."""
    net = script(text)
    before = (
        torch.get_rng_state(),
        {} if net is None else {k: v.clone() for k, v in net.state_dict().items()},
    )
    path = saved(tmp_path, net, config)
    assert torch.equal(torch.get_rng_state(), before[0])
    for name in [each for each in sys.modules if each.startswith("own_nets")]:
        del sys.modules[name]
    for each in ("train.py", *BESIDE):
        (tmp_path / each).unlink()
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    if outcome.startswith("why: "):
        why = outcome.removeprefix("why: ")
        assert capsys.readouterr().err.count(why) == 1
        with pytest.raises(ConfigError, match="can draw images of this run") as refused:
            load_generator(path)
        assert why in str(refused.value)
        return
    assert net.training
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[1][key]), key
    trained = load_generator(path)
    assert words_of(trained) == outcome
    z = torch.randn(6, trained.generator.z_dim)
    labels = torch.arange(6) % len(trained.data.classes) if trained.data.classes else None
    net = net.float().eval()
    given = z[:, :, None, None] if "spatial" in outcome else z
    with torch.no_grad():
        wanted = net(given) if labels is None else net(given, labels)
        wanted = wanted if "signed" in outcome else wanted * 2 - 1
        made = trained.generator(z, labels)
    assert torch.allclose(made.flatten(), wanted.flatten(), atol=1e-5)


def test_a_generator_that_grows_is_told_anew(script: Callable[[str], Any], tmp_path: Path) -> None:
    """At each checkpoint, with its size of then."""
    net = script(
        "class Grows(nn.Sequential):\n"
        "    def forward(self, z):\n"
        "        return super().forward(z)[:, None]\n"
        "G = Grows(nn.Linear(4, 16), nn.Unflatten(1, (4, 4)), nn.Tanh())\n"
    )
    with init("mine", runs_dir=tmp_path) as run:
        small = run.checkpoint(generator=net)
        net.append(nn.Upsample(scale_factor=2))
        run.log({})
        large = run.checkpoint(generator=net)
    assert small is not None
    assert large is not None
    for path, wanted in ((small, "4 1x4x4 signed"), (large, "4 1x4x8 signed")):
        assert words_of(load_generator(path)) == wanted


def test_tensors_that_are_no_buffers_are_where_the_others_are() -> None:
    """On whatever device it is built."""
    net = nn.Linear(2, 2)
    net.scale = torch.ones(1)
    outline = Outline("g", net, "")
    again = built(outline.net, {**net.state_dict(), **outline.extra}.__getitem__, Path, META)
    assert again.scale.device == META


def test_averaged_weights_go_first(script: Callable[[str], Any], tmp_path: Path) -> None:
    """As of a run of ours; `--no-ema` takes the others."""
    net = script(PLAIN)
    ema = torch.optim.swa_utils.AveragedModel(net)
    with torch.no_grad():
        net[0].weight.zero_(), net[0].bias.zero_()
    path = saved(tmp_path, net, {}, ema=ema)
    z = torch.randn(2, 16)
    for which, live in (("ema", ema), ("generator", net)):
        trained = load_generator(path, ema=which == "ema")
        assert trained.weights == which
        assert torch.equal(trained.generator(z).flatten(1), live(z))


def test_what_it_is_judged_beside_is_asked_where_nobody_says(
    script: Callable[[str], Any], tmp_path: Path
) -> None:
    """In words; a dataset in the settings that is none here, or code, is nobody's word."""
    for dataset in ("mine", "data.py:load", "ring", None):
        path = saved(tmp_path / str(dataset).replace(":", ""), script(PLAIN), {"dataset": dataset})
        told = invoke("judge", path, "-n", "100")
        assert (told.code, "does not say what it trains on" in told.said) == (2, True), told
    path = saved(tmp_path / "named", script(PLAIN), {"dataset": "digits"})
    assert load_generator(path).config.dataset == "digits"


def test_code_of_others_is_not_run(
    script: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until somebody says to trust it; nor is any file that is not in the run."""
    path = saved(tmp_path, script(LABELS), {})
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    with pytest.raises(ConfigError, match="somebody else's code"):
        load_generator(path)
    assert invoke("info", tmp_path / "mine", "--trust").code == 0
    assert load_generator(path).generator.z_dim == 9
    manifest = RunDir(tmp_path / "mine").parts / "parts.json"
    told = json.loads(manifest.read_text())
    told["parts"][0]["original"] = "/elsewhere.py"
    manifest.write_text(json.dumps(told))
    with pytest.raises(ConfigError, match="not there; copy the whole run"):
        load_generator(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda net: {"same": 0},
        lambda net: {"module": {}},
        lambda net: {"float": "1"},
        lambda net: json.loads(json.dumps(net).replace("container.Sequential", "module.sys.exit")),
        lambda net: json.loads(
            json.dumps(net).replace("modules.activation.Tanh", "functional.relu")
        ),
        lambda net: json.loads(json.dumps(net).replace("netG.0.weight", "netG.2.weight")),
        lambda net: json.loads(json.dumps(net).replace("netG.0.weight", "nothing")),
    ],
)
def test_an_outline_that_makes_no_sense_is_told(
    damage: Callable[[Any], Any],
    script: Callable[[str], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a sentence, and PyTorch alone is looked up by its name."""
    path = saved(tmp_path, script(PLAIN.replace("64, 64", "64, 16")), {})
    header = read_header(path)
    told = header.told("networks")
    told["generator"]["net"] = damage(told["generator"]["net"])
    header.metadata["networks"] = json.dumps(told)
    monkeypatch.setattr("ganterm.runs.checkpoints.read_header", lambda _: header)
    with pytest.raises(ConfigError, match="its generator is not what it is said to be"):
        load_generator(path)
