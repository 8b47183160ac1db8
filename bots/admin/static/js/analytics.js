// A day that is named goes before the period: choosing a period again clears the days.

const fields = document.querySelector("form.toolbar")?.elements;

fields?.namedItem("days")?.addEventListener("change", () => {
  for (const name of ["from", "to"]) fields.namedItem(name).value = "";
});
