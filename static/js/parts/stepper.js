/** Minus and plus beside a quantity. */
export function startSteppers(root) {
  const found = root.matches("[data-stepper]") ? [root] : root.querySelectorAll("[data-stepper]");
  for (const stepper of found) {
    const input = stepper.querySelector("input");
    const buttons = stepper.querySelectorAll("[data-step]");
    const limits = () => {
      for (const button of buttons) {
        const next = Number(input.value) + Number(button.dataset.step);
        button.disabled = next < Number(input.min) || next > Number(input.max);
      }
    };
    for (const button of buttons) {
      button.hidden = false;
      button.addEventListener("click", () => {
        if (button.dataset.step > 0) input.stepUp();
        else input.stepDown();
        limits();
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
    input.addEventListener("input", limits);
    limits();
  }
}
