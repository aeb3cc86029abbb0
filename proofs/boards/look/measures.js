/* What a person sees of a page, measured in the page itself.
   measures.py evaluates it: a function of (options) that gives everything found.

   A text is a run of letters on one line, of the page or of a canvas (canvas.js keeps what was written into
   canvases). Its `ink` is the box of its letters without the room above and below that every line has. */
(options) => {
  const panelOf = (element) => element.closest(options.panel);
  const number = (text) => parseFloat(text) || 0;

  // --- colours ---------------------------------------------------------------------------------------------
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (text) => {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = "transparent";
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, [r, g, b, a / 255]);
    }
    return known.get(text);
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const contrast = (one, other) => {
    const [a, b] = [luminance(one), luminance(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const opacity = (element) => {
    let found = 1;
    for (let at = element; at; at = at.parentElement) found *= parseFloat(getComputedStyle(at).opacity);
    return found;
  };
  const COLOUR = /rgba?\([^)]*\)|#[0-9a-f]{3,8}\b|color\([^)]*\)/gi;

  /* Every colour that an element paints at a point: one, several for a gradient, none. */
  const painted = (element, x, y) => {
    if (element instanceof HTMLCanvasElement) return pixel(element, x, y);
    const style = getComputedStyle(element);
    const found = [];
    const image = style.backgroundImage;
    if (image.includes("gradient")) found.push(...(image.match(COLOUR) ?? []).map(rgba));
    const colour = rgba(style.backgroundColor);
    if (!found.length && colour[3] > 0) found.push(colour);
    const faded = found.length ? opacity(element) : 1;
    return found.map(([r, g, b, a]) => [r, g, b, a * faded]);
  };
  const pixel = (element, x, y) => {
    const box = element.getBoundingClientRect();
    try {
      const context = element.getContext("2d");
      const [r, g, b, a] = context.getImageData(
        ((x - box.left) * element.width) / box.width,
        ((y - box.top) * element.height) / box.height,
        1,
        1,
      ).data;
      return a ? [[r, g, b, a / 255]] : [];
    } catch {
      return []; // not drawn in two dimensions
    }
  };

  /* What lies behind an element at a point: all the grounds that can be there.
     A gradient has several colours. */
  const grounds = (element, x, y) => {
    const stack = document.elementsFromPoint(x, y);
    const place = stack.indexOf(element);
    const behind = place >= 0 ? stack.slice(place) : ancestors(element);
    let found = [[255, 255, 255]];
    for (const at of behind.reverse()) {
      const colours = painted(at, x, y);
      if (colours.length)
        found = colours.flatMap((colour) => found.map((below) => over(colour, below))).slice(0, 16);
    }
    return found;
  };
  const ancestors = (element) => {
    const found = [];
    for (let at = element; at; at = at.parentElement) found.push(at);
    return found;
  };
  const least = (colour, element, ink, faded) => {
    let found = 21;
    for (const share of [0.1, 0.5, 0.9]) {
      const [x, y] = [ink.left + (ink.right - ink.left) * share, (ink.top + ink.bottom) / 2];
      for (const ground of grounds(element, x, y)) {
        found = Math.min(found, contrast(over([...colour.slice(0, 3), colour[3] * faded], ground), ground));
      }
    }
    return found;
  };

  // --- texts -----------------------------------------------------------------------------------------------
  const inkOf = (box) => {
    const height = box.bottom - box.top;
    return {
      left: box.left,
      right: box.right,
      top: box.top + height * 0.2,
      bottom: box.bottom - height * 0.2,
    };
  };
  const seen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && opacity(element) > 0.05;
  const clips = (style) => [style.overflowX, style.overflowY].map((one) => one !== "visible");

  /* What hides part of an ink, and the part that is left.
     Boxes outside of a panel hide nothing: somebody can scroll the page. */
  const cutBy = (element, ink) => {
    const left = { ...ink };
    let why = null;
    for (let at = element; at && panelOf(at); at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.display === "inline" || style.display === "contents") continue;
      const [clipsX, clipsY] = clips(style);
      if (!clipsX && !clipsY) continue;
      const box = at.getBoundingClientRect();
      // For readers of the screen alone.
      if (box.width <= 2 && box.height <= 2) return { why: "unseen", left };
      // Dots come as soon as a text is wider than the room within the padding.
      const dots = style.textOverflow === "ellipsis";
      // The bar is there where the box scrolls.
      const bar =
        at.offsetWidth - at.clientWidth - number(style.borderLeftWidth) - number(style.borderRightWidth);
      const inner =
        box.width -
        number(style.borderLeftWidth) -
        number(style.borderRightWidth) -
        Math.max(0, Math.round(bar));
      const room = dots ? inner - number(style.paddingRight) : inner;
      const [x, y] = [box.left + at.clientLeft, box.top + at.clientTop];
      const outX = Math.max(x - ink.left, ink.right - (x + room));
      const outY = Math.max(y - ink.top, ink.bottom - (y + at.clientHeight));
      if (clipsX && outX > (dots ? 0.3 : 1.5))
        why ??= `${Math.ceil(outX)} px out of ${Math.round(room)} px wide`;
      if (clipsY && outY > 1.5)
        why ??= `${Math.round(outY)} px out of ${Math.round(at.clientHeight)} px high`;
      if (clipsX) [left.left, left.right] = [Math.max(left.left, x), Math.min(left.right, x + room)];
      if (clipsY)
        [left.top, left.bottom] = [Math.max(left.top, y), Math.min(left.bottom, y + at.clientHeight)];
    }
    return { why, left };
  };

  const titleOf = (panel) => panel?.querySelector(options.title)?.textContent?.trim() ?? "";
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!text || element.closest(`script, style, noscript, option, ${options.ignore}`) || !seen(element))
      continue;
    const style = getComputedStyle(element);
    range.selectNodeContents(walker.currentNode);
    const panel = panelOf(element);
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      const { why: cut, left: ink } = cutBy(element, inkOf(box));
      if (cut === "unseen") continue;
      texts.push({
        text,
        node: walker.currentNode,
        ink,
        cut,
        element,
        panel,
        size: number(style.fontSize),
        colour: rgba(style.color),
        faded: opacity(element),
        title: !!element.closest(options.title),
        canvas: false,
      });
    }
  }
  for (const element of document.querySelectorAll("canvas")) {
    if (!element.writtenTexts?.length || !seen(element)) continue;
    const box = element.getBoundingClientRect();
    const scale = box.width / element.width;
    for (const one of element.writtenTexts) {
      const ink = {
        left: box.left + one.left * scale,
        right: box.left + one.right * scale,
        top: box.top + one.top * scale,
        bottom: box.top + one.bottom * scale,
      };
      const beside =
        ink.right <= box.left || ink.left >= box.right || ink.bottom <= box.top || ink.top >= box.bottom;
      if (beside || rgba(one.colour)[3] < 0.05) continue; // nobody sees it
      const out = Math.max(
        box.left - ink.left,
        ink.right - box.right,
        box.top - ink.top,
        ink.bottom - box.bottom,
      );
      const shortened = /(…|\.\.\.)$/.test(one.text) ? "shortened" : null;
      const cut = out > 1.5 ? `${Math.round(out)} px out of its canvas` : shortened;
      texts.push({
        text: one.text,
        ink,
        cut,
        element,
        panel: panelOf(element),
        size: one.size * scale,
        colour: rgba(one.colour),
        faded: 1,
        title: false,
        canvas: true,
      });
    }
  }

  // --- what is wrong ---------------------------------------------------------------------------------------
  const say = (one) =>
    `${one.panel ? titleOf(one.panel) || "(no title)" : "(no panel)"}: "${one.text.slice(0, 60)}"`;
  const overlaps = [];
  for (let i = 0; i < texts.length; i++) {
    for (let j = i + 1; j < texts.length; j++) {
      const [a, b] = [texts[i].ink, texts[j].ink];
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const same = texts[i].node && texts[i].node === texts[j].node; // its lines, or its end in dots
      if (wide > 1.5 && high > 1.5 && !same) {
        overlaps.push(`${say(texts[i])} and ${say(texts[j])}, ${Math.round(wide)} x ${Math.round(high)} px`);
      }
    }
  }
  for (const one of texts) {
    const line = one.panel?.querySelector(options.title)?.getBoundingClientRect();
    if (one.title || !line || one.ink.top > line.bottom - 3 || one.ink.bottom < line.top) continue;
    overlaps.push(`${say(one)} reaches into the line of the title`);
  }
  const cuts = [...new Set(texts.filter((one) => one.cut).map((one) => `${say(one)} ${one.cut}`))];
  const screen = { width: innerWidth, height: innerHeight };
  const panels = [...document.querySelectorAll(options.panel)].filter((panel) => seen(panel));
  const downwards = panels
    .map((panel) => [panel.getBoundingClientRect(), panel])
    .sort(([a], [b]) => a.top - b.top || a.left - b.left);
  for (const [index, [box, panel]] of (options.wall ? downwards : []).entries()) {
    const name = titleOf(panel) || "a panel";
    const wanted = index < (options.lead ?? panels.length);
    if (wanted && (box.bottom > screen.height + 2 || box.right > screen.width + 2))
      cuts.push(`${name} is not on the screen: ${Math.round(box.bottom)} px of ${screen.height} high`);
    for (const inner of panel.querySelectorAll("*")) {
      const style = getComputedStyle(inner);
      const scrolls = (way, all, shown) => /auto|scroll/.test(way) && all > shown + 2;
      if (
        scrolls(style.overflowY, inner.scrollHeight, inner.clientHeight) ||
        scrolls(style.overflowX, inner.scrollWidth, inner.clientWidth)
      ) {
        const size = `${inner.scrollWidth} x ${inner.scrollHeight}`;
        cuts.push(`${name} scrolls: ${size} in ${inner.clientWidth} x ${inner.clientHeight} px`);
        break;
      }
    }
  }
  if (document.documentElement.scrollWidth > screen.width + 1)
    cuts.push(`the page is ${document.documentElement.scrollWidth} px wide`);

  const style = document.createElement("style");
  // So that elementsFromPoint sees everything.
  style.textContent = "* { pointer-events: auto !important; transition: none !important }";
  document.head.append(style);
  const contrasts = texts
    .filter(
      (one) =>
        !one.cut &&
        one.ink.bottom <= screen.height &&
        one.ink.top >= 0 &&
        one.ink.left >= 0 &&
        one.ink.right <= screen.width,
    )
    .map((one) => ({
      text: say(one),
      contrast: one.canvas
        ? Math.max(0, ...grounds2(one).map((ground) => contrast(over(one.colour, ground), ground)))
        : least(one.colour, one.element, one.ink, one.faded),
    }));
  style.remove();

  /* Behind a text in a canvas: the canvas at the corners of its box, where no letter is. */
  function grounds2(one) {
    const { left, right, top, bottom } = one.ink;
    const high = bottom - top;
    return [left - 2, right + 2].flatMap((x) =>
      [top - high * 0.3, bottom + high * 0.3].flatMap((y) => grounds(one.element, x, y)),
    );
  }

  // --- how the screen is used ------------------------------------------------------------------------------
  const boxes = panels.map((panel) => panel.getBoundingClientRect());
  const across = 64;
  let empty = 0;
  for (let i = 0; i < across; i++) {
    for (let j = 0; j < across; j++) {
      const [x, y] = [((i + 0.5) * screen.width) / across, ((j + 0.5) * screen.height) / across];
      if (
        !boxes.some(
          (box) => box.left - 8 <= x && x <= box.right + 8 && box.top - 8 <= y && y <= box.bottom + 8,
        )
      )
        empty++;
    }
  }
  /* "%" behind "92.3" is read with it. */
  const unit = (one) =>
    !/\d/.test(one.text) && /\d/.test(one.element.previousElementSibling?.textContent ?? "");
  const acting = texts.filter(
    (one) =>
      one.panel &&
      !one.title &&
      !one.canvas &&
      !unit(one) &&
      !one.element.closest(`${options.aside}, ${options.paging}`),
  );
  return {
    texts: texts.length,
    panels: panels.map(titleOf),
    overlaps,
    cuts,
    contrasts: contrasts.sort((a, b) => a.contrast - b.contrast).slice(0, 40),
    sizes: acting
      .map((one) => ({ text: say(one), size: one.size }))
      .sort((a, b) => a.size - b.size)
      .slice(0, 40),
    paging: [...document.querySelectorAll(options.paging)]
      .filter(seen)
      .map(
        (element) =>
          `${titleOf(panelOf(element)) || "-"}: ${element.getAttribute("aria-label") ?? element.innerText}`,
      ),
    empty: empty / across ** 2,
  };
}
