// What every page needs: the menu on the phone, the user's menu, dialogs, "/" for the search box, forms that are sent
// once, selects that send their form, buttons that fill the sign-in form.

// --- The menu on the phone ---
const menuButton = document.querySelector("[data-menu]");
const menu = document.getElementById("menu");

function showMenu(shown) {
  menu.classList.toggle("shown", shown);
  menuButton.setAttribute("aria-expanded", String(shown));
}

menuButton?.addEventListener("click", () => showMenu(!menu.classList.contains("shown")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.classList.contains("shown")) {
    showMenu(false);
    menuButton.focus();
  }
});

// --- What folds open over the page closes by Escape, by a click elsewhere, and when the focus leaves it ---
function fold(folded, back = false) {
  if (!folded.open) return;
  folded.open = false;
  if (back) folded.querySelector("summary").focus();
}

for (const folded of document.querySelectorAll("[data-fold]")) {
  folded.addEventListener("keydown", (event) => event.key === "Escape" && fold(folded, true));
  folded.addEventListener("focusout", (event) => event.relatedTarget && !folded.contains(event.relatedTarget) && fold(folded));
  document.addEventListener("click", (event) => !folded.contains(event.target) && fold(folded));
}

// --- "/" goes to the search box, unless one is typing ---
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
  const box = document.querySelector("[data-search]") ?? document.querySelector(".tree .q");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// --- Dialogs: a button says what its dialog shows, where it posts and which hidden values go along ---
function named(dataset, prefix) {
  return Object.entries(dataset)
    .filter(([key]) => key.startsWith(prefix) && key.length > prefix.length)
    .map(([key, value]) => [key.slice(prefix.length).replace(/^[A-Z]/, (c) => c.toLowerCase()), value])
    .map(([key, value]) => [key.replace(/[A-Z]/g, (c) => "_" + c.toLowerCase()), value]);
}

function openDialog(button) {
  const dialog = document.getElementById(button.dataset.dialog);
  const form = dialog.querySelector("form");
  form.reset();
  if (button.dataset.post) form.action = button.dataset.post;
  for (const slot of dialog.querySelectorAll("[data-slot]")) {
    slot.dataset.usual ??= slot.textContent;
    slot.textContent = slot.dataset.usual;
    slot.hidden = !slot.textContent;
  }
  for (const [name, text] of named(button.dataset, "slot")) {
    const slot = dialog.querySelector(`[data-slot="${name}"]`);
    slot.textContent = text;
    slot.hidden = !text;
  }
  const values = dialog.querySelector("[data-values]");
  values?.replaceChildren(
    ...named(button.dataset, "value").map(([name, value]) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name, value });
      return input;
    }),
  );
  const parts = (button.dataset.parts ?? "").split(/[\s,]+/);
  for (const part of dialog.querySelectorAll("[data-part]")) {
    const shown = parts.includes(part.dataset.part);
    part.hidden = !shown;
    for (const control of part.querySelectorAll("input, select, textarea")) control.disabled = !shown;
  }
  const go = dialog.querySelector('button[data-slot="go"]');
  go?.classList.toggle("danger", button.dataset.tone === "danger");
  go?.classList.toggle("primary", button.dataset.tone !== "danger");
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    openDialog(opener);
  }
  const dialog = event.target.closest("[data-close]")?.closest("dialog");
  if (dialog) {
    event.preventDefault();
    dialog.close();
  }
});

// --- A form is sent once: a second click of an impatient finger does nothing ---
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || "again" in form.dataset) return; // a download leaves the page where it is
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-disabled", "true");
});

// Coming back by the browser's "back" must find the forms usable again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// --- A filter's select or date sends its form; fields left empty stay out of the address ---
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

// --- The demo accounts fill the sign-in form ---
document.addEventListener("click", (event) => {
  const account = event.target.closest("[data-fill]");
  if (!account) return;
  const form = document.getElementById(account.dataset.fill);
  form.elements.username.value = account.dataset.username;
  form.elements.password.value = account.dataset.password;
  form.querySelector("button").focus();
});
