// Enter goes on to the next field, as people with a barcode scanner expect, whose scanner ends each code with it. A form is
// sent by its button, or by Ctrl+Enter from any of its fields.
const LEFT_BY_ENTER = "input:not([type=file])";

export function enterMovesOn(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const isOrder = event.ctrlKey || event.metaKey;
    if (!isOrder && !event.target.matches(LEFT_BY_ENTER)) return;
    event.preventDefault();
    if (event.repeat) return;
    if (isOrder) form.requestSubmit();
    else next(form, event.target).focus();
  });
}

function next(form, field) {
  const stops = [...form.elements].filter((one) => one === field || isStop(one, field));
  return stops[stops.indexOf(field) + 1] ?? field;
}

/** Of radio buttons the chosen one, and of the field's own group none. */
function isStop(one, field) {
  if (one.disabled || !one.matches("input:not([type=hidden]), textarea, select, button")) return false;
  return one.type !== "radio" || (one.checked && one.name !== field.name);
}
