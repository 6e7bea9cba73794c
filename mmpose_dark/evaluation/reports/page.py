"""HTML pages that stand alone: one file, no script, nothing fetched, light or dark as the reader's system is."""

import base64
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ['code', 'details', 'escape', 'figure', 'make_page', 'section', 'table']

Cell = str | int | float | bool | None

_STYLE = Path(__file__).with_name('style.css')


def escape(value: object) -> str:
    """Return a value as text that HTML shows as it is.

    >>> escape('a < b')
    'a &lt; b'
    """
    return html.escape(str(value), quote=True)


def make_page(title: str, lead: str, body: Iterable[str]) -> str:
    """Return a whole page.

    Args:
        title: its heading, plain text.
        lead: one line below it, plain text.
        body: pieces of HTML, as of `section`.

    >>> page = make_page('Test', 'of a network', [section('Metrics', '<p>None.</p>')])
    >>> page.startswith('<!doctype html>'), '<h2>Metrics</h2>' in page
    (True, True)
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<style>\n{_STYLE.read_text()}</style>\n</head>\n<body>\n'
        f'<h1>{escape(title)}</h1>\n<p class="lead">{escape(lead)}</p>\n' + '\n'.join(body) + '\n</body>\n</html>\n'
    )


def section(title: str, *content: str) -> str:
    r"""Return a heading and what stands below it; ``title`` is plain text, ``content`` HTML.

    >>> section('a & b', '<p>c</p>')
    '<section><h2>a &amp; b</h2>\n<p>c</p></section>'
    """
    return f'<section><h2>{escape(title)}</h2>\n' + '\n'.join(content) + '</section>'


def details(title: str, *content: str) -> str:
    r"""Return content that is folded away; ``title`` is plain text, ``content`` HTML.

    >>> details('more', '<p>c</p>')
    '<details><summary>more</summary>\n<p>c</p></details>'
    """
    return f'<details><summary>{escape(title)}</summary>\n' + '\n'.join(content) + '</details>'


def code(text: str) -> str:
    """Return plain text as a block of code.

    >>> code('a < b')
    '<pre><code>a &lt; b</code></pre>'
    """
    return f'<pre><code>{escape(text)}</code></pre>'


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table of plain values; numbers stand to the right, None is a dash.

    >>> table(['AP'], [[0.5]])  # doctest: +ELLIPSIS
    '<div class="wide"><table>...<td class="number">0.5</td>...</table></div>'
    """
    rows = [list(row) for row in rows]
    numeric = [
        bool(rows) and all(isinstance(row[i], int | float | None) for row in rows if i < len(row))
        for i in range(len(head))
    ]
    marks = [' class="number"' if is_number else '' for is_number in numeric]
    top = ''.join(f'<th{mark}>{escape(name)}</th>' for mark, name in zip(marks, head, strict=True))
    lines = (''.join(f'<td{mark}>{_shown(value)}</td>' for mark, value in zip(marks, row, strict=True)) for row in rows)
    body = '\n'.join(f'<tr>{line}</tr>' for line in lines)
    return f'<div class="wide"><table>\n<tr>{top}</tr>\n{body}\n</table></div>'


def figure(image: bytes, caption: str, *, kind: str = 'jpeg') -> str:
    """Return an image with what stands below it.

    Args:
        image: its file.
        caption: plain text.
        kind: format of the file: ``'jpeg'`` or ``'png'``.

    >>> figure(b'', 'nothing')
    '<figure><img alt="nothing" src="data:image/jpeg;base64,"><figcaption>nothing</figcaption></figure>'
    """
    data = base64.b64encode(image).decode()
    return (
        f'<figure><img alt="{escape(caption)}" src="data:image/{kind};base64,{data}">'
        f'<figcaption>{escape(caption)}</figcaption></figure>'
    )


def _shown(value: Cell) -> str:
    return '–' if value is None else escape(value)
