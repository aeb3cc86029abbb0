"""What a person sees, measured on the page itself: sizes, contrasts, and whether anything is cut off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from playwright.async_api import Page

# Every visible piece of text with its size and the contrast of its colour against what is painted behind it.
TEXTS: Final = """
(scope) => {
  const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r / 255, g / 255, b / 255, a / 255];
  };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const colour = rgba(style.backgroundColor);
      if (colour[3] === 1) return [colour, null];
      if (colour[3] > 0) return [null, "see-through"];
      if (style.backgroundImage !== "none") return [null, style.backgroundImage];
    }
    return [null, "nothing"];
  };
  const faded = (element) => {
    let opacity = 1;
    for (let at = element; at; at = at.parentElement) opacity *= parseFloat(getComputedStyle(at).opacity);
    return opacity;
  };
  // The panels, everything and the drawer lie below the first screen.
  const skipped = ".only-read, option, noscript, .panels, .everything, .drawer, script";
  const found = [];
  const root = document.querySelector(scope) ?? document.body;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!text || element.closest(skipped) || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [ground, picture] = behind(element);
    const opacity = faded(element);
    const mixed = (part, place) => part * opacity + ground[place] * (1 - opacity);
    const ink = ground ? luminance(rgba(style.color).map(mixed)) : 0;
    const paper = ground ? luminance(ground) : null;
    const contrast = paper === null ? 0 : (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    found.push({ text, size: parseFloat(style.fontSize), contrast, picture,
                 place: element.className || element.tagName,
                 hero: !!element.closest(".hero .value") && element.classList.contains("digits") });
  }
  for (const select of scope === "body" ? document.querySelectorAll("header select") : []) {
    const style = getComputedStyle(select);
    const [ground] = behind(select);
    const [ink, paper] = [luminance(rgba(style.color)), ground ? luminance(ground) : 0];
    found.push({ text: select.selectedOptions[0].text, size: parseFloat(style.fontSize),
                 place: "select", picture: null,
                 contrast: (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05), hero: false });
  }
  return found;
}
"""


@dataclass(frozen=True)
class Text:
    """A piece of text as it is painted."""

    text: str
    size: float
    contrast: float
    place: str
    hero: bool


async def texts(page: Page, scope: str = "body") -> list[Text]:
    """Everything that can be read."""
    found: list[dict[str, Any]] = await page.evaluate(TEXTS, scope)
    assert not [one for one in found if one["picture"]], (
        f"text upon a picture: {[one for one in found if one['picture']]}"
    )
    return [Text(one["text"], one["size"], one["contrast"], one["place"], one["hero"]) for one in found]


# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
BLINDNESS: Final = {
    "none": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
Colour = tuple[float, float, float]


def hex_colour(text: str) -> Colour:
    """`#58b6ff` as linear RGB."""
    parts = [int(text.strip().lstrip("#")[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return red, green, blue


def distance(one: Colour, other: Colour, blindness: str) -> float:
    """How different two colours look: CIE76 in Lab, D65. 2.3 is just noticeable side by side."""
    a, b = (_lab(_seen(colour, blindness)) for colour in (one, other))
    return math.dist(a, b)


def nearest(colours: dict[str, str], blindness: str) -> tuple[float, tuple[str, str]]:
    """The two colours that are told apart worst."""
    pairs = combinations(colours, 2)
    return min(
        (distance(hex_colour(colours[a]), hex_colour(colours[b]), blindness), (a, b)) for a, b in pairs
    )


def _seen(colour: Colour, blindness: str) -> Colour:
    red, green, blue = (
        min(1.0, max(0.0, sum(m * c for m, c in zip(row, colour, strict=True))))
        for row in BLINDNESS[blindness]
    )
    return red, green, blue


def _lab(colour: Colour) -> Colour:
    red, green, blue = colour
    xyz = (
        (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047,
        0.2126729 * red + 0.7151522 * green + 0.0721750 * blue,
        (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
