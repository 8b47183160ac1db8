// A day that is named goes before the period; choosing a period again clears the days.

const form = document.querySelector("form.toolbar");
const days = form?.elements.namedItem("days");
const dates = ["from", "to"].map((name) => form?.elements.namedItem(name)).filter(Boolean);

days?.addEventListener("change", () => {
  dates.forEach((field) => { field.value = ""; });
  form.requestSubmit();
});
for (const name of ["platform", "channel", "release"]) {
  form?.elements.namedItem(name)?.addEventListener("change", () => form.requestSubmit());
}
