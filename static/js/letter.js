// 【打印】: the letter comes into the frame of the page, and the browser's print opens for it.

const frame = document.querySelector("iframe[name=letter]");
let printing = false;

document.querySelector("[data-print]")?.addEventListener("submit", () => {
  printing = true;
});

frame?.addEventListener("load", () => {
  if (!printing) return;
  printing = false;
  if (frame.contentDocument?.querySelector("[data-refused]")) return; // it says why
  // The letter is fixed now, and the form beside it with it.
  for (const control of document.querySelectorAll("form[data-until-printed] :is(input, button)")) control.disabled = true;
  frame.contentWindow.focus();
  frame.contentWindow.print();
});

// 【打印所选】: the server says a dot for each page that it has drawn, then a line's end, then the PDF.

const chosen = document.querySelector("form[data-drawn-by-page]");

chosen?.addEventListener("submit", async (event) => {
  const count = chosen.querySelectorAll("input[name=chosen]:checked").length;
  if (!count) return;
  event.preventDefault();
  const panel = document.querySelector(".drawing");
  const bar = panel.querySelector("progress");
  const said = panel.querySelector("[data-said]");
  const button = event.submitter;
  const say = (drawn) => {
    bar.value = drawn;
    said.textContent = `${said.dataset.drawing} ${drawn} / ${count}`;
  };
  if (button) button.disabled = true;
  bar.max = count;
  panel.hidden = false;
  say(0);
  try {
    const form = new FormData(chosen);
    form.set("told", "1");
    const answer = await fetch(chosen.action, { method: "POST", body: form, redirect: "manual" });
    if (answer.type === "opaqueredirect") {
      location.reload(); // where it is said why
      return;
    }
    if (!answer.ok) throw new Error(answer.status);
    save(await drawn(answer.body.getReader(), say));
    said.textContent = decodeURIComponent(answer.headers.get("X-Left-Out") ?? "");
    panel.hidden = !said.textContent;
  } catch {
    said.textContent = said.dataset.failed;
  }
  if (button) button.disabled = false;
});

async function drawn(reader, say) {
  const parts = [];
  let pages = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (parts.length) {
      parts.push(value);
      continue;
    }
    const end = value.indexOf(10);
    pages += end < 0 ? value.length : end;
    say(pages);
    if (end >= 0) parts.push(value.subarray(end + 1));
  }
  const pdf = new Blob(parts, { type: "application/pdf" });
  if (!pdf.size) throw new Error("nothing was drawn");
  return pdf;
}

function save(pdf) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(pdf);
  link.download = `${document.title.split(" · ")[0]}.pdf`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
