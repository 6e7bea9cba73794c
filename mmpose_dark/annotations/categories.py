"""Which category of a file a person is of."""

from collections.abc import Hashable, Mapping, Sequence

from . import fields
from .errors import AnnotationError
from .fields import FieldError
from .normal_records import normal_records

__all__ = ['PERSON', 'default_category', 'normal_categories', 'person_category']

PERSON = 1
"""COCO's category of people, which detectors give too."""


def normal_categories(categories: object, annotations: Sequence[Mapping], where: str) -> list[dict]:
    """Return the categories of a file, each with an ``id``; where it lists none, those that its annotations use.

    Args:
        categories: as in the file; None where there are none.
        annotations: in normal form, see :func:`normal_coco`.
        where: how errors call the file.

    Raises:
        AnnotationError: it is no list of objects with an id.

    >>> normal_categories(None, [dict(category_id=3), {}], 'the file')
    [{'id': 3, 'name': 'person'}]
    """
    try:
        found = [] if categories is None else fields.records(categories)
    except FieldError as err:
        raise AnnotationError(f"{where}: 'categories' is a {type(categories).__name__}; {err}") from err
    found = normal_records(found, dict(id=fields.category), lambda i, _: f'{where}: categories[{i}]')
    lacking = next((i for i, category in enumerate(found) if 'id' not in category), None)
    if lacking is not None:
        raise AnnotationError(
            f"{where}: categories[{lacking}] has no 'id' that is not null: {str(found[lacking])[:80]}"
        )
    if found:
        return found
    used = {ann['category_id'] for ann in annotations if 'category_id' in ann} or {PERSON}
    return [dict(id=number, name='person') for number in sorted(used, key=lambda c: (isinstance(c, str), c))]


def person_category(categories: Sequence[Mapping]) -> Hashable | None:
    """Return the category of people: the only one, the one named ``person``, or 1; None where none is.

    >>> person_category([dict(id=0, name='skier')])
    0
    >>> person_category([dict(id=0, name='Person'), dict(id=1, name='ball')])
    0
    >>> person_category([dict(id=1), dict(id=2)]), person_category([dict(id=2), dict(id=3)])
    (1, None)
    """
    ids = list(dict.fromkeys(category['id'] for category in categories))
    if len(ids) == 1:
        return ids[0]
    named = {category['id'] for category in categories if str(category.get('name')).lower() == 'person'}
    if len(named) == 1:
        return named.pop()
    return PERSON if PERSON in ids else None


def default_category(categories: Sequence[Mapping], label: str) -> Hashable:
    """Return the category of an annotation that does not say: that of people.

    Args:
        categories: of its file.
        label: names the annotation, for the error.

    Raises:
        AnnotationError: it is not known which that is.

    >>> default_category([dict(id=0, name='person')], 'annotation 7')
    0
    """
    found = person_category(categories)
    if found is None:
        raise AnnotationError(
            f"{label} has no category_id, and of the file's {len(categories)} categories none is named 'person': "
            'give each annotation its category'
        )
    return found
