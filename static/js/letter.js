// 【打印】: the letter comes into the frame of the page, and the browser's print opens for it.

const frame = document.querySelector("iframe[name=letter]");
let printing = false;

document.querySelector("[data-print]")?.addEventListener("submit", () => {
  printing = true;
});

frame?.addEventListener("load", () => {
  if (!printing) return;
  printing = false;
  frame.contentWindow.focus();
  frame.contentWindow.print();
});
