"""What a family of checkpoints is, and the table of them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ...utils.errors import InputError
from ..networks import describe_network
from ..state_dict import StateDict

__all__ = ['Family', 'convert', 'families', 'has_parts', 'recognise', 'register_family', 'rename_each']


@dataclass(frozen=True)
class Family:
    """A family of checkpoints: files in which the same networks have the same parameter names.

    Attributes:
        name: what messages call it.
        recognise: takes the parameter names in a file, and says whether it is of this family.
        convert: takes the weights, and returns them under the names that the networks here have (``backbone.``,
            ``head.``); see `rename_each`. By default the names stay.
        describe: takes the converted weights, and says in words what network they are of.
        projects: whose checkpoints these are, for the documentation.
    """

    name: str
    recognise: Callable[[Collection[str]], bool]
    convert: Callable[[StateDict], StateDict] = dict
    describe: Callable[[StateDict], str] = describe_network
    projects: str = ''


_TABLE: dict[str, Family] = {}


def register_family(family: Family) -> Family:
    """Enter a family into the table, and return it. It is asked before those that are there already.

    Raises:
        InputError: there is one of that name.
    """
    if family.name in _TABLE:
        raise InputError(f'a checkpoint family {family.name!r} is registered already')
    _TABLE[family.name] = family
    return family


def families() -> tuple[Family, ...]:
    """Return the families in the order in which they are asked.

    >>> [family.name for family in families()][-1]
    'DarkPose Hourglass'
    """
    return tuple(reversed(_TABLE.values()))


def recognise(names: Collection[str]) -> Family | None:
    """Tell the family of a checkpoint from its parameter names, ``None`` where it is none of them.

    >>> recognise(['backbone.conv1.weight', 'keypoint_head.final_layer.weight']).name
    'mmpose 0.x'
    """
    return next((family for family in families() if family.recognise(names)), None)


def convert(state_dict: StateDict, family: Family | None) -> StateDict:
    """Return the weights under the names that the networks here have; as they are where the family is not known.

    Args:
        state_dict: tensors of any shape by name.
        family: as `recognise` gives it.

    >>> weights = {'backbone.conv1.weight': 1, 'keypoint_head.final_layer.weight': 2}
    >>> convert(weights, recognise(weights))
    {'backbone.conv1.weight': 1, 'head.final_layer.weight': 2}
    """
    return dict(state_dict) if family is None else family.convert(state_dict)


def has_parts(*parts: str, without: Collection[str] = ()) -> Callable[[Collection[str]], bool]:
    """Return a function that says whether names begin with all of ``parts``, and none with one of ``without``.

    >>> has_parts('hg', 'score')(['hg.0.weight', 'score.0.bias', 'conv1.weight'])
    True
    """

    def recognises(names: Collection[str]) -> bool:
        starts = {name.split('.', 1)[0] for name in names}
        return starts.issuperset(parts) and starts.isdisjoint(without)

    return recognises


def rename_each(rename: Callable[[str], str]) -> Callable[[StateDict], StateDict]:
    """Return a function that gives every parameter the name that ``rename`` makes of its old one.

    >>> rename_each(lambda name: f'backbone.{name}')({'conv1.weight': 1})
    {'backbone.conv1.weight': 1}
    """
    return lambda state_dict: {rename(name): tensor for name, tensor in state_dict.items()}
