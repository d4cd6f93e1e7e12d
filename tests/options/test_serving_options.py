"""Options of the service and its workers come from the same places as those of jobs, and neither gets in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefusion.errors import InputMissingError, OptionsError
from facefusion.options import Options, ServingOptions, iter_leaves, load_options, load_serving


def test_the_call_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "facefusion.toml"
    config.write_text('[worker]\nslots = 2\nworkers = 2\ndevices = ["0", "1"]\n[jobs]\nlease-seconds = 9\n')
    serving = load_serving(
        {"workers": "4"}, environment={"FACEFUSION_WORKERS": "3", "FACEFUSION_SLOTS": "5"}, config_path=config
    )
    assert (serving.worker.workers, serving.worker.slots) == (4, 5)
    assert serving.worker.devices == ("0", "1")
    assert serving.jobs.lease_seconds == 9


def test_both_kinds_of_options_stand_side_by_side(tmp_path: Path) -> None:
    config = tmp_path / "facefusion.toml"
    config.write_text('blend_ratio = 0.5\nstorage = "/srv/files"\n')
    environment = {"FACEFUSION_LABEL_TEXT": "Film", "FACEFUSION_CUT_AFTER": "200"}
    options = load_options({}, environment=environment, config_path=config)
    serving = load_serving({}, environment=environment, config_path=config)
    assert (options.face_swapper.blend_ratio, options.trust.label_text) == (0.5, "Film")
    assert (serving.jobs.storage, serving.jobs.cut_after) == ("/srv/files", 200)


def test_no_name_means_two_things() -> None:
    of_jobs, of_the_service = (
        {name for leaf in iter_leaves(root) for name in (leaf.name, *leaf.names.also)}
        for root in (Options, ServingOptions)
    )
    assert not of_jobs & of_the_service


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"slots": "0"}, "slots"),
        ({"lease_seconds": "soon"}, "lease-seconds"),
        ({"allowed_roots": "somewhere"}, "s3://bucket/{tenant}"),
        ({"blend_ratio": 1}, "no option 'blend_ratio'"),
        ({"port": 70000}, "port"),
    ],
)
def test_what_is_impossible_is_told_by_its_name(values: dict[str, object], says: str) -> None:
    with pytest.raises(OptionsError, match=says):
        load_serving(values, environment={})


def test_a_misspelt_variable_or_key_is_told_whoever_reads(tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match="FACEFUSION_LEASE_SECOND\\. Did you mean FACEFUSION_LEASE_SECONDS"):
        load_options({}, environment={"FACEFUSION_LEASE_SECOND": "1"})
    config = tmp_path / "facefusion.toml"
    config.write_text("cut_aftr = 3\n")
    for load in (load_options, load_serving):
        with pytest.raises(OptionsError, match=r"configuration file .*cut_aftr"):
            load({}, environment={}, config_path=config)
    with pytest.raises(InputMissingError):
        load_serving({}, environment={}, config_path=tmp_path / "none.toml")


def test_what_kubernetes_tells_containers_is_no_port() -> None:
    environment = {"FACEFUSION_PORT": "tcp://10.0.0.1:80", "FACEFUSION_SERVICE_HOST": "10.0.0.1"}
    assert load_serving({}, environment=environment).service.port == 5000
    assert load_serving({}, environment={"FACEFUSION_PORT": "8080"}).service.port == 8080
