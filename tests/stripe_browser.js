// Stands in for Stripe's script in development and in tests: localstripe's own knows no payment element.
// Draws one field for the card's number and asks the server in front of localstripe for the rest.
const HERE = new URL(document.currentScript.src).origin;

window.Stripe = () => ({
  elements({ clientSecret }) {
    const field = document.createElement("input");
    field.id = "stand-in-number";
    field.setAttribute("aria-label", "Card number");
    field.setAttribute("inputmode", "numeric");
    field.className = "input";
    return {
      field,
      intent: clientSecret.split("_secret_")[0],
      create: () => ({ mount: (place) => document.querySelector(place).append(field) }),
    };
  },
  confirmSetup(asked) {
    return this.confirmPayment(asked);
  },
  async confirmPayment({ elements, confirmParams }) {
    const ask = async (form) => {
      const answer = await fetch(`${HERE}/_browser/${elements.intent}`, { method: "POST", body: new URLSearchParams(form) });
      return answer.json();
    };
    let intent = await ask({ number: elements.field.value });
    if (intent.status === "requires_action") {
      const success = window.confirm("3-D Secure: does the bank approve?");
      intent = await ask({ success: String(success) });
    }
    if (intent.error || !["succeeded", "requires_capture"].includes(intent.status)) {
      return { error: { message: (intent.error && intent.error.message) || "Your bank did not approve." } };
    }
    window.location.assign(`${confirmParams.return_url}&payment_intent=${elements.intent}`);
    return new Promise(() => {});
  },
});
