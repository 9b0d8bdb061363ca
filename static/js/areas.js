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

root.addEventListener("change", async (event) => {
  const name = event.target.name;
  if (name !== "province" && name !== "city") return;
  const code = event.target.value;
  if (name === "province") offer("city", [], true);
  offer("county", [], true);
  const found = code ? await inside(code) : null;
  root.querySelector("[data-failed]").hidden = !code || Boolean(found);
  if (!found || event.target.value !== code) return;
  if (name === "province") {
    offer("city", found.cities ? found.areas : [], found.cities);
    offer("county", found.cities ? [] : found.areas, found.cities || found.areas.length > 0);
  } else {
    offer("county", found.areas, found.areas.length > 0);
  }
});
