// Pan and zoom.
const at = { x: 0, y: 0, scale: 1 };
// Whether all is in sight because nobody moved it since: then it stays so.
let fitted = false;
const SMALLEST = 0.02, LARGEST = 4, FAR = 0.12;

function move(x, y, scale) {
  fitted = false;
  Object.assign(at, { x, y, scale: Math.min(Math.max(scale, SMALLEST), LARGEST) });
  world.style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.scale})`;
  world.classList.toggle("far", at.scale < FAR);
}

function zoom(factor, x = view.clientWidth / 2, y = view.clientHeight / 2) {
  const scale = Math.min(Math.max(at.scale * factor, SMALLEST), LARGEST);
  const ratio = scale / at.scale;
  move(x - (x - at.x) * ratio, y - (y - at.y) * ratio, scale);
}

function fit(width = view.clientWidth, height = view.clientHeight) {
  const { x0, y0, x1, y1 } = bounds();
  const margin = 24, below = 44;
  const scale = Math.min((width - 2 * margin) / (x1 - x0), (height - margin - below) / (y1 - y0), 1);
  move((width - (x0 + x1) * scale) / 2, margin + (height - margin - below - (y1 - y0) * scale) / 2 - y0 * scale, scale);
  fitted = true;
}

function centre(node, scale = Math.max(at.scale, 0.7)) {
  move(view.clientWidth / 2 - (left[node] + WIDTH / 2) * scale, view.clientHeight / 2 - (top_[node] + Math.min(size[node], view.clientHeight / scale) / 2) * scale, scale);
}

// Brings an element into sight with the least movement.
function reveal(target) {
  const frame = view.getBoundingClientRect(), box = target.getBoundingClientRect(), edge = 30;
  let { x, y } = at;
  if (box.left < frame.left + edge) x += frame.left + edge - box.left;
  else if (box.right > frame.right - edge) x -= box.right - frame.right + edge;
  if (box.top < frame.top + edge) y += frame.top + edge - box.top;
  else if (box.bottom > frame.bottom - edge) y -= box.bottom - frame.bottom + edge;
  if (x !== at.x || y !== at.y) move(x, y, at.scale);
}

view.addEventListener("wheel", (event) => {
  event.preventDefault();
  const step = event.deltaMode === 1 ? 16 : 1;
  const frame = view.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY * step * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - frame.left, event.clientY - frame.top);
}, { passive: false });

// One pointer pans, two zoom. A press that does not move stays a click.
const held = new Map();
let moved = false;
view.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  if (!held.size) moved = false;
  held.set(event.pointerId, [event.clientX, event.clientY]);
});
window.addEventListener("pointermove", (event) => {
  const last = held.get(event.pointerId);
  if (!last) return;
  const now = [event.clientX, event.clientY];
  if (!moved && Math.hypot(now[0] - last[0], now[1] - last[1]) < 4) return;
  if (!moved) view.classList.add("held");
  moved = true;
  const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const frame = view.getBoundingClientRect();
    const spread = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
    zoom(spread(now) / spread(last), (now[0] + other[0]) / 2 - frame.left, (now[1] + other[1]) / 2 - frame.top);
  } else move(at.x + now[0] - last[0], at.y + now[1] - last[1], at.scale);
  held.set(event.pointerId, now);
});
for (const name of ["pointerup", "pointercancel"]) {
  window.addEventListener(name, (event) => {
    held.delete(event.pointerId);
    if (!held.size) view.classList.remove("held");
  });
}
// Focus must not scroll what the transform moves.
view.addEventListener("scroll", () => view.scrollTo(0, 0));

let beforePrint = null;
window.addEventListener("beforeprint", () => {
  beforePrint = { ...at, fitted };
  fit(1040, 640);
});
window.addEventListener("afterprint", () => {
  if (!beforePrint) return;
  move(beforePrint.x, beforePrint.y, beforePrint.scale);
  ({ fitted } = beforePrint);
});
window.addEventListener("resize", () => { if (fitted) fit(); });
