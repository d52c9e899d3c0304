"""Numbers of a run in words."""

from ganterm.cli.follow.reporters import loss_words, progress_words
from ganterm.runs.history import RunHistory
from tests.records import record


def test_losses_of_a_critic_come_with_its_estimate_and_penalty() -> None:
    """What a loss has besides is shown where the journal has it, and only there."""
    history = RunHistory()
    plain = {"d_loss": 0.5, "g_loss": None}
    history.add(record("metrics", 1, **plain, d_real=0.7, d_fake=0.3))
    assert loss_words(history) == "D loss 0.500  G loss -  D(x) 0.700  D(G(z)) 0.300"
    history.add(record("metrics", 1, **plain, wasserstein=1.25, penalty=0.125))
    assert loss_words(history).endswith("Wasserstein 1.250  penalty 0.125")


def test_progress_names_epochs_only_where_they_count() -> None:
    """A run that counts steps has no epoch total to show."""
    history = RunHistory()
    history.add(record("start", 0, steps=2000))
    history.add(record("metrics", 1500, 1.0, epoch=3.5, images_per_s=950.4))
    assert progress_words(history) == "1,500/2,000  950 images/s"
    history.epochs = 5
    assert "epoch 3/5" in progress_words(history)
