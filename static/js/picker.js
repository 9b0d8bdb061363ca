// The picker: a combobox that asks a JSON address as one types and keeps the chosen value in a hidden input.
// Rows are {value, label, detail}. A change of the value is announced by a "change" event on the hidden input.

import { words } from "./words.js";

const PAUSE = 180;

class Picker {
  constructor(root) {
    this.root = root;
    this.hidden = root.querySelector('input[type="hidden"]');
    this.box = root.querySelector('[role="combobox"]');
    this.list = root.querySelector('[role="listbox"]');
    this.detail = root.querySelector("[data-detail]");
    this.rows = [];
    this.at = -1;
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focus", () => !this.hidden.value && this.ask());
    this.box.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[data-index]");
      if (option) this.choose(this.rows[Number(option.dataset.index)]);
    });
    this.checkChosen();
    // Who was faster than this script has typed already, and is answered all the same: nothing is chosen by that yet.
    if (this.box.value !== this.box.defaultValue) this.typed();
    else if (document.activeElement === this.box && !this.hidden.value) this.ask();
  }

  typed() {
    this.set("", "");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const text = this.box.value.trim();
    const url = new URL(this.root.dataset.picker, location.href);
    url.searchParams.set("q", text);
    let rows = null;
    let more = false;
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (answer.ok) rows = await answer.json();
      more = answer.headers.has("X-More");
    } catch {
      rows = null;
    }
    if (this.box.value.trim() !== text || document.activeElement !== this.box) return;
    this.show(rows, more);
  }

  show(rows, more) {
    this.rows = rows ?? [];
    this.at = -1;
    const options = this.rows.map((row, index) => {
      const option = document.createElement("li");
      option.role = "option";
      option.id = `${this.list.id}-${index}`;
      option.dataset.index = index;
      option.append(row.label);
      if (row.detail) {
        const small = document.createElement("small");
        small.textContent = row.detail;
        option.append(small);
      }
      return option;
    });
    if (!options.length) {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = rows ? words.pickNone : words.pickFailed;
      options.push(none);
    }
    if (more) {
      const rest = document.createElement("li");
      Object.assign(rest, { role: "option", ariaDisabled: "true", className: "none", textContent: words.pickMore });
      options.push(rest);
    }
    this.list.replaceChildren(...options);
    this.list.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
  }

  close() {
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  }

  mark(index) {
    this.at = index;
    [...this.list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    const option = this.list.children[index];
    option.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", option.id);
  }

  key(event) {
    const shown = !this.list.hidden && this.rows.length > 0;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!shown) return void this.ask();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.mark((this.at + step + this.rows.length) % this.rows.length);
    } else if (event.key === "Enter" && shown && this.at >= 0) {
      event.preventDefault();
      this.choose(this.rows[this.at]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  choose(row) {
    this.box.value = row.label;
    this.set(row.value, row.detail ?? "");
    this.close();
  }

  set(value, detail) {
    const changed = this.hidden.value !== String(value);
    this.hidden.value = value;
    this.detail.textContent = detail;
    this.checkChosen();
    if (changed) this.hidden.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Words that name nothing chosen would be sent as nothing: the browser says so at the box itself.
  checkChosen() {
    const loose = this.box.value.trim() !== "" && this.hidden.value === "";
    this.box.setCustomValidity(loose ? words.pickOne : "");
  }
}

for (const root of document.querySelectorAll("[data-picker]")) new Picker(root);
