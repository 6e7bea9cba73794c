"""Log files after the end of a run: closed, opened again where that is possible, and never in the way."""

import logging
import multiprocessing
import shutil

from mmpose_dark.engine.closing import release_log_files


def test_a_released_log_goes_on_until_its_folder_is_removed(tmp_path):
    folder = tmp_path / 'run'
    folder.mkdir()
    logger = logging.Logger('a run')
    handler = logging.FileHandler(folder / 'run.log')
    logger.addHandler(handler)
    logger.warning('first')
    release_log_files(logger)
    assert not hasattr(handler.stream, 'fileno')  # no file is open
    logger.warning('second')
    assert (folder / 'run.log').read_text() == 'first\nsecond\n'
    release_log_files(logger)
    shutil.rmtree(folder)
    logger.warning('third')
    assert not folder.exists()


def test_kept_workers_end_with_the_run(make_runner):
    changes = {'train_dataloader.num_workers': 2, 'train_dataloader.persistent_workers': True}
    runner = make_runner(**changes)
    before = set(multiprocessing.active_children())
    runner.train()
    assert runner.train_dataloader.persistent_workers
    assert set(multiprocessing.active_children()) == before
