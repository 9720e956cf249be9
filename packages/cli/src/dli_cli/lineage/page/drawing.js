// The graph as elements. Every text goes in as text, never as markup.
const by = (id) => document.getElementById(id);
const view = by("view"), world = by("world");
const SIGNS = { copied: "=", computed: "ƒ", aggregated: "Σ", unknown: "?", constant: "·", external: "·", declared: "?", filter: "·" };
const SVG = "http://www.w3.org/2000/svg";

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  if (name === "button") made.type = "button";
  return made;
}

const state = { open: new Set(), lit: null, chosen: null };
const cards = nodes.map(card);
by("nodes").append(...cards.map(({ box }) => box));
const edgeLines = edges.map((edge) => {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("class", `edge${edge.declared ? " declared" : ""}${edge.cycle ? " cycle" : ""}`);
  path.setAttribute("marker-end", "url(#tip)");
  return path;
});
by("edges").append(...edgeLines);

function card(node, index) {
  const box = element("div", `node ${node.type.toLowerCase()}${node.problem ? " unknown" : ""}${index === data.root ? " root" : ""}`);
  const dot = node.name.lastIndexOf(".");
  const head = element("button", "head");
  head.append(element("span", "path", dot < 0 ? node.type : node.name.slice(0, dot)), element("span", "short", node.name.slice(dot + 1)));
  head.title = node.name;
  head.setAttribute("aria-label", `${node.name}, ${node.type}${node.problem ? ", unknown" : ""}`);
  Object.assign(head.dataset, { node: index });
  box.append(head, element("span", "kind", node.problem ? "unknown" : node.type));
  const rows = node.columns.length + (node.known ? 0 : 1);
  let fold = null;
  if (rows) {
    fold = element("button", "fold", `${node.columns.length} ▾`);
    fold.dataset.fold = index;
    fold.tabIndex = -1;
    box.append(fold);
  }
  const list = element("div", "columns");
  box.append(list);
  return { box, head, fold, list, rows: new Map(), shown: "" };
}

function row(node, index) {
  const [name, making, type] = nodes[node].columns[index];
  const made = element("button", "col");
  made.append(element("b", making, SIGNS[making] ?? "?"), element("span", "", name), element("small", "", type));
  made.title = `${name}${type ? ` ${type}` : ""}: ${making}`;
  made.setAttribute("aria-label", `${name}, ${making}`);
  Object.assign(made.dataset, { node, column: index });
  made.tabIndex = -1;
  return made;
}

// The columns that a card shows: all of an open one, of a closed one those on the lit path.
function shownColumns(node) {
  const all = nodes[node].columns.map((_, index) => index);
  if (state.open.has(node)) return all;
  if (!state.lit) return [];
  return all.filter((index) => state.lit.columns.has(key(node, index)));
}

function fill(node) {
  const made = cards[node];
  const open = state.open.has(node);
  const columns = shownColumns(node);
  const shown = `${open}${columns}`;
  if (made.fold) {
    made.fold.textContent = `${nodes[node].columns.length}${nodes[node].known ? "" : "+"} ${open ? "▴" : "▾"}`;
    made.fold.setAttribute("aria-label", `${open ? "Hide" : "Show"} the columns of ${nodes[node].name}`);
    made.fold.setAttribute("aria-expanded", String(open));
  }
  if (made.shown !== shown) {
    made.shown = shown;
    made.rows = new Map(columns.map((index) => [index, made.rows.get(index) ?? row(node, index)]));
    made.list.replaceChildren(...made.rows.values());
    if (open && !nodes[node].known) made.list.append(element("div", "rest", "? more columns, not known which"));
  }
  return HEAD + columns.length * ROW + (open && !nodes[node].known ? ROW : 0);
}

const anchor = (node, column) => {
  const row_ = [...cards[node].rows.keys()].indexOf(column);
  return top_[node] + (row_ < 0 ? HEAD / 2 : HEAD + (row_ + 0.5) * ROW);
};

function draw() {
  place(nodes.map((_, node) => fill(node)));
  const { lit, chosen } = state;
  world.classList.toggle("lit", Boolean(lit));
  cards.forEach(({ box, head, rows }, node) => {
    box.style.left = `${left[node]}px`;
    box.style.top = `${top_[node]}px`;
    box.classList.toggle("on", Boolean(lit && lit.nodes.has(node)));
    head.classList.toggle("chosen", Boolean(chosen && chosen.node === node && chosen.column < 0));
    for (const [column, made] of rows) {
      made.classList.toggle("on", Boolean(lit && lit.columns.has(key(node, column))));
      const picked = Boolean(chosen && chosen.node === node && chosen.column === column);
      made.classList.toggle("chosen", picked);
      made.setAttribute("aria-pressed", String(picked));
    }
  });
  edges.forEach((edge, index) => {
    edgeLines[index].setAttribute("d", line(edge.source, edge.target, top_[edge.source] + HEAD / 2, top_[edge.target] + HEAD / 2));
    edgeLines[index].classList.toggle("on", Boolean(lit && lit.edges.has(index)));
  });
  by("flows").replaceChildren(...[...(lit ? lit.flows : [])].map(flowLine));
}

function flowLine(index) {
  const flow = flows[index];
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("class", `flow ${flow.making}`);
  path.setAttribute("d", line(flow.source, flow.target, anchor(flow.source, flow.from), anchor(flow.target, flow.to)));
  return path;
}
