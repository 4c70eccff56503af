// The payment page: the provider draws the card's fields in frames of its own; the shop sees nothing of what is typed.
const form = document.getElementById("card-form");
const problem = document.getElementById("card-problem");
const button = document.getElementById("card-pay");

function say(sentence) {
  problem.textContent = sentence;
}

/**
 * The shop tells the provider whether to keep the card, before it pays: also that it is not to, when an attempt before
 * said so. What fails here must not pay all the same.
 */
async function keepAsWanted(elements) {
  const box = document.getElementById("card-keep");
  const wanted = box?.checked ? "yes" : "no";
  if (!box || wanted === box.dataset.told) return;
  const body = new URLSearchParams({ csrf_token: box.dataset.token, keep: wanted });
  const answer = await fetch(box.dataset.keep, { method: "POST", body });
  if (!answer.ok) throw new Error("not told");
  box.dataset.told = wanted;
  await elements.fetchUpdates?.();
}

if (form) {
  form.hidden = false;
  const start = () => {
    if (typeof window.Stripe !== "function") {
      say(form.dataset.unloaded);
      button.disabled = true;
      return;
    }
    const provider = window.Stripe(form.dataset.key, { locale: document.documentElement.lang });
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
        await keepAsWanted(elements);
        // Leads to the bank where it asks, and to the way back; returns only when it did not work.
        const way = form.dataset.mode === "setup" ? "confirmSetup" : "confirmPayment";
        const { error } = await provider[way]({
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
