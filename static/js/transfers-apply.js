// 【申请】: asks for the planned route as soon as both ends are chosen, and before 上报 for a yes.

const form = document.querySelector("[data-apply]");
const route = document.querySelector("[data-route]");
const sure = document.getElementById("send");

// Where the route begins: with the member's branch, or, of who enters, with the organization that registers it.
const origin = form.elements.member ?? form.elements.registering;

function ends() {
  return { start: origin.value, destination: form.elements.destination.value };
}

async function preview() {
  const { start, destination } = ends();
  form.elements.seen.value = "";
  if (!start || !destination) {
    if (route.querySelector("[data-way]")) route.replaceChildren();
    return;
  }
  const url = new URL(form.dataset.preview, location.href);
  url.searchParams.set("kind", form.elements.kind.value);
  url.searchParams.set("destination", destination);
  if (form.dataset.transfer) url.searchParams.set("transfer", form.dataset.transfer);
  url.searchParams.set(origin.name, start);
  route.classList.add("waiting");
  const answer = await fetch(url).catch(() => null);
  route.classList.remove("waiting");
  const now = ends();
  if (now.start !== start || now.destination !== destination) return;
  if (!answer?.ok || answer.redirected) {
    route.textContent = route.dataset.failed;
    return;
  }
  const text = await answer.text();
  route.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  const shown = route.querySelector("[data-way]");
  if (shown.dataset.next) form.elements.seen.value = shown.dataset.way;
}

function name() {
  return form.dataset.name ?? (document.getElementById("apply-member") ?? form.elements.name).value;
}

// Only what has been looked at is asked about; the rest goes to the server, which says what is missing.
form.addEventListener("submit", (event) => {
  if (!form.elements.seen.value || form.dataset.sure) return;
  event.preventDefault();
  event.stopPropagation();
  const title = sure.querySelector("[data-title]");
  const say = sure.querySelector("[data-say]");
  title.textContent = title.dataset.title.replace("{name}", name());
  say.textContent = say.dataset.say.replace("{place}", route.querySelector("[data-next]").dataset.next);
  sure.returnValue = "";
  sure.showModal();
});

sure.addEventListener("close", () => {
  if (sure.returnValue !== "yes") return;
  form.dataset.sure = "yes";
  form.requestSubmit();
  delete form.dataset.sure;
});

form.addEventListener("change", (event) => {
  if (["member", "destination", "kind"].includes(event.target.name)) preview();
});
