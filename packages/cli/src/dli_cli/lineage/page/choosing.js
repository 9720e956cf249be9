// Choosing a table or a column: its path is lit and told in words.
function choose(node, column, { show = false } = {}) {
  const same = state.chosen && state.chosen.node === node && state.chosen.column === column;
  if (same && !show) return clear();
  state.chosen = { node, column };
  state.lit = column < 0 ? tablePath(node) : columnPath(node, column);
  tell(node, column);
  redraw(node);
  if (show) centre(node);
  const things = column < 0 ? "tables" : "columns";
  by("said").textContent = `${nameOf(node, column)}: ${state.lit.up} ${things} upstream, ${state.lit.down} downstream`;
  focusOn(node, column);
}

function clear() {
  if (!state.chosen) return;
  const { node } = state.chosen;
  Object.assign(state, { chosen: null, lit: null });
  by("facts").hidden = true;
  redraw(node);
  by("said").textContent = "";
}

// Draws anew: all stays in sight, or this node stays where it is on the screen.
function redraw(node) {
  const y = top_[node];
  draw();
  if (fitted) fit();
  else move(at.x, at.y + (y - top_[node]) * at.scale, at.scale);
  rove();
}

function fold(node, open = !state.open.has(node)) {
  if (open) state.open.add(node);
  else state.open.delete(node);
  redraw(node);
}

const nameOf = (node, column) => (column < 0 ? nodes[node].name : `${nodes[node].name}.${nodes[node].columns[column][0]}`);
const target = (node, column) => (column < 0 ? cards[node].head : cards[node].rows.get(column) ?? cards[node].head);

// One element of the graph takes part in the tab order: the last one that had the focus.
let roving = null;
function rove(next = roving) {
  const old = roving;
  roving = next && next.isConnected ? next : cards[data.root ?? 0]?.head ?? null;
  cards.forEach(({ head }) => { head.tabIndex = -1; });
  if (old) old.tabIndex = -1;
  if (roving) roving.tabIndex = 0;
}

function focusOn(node, column) {
  const found = target(node, column);
  rove(found);
  found.focus({ preventScroll: true });
  reveal(found);
}

function tell(node, column) {
  const facts = by("facts");
  const close = element("button", "close", "✕");
  close.setAttribute("aria-label", "Close");
  close.addEventListener("click", clear);
  facts.replaceChildren(close, element("h2", "", nameOf(node, column)));
  if (column < 0) tellTable(facts, node);
  else tellColumn(facts, node, column);
  facts.hidden = false;
}

function tellTable(facts, node) {
  const { type, owner, team, description, tags, file, problem, remarks } = nodes[node];
  listFacts(facts, [["Type", type], ["Owner", owner], ["Team", team], ["Tags", tags.join(", ")], ["File", file], ["Description", description]]);
  if (problem) facts.append(element("h3", "", "Nothing is known of its SQL"), element("p", "bad", problem));
  if (remarks.length) facts.append(element("h3", "", "Remarks"), ...remarks.map((remark) => element("p", "", remark)));
  const ends = (indexes, end) => (indexes ?? []).map((index) => [edges[index][end], -1, edges[index].note]);
  listWays(facts, "Reads", ends(edgesInto.get(node), "source"));
  listWays(facts, "Read by", ends(edgesFrom.get(node), "target"));
  listWays(facts, "Rows are decided by", deciders(node));
}

function tellColumn(facts, node, column) {
  const [, making, type, description] = nodes[node].columns[column];
  const external = nodes[node].type === "External";
  listFacts(facts, [["Made", external ? "outside of this project" : making], ["Type", type], ["Description", description]]);
  const ways = (indexes, end, at_) => (indexes ?? []).map((index) => [flows[index][end], flows[index][at_], word(flows[index])]);
  listWays(facts, "Made from", ways(flowsInto.get(key(node, column)), "source", "from"));
  listWays(facts, "Used by", ways(flowsFrom.get(key(node, column)), "target", "to"));
  listWays(facts, "Rows are decided by", deciders(node));
}

const word = (flow) => (flow.clauses.length ? `${flow.making}: ${flow.clauses.join(", ")}` : flow.making);
const deciders = (node) => (flowsInto.get(key(node, -1)) ?? []).map((index) => [flows[index].source, flows[index].from, word(flows[index])]);

function listFacts(facts, pairs) {
  const list = element("dl");
  for (const [name, value] of pairs) if (value) list.append(element("dt", "", name), element("dd", "", value));
  facts.append(list);
}

function listWays(facts, title, ways) {
  if (!ways.length) return;
  const list = element("ul");
  for (const [node, column, how] of ways) {
    const entry = element("li");
    const go = element("button", "go", nameOf(node, column));
    go.addEventListener("click", () => choose(node, column, { show: true }));
    entry.append(go, " ", element("small", "", how));
    list.append(entry);
  }
  facts.append(element("h3", "", title), list);
}
