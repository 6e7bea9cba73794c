"""Packaging of mmpose_dark: the library, its dataset definitions and its configs."""

import pathlib
import re
import shutil

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = pathlib.Path(__file__).resolve().parent
# What a user of the installed package reaches by name, beside the modules: `configs/` goes here,
# where OpenMMLab's tools look for it too.
SHIPPED = (
    'configs',
    'model-index.yml',
    'docs/zoo/published.json',
    *sorted(str(p.relative_to(ROOT)) for p in (ROOT / 'demo').glob('*.pth')),
)


def requirements(name: str) -> list[str]:
    """Read ``requirements/<name>.txt``, without comments and blank lines."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [stripped for line in lines if (stripped := line.split('#')[0].strip())]


class BuildWithConfigs(build_py):
    """Copies configs and the model zoo into the built package as ``mmpose_dark/.mim/``."""

    def run(self) -> None:
        """Build the modules, then add the shipped files (not for editable installs: the clone has them)."""
        super().run()
        if getattr(self, 'editable_mode', False):
            return
        target = pathlib.Path(self.build_lib) / 'mmpose_dark' / '.mim'
        for name in SHIPPED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, target / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns('__pycache__'))
            elif source.is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / name)


setup(
    name='mmpose_dark',
    version=re.search(r"'(.+)'", (ROOT / 'mmpose_dark' / 'version.py').read_text(encoding='utf-8')).group(1),
    description='Top-down 2-D human pose estimation with the distribution-aware codec (DARK)',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=['mmpose_dark', 'mmpose_dark.*']),
    package_data={
        'mmpose_dark.evaluation.reports': ['style.css'],
        'mmpose_dark.inference.detectors': ['table.json'],
        'mmpose_dark.serve': ['page/*'],
    },
    install_requires=requirements('runtime'),
    extras_require={
        'optional': requirements('optional'),
        'predict': requirements('predict'),
        'export': requirements('export'),
        'serve': [*requirements('predict'), *requirements('serve')],
        'scale': [*requirements('predict'), *requirements('scale')],
        'tests': requirements('tests'),
        'docs': requirements('docs'),
        'xtcocotools': ['xtcocotools>=1.14.3'],
    },
    entry_points={'console_scripts': ['mmpose-dark = mmpose_dark.cli.main:main']},
    cmdclass={'build_py': BuildWithConfigs},
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
    zip_safe=False,
)
