"""Draw a data set of people in COCO's format.

For example, the one that ``make demo`` uses::

    python tools/misc/generate_people.py data/people
"""

import argparse
import dataclasses
import pathlib
import sys
import time

from mmpose_dark.synthetic import PeopleSettings, is_complete, write_dataset


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', nargs='?', default='data/people', help='folder to write to (default: %(default)s)')
    for field in dataclasses.fields(PeopleSettings):
        if field.name != 'version':
            parser.add_argument(f'--{field.name}', type=int, default=field.default, help='default: %(default)s')
    parser.add_argument('--workers', type=int, help='processes (default: one for each core, at most 8)')
    parser.add_argument('--force', action='store_true', help='draw again what is already there')
    return parser.parse_args(arguments)


def generate(root: str, settings: PeopleSettings, *, workers: int | None = None, force: bool = False) -> None:
    """Write the data set unless it is there, showing progress."""
    if is_complete(root, settings) and not force:
        print(f'{root}: the {settings.train} + {settings.val} pictures of seed {settings.seed} are there already')
        return
    start = time.perf_counter()
    people = write_dataset(root, settings, workers=workers, progress=show_progress)
    print(
        f'{root}: {settings.train} training pictures with {people["train"]} people and {settings.val} validation '
        f'pictures with {people["val"]} people, drawn in {time.perf_counter() - start:.0f} s'
    )


def show_progress(done: int, total: int) -> None:
    """Draw a bar on a terminal; elsewhere print a line at every quarter."""
    if sys.stdout.isatty():
        filled = 30 * done // total
        print(f'\r  [{"#" * filled}{"." * (30 - filled)}] {done}/{total} pictures', end='', flush=True)
        if done == total:
            print()
    elif 4 * done // total != 4 * (done - 1) // total:
        print(f'  {done}/{total} pictures', flush=True)


def main() -> None:
    """Run from the command line."""
    args = parse_args()
    values = {f.name: getattr(args, f.name) for f in dataclasses.fields(PeopleSettings) if f.name != 'version'}
    try:
        generate(str(pathlib.Path(args.root)), PeopleSettings(**values), workers=args.workers, force=args.force)
    except ValueError as err:
        sys.exit(str(err))


if __name__ == '__main__':
    main()
