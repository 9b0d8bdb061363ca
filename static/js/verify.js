// Walks the whole history without a click a part: fetches the address of the next part and shows what the server says
// of it, until nothing is left or somebody stops it. What has come is never lost: the link for going on stays.

const panel = document.querySelector("[data-prove]");
const said = document.querySelector("[data-said]");
let walking = false;

async function part(link) {
  const answer = await fetch(link.href, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const text = await answer.text();
  panel.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
}

function offerToStop(offered) {
  const more = panel.querySelector("[data-more]");
  const stop = panel.querySelector("[data-stop]");
  if (!more) return;
  more.hidden = offered;
  stop.hidden = !offered;
}

async function walk(link) {
  walking = true;
  link.setAttribute("aria-disabled", "true");
  let next = link;
  try {
    while (walking && next) {
      await part(next);
      next = panel.querySelector("[data-more]");
      offerToStop(walking);
    }
  } catch {
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = panel.dataset.failed;
    (panel.querySelector(".body") ?? panel).append(note);
  }
  walking = false;
  link.removeAttribute("aria-disabled");
  offerToStop(false);
  said.textContent = panel.querySelector(".note, [data-progress]")?.textContent ?? "";
}

panel?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-next]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    if (!walking) walk(link);
  }
  if (event.target.closest("[data-stop]")) walking = false;
});
