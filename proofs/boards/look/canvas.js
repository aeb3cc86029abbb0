/* Remembers what is written into canvases, for measures.js.
   Axes and states of Grafana's charts are no text of the page. */
(() => {
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.clearRect = function (x, y, width, height) {
    const within = (one) =>
      one.left >= x - 1 && one.right <= x + width + 1 && one.top >= y - 1 && one.bottom <= y + height + 1;
    const whole = width >= this.canvas.width && height >= this.canvas.height;
    this.canvas.writtenTexts = whole ? [] : (this.canvas.writtenTexts ?? []).filter((one) => !within(one));
    return clear.call(this, x, y, width, height);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
    const found = this.measureText(text);
    const place = this.getTransform();
    const corners = [
      [x - found.actualBoundingBoxLeft, y - found.actualBoundingBoxAscent],
      [x + found.actualBoundingBoxRight, y + found.actualBoundingBoxDescent],
    ].map(([left, top]) => place.transformPoint({ x: left, y: top }));
    const [xs, ys] = [corners.map((one) => one.x), corners.map((one) => one.y)];
    const size = parseFloat(/([\d.]+)px/.exec(this.font)?.[1] ?? "0") * Math.hypot(place.a, place.b);
    if (String(text).trim() && this.canvas.isConnected !== false) {
      (this.canvas.writtenTexts ??= []).push({
        text: String(text), size, colour: typeof this.fillStyle === "string" ? this.fillStyle : "#888888",
        left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys),
      });
    }
    return write.call(this, text, x, y, ...more);
  };
})();
