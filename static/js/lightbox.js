// The attachments of a record: a photo opens in the page, arrows lead to the next, Escape leads back to where one was;
// and what is too large to be taken is said before it has been sent.

const box = document.getElementById("lightbox");
const links = [...document.querySelectorAll("a[data-light]")];
let shown = 0;

function show(number) {
  shown = (number + links.length) % links.length;
  const link = links[shown];
  const image = box.querySelector("img");
  image.src = link.href;
  image.alt = link.dataset.caption;
  box.querySelector("[data-caption]").textContent = link.dataset.caption;
  box.querySelector("[data-place]").textContent = `${shown + 1} / ${links.length}`;
  box.querySelector("[data-original]").href = link.href;
}

for (const [number, link] of links.entries()) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    for (const button of box.querySelectorAll("[data-step]")) button.hidden = links.length < 2;
    show(number);
    box.showModal();
  });
}

box?.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  show(shown + step);
});

box?.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]")?.dataset.step;
  if (step) show(shown + Number(step));
  else if (event.target === box) box.close();
});

// Back to the photo that was seen last, which need not be the one that was opened.
box?.addEventListener("close", () => {
  box.querySelector("img").removeAttribute("src");
  links[shown].focus();
});

const MEGABYTE = 1024 * 1024;

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    const files = [...input.files];
    const { megabytes, total, tooLarge, tooMuch } = form.dataset;
    const large = files.find((file) => file.size > megabytes * MEGABYTE);
    const sum = files.reduce((bytes, file) => bytes + file.size, 0);
    const words = large ? tooLarge.replace("{name}", large.name) : sum > total * MEGABYTE ? tooMuch : "";
    input.setCustomValidity(words);
    input.reportValidity();
  });
  // A form that says itself what is wrong is sent unchecked; this much is never taken, and all else would be lost.
  const hold = (event) => {
    if (!input.validity.customError) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    input.reportValidity();
  };
  form.addEventListener("submit", hold, { capture: true });
}
