"""The journal's schema is explained field by field and can be printed as JSON schema."""

import json
from typing import get_type_hints

import msgspec
import pytest

from ganterm.runs.records import RECORDS

KINDS = ["start", "metrics", "epoch", "sample", "checkpoint"]
KINDS += ["judged", "alert", "control", "resume", "end"]


def test_every_kind_of_record_has_a_schema() -> None:
    assert list(RECORDS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_explained(kind: str) -> None:
    hints = get_type_hints(RECORDS[kind], include_extras=True)
    assert {"v", "kind", "step", "time"} <= hints.keys()
    del hints["kind"]
    for name, hint in hints.items():
        (words,) = hint.__metadata__
        assert len(words) >= 5, name


@pytest.mark.parametrize("kind", KINDS)
def test_a_json_schema_can_be_made_of_it(kind: str) -> None:
    text = json.dumps(msgspec.json.schema(RECORDS[kind]))
    assert f'"enum": ["{kind}"]' in text


def test_metrics_have_the_names_that_scripts_rely_on() -> None:
    required = RECORDS["metrics"].__required_keys__
    names = "v kind step time images_per_s d_loss g_loss d_real d_fake acc_real acc_fake"
    assert required == set(names.split())
