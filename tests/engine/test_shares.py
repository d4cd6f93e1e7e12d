"""How the frames that memory holds are divided among the stages."""

from __future__ import annotations

import pytest

from facefusion.engine.shares import DEFAULT_IN_FLIGHT, LEAST_IN_FLIGHT, Shares, in_flight_of, wanted_batch
from facefusion.options import Options


@pytest.mark.parametrize("wanted", [1, 2, 5, 16, 64])
@pytest.mark.parametrize("in_flight", [LEAST_IN_FLIGHT, 9, 12, DEFAULT_IN_FLIGHT, 40, 72, 300])
def test_every_frame_has_its_place_and_no_stage_is_without(in_flight, wanted):
    shares = Shares.of(in_flight, wanted)
    waiting = (shares.decoded, shares.analysed, shares.edited)
    assert min(waiting) >= 1
    assert sum(waiting) + shares.at_once * shares.batch + 4 == in_flight
    assert shares.batch <= wanted


def test_with_as_many_frames_as_a_batch_wants_it_is_whole_and_the_next_one_is_ready():
    for wanted in range(1, 65):
        shares = Shares.of(in_flight_of(wanted), wanted)
        assert (shares.batch, shares.at_once) == (wanted, 2)
        assert min(shares.analysed, shares.edited) >= wanted


def test_a_batch_is_as_large_as_is_said_or_as_suits_the_device():
    assert wanted_batch(Options.parse({"execution_providers": "cpu"}).runtime) == 2
    for said in (1, 64, "7"):
        assert wanted_batch(Options.parse({"execution_batch_size": said}).runtime) == int(said)
