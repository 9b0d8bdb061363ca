// 省 ▸ 市 ▸ 县: each choice asks for the divisions inside it. A municipality has no cities, a few cities no counties;
// the select that has nothing to offer goes away. Without scripts the form comes back with the next one filled.

const root = document.querySelector("[data-areas]");
const selects = Object.fromEntries(["province", "city", "county"].map((name) => [name, root.querySelector(`[name=${name}]`)]));

function offer(name, areas, shown) {
  const [none] = selects[name].options;
  selects[name].replaceChildren(none, ...areas.map((area) => new Option(area.name, area.code)));
  selects[name].value = "";
  selects[name].closest("[data-area]").hidden = !shown;
}

async function inside(code) {
  const url = new URL(root.dataset.areas, location.href);
  url.searchParams.set("in", code);
  const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

async function choose(name) {
  const code = selects[name].value;
  if (name === "province") offer("city", [], true);
  offer("county", [], true);
  const found = code ? await inside(code) : null;
  root.querySelector("[data-failed]").hidden = !code || Boolean(found);
  if (!found || selects[name].value !== code) return;
  if (name === "province") {
    offer("city", found.cities ? found.areas : [], found.cities);
    offer("county", found.cities ? [] : found.areas, found.cities || found.areas.length > 0);
  } else {
    offer("county", found.areas, found.areas.length > 0);
  }
}

root.addEventListener("change", (event) => {
  if (["province", "city"].includes(event.target.name)) choose(event.target.name);
});

// What was chosen before this script was there has no divisions inside it yet.
const hurried = ["province", "city"].find((name) => {
  const first = [...selects[name].options].find((option) => option.defaultSelected) ?? selects[name].options[0];
  return selects[name].value !== first.value;
});
if (hurried) choose(hurried);
