"""What is measured while a run trains: one entry a quantity, by its name in the journal.

Charts, sparklines, comparison, the plain twin, lists, help and the journal's schema take from here
how a quantity is called, with what it is drawn and what it is compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

Value = TypeVar("Value")

D_REAL: Final = "d_real"
D_FAKE: Final = "d_fake"
AUGMENT_P: Final = "augment_p"
OVERFITTING: Final = "overfitting"


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """How a measured quantity is called and read.

    Attributes:
        name: in the journal.
        title: what it is called by itself.
        help: what it is, as the schema says it.
        short: what it is called in at most nine cells; by default its title.
        label: what it is called in its chart, whose title says the rest; by default `short`.
        spoken: what it is called where signs are read aloud; by default `short`.
        group: the chart it is drawn in; empty for none.
        headline: whether the newest figure is told with the progress of a run.
        alone: whether it is shown and compared by itself too, outside of its chart.
        even: what it is where generated images are like real ones, whatever the settings; None
            where settings decide. `even_words` says which that is.
    """

    name: str
    title: str
    help: str
    short: str = ""
    label: str = ""
    spoken: str = ""
    group: str = ""
    headline: bool = False
    alone: bool = True
    even: float | None = None
    even_words: str = ""

    def __post_init__(self) -> None:
        short = self.short or self.title
        for field, default in (
            ("short", short),
            ("label", short),
            ("spoken", short),
            ("even_words", "" if self.even is None else f"{self.even:g}"),
        ):
            object.__setattr__(self, field, getattr(self, field) or default)


_ALL: Final = (
    Quantity(
        name="d_loss",
        title="D loss",
        help="loss of the discriminator, without its penalty",
        group="losses",
        headline=True,
    ),
    Quantity(
        name="g_loss",
        title="G loss",
        help="loss of the generator",
        group="losses",
        headline=True,
    ),
    Quantity(
        name="modes",
        title="modes reached",
        short="modes",
        help="Gaussians of the data that a generated batch covers, where the data are of some",
        group="modes",
    ),
    Quantity(
        name=D_REAL,
        title="D(x)",
        spoken="D of real",
        help="D(x): mean output on real images, a probability or a critic's score",
        group="outputs",
        headline=True,
    ),
    Quantity(
        name=D_FAKE,
        title="D(G(z))",
        spoken="D of fake",
        help="D(G(z)): the same on generated images",
        group="outputs",
        headline=True,
    ),
    Quantity(
        name="acc_real",
        title="accuracy on real",
        short="acc real",
        label="on real",
        help="share of real images that D takes for real; at 0.5 in both it cannot tell",
        group="accuracy",
        even=0.5,
    ),
    Quantity(
        name="acc_fake",
        title="accuracy on fake",
        short="acc fake",
        label="on fake",
        help="share of generated images that D takes for generated; at 1 in both it wins",
        group="accuracy",
        even=0.5,
    ),
    Quantity(
        name="diversity",
        title="diversity",
        help="spread of a generated batch as a share of a real one's: at 1 as varied, at 0 all "
        "alike; of the ring the share of its modes that are covered",
        group="diversity",
        even=1.0,
        even_words="real",
    ),
    Quantity(
        name="patch_distance",
        title="distance of patches",
        short="patches",
        label="from real",
        help="sliced Wasserstein distance of patches of generated images from those of real ones, "
        "measured 32 times a run; at 1 as near as other real images are",
        group="patches",
        alone=False,
        even=1.0,
        even_words="real",
    ),
    Quantity(
        name="d_loss_real",
        title="D loss on real",
        label="on real",
        help="the discriminator's loss on real images alone",
        group="error",
        alone=False,
    ),
    Quantity(
        name="d_loss_fake",
        title="D loss on fake",
        label="on fake",
        help="the discriminator's loss on generated images alone",
        group="error",
        alone=False,
    ),
    Quantity(
        name="wasserstein",
        title="Wasserstein estimate",
        short="Wasserst.",
        label="Wasserstein",
        spoken="Wasserstein",
        help="estimate of the Wasserstein distance: mean D(real) - D(fake)",
        group="penalty",
        headline=True,
    ),
    Quantity(
        name="penalty",
        title="penalty",
        help="gradient penalty before its weight",
        group="penalty",
        headline=True,
    ),
    Quantity(
        name="grad_norm_d",
        title="gradient norm of D",
        short="grad D",
        label="of D",
        help="2-norm of the discriminator's gradient",
        group="gradients",
    ),
    Quantity(
        name="grad_norm_g",
        title="gradient norm of G",
        short="grad G",
        label="of G",
        help="2-norm of the generator's gradient",
        group="gradients",
    ),
    Quantity(
        name=OVERFITTING,
        title="overfitting of D",
        short="overfit D",
        label="overfitting",
        help="how far D knows its training images by heart, from 0 to 1: by the sign of its output "
        "on them, or where that means nothing by how much nearer images that were held out are to "
        "generated ones; augment_target is what it is held at",
        group="overfitting",
    ),
    Quantity(
        name=AUGMENT_P,
        title="probability of augmentation",
        short="augment p",
        help="probability with which each change of the augmentation is made to an image",
        group="overfitting",
    ),
    Quantity(
        name="images_per_s",
        title="images/s",
        help="real images seen per second",
        group="speed",
    ),
    Quantity(name="epoch", title="epoch", help="epochs so far, a fraction within one", alone=False),
)

QUANTITIES: Final = MappingProxyType({each.name: each for each in _ALL})
"""Every quantity by its name in the journal, in the order in which they are shown."""


SINGULAR: Final = "singular_value "
"""Before the name of a layer of D, the quantity that is its largest singular value, which spectral
normalisation holds at 1."""


def layers_in(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return what is known of layers' largest singular values, by layer."""
    return {
        name.removeprefix(SINGULAR): value
        for name, value in values.items()
        if name.startswith(SINGULAR)
    }


def drawn_in(group: str) -> dict[str, str]:
    """Return the labels of the quantities of a chart, by name."""
    return {each.name: each.label for each in _ALL if each.group == group}


def headlines(known: Iterable[str]) -> list[Quantity]:
    """Return the quantities among `known` that are told with the progress of a run."""
    names = set(known)
    return [each for each in _ALL if each.headline and each.name in names]


_LONGEST: Final = 100
_NAMES: Final = {
    **dict.fromkeys(("loss_d", "lossd", "errd", "loss/d", "d/loss"), "d_loss"),
    **dict.fromkeys(("loss_g", "lossg", "errg", "loss/g", "g/loss"), "g_loss"),
    **dict.fromkeys(("d_x", "d(x)"), D_REAL),
    **dict.fromkeys(("d_g_z", "d_g_z1", "d(g(z))"), D_FAKE),
    **{f"{each.group}/{each.name}": each.name for each in _ALL if each.group},
    **{name: name for name in ("d_loss", "g_loss")},
}
"""What others call quantities, in small letters, and what they are called here."""
_RESERVED: Final = frozenset({"v", "kind", "step", "time"})


def called(name: str) -> str:
    """Return what a quantity that others have named is called in a journal."""
    known = _NAMES.get(name.lower(), name)[:_LONGEST]
    return f"{known}_" if known in _RESERVED else known
