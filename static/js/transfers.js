// Opens what a link with data-window leads to (a question before an action, an organization) in the page's one dialog.
// Where anything is out of the ordinary the link is simply followed: the server then says what happened.

const dialog = document.getElementById("window");

async function fill(link) {
  const answer = await fetch(link.href, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const text = await answer.text();
  dialog.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-window]");
  if (!link || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    await fill(link);
    dialog.showModal();
  } catch {
    location.href = link.href;
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
