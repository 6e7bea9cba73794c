"""A dressed person: the solids a posed skeleton is clothed in, each with its part number and its paint."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .body import SIDES, Body, Skeleton, rotate
from .materials import SKIN_TONES, Cloth, Face, random_cloth, random_colour
from .solids import RoundCone, cross

__all__ = ['PARTS', 'Outfit', 'Piece', 'dress', 'sample_body', 'sample_outfit']

PARTS = (
    'nothing', 'torso', 'neck', 'head', 'nose', 'left_ear', 'right_ear', 'hair', 'hat', 'left_upper_arm',
    'right_upper_arm', 'left_forearm', 'right_forearm', 'left_hand', 'right_hand', 'left_thigh', 'right_thigh',
    'left_shank', 'right_shank', 'left_foot', 'right_foot', 'skirt', 'prop',
)  # fmt: skip
"""Names of the parts; the place in this tuple is the part's number. A prop is not a part of the person."""

PartPaint = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Piece:
    """One solid of a figure.

    Attributes:
        solid: its shape and place.
        part: index into :data:`PARTS`.
        paint: (along (M,), normal (M, 3)) of surface points, as
            :func:`~mmpose_dark.synthetic.solids.cast_rays` returns them → (M, 3) BGR.
        gloss: how much the light is mirrored, 0 to 1.
    """

    solid: RoundCone
    part: int
    paint: PartPaint
    gloss: float = 0.0


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


def sample_body(rng: np.random.Generator) -> Body:
    """Draw proportions; one in eight is a child."""
    child = rng.random() < 0.12
    return Body(
        width=float(np.clip(rng.normal(1.0, 0.11), 0.78, 1.35)),
        head=float(rng.normal(1.3 if child else 1.06, 0.04)),
        shoulder_half=float(rng.normal(0.1 if child else 0.108, 0.006)),
        hip_half=float(rng.normal(0.052, 0.003)),
        upper_arm=float(rng.normal(0.15 if child else 0.165, 0.006)),
        forearm=float(rng.normal(0.13 if child else 0.145, 0.005)),
        thigh=float(rng.normal(0.215 if child else 0.245, 0.008)),
        shank=float(rng.normal(0.205 if child else 0.235, 0.008)),
    )


def sample_outfit(rng: np.random.Generator) -> Outfit:
    """Draw skin, hair and clothes."""
    tone = rng.uniform(0, len(SKIN_TONES) - 1)
    low = int(tone)
    skin = SKIN_TONES[low] + (SKIN_TONES[min(low + 1, len(SKIN_TONES) - 1)] - SKIN_TONES[low]) * (tone - low)
    hair_colours = np.array([(25, 25, 28), (30, 42, 60), (45, 72, 110), (85, 140, 190), (40, 70, 150), (175, 178, 180)])
    hair = hair_colours[rng.choice(6, p=[0.34, 0.24, 0.17, 0.12, 0.06, 0.07])].astype(np.float32)
    style = ('short', 'long', 'tail', 'bun', 'volume')[rng.choice(5, p=[0.46, 0.2, 0.12, 0.08, 0.14])]
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


def dress(skeleton: Skeleton, body: Body, outfit: Outfit, *, seat: bool = False) -> list[Piece]:
    """Clothe a skeleton.

    Args:
        skeleton: joints and frames.
        body: its proportions.
        outfit: what it looks like.
        seat: put a stool under the pelvis.

    Returns:
        The solids, in no particular order.
    """
    maker = _Tailor(skeleton, body, outfit)
    maker.torso()
    maker.head()
    for side, sign in SIDES:
        maker.arm(side, sign)
        maker.leg(side)
    if outfit.skirt:
        maker.skirt()
    if outfit.backpack is not None:
        maker.backpack()
    if seat:
        maker.stool()
    return maker.pieces


class _Tailor:
    """Collects the pieces of one figure."""

    def __init__(self, skeleton: Skeleton, body: Body, outfit: Outfit) -> None:
        self.joints, self.frames = skeleton.joints, skeleton.frames
        self.body, self.outfit = body, outfit
        self.pieces: list[Piece] = []

    def add(
        self,
        part: str,
        start: np.ndarray,
        frame: np.ndarray,
        length: float,
        radii: tuple[float, float],
        paint: PartPaint,
        *,
        squash: tuple[float, float, float] = (1.0, 1.0, 1.0),
        gloss: float = 0.0,
        open_end: bool = False,
    ) -> None:
        start = np.asarray(start, float)
        solid = RoundCone(start, frame, float(length), float(radii[0]), float(radii[1]), squash, open_end)
        self.pieces.append(Piece(solid, PARTS.index(part), paint, gloss))

    def between(self, part: str, start: np.ndarray, end: np.ndarray, radii: tuple[float, float], paint: PartPaint):
        """Add a round piece between two points, its frame turned any way about the axis."""
        axis = start - end
        length = float(np.linalg.norm(axis))
        axis = axis / length
        side = cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
        side /= np.linalg.norm(side)
        self.add(part, start, np.stack([side, axis, cross(side, axis)], axis=1), length, radii, paint)

    def torso(self) -> None:
        body, outfit, width = self.body, self.outfit, self.body.width
        loose = 1 + 0.12 * outfit.loose
        chest, pelvis = self.frames['chest'], self.frames['pelvis']
        depth = 0.62 + 0.14 * (width - 1)

        def shirt(along: np.ndarray, normal: np.ndarray, top: float, span: float) -> np.ndarray:
            angle = np.arctan2(normal[:, 0], normal[:, 2])
            colour = outfit.shirt.paint(top + along * span, angle * 0.09)
            if outfit.open_front is not None:
                middle = np.abs(angle) < 0.2
                colour[middle] = outfit.open_front
            return colour

        top = self.joints['neck'] - chest @ [0, 0.05, 0.0]
        self.add(
            'torso', top, chest, body.chest - 0.055, (0.092 * width * loose, 0.081 * width * loose),
            lambda t, n: self._collar(shirt(t, n, 0.05, body.chest - 0.055), t, n), squash=(1.0, 1.0, depth),
        )  # fmt: skip
        hem = 0.35 + 0.65 * outfit.coat

        def hips(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
            angle = np.arctan2(normal[:, 0], normal[:, 2])
            below = along - 0.35 * normal[:, 1]  # the round end continues past the axis
            colour = outfit.trousers.paint(along * body.waist, angle * 0.09)
            covered = below < hem
            colour[covered] = shirt(along[covered], normal[covered], body.chest, body.waist)
            return colour

        self.add(
            'torso', self.joints['waist'], pelvis, body.waist, (0.08 * width * loose, 0.088 * width * loose), hips,
            squash=(1.0, 1.0, depth),
        )  # fmt: skip
        self.between('neck', self.joints['neck'] - chest @ [0, 0.02, 0], self.joints['head'],
                     (0.034 * width, 0.03 * width), self._plain(outfit.skin))  # fmt: skip
        for side, _ in SIDES:
            self.between('torso', self.joints['neck'] - chest @ [0, 0.012, 0.004], self.joints[f'{side}_shoulder'],
                         (0.034 * width, 0.036 * width * loose), lambda t, n: shirt(t, n, 0.0, 0.02))  # fmt: skip

    def _collar(self, colour: np.ndarray, along: np.ndarray, normal: np.ndarray) -> np.ndarray:
        neckline = (along < 0.02) & (normal[:, 1] > 0.55 + 0.5 * np.abs(normal[:, 0])) & (normal[:, 2] > 0)
        colour[neckline] = self.outfit.skin
        return colour

    @staticmethod
    def _plain(colour: np.ndarray) -> PartPaint:
        return lambda along, normal: np.broadcast_to(colour, (len(along), 3)).astype(np.float32)

    def _sleeve(self, cloth: Cloth, length: float, upto: float, origin: float, radius: float) -> PartPaint:
        """Cloth on the part of a limb before ``upto`` (0 none of it, 1 all), skin after."""

        def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
            angle = np.arctan2(normal[:, 0], normal[:, 2])
            colour = cloth.paint(origin + along * length, angle * radius)
            bare = along > upto
            colour[bare] = self.outfit.skin
            cuff = ~bare & (along > upto - 0.07) & (upto < 1.2)
            colour[cuff] *= 0.8
            return colour

        return paint

    def arm(self, side: str, sign: float) -> None:
        body, outfit, width = self.body, self.outfit, self.body.width
        loose = 1 + 0.3 * outfit.loose
        upper = loose if outfit.sleeve > 0.3 else 1.0
        lower = loose if outfit.sleeve > 1.0 else 1.0
        self.add(
            f'{side}_upper_arm', self.joints[f'{side}_shoulder'], self.frames[f'{side}_upper_arm'], body.upper_arm,
            (0.036 * width * upper, 0.029 * width * upper),
            self._sleeve(outfit.shirt, body.upper_arm, outfit.sleeve, 0.02, 0.035),
        )  # fmt: skip
        upto = 2.0 if outfit.sleeve >= 2 else outfit.sleeve - 1
        self.add(
            f'{side}_forearm', self.joints[f'{side}_elbow'], self.frames[f'{side}_forearm'], body.forearm,
            (0.03 * width * lower, 0.021 * width * lower),
            self._sleeve(outfit.shirt, body.forearm, upto, 0.02 + body.upper_arm, 0.03),
        )  # fmt: skip
        wrist, frame = self.joints[f'{side}_wrist'], self.frames[f'{side}_hand']
        skin = self._plain(outfit.skin)
        palm = wrist - frame @ [0, 0.022, 0]
        self.add(f'{side}_hand', palm, frame, body.hand - 0.03, (0.021, 0.013), skin, squash=(0.6, 1.0, 1.0))
        thumb = frame @ rotate('x', -40)
        self.add(f'{side}_hand', palm + frame @ [0, 0, 0.01], thumb, 0.03, (0.009, 0.007), skin)

    def leg(self, side: str) -> None:
        body, outfit, width = self.body, self.outfit, self.body.width
        loose = 1 + 0.22 * outfit.loose
        bare = bool(outfit.skirt)
        upto = -1.0 if bare else outfit.leg
        upper = 1.0 if bare else loose
        lower = loose if upto > 1.2 else 1.0
        self.add(
            f'{side}_thigh', self.joints[f'{side}_hip'], self.frames[f'{side}_thigh'], body.thigh,
            (0.063 * width * upper, 0.043 * width * upper),
            self._sleeve(outfit.trousers, body.thigh, upto, body.waist, 0.05),
        )  # fmt: skip
        self.add(
            f'{side}_shank', self.joints[f'{side}_knee'], self.frames[f'{side}_shank'], body.shank,
            (0.043 * width * lower, 0.027 * width * lower),
            self._shank(2.0 if outfit.leg >= 2 and not bare else upto - 1),
        )  # fmt: skip
        ankle, frame = self.joints[f'{side}_ankle'], self.frames[f'{side}_foot']
        toes = frame @ rotate('x', -90)
        shoes = outfit.shoes
        self.add(
            f'{side}_foot', ankle + frame @ [0, -0.018, -0.018], toes, 0.095, (0.03, 0.022),
            lambda t, n: self._shoe(shoes, n), squash=(1.0, 1.0, 0.85), gloss=0.3,
        )  # fmt: skip

    def _shank(self, upto: float) -> PartPaint:
        trousers = self._sleeve(self.outfit.trousers, self.body.shank, upto, self.body.waist + self.body.thigh, 0.035)

        def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
            colour = trousers(along, normal)
            if upto < 1:
                colour[along > 0.86] = self.outfit.socks
            return colour

        return paint

    @staticmethod
    def _shoe(shoes: Cloth, normal: np.ndarray) -> np.ndarray:
        colour = shoes.paint(np.zeros(len(normal)), np.zeros(len(normal)))
        sole = normal[:, 2] < -0.55  # the toe frame's z points to the shin
        colour[sole] = (225, 228, 230) if shoes.colour.mean() < 150 else (70, 70, 72)
        return colour

    def head(self) -> None:
        body, outfit = self.body, self.outfit
        frame, centre, radii = self.frames['head'], self.joints['head'], body.head_radii
        squash = tuple(radii / radii[1])
        self.add('head', centre, frame, 0.0, (radii[1], radii[1]), lambda t, n: outfit.face.paint(n), squash=squash)
        skin = self._plain(outfit.skin)
        bridge = centre + frame @ (radii * [0, 0.12, 0.9])
        tip = self.joints['nose'] - frame @ [0, 0, 0.008]
        self.between('nose', bridge, tip, (0.005, 0.0105), self._plain(outfit.skin * 1.03))
        self.between('neck', self.joints['neck'], centre - frame @ [0, 0.03, 0], (0.03, 0.034), skin)
        for side, sign in SIDES:
            ear = centre + frame @ (radii * [sign * 0.98, -0.08, -0.12])
            self.add(f'{side}_ear', ear, frame, 0.0, (0.018, 0.018), self._plain(outfit.skin * 0.93),
                     squash=(0.45, 1.0, 0.7))  # fmt: skip
        self._hair(frame, centre, radii)

    def _hair(self, frame: np.ndarray, centre: np.ndarray, radii: np.ndarray) -> None:
        outfit = self.outfit
        colour = outfit.face.hair

        def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
            strand = np.sin(24 * np.arctan2(normal[:, 0], normal[:, 2]))
            return colour * (0.9 + 0.15 * strand)[:, None].astype(np.float32)

        if outfit.hair == 'volume':
            back = centre + frame @ [0, 0.022, -0.022]
            size = radii * 1.13
            self.add('hair', back, frame, 0.0, (size[1], size[1]), paint, squash=tuple(size / size[1]))
        elif outfit.hair == 'long':
            back = centre + frame @ (radii * [0, 0.1, -0.38])
            down = self.frames['chest'] * 0.5 + frame * 0.5
            down = np.linalg.qr(down)[0] * np.sign(np.diag(np.linalg.qr(down)[1]))
            self.add('hair', back, down, 0.13, (0.057, 0.047), paint, squash=(1.05, 1.0, 0.75))
        elif outfit.hair == 'tail':
            knot = centre + frame @ (radii * [0, 0.35, -1.05])
            self.add('hair', knot, frame @ rotate('x', 15), 0.09, (0.02, 0.008), paint)
        elif outfit.hair == 'bun':
            self.add('hair', centre + frame @ (radii * [0, 0.75, -0.85]), frame, 0.0, (0.028, 0.028), paint)
        if outfit.hat is not None:
            crown = centre + frame @ (radii * [0, 0.36, -0.05])
            size = radii * [1.08, 0.78, 1.05]
            hat = self._plain(outfit.hat)
            self.add('hat', crown, frame, 0.0, (size[1], size[1]), hat, squash=tuple(size / size[1]))
            brim = crown + frame @ (radii * [0, 0.12, 0.95])
            self.add('hat', brim, frame, 0.0, (0.04, 0.04), self._plain(outfit.hat * 0.85), squash=(1.0, 0.2, 1.1))

    def skirt(self) -> None:
        """From the waist over the hips to a hem that is wide enough for the legs."""
        outfit, width = self.outfit, self.body.width
        reach = 0.8 * outfit.skirt
        hips = 0.5 * (self.joints['left_hip'] + self.joints['right_hip'])
        knees = 0.5 * (self.joints['left_knee'] + self.joints['right_knee'])
        hem = hips + reach * (knees - hips)
        apart = 0.5 * np.linalg.norm(
            (1 - reach) * (self.joints['left_hip'] - self.joints['right_hip'])
            + reach * (self.joints['left_knee'] - self.joints['right_knee'])
        )
        wide = 0.12 * width
        self._cloth_cone(self.joints['waist'], hips, (0.08 * width, wide), 0.0)
        self._cloth_cone(hips, hem, (wide, max(wide, apart + 0.06 * width)), self.body.waist, open_end=True)

    def _cloth_cone(
        self, start: np.ndarray, end: np.ndarray, radii: tuple[float, float], origin: float, *, open_end: bool = False
    ) -> None:
        """A piece of skirt between two points, turned as the pelvis is; its pattern begins at ``origin``."""
        axis = start - end
        length = float(np.linalg.norm(axis))
        axis = axis / length
        side = self.frames['pelvis'][:, 0]
        side = side - axis * (side @ axis)
        side /= np.linalg.norm(side)
        frame = np.stack([side, axis, cross(side, axis)], axis=1)

        def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
            angle = np.arctan2(normal[:, 0], normal[:, 2])
            folds = 1 + 0.1 * np.sin(9 * angle)
            colour = self.outfit.trousers.paint(origin + along * length, angle * 0.1)
            return colour * folds[:, None].astype(np.float32)

        self.add('skirt', start, frame, length, radii, paint, squash=(1.0, 1.0, 0.8), open_end=open_end)

    def backpack(self) -> None:
        chest, pack = self.frames['chest'], self.outfit.backpack
        start = self.joints['neck'] - chest @ [0, 0.04, 0.095 * self.body.width]

        def paint(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
            colour = pack.paint(along * 0.15, np.arctan2(normal[:, 0], normal[:, 2]) * 0.08)
            colour[np.abs(along - 0.55) < 0.04] *= 0.6
            return colour

        self.add('prop', start, chest, 0.14, (0.07, 0.08), paint, squash=(1.0, 1.0, 0.6))

    def stool(self) -> None:
        """A round seat on three legs, upright whatever the person does."""
        hips = 0.5 * (self.joints['left_hip'] + self.joints['right_hip'])
        knees = 0.5 * (self.joints['left_knee'] + self.joints['right_knee'])
        floor = min(self.joints['left_ankle'][1], self.joints['right_ankle'][1]) - 0.04
        seat = hips + 0.15 * (knees - hips) * [1, 0, 1]
        seat[1] = hips[1] - 0.075 * self.body.width
        colour = self.outfit.socks * 0.5 + 40
        height = max(seat[1] - floor, 0.05)
        self.add('prop', seat, np.eye(3), 0.0, (0.13, 0.13), self._plain(colour), squash=(1.0, 0.14, 0.9))
        for angle in (30.0, 150.0, 270.0):
            lean = rotate('y', angle) @ rotate('x', 8)
            foot = seat + rotate('y', angle) @ [0, -0.01, 0.07]
            self.add('prop', foot, lean, height, (0.012, 0.01), self._plain(colour * 0.7))
