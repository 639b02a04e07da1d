"""A short run of chaos; scripts/chaos makes long ones."""
import pytest

import chaos


@pytest.mark.parametrize("seed, filters", [(1, False), (2, False), (3, True)])
def test_every_task_is_recorded_once_whatever_dies_freezes_or_restarts(seed, filters):
    chaos.batch(seed, 200, filters)


def test_every_line_is_printed_once_while_its_task_runs_whatever_dies_or_freezes():
    chaos.batch(4, 200, live=True)


def test_so_it_is_of_two_pipelines_that_share_the_workers():
    chaos.batch(5, 200, pipelines=2)
