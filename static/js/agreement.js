// Asks whether the reader agrees as soon as there is a reading, and anew when another one comes while the page is open.
// Says at once when the two answers contradict each other.
const ANEW = "The reading has changed: look again, and say whether you agree.";

export function askAgain(question) {
  const findings = question.querySelector("[name=findings]");
  const error = question.querySelector("[data-error-slot]");
  document.addEventListener("refreshed", () => {
    const shown = document.querySelector("[data-findings]").dataset.findings;
    if (shown === findings.value) return;
    findings.value = shown;
    question.hidden = false;
    if (takeBack(question)) {
      error.textContent = ANEW;
      error.hidden = false;
    }
    question.dispatchEvent(new Event("input", { bubbles: true })); // the draft forgets the answer too
  });
  error.setAttribute("role", "alert");
  question.closest("form").addEventListener("change", (event) => {
    if (event.target.matches("[type=radio]")) compare(question, error);
  });
}

/** An answer that is missing stays asked for. */
function compare(question, error) {
  const { contradicts, contradiction } = document.querySelector("[data-findings]")?.dataset ?? {};
  const said = new FormData(question.closest("form"));
  if (!said.has("agrees")) return;
  const isContradicted = said.get("agrees") === "yes" && said.get("is_fracture") === contradicts;
  error.textContent = isContradicted ? contradiction : "";
  error.hidden = !isContradicted;
}

/** Whether there was an answer. Discarding a draft does not bring it back. */
function takeBack(question) {
  const answer = question.querySelector(":checked");
  if (answer) answer.checked = answer.defaultChecked = false;
  return answer !== null;
}
