"""What a person looks like: skin, hair and clothes, chosen at random."""

from dataclasses import dataclass

import numpy as np

from .body import Body, Skeleton
from .materials import SKIN_TONES, Cloth, Face, random_cloth, random_colour

__all__ = ['Outfit', 'Person', 'sample_outfit']

_HAIR_COLOURS = np.array([(25, 25, 28), (30, 42, 60), (45, 72, 110), (85, 140, 190), (40, 70, 150), (175, 178, 180)])
_HAIR_STYLES = ('short', 'long', 'tail', 'bun', 'volume')


@dataclass(frozen=True)
class Outfit:
    """What a person looks like.

    Attributes:
        skin: (3,) BGR.
        face: the painted head.
        shirt: upper body and sleeves.
        trousers: hips and legs, or the skirt.
        shoes: feet.
        sleeve: how much of the arm is covered, 0 to 2: 0.5 half of the upper arm, 2 down to the wrist.
        leg: the same for the legs.
        hair: 'short', 'long', 'tail', 'bun' or 'volume'.
        hat: (3,) BGR of a cap, or None.
        skirt: length of a skirt along the thigh, 0 for none.
        coat: how far the shirt hangs over the hips, 0 to 1.
        loose: how wide the clothes are, 0 to 1.
        backpack: cloth of a backpack, or None.
        open_front: a second colour down the middle of the chest, or None.
        socks: (3,) BGR.
    """

    skin: np.ndarray
    face: Face
    shirt: Cloth
    trousers: Cloth
    shoes: Cloth
    sleeve: float
    leg: float
    hair: str
    hat: np.ndarray | None
    skirt: float
    coat: float
    loose: float
    backpack: Cloth | None
    open_front: np.ndarray | None
    socks: np.ndarray


@dataclass(frozen=True)
class Person:
    """All that decides how somebody is drawn.

    Attributes:
        skeleton: joints and frames of the pose.
        body: proportions.
        outfit: skin, hair and clothes.
    """

    skeleton: Skeleton
    body: Body
    outfit: Outfit


def sample_outfit(rng: np.random.Generator) -> Outfit:
    """Choose skin, hair and clothes.

    >>> outfit = sample_outfit(np.random.default_rng(0))
    >>> outfit.hair, outfit.skirt
    ('short', 0.0)
    """
    skin = _sample_skin(rng)
    hair = _HAIR_COLOURS[rng.choice(6, p=[0.34, 0.24, 0.17, 0.12, 0.06, 0.07])].astype(np.float32)
    style = _HAIR_STYLES[rng.choice(5, p=[0.46, 0.2, 0.12, 0.08, 0.14])]
    bald = style == 'short' and rng.random() < 0.12
    skirt = float(rng.uniform(0.35, 1.25)) if rng.random() < 0.14 else 0.0
    offset = (float(rng.random()), float(rng.random()))
    face = Face(
        skin=skin.astype(np.float32),
        hair=hair,
        hairline=1.1 if bald else float(rng.uniform(0.0, 0.1)),
        beard=style == 'short' and rng.random() < 0.25,
        glasses=rng.random() < 0.12,
        lips=(skin * (0.62, 0.58, 0.8)).astype(np.float32),
        offset=offset,
    )
    trousers = random_cloth(rng, plain=0.7)
    if rng.random() < 0.35:  # denim
        blue = np.array([rng.uniform(70, 150), rng.uniform(50, 90), rng.uniform(30, 70)], np.float32)
        trousers = Cloth(blue, blue * 1.35, 'speckle', 0.02, 0.3, offset)
    shirt = random_cloth(rng, plain=0.35)
    return Outfit(
        skin=skin.astype(np.float32),
        face=face,
        shirt=shirt,
        trousers=shirt if skirt and rng.random() < 0.4 else trousers,
        shoes=Cloth(random_colour(rng), random_colour(rng), 'plain', 0.03, 0.1),
        sleeve=float(rng.choice([0.12, rng.uniform(0.4, 0.75), rng.uniform(1.1, 1.5), 2.0], p=[0.14, 0.4, 0.1, 0.36])),
        leg=float(rng.choice([rng.uniform(0.35, 0.95), rng.uniform(1.3, 1.7), 2.0], p=[0.25, 0.1, 0.65])),
        hair=style,
        hat=random_colour(rng) if style in ('short', 'tail') and rng.random() < 0.22 else None,
        skirt=skirt,
        coat=float(rng.random() ** 2),
        loose=float(rng.random() ** 1.5),
        backpack=random_cloth(rng) if rng.random() < 0.08 else None,
        open_front=random_colour(rng) if rng.random() < 0.22 else None,
        socks=random_colour(rng),
    )


def _sample_skin(rng: np.random.Generator) -> np.ndarray:
    """(3,) BGR, between two neighbouring tones."""
    tone = rng.uniform(0, len(SKIN_TONES) - 1)
    low = int(tone)
    return SKIN_TONES[low] + (SKIN_TONES[min(low + 1, len(SKIN_TONES) - 1)] - SKIN_TONES[low]) * (tone - low)
