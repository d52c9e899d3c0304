"""A small GAN that Lightning trains: charted, shown, steered, gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.utils.data import DataLoader

from ganterm.core.errors import ConfigError
from ganterm.core.records import (
    ControlRecord,
    EndRecord,
    MetricsRecord,
    Record,
    ResumeRecord,
    SampleRecord,
    StartRecord,
)
from ganterm.ownloop import run as runs
from ganterm.ownloop.lightning import GantermCallback, GantermLogger
from ganterm.runs import checkpoints, control
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir


class Gan(LightningModule):
    """Two networks, two optimisers, stepped by hand."""

    def __init__(self, lr: float = 1e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.automatic_optimization = False
        self.generator = nn.Sequential(nn.Linear(4, 16), nn.Tanh())
        self.discriminator = nn.Linear(16, 1)

    def training_step(self, batch: Tensor, index: int) -> None:
        optimizers: Any = self.optimizers()
        for optimizer, name in zip(optimizers, ("loss_d", "loss_g"), strict=True):
            fake = self.discriminator(self.generator(torch.randn(len(batch), 4)))
            real = softplus(-self.discriminator(batch)) if name == "loss_d" else 0.0
            loss = (softplus(fake if name == "loss_d" else -fake) + real).mean()
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
            self.log(name, loss)
        if self.hparams["lr"] > 1:
            raise ArithmeticError("The rate is too high")

    def configure_optimizers(self) -> Any:
        networks = (self.discriminator, self.generator)
        return [torch.optim.Adam(each.parameters(), self.hparams["lr"]) for each in networks]


def fit(where: Path, images: Any = None, *, lr: float = 1e-3, **options: Any) -> Gan:
    module, logger = Gan(lr), GantermLogger("mine", {"batch_size": 4}, runs_dir=where, **options)
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=1,
        logger=logger,
        callbacks=[GantermCallback(images, checkpoint_every=10)],
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, DataLoader(torch.zeros(80, 16), batch_size=4))  # type: ignore[arg-type]
    return module


def told(run: RunDir, kind: type[Record]) -> list[Any]:
    return [each for each in read_journal(run.journal) if isinstance(each, kind)]


def test_lightning_trains_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts, pictures, commands, checkpoints of both; it goes on where it was, or fails."""
    for name in ("LOOK_SECONDS", "FLUSH_SECONDS", "SAMPLE_SECONDS"):
        monkeypatch.setattr(runs, name, 0.0)
    run = RunDir(tmp_path / "mine")
    first = fit(tmp_path, lambda module: module.generator(torch.zeros(2, 4)).reshape(2, 1, 4, 4))
    (start,) = told(run, StartRecord)
    assert start.config["lr"] == 1e-3
    losses = [each for each in told(run, MetricsRecord) if "d_loss" in each.values]
    assert [each.step for each in losses] == list(range(1, 21))
    assert {"d_loss", "g_loss"} <= losses[-1].values.keys()
    assert any("images_per_s" in each.values for each in told(run, MetricsRecord))
    assert [each.step for each in told(run, SampleRecord)] == list(range(1, 21))
    assert [(each.reason, each.step) for each in told(run, EndRecord)] == [("finished", 20)]
    assert [path.name for path in run.path.glob("lightning/checkpoints/*.ckpt")]
    newest, _ = checkpoints.newest_valid(run.checkpoints)
    assert newest == run.checkpoint_path(20)

    def stop_soon(module: Any) -> Tensor:
        seen.append({name: each.clone() for name, each in module.generator.state_dict().items()})
        for command in ("pause", "resume", "stop") if len(seen) == 3 else ():
            control.post(run.control, command)
        return torch.zeros(1, 1, 2, 2)

    seen: list[Any] = []
    fit(tmp_path, stop_soon, resume=True, lr=1e-9)
    assert [each.step for each in told(run, ResumeRecord)] == [20]
    for name, value in first.generator.state_dict().items():
        torch.testing.assert_close(seen[0][name], value, atol=1e-2, rtol=0)
    assert [each.name for each in told(run, ControlRecord)] == ["pause", "resume", "stop"]
    end = told(run, EndRecord)[-1]
    assert (end.reason, 22 <= end.step <= 24) == ("stopped", True)

    with pytest.raises(ArithmeticError):
        fit(tmp_path, lr=2.0, resume=True)
    end = told(run, EndRecord)[-1]
    assert end.reason == "failed"
    assert "The rate is too high (test_lightning.py" in end.message


def test_the_callback_takes_a_logger_of_ours(tmp_path: Path) -> None:
    """Which is said."""
    trainer = Trainer(
        accelerator="cpu",
        logger=False,
        callbacks=[GantermCallback()],
        max_epochs=1,
        default_root_dir=tmp_path,
    )
    with pytest.raises(ConfigError, match=r"Trainer\(logger=GantermLogger"):
        trainer.fit(Gan(), DataLoader(torch.zeros(8, 16)))  # type: ignore[arg-type]
