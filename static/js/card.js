// The payment page: the provider draws the card's fields in frames of its own; the shop sees nothing of what is typed.
const form = document.getElementById("card-form");
const problem = document.getElementById("card-problem");
const button = document.getElementById("card-pay");

function say(sentence) {
  problem.textContent = sentence;
}

/** The shop tells the provider to keep the card, before it pays. What fails here must not pay all the same. */
async function keepIfWanted(elements) {
  const keep = document.getElementById("card-keep");
  if (!keep?.checked) return;
  const body = new URLSearchParams({ csrf_token: keep.dataset.token });
  const answer = await fetch(keep.dataset.keep, { method: "POST", body });
  if (!answer.ok) throw new Error("not kept");
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
        await keepIfWanted(elements);
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
