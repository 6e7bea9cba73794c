"""check_dataset as a program: its report, exit status and errors."""

import importlib.util
import json
import pathlib
import subprocess
import sys
import types

import pytest
from checked_data import Data, copied_data, first

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools' / 'misc' / 'check_dataset.py'


@pytest.fixture
def data(tiny_coco, tmp_path) -> Data:
    return copied_data(tiny_coco, tmp_path)


def load_tool() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location('check_dataset_tool', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_config(data) -> str:
    path = data.root / 'config.py'
    path.write_text(''.join(f'{name} = {value!r}\n' for name, value in data.config.items()))
    return str(path)


def test_command_line(data, capsys):
    tool, config, out = load_tool(), write_config(data), data.root / 'sub' / 'report.json'
    assert tool.main([config, '--workers', '1', '--out', str(out)]) == 0
    assert '0 errors, 0 warnings' in capsys.readouterr().out
    assert json.loads(out.read_text())['ok'] is True
    data.change(first('image_id', 12345))
    assert tool.main([config, '--phase', 'val', '--out', str(out)]) == 1
    text = capsys.readouterr().out
    assert 'ERROR   image-ids-meet: 1 of 7 annotations point to an image_id that no image has' in text
    assert '- annotation 10: image_id 12345' in text
    written = json.loads(out.read_text())
    assert (written['ok'], written['errors']) == (False, 1)
    assert written['sections'][0]['findings'][0]['examples'] == ['annotation 10: image_id 12345']
    # Settings from the command line: the other split has no such damage.
    root = data.root / 'train'
    options = [
        f'val_dataloader.dataset.data_root={root}',
        f'val_evaluator.ann_file={root}/annotations/person.json',
    ]
    assert tool.main([config, '--phase', 'val', '--cfg-options', *options]) == 0


def test_wrong_arguments_end_with_a_sentence(data, capsys):
    tool, config = load_tool(), write_config(data)
    for arguments, message in (
        (['no_such_config.py'], 'no_such_config.py does not exist'),
        ([config, '--phase', 'test'], 'no test_dataloader'),
    ):
        with pytest.raises(SystemExit) as ended, tool.user_errors('check_dataset.py'):
            tool.main(arguments)
        assert ended.value.code == 2
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit):
        tool.main([config, '--workers', '0'])


@pytest.mark.slow
def test_as_a_program_from_another_folder(data):
    data.change(first('image_id', 12345))
    command = [sys.executable, str(TOOL), write_config(data), '--max-images', '1', '--phase', 'val']
    run = subprocess.run(command, capture_output=True, text=True, cwd=data.root)
    assert run.returncode == 1, run.stderr
    assert '1 error, 0 warnings: do not start before the errors are mended' in run.stdout
    assert 'Traceback' not in run.stderr
