"""Where else a published file lies, and what its name says of its content."""

import re

__all__ = ['addresses_of', 'expected_hash']

# The storage behind the host of the OpenMMLab zoos: its documents gave these addresses until 2021, for the same paths.
_SAME_PATHS = {'https://download.openmmlab.com/': ('https://openmmlab.oss-accelerate.aliyuncs.com/',)}


def addresses_of(url: str) -> tuple[str, ...]:
    """Return the addresses of a file in the order to try: the published one, then its known mirrors.

    >>> addresses_of('https://download.openmmlab.com/a/b.pth')
    ('https://download.openmmlab.com/a/b.pth', 'https://openmmlab.oss-accelerate.aliyuncs.com/a/b.pth')
    >>> addresses_of('https://host/b.pth')
    ('https://host/b.pth',)
    """
    for start, mirrors in _SAME_PATHS.items():
        if url.startswith(start):
            return (url, *(mirror + url.removeprefix(start) for mirror in mirrors))
    return (url,)


def expected_hash(name: str) -> str | None:
    """Return the start of the SHA-256 that a published file carries in its name, ``None`` where there is none.

    Both customs are understood: ``-HASH.pth`` and ``-HASH_DATE.pth``. A date in the place of the hash is none.

    >>> expected_hash('res50_coco_256x192_dark-43379d20_20200709.pth'), expected_hash('resnet50-0676ba61.pth')
    ('43379d20', '0676ba61')
    >>> expected_hash('hrnet-20220909.pth') is None
    True
    """
    found = re.search(r'-([0-9a-f]{8}|[0-9a-f]{64})(_\d{8})?(\.pth|\.pt|\.bin|\.ckpt)?(\.tar)?$', name)
    if not found or re.fullmatch(r'(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])', found[1]):
        return None
    return found[1]
