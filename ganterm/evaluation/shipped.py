"""Makes the judges that come with ganterm: `python -m ganterm.evaluation.shipped`.

The datasets have to be on this machine. Weights differ in their last bits between kinds of
processor, which is why they are made once and shipped.
"""

from __future__ import annotations

from typing import Final

from ganterm.evaluation.cache import SHIPPED, judge_path, keep_judge, trained_judge
from ganterm.evaluation.splits import ImageSource, split_dataset

SOURCES: Final = (
    ImageSource(dataset="digits", image_size=8, channels=1),
    ImageSource(dataset="mnist", image_size=28, channels=1),
)


def main() -> None:
    """Train each judge, write it into the package and say what it is."""
    for source in SOURCES:
        judge = trained_judge(source, split_dataset(source), seed=0)
        path = SHIPPED / judge_path(source).name
        keep_judge(path, judge, {"source": source.told, "seed": "0"})
        print(f"{path.name}: {judge.digest}, {judge.words}, {path.stat().st_size:,} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
