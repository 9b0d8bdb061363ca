// The tree of organizations: loads a level as it opens, keys as in any tree, and a box that finds by name.

import { words } from "./words.js";

const NARROW = window.matchMedia("(max-width: 760px)");

class Tree {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector('[role="tree"]');
    this.found = root.querySelector(".found");
    this.box = root.querySelector(".q");
    this.selected = root.dataset.selected;
    this.openIds = root.dataset.open ? root.dataset.open.split(",") : [];
    this.keep = JSON.parse(root.dataset.keep || "{}");
    root.open = !NARROW.matches;
    NARROW.addEventListener("change", () => (root.open = !NARROW.matches));
    this.list.addEventListener("click", (event) => this.click(event));
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), 200);
    });
  }

  async load(parent) {
    const url = new URL(this.root.dataset.tree, location.href);
    if (parent) url.searchParams.set("parent", parent);
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  address(id) {
    const query = new URLSearchParams(this.keep);
    query.set(this.root.dataset.param, id);
    return `${location.pathname}?${query}`;
  }

  async start() {
    await this.fill(this.list, null);
    for (const id of this.openIds) {
      const item = this.list.querySelector(`li[data-id="${id}"]`);
      if (item && id !== this.selected && item.ariaExpanded === "false") await this.expand(item);
    }
    const selected = this.list.querySelector(".node.on");
    const items = this.items();
    const first = selected?.closest("li") ?? items[0];
    if (first) first.tabIndex = 0;
    selected?.scrollIntoView({ block: "nearest" });
  }

  async fill(list, parent) {
    let rows;
    try {
      rows = await this.load(parent);
    } catch {
      list.replaceChildren(plain(words.treeFailed));
      return;
    }
    list.replaceChildren(...rows.map((row) => this.item(row)));
    if (!rows.length) list.replaceChildren(plain(words.treeEmpty));
  }

  item(row) {
    const item = document.createElement("li");
    item.role = "treeitem";
    item.dataset.id = row.id;
    item.tabIndex = -1;
    if (row.has_children) item.ariaExpanded = "false";
    const selected = String(row.id) === this.selected;
    if (selected) item.ariaSelected = "true";
    const node = document.createElement("a");
    node.className = selected ? "node on" : "node";
    node.href = this.address(row.id);
    node.tabIndex = -1;
    const twist = span("twist", row.has_children ? "▸" : "");
    twist.ariaHidden = "true"; // aria-expanded says it
    node.append(twist, span(row.is_active ? "" : "off", row.name));
    if (row.level_label) node.append(span(row.level_unset ? "lv none" : "lv", row.level_label));
    item.append(node);
    return item;
  }

  async expand(item) {
    item.ariaExpanded = "true";
    item.querySelector(".twist").textContent = "▾";
    let group = item.querySelector(":scope > ul");
    if (!group) {
      group = document.createElement("ul");
      group.role = "group";
      group.append(plain(words.loading));
      item.append(group);
      await this.fill(group, item.dataset.id);
    }
    group.hidden = false;
  }

  collapse(item) {
    item.ariaExpanded = "false";
    item.querySelector(".twist").textContent = "▸";
    item.querySelector(":scope > ul").hidden = true;
  }

  toggle(item) {
    if (item.ariaExpanded === "false") this.expand(item);
    else if (item.ariaExpanded === "true") this.collapse(item);
  }

  click(event) {
    const item = event.target.closest("li[data-id]");
    if (!item || !event.target.closest(".twist") || item.ariaExpanded === null) return;
    event.preventDefault();
    this.toggle(item);
  }

  items() {
    return [...this.list.querySelectorAll("li[data-id]")].filter((item) => !item.parentElement.closest("[hidden]"));
  }

  move(from, to) {
    if (!to) return;
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  key(event) {
    const item = event.target.closest("li[data-id]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const items = this.items();
    const at = items.indexOf(item);
    const keys = {
      ArrowDown: () => this.move(item, items[at + 1]),
      ArrowUp: () => this.move(item, items[at - 1]),
      Home: () => this.move(item, items[0]),
      End: () => this.move(item, items.at(-1)),
      ArrowRight: () =>
        item.ariaExpanded === "false" ? this.expand(item) : this.move(item, item.querySelector("li[data-id]")),
      ArrowLeft: () =>
        item.ariaExpanded === "true" ? this.collapse(item) : this.move(item, item.parentElement.closest("li[data-id]")),
      Enter: () => item.querySelector(".node").click(),
      " ": () => item.querySelector(".node").click(),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }

  async search() {
    const text = this.box.value.trim();
    this.list.hidden = text !== "";
    this.found.hidden = text === "";
    if (!text) return;
    const url = new URL(this.root.dataset.find, location.href);
    url.searchParams.set("q", text);
    const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (this.box.value.trim() !== text) return;
    const rows = answer?.ok ? await answer.json() : null;
    this.found.replaceChildren(...(rows ?? []).map((row) => this.hit(row)));
    if (!rows?.length) this.found.append(plain(rows ? words.treeNone : words.treeFailed));
  }

  hit(row) {
    const item = document.createElement("li");
    const node = document.createElement("a");
    node.className = "node";
    node.href = this.address(row.value);
    const words = span("", row.label);
    const path = document.createElement("small");
    path.textContent = row.detail;
    words.append(path);
    node.append(words);
    item.append(node);
    return item;
  }
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function plain(text) {
  const item = document.createElement("li");
  item.className = "wait";
  item.textContent = text;
  return item;
}

for (const root of document.querySelectorAll("[data-tree]")) new Tree(root).start();
