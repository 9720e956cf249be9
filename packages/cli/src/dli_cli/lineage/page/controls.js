// Search, keys and buttons.
const search = by("search"), found = by("found");
const wanted = nodes.flatMap((node, index) => [
  { node: index, column: -1, text: node.name.toLowerCase() },
  ...node.columns.map(([name], column) => ({ node: index, column, text: `${node.name}.${name}`.toLowerCase(), own: name.toLowerCase() })),
]);
let hits = [], marked = 0;

function look() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (one) => words.every((each) => (one.column < 0 ? one.text : one.own).includes(each) || (one.column >= 0 && each.includes(".") && one.text.includes(each)));
  hits = words.length ? wanted.filter(fits).slice(0, 50) : [];
  marked = 0;
  found.replaceChildren(...hits.map((hit, index) => {
    const entry = element("li", "", nameOf(hit.node, hit.column));
    entry.append(element("small", "", hit.column < 0 ? nodes[hit.node].type : "column"));
    entry.id = `hit${index}`;
    entry.setAttribute("role", "option");
    entry.addEventListener("pointerdown", (event) => { event.preventDefault(); take(hit); });
    return entry;
  }));
  if (words.length && !hits.length) found.append(element("li", "", "Nothing has that name."));
  found.hidden = !words.length;
  search.setAttribute("aria-expanded", String(Boolean(words.length)));
  mark();
}

function mark() {
  [...found.children].forEach((entry, index) => {
    const is = index === marked && hits.length > 0;
    entry.setAttribute("aria-selected", String(is));
    if (is) entry.scrollIntoView({ block: "nearest" });
  });
  if (hits.length) search.setAttribute("aria-activedescendant", `hit${marked}`);
  else search.removeAttribute("aria-activedescendant");
}

function take(hit) {
  found.hidden = true;
  search.setAttribute("aria-expanded", "false");
  choose(hit.node, hit.column, { show: true });
}

search.addEventListener("input", look);
search.addEventListener("focus", look);
search.addEventListener("blur", () => { found.hidden = true; });
search.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    marked = (marked + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % Math.max(hits.length, 1);
    mark();
  } else if (event.key === "Enter" && hits.length) take(hits[marked]);
  else if (event.key === "Escape") { search.value = ""; look(); view.focus(); }
  else return;
  event.preventDefault();
  event.stopPropagation();
});

view.addEventListener("click", (event) => {
  if (moved) return;
  const button = event.target.closest("button");
  if (!button) return clear();
  if (button.dataset.fold !== undefined) return fold(Number(button.dataset.fold));
  choose(Number(button.dataset.node), Number(button.dataset.column ?? -1));
});
view.addEventListener("focusin", (event) => {
  if (event.target.dataset.node !== undefined) rove(event.target);
});

// From one element to the next: up and down in a layer, left to the sources, right to the users.
function step(name, node, column) {
  const sideways = { ArrowLeft: [flowsInto, edgesInto, "source", "from"], ArrowRight: [flowsFrom, edgesFrom, "target", "to"] }[name];
  if (sideways) {
    const [ways, tables, end, side] = sideways;
    const flow = column < 0 ? undefined : flows[ways.get(key(node, column))?.[0]];
    if (flow) {
      if (flow[side] >= 0 && !cards[flow[end]].rows.has(flow[side])) fold(flow[end], true);
      return [flow[end], flow[side]];
    }
    const edge = edges[tables.get(node)?.[0]];
    return edge ? [edge[end], -1] : null;
  }
  const stops = layers.find((layer) => layer.includes(node)).filter((item) => item < nodes.length)
    .flatMap((item) => [[item, -1], ...[...cards[item].rows.keys()].map((each) => [item, each])]);
  const here = stops.findIndex(([item, each]) => item === node && each === column);
  return stops[here + (name === "ArrowDown" ? 1 : -1)] ?? null;
}

document.addEventListener("keydown", (event) => {
  if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
  const { node, column } = event.target.dataset ?? {};
  if (event.key === "/") search.focus();
  else if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") fit();
  else if (event.key === "Escape") clear();
  else if (event.key.startsWith("Arrow") && node !== undefined) {
    const next = step(event.key, Number(node), Number(column ?? -1));
    if (next) focusOn(...next);
  } else if (event.key.startsWith("Arrow") && event.target === view) {
    const [x, y] = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    move(at.x + x, at.y + y, at.scale);
  } else return;
  event.preventDefault();
});

by("in").addEventListener("click", () => zoom(1.25));
by("out").addEventListener("click", () => zoom(0.8));
by("fit").addEventListener("click", () => fit());
by("all").addEventListener("click", () => {
  const open = by("all").getAttribute("aria-pressed") !== "true";
  by("all").setAttribute("aria-pressed", String(open));
  state.open = new Set(open ? nodes.keys() : []);
  draw();
  rove();
  fit();
});
by("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = dark === "dark" ? "light" : "dark";
});

// A small graph opens with its columns; of a large one only the table that was asked for.
const ALL_AT_ONCE = 150;
const total = nodes.reduce((sum, node) => sum + node.columns.length, 0);
if (total <= ALL_AT_ONCE) {
  state.open = new Set(nodes.keys());
  by("all").setAttribute("aria-pressed", "true");
} else if (data.root !== null) state.open.add(data.root);
by("counts").textContent = data.counts;
by("notes").hidden = !data.notes.length;
by("notes").classList.toggle("one", data.notes.length === 1);
by("notes").firstElementChild.textContent = data.notes.length === 1 ? data.notes[0] : `${data.notes.length} problems`;
by("notes").lastElementChild.append(...(data.notes.length > 1 ? data.notes : []).map((note) => element("li", "", note)));
draw();
rove();
fit();
if (at.scale < 0.35 && data.root !== null) centre(data.root, 0.7);
if (data.root !== null && data.column !== null) choose(data.root, data.column, { show: at.scale < 0.35 });
