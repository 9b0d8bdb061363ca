// Opens what a link or a form with data-window leads to (a question before an action, an organization) in the page's
// one dialog. Where anything is out of the ordinary it is simply followed: the server then says what happened.

const dialog = document.getElementById("window");

let asked = 0; // the latest of what was asked for: an answer that comes later than the next question is not wanted

async function fill(address) {
  const mine = ++asked;
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const text = await answer.text();
  if (mine !== asked) return false;
  dialog.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  return true;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-window]");
  if (!link || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  await open(link.href);
});

async function open(address) {
  try {
    if ((await fill(address)) && !dialog.open) dialog.showModal();
  } catch {
    location.href = address;
  }
}

// A form that asks about what has been ticked says so itself where nothing is.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-window]");
  if (!form || !dialog) return;
  event.preventDefault();
  const chosen = new URLSearchParams(new FormData(form));
  const first = document.querySelector(`[form="${form.id}"]`);
  if (![...chosen].length && first) {
    first.setCustomValidity(form.dataset.needsChoice);
    first.reportValidity();
    return;
  }
  await open(`${form.action}?${chosen}`);
});

// One box ticks them all; a warning goes with the next tick.
document.addEventListener("change", (event) => {
  const boxes = [...document.querySelectorAll(`input[name="${event.target.dataset.all ?? event.target.name}"]`)];
  if (event.target.type !== "checkbox") return;
  for (const box of boxes) {
    box.setCustomValidity("");
    if (event.target.dataset.all) box.checked = event.target.checked;
  }
});

dialog?.addEventListener("click", (event) => {
  const leaves = event.target === dialog || event.target.closest("[data-dismiss]");
  if (!leaves) return;
  event.preventDefault();
  dialog.close();
});

// A card of contacts that is in the way goes with Escape, and comes back when the box is left and entered again.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !dialog?.open) document.activeElement?.closest(".stop")?.querySelector("a")?.blur();
});
