"""Whether what is on the page fits: no text cut, none upon another, no part of the screen left empty.

Measured where it is painted.
"""

from __future__ import annotations

from typing import Final

from playwright.async_api import Page

# Each piece of visible text with the box of its letters. A line's box is taller than its letters: a fifth
# above and below is air.
_PIECES: Final = """
  const pieces = [];
  const skipped = ".only-read, option, noscript, .drawer, script, select, summary";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest(skipped) || !element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    for (const box of range.getClientRects()) {
      if (box.width < 1) continue;
      const air = 0.2 * box.height;
      const [left, right, top, bottom] = [box.left, box.right, box.top + air, box.bottom - air];
      pieces.push({element, text: walker.currentNode.data.trim(), left, right, top, bottom});
    }
  }
"""
# A part that has no room may go whole, into a line that is hidden; what is cut through is a fault. So is what
# lies beyond the screen.
CUT: Final = (
    "() => {"
    + _PIECES
    + """
  const found = [];
  const whole = ".whole, .fresh, .slow-items, .compared, .figure, .everything";
  for (const piece of pieces) {
    for (let at = piece.element; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const box = at.getBoundingClientRect();
      const outside = piece.top >= box.bottom - 1 || piece.left >= box.right - 1;
      if (outside && at.matches(whole)) break;
      const isWide = piece.right > box.right + 1 || piece.left < box.left - 1;
      const isHigh = piece.bottom > box.bottom + 1 || piece.top < box.top - 1;
      if (isWide || isHigh)
        found.push(`${piece.text} is cut by ${at.className || at.tagName}`);
      if (at.matches(".everything")) break;
    }
    if (!piece.element.closest(".everything") && piece.right > innerWidth + 1)
      found.push(`${piece.text} lies beyond the screen`);
  }
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`the page is ${wide} wide`);
  return [...new Set(found)];
}"""
)
OVERLAPS: Final = (
    "() => {"
    + _PIECES
    + """
  const hidden = (piece) => {
    for (let at = piece.element; at && at !== document.body; at = at.parentElement)
      if (getComputedStyle(at).overflowY !== "visible"
          && piece.top >= at.getBoundingClientRect().bottom - 1) return true;
    return false;
  };
  const seen = pieces.filter((piece) => !hidden(piece));
  const found = [];
  for (const [place, one] of seen.entries()) {
    for (const other of seen.slice(place + 1)) {
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (wide > 1 && high > 1 && one.element !== other.element) found.push(`${one.text} / ${other.text}`);
    }
  }
  return found;
}"""
)
# The part of the first screen that cards, rows and lines cover.
COVERED: Final = """
() => {
  const parts = [...document.querySelectorAll("header, .banner, main .card, .slow")];
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const area = (box) => box.width * Math.max(0, Math.min(innerHeight, box.bottom) - box.top);
  return boxes.reduce((sum, box) => sum + area(box), 0) / (innerWidth * innerHeight);
}
"""


async def cut_off(page: Page) -> list[str]:
    """Text that is cut, or reaches out of its place."""
    found: list[str] = await page.evaluate(CUT)
    return found


async def overlaps(page: Page) -> list[str]:
    """Pairs of texts that lie upon each other."""
    found: list[str] = await page.evaluate(OVERLAPS)
    return found


async def covered(page: Page) -> float:
    """How much of the first screen is used, 0..1."""
    found: float = await page.evaluate(COVERED)
    return found
