import dataclasses
from collections.abc import Sequence

import msgspec
import pytest
import torch
from torch import nn

from ganterm.bench import techniques
from ganterm.bench.pace import Pace, TrainerLoop
from ganterm.bench.settings import Settings
from ganterm.bench.techniques import AS_IT_IS, NO_NORM, TECHNIQUES, ChannelsFirstLoop
from ganterm.bench.workload import Workload, loop_of, prepare
from ganterm.data.progress import silent
from ganterm.training.modes import Mode
from tests.bench.helpers import RECIPE, figure

CPU = torch.device("cpu")


def choose(monkeypatch: pytest.MonkeyPatch, names: Sequence[str]) -> None:
    chosen = [technique for technique in TECHNIQUES if technique.name in names]
    assert len(chosen) == len(names)
    monkeypatch.setattr(techniques, "TECHNIQUES", chosen)


@pytest.mark.usefixtures("two_rounds")
def test_every_technique_can_be_trained_with(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are timed but what this recipe has already, and what it cannot have, which is told."""
    # Compiling takes a minute; that it is timed is another test's concern.
    offered = [technique for technique in TECHNIQUES if technique.name != "compiled networks"]
    monkeypatch.setattr(techniques, "TECHNIQUES", offered)
    result = techniques.measure(settings, silent)
    names = [technique.name for technique in offered]
    for absent in (
        "a D step each on real and fake",
        "fresh fakes for G",
        "D's real and fake in a pass each",
        "WGAN-GP's penalty",
        "CUDA graphs",
    ):
        names.remove(absent)
    assert [row["technique"] for row in result.rows] == [AS_IT_IS, *names]
    for index in range(1, len(result.rows)):
        assert figure(result, "ratio", index) > 0
    assert result.notes[0] == f"{RECIPE}: digits train, 1,797 images of 8x8."
    assert result.notes[1].startswith(f"{RECIPE} cannot have WGAN-GP's penalty: penalty")
    graphs = f"{RECIPE} cannot have CUDA graphs: mode: graphed needs a CUDA device"
    assert result.notes[2].startswith(graphs)
    assert len(result.notes) == 3


@pytest.mark.usefixtures("two_rounds")
def test_a_ratio_is_to_what_the_technique_is_compared_with(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spectral norm needs a D without batch norm, so its cost is held against such a one."""
    choose(monkeypatch, [NO_NORM, "spectral norm"])
    costs = {"batch": 4.0, "none": 2.0, "spectral": 3.0}

    def train(self: TrainerLoop, seconds: float) -> Pace:
        config = self.trainer.config
        kind = "spectral" if config.spectral_norm else config.d_norm
        return Pace(steps=1, images=1, seconds=costs.get(kind, costs["batch"]))

    monkeypatch.setattr(TrainerLoop, "train", train)
    result = techniques.measure(settings, silent)
    assert [figure(result, "step_seconds", row) for row in range(3)] == [4.0, 2.0, 3.0]
    assert (figure(result, "ratio", 1), result.rows[1]["against"]) == (0.5, AS_IT_IS)
    assert (figure(result, "ratio", 2), result.rows[2]["against"]) == (1.5, NO_NORM)
    assert [row["sources"] for row in result.rows] == [None, None, "1.05x to 1.1x"]


@pytest.mark.usefixtures("two_rounds")
@pytest.mark.parametrize(
    ("technique", "mode"), [("compiled networks", "compiled"), ("CUDA graphs", "graphed")]
)
def test_modes_are_timed_where_the_machine_has_them(
    technique: str, mode: Mode, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where it does not the reason is told."""
    asked: list[object] = []

    def noted(workload: Workload, device: torch.device, **settings: object) -> TrainerLoop:
        asked.append(settings.get("mode"))
        loop = loop_of(workload, device)
        if settings:
            loop.trainer.config = msgspec.structs.replace(loop.trainer.config, mode=mode)
            loop.trainer.mode = mode
        return loop

    choose(monkeypatch, [technique])
    monkeypatch.setattr(techniques, "check", lambda _: None)
    monkeypatch.setattr(techniques, "loop_of", noted)
    monkeypatch.setattr(techniques, "obstacle", lambda *_: "")
    result = techniques.measure(settings, silent)
    assert [row["technique"] for row in result.rows] == [AS_IT_IS, technique]
    assert asked == [None, mode]
    monkeypatch.setattr(techniques, "obstacle", lambda *_: "it is not there")
    result = techniques.measure(settings, silent)
    assert [row["technique"] for row in result.rows] == [AS_IT_IS]
    assert result.notes[1] == f"{RECIPE} cannot have {technique}: it is not there."


@pytest.mark.usefixtures("two_rounds")
@pytest.mark.parametrize(("recipe", "timed"), [("turbo-8x8", True), ("dcgan", False)])
def test_two_passes_are_timed_where_one_is_taken(
    recipe: str, timed: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that the discriminator is then called once more in each step."""
    choose(monkeypatch, [name := "D's real and fake in a pass each"])
    calls: dict[str, int] = {}

    def train(self: TrainerLoop, seconds: float) -> Pace:
        passes: list[None] = []
        hook = self.trainer.networks.discriminator.register_forward_hook(
            lambda *_: passes.append(None)
        )
        for _ in range(2):  # the first step has a penalty besides
            passes.clear()
            self.trainer.advance()
        hook.remove()
        calls[AS_IT_IS if self.trainer.gan_step.one_pass else name] = len(passes)
        return Pace(steps=1, images=1, seconds=1.0)

    monkeypatch.setattr(TrainerLoop, "train", train)
    result = techniques.measure(dataclasses.replace(settings, recipes=(recipe,)), silent)
    assert [row["technique"] for row in result.rows] == ([AS_IT_IS, name] if timed else [AS_IT_IS])
    # one or two passes in the discriminator's step, and one in the generator's
    assert calls == ({AS_IT_IS: 2, name: 3} if timed else {name: 3})


@pytest.mark.usefixtures("two_rounds")
def test_what_was_given_up_on_the_way_is_no_figure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps that fell back to eager are not timed as what they were to be."""

    def fallen_back(workload: Workload, device: torch.device, **asked: object) -> TrainerLoop:
        loop = loop_of(workload, device)
        loop.trainer.config = msgspec.structs.replace(loop.trainer.config, **asked)
        return loop

    choose(monkeypatch, ["CUDA graphs"])
    monkeypatch.setattr(techniques, "check", lambda _: None)
    monkeypatch.setattr(techniques, "obstacle", lambda *_: "")
    monkeypatch.setattr(techniques, "loop_of", fallen_back)
    result = techniques.measure(settings, silent)
    assert [row["technique"] for row in result.rows] == [AS_IT_IS]
    assert result.notes[1].startswith(f"{RECIPE} trained with CUDA graphs for a while only")


@pytest.mark.usefixtures("two_rounds")
def test_layout_is_no_matter_to_networks_that_do_not_convolve(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fully connected recipe has no such row."""
    choose(monkeypatch, ["channels first"])
    result = techniques.measure(dataclasses.replace(settings, recipes=("mlp",)), silent)
    assert [row["technique"] for row in result.rows] == [AS_IT_IS]


def test_channels_first_trains_conditionally_too() -> None:
    """It has the labels of its images."""
    assert ChannelsFirstLoop(prepare("turbo-8x8", "cpu", silent), CPU).train(0).steps > 0


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_first_means_images_weights_and_what_becomes_of_them(channels: int) -> None:
    """No convolution is given anything laid out channels last."""
    workload = prepare(RECIPE, "cpu", silent)
    config = msgspec.structs.replace(workload.config, channels=channels)
    images = workload.images.repeat(1, channels, 1, 1)
    loop = ChannelsFirstLoop(dataclasses.replace(workload, config=config, images=images), CPU)
    strides: list[tuple[int, ...]] = []

    def note(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        for tensor in (*inputs, *(p for p in layer.parameters() if p.dim() == 4), output):
            plain = torch.empty(tensor.shape).stride()
            strides.append(tensor.stride())
            assert tensor.stride() == plain

    networks = loop.trainer.networks
    for network in (networks.generator, networks.discriminator):
        for layer in network.modules():
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                layer.register_forward_hook(note)
    assert loop.train(0).steps == 1
    assert strides
