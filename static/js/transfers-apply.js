// Asks for the planned route as soon as both ends are chosen: of an application, of who enters, of a 改派. Before 上报
// it asks for a yes.

const form = document.querySelector("form[data-preview]");
const route = document.querySelector("[data-route]");
const sure = document.getElementById("send");
const names = form.dataset.ends.split(" ");
let asking = null; // the route that is on its way
let pressed = false; // 上报 was pressed before it came

function ends() {
  return new URLSearchParams(names.map((name) => [name, form.elements[name].value]));
}

async function preview() {
  const asked = ends();
  const { seen } = form.elements;
  if (seen) seen.value = "";
  if ([...asked.values()].includes("")) {
    if (route.querySelector("[data-way]")) route.replaceChildren();
    return;
  }
  route.classList.add("waiting");
  const answer = await fetch(`${form.dataset.preview}?${asked}`).catch(() => null);
  route.classList.remove("waiting");
  if (String(ends()) !== String(asked)) return;
  if (!answer?.ok || answer.redirected) {
    route.textContent = route.dataset.failed;
    return;
  }
  const text = await answer.text();
  route.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  const shown = route.querySelector("[data-way]");
  if (seen && shown.dataset.next) seen.value = shown.dataset.way;
}

// What was typed over before this script was there has chosen nothing yet.
if (form.elements.seen && [...ends().values()].includes("")) form.elements.seen.value = "";

function name() {
  return form.dataset.name ?? (document.getElementById("apply-member") ?? form.elements.name).value;
}

function look() {
  const mine = preview().finally(() => {
    if (asking !== mine) return;
    asking = null;
    if (pressed) form.requestSubmit();
    pressed = false;
  });
  asking = mine;
}

// Only what has been looked at is asked about; the rest goes to the server, which says what is missing. Who presses
// before the route is there is asked when it is.
form.addEventListener("submit", (event) => {
  if (!form.elements.seen || form.dataset.sure || !(asking || form.elements.seen.value)) return;
  event.preventDefault();
  event.stopPropagation();
  pressed = asking !== null;
  if (pressed) return;
  const title = sure.querySelector("[data-title]");
  const say = sure.querySelector("[data-say]");
  title.textContent = title.dataset.title.replace("{name}", name());
  say.textContent = say.dataset.say.replace("{place}", route.querySelector("[data-next]").dataset.next);
  sure.returnValue = "";
  sure.showModal();
});

sure?.addEventListener("close", () => {
  if (sure.returnValue !== "yes") return;
  form.dataset.sure = "yes";
  form.requestSubmit();
  delete form.dataset.sure;
});

form.addEventListener("change", (event) => {
  if (names.includes(event.target.name)) {
    pressed = false; // who changes where it goes has taken the press back
    look();
  }
  // What was wrong with a field was said of what stood there before. Its place stays: a button that moved away between
  // a finger's down and up would not be pressed.
  const field = event.target.closest(".field.bad");
  field?.classList.remove("bad");
  for (const said of field?.querySelectorAll(".help.bad") ?? []) said.classList.add("past");
  for (const control of field?.querySelectorAll("[aria-invalid]") ?? []) control.removeAttribute("aria-invalid");
});
