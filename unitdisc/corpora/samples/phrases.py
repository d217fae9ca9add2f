"""Lines in the style of Dutch ships' journals of the seventeenth century, composed from parts of our own."""

import numpy as np

openings = (
    "des morgens vroegh", "Op den middagh", "tegen den avondt", "In de dagh wacht", "Den wint zuyd west",
    "met een styve coelte", "naer het gebedt", "Opten derden dagh", "dien selven nacht", "ontrent de noen",
    "Den elfsten ditto", "mette son int oosten", "voor sonnen opganck", "in de hondt wacht", "naer den eeten",
    "Item op huyden", "smorgens ten acht uren", "Wt den noorden", "een weynigh daer naer", "Aldus bevonden",
)  # fmt: skip
middles = (
    "saghen wy het landt", "lichten wy het ancker", "quam de jacht by ons", "seylden wy om de caep",
    "hielden wy raedt", "wierp men het loot", "vongen de maets visch", "is de stierman sieck geweest",
    "hadden wy groote zee", "brack de fockeree", "liepen wy langs de kust", "vonden wy zoet water",
    "gaf de schipper order", "sach men veel gevogelte", "moest men de pompen gaen", "setten wy onsen cours",
    "verloren wy een sloep", "quamen de wilden aen boort", "ruylden sy peper ende rys", "heeft het seer gemist",
    "bleef het schip ten ancker", "dreven wy met de stroom", "schoten wy een stuck", "telden de bootsluyden elf man",
)  # fmt: skip
endings = (
    "recht voor den boegh", "op dertien vadem", "met cleyn zeyl", "tot onse groote vreught", "by schoon weder",
    "aende lager wal", "zoo verre men zien can", "onder een hoogh eylant", "inde baey van het oosten",
    "ende quaet weder", "vol klippen ende sant", "Godt zy geloofft", "naer gissingh twee myl", "sonder te rusten",
    "om hout te hacken", "binnen het groote rif", "door gebreck van broot", "alwaer wy bleven",
)  # fmt: skip
joints = (" ", " ", " ", ", ")
stops = ("", "", "", ".")


def compose(rng: np.random.Generator) -> str:
    """Return one line of 20 to 50 characters: two or three parts, sometimes with a comma or a full stop."""
    shape = int(rng.integers(4))
    parts = (
        [_choose(rng, openings), _choose(rng, middles)] if shape % 2 else [_choose(rng, middles), _choose(rng, endings)]
    )
    if shape == 0 and len(" ".join(parts)) < 34:
        parts.insert(0, "Item")
    return (_choose(rng, joints) if shape == 1 else " ").join(parts) + _choose(rng, stops)


def _choose(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]
