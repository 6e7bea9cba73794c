"""Serve a local page where images, videos and the camera show their poses."""

import argparse
import sys
import webbrowser
from collections.abc import Sequence

from .arguments import make_parser
from .network_arguments import add_network_arguments
from .status import OK

__all__ = ['main', 'parse_args']

_LOOPBACK = ('127.0.0.1', 'localhost', '::1')


def parse_args(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> argparse.Namespace:
    """Read the command line.

    >>> args = parse_args(['--model', 'demo', '--port', '8100'])
    >>> args.model, args.host, args.port
    ('demo', '127.0.0.1', 8100)
    """
    from ..serve.limits import Limits

    parser = make_parser(__doc__, prog=prog, epilog='docs/serve.md says what is kept, and what is refused.')
    add_network_arguments(parser)
    people = parser.add_argument_group('people')
    people.add_argument('--detector', metavar='NAME', help='name, file or URL of a person detector (default: yolox-s)')
    people.add_argument('--whole-image', action='store_true', help='without a detector: an image is one person')
    people.add_argument('--bbox-thr', type=float, default=0.4, help='leave out boxes scored below (%(default)s)')
    server = parser.add_argument_group('server')
    server.add_argument('--host', default='127.0.0.1', help='address to listen at (%(default)s: this machine only)')
    server.add_argument('--port', type=int, default=8000)
    server.add_argument('--open', action='store_true', help='open the page in a browser')
    limits = Limits()
    for name, value in vars(limits).items():
        server.add_argument(
            f'--{name.replace("_", "-")}', type=type(value), default=value, metavar='N', help='(%(default)s)'
        )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, *, prog: str | None = None) -> int:
    """Serve until interrupted, and return the exit status.

    Args:
        arguments: words of the command line, by default those of this process.
        prog: the command that the program was called by, by default the file that was started.
    """
    args = parse_args(arguments, prog=prog)
    from ..utils.errors import MissingPackageError

    try:
        import uvicorn

        from ..serve.app import create_app
    except ModuleNotFoundError as err:
        raise MissingPackageError(f"the page needs {err.name}: pip install 'mmpose_dark[serve]'") from err
    from ..serve import Limits, PoseService
    from .detector_arguments import make_detector
    from .network_arguments import choose_network, load_network

    limits = Limits(**{name: getattr(args, name) for name in vars(Limits())})
    network = choose_network(args)
    detector = None if args.whole_image else make_detector(args.detector, score_thr=args.bbox_thr)
    model = load_network(args, network)
    title = args.model or network.config
    hosts = () if args.host in _LOOPBACK else (args.host,)
    app = create_app(PoseService(model, detector, limits, title=title), limits, hosts=hosts)
    if hosts:
        print(f'warning: anybody who reaches {args.host} can use this page; there is no password', file=sys.stderr)
    url = f'http://{args.host}:{args.port}/'
    print(f'the page is at {url} (Ctrl-C ends it; nothing is kept)', flush=True)
    if args.open:
        webbrowser.open(url)
    uvicorn.run(app, host=args.host, port=args.port, log_level='warning')
    return OK
