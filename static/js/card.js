// The payment page: the provider draws the card's fields in frames of its own; the shop sees nothing of what is typed.
const form = document.getElementById("card-form");
const problem = document.getElementById("card-problem");
const button = document.getElementById("card-pay");

function say(sentence) {
  problem.textContent = sentence;
}

if (form) {
  form.hidden = false;
  const start = () => {
    if (typeof window.Stripe !== "function") {
      say(form.dataset.unloaded);
      button.disabled = true;
      return;
    }
    const provider = window.Stripe(form.dataset.key);
    const chosen = document.documentElement.dataset.theme;
    const isDark = chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
    const elements = provider.elements({
      clientSecret: form.dataset.secret,
      appearance: { theme: isDark ? "night" : "stripe" },
    });
    elements.create("payment").mount("#card-fields");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      say("");
      try {
        // Leads to the bank where it asks, and to the way back; returns only when it did not work.
        const { error } = await provider.confirmPayment({
          elements,
          confirmParams: { return_url: form.dataset.back },
        });
        say((error && error.message) || form.dataset.failed);
      } catch {
        say(form.dataset.failed);
      }
      button.disabled = false;
    });
  };
  start();
}
